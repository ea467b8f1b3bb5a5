// SPDX-License-Identifier: MIT
//
// claims.h - what a scenario claims: in one schedule, and over all of an exploration.

#ifndef ACTI_SIM_CLAIMS_H
#define ACTI_SIM_CLAIMS_H

#include <acta/sim.h>

typedef struct acti_claims acti_claims;

// acti_claims_new gives the claims of an exploration; NULL without memory.
acti_claims *
acti_claims_new(void);
void
acti_claims_free(acti_claims *claims);

// acti_claims_begin forgets what the last schedule claimed, but not what was reached in it.
void
acti_claims_begin(acti_claims *claims);

// acti_claims_always looks at every such claim: NULL, or the first that does not hold. acti_claims_eventually the same.
const char *
acti_claims_always(const acti_claims *claims);
const char *
acti_claims_eventually(const acti_claims *claims);

// acti_claims_watch: whether there are claims of this schedule that look at the world after each step.
bool
acti_claims_watch(const acti_claims *claims);

// acti_claims_missed: NULL, or the first `sometimes` or gauge that was never reached; what says what of it was missed.
const char *
acti_claims_missed(const acti_claims *claims, const char **what);

#endif
