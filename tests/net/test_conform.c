// SPDX-License-Identifier: MIT
//
// C-PLACE between systems and processes, and C-LEDGER with it: every scene of scenes.h leaves the same text with the
// subject on the pool, on a thread, in a process of its own, in a second system of this process, and in one of another
// process; and each time both systems account for every message.
//
//     test_conform            runs all
//     test_conform host URL   is the other process: at each line of its input it opens a system with a host at that URL
//                             and prints where that is; at the next it closes it and prints what came of that

#include "test.h"

#include "play.h"

#include <acta/process.h>
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <sys/wait.h>

ACTA_ACTOR(subject_handler);
ACTA_ACTOR(subject_body);

#define WAIT_NS (60 * ACTA_SECOND) // longer than anything takes under TSan on a busy machine

enum { MANY = 3000, URL_BYTES = 256, REPORT_BYTES = 2048 };

static char reports[REPORT_BYTES]; // what any system of this process has reported, of one play

static void report(void *arg, const char *line)
{
    (void)arg;
    size_t length = strlen(reports);
    (void)snprintf(reports + length, sizeof(reports) - length, "%s\n", line);
}

// only_unhandled: whether nothing else was reported. A process whose system does not account for its messages says so.
static bool only_unhandled(void)
{
    static const char unhandled[] = "which it does not handle\n";
    const char *at = reports;
    while (*at != '\0') {
        const char *end = strchr(at, '\n') + 1, *found = strstr(at, unhandled);
        if (found == NULL || found + strlen(unhandled) != end)
            return false;
        at = end;
    }
    return true;
}

// ---- a system, and what became of its messages --------------------------------------------------

static acta_system *open_system(uint32_t workers)
{
    acta_system *sys = NULL;
    const acta_system_opts opts = {.workers = workers, .long_turn_ns = ACTA_FOREVER, .report = report};
    return acta_open(&opts, &sys) == ACTA_OK ? sys : NULL;
}

static bool balances(const acta_ledger *l)
{
    return l->queued == 0 && l->sent == l->handled + l->returned + l->dropped &&
           l->dropped == l->dropped_gone + l->dropped_unreach + l->dropped_late + l->dropped_cancel;
}

// close_system waits until all that was sent is accounted for, and closes the system. No scene loses anything: what is
// dropped is late, or was taken back, and no request finds its actor gone. It gives the status.
static int close_system(acta_system **sys)
{
    acta_ledger ledger;
    uint64_t until_ns = acta_now_ns(*sys) + WAIT_NS;
    do {
        acta_ledger_read(*sys, &ledger);
        sched_yield();
    } while (!balances(&ledger) && acta_now_ns(*sys) < until_ns);
    int status = acta_close(sys, WAIT_NS);
    bool lost = ledger.dropped_gone + ledger.dropped_unreach + ledger.returned != 0;
    return status == ACTA_OK && (lost || !balances(&ledger)) ? ACTA_ELEDGER : status;
}

// ---- a system with a host ------------------------------------------------------------------------

typedef struct host {
    acta_system *sys;
    acta_tx *tx;
    acta_listener *listener;
} host;

static int host_open(host *h, const char *url)
{
    *h = (host){.sys = open_system(2)};
    if (h->sys == NULL)
        return ACTA_ENOMEM;
    int status = acta_spawn(h->sys, &h->tx, .handler = host_handler, .name = "host");
    if (status == ACTA_OK)
        status = acta_publish(h->sys, "host", acta_tx_addr(h->tx));
    if (status == ACTA_OK)
        status = acta_node_listen(h->sys, url, &h->listener);
    return status;
}

static int host_close(host *h)
{
    acta_listener_close(&h->listener);
    acta_tx_drop(&h->tx);
    return close_system(&h->sys);
}

// serve is the other process.
static int serve(const char *url)
{
    char line[8];
    while (fgets(line, sizeof(line), stdin) != NULL) {
        host h;
        int status = host_open(&h, url);
        if (status != ACTA_OK)
            return 1;
        printf("%s\n", acta_listener_url(h.listener));
        fflush(stdout);
        if (fgets(line, sizeof(line), stdin) == NULL)
            return 1;
        status = host_close(&h);
        printf("%s\n", only_unhandled() ? acta_errname(status) : reports);
        fflush(stdout);
        reports[0] = '\0';
    }
    return 0;
}

typedef struct server {
    pid_t pid;
    FILE *to;
    FILE *from;
} server;

static server server_start(const char *url)
{
    int to[2], from[2];
    server s = {0};
    posix_spawn_file_actions_t actions;
    char program[] = "test_conform", what[] = "host";
    char *arguments[] = {program, what, (char *)(uintptr_t)url, NULL};
    assert_int_equal(pipe2(to, O_CLOEXEC), 0);
    assert_int_equal(pipe2(from, O_CLOEXEC), 0);
    assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
    assert_int_equal(posix_spawn_file_actions_adddup2(&actions, to[0], STDIN_FILENO), 0);
    assert_int_equal(posix_spawn_file_actions_adddup2(&actions, from[1], STDOUT_FILENO), 0);
    assert_int_equal(posix_spawn(&s.pid, "/proc/self/exe", &actions, NULL, arguments, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(to[0]);
    close(from[1]);
    s.to = fdopen(to[1], "w");
    s.from = fdopen(from[0], "r");
    assert_non_null(s.to);
    assert_non_null(s.from);
    return s;
}

// server_next has it do the next thing, and gives the line that it prints.
static void server_next(server *s, char *line, size_t size)
{
    fputs("\n", s->to);
    fflush(s->to);
    if (fgets(line, (int)size, s->from) == NULL)
        fail_msg("the other process does not answer");
    line[strcspn(line, "\n")] = '\0';
}

static void server_stop(server *s)
{
    int status;
    fclose(s->to);
    assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
    assert_int_equal(status, 0);
    fclose(s->from);
}

// end_at_once has the processes that this one makes end without the rest that TSan has before an exit.
static void end_at_once(void)
{
    char options[512];
    const char *given = getenv("TSAN_OPTIONS");
    (void)snprintf(options, sizeof(options), "%s:atexit_sleep_ms=0", given != NULL ? given : "");
    (void)setenv("TSAN_OPTIONS", options, 1);
}

// ---- a place, and a play there ----------------------------------------------------------------------

typedef struct place {
    const char *name;
    unsigned differs;   // DIFFERS_...
    const char *url;    // of the node, which may have %s for a folder; NULL: at home
    bool other_process; // where the node is
} place;

static const place at_home = {.name = "in the same system"};
static const place in_a_process = {.name = "beside the maker"};
static const place nodes[] = {
    {"in another system, over ipc", DIFFERS_OF_NODES, "ipc://%s/place", false},
    {"in another process, over ipc", DIFFERS_OF_NODES, "ipc://%s/place", true},
    {"in another system, over tcp", DIFFERS_OF_NODES, "tcp://127.0.0.1:0", false},
    {"in another process, over tcp", DIFFERS_OF_NODES, "tcp://127.0.0.1:0", true},
};
enum { NODES = sizeof(nodes) / sizeof(nodes[0]) };

// go_to connects to the node and has the subject made there.
static int go_to(piece *p, const char *url, int64_t kind)
{
    acta_tx *tx = NULL;
    int status = acta_connect(p->sys, url, WAIT_NS, &p->node);
    if (status == ACTA_OK)
        status = acta_node_find(p->node, "host", WAIT_NS, &tx);
    if (status == ACTA_OK)
        status = play_make(p, tx, kind);
    acta_tx_drop(&tx);
    return status;
}

// run plays a scene with the subject at url, or at home.
static void run(const place *at, const scene *row, int64_t kind, const char *url, uint32_t workers)
{
    static piece p;
    char written[sizeof(p.scribe.text)];
    acta_system *sys = open_system(workers);
    assert_non_null(sys);
    int status = play_begin(&p, sys, row, WAIT_NS, MANY);
    if (status == ACTA_OK)
        status = url != NULL ? go_to(&p, url, kind) : play_make_here(&p, kind);
    if (status == ACTA_OK)
        play_steps(&p);
    play_end(&p);
    int closed = close_system(&sys);
    play_written(row, written, sizeof(written));
    if (status != ACTA_OK || closed != ACTA_OK || p.stuck || strcmp(written, p.scribe.text) != 0 || !only_unhandled())
        fail_msg("%s: a %s %s: made %s, closed %s: \"%s\", not \"%s\"\n%s", row->name, scene_kinds[kind].name, at->name,
                 acta_errname(status), acta_errname(closed), p.scribe.text, written, reports);
    reports[0] = '\0';
}

TEST(a_subject_leaves_the_same_text_on_the_pool_and_on_a_thread)
{
    for (int i = 0; i < SCENES; i++)
        for (int kind = 0; kind < SCENE_KINDS; kind++)
            run(&at_home, &scenes[i], kind, NULL, 1 + (uint32_t)(i + kind) % 2);
}

TEST(a_subject_leaves_the_same_text_in_a_process_of_its_own)
{
    for (int i = 0; i < SCENES; i++)
        for (int kind = SCENE_KINDS; kind < SCENE_KINDS_AND_PROCESSES; kind++)
            if ((scenes[i].differs & in_a_process.differs) == 0)
                run(&in_a_process, &scenes[i], kind, NULL, 1);
}

// What kind of actor it is there makes no difference to what the two systems say to each other: two kinds will do.
enum { KINDS_STEP = SCENE_KINDS - 1 };

static void run_in_a_system(const place *at, const scene *row, const char *url)
{
    for (int kind = 0; kind < SCENE_KINDS; kind += KINDS_STEP) {
        host h;
        assert_int_equal(host_open(&h, url), ACTA_OK);
        run(at, row, kind, acta_listener_url(h.listener), 1);
        assert_int_equal(host_close(&h), ACTA_OK);
    }
}

static void run_in_a_server(const place *at, const scene *row, server *s)
{
    for (int kind = 0; kind < SCENE_KINDS; kind += KINDS_STEP) {
        char line[REPORT_BYTES];
        server_next(s, line, sizeof(line));
        run(at, row, kind, line, 1);
        server_next(s, line, sizeof(line));
        assert_string_equal(line, "ACTA_OK");
    }
}

static void run_at_node(const place *at, const char *url)
{
    server s = {0};
    if (at->other_process)
        s = server_start(url);
    for (int i = 0; i < SCENES; i++) {
        if ((scenes[i].differs & at->differs) != 0)
            continue;
        if (at->other_process)
            run_in_a_server(at, &scenes[i], &s);
        else
            run_in_a_system(at, &scenes[i], url);
    }
    if (at->other_process)
        server_stop(&s);
}

TEST(a_subject_leaves_the_same_text_at_another_node)
{
    for (int i = 0; i < NODES; i++) {
        char folder[] = "/tmp/acta-conform-XXXXXX", url[URL_BYTES];
        assert_non_null(mkdtemp(folder));
        (void)snprintf(url, sizeof(url), nodes[i].url, folder);
        run_at_node(&nodes[i], url);
        assert_int_equal(rmdir(folder), 0); // nothing is left in it
    }
}

int main(int argc, char **argv)
{
    acta_process_main();
    if (argc == 3 && strcmp(argv[1], "host") == 0)
        return serve(argv[2]);
    end_at_once();
    return TEST_RUN(case_of(a_subject_leaves_the_same_text_on_the_pool_and_on_a_thread),
                    case_of(a_subject_leaves_the_same_text_in_a_process_of_its_own),
                    case_of(a_subject_leaves_the_same_text_at_another_node));
}
