// SPDX-License-Identifier: MIT
//
// bench_sim.c - how many schedules, and steps, the sim runs in a second.
//
//     bench_sim NAME WORKERS RUNS [PART]   prints one figure of what NAME measures, a line a run; of a PART-th of the
//                                          work: 1. WORKERS is for the looks: the sim has one thread
//     bench_sim list                       prints the names, with their units
//
// The world is small, as those of tests are: two pairs of players, each of which has two balls in play. A schedule has
// about 50 steps, in all but the last few of which four or more may be chosen. It includes all that a schedule needs:
// opening a system, four actors, 44 messages, their ends and the close.

#include <acta/acta.h>
#include <acta/sim.h>
#include <string.h>

#include "bench.h"

ACTA_MESSAGE(pass, (i64, left));

enum { PLAYERS = 4, PASSES = 10, SCHEDULES = 50000, STEPS_LEAST = 45, STEPS_MOST = 60 };

static const struct {
    const char *name;
    const char *unit;
    acta_sim_strategy strategy;
} benches[] = {
    {"sim_portfolio", "schedules/s", ACTA_SIM_PORTFOLIO},
    {"sim_random", "schedules/s", ACTA_SIM_RANDOM},
    {"sim_pos", "schedules/s", ACTA_SIM_POS},
    {"sim_pct", "schedules/s", ACTA_SIM_PCT},
    {"sim_exhaustive", "schedules/s", ACTA_SIM_EXHAUSTIVE},
    {"sim_portfolio_steps", "steps/s", ACTA_SIM_PORTFOLIO},
    {"sim_random_steps", "steps/s", ACTA_SIM_RANDOM},
    {"sim_pos_steps", "steps/s", ACTA_SIM_POS},
    {"sim_pct_steps", "steps/s", ACTA_SIM_PCT},
    {"sim_exhaustive_steps", "steps/s", ACTA_SIM_EXHAUSTIVE},
};
#define BENCHES (sizeof(benches) / sizeof(benches[0]))

static int player(acta_self *self, void *arg, acta_msg *m)
{
    acta_tx **partner = arg;
    if (m == NULL)
        return acta_eof(self);
    int64_t left = acta_as(pass, m)->left;
    return left > 0 ? acta_send(*partner, pass, .left = left - 1) : ACTA_OK;
}

static void game(acta_sim *sim, void *arg)
{
    (void)arg;
    acta_tx *tx[PLAYERS], *partner[PLAYERS];
    for (int i = 0; i < PLAYERS; i++)
        bench_need(acta_spawn(acta_sim_system(sim), &tx[i], .handler = player, .arg = &partner[i]) == ACTA_OK,
                   "spawn failed");
    for (int i = 0; i < PLAYERS; i++) {
        partner[i] = acta_tx_dup(tx[i ^ 1]);
        bench_need(acta_send(tx[i], pass, .left = PASSES) == ACTA_OK, "a message was not accepted");
    }
    acta_sim_run(sim);
    for (int i = 0; i < PLAYERS; i++) {
        acta_tx_drop(&partner[i]);
        acta_tx_drop(&tx[i]);
    }
    acta_sim_run(sim); // while partner is still there
}

static double run(acta_sim_strategy strategy, bool steps, long part)
{
    acta_sim_result result;
    acta_sim_opts opts = {.name = "game", .strategy = strategy, .schedules = (uint64_t)(SCHEDULES / part + 1)};
    double from_ns = bench_now_ns();
    int status = acta_sim_explore_with(&opts, game, NULL, &result);
    double seconds = (bench_now_ns() - from_ns) / 1e9;
    bench_need(status == ACTA_OK, "the exploration fails");
    // Some schedules of an exhaustive exploration are given up: others show the same.
    bench_need(result.steps <= result.schedules * STEPS_MOST, "a schedule has too many steps");
    if (strategy != ACTA_SIM_EXHAUSTIVE)
        bench_need(result.steps >= result.schedules * STEPS_LEAST, "a schedule has too few steps");
    return (double)(steps ? result.steps : result.schedules) / seconds;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "list") == 0) {
        for (size_t i = 0; i < BENCHES; i++)
            printf("%s %s\n", benches[i].name, benches[i].unit);
        return EXIT_SUCCESS;
    }
    bench_need(argc == 4 || argc == 5, "usage: bench_sim list | NAME WORKERS RUNS [PART]");
    size_t which = 0;
    while (which < BENCHES && strcmp(benches[which].name, argv[1]) != 0)
        which++;
    bench_need(which < BENCHES, "no benchmark of that name");
    long part = argc == 5 ? bench_number(argv[4]) : 1;
    for (long left = bench_number(argv[3]); left > 0; left--) {
        printf("%.0f\n", run(benches[which].strategy, strcmp(benches[which].unit, "steps/s") == 0, part));
        fflush(stdout);
    }
    return EXIT_SUCCESS;
}
