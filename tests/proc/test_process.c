// SPDX-License-Identifier: MIT
//
// Actors in processes of their own: their arguments, their messages and their end, as those of any other; and how it is
// told when their process dies.

#include "puppet.h"

#include "core/system.h"

// ---- who gets none ------------------------------------------------------------------------

TEST(a_spawn_that_is_refused_starts_no_process_and_keeps_nothing)
{
    kit k;
    acta_tx *tx = NULL;
    kit_open_with(&k, (acta_system_opts){.workers = 1, .message_bytes_max = 4096});
    static char much[5000];
    memset(much, 'x', sizeof(much) - 1);
    assert_int_equal(acta_spawn(k.sys, &tx, .body = puppet_body, .place = ACTA_PROCESS,
                                .args = ACTA_ARGS(task, .words = "\xff")), ACTA_EINVAL);
    assert_int_equal(acta_spawn(k.sys, &tx, .body = puppet_body, .place = ACTA_PROCESS,
                                .args = ACTA_ARGS(task, .words = much)), ACTA_ETOOBIG);
    for (uint64_t n = 1; n <= 6; n++) {
        acti_pool_fail_after(n);
        int status = acta_spawn(k.sys, &tx, .body = puppet_body, .place = ACTA_PROCESS,
                                .args = ACTA_ARGS(task, .words = "x"));
        acti_pool_fail_after(0);
        assert_true(status == ACTA_ENOMEM || status == ACTA_OK);
        acta_tx_drop(&tx);
    }
    close_without_children(&k);
}

// ---- arguments ------------------------------------------------------------------------------

typedef struct task_state {
    task task; // first
    puppet puppet;
} task_state;

static bool is_the_task(const task *t)
{
    return t->number == 42 && strcmp(t->words, "some words") == 0 && t->list.count == 3 && t->list.items[2] == 7;
}

static int has_a_task(acta_self *self, void *arg)
{
    task *t = arg;
    if (!is_the_task(t))
        return ACTA_EMALFORMED;
    t->number++; // it is the actor's own
    return puppet_body(self, t);
}
ACTA_ACTOR(has_a_task);

static int handles_a_task(acta_self *self, void *arg, acta_msg *m)
{
    task *t = arg;
    puppet p = {0};
    if (m == NULL)
        return ACTA_OK;
    if (t->number == 42 && !is_the_task(t))
        return ACTA_EMALFORMED;
    t->number = 43;
    return puppet_obeys(self, &p, t, m);
}
ACTA_ACTOR(handles_a_task);

static int handles_a_task_with_a_state(acta_self *self, void *arg, acta_msg *m)
{
    task_state *s = arg;
    if (m == NULL)
        return s->puppet.items == 2 ? ACTA_OK : ACTA_EMALFORMED;
    if (s->task.number == 42 && !is_the_task(&s->task))
        return ACTA_EMALFORMED;
    s->task.number = 43;
    return puppet_obeys(self, &s->puppet, &s->task, m);
}
ACTA_ACTOR(handles_a_task_with_a_state);

static const acta_spawn_opts with_a_task[] = {
    {.body = has_a_task},
    {.handler = handles_a_task},
    {.handler = handles_a_task_with_a_state, .state_bytes = sizeof(task_state)},
};

TEST(arguments_are_the_actors_own_copy_in_every_placement)
{
    for (size_t i = 0; i < sizeof(with_a_task) / sizeof(with_a_task[0]); i++)
        for (acta_place place = ACTA_POOL; place <= ACTA_PROCESS; place++) {
            kit k;
            kit_open(&k, 1);
            acta_spawn_opts opts = with_a_task[i];
            acta_tx *tx = NULL;
            char words[] = "some words";
            opts.place = place;
            opts.args = (acta_args)ACTA_ARGS(task, .number = 42, .words = words,
                                             .list = {(const int64_t[]){5, 6, 7}, 3});
            assert_int_equal(acta_spawn_with(k.sys, &opts, &tx), ACTA_OK);
            memset(words, '?', sizeof(words) - 1);
            deathbed d = {0};
            watch_over(&k, &d, tx);
            kit_send(tx, 1);
            assert_int_equal(ask_puppet(tx, ARGUMENTS), 43);
            kit_send(tx, 2);
            acta_tx_drop(&tx);
            await_death(&d);
            close_without_children(&k);
            assert_died(&d, ACTA_OK, "");
        }
}

// As much as the credit that a session gives for one actor: the rest must be able to follow.
TEST(arguments_of_many_megabytes_leave_room_for_messages)
{
    kit k;
    kit_open(&k, 1);
    size_t size = 6 * 1024 * 1024;
    char *words = malloc(size);
    assert_non_null(words);
    memset(words, 'w', size - 1);
    words[size - 1] = '\0';
    acta_tx *tx = NULL;
    assert_int_equal(acta_spawn(k.sys, &tx, .body = puppet_body, .place = ACTA_PROCESS,
                                .args = ACTA_ARGS(task, .number = 5, .words = words)), ACTA_OK);
    free(words);
    for (int64_t n = 1; n <= 1000; n++)
        kit_send(tx, n);
    assert_int_equal(ask_puppet(tx, COUNT), 1000);
    assert_int_equal(ask_puppet(tx, ARGUMENTS), 5);
    acta_tx_drop(&tx);
    close_without_children(&k);
}

// ---- messages and a good end ------------------------------------------------------------------

TEST(messages_arrive_in_order_from_before_the_process_is_there_and_then_comes_eof)
{
    enum { MANY = 3000 }; // more than its inbox, and the credit for it
    const acta_spawn_opts kinds[] = {
        {.body = puppet_body}, {.handler = puppet_handler, .state_bytes = sizeof(puppet)}};
    for (int i = 0; i < 2; i++) {
        kit k;
        kit_open(&k, 1);
        acta_spawn_opts opts = kinds[i];
        acta_tx *tx = NULL;
        opts.place = ACTA_PROCESS;
        assert_int_equal(acta_spawn_with(k.sys, &opts, &tx), ACTA_OK);
        deathbed d = {0};
        watch_over(&k, &d, tx);
        for (int64_t n = 1; n <= MANY; n++)
            kit_send(tx, n);
        assert_int_equal(ask_puppet(tx, COUNT), MANY);
        order_puppet(tx, EOF_REASON, 0);
        kit_send(tx, MANY + 1);
        acta_tx_drop(&tx);
        await_death(&d);
        close_without_children(&k);
        assert_died(&d, ACTA_OK, "");
        assert_string_equal(d.cause, "");
        assert_int_equal(k.lines, 0);
    }
}

static int ends_as_it_is_told(acta_self *self, void *arg)
{
    acta_msg *m = acta_recv(self);
    int status = m != NULL ? (int)((const task *)arg)->number : ACTA_OK;
    acta_msg_free(&m);
    return status;
}
ACTA_ACTOR(ends_as_it_is_told);

TEST(what_it_returns_is_the_reason_and_what_comes_too_late_is_refused)
{
    const int reasons[] = {ACTA_OK, ACTA_EIO, ACTA_EGONE, -1234};
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        kit k;
        kit_open(&k, 1);
        acta_tx *tx = NULL;
        assert_int_equal(acta_spawn(k.sys, &tx, .body = ends_as_it_is_told, .place = ACTA_PROCESS,
                                    .args = ACTA_ARGS(task, .number = reasons[i])), ACTA_OK);
        deathbed d = {0}, late = {0};
        watch_over(&k, &d, tx);
        kit_send(tx, 1);
        await_death(&d);
        assert_died(&d, reasons[i], "");
        assert_int_equal(acta_send(tx, item, .n = 1), ACTA_EGONE);
        assert_int_equal(acta_stop(acta_tx_addr(tx)), ACTA_EGONE);
        assert_int_equal(acta_kill(acta_tx_addr(tx)), ACTA_EGONE);
        assert_int_equal(acta_publish(k.sys, "late", acta_tx_addr(tx)), ACTA_EGONE);
        watch_over(&k, &late, tx);
        await_death(&late);
        assert_died(&late, ACTA_EGONE, "");
        acta_tx_drop(&tx);
        close_without_children(&k);
    }
}

TEST(its_name_is_of_this_system_and_free_when_its_death_is_told)
{
    kit k;
    kit_open(&k, 1);
    acta_tx *tx = spawn_puppet(&k), *found = NULL;
    assert_int_equal(acta_publish(k.sys, "the puppet", acta_tx_addr(tx)), ACTA_OK);
    assert_int_equal(acta_publish(k.sys, "the puppet", acta_tx_addr(tx)), ACTA_EEXIST);
    deathbed d = {.name = "the puppet"};
    watch_over(&k, &d, tx);
    assert_int_equal(acta_find(k.sys, "the puppet", &found), ACTA_OK);
    kit_send(found, 1);
    assert_int_equal(ask_puppet(tx, COUNT), 1);
    acta_tx_drop(&tx);
    order_puppet(found, SIGNAL, SIGKILL);
    acta_tx_drop(&found);
    await_death(&d);
    assert_died(&d, ACTA_ECRASHED, "");
    acta_tx *next = spawn_puppet(&k);
    assert_int_equal(acta_publish(k.sys, "the puppet", acta_tx_addr(next)), ACTA_OK);
    acta_tx_drop(&next);
    close_without_children(&k);
}

// ---- reports ------------------------------------------------------------------------------------

TEST(what_its_system_reports_is_reported_here_with_its_name)
{
    kit k;
    kit_open(&k, 1);
    acta_tx *tx = spawn_puppet(&k);
    assert_int_equal(acta_send(tx, note, .line = "what is this?"), ACTA_OK);
    assert_int_equal(ask_puppet(tx, COUNT), 0);
    acta_tx_drop(&tx);
    close_without_children(&k);
    assert_int_equal(k.lines, 1);
    assert_true(kit_reported(&k, "in process ", "of actor puppet: actor puppet got a note, which it does not handle"));
}

static int reports_much(acta_self *self, void *arg)
{
    const task *t = arg;
    acta_msg *m = acta_recv(self);
    acta_msg_free(&m);
    for (int64_t i = 0; i < t->number; i++)
        acti_report(acta_system_of(self), "%s\n%d", t->words, (int)i);
    return ACTA_OK;
}
ACTA_ACTOR(reports_much);

TEST(lines_are_cut_lost_or_changed_rather_than_waited_for)
{
    kit k;
    kit_open(&k, 1);
    acta_tx *tx = NULL;
    static char words[300];
    memset(words, 'w', sizeof(words) - 1);
    assert_int_equal(acta_spawn(k.sys, &tx, .body = reports_much, .name = "reporter", .place = ACTA_PROCESS,
                                .args = ACTA_ARGS(task, .number = 20000, .words = words)), ACTA_OK);
    kit_send(tx, 1);
    acta_tx_drop(&tx);
    close_without_children(&k);
    assert_true(k.lines > 1);
    assert_true(kit_reported(&k, "of actor reporter: www", "w?0")); // no line end of another's making
}

TEST(where_nobody_listens_nothing_is_reported_and_all_else_is_the_same)
{
    acta_system *sys = NULL;
    acta_tx *tx = NULL;
    assert_int_equal(acta_open(&(acta_system_opts){.workers = 1}, &sys), ACTA_OK);
    assert_int_equal(acta_spawn(sys, &tx, .body = puppet_body, .place = ACTA_PROCESS), ACTA_OK);
    assert_int_equal(acta_send(tx, note, .line = "what is this?"), ACTA_OK);
    assert_int_equal(ask_puppet(tx, COUNT), 0);
    acta_tx_drop(&tx);
    assert_int_equal(acta_close(&sys, KIT_WAIT_NS), ACTA_OK);
    assert_true(no_child_is_left());
}

int main(void)
{
    acta_process_main();
    proc_prepare();
    return TEST_RUN(case_of(a_spawn_that_is_refused_starts_no_process_and_keeps_nothing),
                    case_of(arguments_are_the_actors_own_copy_in_every_placement),
                    case_of(arguments_of_many_megabytes_leave_room_for_messages),
                    case_of(messages_arrive_in_order_from_before_the_process_is_there_and_then_comes_eof),
                    case_of(what_it_returns_is_the_reason_and_what_comes_too_late_is_refused),
                    case_of(its_name_is_of_this_system_and_free_when_its_death_is_told),
                    case_of(what_its_system_reports_is_reported_here_with_its_name),
                    case_of(lines_are_cut_lost_or_changed_rather_than_waited_for),
                    case_of(where_nobody_listens_nothing_is_reported_and_all_else_is_the_same));
}
