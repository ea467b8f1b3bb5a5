// SPDX-License-Identifier: MIT
//
// holds.c - what nodes count of senders that are on several of them.

#include "route/holds.h"

#include <acta/error.h>

#include "base/platform.h"

// ---- a sender in a message ----------------------------------------------------------

acti_way acti_way_of(uint64_t owner, uint64_t giver, uint64_t taker)
{
    acti_assert(giver != taker);
    if (owner == giver)
        return ACTI_WAY_MINE;
    return owner == taker ? ACTI_WAY_HOME : ACTI_WAY_THIRD;
}

bool acti_way_counts(acti_way way)
{
    return way == ACTI_WAY_MINE; // of the giver's own hold, which covers HOME, the RELEASE comes behind the message
}

bool acti_way_lends(acti_way way)
{
    return way == ACTI_WAY_THIRD;
}

int acti_loan_reason(int outcome)
{
    return outcome == ACTA_OK || outcome == ACTA_ESTOPPED ? ACTA_OK : ACTA_ECRASHED;
}

// ---- at the owner -------------------------------------------------------------------

bool acti_owner_count(acti_owner *owner)
{
    if (owner->held == UINT32_MAX)
        return false;
    owner->held++;
    return true;
}

bool acti_owner_back(acti_owner *owner, uint32_t count)
{
    if (count == 0 || count > owner->held)
        return false;
    owner->held -= count;
    return true;
}

// ---- at any other node --------------------------------------------------------------

bool acti_taker_given(acti_taker *taker)
{
    if (taker->held == UINT32_MAX)
        return false;
    taker->held++;
    return true;
}

unsigned acti_taker_claim(acti_taker *taker)
{
    if (taker->held > 0)
        return ACTI_SAY_TAKEN;
    // Each for itself: a claim that is not answered covers nothing, and may be refused when its giver has died.
    taker->claims++;
    return ACTI_SAY_CLAIM;
}

bool acti_taker_found(acti_taker *taker, bool counted)
{
    acti_assert(taker->claims > 0);
    taker->claims--;
    return !counted || acti_taker_given(taker);
}

bool acti_taker_sends(const acti_taker *taker)
{
    return taker->held > 0 || taker->claims > 0;
}

uint32_t acti_taker_release(acti_taker *taker, uint32_t senders)
{
    if (senders > 0)
        return 0; // what they send is behind the holds, and the RELEASE behind that
    uint32_t count = taker->held;
    taker->held = 0;
    return count;
}
