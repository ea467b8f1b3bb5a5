// SPDX-License-Identifier: MIT
//
// main.c - the acta command: reading the command line.

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

#define TIMEOUT_SECONDS 5.0
#define TIMEOUT_SECONDS_MAX 86400.0

static const char usage[] =
    "usage: acta ping [OPTIONS] URL\n"
    "       acta find [OPTIONS] URL NAME\n"
    "       acta errors\n"
    "       acta --version | --help\n";

static const char help[] =
    "\n"
    "  ping     say whether an acta node answers at URL, such as ipc:///run/user/1000/app.sock\n"
    "  find     say whether that node has published an actor under NAME\n"
    "  errors   list the status codes and what they mean\n"
    "\n"
    "  --timeout SECONDS     how long to wait for the answer, such as 0.5; 5 unless told\n"
    "  --ca-file FILE        at tls+tcp://, the authorities whose signature makes the node believable\n"
    "  --cert-file FILE      at tls+tcp://, the certificate to show\n"
    "  --key-file FILE       its private key, if that is not in the same file\n"
    "  --peer-name NAME      what the node's certificate must be for, if not for the host in the URL\n"
    "  --plaintext-anywhere  let tcp:// lead beyond this machine, where others can read it and change it\n"
    "\n"
    "Exit status: 0 yes; 1 no; 2 the command line is wrong; 3 the question could not be put.\n";

static int wrong(const char *what, const char *which)
{
    fprintf(stderr, "acta: %s%s\n%s", what, which, usage);
    return TOOL_USAGE;
}

static bool read_timeout(const char *text, uint64_t *timeout_ns)
{
    char *end;
    errno = 0;
    double seconds = strtod(text, &end);
    if (errno != 0 || end == text || *end != '\0' || !(seconds > 0 && seconds <= TIMEOUT_SECONDS_MAX))
        return false;
    *timeout_ns = (uint64_t)(seconds * 1e9);
    return true;
}

// read_option reads one option, at argv[*i], and what belongs to it. TOOL_YES, or TOOL_USAGE when that has been said.
static int read_option(char **argv, int argc, int *i, tool_question *question)
{
    const struct {
        const char *name;
        const char **text;
        const char *needs;
    } texts[] = {
        {"--ca-file", &question->tls.ca_file, "--ca-file needs a file of certificates"},
        {"--cert-file", &question->tls.cert_file, "--cert-file needs a file with a certificate"},
        {"--key-file", &question->tls.key_file, "--key-file needs a file with a private key"},
        {"--peer-name", &question->tls.peer_name, "--peer-name needs the name in the node's certificate"},
    };
    const char *name = argv[*i];
    const char *value = *i + 1 < argc ? argv[*i + 1] : NULL;
    for (size_t t = 0; t < sizeof(texts) / sizeof(texts[0]); t++) {
        if (strcmp(name, texts[t].name) != 0)
            continue;
        if (value == NULL || value[0] == '\0')
            return wrong(texts[t].needs, "");
        *texts[t].text = value;
        ++*i;
        return TOOL_YES;
    }
    if (strcmp(name, "--plaintext-anywhere") == 0) {
        question->plaintext_anywhere = true;
        return TOOL_YES;
    }
    if (strcmp(name, "--timeout") != 0)
        return wrong("unknown option: ", name);
    if (value == NULL)
        return wrong("--timeout needs a number of seconds", "");
    if (!read_timeout(value, &question->timeout_ns))
        return wrong("--timeout takes seconds, above 0 and up to 86400, and not ", value);
    ++*i;
    return TOOL_YES;
}

// ask reads what follows ping and find: options anywhere before a --, then count words.
static int ask(int argc, char **argv, int count, int (*command)(const tool_question *question))
{
    tool_question question = {.timeout_ns = (uint64_t)(TIMEOUT_SECONDS * 1e9)};
    const char *words[2] = {NULL, NULL};
    int found = 0;
    bool options = true;
    for (int i = 0; i < argc; i++) {
        if (options && strcmp(argv[i], "--") == 0) {
            options = false;
        } else if (options && argv[i][0] == '-') {
            if (read_option(argv, argc, &i, &question) != TOOL_YES)
                return TOOL_USAGE;
        } else if (found == count) {
            return wrong("one argument too many: ", argv[i]);
        } else {
            words[found++] = argv[i];
        }
    }
    if (found < count)
        return wrong(found == 0 ? "the URL of a node is missing" : "the NAME of an actor is missing", "");
    question.url = words[0];
    question.name = words[1];
    if (question.name != NULL && (question.name[0] == '\0' || strlen(question.name) > ACTA_NAME_BYTES_MAX))
        return wrong("a name has from 1 to 255 bytes", "");
    return command(&question);
}

static int version(void)
{
    printf("acta %s\n", acta_version());
    return TOOL_YES;
}

static int tell_help(void)
{
    printf("%s%s", usage, help);
    return TOOL_YES;
}

static int run(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*ask)(const tool_question *question);
        int words;
        int (*tell)(void);
    } commands[] = {
        {"ping", tool_ping, 1, NULL},
        {"find", tool_find, 2, NULL},
        {"errors", NULL, 0, tool_errors},
        {"--version", NULL, 0, version},
        {"--help", NULL, 0, tell_help},
    };
    if (argc < 2)
        return wrong("a command is missing", "");
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(argv[1], commands[i].name) != 0)
            continue;
        if (commands[i].ask != NULL)
            return ask(argc - 2, argv + 2, commands[i].words, commands[i].ask);
        return argc > 2 ? wrong("one argument too many: ", argv[2]) : commands[i].tell();
    }
    return wrong("unknown command: ", argv[1]);
}

int main(int argc, char **argv)
{
    int status = run(argc, argv);
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    fprintf(stderr, "acta: cannot write to standard output: %s; see where it goes\n", strerror(errno));
    return TOOL_TROUBLE;
}
