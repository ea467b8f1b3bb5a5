// SPDX-License-Identifier: MIT
//
// C-DOWN, C-ASK, C-EOF: how an actor's process ends it, by whom, and what others are told of it.

#include "puppet.h"

#include <acta/node.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "proc/keeper.h"

// ---- crashes --------------------------------------------------------------------------------

TEST(a_signal_or_an_exit_is_told_with_the_message_that_was_taken_last)
{
    static const struct {
        int64_t what;
        int64_t n;
        const char *words;
    } deaths[] = {
        {SIGNAL, SIGKILL, "its process was killed by signal 9 (Killed); the last message it took was order"},
        {SIGNAL, SIGUSR1, "its process was killed by signal 10 (User defined signal 1); the last"},
        {EXIT, 3, "its process exited with status 3; the last message it took was order"},
        {EXIT, 0, "its process exited with status 0; the last message it took was order"},
    };
    for (size_t i = 0; i < sizeof(deaths) / sizeof(deaths[0]); i++) {
        kit k;
        kit_open(&k, 1);
        acta_tx *tx = spawn_puppet(&k);
        deathbed d = {0};
        watch_over(&k, &d, tx);
        kit_send(tx, 1);
        order_puppet(tx, deaths[i].what, deaths[i].n);
        await_death(&d);
        assert_died(&d, ACTA_ECRASHED, deaths[i].words);
        assert_int_equal(acta_send(tx, item, .n = 2), ACTA_EGONE);
        acta_tx_drop(&tx);
        close_without_children(&k);
    }
}

static int dies_at_eof(acta_self *self, void *arg)
{
    (void)arg;
    return acta_recv(self) == NULL ? kill(getpid(), SIGKILL) : ACTA_EINVAL;
}
ACTA_ACTOR(dies_at_eof);

TEST(its_start_is_no_message_that_it_took)
{
    kit k;
    kit_open(&k, 1);
    acta_tx *tx = NULL;
    assert_int_equal(acta_spawn(k.sys, &tx, .body = dies_at_eof, .place = ACTA_PROCESS,
                                .args = ACTA_ARGS(task, .number = 1)), ACTA_OK);
    deathbed d = {0};
    watch_over(&k, &d, tx);
    acta_tx_drop(&tx);
    await_death(&d);
    assert_died(&d, ACTA_ECRASHED, "killed by signal 9");
    assert_null(strstr(d.cause, "the last message"));
    close_without_children(&k);
}

TEST(who_watches_it_from_another_node_is_told_the_same)
{
    char folder[] = "/tmp/acta-test-XXXXXX", url[64], lock[64];
    assert_non_null(mkdtemp(folder));
    snprintf(url, sizeof(url), "ipc://%s/parent", folder);
    snprintf(lock, sizeof(lock), "%s/parent.lock", folder);
    kit k, other = {0};
    acta_listener *listener;
    acta_node *parent;
    acta_tx *tx, *there;
    kit_open(&k, 1);
    assert_int_equal(acta_open(NULL, &other.sys), ACTA_OK);
    tx = spawn_puppet(&k);
    assert_int_equal(acta_publish(k.sys, "puppet", acta_tx_addr(tx)), ACTA_OK);
    assert_int_equal(acta_node_listen(k.sys, url, &listener), ACTA_OK);
    assert_int_equal(acta_connect(other.sys, url, KIT_WAIT_NS, &parent), ACTA_OK);
    assert_int_equal(acta_node_find(parent, "puppet", KIT_WAIT_NS, &there), ACTA_OK);
    deathbed near = {0}, far = {0};
    watch_over(&k, &near, tx);
    watch_over(&other, &far, there);
    assert_int_equal(ask_puppet(there, COUNT), 0); // behind the monitor
    order_puppet(there, SIGNAL, SIGKILL);
    await_death(&near);
    await_death(&far);
    assert_died(&far, ACTA_ECRASHED, "its process was killed by signal 9 (Killed); the last message it took was order");
    assert_string_equal(far.cause, near.cause);
    acta_tx_drop(&there);
    acta_tx_drop(&tx);
    acta_node_drop(&parent);
    acta_listener_close(&listener);
    assert_int_equal(acta_close(&other.sys, KIT_WAIT_NS), ACTA_OK);
    close_without_children(&k);
    (void)unlink(lock);
    assert_int_equal(rmdir(folder), 0);
}

TEST(what_it_took_last_is_told_of_a_handler_too_and_not_the_start)
{
    kit k;
    kit_open(&k, 1);
    acta_tx *tx = NULL;
    assert_int_equal(acta_spawn(k.sys, &tx, .handler = puppet_handler, .state_bytes = sizeof(puppet),
                                .place = ACTA_PROCESS), ACTA_OK);
    deathbed d = {0};
    watch_over(&k, &d, tx);
    order_puppet(tx, SIGNAL, SIGKILL);
    await_death(&d);
    assert_died(&d, ACTA_ECRASHED, "; the last message it took was order");
    acta_tx_drop(&tx);
    assert_int_equal(acta_spawn(k.sys, &tx, .body = puppet_body, .place = ACTA_PROCESS,
                                .args = ACTA_ARGS(task, .number = 1)), ACTA_OK);
    assert_int_equal(ask_puppet(tx, ARGUMENTS), 1);
    watch_over(&k, &d, tx);
    kit_send(tx, 1);
    assert_int_equal(acta_kill(acta_tx_addr(tx)), ACTA_OK);
    await_death(&d);
    assert_died(&d, ACTA_EKILLED, "");
    assert_null(strstr(d.cause, "task"));
    acta_tx_drop(&tx);
    close_without_children(&k);
}

// Asks, and then handles nothing until the process is dead: all that comes meanwhile is in its inbox, in order.
typedef struct crowd {
    kit_actor actor;
    acta_tx *tx;
    test_gate asked;
    test_gate dead;
    uint64_t monitor;
    uint32_t replies;
    uint32_t failures; // with ACTA_ECRASHED
    uint32_t seen_at_down;
    acti_park over;
} crowd;

enum { ANSWERED = 50, OPEN_ASKS = 20 };

static void asks_much(acta_self *self, crowd *c)
{
    uint64_t id;
    kit_claim(acta_monitor(self, acta_tx_addr(c->tx), &c->monitor) == ACTA_OK);
    for (int i = 0; i < OPEN_ASKS; i++)
        kit_claim(acta_ask(self, c->tx, ACTA_FOREVER, &id, order, .what = KEEP) == ACTA_OK);
    for (int i = 0; i < ANSWERED; i++)
        kit_claim(acta_ask(self, c->tx, ACTA_FOREVER, &id, order, .what = COUNT) == ACTA_OK);
}

static int outlives_it(acta_self *self, void *arg, acta_msg *m)
{
    crowd *c = arg;
    if (m == NULL)
        return ACTA_OK;
    const acta_failure *failure = acta_as(acta_failure, m);
    if (acta_is(item, m) && acta_as(item, m)->n == 1) {
        asks_much(self, c);
        test_gate_open(&c->asked);
    } else if (acta_is(item, m)) {
        kit_claim(test_gate_wait(&c->dead));
    } else if (acta_is(acta_down, m)) {
        c->seen_at_down = c->replies;
    } else if (failure == NULL) {
        c->replies++;
    } else {
        c->failures += failure->status == ACTA_ECRASHED;
    }
    if (c->replies + c->failures == ANSWERED + OPEN_ASKS && c->seen_at_down > 0)
        acti_park_give(&c->over);
    return ACTA_OK;
}

TEST(what_it_had_answered_comes_before_its_down_and_what_is_open_ends_crashed)
{
    for (const kit_kind *kind = kit_kinds + 2; kind < kit_kinds + KIT_KINDS; kind++) { // it blocks its thread
        kit k;
        kit_open(&k, 1);
        crowd c = {.actor = {outlives_it}, .tx = spawn_puppet(&k)};
        deathbed d = {0};
        acti_park_init(&c.over);
        test_gate_init(&c.asked);
        test_gate_init(&c.dead);
        acta_tx *tx = kit_spawn(&k, kind, &c);
        kit_send(tx, 1);
        kit_send(tx, 2);
        assert_true(test_gate_wait(&c.asked));
        watch_over(&k, &d, c.tx);
        assert_int_equal(ask_puppet(c.tx, COUNT), 0); // behind the answers to the others
        order_puppet(c.tx, SIGNAL, SIGKILL);
        await_death(&d);
        test_gate_open(&c.dead);
        if (!acti_park_wait(&c.over, acti_clock_ns() + KIT_WAIT_NS))
            fail_msg("%u replies, %u failures, %u at DOWN", c.replies, c.failures, c.seen_at_down);
        acta_tx_drop(&tx);
        acta_tx_drop(&c.tx);
        close_without_children(&k);
        assert_int_equal(c.replies, ANSWERED);
        assert_int_equal(c.seen_at_down, ANSWERED);
        assert_int_equal(c.failures, OPEN_ASKS);
        test_gate_fini(&c.asked);
        test_gate_fini(&c.dead);
    }
}

TEST(a_call_ends_with_the_process_that_it_waits_for)
{
    kit k;
    kit_open(&k, 1);
    acta_tx *tx = spawn_puppet(&k);
    acta_msg *reply = NULL;
    assert_int_equal(acta_call(tx, KIT_WAIT_NS, &reply, order, .what = SIGNAL, .n = SIGKILL), ACTA_ECRASHED);
    assert_non_null(reply);
    acta_msg_free(&reply);
    acta_tx_drop(&tx);
    close_without_children(&k);
}

// ---- ended by others ---------------------------------------------------------------------------

TEST(a_stop_lets_it_handle_what_was_sent_before_and_says_so_at_eof)
{
    kit k;
    kit_open(&k, 1);
    acta_tx *tx = spawn_puppet(&k);
    deathbed d = {0};
    watch_over(&k, &d, tx);
    order_puppet(tx, EOF_REASON, 0);
    for (int64_t n = 1; n <= 500; n++)
        kit_send(tx, n);
    assert_int_equal(acta_stop(acta_tx_addr(tx)), ACTA_OK);
    assert_int_equal(acta_stop(acta_tx_addr(tx)), ACTA_OK);
    await_death(&d);
    assert_died(&d, ACTA_ESTOPPED, "");
    acta_tx_drop(&tx);
    close_without_children(&k);
}

static int stops_another(acta_self *self, void *arg)
{
    acta_tx *tx = arg;
    acta_msg *m = acta_recv(self);
    kit_claim(acta_stop(acta_tx_addr(tx)) == ACTA_OK);
    acta_msg_free(&m);
    acta_tx_drop(&tx);
    return ACTA_OK;
}

TEST(an_actor_may_stop_it_and_its_last_sender_may_be_dropped_after_that)
{
    kit k;
    kit_open(&k, 1);
    acta_tx *tx = spawn_puppet(&k), *stopper = NULL;
    deathbed d = {0};
    watch_over(&k, &d, tx);
    order_puppet(tx, EOF_REASON, 0);
    assert_int_equal(acta_spawn(k.sys, &stopper, .body = stops_another, .arg = tx), ACTA_OK);
    kit_send(stopper, 1);
    acta_tx_drop(&stopper);
    await_death(&d);
    assert_died(&d, ACTA_ESTOPPED, "");
    close_without_children(&k);
}

TEST(a_kill_ends_it_in_the_middle_of_an_endless_loop)
{
    kit k;
    kit_open(&k, 1);
    acta_tx *tx = spawn_puppet(&k);
    deathbed d = {0};
    assert_int_equal(ask_puppet(tx, COUNT), 0);
    watch_over(&k, &d, tx);
    order_puppet(tx, SPIN, 0);
    char why[500];
    (void)acta_why(acta_tx_addr(tx), why, sizeof(why));
    assert_non_null(strstr(why, "in a process of its own"));
    assert_int_equal(acta_kill(acta_tx_addr(tx)), ACTA_OK);
    await_death(&d);
    assert_died(&d, ACTA_EKILLED, "killed by signal 9");
    assert_int_equal(acta_kill(acta_tx_addr(tx)), ACTA_EGONE);
    acta_tx_drop(&tx);
    close_without_children(&k);
}

TEST(a_kill_before_it_is_there_is_a_kill)
{
    kit k;
    kit_open(&k, 1);
    for (int i = 0; i < 5; i++) {
        acta_tx *tx = spawn_puppet(&k);
        deathbed d = {0};
        watch_over(&k, &d, tx);
        kit_send(tx, 1);
        assert_int_equal(acta_kill(acta_tx_addr(tx)), ACTA_OK);
        await_death(&d);
        assert_died(&d, ACTA_EKILLED, "");
        acta_tx_drop(&tx);
    }
    close_without_children(&k);
}

// ---- who computes ------------------------------------------------------------------------------

enum { HEARTBEAT_NS = 20 * ACTA_MS, LONG_NS = 10 * HEARTBEAT_NS };

static int computes(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    (void)arg;
    if (m != NULL)
        compute_for(LONG_NS);
    return ACTA_OK;
}

TEST(neither_it_nor_its_maker_is_given_up_while_it_computes_for_many_heartbeats)
{
    kit k;
    kit_open_with(&k, (acta_system_opts){.workers = 1, .heartbeat_ns = HEARTBEAT_NS});
    acta_tx *tx = spawn_puppet(&k), *here = NULL;
    acta_msg *reply = NULL;
    assert_int_equal(acta_call(tx, KIT_WAIT_NS, &reply, order, .what = COMPUTE, .n = LONG_NS), ACTA_OK);
    acta_msg_free(&reply);
    assert_int_equal(acta_spawn(k.sys, &here, .handler = computes), ACTA_OK); // on the only worker
    kit_send(here, 1);
    acta_tx_drop(&here);
    assert_int_equal(ask_puppet(tx, COUNT), 0);
    acta_tx_drop(&tx);
    close_without_children(&k);
    assert_int_equal(k.lines, 0);
}

// ---- links -----------------------------------------------------------------------------------------

typedef struct bound {
    acta_tx *to;
    acti_park linked;
    int64_t fail_with; // when it is sent anything
    int end;           // what acta_eof said
} bound;

static int is_bound(acta_self *self, void *arg)
{
    bound *b = arg;
    uint64_t link;
    kit_claim(acta_link(self, acta_tx_addr(b->to), &link) == ACTA_OK);
    acti_park_give(&b->linked);
    acta_msg *m = acta_recv(self);
    int status = m != NULL ? (int)b->fail_with : ACTA_OK;
    b->end = acta_eof(self);
    acta_msg_free(&m);
    return status;
}

static acta_tx *spawn_bound(const kit *k, bound *b, acta_tx *to, int64_t fail_with)
{
    acta_tx *tx = NULL;
    *b = (bound){.to = to, .fail_with = fail_with, .end = 1};
    acti_park_init(&b->linked);
    assert_int_equal(acta_spawn(k->sys, &tx, .body = is_bound, .arg = b, .name = "bound"), ACTA_OK);
    assert_true(acti_park_wait(&b->linked, acti_clock_ns() + KIT_WAIT_NS));
    return tx;
}

TEST(who_is_linked_with_it_ends_with_its_crash_or_error_and_not_with_a_good_end)
{
    static const struct {
        int64_t what, n;
        int end;
    } ends[] = {{SIGNAL, SIGKILL, ACTA_ECRASHED}, {END, ACTA_EIO, ACTA_EIO}, {END, ACTA_OK, ACTA_OK}};
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        kit k;
        kit_open(&k, 1);
        bound b;
        deathbed d = {0}, of_puppet = {0};
        acta_tx *puppet_tx = spawn_puppet(&k);
        acta_tx *tx = spawn_bound(&k, &b, puppet_tx, ACTA_EACCES);
        watch_over(&k, &d, tx);
        watch_over(&k, &of_puppet, puppet_tx);
        order_puppet(puppet_tx, ends[i].what, ends[i].n);
        await_death(&of_puppet);
        acta_tx_drop(&puppet_tx);
        acta_tx_drop(&tx);
        await_death(&d);
        close_without_children(&k);
        assert_int_equal(b.end, ends[i].end);
        assert_died(&d, ends[i].end, "");
    }
}

TEST(it_is_killed_by_the_error_of_who_is_linked_with_it)
{
    kit k;
    kit_open(&k, 1);
    bound b;
    deathbed d = {0};
    acta_tx *puppet_tx = spawn_puppet(&k);
    acta_tx *tx = spawn_bound(&k, &b, puppet_tx, ACTA_EACCES);
    watch_over(&k, &d, puppet_tx);
    kit_send(tx, 1);
    await_death(&d);
    assert_died(&d, ACTA_EACCES, "killed by signal 9");
    acta_tx_drop(&tx);
    acta_tx_drop(&puppet_tx);
    close_without_children(&k);
}

// ---- who does not begin --------------------------------------------------------------------------------

// In a process that is made while one of these is in its environment: it waits before main, for a signal, or until
// somebody opens that fifo to write to it.
#define HANG "ACTA_TEST_HANG"
#define GATE "ACTA_TEST_GATE"

__attribute__((constructor)) static void hang(void)
{
    bool made = getenv(ACTI_PAGE_VARIABLE) != NULL;
    const char *gate = getenv(GATE);
    while (made && getenv(HANG) != NULL)
        (void)pause();
    if (made && gate != NULL)
        close(open(gate, O_RDONLY | O_CLOEXEC));
}

TEST(one_that_does_not_begin_in_time_is_killed_and_reported)
{
    kit k;
    kit_open(&k, 1);
    acti_processes *p;
    assert_int_equal(acti_processes_of(k.sys, &p), ACTA_OK);
    p->begin_ns = ACTA_SECOND; // enough for the watch below
    (void)setenv(HANG, "1", 1);
    acta_tx *tx = spawn_puppet(&k);
    (void)unsetenv(HANG);
    deathbed d = {0};
    watch_over(&k, &d, tx);
    kit_send(tx, 1);
    await_death(&d);
    assert_died(&d, ACTA_ECRASHED, "killed by signal 9 (Killed), because it had not begun in time");
    acta_tx_drop(&tx);
    close_without_children(&k);
    assert_true(kit_reported(&k, "actor puppet is killed", "it had not begun in time"));
}

// Entered in this process only.
static int ghost(acta_self *self, void *arg)
{
    (void)self;
    (void)arg;
    return ACTA_OK;
}

TEST(one_that_does_not_find_its_code_says_so_in_the_cause)
{
    static acta_actor_entry entry = {.name = "ghost", .body = ghost};
    acta_actor_enter(&entry);
    kit k;
    kit_open(&k, 1);
    char gate[] = "/tmp/acta-test-XXXXXX";
    assert_non_null(mkdtemp(gate));
    char fifo[sizeof(gate) + sizeof("/gate")];
    snprintf(fifo, sizeof(fifo), "%s/gate", gate);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    (void)setenv(GATE, fifo, 1);
    acta_tx *tx = NULL;
    assert_int_equal(acta_spawn(k.sys, &tx, .body = ghost, .place = ACTA_PROCESS), ACTA_OK);
    (void)unsetenv(GATE);
    deathbed d = {0};
    watch_over(&k, &d, tx); // who is watched too late has no cause to tell
    close(open(fifo, O_WRONLY | O_CLOEXEC)); // waits until the process is there
    await_death(&d);
    assert_int_equal(unlink(fifo), 0);
    assert_int_equal(rmdir(gate), 0);
    assert_died(&d, ACTA_ECRASHED, "exited with status 125: it has no ACTA_ACTOR(ghost)");
    acta_tx_drop(&tx);
    close_without_children(&k);
}

TEST(who_waits_for_all_children_itself_leaves_unknown_how_they_ended)
{
    kit k;
    kit_open(&k, 1);
    (void)signal(SIGCHLD, SIG_IGN); // then nobody can wait for them
    acta_tx *tx = spawn_puppet(&k);
    deathbed d = {0};
    assert_int_equal(ask_puppet(tx, COUNT), 0);
    watch_over(&k, &d, tx);
    order_puppet(tx, EXIT, 3);
    await_death(&d);
    assert_died(&d, ACTA_ECRASHED, "how, is not known");
    acta_tx_drop(&tx);
    close_without_children(&k);
    (void)signal(SIGCHLD, SIG_DFL);
}

// ---- the close of the system -----------------------------------------------------------------------------

TEST(a_close_waits_for_it_to_end)
{
    kit k;
    kit_open(&k, 1);
    acta_tx *tx = spawn_puppet(&k);
    for (int64_t n = 1; n <= 2000; n++)
        kit_send(tx, n);
    acta_tx_drop(&tx);
    close_without_children(&k);
}

TEST(a_close_names_and_kills_one_that_does_not_end)
{
    kit k;
    kit_open(&k, 1);
    acta_tx *tx = spawn_puppet(&k);
    assert_int_equal(ask_puppet(tx, COUNT), 0);
    order_puppet(tx, SPIN, 0);
    acta_tx_drop(&tx);
    kit_close_as(&k, ACTA_EALIVE, 100 * ACTA_MS);
    assert_true(no_child_is_left());
    assert_true(kit_reported(&k, "still alive at close: actor puppet", "in a process of its own"));
}

int main(void)
{
    acta_process_main();
    proc_prepare();
    return TEST_RUN(case_of(a_signal_or_an_exit_is_told_with_the_message_that_was_taken_last),
                    case_of(its_start_is_no_message_that_it_took),
                    case_of(who_watches_it_from_another_node_is_told_the_same),
                    case_of(what_it_took_last_is_told_of_a_handler_too_and_not_the_start),
                    case_of(what_it_had_answered_comes_before_its_down_and_what_is_open_ends_crashed),
                    case_of(a_call_ends_with_the_process_that_it_waits_for),
                    case_of(a_stop_lets_it_handle_what_was_sent_before_and_says_so_at_eof),
                    case_of(an_actor_may_stop_it_and_its_last_sender_may_be_dropped_after_that),
                    case_of(a_kill_ends_it_in_the_middle_of_an_endless_loop),
                    case_of(a_kill_before_it_is_there_is_a_kill),
                    case_of(neither_it_nor_its_maker_is_given_up_while_it_computes_for_many_heartbeats),
                    case_of(who_is_linked_with_it_ends_with_its_crash_or_error_and_not_with_a_good_end),
                    case_of(it_is_killed_by_the_error_of_who_is_linked_with_it),
                    case_of(one_that_does_not_begin_in_time_is_killed_and_reported),
                    case_of(one_that_does_not_find_its_code_says_so_in_the_cause),
                    case_of(who_waits_for_all_children_itself_leaves_unknown_how_they_ended),
                    case_of(a_close_waits_for_it_to_end),
                    case_of(a_close_names_and_kills_one_that_does_not_end));
}
