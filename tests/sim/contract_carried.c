// SPDX-License-Identifier: MIT
//
// contract_carried.c - C-EOF of an actor whose senders are carried from node to node: to the next, on to a third, and
// home. It ends when the last of them is gone, wherever that is, behind everything that was sent through any of them;
// and when one was lost with its node, or something on its way, the end says so. C-FIFO: what a carrier sends through
// whichever of them comes in its order.
//
// Everything in here is written by the actors and boots of all nodes, which one thread runs. What a node that has been
// killed had sent, and what it still had, stays counted: the target must know.

#include "claim.h"
#include "nodes.h"

ACTA_MESSAGE(hand, (tx, who), (i64, hops));

enum { OWNER, NODES = 3, HOPS = 4 };

static const char *const urls[NODES] = {"ipc:///owner", "ipc:///second", "ipc:///third"};
static const char *const names[NODES] = {"owner", "second", "third"};

typedef struct carrier {
    acta_tx *next[NODES]; // the carriers of the other nodes
    acta_tx *kept;        // of the target, beyond the message that it came in; until the tick
    int left;             // how often it is still to be passed on
    int node;
} carrier;

static struct {
    acta_sim_node *nodes[NODES];
    carrier carriers[NODES];
    int64_t sent[NODES], came[NODES]; // items, by carrier
    int64_t holding;                  // senders that carriers and messages have, and the owner's boot
    int ends;
    int eof;
    bool may_die;  // a node is killed in some schedules
    bool reachable; // the owner of a line
    bool moved;     // it is not where it was first
    bool begun;    // there is a target
    bool home, onward, lost;
} w;

static bool all_came(void)
{
    bool all = true;
    for (int n = 0; n < NODES; n++)
        all = all && w.came[n] == w.sent[n];
    return all;
}

static int target_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    if (m != NULL) {
        const item *i = acta_as(item, m);
        must(w.ends == 0, "nothing comes after the end");
        must(i->n == w.came[i->source]++, "each carrier's items come in order, without a gap");
        return ACTA_OK;
    }
    w.eof = acta_eof(self);
    must(w.ends++ == 0, "the end comes once");
    must(w.eof == ACTA_OK || w.may_die, "nobody who lives is taken for dead");
    must(w.eof == ACTA_OK || w.eof == ACTA_ECRASHED, "the end says why");
    must(w.eof != ACTA_OK || w.holding == 0, "an end that says all is well comes when nobody has a sender");
    must(w.eof != ACTA_OK || all_came(), "an end that says all is well comes behind all that was sent");
    return ACTA_OK;
}

// ---- carriers ---------------------------------------------------------------------------------

// say sends an item, which is refused only when the target's node is down or the sender came from one that is.
static void say(const carrier *c, acta_tx *target)
{
    int status = acta_send(target, item, .source = c->node, .n = w.sent[c->node]);
    must(status == ACTA_OK || w.may_die, "what is sent is taken");
    w.sent[c->node] += status == ACTA_OK;
    w.lost = w.lost || status != ACTA_OK;
}

static void pass_on(const carrier *c, int to, acta_tx *target, int64_t hops)
{
    if (c->next[to] == NULL)
        return;
    w.holding++; // with the message
    int status = acta_send(c->next[to], hand, .who = target, .hops = hops);
    must(status == ACTA_OK || w.may_die, "what is handed on is taken");
    w.holding -= status != ACTA_OK;
    w.onward = w.onward || (status == ACTA_OK && c->node != OWNER && to != OWNER);
    w.home = w.home || (status == ACTA_OK && to == OWNER);
}

static void let_go(carrier *c)
{
    w.holding -= c->kept != NULL;
    acta_tx_drop(&c->kept);
}

static void keep(acta_self *self, carrier *c, acta_tx *target)
{
    uint64_t timer;
    if (c->kept != NULL || acta_timer_start(self, (uint64_t)draw(1, 3) * ACTA_MS, 0, &timer) != ACTA_OK)
        return;
    w.holding++;
    c->kept = acta_tx_dup(target);
}

static int carrier_handler(acta_self *self, void *arg, acta_msg *m)
{
    carrier *c = arg;
    const hand *got = m != NULL ? acta_as(hand, m) : NULL;
    if (got != NULL) {
        for (int64_t n = draw(0, 2); n > 0; n--)
            say(c, got->who);
        for (int to = 0; to < NODES && got->hops > 0; to++)
            if (to != c->node && draw(0, 2) > 0)
                pass_on(c, to, got->who, got->hops - draw(1, 3));
        if (draw(0, 2) == 0)
            keep(self, c, got->who);
        w.holding--; // with the message, which is freed now
    } else if (c->kept != NULL) { // the tick, or the end
        say(c, c->kept);
        let_go(c);
    }
    return ACTA_OK;
}

// A carrier that ends by force still has what it has: only what it drops in its turns is said to be gone.
static void carrier_freed(void *arg)
{
    carrier *c = arg;
    for (int to = 0; to < NODES; to++)
        acta_tx_drop(&c->next[to]);
    acta_tx_drop(&c->kept);
}

static bool carrier_open(acta_system *sys, carrier *c)
{
    acta_tx *tx;
    if (acta_spawn(sys, &tx, .handler = carrier_handler, .arg = c, .arg_free = carrier_freed, .name = "carrier") !=
        ACTA_OK)
        return false;
    bool serves = publish_and_serve_at(sys, urls[c->node], "carrier", tx);
    c->next[c->node] = tx; // its own: it lives until its node is closed
    return serves;
}

// ---- any way through three nodes ------------------------------------------------------------------

static void begin(acta_system *sys, carrier *c)
{
    acta_tx *target;
    if (acta_spawn(sys, &target, .handler = target_on, .name = "target") != ACTA_OK)
        return;
    w.begun = true;
    w.holding++;
    pass_on(c, 1, target, HOPS);
    pass_on(c, 2, target, draw(0, HOPS));
    w.holding--;
    acta_tx_drop(&target);
}

static void boot(acta_sim *sim, acta_system *sys, void *arg)
{
    carrier *c = arg;
    if (!carrier_open(sys, c))
        return;
    for (int to = 0; to < NODES; to++)
        if (to != c->node)
            c->next[to] = find_at(sim, sys, urls[to], "carrier", 20);
    if (c->node == OWNER)
        begin(sys, c);
}

static bool has_ended(void *arg)
{
    (void)arg;
    return !w.begun || w.ends == 1 || !acta_sim_node_is_up(w.nodes[OWNER]);
}

typedef void booting(acta_sim *sim, acta_system *sys, void *arg);

static void start_nodes(acta_sim *sim, int count, booting *const *boots, bool (*over)(void *arg))
{
    for (int n = 0; n < count; n++) {
        w.carriers[n].node = n;
        acta_sim_node_opts opts = {.name = names[n], .boot = boots[n], .arg = &w.carriers[n]};
        must(acta_sim_node_start(sim, &opts, &w.nodes[n]) == ACTA_OK, "a node starts");
    }
    acta_sim_eventually(sim, "the end comes", over, NULL);
}

static void carry(acta_sim *sim, bool may_die)
{
    memset(&w, 0, sizeof(w));
    w.may_die = may_die;
    start_nodes(sim, NODES, (booting *[]){boot, boot, boot}, has_ended);
    acta_sim_run(sim);
    reached(w.onward, "a sender goes on to a third node");
    reached(w.home, "a sender comes home");
    reached(w.ends == 1 && w.eof == ACTA_OK && w.onward && w.home, "all let go in the end");
}

static void who_is_carried_from_node_to_node_ends_behind_the_last(acta_sim *sim, void *arg)
{
    (void)arg;
    carry(sim, false);
}

static void no_cut_and_no_pause_is_taken_for_the_death_of_a_carrier(acta_sim *sim, void *arg)
{
    (void)arg;
    carry(sim, false);
    reached(acta_sim_faults(sim) > 0 && w.onward && w.ends == 1, "a sender goes on to a third node despite a fault");
}

static void who_is_carried_is_told_when_a_carrier_dies(acta_sim *sim, void *arg)
{
    (void)arg;
    carry(sim, true);
    reached(w.eof == ACTA_ECRASHED, "an end says that a carrier died");
    reached(w.eof == ACTA_ECRASHED && w.onward, "an end says that a carrier died, of senders that went on");
    reached(w.eof == ACTA_OK && w.ends == 1 && acta_sim_faults(sim) > 0, "a node dies that has let go of all");
}

// ---- in a line: from the owner to the second node to the third, which uses it and lets go ----------------------

static int user_handler(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    if (m == NULL)
        return ACTA_OK;
    say(arg, acta_as(hand, m)->who);
    w.holding--;
    return ACTA_OK;
}

// middle_handler passes it on now and then, so that the third node mostly has none when it gets the next one.
static int middle_handler(acta_self *self, void *arg, acta_msg *m)
{
    carrier *c = arg;
    if (m != NULL && acta_is(hand, m)) {
        keep(self, c, acta_as(hand, m)->who);
        w.holding--;
        c->left = HOPS;
    }
    if (m == NULL || c->kept == NULL)
        return ACTA_OK;
    pass_on(c, 2, c->kept, 0);
    uint64_t timer;
    if (--c->left == 0 || acta_timer_start(self, ACTA_MS, 0, &timer) != ACTA_OK)
        let_go(c);
    return ACTA_OK;
}

static bool line_open(acta_system *sys, carrier *c, acta_handler *on)
{
    if (acta_spawn(sys, &c->next[c->node], .handler = on, .arg = c, .arg_free = carrier_freed, .name = "carrier") !=
        ACTA_OK)
        return false;
    return publish_and_serve_at(sys, urls[c->node], "carrier", c->next[c->node]);
}

// Each is found once it has found the next.
static void line_boot(acta_sim *sim, acta_system *sys, void *arg)
{
    carrier *c = arg;
    int next = (c->node + 1) % NODES;
    acta_listener *first = NULL, *listener; // that one is closed with the system
    // First, so that it can tell others where it is.
    if (c->node == OWNER && w.moved && acta_node_listen(sys, "ipc:///first", &first) != ACTA_OK)
        return;
    if (c->node == OWNER && w.reachable && acta_node_listen(sys, urls[OWNER], &listener) != ACTA_OK)
        return;
    if (next != OWNER)
        c->next[next] = find_at(sim, sys, urls[next], "carrier", 20);
    acta_listener_close(&first); // the second node was told of both
    if (c->node != OWNER) {
        (void)line_open(sys, c, next == OWNER ? user_handler : middle_handler);
        return;
    }
    acta_tx *target;
    if (c->next[next] == NULL || acta_spawn(sys, &target, .handler = target_on, .name = "target") != ACTA_OK)
        return;
    w.begun = true;
    pass_on(c, next, target, 0);
    acta_tx_drop(&target);
}

typedef enum reach { NOWHERE, WHERE_IT_SAYS, AT_ITS_SECOND_URL } reach;

static void line_up(acta_sim *sim, bool may_die, reach owner)
{
    memset(&w, 0, sizeof(w));
    w.may_die = may_die;
    w.reachable = owner != NOWHERE;
    w.moved = owner == AT_ITS_SECOND_URL;
    start_nodes(sim, NODES, (booting *[]){line_boot, line_boot, line_boot}, has_ended);
    acta_sim_run(sim);
}

static void when_the_last_carrier_dies_the_end_says_so(acta_sim *sim, void *arg)
{
    (void)arg;
    line_up(sim, true, WHERE_IT_SAYS);
    reached(w.eof == ACTA_ECRASHED && w.sent[2] > 0, "a carrier dies that has sent something");
    reached(w.eof == ACTA_OK && w.ends == 1 && acta_sim_faults(sim) > 0, "a carrier dies that has let go");
}

static void an_owner_that_is_only_at_its_second_url_is_found_there(acta_sim *sim, void *arg)
{
    (void)arg;
    line_up(sim, false, AT_ITS_SECOND_URL);
    must(!w.begun || (w.ends == 1 && w.eof == ACTA_OK), "the end says that all is well");
    must(w.came[2] == w.sent[2], "all comes of the third node");
    reached(w.sent[2] > 0, "the third node is given a sender");
    reached(w.sent[2] > 0 && acta_sim_faults(sim) > 0, "it is, despite a cut");
}

// The owner listens nowhere, so that only those whom it has called can talk to it.
static void when_a_carrier_cannot_reach_the_owner_the_end_says_so(acta_sim *sim, void *arg)
{
    (void)arg;
    line_up(sim, true, NOWHERE);
    must(w.ends == w.begun, "the end comes once");
    must(!w.onward || w.eof == ACTA_ECRASHED, "an end says that a carrier could not be heard");
    must(w.came[2] == 0, "nothing comes from a carrier that cannot reach the owner");
}

// ---- in every order: the second node finds the target, and sends it a sender to itself -------------------------

static acta_tx *own; // the owner's, until something comes through another one

static int small_target_on(acta_self *self, void *arg, acta_msg *m)
{
    const hand *got = m != NULL ? acta_as(hand, m) : NULL;
    acta_tx_drop(&own);
    if (got == NULL)
        return target_on(self, arg, m);
    must(w.ends == 0, "nothing comes after the end");
    say(&w.carriers[OWNER], got->who);
    w.holding--;
    return ACTA_OK;
}

static void small_freed(void *arg)
{
    (void)arg;
    acta_tx_drop(&own);
}

static void small_owner(acta_sim *sim, acta_system *sys, void *arg)
{
    (void)sim, (void)arg;
    if (acta_spawn(sys, &own, .handler = small_target_on, .arg_free = small_freed, .name = "target") == ACTA_OK)
        must(publish_and_serve_at(sys, urls[OWNER], "target", own), "the target can be found");
}

static void small_second(acta_sim *sim, acta_system *sys, void *arg)
{
    (void)sim;
    carrier *c = arg;
    acta_node *owner;
    if (acta_connect(sys, urls[OWNER], ACTA_SECOND, &owner) != ACTA_OK)
        return;
    if (acta_node_find(owner, "target", ACTA_FOREVER, &c->next[OWNER]) == ACTA_OK) {
        w.begun = true;
        w.holding++;
        say(c, c->next[OWNER]);
        pass_on(c, OWNER, c->next[OWNER], 0);
        w.holding--;
    }
    acta_node_drop(&owner);
    acta_tx_drop(&c->next[OWNER]);
}

static bool small_has_ended(void *arg)
{
    return has_ended(arg) || own != NULL; // nothing has come
}

static void small(acta_sim *sim, bool may_die)
{
    memset(&w, 0, sizeof(w));
    w.may_die = may_die;
    start_nodes(sim, 2, (booting *[]){small_owner, small_second}, small_has_ended);
}

static void in_every_order_a_sender_comes_home_despite_a_cut(acta_sim *sim, void *arg)
{
    (void)arg;
    small(sim, false);
}

static void in_every_order_the_carrier_may_die(acta_sim *sim, void *arg)
{
    (void)arg;
    small(sim, true);
}

static const claim claims[] = {
    CLAIM_DESPITE(who_is_carried_from_node_to_node_ends_behind_the_last, 0),
    CLAIM_DESPITE(no_cut_and_no_pause_is_taken_for_the_death_of_a_carrier,
                  ACTA_SIM_CUT | ACTA_SIM_PAUSE | ACTA_SIM_STALL),
    CLAIM_DESPITE(who_is_carried_is_told_when_a_carrier_dies, ACTA_SIM_KILL | ACTA_SIM_CUT),
    CLAIM_DESPITE_ONE(when_the_last_carrier_dies_the_end_says_so, ACTA_SIM_KILL),
    CLAIM_DESPITE(an_owner_that_is_only_at_its_second_url_is_found_there, ACTA_SIM_CUT),
    CLAIM_DESPITE(when_a_carrier_cannot_reach_the_owner_the_end_says_so, 0),
    CLAIM_DESPITE_ONE_IN_EVERY_ORDER(in_every_order_a_sender_comes_home_despite_a_cut, ACTA_SIM_CUT),
    CLAIM_DESPITE_ONE_IN_EVERY_ORDER(in_every_order_the_carrier_may_die, ACTA_SIM_KILL),
};

CLAIM_MAIN(claims)
