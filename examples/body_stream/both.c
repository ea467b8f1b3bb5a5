// SPDX-License-Identifier: MIT
//
// both.c - the whole: a net process and a script process, started and looked after.
//
// Design notes. A pair of sockets joins the starter and net. Net writes one byte to it when it listens, so that
// script is not started too early. The starter closes its end when script has ended, so that net does not wait for
// somebody who will not come; should the starter itself be killed, the kernel closes it.

#include "both.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "processes.h"
#include "until.h"

#define ARGUMENTS_MAX 16
#define NUMBER_TEXT 24

typedef struct pair {
    char folder[512];
    char url[600];
    bool lint;
    int control; // our end of the socket to net
    int theirs;
    pid_t net;
    pid_t script;
    int net_status;
    bool net_ended;
} pair;

int both_listening(void *control_fd)
{
    int fd = *(int *)control_fd;
    char ready = 'L';
    (void)!send(fd, &ready, 1, MSG_NOSIGNAL); // when nobody is there, fd says so below
    return fd;
}

static int complain(const char *what, const char *why)
{
    fprintf(stderr, "body_stream: %s: %s\n", what, why);
    net_result result;
    net_result_fail(&result, NET_ERROR, what);
    net_result_print(stdout, &result);
    return EXIT_FAILURE;
}

static char *number(char text[NUMBER_TEXT], uint64_t n)
{
    snprintf(text, NUMBER_TEXT, "%llu", (unsigned long long)n);
    return text;
}

#define WORD(text) (char[]){text}

// add_word_if puts one more into a list that is ended by NULL, and has room for it.
static void add_word_if(bool wanted, char **argv, char *word)
{
    while (*argv != NULL)
        argv++;
    *argv = wanted ? word : NULL;
}

static pid_t start_net(pair *p, const net_opts *opts)
{
    char window[NUMBER_TEXT];
    char bytes[NUMBER_TEXT];
    char streams[NUMBER_TEXT];
    char control[NUMBER_TEXT];
    char *argv[ARGUMENTS_MAX] = {
        WORD("body_stream"), WORD("net"), WORD("--listen"), p->url, WORD("--window"), number(window, opts->window),
        WORD("--chunk"), number(bytes, opts->chunk_bytes), WORD("--streams"), number(streams, opts->streams),
        WORD("--control"), number(control, (uint64_t)p->theirs)};
    add_word_if(opts->each_chunk, argv, WORD("--verbose"));
    add_word_if(p->lint, argv, WORD("--lint"));
    return process_start(argv, -1, p->theirs);
}

static pid_t start_script(pair *p, const script_opts *opts)
{
    char fail_at[NUMBER_TEXT];
    char stall_at[NUMBER_TEXT];
    char streams[NUMBER_TEXT];
    char wiring_name[NUMBER_TEXT];
    snprintf(wiring_name, sizeof(wiring_name), "%s", wiring_names[opts->wiring]);
    char *file = strdup(opts->from.path);
    char *argv[ARGUMENTS_MAX] = {
        WORD("body_stream"), WORD("script"), WORD("--connect"), p->url, WORD("--wiring"), wiring_name,
        WORD("--fail-at"), number(fail_at, opts->from.fail_at), WORD("--stall-at"),
        number(stall_at, opts->from.stall_at), WORD("--streams"), number(streams, opts->streams)};
    add_word_if(p->lint, argv, WORD("--lint"));
    add_word_if(true, argv, WORD("--"));
    add_word_if(true, argv, file);
    pid_t pid = file != NULL ? process_start(argv, STDIN_FILENO, -1) : -1;
    int error = errno;
    free(file);
    errno = error;
    return pid;
}

static void end_with(pid_t pid, int by)
{
    if (pid > 0)
        (void)kill(pid, by);
}

// script_is_over tells net that nobody will come any more.
static void script_is_over(pair *p)
{
    p->script = -1;
    if (p->control >= 0)
        close(p->control);
    p->control = -1;
}

// look_after waits for both. What ends us ends them; that script ends without net is net's to report, and that net ends
// is script's to see.
static void look_after(pair *p)
{
    while (p->script > 0 || !p->net_ended) {
        int got = until_wait(-1);
        if (until_asked_to_stop(got)) {
            end_with(p->net_ended ? -1 : p->net, got);
            end_with(p->script, got);
        }
        int status;
        if (p->script > 0 && process_reap(p->script, &status)) {
            if (WIFSIGNALED(status))
                fprintf(stderr, "body_stream: the script process was killed by signal %d\n", WTERMSIG(status));
            script_is_over(p);
        }
        if (!p->net_ended && process_reap(p->net, &p->net_status))
            p->net_ended = true;
    }
}

// wait_until_net_listens: false when it never will. net says itself why.
static bool wait_until_net_listens(pair *p)
{
    for (;;) {
        int got = until_wait(p->control);
        char ready;
        if (got == 0)
            return recv(p->control, &ready, 1, MSG_DONTWAIT) == 1;
        if (until_asked_to_stop(got))
            end_with(p->net, got);
    }
}

// verdict gives the exit status. A net that was killed could not print its last line, so we do.
static int verdict(const pair *p)
{
    if (!WIFSIGNALED(p->net_status))
        return WEXITSTATUS(p->net_status);
    char cause[64];
    snprintf(cause, sizeof(cause), "the net process was killed by signal %d", WTERMSIG(p->net_status));
    fprintf(stderr, "body_stream: %s\n", cause);
    net_result result;
    net_result_fail(&result, NET_CRASHED, cause);
    net_result_print(stdout, &result);
    return EXIT_FAILURE;
}

static int run(pair *p, const net_opts *net, const script_opts *script)
{
    int sockets[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0)
        return complain("cannot make a pair of sockets", strerror(errno));
    p->control = sockets[0];
    p->theirs = sockets[1];
    p->net = start_net(p, net);
    int error = errno;
    close(p->theirs);
    if (p->net > 0 && wait_until_net_listens(p)) {
        p->script = start_script(p, script);
        if (p->script < 0)
            fprintf(stderr, "body_stream: cannot start the script process: %s\n", strerror(errno));
    }
    if (p->script < 0)
        script_is_over(p);
    if (p->net < 0)
        return complain("cannot start the net process", strerror(error));
    look_after(p);
    return verdict(p);
}

int both_run(const net_opts *net, const script_opts *script, bool lint)
{
    pair p = {.lint = lint, .control = -1, .theirs = -1, .net = -1, .script = -1};
    char why[256];
    if (!folder_make(p.folder, sizeof(p.folder), why, sizeof(why)))
        return complain("no folder for the socket", why);
    snprintf(p.url, sizeof(p.url), "ipc://%s/net.sock", p.folder);
    int status = run(&p, net, script);
    folder_remove(p.folder);
    return status;
}
