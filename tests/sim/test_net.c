// SPDX-License-Identifier: MIT
//
// test_net.c - simulated connections, stepped by hand.

#include "test.h"

#include <acta/error.h>

#include "sim/net.h"

// ---- a world of two hosts ---------------------------------------------------------------

typedef struct owner {
    acti_link *link;
    int reads, writes, closed; // completions
    int read_status, write_status;
    char got[256];
    size_t got_size;
    char space[64];
} owner;

typedef struct world {
    uint64_t ages;
    acti_net net;
    acti_net_host here, there;
    acti_link_listener *listener;
    acti_link_dialer *dialer;
    owner caller, called;
    int dialed, accepted; // completions
    int dial_status;
    acti_step steps[32];
    uint32_t count;
} world;

static void on_read(void *arg, int status, size_t size)
{
    owner *o = arg;
    o->reads++;
    o->read_status = status;
    memcpy(o->got + o->got_size, o->space, size);
    o->got_size += size;
}

static void on_write(void *arg, int status)
{
    owner *o = arg;
    o->writes++;
    o->write_status = status;
}

static void on_closed(void *arg)
{
    owner *o = arg;
    o->closed++;
}

static const acti_link_owner callbacks = {on_read, on_write, on_closed};

static void accepted(void *arg, acti_link *link, const char *why)
{
    world *w = arg;
    assert_null(why);
    w->accepted++;
    w->called.link = link;
    acti_link_own(link, &callbacks, &w->called);
}

static void dialed(void *arg, int status, acti_link *link, const char *why)
{
    world *w = arg;
    assert_int_equal(why == NULL, status == ACTA_OK);
    w->dialed++;
    w->dial_status = status;
    w->caller.link = link;
    if (link != NULL)
        acti_link_own(link, &callbacks, &w->caller);
}

static void add(void *arg, const acti_step *step)
{
    world *w = arg;
    assert_true(w->count < 32);
    w->steps[w->count++] = *step;
}

static uint32_t possible_of(world *w, const acti_net_host *only)
{
    w->count = 0;
    acti_net_collect(&w->net, only, add, w);
    return w->count;
}

static uint32_t possible(world *w)
{
    return possible_of(w, NULL);
}

// run_all runs steps, the first first, until none is possible.
static void run_all(world *w)
{
    while (possible(w) > 0)
        acti_net_run(&w->net, w->steps[0].index);
}

static void open_world(world *w)
{
    *w = (world){.dial_status = 1};
    acti_net_init(&w->net, &w->ages);
    acti_net_host_init(&w->here, &w->net, 3);
    acti_net_host_init(&w->there, &w->net, 5);
}

#define THERE "ipc:///there"

static void serve(world *w)
{
    assert_int_equal(acti_link_listen(&w->there.links, THERE, accepted, w, &w->listener, (acti_reason){0}), ACTA_OK);
    assert_string_equal(acti_link_listener_url(w->listener), THERE);
}

static void dial(world *w)
{
    acti_link_dialer_close(&w->dialer);
    w->dialer = acti_link_dial(&w->here.links, THERE, dialed, w);
    assert_non_null(w->dialer);
}

static void connect_both(world *w)
{
    open_world(w);
    serve(w);
    dial(w);
    run_all(w);
    assert_non_null(w->caller.link);
    assert_non_null(w->called.link);
}

static void close_owner(world *w, owner *o)
{
    if (o->link != NULL)
        acti_link_close(o->link);
    run_all(w);
    assert_int_equal(o->closed, o->link != NULL);
}

static void close_world(world *w)
{
    close_owner(w, &w->caller);
    close_owner(w, &w->called);
    acti_link_dialer_close(&w->dialer);
    acti_link_listener_close(&w->listener);
    acti_net_fini(&w->net);
}

static void ask(owner *o)
{
    acti_link_read(o->link, o->space, sizeof(o->space));
}

// ---- dialling -----------------------------------------------------------------------------

TEST(dial_to_nobody_is_unreachable_in_a_step_of_its_own)
{
    world w;
    open_world(&w);
    dial(&w);
    assert_int_equal(w.dialed, 0);
    assert_int_equal(possible(&w), 1);
    run_all(&w);
    assert_int_equal(w.dialed, 1);
    assert_int_equal(w.dial_status, ACTA_EUNREACH);
    close_world(&w);
}

TEST(a_dial_that_is_given_up_ends_in_its_step_without_a_link)
{
    world w;
    open_world(&w);
    serve(&w);
    dial(&w);
    acti_link_dialer_close(&w.dialer);
    assert_null(w.dialer);
    assert_int_equal(w.dialed, 0);
    run_all(&w);
    assert_int_equal(w.dialed, 1);
    assert_int_equal(w.dial_status, ACTA_ESTOPPED);
    assert_int_equal(w.accepted, 0);
    close_world(&w);
}

TEST(what_is_no_url_is_neither_dialled_nor_served)
{
    world w;
    char why[128] = "";
    open_world(&w);
    assert_null(acti_link_dial(&w.here.links, "/there", dialed, &w));
    assert_int_equal(w.dial_status, ACTA_EINVAL);
    assert_int_equal(acti_link_listen(&w.here.links, "tcp://here", accepted, &w, &w.listener,
                                      (acti_reason){why, sizeof(why)}),
                     ACTA_EINVAL);
    assert_non_null(strstr(why, "tcp://here"));
    assert_int_equal(possible(&w), 0);
    close_world(&w);
}

TEST(a_port_that_is_left_to_the_network_is_one_that_nobody_has)
{
    world w;
    acti_link_listener *listeners[3];
    open_world(&w);
    for (int i = 0; i < 3; i++) {
        const char *url = i == 0 ? "tcp://there:49152" : "tcp://there:0";
        assert_int_equal(acti_link_listen(&w.there.links, url, accepted, &w, &listeners[i], (acti_reason){0}), ACTA_OK);
    }
    assert_string_equal(acti_link_listener_url(listeners[1]), "tcp://there:49153");
    assert_string_equal(acti_link_listener_url(listeners[2]), "tcp://there:49154");
    for (int i = 0; i < 3; i++)
        acti_link_listener_close(&listeners[i]);
    close_world(&w);
}

TEST(a_path_is_served_once_and_again_when_its_listener_is_closed)
{
    world w;
    char why[128];
    acti_link_listener *second = NULL;
    open_world(&w);
    serve(&w);
    assert_int_equal(acti_link_listen(&w.here.links, THERE, accepted, &w, &second, (acti_reason){why, sizeof(why)}),
                     ACTA_EEXIST);
    assert_non_null(strstr(why, THERE));
    acti_link_listener_close(&w.listener);
    serve(&w);
    close_world(&w);
}

TEST(a_listener_that_is_closed_before_it_accepts_turns_the_dialler_away)
{
    world w;
    open_world(&w);
    serve(&w);
    dial(&w);
    assert_int_equal(possible(&w), 1);
    acti_net_run(&w.net, w.steps[0].index);
    assert_int_equal(w.dial_status, ACTA_OK);
    acti_link_listener_close(&w.listener);
    ask(&w.caller);
    run_all(&w);
    assert_int_equal(w.accepted, 0);
    assert_int_equal(w.caller.read_status, ACTA_EUNREACH);
    close_world(&w);
}

// ---- bytes --------------------------------------------------------------------------------

TEST(nothing_is_called_inside_a_request_and_each_has_one_completion)
{
    world w;
    connect_both(&w);
    ask(&w.called);
    acti_link_write(w.caller.link, "hello", 5);
    assert_int_equal(w.called.reads + w.caller.writes, 0);
    assert_int_equal(possible(&w), 2);
    run_all(&w);
    assert_int_equal(w.called.reads, 1);
    assert_int_equal(w.caller.writes, 1);
    assert_int_equal(w.caller.write_status, ACTA_OK);
    assert_int_equal(w.called.got_size, 5);
    assert_memory_equal(w.called.got, "hello", 5);
    close_world(&w);
}

TEST(a_read_takes_what_fits_and_the_rest_stays_on_its_way)
{
    world w;
    char many[100];
    memset(many, 'x', sizeof(many));
    connect_both(&w);
    acti_link_write(w.caller.link, many, sizeof(many));
    ask(&w.called);
    run_all(&w);
    assert_int_equal(w.called.got_size, sizeof(w.called.space));
    ask(&w.called);
    run_all(&w);
    assert_int_equal(w.called.got_size, sizeof(many));
    close_world(&w);
}

TEST(a_write_is_complete_when_all_is_on_its_way_and_not_before)
{
    world w;
    static char many[ACTI_NET_ROOM + 1];
    connect_both(&w);
    acti_link_write(w.caller.link, many, sizeof(many));
    run_all(&w);
    assert_int_equal(w.caller.writes, 0);
    ask(&w.called);
    run_all(&w);
    assert_int_equal(w.caller.writes, 1);
    assert_int_equal(w.caller.write_status, ACTA_OK);
    close_world(&w);
}

TEST(what_was_written_before_a_close_arrives_and_then_the_end)
{
    world w;
    connect_both(&w);
    acti_link_write(w.caller.link, "last", 4);
    acti_link_close(w.caller.link);
    ask(&w.called);
    run_all(&w);
    assert_int_equal(w.caller.closed, 1);
    assert_int_equal(w.caller.writes, 1); // ended by the close, if not before
    assert_int_equal(w.called.got_size, 4);
    ask(&w.called);
    run_all(&w);
    assert_int_equal(w.called.read_status, ACTA_EUNREACH);
    acti_link_write(w.called.link, "x", 1);
    run_all(&w);
    assert_int_equal(w.called.write_status, ACTA_EUNREACH);
    w.caller.link = NULL;
    w.caller.closed = 0;
    close_world(&w);
}

TEST(a_close_ends_what_is_pending_and_what_is_asked_for_after_it)
{
    world w;
    connect_both(&w);
    ask(&w.caller);
    acti_link_close(w.caller.link);
    acti_link_write(w.caller.link, "late", 4);
    assert_int_equal(w.caller.reads + w.caller.writes, 0);
    run_all(&w);
    assert_int_equal(w.caller.read_status, ACTA_EUNREACH);
    assert_int_equal(w.caller.write_status, ACTA_EUNREACH);
    assert_int_equal(w.caller.closed, 1);
    w.caller.link = NULL;
    w.caller.closed = 0;
    ask(&w.called);
    run_all(&w);
    assert_int_equal(w.called.got_size, 0); // nothing of what came too late
    close_world(&w);
}

// ---- faults -------------------------------------------------------------------------------

TEST(a_cut_lets_each_prefix_arrive_and_then_the_end)
{
    uint32_t seen = 0; // bits: lengths that arrived
    for (uint64_t at = 0; at < 200; at++) {
        world w;
        connect_both(&w);
        acti_link_write(w.caller.link, "abcd", 4);
        acti_net_cut(&w.net, acti_net_next(&w.net, 0), at);
        assert_int_equal(acti_net_next(&w.net, 0), 0);
        ask(&w.called);
        run_all(&w);
        assert_memory_equal(w.called.got, "abcd", w.called.got_size);
        seen |= 1u << w.called.got_size;
        if (w.called.got_size > 0)
            ask(&w.called);
        run_all(&w);
        assert_int_equal(w.called.read_status, ACTA_EUNREACH);
        acti_link_write(w.called.link, "x", 1);
        run_all(&w);
        assert_int_equal(w.called.write_status, ACTA_EUNREACH);
        close_world(&w);
    }
    assert_int_equal(seen, 0x1f);
}

TEST(a_stalled_connection_delivers_nothing_until_it_goes_on)
{
    world w;
    connect_both(&w);
    uint32_t number = acti_net_next(&w.net, 0);
    acti_net_stall(&w.net, number, true);
    assert_true(acti_net_stalled(&w.net, number));
    acti_link_write(w.caller.link, "x", 1);
    ask(&w.called);
    run_all(&w);
    assert_int_equal(w.caller.writes, 1); // it has been taken, all the same
    assert_int_equal(w.called.reads, 0);
    acti_net_stall(&w.net, number, false);
    run_all(&w);
    assert_int_equal(w.called.reads, 1);
    close_world(&w);
}

TEST(a_host_that_stands_still_has_no_steps_and_the_others_have)
{
    world w;
    connect_both(&w);
    w.there.still = true;
    acti_link_write(w.caller.link, "x", 1);
    ask(&w.called);
    assert_int_equal(possible(&w), 1);
    assert_int_equal(possible_of(&w, &w.there), 0);
    run_all(&w);
    assert_int_equal(w.caller.writes, 1);
    assert_int_equal(w.called.reads, 0);
    w.there.still = false;
    run_all(&w);
    assert_int_equal(w.called.reads, 1);
    close_world(&w);
}

TEST(a_host_that_goes_down_lets_arrive_what_it_has_sent_and_nothing_more)
{
    world w;
    connect_both(&w);
    acti_link_write(w.called.link, "before", 6);
    acti_net_host_down(&w.there);
    run_all(&w);
    acti_link_write(w.called.link, "after", 5);
    ask(&w.caller);
    run_all(&w);
    assert_int_equal(w.called.write_status, ACTA_EUNREACH);
    assert_int_equal(w.caller.got_size, 6);
    ask(&w.caller);
    run_all(&w);
    assert_int_equal(w.caller.read_status, ACTA_EUNREACH);
    w.dialed = 0;
    owner first = w.caller;
    dial(&w);
    run_all(&w);
    assert_int_equal(w.dial_status, ACTA_EUNREACH);
    w.caller = first;
    close_world(&w);
}

TEST(a_step_has_the_same_name_in_every_schedule_and_another_the_next_time)
{
    world a, b;
    connect_both(&a);
    connect_both(&b);
    acti_link_write(a.caller.link, "x", 1);
    b.ages = 100;
    acti_link_write(b.caller.link, "xyz", 3);
    assert_int_equal(possible(&a), 1);
    assert_int_equal(possible(&b), 1);
    assert_int_equal(a.steps[0].lane, b.steps[0].lane);
    assert_int_equal(a.steps[0].event, b.steps[0].event);
    run_all(&a);
    acti_link_write(a.caller.link, "x", 1);
    assert_int_equal(possible(&a), 1);
    assert_int_equal(a.steps[0].lane, b.steps[0].lane);
    assert_int_not_equal(a.steps[0].event, b.steps[0].event);
    run_all(&a);
    run_all(&b);
    close_world(&a);
    close_world(&b);
}

int main(void)
{
    return TEST_RUN(case_of(dial_to_nobody_is_unreachable_in_a_step_of_its_own),
                    case_of(a_dial_that_is_given_up_ends_in_its_step_without_a_link),
                    case_of(what_is_no_url_is_neither_dialled_nor_served),
                    case_of(a_port_that_is_left_to_the_network_is_one_that_nobody_has),
                    case_of(a_path_is_served_once_and_again_when_its_listener_is_closed),
                    case_of(a_listener_that_is_closed_before_it_accepts_turns_the_dialler_away),
                    case_of(nothing_is_called_inside_a_request_and_each_has_one_completion),
                    case_of(a_read_takes_what_fits_and_the_rest_stays_on_its_way),
                    case_of(a_write_is_complete_when_all_is_on_its_way_and_not_before),
                    case_of(what_was_written_before_a_close_arrives_and_then_the_end),
                    case_of(a_close_ends_what_is_pending_and_what_is_asked_for_after_it),
                    case_of(a_cut_lets_each_prefix_arrive_and_then_the_end),
                    case_of(a_stalled_connection_delivers_nothing_until_it_goes_on),
                    case_of(a_host_that_stands_still_has_no_steps_and_the_others_have),
                    case_of(a_host_that_goes_down_lets_arrive_what_it_has_sent_and_nothing_more),
                    case_of(a_step_has_the_same_name_in_every_schedule_and_another_the_next_time));
}
