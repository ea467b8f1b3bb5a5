// SPDX-License-Identifier: MIT
//
// test_bound.c - links between actors of different nodes bind them as links do here: whoever ends with an error ends
// the other, before its next message and whatever is queued for either.

#include "far.h"

ACTA_MESSAGE(bind);             // make a link to whom it knows
ACTA_MESSAGE(unbind);
ACTA_MESSAGE(fall, (i64, with)); // end, with that

#define FAILED ACTA_EREFUSED // some error of an actor's own

// A partner does as it is told, and answers what is a request.
typedef struct partner {
    acta_tx *tx;       // to itself, as the test has it
    acta_addr *who;    // to be bound to
    uint64_t link;
    uint64_t items;
    acti_au32 ended;   // 1: its argument has been freed
    test_gate *busy;   // opened when it is at the first item, which ends with `go_on`
    test_gate *go_on;
    test_gate over;
} partner;

static int64_t obey(acta_self *self, partner *p, const acta_msg *m)
{
    if (acta_is(bind, m))
        return acta_link(self, p->who, &p->link);
    if (acta_is(unbind, m))
        acta_unlink(self, p->link);
    if (acta_is(item, m) && p->items++ == 0 && p->busy != NULL) {
        test_gate_open(p->busy);
        (void)test_gate_wait(p->go_on);
    }
    return ACTA_OK;
}

static int partner_on(acta_self *self, void *arg, acta_msg *m)
{
    if (m == NULL)
        return ACTA_OK;
    const fall *f = acta_as(fall, m);
    if (f != NULL)
        return f->with == ACTA_OK ? ACTA_DONE : (int)f->with;
    int64_t status = obey(self, arg, m);
    (void)acta_reply(self, m, answer, .status = status); // refused where nobody asked
    return ACTA_OK;
}

static void partner_over(void *arg)
{
    partner *p = arg;
    acti_au32_store_release(&p->ended, 1);
    test_gate_open(&p->over);
}

static void partner_open(far *w, int at, partner *p, const char *name)
{
    *p = (partner){0};
    far_gate(w, &p->over);
    assert_int_equal(acta_spawn(w->sys[at], &p->tx, .handler = partner_on, .arg = p, .arg_free = partner_over,
                                .name = name),
                     ACTA_OK);
    assert_int_equal(acta_publish(w->sys[at], name, acta_tx_addr(p->tx)), ACTA_OK);
}

static bool has_ended(const partner *p)
{
    return acti_au32_load_acquire(&p->ended) == 1; // with the release in partner_over
}

static void partner_close(partner *p)
{
    acta_tx_drop(&p->tx);
    assert_true(test_gate_wait(&p->over));
}

static int64_t outcome(int status, acta_msg **reply)
{
    assert_int_equal(status, ACTA_OK);
    int64_t said = acta_as(answer, *reply)->status;
    acta_msg_free(reply);
    return said;
}

// told has a partner do what a message says, and gives its answer.
#define told(p, what) outcome(acta_call((p)->tx, FAR_WAIT_S *ACTA_SECOND, &last_reply, what), &last_reply)
static acta_msg *last_reply;

// Two partners in two systems, of whom the first has made a link to the second.
typedef struct bond {
    far w;
    partner maker, other;
    acta_tx *there; // to the other, as the maker's system has it
    acta_tx *echo, *echo_there;
    mourner of_maker, of_other;
} bond;

static void bond_open(bond *b)
{
    far_open(&b->w);
    partner_open(&b->w, 0, &b->maker, "maker");
    partner_open(&b->w, 1, &b->other, "other");
    b->echo = far_publish(b->w.sys[1], "echo", far_echo, NULL, NULL);
    b->echo_there = far_find(&b->w, 0, 1, "echo");
    b->there = far_find(&b->w, 0, 1, "other");
    b->maker.who = acta_tx_addr(b->there);
    mourn_for(&b->w, 0, &b->of_maker, b->maker.tx);
    mourn_for(&b->w, 1, &b->of_other, b->other.tx);
}

static void bond_made(bond *b)
{
    assert_int_equal(told(&b->maker, bind), ACTA_OK);
    far_ask(b->echo_there); // behind it: the other node has heard of it
}

static void bond_close(bond *b, int64_t maker, int64_t other)
{
    acta_tx_drop(&b->there);
    acta_tx_drop(&b->echo_there);
    acta_tx_drop(&b->echo);
    partner_close(&b->maker);
    partner_close(&b->other);
    mourned(&b->of_maker, maker);
    mourned(&b->of_other, other);
    far_close(&b->w);
}

static void fell(partner *p, int64_t with)
{
    assert_int_equal(acta_send(p->tx, fall, .with = with), ACTA_OK);
    assert_true(test_gate_wait(&p->over));
}

// ---- refusals ---------------------------------------------------------------------------------

TEST(a_link_to_a_node_that_is_down_is_refused_and_leaves_the_maker_alive)
{
    bond b;
    bond_open(&b);
    far_cut(&b.w, 1, 0);
    mourner of;
    mourn_for(&b.w, 0, &of, b.there);
    mourned(&of, ACTA_ECRASHED);
    assert_int_equal(told(&b.maker, bind), ACTA_EUNREACH);
    assert_int_equal(told(&b.maker, query), ACTA_OK);
    bond_close(&b, ACTA_OK, ACTA_OK);
}

TEST(a_link_to_an_actor_of_another_node_that_has_ended_ends_the_maker)
{
    bond b;
    bond_open(&b);
    fell(&b.other, ACTA_OK);
    assert_int_equal(told(&b.maker, bind), ACTA_OK); // nobody knows here
    assert_true(test_gate_wait(&b.maker.over));
    bond_close(&b, ACTA_EGONE, ACTA_OK);
}

// ---- the end of one is the end of the other ------------------------------------------------------

TEST(the_error_of_the_watched_ends_the_maker_at_the_other_node)
{
    bond b;
    bond_open(&b);
    bond_made(&b);
    fell(&b.other, FAILED);
    assert_true(test_gate_wait(&b.maker.over));
    bond_close(&b, FAILED, FAILED);
}

TEST(the_error_of_the_maker_ends_the_watched_at_the_other_node)
{
    bond b;
    bond_open(&b);
    bond_made(&b);
    fell(&b.maker, FAILED);
    assert_true(test_gate_wait(&b.other.over));
    bond_close(&b, FAILED, FAILED);
}

TEST(a_kill_of_either_ends_both)
{
    for (int which = 0; which < 2; which++) {
        bond b;
        bond_open(&b);
        bond_made(&b);
        assert_int_equal(acta_kill(acta_tx_addr(which == 0 ? b.maker.tx : b.other.tx)), ACTA_OK);
        assert_true(test_gate_wait(&b.maker.over));
        assert_true(test_gate_wait(&b.other.over));
        bond_close(&b, ACTA_EKILLED, ACTA_EKILLED);
    }
}

TEST(who_ends_well_leaves_the_other_alive)
{
    for (int which = 0; which < 2; which++) {
        bond b;
        bond_open(&b);
        bond_made(&b);
        fell(which == 0 ? &b.maker : &b.other, ACTA_OK);
        far_ask(b.echo_there);
        assert_int_equal(told(which == 0 ? &b.other : &b.maker, query), ACTA_OK);
        bond_close(&b, ACTA_OK, ACTA_OK);
    }
}

// fill sends until nothing more fits, here or there.
static void fill(acta_tx *to)
{
    uint64_t n = 0;
    while (acta_try_send(to, item, .n = n) == ACTA_OK)
        n++;
    assert_true(n > 256);
}

TEST(the_error_of_either_does_not_wait_behind_what_is_queued_for_the_other)
{
    for (int which = 0; which < 2; which++) {
        bond b;
        bond_open(&b);
        bond_made(&b);
        test_gate busy, go_on;
        far_gate(&b.w, &busy);
        far_gate(&b.w, &go_on);
        partner *last = which == 0 ? &b.other : &b.maker;
        last->busy = &busy, last->go_on = &go_on;
        // Who is to end is at its first message, and more wait for it at the other node than that may send.
        acta_tx *to = which == 0 ? acta_tx_dup(b.there) : far_find(&b.w, 1, 0, "maker");
        assert_int_equal(acta_send(to, item), ACTA_OK);
        assert_true(test_gate_wait(&busy));
        fill(to);
        acta_tx_drop(&to);
        acta_tx *back = far_publish(b.w.sys[0], "back", far_echo, NULL, NULL);
        acta_tx *back_there = far_find(&b.w, 1, 0, "back");
        fell(which == 0 ? &b.maker : &b.other, FAILED);
        mourner *of = which == 0 ? &b.of_maker : &b.of_other;
        assert_true(test_gate_wait(&of->told)); // its links are told by then
        far_ask(which == 0 ? b.echo_there : back_there);
        test_gate_open(&go_on);
        assert_true(test_gate_wait(&last->over));
        assert_int_equal(last->items, 1);
        acta_tx_drop(&back_there);
        acta_tx_drop(&back);
        bond_close(&b, FAILED, FAILED);
    }
}

// ---- unlinking ------------------------------------------------------------------------------------

TEST(who_has_unlinked_is_not_ended_by_the_other_and_does_not_end_it)
{
    for (int which = 0; which < 2; which++) {
        bond b;
        bond_open(&b);
        bond_made(&b);
        assert_int_equal(told(&b.maker, unbind), ACTA_OK);
        far_ask(b.echo_there);
        fell(which == 0 ? &b.maker : &b.other, FAILED);
        far_ask(b.echo_there);
        assert_int_equal(told(which == 0 ? &b.other : &b.maker, query), ACTA_OK);
        if (which == 0)
            bond_close(&b, FAILED, ACTA_OK);
        else
            bond_close(&b, ACTA_OK, FAILED);
    }
}

TEST(each_call_makes_a_link_of_its_own)
{
    bond b;
    bond_open(&b);
    bond_made(&b);
    bond_made(&b);
    assert_int_equal(told(&b.maker, unbind), ACTA_OK); // the second; the first still binds
    fell(&b.maker, FAILED);
    assert_true(test_gate_wait(&b.other.over));
    bond_close(&b, FAILED, FAILED);
}

// ---- the session ------------------------------------------------------------------------------------

TEST(a_node_that_crashes_ends_all_that_are_bound_to_its_actors)
{
    for (int which = 0; which < 2; which++) {
        bond b;
        bond_open(&b);
        bond_made(&b);
        far_cut(&b.w, which, 1 - which); // for the other one that is a crash; for itself the peer has gone
        assert_true(test_gate_wait(&b.maker.over));
        assert_true(test_gate_wait(&b.other.over));
        if (which == 0)
            bond_close(&b, ACTA_EUNREACH, ACTA_ECRASHED);
        else
            bond_close(&b, ACTA_ECRASHED, ACTA_EUNREACH);
    }
}

TEST(who_was_unlinked_outlives_the_other_node)
{
    bond b;
    bond_open(&b);
    bond_made(&b);
    assert_int_equal(told(&b.maker, unbind), ACTA_OK);
    far_ask(b.echo_there);
    far_cut(&b.w, 0, 1);
    mourner of;
    mourn_for(&b.w, 0, &of, b.there);
    mourned(&of, ACTA_EUNREACH);
    assert_int_equal(told(&b.maker, query), ACTA_OK);
    assert_int_equal(told(&b.other, query), ACTA_OK);
    assert_false(has_ended(&b.other));
    bond_close(&b, ACTA_OK, ACTA_OK);
}

int main(void)
{
    return FAR_RUN(case_of(a_link_to_a_node_that_is_down_is_refused_and_leaves_the_maker_alive),
                   case_of(a_link_to_an_actor_of_another_node_that_has_ended_ends_the_maker),
                   case_of(the_error_of_the_watched_ends_the_maker_at_the_other_node),
                   case_of(the_error_of_the_maker_ends_the_watched_at_the_other_node),
                   case_of(a_kill_of_either_ends_both),
                   case_of(who_ends_well_leaves_the_other_alive),
                   case_of(the_error_of_either_does_not_wait_behind_what_is_queued_for_the_other),
                   case_of(who_has_unlinked_is_not_ended_by_the_other_and_does_not_end_it),
                   case_of(each_call_makes_a_link_of_its_own),
                   case_of(a_node_that_crashes_ends_all_that_are_bound_to_its_actors),
                   case_of(who_was_unlinked_outlives_the_other_node));
}
