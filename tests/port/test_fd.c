// SPDX-License-Identifier: MIT
//
// C-WATCH for descriptors: what is ready is told, again for as long as it is, and in order with the messages.

#include "pipes.h"

// ---- refusals ---------------------------------------------------------------------

typedef struct refused {
    kit_actor actor;
    acta_self *self;
    test_gate inside;
    test_gate outside;
} refused;

// watches_without_fds watches when the process may open no descriptor more.
static int watches_without_fds(acta_self *self, int fd, uint64_t *watch)
{
    struct rlimit before, one;
    kit_claim(getrlimit(RLIMIT_NOFILE, &before) == 0);
    one = (struct rlimit){.rlim_cur = 1, .rlim_max = before.rlim_max}; // and number 0 is taken
    kit_claim(setrlimit(RLIMIT_NOFILE, &one) == 0);
    int status = acta_watch_fd(self, fd, ACTA_READABLE, watch);
    kit_claim(setrlimit(RLIMIT_NOFILE, &before) == 0);
    return status;
}

static int watches_what_it_cannot(acta_self *self, void *arg, acta_msg *m)
{
    refused *r = arg;
    if (m == NULL)
        return ACTA_OK;
    tube t = {.out = eventfd(1, EFD_CLOEXEC), .in = -1};
    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), folder = open("/", O_RDONLY | O_CLOEXEC);
    uint64_t watch = 7;
    kit_claim(acta_watch_fd(self, -1, ACTA_READABLE, &watch) == ACTA_EINVAL);
    kit_claim(acta_watch_fd(self, INT32_MAX, ACTA_READABLE, &watch) == ACTA_EINVAL);
    kit_claim(acta_watch_fd(self, file, ACTA_READABLE, &watch) == ACTA_EINVAL);
    kit_claim(acta_watch_fd(self, folder, ACTA_READABLE, &watch) == ACTA_EINVAL);
    kit_claim(acta_watch_fd(self, t.out, 16, &watch) == ACTA_EINVAL);
    kit_claim(acta_watch_fd(self, t.out, UINT32_MAX, &watch) == ACTA_EINVAL);
    acti_pool_fail_after(1);
    kit_claim(acta_watch_fd(self, t.out, ACTA_READABLE, &watch) == ACTA_ENOMEM);
    acti_pool_fail_after(0);

    kit_claim(watches_without_fds(self, t.out, &watch) == ACTA_EFULL);
    kit_claim(watch == 7);
    tube_close(&t);
    close(file);
    close(folder);

    r->self = self;
    test_gate_open(&r->inside);
    kit_claim(test_gate_wait(&r->outside));
    return ACTA_OK;
}

static int runs_out_at_once(acta_self *self, void *arg, acta_msg *m)
{
    const tube *t = arg;
    uint64_t watch = 7;
    if (m == NULL)
        return ACTA_OK;
    kit_claim(watches_without_fds(self, t->out, &watch) == ACTA_EFULL && watch == 7);
    kit_claim(acta_watch_fd(self, t->out, ACTA_READABLE, &watch) == ACTA_OK);
    return ACTA_OK;
}

TEST(what_cannot_be_watched_is_refused_and_leaves_nothing_open)
{
    tube t = tube_open(TUBE_PIPE);
    int before = fds_open();
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 1);
        refused r = {.actor = {watches_what_it_cannot}};
        test_gate_init(&r.inside);
        test_gate_init(&r.outside);
        acta_tx *tx = kit_spawn(&k, kind, &r);
        assert_int_equal(acta_finish(&tx, item, 0, 0), ACTA_OK);
        assert_true(test_gate_wait(&r.inside));
        uint64_t watch = 7;
        assert_int_equal(acta_watch_fd(r.self, t.out, ACTA_READABLE, &watch), ACTA_EINVAL); // not its thread
        acta_unwatch(r.self, 1);
        assert_int_equal(watch, 7);
        test_gate_open(&r.outside);
        kit_close(&k);
        test_gate_fini(&r.inside);
        test_gate_fini(&r.outside);
        assert_int_equal(fds_open(), before);
    }
    tube_close(&t);
}

TEST(a_first_watch_without_descriptors_is_full_and_the_next_works)
{
    tube t = tube_open(TUBE_PIPE);
    int before = fds_open();
    kit k;
    kit_open(&k, 1);
    acta_tx *tx = NULL;
    assert_int_equal(acta_spawn(k.sys, &tx, .handler = runs_out_at_once, .arg = &t), ACTA_OK);
    assert_int_equal(acta_finish(&tx, item, 0, 0), ACTA_OK);
    kit_close(&k);
    assert_int_equal(fds_open(), before);
    tube_close(&t);
}

// ---- readiness --------------------------------------------------------------------

typedef struct reader {
    kit_actor actor;
    tube tube;
    uint32_t interest;
    uint64_t watch;
    uint64_t told; // all events together
    int letters;   // to read, one an event
    int events;
    int strange;
    test_gate watched;
} reader;

static int reads(acta_self *self, void *arg, acta_msg *m)
{
    reader *r = arg;
    if (m == NULL)
        return ACTA_OK;
    const acta_fd_event *event = acta_as(acta_fd_event, m);
    if (acta_is(item, m)) {
        kit_claim(acta_watch_fd(self, r->tube.out, ACTA_READABLE, &r->watch) == ACTA_OK);
        test_gate_open(&r->watched);
    } else if (event != NULL) {
        r->strange += event->watch != r->watch || event->fd != r->tube.out || event->events != ACTA_READABLE;
        r->strange += !tube_take(&r->tube);
        r->events++;
        if (r->events == r->letters) { // nothing more is there: nothing more may come before this
            uint64_t timer;
            kit_claim(acta_timer_start(self, 3 * ACTA_MS, 0, &timer) == ACTA_OK);
        }
    } else {
        kit_claim(acta_is(acta_tick, m));
        return ACTA_DONE;
    }
    return ACTA_OK;
}

TEST(what_is_ready_is_told_once_for_each_letter_that_is_read_of_it)
{
    KIT_EACH_KIND(kind)
        for (int sort = 0; sort < TUBES; sort++)
            for (int early = 0; early < 2; early++) { // there before it is watched, or only then
                kit k;
                kit_open(&k, 2);
                reader r = {.actor = {reads}, .tube = tube_open(sort), .letters = 5};
                test_gate_init(&r.watched);
                acta_tx *tx = kit_spawn(&k, kind, &r);
                for (int i = 0; i < early * r.letters; i++)
                    assert_true(tube_put(&r.tube));
                kit_send(tx, 0);
                assert_true(test_gate_wait(&r.watched));
                for (int i = 0; i < (1 - early) * r.letters; i++)
                    assert_true(tube_put(&r.tube));
                await_end(&k, &tx);
                assert_int_equal(r.events, r.letters);
                assert_int_equal(r.strange, 0);
                tube_close(&r.tube);
                test_gate_fini(&r.watched);
            }
}

// While an actor has an event in its hands, or leaves the descriptor as it is, there is one event and no second.
static int looks_at_its_inbox(acta_self *self, void *arg, acta_msg *m)
{
    reader *r = arg;
    acta_system *sys = acta_system_of(self);
    if (m == NULL)
        return ACTA_OK;
    if (acta_is(item, m)) {
        kit_claim(acta_watch_fd(self, r->tube.out, ACTA_READABLE, &r->watch) == ACTA_OK);
        return ACTA_OK;
    }
    kit_claim(acta_is(acta_fd_event, m));
    kit_claim(tube_put(&r->tube)); // still ready, and again
    uint64_t until_ns = acta_now_ns(sys) + ACTA_MS;
    while (acta_now_ns(sys) < until_ns)
        r->strange += kit_has_mail(self);
    return ++r->events == r->letters ? ACTA_DONE : ACTA_OK;
}

TEST(an_event_comes_again_only_when_the_last_is_done_with)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 2);
        reader r = {.actor = {looks_at_its_inbox}, .tube = tube_open(TUBE_SOCKETS), .letters = 4};
        acta_tx *tx = kit_spawn(&k, kind, &r);
        assert_true(tube_put(&r.tube));
        kit_send(tx, 0);
        await_end(&k, &tx);
        assert_int_equal(r.strange, 0);
        tube_close(&r.tube);
    }
}

static int fills_and_waits(acta_self *self, void *arg, acta_msg *m)
{
    reader *r = arg;
    if (m == NULL)
        return ACTA_OK;
    const acta_fd_event *event = acta_as(acta_fd_event, m);
    if (event == NULL) {
        while (tube_put(&r->tube))
            r->letters++;
        kit_claim(acta_watch_fd(self, r->tube.in, r->interest, &r->watch) == ACTA_OK);
        test_gate_open(&r->watched);
        return ACTA_OK;
    }
    kit_claim(event->watch == r->watch && event->fd == r->tube.in);
    r->told |= event->events;
    return ACTA_DONE;
}

TEST(a_full_descriptor_is_told_when_it_can_be_written_again)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 2);
        reader r = {.actor = {fills_and_waits}, .tube = tube_open(TUBE_SOCKETS), .interest = ACTA_WRITABLE};
        test_gate_init(&r.watched);
        acta_tx *tx = kit_spawn(&k, kind, &r);
        kit_send(tx, 0);
        assert_true(test_gate_wait(&r.watched));
        assert_false(acti_inbox_is_routed(&acti_actor_of_tx(tx)->inbox)); // nothing told so far
        while (tube_take(&r.tube))
            continue;
        await_end(&k, &tx);
        assert_true(r.letters > 0);
        assert_int_equal(r.told, ACTA_WRITABLE);
        tube_close(&r.tube);
        test_gate_fini(&r.watched);
    }
}

static int waits_for_the_worst(acta_self *self, void *arg, acta_msg *m)
{
    reader *r = arg;
    if (m == NULL)
        return ACTA_OK;
    const acta_fd_event *event = acta_as(acta_fd_event, m);
    if (event == NULL) {
        kit_claim(acta_watch_fd(self, r->tube.out >= 0 ? r->tube.out : r->tube.in, 0, &r->watch) == ACTA_OK);
        return ACTA_OK;
    }
    r->told |= event->events;
    return ACTA_DONE;
}

TEST(hang_up_and_error_are_told_unasked)
{
    for (int writer = 0; writer < 2; writer++) {
        kit k;
        kit_open(&k, 1);
        reader r = {.actor = {waits_for_the_worst}, .tube = tube_open(TUBE_PIPE)};
        int *gone = writer ? &r.tube.out : &r.tube.in;
        close(*gone);
        *gone = -1;
        acta_tx *tx = kit_spawn(&k, &kit_kinds[0], &r);
        kit_send(tx, 0);
        await_end(&k, &tx);
        assert_int_equal(r.told, writer ? ACTA_FD_ERROR : ACTA_HANGUP);
        tube_close(&r.tube);
    }
}

// ---- order ---------------------------------------------------------------------------

typedef struct orderly {
    kit_actor actor;
    tube tube[2];
    acta_tx *own;
    uint64_t watch[2];
    char seen[8];
} orderly;

static void await_as_many(acta_self *self, uint64_t word)
{
    uint64_t until_ns = acti_clock_ns() + KIT_WAIT_NS;
    while (acti_au64_load_relaxed(&acti_actor_of_self(self)->inbox.word) == word)
        if (acti_clock_ns() > until_ns) {
            kit_claim(!"an event comes");
            return;
        }
}

static uint64_t inbox_word(acta_self *self)
{
    return acti_au64_load_relaxed(&acti_actor_of_self(self)->inbox.word);
}

static int sees_all_in_order(acta_self *self, void *arg, acta_msg *m)
{
    orderly *o = arg;
    size_t at = strlen(o->seen);
    if (m == NULL)
        return ACTA_OK;
    const acta_fd_event *event = acta_as(acta_fd_event, m);
    if (event != NULL) {
        o->seen[at] = event->watch == o->watch[0] ? 'a' : 'b';
        acta_unwatch(self, event->watch);
        return ACTA_OK;
    }
    if (acta_as(item, m)->n != 0) {
        o->seen[at] = (char)acta_as(item, m)->n;
        return ACTA_OK;
    }
    // x, a descriptor, y, the other, z: each in the inbox before the next comes.
    kit_claim(acta_send(o->own, item, .n = 'x') == ACTA_OK);
    uint64_t before = inbox_word(self);
    kit_claim(acta_watch_fd(self, o->tube[0].out, ACTA_READABLE, &o->watch[0]) == ACTA_OK);
    await_as_many(self, before);
    kit_claim(acta_send(o->own, item, .n = 'y') == ACTA_OK);
    kit_claim(acta_watch_fd(self, o->tube[1].out, ACTA_READABLE, &o->watch[1]) == ACTA_OK);
    before = inbox_word(self);
    kit_claim(tube_put(&o->tube[1]));
    await_as_many(self, before);
    kit_claim(acta_send(o->own, item, .n = 'z') == ACTA_OK);
    acta_tx_drop(&o->own);
    return ACTA_OK;
}

TEST(events_and_messages_are_handled_in_the_order_they_came)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 2);
        orderly o = {.actor = {sees_all_in_order}, .tube = {tube_open(TUBE_PIPE), tube_open(TUBE_EVENTFD)}};
        assert_true(tube_put(&o.tube[0]));
        acta_tx *tx = kit_spawn(&k, kind, &o);
        o.own = acta_tx_dup(tx);
        assert_int_equal(acta_finish(&tx, item, 0, 0), ACTA_OK);
        kit_close(&k);
        assert_string_equal(o.seen, "xaybz");
        tube_close(&o.tube[0]);
        tube_close(&o.tube[1]);
    }
}

static int has_no_room(acta_self *self, void *arg, acta_msg *m)
{
    orderly *o = arg;
    size_t at = strlen(o->seen);
    if (m == NULL)
        return ACTA_OK;
    if (acta_is(acta_fd_event, m)) {
        o->seen[at] = 'a';
        acta_unwatch(self, o->watch[0]);
        return ACTA_OK;
    }
    if (acta_as(item, m)->n != 0) {
        o->seen[at] = (char)acta_as(item, m)->n;
        return ACTA_OK;
    }
    kit_claim(acta_try_send(o->own, item, .n = 'x') == ACTA_OK);
    kit_claim(acta_try_send(o->own, item, .n = 'y') == ACTA_EFULL);
    uint64_t before = inbox_word(self);
    kit_claim(acta_watch_fd(self, o->tube[0].out, ACTA_READABLE, &o->watch[0]) == ACTA_OK);
    await_as_many(self, before);
    acta_tx_drop(&o->own);
    return ACTA_OK;
}

TEST(an_event_has_its_place_in_an_inbox_that_is_full)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 2);
        orderly o = {.actor = {has_no_room}, .tube = {tube_open(TUBE_PIPE)}};
        assert_true(tube_put(&o.tube[0]));
        acta_tx *tx = NULL;
        int status = acta_spawn(k.sys, &tx, .body = kind->body ? kit_body : NULL,
                                .handler = kind->body ? NULL : kit_handler, .arg = &o, .place = kind->place,
                                .capacity = 1);
        assert_int_equal(status, ACTA_OK);
        o.own = acta_tx_dup(tx);
        assert_int_equal(acta_finish(&tx, item, 0, 0), ACTA_OK);
        kit_close(&k);
        assert_string_equal(o.seen, "xa");
        tube_close(&o.tube[0]);
    }
}

// ---- several watches, and careless users --------------------------------------------------

static int waits_for_one_event(acta_self *self, void *arg, acta_msg *m)
{
    reader *r = arg;
    if (m == NULL)
        return ACTA_OK;
    const acta_fd_event *event = acta_as(acta_fd_event, m);
    if (event == NULL) {
        kit_claim(acta_watch_fd(self, r->tube.out, r->interest, &r->watch) == ACTA_OK);
        return ACTA_OK;
    }
    r->told = event->events;
    return ACTA_DONE;
}

TEST(one_descriptor_may_be_watched_by_several_actors_and_systems)
{
    kit k[2];
    tube t = tube_open(TUBE_SOCKETS);
    reader r[4];
    acta_tx *tx[4];
    kit_open(&k[0], 2);
    kit_open(&k[1], 1);
    for (int i = 0; i < 4; i++) {
        r[i] = (reader){.actor = {waits_for_one_event}, .tube = t};
        r[i].interest = i == 3 ? ACTA_WRITABLE : ACTA_READABLE;
        tx[i] = kit_spawn(&k[i / 2], &kit_kinds[i], &r[i]);
        kit_send(tx[i], 0);
    }
    assert_true(tube_put(&t));
    for (int i = 0; i < 4; i++) {
        assert_true(kit_await_ended(acta_tx_addr(tx[i])));
        acta_tx_drop(&tx[i]);
    }
    kit_close(&k[0]);
    kit_close(&k[1]);
    for (int i = 0; i < 3; i++)
        assert_int_equal(r[i].told, ACTA_READABLE);
    assert_true(r[3].told & ACTA_WRITABLE);
    tube_close(&t);
}

typedef struct careless {
    kit_actor actor;
    tube tube[2];
    uint64_t watch[2];
    int told[2];
} careless;

static int closes_what_it_watches(acta_self *self, void *arg, acta_msg *m)
{
    careless *c = arg;
    if (m == NULL)
        return ACTA_OK;
    const acta_fd_event *event = acta_as(acta_fd_event, m);
    if (event != NULL) {
        int which = event->watch == c->watch[1];
        c->told[which]++;
        acta_unwatch(self, event->watch);
        if (which == 1)
            return ACTA_DONE;
        kit_claim(event->fd == c->tube[1].out);
        kit_claim(tube_put(&c->tube[1]));
        return ACTA_OK;
    }
    int number = c->tube[0].out;
    kit_claim(acta_watch_fd(self, number, ACTA_READABLE, &c->watch[0]) == ACTA_OK);
    kit_claim(dup3(c->tube[1].out, number, O_CLOEXEC) == number); // closes the one and gives its number to the other
    close(c->tube[1].out);
    c->tube[1].out = number;
    c->tube[0].out = -1;
    kit_claim(acta_watch_fd(self, number, ACTA_READABLE, &c->watch[1]) == ACTA_OK);
    kit_claim(tube_put(&c->tube[0])); // somebody still reads it: the watch
    return ACTA_OK;
}

TEST(what_is_closed_without_an_unwatch_is_told_on_and_harms_nobody_else)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 2);
        careless c = {.actor = {closes_what_it_watches}, .tube = {tube_open(TUBE_PIPE), tube_open(TUBE_PIPE)}};
        acta_tx *tx = kit_spawn(&k, kind, &c);
        kit_send(tx, 0);
        await_end(&k, &tx);
        assert_int_equal(c.told[0], 1);
        assert_int_equal(c.told[1], 1);
        tube_close(&c.tube[0]);
        tube_close(&c.tube[1]);
    }
}

enum { CROWD = 200 }; // more than are taken from the kernel at once

typedef struct crowd {
    kit_actor actor;
    int fd[CROWD];
    uint64_t watch[CROWD];
    int told[CROWD];
    int all;
} crowd;

static int watches_a_crowd(acta_self *self, void *arg, acta_msg *m)
{
    crowd *c = arg;
    if (m == NULL)
        return ACTA_OK;
    const acta_fd_event *event = acta_as(acta_fd_event, m);
    for (int i = 0; i < CROWD; i++) {
        if (event == NULL)
            kit_claim(acta_watch_fd(self, c->fd[i], ACTA_READABLE, &c->watch[i]) == ACTA_OK);
        else if (event->watch == c->watch[i])
            c->told[i] += event->fd == c->fd[i];
    }
    if (event == NULL)
        return ACTA_OK;
    acta_unwatch(self, event->watch);
    return ++c->all == CROWD ? ACTA_DONE : ACTA_OK;
}

TEST(each_of_many_that_are_ready_is_told)
{
    static crowd c;
    kit k;
    kit_open(&k, 2);
    c = (crowd){.actor = {watches_a_crowd}};
    for (int i = 0; i < CROWD; i++)
        assert_true((c.fd[i] = eventfd(1, EFD_CLOEXEC)) >= 0);
    acta_tx *tx = kit_spawn(&k, &kit_kinds[0], &c);
    kit_send(tx, 0);
    await_end(&k, &tx);
    for (int i = 0; i < CROWD; i++) {
        assert_int_equal(c.told[i], 1);
        close(c.fd[i]);
    }
}

int main(void)
{
    return TEST_RUN(case_of(what_cannot_be_watched_is_refused_and_leaves_nothing_open),
                    case_of(a_first_watch_without_descriptors_is_full_and_the_next_works),
                    case_of(what_is_ready_is_told_once_for_each_letter_that_is_read_of_it),
                    case_of(an_event_comes_again_only_when_the_last_is_done_with),
                    case_of(a_full_descriptor_is_told_when_it_can_be_written_again),
                    case_of(hang_up_and_error_are_told_unasked),
                    case_of(events_and_messages_are_handled_in_the_order_they_came),
                    case_of(an_event_has_its_place_in_an_inbox_that_is_full),
                    case_of(one_descriptor_may_be_watched_by_several_actors_and_systems),
                    case_of(what_is_closed_without_an_unwatch_is_told_on_and_harms_nobody_else),
                    case_of(each_of_many_that_are_ready_is_told));
}
