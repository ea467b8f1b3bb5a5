// SPDX-License-Identifier: MIT
//
// claims.c - keeping claims, and asking whether they hold.

#include "sim/claims.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/kernel.h"

#define CLAIMS_MAX 256 // of a scenario; more are ignored and said to be missed

typedef enum claim_kind { ALWAYS, EVENTUALLY, SOMETIMES, GAUGE } claim_kind;

typedef struct entry {
    claim_kind kind;
    bool reached; // SOMETIMES, GAUGE: in any schedule
    const char *text;
    bool (*holds)(void *arg); // ALWAYS, EVENTUALLY
    void *arg;
} entry;

struct acti_claims {
    entry lasting[CLAIMS_MAX]; // of all schedules: SOMETIMES and GAUGE
    uint32_t lasting_count;
    entry now[CLAIMS_MAX]; // of this schedule: ALWAYS and EVENTUALLY
    uint32_t now_count;
    bool too_many;
};

acti_claims *acti_claims_new(void)
{
    return calloc(1, sizeof(acti_claims));
}

void acti_claims_free(acti_claims *claims)
{
    free(claims);
}

void acti_claims_begin(acti_claims *claims)
{
    claims->now_count = 0;
}

static const char *first_broken(const acti_claims *claims, claim_kind kind)
{
    for (uint32_t i = 0; i < claims->now_count; i++) {
        const entry *c = &claims->now[i];
        if (c->kind == kind && !c->holds(c->arg))
            return c->text;
    }
    return NULL;
}

const char *acti_claims_always(const acti_claims *claims)
{
    return first_broken(claims, ALWAYS);
}

bool acti_claims_watch(const acti_claims *claims)
{
    for (uint32_t i = 0; i < claims->now_count; i++)
        if (claims->now[i].kind == ALWAYS)
            return true;
    return false;
}

const char *acti_claims_eventually(const acti_claims *claims)
{
    return first_broken(claims, EVENTUALLY);
}

const char *acti_claims_missed(const acti_claims *claims, const char **what)
{
    *what = "there are more claims than the sim keeps";
    if (claims->too_many)
        return "of the scenario";
    for (uint32_t i = 0; i < claims->lasting_count; i++) {
        const entry *c = &claims->lasting[i];
        *what = c->kind == GAUGE ? "the maximum was reached in no schedule" : "it happened in no schedule";
        if (!c->reached)
            return c->text;
    }
    return NULL;
}

// lasting gives the claim of that text, made if need be; NULL: there are too many.
static entry *lasting(acti_claims *claims, claim_kind kind, const char *text)
{
    for (uint32_t i = 0; i < claims->lasting_count; i++)
        if (claims->lasting[i].text == text || strcmp(claims->lasting[i].text, text) == 0)
            return &claims->lasting[i];
    if (claims->lasting_count == CLAIMS_MAX) {
        claims->too_many = true;
        return NULL;
    }
    entry *c = &claims->lasting[claims->lasting_count++];
    *c = (entry){.kind = kind, .text = text};
    return c;
}

static void claim_now(acta_sim *sim, claim_kind kind, const char *text, bool (*holds)(void *arg), void *arg)
{
    if (sim == NULL || acti_sim_unseen(sim))
        return;
    acti_claims *claims = sim->claims;
    if (claims->now_count == CLAIMS_MAX)
        claims->too_many = true;
    else
        claims->now[claims->now_count++] = (entry){.kind = kind, .text = text, .holds = holds, .arg = arg};
}

// ---- what scenarios call ------------------------------------------------------------------

void acta_sim_check(acta_sim *sim, const char *claim, bool ok)
{
    if (sim != NULL && !ok)
        acti_sim_fail(sim, claim);
}

void acta_sim_always(acta_sim *sim, const char *claim, bool (*holds)(void *arg), void *arg)
{
    claim_now(sim, ALWAYS, claim, holds, arg);
}

void acta_sim_eventually(acta_sim *sim, const char *claim, bool (*holds)(void *arg), void *arg)
{
    claim_now(sim, EVENTUALLY, claim, holds, arg);
}

void acta_sim_sometimes(acta_sim *sim, const char *claim, bool reached)
{
    if (sim == NULL || acti_sim_unseen(sim))
        return;
    entry *c = lasting(sim->claims, SOMETIMES, claim);
    if (c != NULL && reached)
        c->reached = true;
}

void acta_sim_gauge(acta_sim *sim, const char *claim, int64_t value, int64_t max)
{
    if (sim == NULL || acti_sim_unseen(sim))
        return;
    entry *c = lasting(sim->claims, GAUGE, claim);
    if (c != NULL && value == max)
        c->reached = true;
    if (value > max) {
        char text[256];
        snprintf(text, sizeof(text), "%s: %lld, and at most %lld is claimed", claim, (long long)value,
                 (long long)max);
        acti_sim_fail(sim, text);
    }
}
