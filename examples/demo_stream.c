// SPDX-License-Identifier: MIT
//
// demo_stream.c - the demo: a real body crosses two processes, its errors arrive before its end, and a death is told.
//
// This process is the net side of body_stream; the script side is this program, started once more. Two more actors look
// on: one counts packages in what goes by, the other draws how far it is. examples/demo builds and starts this.

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "body_stream/messages.h"
#include "body_stream/processes.h"
#include "body_stream/side_net.h"
#include "body_stream/side_script.h"
#include "body_stream/until.h"
#include "demo_stream/input.h"
#include "demo_stream/onlookers.h"

#define STREAMS 1000
#define FAIL_AT 100000
#define CLOSE_TIMEOUT_NS (10 * ACTA_SECOND)

// ---- the script process --------------------------------------------------------------

enum { ARG_SCRIPT = 1, ARG_URL, ARG_WIRING, ARG_FAIL_AT, ARG_STALL_AT, ARG_STREAMS, ARG_FILE, ARGS };

#define NUMBER_TEXT 24

static void number_text(char text[NUMBER_TEXT], uint64_t n)
{
    snprintf(text, NUMBER_TEXT, "%" PRIu64, n);
}

static void report(void *who, const char *line)
{
    fprintf(stderr, "%s: %s\n", (const char *)who, line);
}

static acta_system *open_system(char *who)
{
    acta_system *sys = NULL;
    acta_system_opts opts = {.report = report, .report_arg = who};
    int status = acta_open(&opts, &sys);
    if (status != ACTA_OK)
        report(who, acta_strerror(status));
    return sys;
}

// script_process is the other side: that its bodies fail is not its fault here, so only that it could serve counts.
static int script_process(char **argv)
{
    static char who[] = "demo, script process";
    script_opts opts = {.url = argv[ARG_URL],
                        .from = {.path = argv[ARG_FILE],
                                 .fail_at = strtoull(argv[ARG_FAIL_AT], NULL, 10),
                                 .stall_at = strtoull(argv[ARG_STALL_AT], NULL, 10)},
                        .streams = (uint32_t)strtoul(argv[ARG_STREAMS], NULL, 10),
                        .quiet = true};
    acta_system *sys = open_system(who);
    if (sys == NULL || !wiring_parse(argv[ARG_WIRING], &opts.wiring))
        return EXIT_FAILURE;
    (void)script_side_run(sys, &opts);
    return acta_close(&sys, CLOSE_TIMEOUT_NS) == ACTA_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

// ---- one scene: a script process and the bodies it sends -------------------------------

typedef struct scene {
    // What is to happen.
    const char *file;
    wiring wiring;
    uint64_t fail_at;
    uint64_t stall_at;
    uint32_t streams;
    onlookers *onlookers; // NULL: none

    // What did.
    char url[PATH_MAX];
    pid_t script;
    int script_fd; // can be read once the script process has ended
    net_tally tally;
    double seconds;
} scene;

static int start_script(void *arg)
{
    scene *s = arg;
    char name[] = "demo_stream";
    char role[] = "script";
    char way[NUMBER_TEXT];
    char fail_at[NUMBER_TEXT];
    char stall_at[NUMBER_TEXT];
    char streams[NUMBER_TEXT];
    snprintf(way, sizeof(way), "%s", wiring_names[s->wiring]);
    number_text(fail_at, s->fail_at);
    number_text(stall_at, s->stall_at);
    number_text(streams, s->streams);
    char *file = strdup(s->file);
    char *argv[ARGS + 1] = {name, role, s->url, way, fail_at, stall_at, streams, file, NULL};
    s->script = file != NULL ? process_start(argv, -1, -1) : -1;
    free(file);
    if (s->script < 0)
        fprintf(stderr, "demo: cannot start the script process: %s\n", strerror(errno));
    else
        s->script_fd = (int)syscall(SYS_pidfd_open, s->script, 0);
    if (s->onlookers != NULL)
        s->onlookers->script = s->script;
    // Without a script nobody will connect, and a descriptor that can be read at once says so.
    return s->script < 0 ? dup(STDOUT_FILENO) : s->script_fd;
}

static int play(scene *s, const char *folder)
{
    static char who[] = "demo";
    snprintf(s->url, sizeof(s->url), "ipc://%s/demo.sock", folder);
    s->script = s->script_fd = -1;
    acta_system *sys = open_system(who);
    if (sys == NULL)
        return ACTA_EIO;
    acta_tx *tap = NULL;
    int status = s->onlookers != NULL ? onlookers_open(s->onlookers, sys, &tap) : ACTA_OK;
    if (status == ACTA_OK) {
        net_opts opts = {.url = s->url, .window = WINDOW_DEFAULT, .chunk_bytes = CHUNK_BYTES_DEFAULT,
                         .streams = s->streams, .tap = tap, .listening = start_script, .listening_arg = s};
        uint64_t from_ns = acta_now_ns(sys);
        net_side_run(sys, &opts, &s->tally);
        s->seconds = (double)(acta_now_ns(sys) - from_ns) / 1e9;
    }
    acta_tx_drop(&tap);
    int closed = acta_close(&sys, CLOSE_TIMEOUT_NS);
    if (s->script > 0)
        (void)process_wait(s->script);
    if (s->script_fd >= 0)
        close(s->script_fd);
    return status != ACTA_OK ? status : closed;
}

static bool check(bool good, const char *what)
{
    if (!good)
        printf("   NOT SO: %s\n", what);
    return good;
}

// ---- the three parts -------------------------------------------------------------------

static bool whole_body(const input *in, const char *folder)
{
    printf("1. %s crosses from a script process to this one\n", in->what);
    onlookers looking = {.total = in->bytes};
    scene s = {.file = in->path, .wiring = WIRING_DROP, .fail_at = SOURCE_NEVER, .stall_at = SOURCE_NEVER, .streams = 1,
               .onlookers = &looking};
    int status = play(&s, folder);
    const net_result *got = &s.tally.last;
    printf("   %" PRIu64 " bytes and %" PRIu64 " packages in %.2f s, %.0f MB/s\n", looking.bytes, looking.packages,
           s.seconds, (double)looking.bytes / 1e6 / s.seconds);
    printf("   SHA-256 at the source  %s\n   SHA-256 here           %s\n", in->sha256, got->sha256);
    bool good = check(status == ACTA_OK, acta_strerror(status));
    good &= check(got->outcome == NET_DONE, got->cause);
    good &= check(strcmp(in->sha256, got->sha256) == 0, "both ends have the same SHA-256");
    good &= check(looking.bytes == in->bytes && got->bytes == in->bytes, "every byte was counted");
    good &= check(looking.packages == in->packages, "every package was counted");
    return good;
}

static bool failing_source(const input *in, const char *folder)
{
    static const char *const remarks[] = {
        [WIRING_TWO_ROUTES] = "nothing promises it: error and end go different ways",
        [WIRING_ROUTER] = "promised: one inbox carries both",
        [WIRING_DROP] = "promised: the end is the release of the last sender"};
    printf("\n2. The source fails, %d times in each wiring: did the error come before the end?\n", STREAMS);
    printf("   wiring         error first\n");
    bool good = true;
    for (int w = WIRING_TWO_ROUTES; w <= WIRING_DROP; w++) {
        scene s = {.file = in->path, .wiring = (wiring)w, .fail_at = in->bytes < FAIL_AT ? in->bytes : FAIL_AT,
                   .stall_at = SOURCE_NEVER, .streams = STREAMS};
        int status = play(&s, folder);
        printf("   %-11s %5u of %u   %s\n", wiring_names[w], s.tally.outcome_first, s.tally.streams, remarks[w]);
        fflush(stdout);
        good &= check(status == ACTA_OK, acta_strerror(status));
        good &= check(s.tally.streams == STREAMS, s.tally.last.cause);
        if (w != WIRING_TWO_ROUTES)
            good &= check(s.tally.outcome_first == STREAMS, "a good wiring tells the error first, always");
        else if (s.tally.outcome_first == STREAMS)
            printf("               (right each time, as both ways led through one session; do not rely on it)\n");
    }
    return good;
}

static bool killed_script(const input *in, const char *folder)
{
    printf("\n3. The script process is killed with SIGKILL half-way\n");
    uint64_t half = in->bytes / 2;
    onlookers looking = {.total = in->bytes, .kill_at = half};
    // The source stalls there, so that it is half-way however fast this machine is.
    scene s = {.file = in->path, .wiring = WIRING_DROP, .fail_at = SOURCE_NEVER, .stall_at = half, .streams = 1,
               .onlookers = &looking};
    int status = play(&s, folder);
    printf("   net reports: ");
    net_result_print(stdout, &s.tally.last);
    bool good = check(status == ACTA_OK, acta_strerror(status));
    good &= check(s.tally.last.outcome == NET_CRASHED, "the outcome is crashed");
    good &= check(s.tally.last.bytes == half, "what was sent before arrived");
    return good;
}

int main(int argc, char **argv)
{
    if (argc == ARGS && strcmp(argv[ARG_SCRIPT], "script") == 0)
        return until_init() == 0 ? script_process(argv) : EXIT_FAILURE;
    if (argc > 2 || (argc == 2 && argv[1][0] == '-')) {
        fprintf(stderr, "usage: examples/demo [--yes] [FILE]\n"
                "FILE is streamed; without it, what apt-cache dumpavail prints.\n");
        return 64;
    }
    char folder[512];
    char why[600];
    input in;
    if (until_init() != 0) {
        fprintf(stderr, "demo: cannot wait for signals: %s\n", strerror(errno));
        return EXIT_FAILURE;
    }
    if (!folder_make(folder, sizeof(folder), why, sizeof(why))) {
        fprintf(stderr, "demo: %s\n", why);
        return EXIT_FAILURE;
    }
    bool good = false;
    if (input_open(&in, argc == 2 ? argv[1] : NULL, folder, why, sizeof(why))) {
        good = whole_body(&in, folder) && failing_source(&in, folder) && killed_script(&in, folder);
        printf("\n%s\n", good ? "All of it holds." : "Something does not hold: see above.");
    } else {
        fprintf(stderr, "demo: %s\n", why);
    }
    folder_remove(folder);
    return fflush(stdout) == 0 && good ? EXIT_SUCCESS : EXIT_FAILURE;
}
