// SPDX-License-Identifier: MIT
//
// contract_far.c - C-EOF and C-DOWN of actors of two nodes: a stop comes behind what was sent before, a kill comes, and
// those who are bound by a link end with each other's error, whatever becomes of the connection and of either node.

#include "claim.h"

#include <acta/node.h>

#define FAILED ACTA_EREFUSED // some error of an actor's own
#define URL "ipc:///far"

enum { ALIVE = 1, TRIES = 200 };

// Whoever is at the other end, and what became of it. What a killed node writes nobody reads.
typedef struct partner {
    part part;
    acta_tx *me;     // until it is over
    acta_tx *to;     // the other one, of the one who has found it
    uint64_t link;
    bool over;
    int64_t reason;  // as a monitor in its own node tells; ALIVE: it has not
    int64_t got;
} partner;

static struct {
    acta_sim_node *a, *b; // of the maker and of the other
    partner maker, other;
    int fate;         // with which one ends by itself
    bool maker_fails; // that is the maker
    bool quiet;       // nobody ends by itself
    bool told;        // one has been told to
    bool unlink;
    bool bound;       // the link was made
    bool freed;       // and taken back, and the maker has handled something since
    int64_t items;
    bool kill;
} f;

static void partner_over(void *arg)
{
    partner *me = arg;
    me->over = true;
    acta_tx_drop(&me->me);
    acta_tx_drop(&me->to);
}

// ---- a watcher in the same node --------------------------------------------------------------------

typedef struct watcher {
    part part;
    partner *of;
    acta_tx *me; // until it is over
} watcher;

static watcher watchers[2];

static int watcher_on(acta_self *self, void *arg, acta_msg *m)
{
    watcher *w = arg;
    uint64_t monitor;
    if (m == NULL)
        return ACTA_OK;
    const acta_down *down = acta_as(acta_down, m);
    if (down != NULL) {
        w->of->reason = down->reason;
        return ACTA_DONE;
    }
    int status = acta_monitor(self, acta_tx_addr(w->of->me), &monitor);
    (void)acta_reply(self, m, answer, .n = status);
    return ACTA_OK;
}

static void watcher_over(void *arg)
{
    acta_tx_drop(&((watcher *)arg)->me);
}

// watched has somebody watch a partner before anything else happens to it; false: there was no memory.
static bool watched(acta_system *sys, int which, partner *of)
{
    acta_msg *reply = NULL;
    watchers[which] = (watcher){.part.on = watcher_on, .of = of};
    acta_tx *tx;
    int status = acta_spawn(sys, &tx, .handler = part_handler, .arg = &watchers[which], .arg_free = watcher_over);
    if (status != ACTA_OK)
        return false;
    watchers[which].me = tx;
    status = acta_call(tx, ACTA_FOREVER, &reply, query);
    bool ok = status == ACTA_OK && acta_is(answer, reply) && acta_as(answer, reply)->n == ACTA_OK;
    acta_msg_free(&reply);
    return ok;
}

// ---- the nodes ---------------------------------------------------------------------------------------

static bool spawned(acta_system *sys, partner *me, acta_handler *on, const char *name)
{
    acta_tx *tx;
    *me = (partner){.part.on = on, .reason = ALIVE, .to = me->to};
    if (acta_spawn(sys, &tx, .handler = part_handler, .arg = me, .arg_free = partner_over, .name = name) != ACTA_OK) {
        acta_tx_drop(&me->to);
        return false;
    }
    me->me = tx;
    return true;
}

static int partner_on(acta_self *self, void *arg, acta_msg *m)
{
    partner *me = arg;
    if (m == NULL)
        return acta_eof(self);
    int64_t n = acta_as(item, m)->n;
    if (n == 1)
        f.bound = acta_link(self, acta_tx_addr(me->to), &me->link) == ACTA_OK;
    else if (n == 2)
        acta_unlink(self, me->link);
    else if (n == 3)
        return f.fate == ACTA_OK ? ACTA_DONE : f.fate;
    else if (n == 4)
        f.freed = f.unlink;
    return ACTA_OK;
}

static void serve_as(acta_system *sys, acta_handler *on)
{
    acta_listener *listener; // closed with the system
    if (spawned(sys, &f.other, on, "other") && watched(sys, 1, &f.other) &&
        acta_publish(sys, "other", acta_tx_addr(f.other.me)) == ACTA_OK)
        (void)!acta_node_listen(sys, URL, &listener);
}

static void serve(acta_sim *sim, acta_system *sys, void *arg)
{
    (void)sim, (void)arg;
    serve_as(sys, partner_on);
}

static acta_tx *found(acta_sim *sim, acta_system *sys)
{
    acta_node *peer = NULL;
    acta_tx *tx = NULL;
    for (int tries = 0; tries < TRIES && peer == NULL; tries++)
        if (acta_connect(sys, URL, 0, &peer) != ACTA_OK)
            acta_sim_sleep(sim, ACTA_SECOND);
    if (peer != NULL && acta_node_find(peer, "other", ACTA_FOREVER, &tx) != ACTA_OK)
        tx = NULL;
    acta_node_drop(&peer);
    return tx;
}

static int say(acta_tx *to, int64_t n)
{
    int status;
    do
        status = acta_send(to, item, .n = n);
    while (status == ACTA_ENOMEM); // nothing was changed, and there is some again
    return status;
}

// tell has the maker link, and one of the two end, with other messages in between.
static void tell(acta_tx *maker, acta_tx *other)
{
    (void)say(maker, 1);
    if (f.unlink) {
        (void)say(maker, 2);
        (void)say(maker, 4);
    }
    for (int64_t n = draw(0, 2); n > 0; n--)
        (void)say(draw(0, 1) == 0 ? maker : other, 0);
    if (f.quiet)
        return;
    f.told = say(f.maker_fails ? maker : other, 3) == ACTA_OK;
    (void)say(f.maker_fails ? other : maker, 0);
}

static void make(acta_sim *sim, acta_system *sys, void *arg)
{
    (void)arg;
    f.maker.to = found(sim, sys);
    if (f.maker.to == NULL)
        return;
    acta_tx *other = acta_tx_dup(f.maker.to);
    if (spawned(sys, &f.maker, partner_on, "maker")) {
        acta_tx *maker = acta_tx_dup(f.maker.me);
        if (watched(sys, 0, &f.maker))
            tell(maker, other);
        acta_tx_drop(&maker);
    }
    acta_tx_drop(&other);
}

static bool open_both(acta_sim *sim, void (*boot)(acta_sim *sim, acta_system *sys, void *arg))
{
    acta_sim_node_opts a = {.name = "a", .boot = boot}, b = {.name = "b", .boot = serve};
    return acta_sim_node_start(sim, &b, &f.b) == ACTA_OK && acta_sim_node_start(sim, &a, &f.a) == ACTA_OK;
}

// ---- links -----------------------------------------------------------------------------------------------

// is_bound: whether who has not ended by itself is right to have ended with that, or not at all. late: it may be that
// the other had ended before the link came to it.
static bool is_bound(int64_t reason, bool late)
{
    if (f.fate == ACTA_OK)
        return reason == ALIVE || (late && reason == ACTA_EGONE);
    return reason == f.fate || (late && reason == ACTA_EGONE);
}

static void judge(void)
{
    partner *first = f.maker_fails ? &f.maker : &f.other, *second = f.maker_fails ? &f.other : &f.maker;
    bool lives = second->reason == ALIVE && !second->over;
    must(first->reason == f.fate, "who is told to end does");
    if (f.freed)
        must(lives, "who is no longer bound lives on");
    else if (f.bound && !f.unlink)
        must(is_bound(second->reason, !f.maker_fails), "who is bound ends with the other's error, and else lives on");
    reached(f.freed && f.fate != ACTA_OK, "an unlink comes in time");
    reached(f.bound && !f.unlink && f.fate != ACTA_OK && f.maker_fails, "the maker's error ends the other");
    reached(second->reason == f.fate && !f.maker_fails, "the other's error ends the maker");
}

// judge_one is for who is left when a node has been killed.
static void judge_one(bool a_is_up)
{
    const partner *left = a_is_up ? &f.maker : &f.other;
    must(left->reason == ALIVE || left->reason == f.fate || left->reason == ACTA_ECRASHED ||
             left->reason == ACTA_EGONE || left->reason == ACTA_OK,
         "who is left ends with the other's error, or because its node has crashed");
    if (a_is_up && f.bound && !f.unlink && (f.fate != ACTA_OK || f.quiet))
        must(left->reason != ALIVE, "a maker does not outlive the node of whom it is bound to");
    reached(left->reason == ACTA_ECRASHED, "one ends because the other's node has crashed");
}

static void bind(acta_sim *sim)
{
    memset(&f, 0, sizeof(f));
    f.fate = draw(0, 2) == 0 ? ACTA_OK : FAILED;
    f.maker_fails = draw(0, 1) == 0;
    f.unlink = draw(0, 2) == 0;
    f.quiet = draw(0, 2) == 0;
    if (!open_both(sim, make))
        return;
    acta_sim_run(sim);
    bool a = acta_sim_node_is_up(f.a), b = acta_sim_node_is_up(f.b);
    if (a && b && f.told)
        judge();
    else if (a != b)
        judge_one(a);
}

static void who_is_bound_to_another_node_ends_with_its_error(acta_sim *sim, void *arg)
{
    (void)arg;
    bind(sim);
}

// Without memory a session may break: then the end has another reason, but it comes.
static void who_is_bound_ends_with_the_other_whatever_fails(acta_sim *sim, void *arg)
{
    (void)arg;
    memset(&f, 0, sizeof(f));
    f.fate = FAILED;
    f.maker_fails = draw(0, 1) == 0;
    if (!open_both(sim, make))
        return;
    acta_sim_run(sim);
    const partner *second = f.maker_fails ? &f.other : &f.maker;
    must(!f.told || !f.bound || second->over || acta_sim_faults(sim) == 0 || f.maker_fails,
         "a maker ends with whom it is bound to");
    must(!f.told || !f.bound || second->over || acta_sim_faults(sim) > 0, "without a fault all is as it should be");
    reached(f.told && f.bound && second->over && acta_sim_faults(sim) > 0, "the other ends in spite of a fault");
}

// ---- stops and kills ----------------------------------------------------------------------------------------

static int target_on(acta_self *self, void *arg, acta_msg *m)
{
    partner *me = arg;
    if (m == NULL) {
        int eof = acta_eof(self);
        must(eof != ACTA_ESTOPPED || me->got == f.items, "a stop comes behind what was sent before it");
        return eof;
    }
    must(acta_as(item, m)->n == me->got++, "what is sent comes in order");
    return ACTA_OK;
}

static void serve_target(acta_sim *sim, acta_system *sys, void *arg)
{
    (void)sim, (void)arg;
    serve_as(sys, target_on);
}

static void end_target(acta_sim *sim, acta_system *sys, void *arg)
{
    (void)arg;
    acta_tx *to = found(sim, sys);
    if (to == NULL)
        return;
    int status = ACTA_OK;
    for (int64_t n = 0; n < f.items && status == ACTA_OK; n++)
        status = say(to, n);
    if (status == ACTA_OK)
        f.told = (f.kill ? acta_kill(acta_tx_addr(to)) : acta_stop(acta_tx_addr(to))) == ACTA_OK;
    for (int64_t n = draw(0, 1); n > 0; n--)
        (void)say(to, f.items); // dropped
    acta_tx_drop(&to);
}

static void end_there(acta_sim *sim, bool kill)
{
    memset(&f, 0, sizeof(f));
    f.items = draw(0, 4);
    f.kill = kill;
    acta_sim_node_opts a = {.name = "a", .boot = end_target}, b = {.name = "b", .boot = serve_target};
    if (acta_sim_node_start(sim, &b, &f.b) != ACTA_OK || acta_sim_node_start(sim, &a, &f.a) != ACTA_OK)
        return;
    acta_sim_run(sim);
    if (!f.told || !acta_sim_node_is_up(f.a) || !acta_sim_node_is_up(f.b))
        return;
    must(f.other.reason == (kill ? ACTA_EKILLED : ACTA_ESTOPPED), "who is told to end ends for that");
    reached(!kill || f.other.got < f.items, "a kill leaves something unhandled");
    reached(kill || (f.items > 0 && f.other.got == f.items), "all is handled before the end");
}

static void a_stop_comes_behind_what_was_sent_to_another_node(acta_sim *sim, void *arg)
{
    (void)arg;
    end_there(sim, false);
}

static void a_kill_comes_to_another_node(acta_sim *sim, void *arg)
{
    (void)arg;
    end_there(sim, true);
}

static const claim claims[] = {
    {.name = "who_is_bound_to_another_node_ends_with_its_error_despite_cuts",
     .scenario = who_is_bound_to_another_node_ends_with_its_error,
     .may_live = true,
     .faults = ACTA_SIM_CUT},
    {.name = "who_is_bound_to_another_node_ends_with_its_error_despite_kills",
     .scenario = who_is_bound_to_another_node_ends_with_its_error,
     .may_live = true,
     .faults = ACTA_SIM_KILL},
    {.name = "who_is_bound_ends_with_the_other_whatever_fails_without_memory",
     .scenario = who_is_bound_ends_with_the_other_whatever_fails,
     .may_live = true,
     .faults = ACTA_SIM_NOMEM},
    {.name = "a_stop_comes_behind_what_was_sent_to_another_node_despite_cuts",
     .scenario = a_stop_comes_behind_what_was_sent_to_another_node,
     .may_live = true,
     .faults = ACTA_SIM_CUT},
    {.name = "a_kill_comes_to_another_node_despite_cuts",
     .scenario = a_kill_comes_to_another_node,
     .may_live = true,
     .faults = ACTA_SIM_CUT},
};

CLAIM_MAIN(claims)
