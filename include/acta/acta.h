// SPDX-License-Identifier: MIT
//
// acta.h - all of acta. Each header below can be included alone.

#ifndef ACTA_ACTA_H
#define ACTA_ACTA_H

#include <acta/actor.h>   // actors: spawn, receive
#include <acta/door.h>    // other programs, without acta
#include <acta/error.h>   // status codes
#include <acta/event.h>   // timers, monitors
#include <acta/message.h> // message types and messages
#include <acta/name.h>    // names
#include <acta/node.h>    // other processes
#include <acta/port.h>    // descriptors, signals
#include <acta/process.h> // actors in processes of their own
#include <acta/promise.h> // answering later, and handing a request on
#include <acta/sender.h>  // senders, addresses, send, ask, reply
#include <acta/system.h>  // the system itself

#endif
