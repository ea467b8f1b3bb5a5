// SPDX-License-Identifier: MIT
//
// model_core.c - explores the core: all scenarios, and what becomes of them when a memory order of src/ is weaker.
//
//     model_core [PART OF A NAME]   the scenarios: a row each; status 1 if one fails or is not complete
//     model_core --list             a line each: scenario and contract
//     model_core --weaken [FILE]    each order of src/ (of the files whose name has that part), one notch weaker,
//                                   against the scenarios that meet it until one fails: a line each
//
// A weaker order is caught when a scenario fails, and when one is no longer complete: then a thread may go round for as
// long as it likes. tests/model/weaken judges what is not caught.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

static const model_scenario *const mechanisms[] = {
    model_of_inbox, model_of_park, model_of_senders, model_of_end, model_of_runq, model_of_sched, model_of_pool,
    model_of_timer, model_of_ask, model_of_monitor, model_of_pause, model_of_why, model_of_watchdog,
};

#define SCENARIOS_MAX 128

static const model_scenario *scenarios[SCENARIOS_MAX];
static uint32_t scenario_count;
static bool *hit[SCENARIOS_MAX]; // by site: whether the scenario meets it
static model_result result;

static void gather(void)
{
    for (size_t i = 0; i < sizeof(mechanisms) / sizeof(mechanisms[0]); i++)
        for (const model_scenario *s = mechanisms[i]; s->name != NULL; s++) {
            if (scenario_count == SCENARIOS_MAX)
                abort();
            scenarios[scenario_count++] = s;
        }
}

static int list(void)
{
    for (uint32_t i = 0; i < scenario_count; i++)
        printf("%s %s\n", scenarios[i]->name, scenarios[i]->contract);
    return 0;
}

// explore runs those whose name has that part. False: one has failed, or there is none.
static bool explore(const char *part)
{
    uint32_t good = 0, all = 0;
    for (uint32_t i = 0; i < scenario_count; i++) {
        if (strstr(scenarios[i]->name, part) == NULL)
            continue;
        model_explore(scenarios[i], MODEL_REDUCED, &result);
        model_print(scenarios[i], &result);
        if (!result.complete)
            printf("%s\n", result.why);
        good += result.complete && !result.failed;
        all++;
    }
    printf("%u of %u scenarios hold in every execution\n", good, all);
    return all > 0 && good == all;
}

// ---- weaker orders ----------------------------------------------------------------------

static uint64_t *hits_now(uint32_t *count)
{
    const model_site *sites = model_sites(count);
    uint64_t *hits = calloc(*count + 1, sizeof(*hits));
    if (hits == NULL)
        abort();
    for (uint32_t s = 0; s < *count; s++)
        hits[s] = sites[s].hits;
    return hits;
}

// learn finds out which scenario meets which site. False: one does not hold as it is.
static bool learn(void)
{
    for (uint32_t i = 0; i < scenario_count; i++) {
        uint32_t count;
        uint64_t *before = hits_now(&count);
        model_explore(scenarios[i], MODEL_REDUCED, &result);
        uint64_t *after = hits_now(&count);
        hit[i] = calloc(count + 1, sizeof(*hit[i]));
        if (hit[i] == NULL)
            abort();
        for (uint32_t s = 0; s < count; s++)
            hit[i][s] = after[s] > before[s];
        free(before);
        free(after);
        if (!result.complete || result.failed) {
            printf("%s does not hold as it is: %s\n", scenarios[i]->name, result.why);
            return false;
        }
    }
    return true;
}

// catcher is the first scenario that fails now; NULL: none. *met: whether any meets the site.
static const model_scenario *catcher(uint32_t site, bool *met)
{
    *met = false;
    for (uint32_t i = 0; i < scenario_count; i++) {
        if (!hit[i][site])
            continue;
        *met = true;
        model_explore(scenarios[i], MODEL_REDUCED, &result);
        if (!result.complete || result.failed)
            return scenarios[i];
    }
    return NULL;
}

// The source file from its folder src on: the build may have come to it by way of others.
static const char *path_of(const model_site *site)
{
    const char *path = site->file;
    for (const char *up; (up = strstr(path, "../")) != NULL;)
        path = up + 3;
    return path;
}

static void weaken(uint32_t site, uint32_t mutant)
{
    static const char *const orders[] = {"relaxed", "acquire", "release", "acq_rel"};
    model_weaken(site, mutant);
    uint32_t count;
    const model_site *s = &model_sites(&count)[site];
    printf("site=%s:%d op=%s order=%s weakened=%s ", path_of(s), s->line, s->op, orders[s->order],
           orders[s->in_force]);
    bool met;
    const model_scenario *by = catcher(site, &met);
    model_weaken_none();
    if (by != NULL)
        printf("outcome=caught by=%s\n", by->name);
    else
        printf("outcome=%s by=-\n", met ? "survived" : "unmet");
}

static bool weaken_all(const char *part)
{
    if (!learn())
        return false;
    uint32_t count;
    const model_site *sites = model_sites(&count);
    for (uint32_t s = 0; s < count; s++) {
        const char *path = path_of(&sites[s]);
        if (strncmp(path, "src/", 4) != 0 || strstr(path, part) == NULL)
            continue;
        for (uint32_t m = 0; m < model_mutants(s); m++)
            weaken(s, m);
    }
    return true;
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    gather();
    const char *mode = argc > 1 ? argv[1] : "", *part = argc > 2 ? argv[2] : "";
    if (strcmp(mode, "--list") == 0)
        return list();
    if (strcmp(mode, "--weaken") == 0)
        return weaken_all(part) ? 0 : 1;
    return explore(mode) ? 0 : 1;
}
