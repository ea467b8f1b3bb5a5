// SPDX-License-Identifier: MIT
//
// parser.c - counts the sections and words of a manual page, and how deep its text is indented.
//
// It has a mistake that only one page in many thousands brings to light: indented text (.RS to .RE) is parsed by a
// function that calls itself, however deep that goes. A page that only ever indents uses up the stack.

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "man_pages.h"

extern char **environ;

// ---- the text of a page ----------------------------------------------------------------------

// open_packed has gzip unpack a file into a pipe, of which it gives the end to read.
static FILE *open_packed(const char *path, pid_t *gzip)
{
    int ends[2];
    const char *arguments[] = {"gzip", "-dc", "--", path, NULL};
    posix_spawn_file_actions_t actions;
    if (pipe(ends) != 0)
        return NULL;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawn_file_actions_addclose(&actions, ends[1]);
    int error = posix_spawnp(gzip, "gzip", &actions, NULL, (char *const *)(uintptr_t)arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (error == 0)
        return fdopen(ends[0], "r");
    close(ends[0]);
    return NULL;
}

static bool is_packed(const char *path)
{
    size_t length = strlen(path);
    return length > 3 && strcmp(path + length - 3, ".gz") == 0;
}

static FILE *open_page(const char *path, pid_t *gzip)
{
    *gzip = 0;
    return is_packed(path) ? open_packed(path, gzip) : fopen(path, "r");
}

static int close_page(FILE *page, pid_t gzip)
{
    fclose(page);
    int how = 0;
    if (gzip != 0 && waitpid(gzip, &how, 0) != gzip)
        return ACTA_EIO;
    return how == 0 ? ACTA_OK : ACTA_EMALFORMED;
}

// ---- parsing -----------------------------------------------------------------------------------

static int64_t words_in(const char *line)
{
    int64_t words = 0;
    for (const char *at = line; *at != '\0'; at++)
        words += *at > ' ' && (at == line || at[-1] <= ' ');
    return words;
}

static bool is_request(const char *line, const char *name)
{
    return strncmp(line, name, 3) == 0 && (line[3] <= ' ');
}

// parse_text reads lines until the end of this indentation, or of the page.
static void parse_text(FILE *page, parsed *so_far, int64_t depth)
{
    char line[512]; // longer ones are two
    if (depth > so_far->depth)
        so_far->depth = depth;
    while (fgets(line, sizeof(line), page) != NULL) {
        if (is_request(line, ".RE"))
            return;
        if (is_request(line, ".RS"))
            parse_text(page, so_far, depth + 1); // the mistake: nothing says how deep
        else if (is_request(line, ".SH"))
            so_far->sections++;
        else if (line[0] != '.')
            so_far->words += words_in(line);
    }
}

static int parse_page(const char *path, parsed *result)
{
    pid_t gzip;
    FILE *page = open_page(path, &gzip);
    if (page == NULL)
        return ACTA_ENOENT;
    while (!feof(page) && !ferror(page))
        parse_text(page, result, 0); // more than once, if it ends more than it begins
    return close_page(page, gzip);
}

int parser(acta_self *self, void *arg)
{
    (void)arg;
    for (acta_msg *m; (m = acta_recv(self)) != NULL; acta_msg_free(&m)) {
        const parse *p = acta_as(parse, m);
        parsed result = {0};
        int status = p != NULL ? parse_page(p->path, &result) : ACTA_OK;
        if (p == NULL)
            acta_unhandled(self, m);
        else if (status != ACTA_OK)
            acta_refuse(self, m, status, "the page cannot be read");
        else if (acta_reply_body(self, m, acta_type_of(parsed), &result) != ACTA_OK)
            return ACTA_EIO;
    }
    return ACTA_OK;
}
ACTA_ACTOR(parser);
