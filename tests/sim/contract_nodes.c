// SPDX-License-Identifier: MIT
//
// contract_nodes.c - C-FIFO and C-EOF between two nodes: what is sent comes once and in order however often the
// connection is cut, at whichever byte; and when a node dies what has come is a prefix, and the end says so.

#include "claim.h"
#include "streams.h"

static stream s;

static void a_stream_comes_whole_however_often_its_connection_is_cut(acta_sim *sim, void *arg)
{
    (void)arg;
    stream_scenario(sim, &s);
    must(s.whole, "all comes");
    must(!s.crashed, "a cut is not a crash");
    reached(s.whole && acta_sim_faults(sim) > 0, "all comes in spite of a cut");
}

static void what_comes_of_a_node_that_dies_is_a_prefix_and_the_end_says_so(acta_sim *sim, void *arg)
{
    (void)arg;
    stream_scenario(sim, &s);
    reached(s.crashed, "an end says that the feeder died, behind a part");
    reached(s.whole && acta_sim_faults(sim) > 0, "a node dies when all has come");
}

static void a_node_that_starts_again_is_another_one(acta_sim *sim, void *arg)
{
    (void)arg;
    stream_scenario(sim, &s);
    reached(acta_sim_node_starts(s.a) > 1 && s.whole, "the feeder's node starts again, and all comes");
    reached(acta_sim_node_starts(s.b) > 1 && s.whole, "the sink's node starts again, and all comes");
}

static watch requests;

static void every_request_has_its_own_reply_and_the_death_is_told_behind_them(acta_sim *sim, void *arg)
{
    (void)arg;
    watch_scenario(sim, &requests);
    must(requests.replies == ITEMS && requests.downs == 1 && requests.reason == ACTA_OK, "all is answered");
}

static const claim claims[] = {
    CLAIM_DESPITE(a_stream_comes_whole_however_often_its_connection_is_cut, ACTA_SIM_CUT),
    CLAIM_DESPITE(what_comes_of_a_node_that_dies_is_a_prefix_and_the_end_says_so, ACTA_SIM_KILL),
    CLAIM_DESPITE(a_node_that_starts_again_is_another_one, ACTA_SIM_KILL | ACTA_SIM_RESTART),
    CLAIM_DESPITE(every_request_has_its_own_reply_and_the_death_is_told_behind_them, ACTA_SIM_CUT),
};

CLAIM_MAIN(claims)
