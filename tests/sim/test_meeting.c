// SPDX-License-Identifier: MIT
//
// test_meeting.c - who meets whom, in every order that may be: two nodes that call each other, once or several times,
// end up with one session, and whoever waits for it gets the same node; nodes that are made before they are met are
// the ones that are met.

#include "base/sanitize.h"
#include "nodes.h"

#include <acta/node.h>

#include "route/peers.h"
#include "route/router.h"

enum { SIDES = 2, CALLS_MAX = 3 };

static const char *const urls[SIDES] = {"ipc:///left", "ipc:///right"};

// ---- two sides --------------------------------------------------------------------------

typedef struct side {
    struct pairing *pairing;
    int index;
    int calls;       // threads that connect to the other side
    bool listens;
    bool watches;
    bool wanted;     // its boot knows the other by its number, and wants its node
    bool wants;      // so does the scenario, when all has booted
    acta_sim_node *node;
    acta_system *sys;
    acta_tx *watcher;
    acti_node *made; // the node that was wanted
    int answered;
    int status[CALLS_MAX];
    uint64_t id[CALLS_MAX];
    const acta_node *handle[CALLS_MAX];
    int ups, downs;
} side;

typedef struct pairing {
    const side *plan; // what each side begins with, in each schedule
    acta_sim *sim;
    side sides[SIDES];
    uint64_t began_ns; // both knew each other and listened
    uint64_t met_ns;
} pairing;

static void plan_anew(pairing *p)
{
    *p = (pairing){.plan = p->plan};
    memcpy(p->sides, p->plan, sizeof p->sides);
}

static int watch_handler(acta_self *self, void *arg, acta_msg *m)
{
    side *s = arg;
    if (m != NULL && acta_is(acta_node_up, m)) {
        acta_sim_check(s->pairing->sim, "a node comes up when there is none", s->ups++ == s->downs);
    } else if (m != NULL && acta_is(acta_node_down, m)) {
        acta_sim_check(s->pairing->sim, "a node goes down when there is one", s->ups == ++s->downs);
    } else if (m != NULL) {
        uint64_t watch;
        acta_sim_check(s->pairing->sim, "a watch begins", acta_watch_nodes(self, &watch) == ACTA_OK);
    }
    return ACTA_OK;
}

static void release(void *arg)
{
    acta_tx_drop(&((side *)arg)->watcher);
}

static uint64_t id_of(acta_system *sys)
{
    return acti_router_of(sys)->hello.node;
}

static void call(void *arg)
{
    side *s = arg;
    acta_node *node = NULL;
    int n = s->answered;
    int status = ACTA_EUNREACH;
    for (int tries = 0; tries < 50 && status != ACTA_OK; tries++)
        status = acta_connect(s->sys, urls[1 - s->index], tries % 2 == 0 ? 10 * ACTA_SECOND : 0, &node);
    n = s->answered++;
    s->status[n] = status;
    if (status == ACTA_OK) {
        s->id[n] = acta_node_id(node);
        s->handle[n] = node;
    }
    acta_node_drop(&node);
}

static void boot(acta_sim *sim, acta_system *sys, void *arg)
{
    side *s = arg;
    acta_listener *listener;
    s->sys = sys;
    if (s->watches && acta_spawn(sys, &s->watcher, .handler = watch_handler, .arg = s, .arg_free = release) == ACTA_OK)
        acta_sim_check(sim, "the watcher is told to begin", acta_send(s->watcher, go, .n = 0) == ACTA_OK);
    if (s->listens)
        acta_sim_check(sim, "each side listens", acta_node_listen(sys, urls[s->index], &listener) == ACTA_OK);
    const side *other = &s->pairing->sides[1 - s->index];
    if (s->wanted) {
        while (other->sys == NULL)
            acta_sim_sleep(sim, ACTA_MS);
        s->made = acti_router_node(acti_router_of(sys), id_of(other->sys), urls[1 - s->index]);
        acta_sim_check(sim, "the node of a known peer is given", s->made != NULL);
    }
    if (s->calls > 0)
        call(s);
}

static void call_too(void *arg)
{
    side *s = arg;
    while (s->sys == NULL)
        acta_sim_sleep(s->pairing->sim, ACTA_MS);
    call(s);
}

// is_paired: one node on each side, OPEN, and all who wait have it.
static bool is_paired(void *arg)
{
    pairing *p = arg;
    for (int i = 0; i < SIDES; i++) {
        side *s = &p->sides[i];
        acti_router *router = acti_router_of(s->sys);
        int nodes = 0, open = 0;
        for (acti_list *link = router->nodes.next; link != &router->nodes; link = link->next) {
            const acti_node *node = ACTI_CONTAINER_OF(link, acti_node, all);
            nodes++;
            open += node->standing == ACTI_STANDING_OPEN;
        }
        if (nodes != 1 || open != 1 || s->answered != s->calls)
            return false;
        if (s->watches && s->ups - s->downs != 1)
            return false;
    }
    return true;
}

// notes_when has no claim: it sees after each step whether they have met.
static bool notes_when(void *arg)
{
    pairing *p = arg;
    if (p->met_ns == 0 && is_paired(p))
        p->met_ns = acti_clock_ns();
    return true;
}

static void end_pairing(pairing *p)
{
    for (int i = 0; i < SIDES; i++) {
        side *s = &p->sides[i];
        for (int n = 0; n < s->answered; n++) {
            acta_sim_check(p->sim, "each call is answered with the other's node",
                           s->status[n] == ACTA_OK && s->id[n] == id_of(p->sides[1 - i].sys));
            acta_sim_check(p->sim, "all calls are answered with the same node", s->handle[n] == s->handle[0]);
        }
        if (s->made != NULL) {
            acta_sim_check(p->sim, "the node that was wanted is the one that is met", s->made->open);
            acti_actor_unref(s->made->actor);
        }
        acta_tx_drop(&s->watcher);
    }
}

static bool start_sides(acta_sim *sim, pairing *p)
{
    p->sim = sim;
    for (int i = 0; i < SIDES; i++) {
        side *s = &p->sides[i];
        s->pairing = p;
        s->index = i;
        acta_sim_node_opts opts = {.name = i == 0 ? "left" : "right", .boot = boot, .arg = s};
        if (acta_sim_node_start(sim, &opts, &s->node) != ACTA_OK)
            return false;
    }
    return true;
}

static void run_sides(acta_sim *sim, pairing *p)
{
    if (!start_sides(sim, p))
        return;
    for (int i = 0; i < SIDES; i++)
        for (int n = 1; n < p->sides[i].calls; n++)
            if (acta_sim_thread(sim, "caller", call_too, &p->sides[i]) != ACTA_OK)
                return;
    acta_sim_eventually(sim, "each side has one node, and it is OPEN", is_paired, p);
    acta_sim_run(sim);
    end_pairing(p);
}

// ---- scenarios ------------------------------------------------------------------------------

static const side both_call[SIDES] = {{.listens = true, .calls = 1}, {.listens = true, .calls = 1}};
static const side both_call_and_watch[SIDES] = {{.listens = true, .calls = 1, .watches = true},
                                                {.listens = true, .calls = 1, .watches = true}};
static const side all_call[SIDES] = {{.listens = true, .calls = CALLS_MAX}, {.listens = true, .calls = CALLS_MAX}};
static const side one_calls_often[SIDES] = {{.listens = true}, {.calls = CALLS_MAX}};
static const side both_want[SIDES] = {{.listens = true, .wanted = true}, {.listens = true, .wanted = true}};
static const side all_want_and_call[SIDES] = {{.listens = true, .calls = 2, .wanted = true},
                                              {.listens = true, .calls = 2, .wanted = true}};

static void run_pairing(acta_sim *sim, void *arg)
{
    pairing *p = arg;
    plan_anew(p);
    run_sides(sim, p);
}

// run_pairing_perhaps leaves it to the schedule whether the left one wants the other before they meet.
static void run_pairing_perhaps(acta_sim *sim, void *arg)
{
    pairing *p = arg;
    plan_anew(p);
    p->sides[0].wanted = acta_sim_random(sim, 2) == 0;
    run_sides(sim, p);
}

// What both_begin begins with: nobody calls on his own.
static const side both_call_only[SIDES] = {{.listens = true}, {.listens = true}};
static const side one_calls_and_one_wants[SIDES] = {{.listens = true}, {.listens = true, .wants = true}};
static const side both_want_only[SIDES] = {{.listens = true, .wants = true}, {.listens = true, .wants = true}};

// both_begin has both nodes begin at the same moment, and nobody wait for it: as few steps as there can be.
static void both_begin(acta_sim *sim, void *arg)
{
    pairing *p = arg;
    plan_anew(p);
    if (!start_sides(sim, p))
        return;
    acta_sim_run(sim);
    p->began_ns = acti_clock_ns();
    for (int i = 0; i < SIDES; i++) {
        side *s = &p->sides[i];
        acti_router *router = acti_router_of(s->sys);
        acti_node_plan plan = {.url = urls[1 - i]};
        acti_node *node = s->wants ? acti_router_node(router, id_of(p->sides[1 - i].sys), plan.url)
                                    : acti_node_new(router, &plan);
        if (!s->wants && node != NULL)
            node = acti_node_begin(node, &plan, 0);
        acta_sim_check(sim, "each side begins", node != NULL);
        if (s->wants)
            s->made = node;
        else if (node != NULL)
            acti_actor_unref(node->actor);
    }
    acta_sim_always(sim, "they are looked at", notes_when, p);
    acta_sim_eventually(sim, "each side has one node, and it is OPEN", is_paired, p);
    acta_sim_run(sim);
    acta_sim_check(sim, "they meet at once, or when one has tried again, and not after a silence",
                   p->met_ns != 0 && p->met_ns - p->began_ns < ACTI_NODE_TICK_NS);
    end_pairing(p);
}

static void meet(acta_sim_opts opts, acta_sim_scenario *scenario, const side *plan)
{
    pairing p = {.plan = plan};
    acta_sim_result result;
    opts.may_live = true;
    opts.no_lint = true;
    if (ACTI_ASAN) // it has seen the same code in the first of them
        opts.schedules = opts.schedules / 5 + 100;
    explore(opts, scenario, &p, &result);
}

TEST(two_that_call_each_other_at_once_have_one_session)
{
    meet((acta_sim_opts){.name = "both call", .schedules = 3000}, run_pairing, both_call);
    meet((acta_sim_opts){.name = "both call, cut", .schedules = 2000, .faults = ACTA_SIM_CUT}, run_pairing, both_call);
}

// In every order: nothing is left out but time that passes while anything can happen.
static void in_every_order(const char *name, acta_sim_scenario *scenario, const side *plan)
{
    pairing p = {.plan = plan};
    acta_sim_result result;
    explore((acta_sim_opts){.name = name,
                            .strategy = ACTA_SIM_EXHAUSTIVE,
                            .instant = true,
                            .idle_clock = true,
                            .may_live = true,
                            .no_lint = true},
            scenario, &p, &result);
    assert_true(result.complete);
}

TEST(two_that_call_each_other_have_one_session_in_every_order)
{
    in_every_order("both call only, every order", both_begin, both_call_only);
    in_every_order("one calls and one wants, every order", both_begin, one_calls_and_one_wants);
    in_every_order("both want only, every order", both_begin, both_want_only);
    in_every_order("both call, every order", run_pairing, both_call);
}

TEST(whoever_connects_and_however_often_there_is_one_node)
{
    meet((acta_sim_opts){.name = "one calls often", .schedules = 1000}, run_pairing, one_calls_often);
    meet((acta_sim_opts){.name = "all call", .schedules = 2000}, run_pairing, all_call);
    meet((acta_sim_opts){.name = "all call, cut", .schedules = 1000, .faults = ACTA_SIM_CUT}, run_pairing, all_call);
}

TEST(who_watches_sees_one_node_come)
{
    meet((acta_sim_opts){.name = "both watch", .schedules = 1000}, run_pairing, both_call_and_watch);
}

TEST(a_node_that_was_made_before_its_peer_was_met_is_the_one_that_is_met)
{
    meet((acta_sim_opts){.name = "both want", .schedules = 2000}, run_pairing, both_want);
    meet((acta_sim_opts){.name = "all want and call", .schedules = 2000}, run_pairing_perhaps, all_want_and_call);
    meet((acta_sim_opts){.name = "all want and call, cut", .schedules = 1000, .faults = ACTA_SIM_CUT},
         run_pairing_perhaps, all_want_and_call);
}

int main(void)
{
    return TEST_RUN(case_of(two_that_call_each_other_at_once_have_one_session),
                    case_of(two_that_call_each_other_have_one_session_in_every_order),
                    case_of(whoever_connects_and_however_often_there_is_one_node),
                    case_of(who_watches_sees_one_node_come),
                    case_of(a_node_that_was_made_before_its_peer_was_met_is_the_one_that_is_met));
}
