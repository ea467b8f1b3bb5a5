// SPDX-License-Identifier: MIT
//
// Without memory, call by call: of every public function of the core that may allocate, each allocation fails in turn,
// those of the pool and those of the C library, of the kernel's mappings and threads. The function says so, has written
// nothing, sent nothing and started nothing, and works when there is memory again. test_nomem does the same to a whole
// piece of work.
//
// One more function is one more row. The linker leads the allocators of the C library through the wraps below.

#include "kit.h"

#include <acta/event.h>
#include <acta/name.h>
#include <sys/mman.h>

#include "core/system.h"

enum { ALLOCATIONS_MAX = 20 }; // more than any call needs

// ---- failing --------------------------------------------------------------------

typedef enum source { FROM_POOL, FROM_LIBC, SOURCES } source;

static acti_au64 countdown; // libc's; 0: none fails

static bool fails(void)
{
    uint64_t left = acti_au64_load_relaxed(&countdown);
    while (left > 0)
        if (acti_au64_cas_relaxed(&countdown, &left, left - 1))
            return left == 1;
    return false;
}

static void fail_after(source from, uint64_t n)
{
    if (from == FROM_POOL)
        acti_pool_fail_after(n);
    else
        acti_au64_store_relaxed(&countdown, n);
}

#define WRAP(type, name, params, args, failed)                                                             \
    type __real_##name params;                                                                             \
    type __wrap_##name params;                                                                             \
    type __wrap_##name params                                                                              \
    {                                                                                                      \
        return fails() ? (failed) : __real_##name args;                                                    \
    }

WRAP(void *, malloc, (size_t size), (size), NULL)
WRAP(void *, calloc, (size_t n, size_t size), (n, size), NULL)
WRAP(void *, realloc, (void *old, size_t size), (old, size), NULL)
WRAP(void *, aligned_alloc, (size_t align, size_t size), (align, size), NULL)
WRAP(char *, strdup, (const char *text), (text), NULL)
WRAP(int, pthread_create, (pthread_t *id, const pthread_attr_t *attr, void *(*fn)(void *), void *arg),
     (id, attr, fn, arg), EAGAIN)
WRAP(void *, mmap, (void *at, size_t size, int prot, int flags, int fd, off_t offset),
     (at, size, prot, flags, fd, offset), MAP_FAILED)
WRAP(void *, mmap64, (void *at, size_t size, int prot, int flags, int fd, off_t offset),
     (at, size, prot, flags, fd, offset), MAP_FAILED)

// ---- the calls --------------------------------------------------------------------

ACTA_MESSAGE(handed, (tx, who));

// Where a call is made.
typedef struct scene {
    acta_system *sys;
    acta_tx *to; // an actor that ignores what it gets, and answers requests
    acta_self *self; // inside an actor
    acta_msg *request;
    acti_park done;
    const struct call *call;
    source from;
    bool alone; // no other thread allocates meanwhile, as the order lint does, and takes the failure
} scene;

// Each makes the call, claims that a failure has written nothing, and undoes a success.
static int opens(scene *s)
{
    acta_system *sys = NULL;
    (void)s;
    int status = acta_open(&(acta_system_opts){.workers = 3}, &sys);
    kit_claim((status == ACTA_OK) == (sys != NULL));
    if (sys != NULL)
        kit_claim(acta_close(&sys, KIT_WAIT_NS) == ACTA_OK);
    return status;
}

static int ends_at_once(acta_self *self, void *arg)
{
    (void)arg;
    acta_msg *m = acta_recv(self);
    acta_msg_free(&m);
    return ACTA_OK;
}

static int ignores(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    (void)arg;
    (void)m;
    return ACTA_OK;
}

static void is_freed(void *arg)
{
    acti_au32_store_release((acti_au32 *)arg, 1);
}

static int spawns(scene *s, acta_spawn_opts opts)
{
    acta_tx *tx = NULL;
    opts.where = ACTA_HERE;
    static acti_au32 freed[1024]; // of each attempt; those that succeed are freed later
    static uint32_t attempts;
    acti_au32 *mine = &freed[attempts++ % 1024];
    acti_au32_store_relaxed(mine, 0);
    if (opts.state_bytes == 0 && opts.args.type == NULL) {
        opts.arg = mine;
        opts.arg_free = is_freed;
    }
    int status = acta_spawn_with(s->sys, &opts, &tx);
    kit_claim((status == ACTA_OK) == (tx != NULL));
    kit_claim(status == ACTA_OK || acti_au32_load_acquire(mine) == 0); // what it was given is still ours
    acta_tx_drop(&tx);
    return status;
}

static int spawns_handler(scene *s)
{
    return spawns(s, (acta_spawn_opts){.handler = ignores});
}

static int spawns_handler_with_state(scene *s)
{
    return spawns(s, (acta_spawn_opts){.handler = ignores, .state_bytes = 5000});
}

static int spawns_with_args(scene *s)
{
    return spawns(s, (acta_spawn_opts){.handler = ignores, .args = ACTA_ARGS(note, "x"), .state_bytes = 100});
}

static int spawns_thread_with_args(scene *s)
{
    return spawns(s, (acta_spawn_opts){.body = ends_at_once, .args = ACTA_ARGS(note, "x"), .place = ACTA_THREAD});
}

static int spawns_thread_with_a_sender_in_args(scene *s)
{
    return spawns(s, (acta_spawn_opts){
                         .body = ends_at_once, .args = ACTA_ARGS(handed, .who = s->to), .place = ACTA_THREAD});
}

static int spawns_body(scene *s)
{
    return spawns(s, (acta_spawn_opts){.body = ends_at_once, .stack_bytes = 40960}); // no stack of this size is kept
}

static int spawns_thread(scene *s)
{
    return spawns(s, (acta_spawn_opts){.handler = ignores, .place = ACTA_THREAD});
}

static int spawns_thread_body(scene *s)
{
    return spawns(s, (acta_spawn_opts){.body = ends_at_once, .place = ACTA_THREAD});
}

static int sends(scene *s)
{
    return acta_send(s->to, note, "a word");
}

static int sends_a_sender(scene *s)
{
    return acta_send(s->to, handed, .who = s->to);
}

static char long_line[100000];

static int sends_much(scene *s)
{
    memset(long_line, 'x', sizeof(long_line) - 1);
    return acta_send(s->to, note, long_line);
}

static int finishes(scene *s)
{
    acta_tx *last = acta_tx_dup(s->to);
    int status = acta_finish(&last, note, "a word");
    kit_claim(last == NULL);
    return status;
}

static int dups(scene *s)
{
    acta_tx *tx = acta_tx_dup(s->to); // without memory it is a sender that is not tracked
    kit_claim(tx != NULL);
    acta_tx_drop(&tx);
    return ACTA_OK;
}

static int upgrades(scene *s)
{
    acta_tx *tx = NULL;
    int status = acta_addr_tx(acta_tx_addr(s->to), &tx);
    kit_claim(tx != NULL);
    acta_tx_drop(&tx);
    return status;
}

static int calls(scene *s)
{
    acta_msg *reply = NULL;
    int status = acta_call(s->to, KIT_WAIT_NS, &reply, query, .n = 1);
    kit_claim((status == ACTA_OK) == (reply != NULL));
    acta_msg_free(&reply);
    return status;
}

static int publishes(scene *s)
{
    acta_tx *tx = NULL;
    int status = acta_publish(s->sys, "a name", acta_tx_addr(s->to));
    kit_claim(acta_unpublish(s->sys, "a name") == (status == ACTA_OK ? ACTA_OK : ACTA_ENOENT));
    kit_claim(acta_find(s->sys, "a name", &tx) == ACTA_ENOENT && tx == NULL);
    return status;
}

static int stops(scene *s)
{
    acta_tx *tx = NULL;
    int status = acta_spawn(s->sys, &tx, .handler = ignores);
    if (status == ACTA_OK)
        kit_claim(acta_stop(acta_tx_addr(tx)) == ACTA_OK); // has had its memory since the spawn
    acta_tx_drop(&tx);
    return status;
}

static int asks(scene *s)
{
    uint64_t id = 0;
    int status = acta_ask(s->self, s->to, KIT_WAIT_NS, &id, query, .n = 1);
    kit_claim((status == ACTA_OK) == (id != 0));
    return status;
}

static int starts_timer(scene *s)
{
    uint64_t id = 0;
    int status = acta_timer_start(s->self, KIT_WAIT_NS, 0, &id);
    kit_claim((status == ACTA_OK) == (id != 0));
    acta_timer_cancel(s->self, id);
    return status;
}

static int monitors(scene *s)
{
    uint64_t id = 0;
    int status = acta_monitor(s->self, acta_tx_addr(s->to), &id);
    kit_claim((status == ACTA_OK) == (id != 0));
    acta_demonitor(s->self, id);
    return status;
}

static int replies(scene *s)
{
    int status = acta_reply(s->self, s->request, answer, .n = 1);
    kit_claim(acta_msg_wants_reply(s->request) == (status != ACTA_OK));
    return status;
}

static int replies_much(scene *s)
{
    memset(long_line, 'x', sizeof(long_line) - 1);
    int status = acta_reply(s->self, s->request, note, long_line);
    kit_claim(acta_msg_wants_reply(s->request) == (status != ACTA_OK));
    return status;
}

static int refuses(scene *s)
{
    int status = acta_refuse(s->self, s->request, ACTA_EREFUSED, "not today");
    kit_claim(acta_msg_wants_reply(s->request) == (status != ACTA_OK));
    return status;
}

typedef struct call {
    const char *name;
    int (*makes)(scene *s);
    bool inside;           // an actor
    int refusals[SOURCES]; // at least so many allocations of each source make it fail
} call;

static const call all_calls[] = {
    {"acta_open", opens, false, {0, 6}},
    {"acta_spawn, a handler", spawns_handler, false, {1, 0}},
    {"acta_spawn, a handler with state", spawns_handler_with_state, false, {1, 0}},
    {"acta_spawn, a handler with args", spawns_with_args, false, {2, 0}},
    {"acta_spawn, a body with args on a thread", spawns_thread_with_args, false, {2, 2}},
    {"acta_spawn, a body with a sender in its args", spawns_thread_with_a_sender_in_args, false, {2, 2}},
    {"acta_spawn, a body", spawns_body, false, {1, 1}},
    {"acta_spawn, a handler on a thread", spawns_thread, false, {1, 2}},
    {"acta_spawn, a body on a thread", spawns_thread_body, false, {1, 2}},
    {"acta_send", sends, false, {1, 0}},
    {"acta_send of a sender", sends_a_sender, false, {1, 0}},
    {"acta_send of much", sends_much, false, {1, 0}},
    {"acta_finish", finishes, false, {1, 0}},
    {"acta_tx_dup", dups, false, {0, 0}},
    {"acta_addr_tx", upgrades, false, {0, 0}},
    {"acta_call", calls, false, {2, 0}},
    {"acta_publish", publishes, false, {0, 2}},
    {"acta_stop", stops, false, {1, 0}},
    {"acta_ask", asks, true, {2, 2}},
    {"acta_timer_start", starts_timer, true, {1, 2}},
    {"acta_monitor", monitors, true, {1, 2}},
    {"acta_reply", replies, true, {0, 0}},
    {"acta_reply with much", replies_much, true, {1, 0}},
    {"acta_refuse", refuses, true, {0, 0}},
};

// ---- each of them ---------------------------------------------------------------------

// sent_here is what this thread has counted as sent. Others count what they have pushed when it may have been handled
// already, so the whole ledger is exact only when all of them rest.
static uint64_t sent_here(const scene *s)
{
    const acti_counters *set = acti_here.counters != NULL ? acti_here.counters : &s->sys->board.shared;
    return acti_au64_load_relaxed(&set->at[ACTI_SENT]);
}

// exhaust makes the call with the first allocation failing, then with the second, until none is left to fail.
static void exhaust(scene *s)
{
    int least = s->alone ? s->call->refusals[s->from] : 0;
    int refused = 0, status;
    uint64_t n = 0;
    do {
        uint64_t sent = sent_here(s);
        uint32_t alive = acti_system_alive(s->sys, false) + acti_system_alive(s->sys, true);
        fail_after(s->from, ++n);
        status = s->call->makes(s);
        fail_after(s->from, 0);
        if (status == ACTA_OK)
            continue;
        refused++;
        kit_claim(status == ACTA_ENOMEM || status == ACTA_EIO);
        kit_claim(!s->alone || sent_here(s) == sent);
        kit_claim(acti_system_alive(s->sys, false) + acti_system_alive(s->sys, true) <= alive);
    } while (n < ALLOCATIONS_MAX && (status != ACTA_OK || refused < least));
    if (status != ACTA_OK || refused < least)
        printf("%s: %d refusals from source %d, then %d\n", s->call->name, refused, (int)s->from, status);
    kit_claim(status == ACTA_OK);
    kit_claim(refused >= least);
}

static int answers(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    int status = ACTA_OK;
    do // the failure may be meant for the caller and hit this: once
        if (m != NULL && acta_msg_wants_reply(m))
            status = acta_reply(self, m, answer, .n = 1);
    while (status == ACTA_ENOMEM);
    kit_claim(status == ACTA_OK || status == ACTA_EGONE); // the asker may have ended
    return ACTA_OK;
}

// acts makes the call when it is asked to, and is done with what comes of it.
static int acts(acta_self *self, void *arg, acta_msg *m)
{
    scene *s = arg;
    if (m == NULL || !acta_is(query, m))
        return ACTA_OK;
    s->self = self;
    s->request = m;
    exhaust(s);
    if (acta_msg_wants_reply(m))
        kit_claim(acta_reply(self, m, answer, .n = 1) == ACTA_OK);
    return ACTA_OK;
}

static void play(const call *c, source from, bool track, acta_lint lint)
{
    kit k;
    kit_open_with(&k, (acta_system_opts){.workers = 1, .track_senders = track, .order_lint = lint});
    scene s = {.sys = k.sys, .call = c, .from = from, .alone = lint == ACTA_LINT_OFF};
    // On a thread of its own, because the pool's only worker may be the one that waits.
    assert_int_equal(acta_spawn(k.sys, &s.to, .handler = answers), ACTA_OK);
    if (c->inside) {
        acta_tx *tx = NULL;
        acta_msg *reply = NULL;
        assert_int_equal(acta_spawn(k.sys, &tx, .handler = acts, .arg = &s), ACTA_OK);
        int status = acta_call(tx, KIT_WAIT_NS, &reply, query, .n = 1);
        assert_true(status == ACTA_OK || status == ACTA_EREFUSED);
        acta_msg_free(&reply);
        acta_tx_drop(&tx);
    } else {
        exhaust(&s);
    }
    acta_tx_drop(&s.to);
    kit_close(&k);
}

TEST(a_call_without_memory_says_so_and_changes_nothing_whichever_allocation_fails)
{
    for (size_t i = 0; i < sizeof(all_calls) / sizeof(all_calls[0]); i++)
        for (source from = FROM_POOL; from < SOURCES; from++)
            for (int track = 0; track < 2; track++)
                for (acta_lint lint = ACTA_LINT_ON; lint <= ACTA_LINT_OFF; lint++)
                    play(&all_calls[i], from, track == 1, lint);
}

int main(void)
{
    return TEST_RUN(case_of(a_call_without_memory_says_so_and_changes_nothing_whichever_allocation_fails));
}
