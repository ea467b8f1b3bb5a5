// SPDX-License-Identifier: MIT
//
// platform.h - the real one, but for thread-local variables: see model_local.

#ifndef MODEL_BASE_PLATFORM_H
#define MODEL_BASE_PLATFORM_H

#pragma GCC system_header // or the compilers warn of include_next
#include_next "base/platform.h"

#undef ACTI_THREAD_LOCAL
#define ACTI_THREAD_LOCAL

#endif
