// SPDX-License-Identifier: MIT
//
// both.h - the whole: a net process and a script process, started and looked after.

#ifndef BODY_STREAM_BOTH_H
#define BODY_STREAM_BOTH_H

#include <stdbool.h>

#include "side_net.h"
#include "side_script.h"

// both_run starts the two and waits for them; url and log of the options are not used. What net prints on standard
// output is the output. lint: both are started with --lint. Returns the exit status.
int
both_run(const net_opts *net, const script_opts *script, bool lint);

// both_listening tells the starter at the other end of the socket control_fd that peers can connect. It is the
// `listening` of net_opts there, with a pointer to control_fd.
int
both_listening(void *control_fd);

#endif
