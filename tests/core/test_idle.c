// SPDX-License-Identifier: MIT
//
// An idle system uses no processor: once it has nothing to do, none of its threads is switched to any more.
//
// The kernel counts how often it has switched away from each thread, of the thread's own will and against it: a thread
// whose counts stand still has not run. That nothing happens can only be seen by letting time pass, so here, and only
// here, the test waits for time: for the event of a timer of the kernel's, and then compares.

#include "kit.h"

#include <acta/event.h>
#include <dirent.h>
#include <sys/timerfd.h>

#include "core/sched.h"

// ---- counting ---------------------------------------------------------------------

static bool read_line(const char *tid, const char *file, const char *begins, char line[256])
{
    char path[300];
    snprintf(path, sizeof(path), "/proc/self/task/%s/%s", tid, file);
    FILE *f = fopen(path, "re");
    bool found = false;
    while (f != NULL && !found && fgets(line, 256, f) != NULL)
        found = strncmp(line, begins, strlen(begins)) == 0;
    if (f != NULL)
        fclose(f);
    return found;
}

// switches adds up how often the system's threads were switched away from; a sanitizer's own threads do not count.
static uint64_t switches(int *threads)
{
    uint64_t sum = 0;
    *threads = 0;
    DIR *tasks = opendir("/proc/self/task");
    assert_non_null(tasks);
    struct dirent *task;
    while ((task = readdir(tasks)) != NULL) {
        char line[256];
        if (!read_line(task->d_name, "comm", "acta-worker", line) && !read_line(task->d_name, "comm", "thread ", line))
            continue;
        static const char *const counts[] = {"voluntary_ctxt_switches:", "nonvoluntary_ctxt_switches:"};
        for (int i = 0; i < 2; i++)
            if (read_line(task->d_name, "status", counts[i], line))
                sum += strtoull(strchr(line, ':') + 1, NULL, 10);
        ++*threads;
    }
    closedir(tasks);
    return sum;
}

static void let_pass(uint64_t ns)
{
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    assert_true(fd >= 0);
    struct itimerspec in = {.it_value = {(time_t)(ns / ACTA_SECOND), (long)(ns % ACTA_SECOND)}};
    assert_int_equal(timerfd_settime(fd, 0, &in, NULL), 0);
    uint64_t expired;
    assert_int_equal(read(fd, &expired, sizeof(expired)), sizeof(expired));
    close(fd);
}

// A worker that has run out of work is watched for a while before all of them sleep for good, and on a busy machine
// that may take long. But whoever wakes up now and then has no such window of time at all.
enum { STILL_MS = 300, WINDOWS_MAX = 60 };
_Static_assert(STILL_MS > ACTI_SCHED_QUIET_LOOKS * 4, "a window is longer than the watch");

static void assert_still(int threads_expected)
{
    int threads;
    uint64_t before, after = switches(&threads);
    int tries = 0;
    do {
        before = after;
        let_pass(STILL_MS * ACTA_MS);
        after = switches(&threads);
    } while (after != before && ++tries < WINDOWS_MAX);
    assert_int_equal(threads, threads_expected);
    assert_int_equal(after, before);
}

// ---- what a system may have behind it, or still waits for --------------------------------

enum { PLAYERS = 2 * KIT_KINDS, HITS = 2000 };

typedef struct player {
    kit_actor actor;
    acta_tx *to;
    acti_park *done;
} player;

static int plays(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    player *p = arg;
    if (m == NULL)
        acta_tx_drop(&p->to);
    else if (acta_as(item, m)->n == 0)
        acti_park_give(p->done);
    else
        kit_claim(acta_send(p->to, item, 0, acta_as(item, m)->n - 1) == ACTA_OK);
    return ACTA_OK;
}

static int waits_for_long(acta_self *self, void *arg, acta_msg *m)
{
    player *p = arg;
    uint64_t id;
    if (m == NULL)
        return ACTA_OK;
    kit_claim(acta_timer_start(self, 3600 * ACTA_SECOND, 0, &id) == ACTA_OK);
    acti_park_give(p->done);
    return ACTA_OK;
}

typedef struct past {
    const char *name;
    acta_handler *on; // of the actors, which are of every kind; NULL: there are none
    int hits;         // -1: they are parked and have never had anything
} past;

static const past pasts[] = {
    {"never used", NULL, -1},
    {"actors that have never had a message", plays, -1},
    {"much work", plays, HITS},
    {"timers far in the future", waits_for_long, 0},
};

TEST(no_thread_of_a_system_at_rest_is_switched_to)
{
    for (const past *p = pasts; p < pasts + sizeof(pasts) / sizeof(pasts[0]); p++)
        for (uint32_t workers = 1; workers <= 4; workers += 3) {
            kit k;
            kit_open(&k, workers);
            player players[PLAYERS];
            acta_tx *tx[PLAYERS] = {NULL};
            acti_park done;
            acti_park_init(&done);
            int threads = (int)workers;
            for (int i = 0; p->on != NULL && i < PLAYERS; i++) {
                players[i] = (player){.actor = {p->on}, .done = &done};
                tx[i] = kit_spawn(&k, &kit_kinds[i % KIT_KINDS], &players[i]);
                threads += kit_kinds[i % KIT_KINDS].place == ACTA_THREAD;
            }
            for (int i = 0; p->on == plays && i < PLAYERS; i++)
                players[i].to = acta_tx_dup(tx[(i + 1) % PLAYERS]);
            for (int i = 0; p->hits >= 0 && i < PLAYERS; i++) {
                kit_send(tx[i], p->hits);
                assert_true(acti_park_wait(&done, acti_clock_ns() + KIT_WAIT_NS));
            }
            assert_still(threads);
            for (int i = 0; i < PLAYERS && tx[i] != NULL; i++) {
                if (p->on == plays)
                    assert_int_equal(acta_stop(acta_tx_addr(tx[i])), ACTA_OK); // they hold each other in a circle
                acta_tx_drop(&tx[i]);
            }
            kit_close(&k);
        }
}

int main(void)
{
    return TEST_RUN(case_of(no_thread_of_a_system_at_rest_is_switched_to));
}
