// SPDX-License-Identifier: MIT
//
// contract_routes.c - what C-FIFO and C-EOF are for: an error and the shutdown after it, wired in three ways.
//
// A source streams chunks through a router to a sink, fails after some of them, says so, and is done. The sink must
// know of the failure when it sees the end.
//
//   the end as a drop      the failure is the last message, and the end is that the last sender goes: one path
//   the end by the router  the failure, and then a message `over`, all go through the router: one path
//   two routes             the failure goes through the router, `over` straight to the sink: nothing orders the two
//
// The third is the mistake that people make. It is wired here, in the test program alone, and the sim must find it.

#include "claim.h"

ACTA_MESSAGE(chunk, (i64, n));
ACTA_MESSAGE(trouble);
ACTA_MESSAGE(over);

typedef enum wiring { BY_DROP, BY_ROUTER, TWO_ROUTES } wiring;

static struct {
    part source, router, sink;
    acta_tx *to_router, *to_sink, *straight;
    wiring wiring;
    int64_t chunks;
    int64_t came;
    bool failed; // the sink knows
    bool ended;  // it has been told that there is no more
} w;

static int source_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)self, (void)arg;
    if (m == NULL)
        return ACTA_OK;
    for (int64_t n = 0; n < w.chunks; n++)
        must(acta_send(w.to_router, chunk, .n = n) == ACTA_OK, "a chunk is taken");
    if (w.wiring == BY_DROP) {
        must(acta_finish(&w.to_router, trouble) == ACTA_OK, "the failure is taken");
        return ACTA_OK;
    }
    must(acta_send(w.to_router, trouble) == ACTA_OK, "the failure is taken");
    acta_tx *last = w.wiring == TWO_ROUTES ? w.straight : w.to_router;
    must(acta_send(last, over) == ACTA_OK, "the end is taken");
    acta_tx_drop(&w.to_router);
    acta_tx_drop(&w.straight);
    return ACTA_OK;
}

static int router_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)self, (void)arg;
    if (m == NULL)
        acta_tx_drop(&w.to_sink);
    else
        must(acta_send_body(w.to_sink, m->type, acta_msg_body(m)) == ACTA_OK, "what is passed on is taken");
    return ACTA_OK;
}

static int sink_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)self, (void)arg;
    if (m != NULL && acta_is(chunk, m))
        must(acta_as(chunk, m)->n == w.came++, "chunks come in order");
    else if (m != NULL && acta_is(trouble, m))
        w.failed = true;
    if (w.ended || (m != NULL && !acta_is(over, m)))
        return ACTA_OK;
    w.ended = true;
    must(w.failed, "who is told that there is no more has been told of the failure");
    return ACTA_OK;
}

static bool all_known(void *arg)
{
    (void)arg;
    return w.ended && w.failed && w.came == w.chunks;
}

static void stream(wiring how, int64_t chunks)
{
    memset(&w, 0, sizeof(w));
    w.source.on = source_on, w.router.on = router_on, w.sink.on = sink_on;
    w.wiring = how;
    w.chunks = chunks;
    w.to_sink = play(&w.sink, "sink", draw(1, 8));
    if (how == TWO_ROUTES)
        w.straight = acta_tx_dup(w.to_sink);
    w.to_router = play(&w.router, "router", draw(1, 8));
    acta_tx *source = play(&w.source, "source", 0);
    start(&source);
    acta_sim_eventually(acta_sim_here(), "the sink knows all", all_known, NULL);
}

#define WIRED(name, how, chunks)                                                                           \
    static void name(acta_sim *sim, void *arg)                                                             \
    {                                                                                                      \
        (void)sim, (void)arg;                                                                              \
        stream(how, chunks);                                                                               \
    }

WIRED(a_drop_comes_after_the_failure_with_0_chunks, BY_DROP, 0)
WIRED(a_drop_comes_after_the_failure_with_4_chunks, BY_DROP, 4)
WIRED(a_drop_comes_after_the_failure_with_20_chunks, BY_DROP, 20)
WIRED(one_path_keeps_the_failure_before_the_end_with_20_chunks, BY_ROUTER, 20)
WIRED(two_routes_are_found_with_0_chunks, TWO_ROUTES, 0)
WIRED(two_routes_are_found_with_4_chunks, TWO_ROUTES, 4)
WIRED(two_routes_are_found_with_20_chunks, TWO_ROUTES, 20)

static const claim claims[] = {
    CLAIM(a_drop_comes_after_the_failure_with_0_chunks),
    CLAIM(a_drop_comes_after_the_failure_with_4_chunks),
    CLAIM(a_drop_comes_after_the_failure_with_20_chunks),
    CLAIM(one_path_keeps_the_failure_before_the_end_with_20_chunks),
    CLAIM_BROKEN(two_routes_are_found_with_0_chunks),
    CLAIM_BROKEN(two_routes_are_found_with_4_chunks),
    CLAIM_BROKEN(two_routes_are_found_with_20_chunks),
};

CLAIM_MAIN(claims)
