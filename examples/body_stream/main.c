// SPDX-License-Identifier: MIT
//
// main.c - the command line of body_stream.

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "both.h"
#include "messages.h"
#include "one_process.h"
#include "until.h"

#define EXIT_USAGE 64
#define CLOSE_TIMEOUT_NS (5 * ACTA_SECOND)
#define STREAMS_MAX 1000000

static const char help[] =
    "usage: body_stream [OPTION]... FILE              starts both processes below\n"
    "       body_stream net --listen URL [OPTION]...  takes one script, then ends\n"
    "       body_stream script --connect URL [OPTION]... FILE\n"
    "\n"
    "A net process asks a script process for the body of a request, chunk by chunk. FILE is what script reads;\n"
    "- is its standard input. URL is ipc:// and the path of a socket. A file named net or script is written ./net.\n"
    "\n"
    "  --wiring two-routes|router|drop\n"
    "                  which way errors and the end go; drop (no message for the end) is the default\n"
    "  --fail-at N     reading fails after N bytes\n"
    "  --stall-at N    nothing more can be read after N bytes\n"
    "  --window N      chunks that net lets be on their way at once, 1 to 1024; 16\n"
    "  --chunk N       bytes in a chunk, 1 to 1048576; 65536\n"
    "  --streams N     so many bodies, one after the other, over one session; 1. Says how often the outcome came\n"
    "                  before the end. FILE can be - for one only\n"
    "  --one-process   both sides in this process, without a socket\n"
    "  --verbose       tell each chunk, not only how many\n"
    "  --lint          look for messages whose order nothing keeps, and name their paths on standard error. Sees what\n"
    "                  is sent within one process: all of it with --one-process\n"
    "  --control FD    of net, for who starts it: a byte is written to FD when it listens, and it waits for a script\n"
    "                  no longer once the other end is closed\n"
    "\n"
    "The last line on standard output, of net and of the whole, is\n"
    "  bytes=N sha256=HEX outcome=done|error|crashed|cancelled cause=TEXT\n"
    "Exit status: 0 outcome=done, 1 any other, 64 wrong usage. Of script: 0 when net took the whole body.\n";

typedef enum role { ROLE_BOTH, ROLE_NET, ROLE_SCRIPT, ROLE_ONE } role;

typedef struct arguments {
    role role;
    net_opts net;
    script_opts script;
    int control_fd;
    bool lint;
} arguments;

static int usage(const char *what, const char *why)
{
    fprintf(stderr, "body_stream: %s%s%s; see body_stream --help\n", what, why[0] != '\0' ? ": " : "", why);
    return EXIT_USAGE;
}

static bool parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
    char *end_of;
    errno = 0;
    unsigned long long n = strtoull(text, &end_of, 10);
    if (text[0] < '0' || text[0] > '9' || *end_of != '\0' || errno != 0 || n < min || n > max)
        return false;
    *out = n;
    return true;
}

enum { OPT_WIRING = 256, OPT_FAIL, OPT_STALL, OPT_WINDOW, OPT_CHUNK, OPT_STREAMS, OPT_ONE, OPT_VERBOSE, OPT_CONTROL,
       OPT_LISTEN, OPT_CONNECT, OPT_LINT, OPT_HELP };

static const struct option options[] = {
    {"wiring", required_argument, NULL, OPT_WIRING},   {"fail-at", required_argument, NULL, OPT_FAIL},
    {"stall-at", required_argument, NULL, OPT_STALL},  {"window", required_argument, NULL, OPT_WINDOW},
    {"chunk", required_argument, NULL, OPT_CHUNK},     {"streams", required_argument, NULL, OPT_STREAMS},
    {"one-process", no_argument, NULL, OPT_ONE},       {"verbose", no_argument, NULL, OPT_VERBOSE},
    {"control", required_argument, NULL, OPT_CONTROL}, {"listen", required_argument, NULL, OPT_LISTEN},
    {"connect", required_argument, NULL, OPT_CONNECT}, {"lint", no_argument, NULL, OPT_LINT},
    {"help", no_argument, NULL, OPT_HELP},             {NULL, 0, NULL, 0}};

static bool take_option(arguments *a, int option)
{
    uint64_t n = 0;
    bool good = true;
    switch (option) {
    case OPT_WIRING:
        return wiring_parse(optarg, &a->script.wiring);
    case OPT_FAIL:
        return parse_number(optarg, 0, UINT64_MAX, &a->script.from.fail_at);
    case OPT_STALL:
        return parse_number(optarg, 0, UINT64_MAX, &a->script.from.stall_at);
    case OPT_WINDOW:
        good = parse_number(optarg, 1, WINDOW_MAX, &n);
        a->net.window = (uint32_t)n;
        return good;
    case OPT_CHUNK:
        good = parse_number(optarg, 1, CHUNK_BYTES_MAX, &n);
        a->net.chunk_bytes = (uint32_t)n;
        return good;
    case OPT_STREAMS:
        good = parse_number(optarg, 1, STREAMS_MAX, &n);
        a->net.streams = a->script.streams = (uint32_t)n;
        return good;
    case OPT_CONTROL:
        good = parse_number(optarg, 3, 1 << 20, &n);
        a->control_fd = (int)n;
        return good;
    case OPT_ONE:
        a->role = ROLE_ONE;
        return true;
    case OPT_VERBOSE:
        a->net.each_chunk = true;
        return true;
    case OPT_LINT:
        a->lint = true;
        return true;
    case OPT_LISTEN:
        a->net.url = optarg;
        return true;
    case OPT_CONNECT:
        a->script.url = optarg;
        return true;
    default:
        return false;
    }
}

static int check(const arguments *a, int left, const char *first)
{
    if (a->role == ROLE_NET)
        return a->net.url == NULL ? usage("net needs --listen URL", "")
               : left > 0         ? usage("net takes no file", first)
                                  : 0;
    if (a->role == ROLE_SCRIPT && a->script.url == NULL)
        return usage("script needs --connect URL", "");
    if (left != 1)
        return usage(left == 0 ? "which FILE? None is given" : "one FILE only", left == 0 ? "" : first);
    if (a->role != ROLE_SCRIPT && (a->net.url != NULL || a->script.url != NULL))
        return usage("a URL is for one side alone: body_stream net, or body_stream script", "");
    if (a->script.streams > 1 && strcmp(first, "-") == 0)
        return usage("standard input can be read once only; name a file, or leave --streams away", "");
    return 0;
}

// parse fills in *a. Returns 0, or the exit status; -1 when all is said.
static int parse(int argc, char **argv, arguments *a)
{
    *a = (arguments){.net = {.window = WINDOW_DEFAULT, .chunk_bytes = CHUNK_BYTES_DEFAULT, .streams = 1},
                     .script = {.wiring = WIRING_DROP, .streams = 1,
                                .from = {.fail_at = SOURCE_NEVER, .stall_at = SOURCE_NEVER}},
                     .control_fd = -1};
    if (argc > 1 && (strcmp(argv[1], "net") == 0 || strcmp(argv[1], "script") == 0)) {
        a->role = argv[1][0] == 'n' ? ROLE_NET : ROLE_SCRIPT;
        optind = 2;
    }
    opterr = 0;
    int option;
    int which = 0;
    while ((option = getopt_long(argc, argv, "", options, &which)) != -1) {
        if (option == OPT_HELP) {
            fputs(help, stdout);
            return -1;
        }
        if (option == '?')
            return usage("not an option, or one that needs a value", argv[optind - 1]);
        if (!take_option(a, option)) {
            char what[64];
            snprintf(what, sizeof(what), "--%s cannot be this", options[which].name);
            return usage(what, optarg);
        }
    }
    int status = check(a, argc - optind, argv[optind]);
    a->script.from.path = argv[optind];
    return status;
}

// ---- roles -----------------------------------------------------------------------

static void report(void *who, const char *line)
{
    fprintf(stderr, "body_stream%s: %s\n", (const char *)who, line);
}

static int run_net(acta_system *sys, arguments *a, int *status)
{
    net_tally tally;
    a->net.log = a->net.streams == 1 ? stdout : NULL;
    if (a->control_fd >= 0) {
        a->net.listening = both_listening;
        a->net.listening_arg = &a->control_fd;
    }
    if (a->role == ROLE_ONE)
        one_process_run(sys, &a->net, &a->script, &tally);
    else
        net_side_run(sys, &a->net, &tally);
    int closed = acta_close(&sys, CLOSE_TIMEOUT_NS);
    if (a->net.streams > 1)
        printf("streams=%u outcome_first=%u\n", tally.streams, tally.outcome_first);
    net_result_print(stdout, &tally.last);
    *status = tally.last.outcome == NET_DONE ? EXIT_SUCCESS : EXIT_FAILURE;
    return closed;
}

static int run_side(arguments *a)
{
    static char of_net[] = " net";
    static char of_script[] = " script";
    static char of_one[] = "";
    acta_system_opts opts = {.order_lint = a->lint ? ACTA_LINT_ON : ACTA_LINT_DEFAULT,
                             .report = report,
                             .report_arg = a->role == ROLE_NET ? of_net : a->role == ROLE_SCRIPT ? of_script : of_one};
    acta_system *sys;
    int opened = acta_open(&opts, &sys);
    if (opened != ACTA_OK) {
        report(opts.report_arg, acta_strerror(opened));
        return EXIT_FAILURE;
    }
    int status;
    int closed;
    if (a->role == ROLE_SCRIPT) {
        status = script_side_run(sys, &a->script) ? EXIT_SUCCESS : EXIT_FAILURE;
        closed = acta_close(&sys, CLOSE_TIMEOUT_NS);
    } else {
        closed = run_net(sys, a, &status);
    }
    if (closed != ACTA_OK) {
        report(opts.report_arg, acta_strerror(closed));
        status = EXIT_FAILURE;
    }
    return status;
}

int main(int argc, char **argv)
{
    arguments a;
    int status = parse(argc, argv, &a);
    if (status != 0)
        return status < 0 ? EXIT_SUCCESS : status;
    if (until_init() != 0) {
        fprintf(stderr, "body_stream: cannot wait for signals: %s\n", strerror(errno));
        return EXIT_FAILURE;
    }
    status = a.role == ROLE_BOTH ? both_run(&a.net, &a.script, a.lint) : run_side(&a);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "body_stream: cannot write to standard output: %s\n", strerror(errno));
        return EXIT_FAILURE;
    }
    return status;
}
