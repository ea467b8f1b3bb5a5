// SPDX-License-Identifier: MIT
//
// items.h - what the actors of the scenarios say to each other.

#ifndef TEST_SIM_ITEMS_H
#define TEST_SIM_ITEMS_H

#include <acta/message.h>

ACTA_MESSAGE(go, (i64, n));
ACTA_MESSAGE(item, (i64, source), (i64, n));
ACTA_MESSAGE(query, (i64, n));
ACTA_MESSAGE(answer, (i64, n));

#endif
