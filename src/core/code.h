// SPDX-License-Identifier: MIT
//
// code.h - the program's list of bodies and handlers that have a name, by which a process of the same program finds
// them.
//
// acta_actor_enter is in <acta/process.h>. Entries are static objects of the files that define the code, and are never
// taken out.

#ifndef ACTI_CORE_CODE_H
#define ACTI_CORE_CODE_H

#include <acta/process.h>
#include <stddef.h>

// Bytes in a name, without the NUL: more than anybody calls a function.
#define ACTI_CODE_NAME_MAX 127

// acti_code_of gives the entry of what the options say is to run, or NULL when that was not entered. acti_code_find
// gives the entry of that name, or NULL. Threads: any.
const acta_actor_entry *
acti_code_of(const acta_spawn_opts *opts);
const acta_actor_entry *
acti_code_find(const char *name);

// acti_codes_check looks at every entry: a name stands for one function.
//
// Errors: ACTA_EINVAL; why then holds one line for a person, cut to size bytes.
ACTA_NODISCARD int
acti_codes_check(char *why, size_t size);

#endif
