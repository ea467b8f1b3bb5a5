// SPDX-License-Identifier: MIT
//
// pause_ring.c - a ring that could not turn if every inbox kept its bound: three actors of capacity 1, and twelve
// tokens put into it from outside.
//
//     pause_ring [HOPS]     0: for ever. Without a number a million
//
// An actor that sends to a full inbox is paused until there is room. Here all three soon wait for each other; acta
// finds the circle, lets one message over the bound, counts it, and names the circle once. Prints a line of figures a
// second; at the end each token has made as many hops as every other, and no member has seen one twice or missed one.

#include <acta/acta.h>
#include <acta/event.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

enum { MEMBERS = 3, TOKENS = 12 };

ACTA_MESSAGE(ring_token, (i64, number), (i64, hops));
ACTA_MESSAGE(ring_begin);
ACTA_MESSAGE(ring_out);   // one token has made all its hops
ACTA_MESSAGE(ring_leave); // asked when all have
ACTA_MESSAGE(ring_figures, (i64, strays), (i64_array, seen)); // the answer

// ---- members -------------------------------------------------------------------------------

typedef struct member {
    acta_tx *next;
    acta_tx *clerk;
    int64_t hops_each;        // after so many a token is taken out; 0: never
    int64_t expected[TOKENS]; // hops of each token when it comes here next
    int64_t seen[TOKENS];
    int64_t strays; // tokens that came with other hops than expected
} member;

static int take_token(member *me, const ring_token *token)
{
    me->strays += token->hops != me->expected[token->number];
    me->expected[token->number] = token->hops + MEMBERS;
    me->seen[token->number]++;
    if (me->hops_each != 0 && token->hops + 1 >= me->hops_each)
        return acta_send(me->clerk, ring_out);
    return acta_send(me->next, ring_token, .number = token->number, .hops = token->hops + 1);
}

static int member_handler(acta_self *self, void *arg, acta_msg *m)
{
    member *me = arg;
    if (m == NULL)
        return acta_eof(self);
    if (acta_is(ring_token, m))
        return take_token(me, acta_as(ring_token, m));
    if (acta_is(ring_leave, m)) {
        int status = acta_reply(self, m, ring_figures, .strays = me->strays, .seen = {me->seen, TOKENS});
        acta_tx_drop(&me->next); // or each would keep the next one alive
        acta_tx_drop(&me->clerk); // after the reply: its end is queued behind that
        return status;
    }
    acta_unhandled(self, m);
    return ACTA_OK;
}

// ---- the clerk: prints, and sums up at the end -------------------------------------------------

typedef struct clerk {
    acta_tx *members[MEMBERS];
    int64_t hops_each;
    int64_t seen[TOKENS];
    int64_t strays;
    int out;     // tokens
    int answers; // of members
    bool all_is_well;
} clerk;

static void print_figures(const acta_system *sys)
{
    acta_ledger ledger;
    acta_ledger_read(sys, &ledger);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("handled=%" PRIu64 " pauses=%" PRIu64 " overcommits=%" PRIu64 " memory_max_kib=%ld\n", ledger.handled,
           ledger.pauses, ledger.overcommits, usage.ru_maxrss);
    fflush(stdout);
}

// send_home asks all members to leave, and lets go of them.
static int send_home(acta_self *self, clerk *me)
{
    int status = ACTA_OK;
    uint64_t id;
    for (int i = 0; i < MEMBERS; i++) {
        if (status == ACTA_OK)
            status = acta_ask(self, me->members[i], ACTA_FOREVER, &id, ring_leave);
        acta_tx_drop(&me->members[i]);
    }
    return status;
}

// sum_up adds what a member has seen; with the last of them the clerk is done.
static int sum_up(clerk *me, const ring_figures *figures)
{
    me->strays += figures->strays;
    for (int t = 0; t < TOKENS; t++)
        me->seen[t] += figures->seen.items[t];
    if (++me->answers < MEMBERS)
        return ACTA_OK;
    int uneven = 0;
    for (int t = 0; t < TOKENS; t++)
        uneven += me->seen[t] != me->hops_each;
    printf("tokens=%d hops_each=%" PRIi64 " uneven=%d strays=%" PRIi64 "\n", TOKENS, me->hops_each, uneven,
           me->strays);
    me->all_is_well = uneven == 0 && me->strays == 0;
    return ACTA_DONE;
}

static int clerk_handler(acta_self *self, void *arg, acta_msg *m)
{
    clerk *me = arg;
    uint64_t timer;
    if (m == NULL)
        return acta_eof(self);
    if (acta_is(ring_begin, m))
        return acta_timer_start(self, ACTA_SECOND, ACTA_SECOND, &timer);
    if (acta_is(ring_figures, m))
        return sum_up(me, acta_as(ring_figures, m));
    if (acta_is(acta_tick, m)) {
        print_figures(acta_system_of(self));
    } else if (acta_is(ring_out, m)) {
        if (++me->out == TOKENS) {
            print_figures(acta_system_of(self));
            return send_home(self, me);
        }
    } else {
        acta_unhandled(self, m);
    }
    return ACTA_OK;
}

// ---- the program ---------------------------------------------------------------------------------

static void report(void *arg, const char *line)
{
    (void)arg;
    printf("report: %s\n", line);
    fflush(stdout);
}

static int start(acta_system *sys, member *members, clerk *c)
{
    static const char *const names[MEMBERS] = {"one", "two", "three"};
    acta_tx *to_clerk;
    int status = acta_spawn(sys, &to_clerk, .handler = clerk_handler, .arg = c, .name = "clerk");
    if (status != ACTA_OK)
        return status;
    for (int i = 0; i < MEMBERS && status == ACTA_OK; i++) {
        members[i] = (member){.clerk = acta_tx_dup(to_clerk), .hops_each = c->hops_each};
        for (int t = 0; t < TOKENS; t++)
            members[i].expected[t] = (i - t % MEMBERS + MEMBERS) % MEMBERS; // token t begins at member t % MEMBERS
        status = acta_spawn(sys, &c->members[i], .handler = member_handler, .arg = &members[i], .name = names[i],
                            .capacity = 1);
    }
    acta_tx *tx[MEMBERS] = {NULL}; // ours: the clerk drops its own when all tokens are out
    for (int i = 0; i < MEMBERS && status == ACTA_OK; i++) {
        tx[i] = acta_tx_dup(c->members[i]);
        members[i].next = acta_tx_dup(c->members[(i + 1) % MEMBERS]);
    }
    if (status == ACTA_OK)
        status = acta_send(to_clerk, ring_begin);
    for (int t = 0; t < TOKENS && status == ACTA_OK; t++)
        status = acta_send(tx[t % MEMBERS], ring_token, .number = t); // waits for room
    for (int i = 0; i < MEMBERS; i++)
        acta_tx_drop(&tx[i]);
    acta_tx_drop(&to_clerk);
    return status;
}

int main(int argc, char **argv)
{
    char *rest = NULL;
    int64_t hops = argc > 1 ? strtoll(argv[1], &rest, 10) : 1000000;
    if (argc > 2 || (rest != NULL && *rest != '\0') || hops < 0) {
        fprintf(stderr, "usage: pause_ring [HOPS]   0: for ever; 1000000\n");
        return 64;
    }
    member members[MEMBERS];
    clerk c = {.hops_each = hops > 0 ? (hops + TOKENS - 1) / TOKENS : 0};
    acta_system_opts opts = {.report = report};
    acta_system *sys;
    if (acta_open(&opts, &sys) != ACTA_OK)
        return 1;
    int status = start(sys, members, &c);
    int closed = acta_close(&sys, status == ACTA_OK ? ACTA_FOREVER : 0);
    return status == ACTA_OK && closed == ACTA_OK && c.all_is_well ? 0 : 1;
}
