// SPDX-License-Identifier: MIT
//
// page.h - one page of memory that a process and the one that made it share: what the new process is to be, and what it
// was about when it died.
//
// It is a file in memory that no name leads to. The new process finds it as a descriptor whose number stands in the one
// environment variable, ACTA_PROCESS, maps it and closes it. The file cannot be made shorter, so looking at it is safe
// for the maker, whatever the other process does to it: it may have written anything there.

#ifndef ACTI_PROC_PAGE_H
#define ACTI_PROC_PAGE_H

#include <acta/process.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/code.h"
#include "core/message.h"
#include "core/type.h"
#include "link/url.h"

#define ACTI_PAGE_VARIABLE "ACTA_PROCESS"
#define ACTI_PAGE_DESCRIPTOR 3 // in the new process

typedef struct acti_page {
    // ---- written by the maker, before the process is there
    char version[32]; // of the library: one that was replaced on disk meanwhile may see another page
    uint64_t session; // the number that both sides know the session by
    char path[ACTI_URL_PATH_MAX + 1]; // where the maker listens
    pid_t maker;
    bool reports; // there is a socket for what is to be reported
    acta_system_opts system; // without what points
    char code[ACTI_CODE_NAME_MAX + 1];
    char name[ACTI_NAME_BYTES];
    bool has_args; // the first message is the arguments
    uint64_t state_bytes;
    uint32_t capacity;
    uint32_t stack_bytes;
    acta_limits limits;

    // ---- written by the process
    acti_au32 begun;   // 1: its actor has been given the start
    char trouble[160]; // why it could not begin
    char last[ACTI_TYPE_NAME_MAX + 1]; // type of the message that its actor took last
} acti_page;

// acti_page_new makes a page of zeros.
//
// Owns:    *page is the caller's, to be given to acti_page_free, and *fd to be closed.
// Errors:  ACTA_EFULL no more descriptors; ACTA_ENOMEM; ACTA_EIO.
ACTA_NODISCARD int
acti_page_new(acti_page **page, int *fd);

// acti_page_given gives in *page the page that this process was made with, and removes the variable and the descriptor;
// NULL when it was not made for an actor.
//
// Errors:  ACTA_EVERSION it was, by another version of the library: the process is not to go on; ACTA_ENOMEM likewise.
ACTA_NODISCARD int
acti_page_given(acti_page **page);

void
acti_page_free(acti_page **page);

#endif
