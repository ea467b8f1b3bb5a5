// SPDX-License-Identifier: MIT
//
// limits.h - what this process may use from now on.

#ifndef ACTI_PROC_LIMITS_H
#define ACTI_PROC_LIMITS_H

#include <acta/actor.h>

// acti_limits_set sets the limits for good: neither this process nor those that it makes can raise them again.
//
// Errors:  ACTA_EIO the system does not say what is used by now, or refuses.
ACTA_NODISCARD int
acti_limits_set(const acta_limits *limits);

#endif
