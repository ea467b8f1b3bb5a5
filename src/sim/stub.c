// SPDX-License-Identifier: MIT
//
// stub.c - stands in for the exhaustive strategy until it follows.

#include "sim/strategy.h"

acti_strategy *acti_strategy_exhaustive(void)
{
    return acti_strategy_random();
}
