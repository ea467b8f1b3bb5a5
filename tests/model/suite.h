// SPDX-License-Identifier: MIT
//
// suite.h - the scenarios of the core, by mechanism: each list ends with an entry without a name.

#ifndef MODEL_SUITE_H
#define MODEL_SUITE_H

#include "explorer.h"

extern const model_scenario model_of_inbox[];
extern const model_scenario model_of_park[];
extern const model_scenario model_of_senders[];
extern const model_scenario model_of_end[];
extern const model_scenario model_of_ask[];
extern const model_scenario model_of_runq[];
extern const model_scenario model_of_sched[];
extern const model_scenario model_of_pool[];
extern const model_scenario model_of_timer[];
extern const model_scenario model_of_monitor[];
extern const model_scenario model_of_pause[];
extern const model_scenario model_of_why[];
extern const model_scenario model_of_watchdog[];

#endif
