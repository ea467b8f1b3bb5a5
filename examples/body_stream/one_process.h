// SPDX-License-Identifier: MIT
//
// one_process.h - the same actors in one process: nothing but where they run is different.

#ifndef BODY_STREAM_ONE_PROCESS_H
#define BODY_STREAM_ONE_PROCESS_H

#include "side_net.h"
#include "side_script.h"

// one_process_run: what net_side_run and script_side_run do together. The URLs are not used.
void
one_process_run(acta_system *sys, const net_opts *net, const script_opts *script, net_tally *tally);

#endif
