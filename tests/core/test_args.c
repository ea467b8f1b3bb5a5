// SPDX-License-Identifier: MIT
//
// Arguments that are a message: copied at the spawn, the actor's own, and freed after its end; wherever it runs.

#include "kit.h"

ACTA_MESSAGE(job, (i64, depth), (str, path), (i64_array, sizes));

#define A_JOB ACTA_ARGS(job, .depth = 3, .path = "a/b", .sizes = {(const int64_t[]){5, 6}, 2})

static bool is_the_job(const job *j)
{
    return j->depth == 3 && strcmp(j->path, "a/b") == 0 && j->sizes.count == 2 && j->sizes.items[1] == 6;
}

// ---- refusals -----------------------------------------------------------------------

static int handles_anything(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    (void)arg;
    (void)m;
    return ACTA_OK;
}

static int never_runs(acta_self *self, void *arg)
{
    (void)self;
    (void)arg;
    kit_claim(false);
    return ACTA_OK;
}

static void count_free(void *arg)
{
    acti_au32_add_relaxed(arg, 1);
}

TEST(args_that_cannot_be_right_are_refused_and_leave_an_argument_alone)
{
    kit k;
    kit_open(&k, 1);
    acti_au32 freed = {0};
    acta_tx *tx = NULL;
    const job j = {.path = "x"};
    const acta_spawn_opts wrong[] = {
        {.body = never_runs, .args = {acta_type_of(job), NULL}},
        {.body = never_runs, .args = {acta_type_of(job), &j}, .arg = &freed},
        {.body = never_runs, .args = {acta_type_of(job), &j}, .arg_free = count_free},
        {.body = never_runs, .args = {acta_type_of(job), &j}, .state_bytes = sizeof(job)},
        {.handler = handles_anything, .args = {acta_type_of(job), &j}, .state_bytes = sizeof(job) - 1},
        {.body = never_runs, .args = ACTA_ARGS(job, .path = "\xff")},
        {.body = never_runs, .args = ACTA_ARGS(job, .sizes = {NULL, 1})},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(acta_spawn_with(k.sys, &wrong[i], &tx), ACTA_EINVAL);
        assert_null(tx);
    }
    kit_close(&k);
    assert_int_equal(freed.v, 0);
}

TEST(args_of_the_largest_size_fit_and_of_one_byte_more_do_not)
{
    kit k;
    kit_open_with(&k, (acta_system_opts){.workers = 1, .message_bytes_max = 4096});
    static char text[4097];
    memset(text, 'x', sizeof(text) - 1);
    acta_tx *tx = NULL;
    assert_int_equal(acta_spawn(k.sys, &tx, .handler = handles_anything, .args = ACTA_ARGS(note, .line = text)),
                     ACTA_ETOOBIG);
    assert_null(tx);
    text[4096 - sizeof(note) - 1] = '\0';
    assert_int_equal(acta_spawn(k.sys, &tx, .handler = handles_anything, .args = ACTA_ARGS(note, .line = text)),
                     ACTA_OK);
    acta_tx_drop(&tx);
    kit_close(&k);
}

TEST(without_memory_for_a_copy_nothing_is_spawned_and_nothing_kept)
{
    kit k;
    kit_open(&k, 1);
    acta_tx *tx = NULL;
    for (uint64_t n = 1; n <= 2; n++) {
        acti_pool_fail_after(n);
        assert_int_equal(acta_spawn(k.sys, &tx, .handler = handles_anything, .args = A_JOB), ACTA_ENOMEM);
        acti_pool_fail_after(0);
        assert_null(tx);
    }
    assert_int_equal(acta_spawn(k.sys, &tx, .handler = handles_anything, .args = A_JOB, .state_bytes = SIZE_MAX),
                     ACTA_ENOMEM);
    kit_close(&k);
}

// ---- what the actor has ---------------------------------------------------------------

static acti_au32 seen; // actors that had their arguments to the end

static void saw(const job *j)
{
    kit_claim(is_the_job(j));
    acti_au32_add_relaxed(&seen, 1);
}

static int has_a_job(acta_self *self, void *arg)
{
    job *j = arg;
    acta_msg *m;
    while ((m = acta_recv(self)) != NULL) {
        j->depth += acta_as(item, m)->n;
        acta_msg_free(&m);
    }
    kit_claim(j->depth == 4);
    j->depth = 3;
    saw(j);
    return ACTA_OK;
}

static int handles_a_job(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    job *j = arg;
    if (m != NULL)
        j->depth += acta_as(item, m)->n - 1;
    else
        saw(j);
    return ACTA_OK;
}

typedef struct state {
    job job; // first
    int64_t items;
    char zero[100];
} state;

static int handles_with_a_state(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    state *s = arg;
    if (m != NULL) {
        s->items++;
        return ACTA_OK;
    }
    kit_claim(s->items == 1 && s->zero[0] == 0 && s->zero[99] == 0);
    saw(&s->job);
    return ACTA_OK;
}

static acta_tx *spawn_with_a_job(const kit *k, acta_spawn_opts opts, acta_place place)
{
    acta_tx *tx = NULL;
    opts.place = place;
    // In memory that is somebody else's by the time the actor looks.
    char path[] = "a/b";
    int64_t sizes[] = {5, 6};
    opts.args = (acta_args)ACTA_ARGS(job, .depth = 3, .path = path, .sizes = {sizes, 2});
    assert_int_equal(acta_spawn_with(k->sys, &opts, &tx), ACTA_OK);
    memset(path, '?', sizeof(path) - 1);
    memset(sizes, 0xff, sizeof(sizes));
    return tx;
}

TEST(an_actor_has_a_copy_of_its_own_which_it_may_change_wherever_it_runs)
{
    static const acta_spawn_opts kinds[] = {
        {.body = has_a_job},
        {.handler = handles_a_job},
        {.handler = handles_with_a_state, .state_bytes = sizeof(state)},
    };
    for (uint32_t i = 0; i < 3; i++)
        for (acta_place place = ACTA_POOL; place <= ACTA_THREAD; place++) {
            kit k;
            kit_open(&k, 2);
            acti_au32_store_relaxed(&seen, 0);
            acta_tx *tx = spawn_with_a_job(&k, kinds[i], place);
            assert_int_equal(acta_finish(&tx, item, .n = 1), ACTA_OK);
            kit_close(&k);
            assert_int_equal(seen.v, 1);
        }
}

static int takes_back_its_depth(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    (void)m;
    return ((job *)arg)->depth == 3 ? ACTA_EIO : ACTA_OK;
}

TEST(args_are_freed_with_an_actor_that_fails_or_is_killed)
{
    kit k;
    kit_open(&k, 1);
    acta_tx *tx = NULL;
    assert_int_equal(acta_spawn(k.sys, &tx, .handler = takes_back_its_depth, .args = A_JOB), ACTA_OK);
    kit_send(tx, 1);
    assert_true(kit_await_ended(acta_tx_addr(tx)));
    acta_tx_drop(&tx);
    assert_int_equal(acta_spawn(k.sys, &tx, .handler = handles_anything, .args = A_JOB, .state_bytes = 1000), ACTA_OK);
    assert_int_equal(acta_kill(acta_tx_addr(tx)), ACTA_OK);
    acta_tx_drop(&tx);
    kit_close(&k);
}

// ---- senders ----------------------------------------------------------------------------

ACTA_MESSAGE(errand, (tx, to), (i64, drop));

static int runs_an_errand(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    errand *e = arg;
    if (m != NULL && e->drop)
        acta_tx_drop(&e->to);
    else if (m == NULL && e->to != NULL)
        kit_claim(acta_send(e->to, item, .n = 7) == ACTA_OK);
    return ACTA_OK;
}

static int runs_an_errand_as_a_body(acta_self *self, void *arg)
{
    for (acta_msg *m; (m = acta_recv(self)) != NULL; acta_msg_free(&m))
        (void)runs_an_errand(self, arg, m);
    return runs_an_errand(self, arg, NULL);
}

typedef struct target {
    kit_actor actor;
    int64_t got;
    acti_park eof;
} target;

static int is_sent_to(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    target *t = arg;
    if (m != NULL)
        t->got = acta_as(item, m)->n;
    else
        acti_park_give(&t->eof);
    return ACTA_OK;
}

typedef struct errand_state {
    errand errand;
    int64_t more;
} errand_state;

static void run_an_errand(acta_spawn_opts opts, acta_place place, bool drop)
{
    kit k;
    kit_open(&k, 2);
    target t = {.actor = {is_sent_to}};
    acti_park_init(&t.eof);
    acta_tx *to = kit_spawn(&k, &kit_kinds[0], &t);
    acta_tx *tx = NULL;
    opts.place = place;
    opts.args = (acta_args)ACTA_ARGS(errand, .to = to, .drop = drop);
    assert_int_equal(acta_spawn_with(k.sys, &opts, &tx), ACTA_OK);
    acta_tx_drop(&to);
    kit_send(tx, 1);
    if (drop) // the end of the target does not wait for that of the actor
        assert_true(acti_park_wait(&t.eof, acti_clock_ns() + KIT_WAIT_NS));
    acta_tx_drop(&tx);
    kit_close(&k);
    assert_int_equal(t.got, drop ? 0 : 7);
}

TEST(senders_in_args_are_dropped_by_the_actor_or_after_its_end_and_once)
{
    for (int drop = 0; drop < 2; drop++)
        for (acta_place place = ACTA_POOL; place <= ACTA_THREAD; place++) {
            run_an_errand((acta_spawn_opts){.handler = runs_an_errand}, place, drop);
            run_an_errand((acta_spawn_opts){.body = runs_an_errand_as_a_body}, place, drop);
            run_an_errand((acta_spawn_opts){.handler = runs_an_errand, .state_bytes = sizeof(errand_state)}, place,
                          drop);
        }
}

// gone waits until nothing of an actor is left but the test's own reference.
static bool gone(acta_addr *who)
{
    uint64_t until_ns = acti_clock_ns() + KIT_WAIT_NS;
    while (acti_au32_load_relaxed(&acti_actor_of_addr(who)->refs) > 1)
        if (acti_clock_ns() > until_ns)
            return false;
    return true;
}

TEST(an_actor_drops_one_sender_for_each_in_its_args)
{
    static const acta_spawn_opts kinds[] = {
        {.handler = runs_an_errand},
        {.handler = runs_an_errand, .state_bytes = sizeof(errand_state)},
    };
    for (int i = 0; i < 4; i++) {
        kit k;
        kit_open(&k, 2);
        target t = {.actor = {is_sent_to}};
        acti_park_init(&t.eof);
        acta_tx *to = kit_spawn(&k, &kit_kinds[0], &t);
        acta_tx *tx = NULL;
        acta_spawn_opts opts = kinds[i / 2];
        opts.args = (acta_args)ACTA_ARGS(errand, .to = to, .drop = i % 2);
        assert_int_equal(acta_spawn_with(k.sys, &opts, &tx), ACTA_OK);
        acta_addr *who = acta_addr_dup(acta_tx_addr(tx));
        assert_int_equal(acti_au32_load_relaxed(&acti_actor_of_tx(to)->senders), 2);
        assert_int_equal(acta_finish(&tx, item, .n = 1), ACTA_OK);
        assert_true(gone(who));
        acta_addr_drop(&who);
        assert_int_equal(acti_au32_load_relaxed(&acti_actor_of_tx(to)->senders), 1); // the test's
        acta_tx_drop(&to);
        kit_close(&k);
    }
}

TEST(a_spawn_that_is_refused_keeps_no_sender)
{
    kit k;
    kit_open(&k, 1);
    target t = {.actor = {is_sent_to}};
    acti_park_init(&t.eof);
    acta_tx *to = kit_spawn(&k, &kit_kinds[0], &t);
    acta_tx *tx = NULL;
    assert_int_equal(acta_spawn(k.sys, &tx, .handler = runs_an_errand, .args = ACTA_ARGS(errand, .to = NULL)),
                     ACTA_EINVAL);
    for (uint64_t n = 1; n <= 2; n++) {
        acti_pool_fail_after(n);
        assert_int_equal(acta_spawn(k.sys, &tx, .handler = runs_an_errand, .args = ACTA_ARGS(errand, .to = to)),
                         ACTA_ENOMEM);
        acti_pool_fail_after(0);
    }
    assert_null(tx);
    acta_tx_drop(&to);
    kit_close(&k); // which would wait for the target in vain
}

int main(void)
{
    return TEST_RUN(case_of(args_that_cannot_be_right_are_refused_and_leave_an_argument_alone),
                    case_of(args_of_the_largest_size_fit_and_of_one_byte_more_do_not),
                    case_of(without_memory_for_a_copy_nothing_is_spawned_and_nothing_kept),
                    case_of(an_actor_has_a_copy_of_its_own_which_it_may_change_wherever_it_runs),
                    case_of(args_are_freed_with_an_actor_that_fails_or_is_killed),
                    case_of(senders_in_args_are_dropped_by_the_actor_or_after_its_end_and_once),
                    case_of(an_actor_drops_one_sender_for_each_in_its_args),
                    case_of(a_spawn_that_is_refused_keeps_no_sender));
}
