// SPDX-License-Identifier: MIT
//
// test_door.c - a door in the sim: a node with an actor behind a door, and a node with a client that speaks SP by
// itself, over simulated connections. In every order of bytes, turns and timers, and with faults: requests are handled
// in order, within the bound, and each has one outcome, or the client hears that the door has gone. Any time may pass
// before the next step, so a door that is quick to close a slow connection is seen, too.

#include "nodes.h"

#include "core/actor.h"
#include "link/sp.h"
#include "port/envelope.h"
#include "route/router.h"

#define DOOR_URL "ipc:///door"

enum { ASKED = 6, LATER = 3 }; // every LATER-th request is answered when the next one has come

typedef struct visit {
    acta_sim *sim;
    acta_tx *me; // the host's own sender: until all has come, or too much time has passed
    acta_promise *kept;
    int64_t kept_n;
    int64_t next;      // request
    uint32_t capacity;
    bool open;         // the door was opened
    int heard[ASKED];  // outcomes, by request
    int outcomes;
    bool ended;        // one of them says so
    bool over;         // the client has gone
} visit;

// ---- the host -----------------------------------------------------------------------

static uint32_t held_by(acta_self *self)
{
    const acti_actor *actor = acti_actor_of_self(self);
    return (uint16_t)((uint32_t)(acti_au64_load_relaxed(&actor->inbox.word) / ACTI_INBOX_ONE) -
                      acti_au32_load_relaxed(&actor->given));
}

static int open_it(acta_self *self, visit *v)
{
    uint64_t door, timer;
    acta_door_opts opts = {.check_ns = acta_sim_random(v->sim, 2) == 0 ? ACTA_FOREVER : 0};
    v->open = acta_door_open(self, DOOR_URL, ACTA_DOOR_REP, &opts, &door) == ACTA_OK;
    if (!v->open || acta_timer_start(self, 60 * ACTA_SECOND, 0, &timer) != ACTA_OK)
        acta_tx_drop(&v->me);
    return ACTA_OK;
}

static void answer_kept(acta_self *self, visit *v)
{
    if (v->kept != NULL)
        (void)acta_promise_reply(self, &v->kept, answer, .n = v->kept_n);
}

static int host(acta_self *self, void *arg, acta_msg *m)
{
    visit *v = arg;
    if (m == NULL)
        return ACTA_OK;
    if (acta_is(go, m))
        return open_it(self, v);
    if (acta_is(acta_tick, m)) {
        acta_tx_drop(&v->me);
        return ACTA_OK;
    }
    const query *q = acta_as(query, m);
    acta_sim_check(acta_sim_here(), "requests of one client come in order, without a gap", q->n == v->next);
    acta_sim_check(acta_sim_here(), "an inbox holds no more than its capacity", held_by(self) <= v->capacity);
    v->next++;
    answer_kept(self, v);
    if (q->n % LATER == LATER - 1 && acta_promise_take(self, m, &v->kept) == ACTA_OK)
        v->kept_n = q->n;
    else
        (void)acta_reply(self, m, answer, .n = q->n);
    if (q->n == ASKED - 1) // with the last one kept: its outcome is that the actor has ended
        acta_tx_drop(&v->me);
    return ACTA_OK;
}

static void host_freed(void *arg)
{
    visit *v = arg;
    acta_tx_drop(&v->me);
    v->kept = NULL;
}

static void house(acta_sim *sim, acta_system *sys, void *arg)
{
    visit *v = arg;
    acta_tx *tx;
    v->capacity = 1 + (uint32_t)acta_sim_random(sim, ASKED);
    if (acta_spawn(sys, &tx, .handler = host, .arg = v, .arg_free = host_freed, .capacity = v->capacity,
                   .name = "host") != ACTA_OK)
        return;
    v->me = tx;
    if (acta_send(tx, go, .n = 0) != ACTA_OK)
        acta_tx_drop(&v->me);
}

// ---- the client -------------------------------------------------------------------------

typedef struct client {
    visit *visit;
    acti_link *link;
    bool dialing, closing;
    int holders; // the boot that waits for the dial, and the dial or the link
    acti_buf said; // all that is ever said
    uint8_t come[4096];
    size_t size;
} client;

static void hang_up(client *c)
{
    if (!c->closing)
        acti_link_close(c->link);
    c->closing = true;
}

static int64_t number_of(const uint8_t *at)
{
    return (int64_t)(at[0] & 0x7f) << 24 | at[1] << 16 | at[2] << 8 | at[3];
}

// look_at_replies takes what is complete.
static void look_at_replies(client *c)
{
    visit *v = c->visit;
    size_t at = ACTI_SP_GREETING_BYTES;
    v->outcomes = 0;
    memset(v->heard, 0, sizeof(v->heard));
    while (at + 9 <= c->size && at + 9 + c->come[at + 8] <= c->size) { // none is longer than 255 bytes
        int64_t n = number_of(c->come + at + 9);
        acta_sim_check(v->sim, "an outcome is of a request", n < ASKED);
        v->outcomes++;
        v->ended |= c->come[at + 13 + 1] == (0xa0 | strlen("acta_failure"));
        acta_sim_check(v->sim, "no request has two outcomes", n >= ASKED || ++v->heard[n] == 1);
        at += 9 + c->come[at + 8];
    }
    if (v->outcomes == ASKED)
        hang_up(c);
}

static void on_read(void *arg, int status, size_t size)
{
    client *c = arg;
    c->size += size;
    if (status != ACTA_OK) {
        hang_up(c);
        return;
    }
    look_at_replies(c);
    if (!c->closing)
        acti_link_read(c->link, c->come + c->size, sizeof(c->come) - c->size);
}

static void on_write(void *arg, int status)
{
    (void)arg;
    (void)status; // what can still be read is read
}

static void let_go(client *c)
{
    if (--c->holders > 0)
        return;
    c->visit->over = true;
    acti_buf_fini(&c->said);
    free(c);
}

static void on_closed(void *arg)
{
    let_go(arg);
}

static void dialed(void *arg, int status, acti_link *link, const char *why)
{
    static const acti_link_owner owner = {on_read, on_write, on_closed};
    client *c = arg;
    (void)why;
    c->dialing = false;
    c->link = link;
    if (status != ACTA_OK) {
        let_go(c);
        return;
    }
    acti_link_own(link, &owner, c);
    acti_link_write(link, acti_buf_bytes(&c->said), c->said.size);
    acti_link_read(link, c->come, sizeof(c->come));
}

// say_all makes the greeting and all requests.
static bool say_all(client *c)
{
    c->said.limit = 4096;
    if (acti_buf_append(&c->said, "\0SP\0\0\x30\0\0", 8) != ACTA_OK)
        return false;
    for (int64_t n = 0; n < ASKED; n++) {
        query q = {.n = n};
        uint8_t head[13] = {1, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0, 0, (uint8_t)n};
        size_t at = c->said.size;
        if (acti_buf_append(&c->said, head, sizeof(head)) != ACTA_OK ||
            acti_envelope_put(acta_type_of(query), &q, &c->said) != ACTA_OK)
            return false;
        acti_buf_bytes(&c->said)[at + 8] = (uint8_t)(c->said.size - at - 9);
    }
    return true;
}

static void visitor(acta_sim *sim, acta_system *sys, void *arg)
{
    visit *v = arg;
    client *c = calloc(1, sizeof(*c));
    if (c == NULL)
        return;
    c->visit = v;
    c->holders = 1;
    if (!say_all(c)) {
        let_go(c);
        return;
    }
    const acti_links *links = acti_router_of(sys)->links;
    for (int tries = 0; tries < 10 && c->link == NULL; tries++) {
        c->dialing = true;
        c->holders++;
        acti_link_dialer *dialer = acti_link_dial(links, DOOR_URL, dialed, c);
        for (int waits = 0; waits < 100 && c->dialing; waits++)
            acta_sim_sleep(sim, ACTA_SECOND);
        acti_link_dialer_close(&dialer);
        if (c->dialing) // for ever: the node has been killed
            break;
    }
    let_go(c);
}

// ---- what is claimed ------------------------------------------------------------------------

static bool is_settled(void *arg)
{
    const visit *v = arg;
    return v->outcomes == ASKED || v->over;
}

static void door_scenario(acta_sim *sim, void *arg)
{
    visit *v = arg;
    acta_sim_node *node;
    *v = (visit){.sim = sim};
    if (acta_sim_node_start(sim, &(acta_sim_node_opts){.name = "house", .boot = house, .arg = v}, &node) != ACTA_OK ||
        acta_sim_node_start(sim, &(acta_sim_node_opts){.name = "visitor", .boot = visitor, .arg = v}, &node) != ACTA_OK)
        return;
    acta_sim_eventually(sim, "each request has an outcome, or the connection an end", is_settled, v);
    acta_sim_run(sim);
    acta_sim_sometimes(sim, "all requests have an outcome", v->outcomes == ASKED);
    acta_sim_sometimes(sim, "the last one is that the actor has ended", v->outcomes == ASKED && v->ended);
    acta_sim_sometimes(sim, "the line is used", v->capacity == 1 && v->outcomes == ASKED);
}

TEST(requests_through_a_door_come_in_order_and_each_has_one_outcome)
{
    visit v;
    acta_sim_result result;
    explore((acta_sim_opts){.name = "door", .schedules = 1500}, door_scenario, &v, &result);
}

TEST(with_faults_no_request_has_two_outcomes_and_nothing_is_left)
{
    static const uint32_t sorts[] = {ACTA_SIM_CUT | ACTA_SIM_STALL, ACTA_SIM_FULL | ACTA_SIM_PAUSE, ACTA_SIM_NOMEM,
                                     ACTA_SIM_GAP | ACTA_SIM_STALL, ACTA_SIM_KILL};
    visit v;
    acta_sim_result result;
    for (size_t i = 0; i < sizeof(sorts) / sizeof(sorts[0]); i++)
        explore((acta_sim_opts){.name = "door", .schedules = 400, .faults = sorts[i]}, door_scenario, &v, &result);
}

int main(void)
{
    return TEST_RUN(case_of(requests_through_a_door_come_in_order_and_each_has_one_outcome),
                    case_of(with_faults_no_request_has_two_outcomes_and_nothing_is_left));
}
