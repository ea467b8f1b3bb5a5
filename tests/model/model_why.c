// SPDX-License-Identifier: MIT
//
// What a body waits for (why.h): whoever asks sees a wait that is there, and the body frees it only when nobody looks.

#include <string.h>

#include "core/why.h"
#include "suite.h"
#include "world.h"

static acti_actor *body;
static acti_actor *asked;
static acta_type type = {.name = "question"};
static char text[2][256]; // of each who asks

static int never_run(acta_self *self, void *arg)
{
    (void)self, (void)arg;
    return ACTA_OK;
}

static int never_called(acta_self *self, void *arg, acta_msg *m)
{
    (void)self, (void)arg, (void)m;
    return ACTA_OK;
}

// A body that has not started: its code lies where its waits will be.
static void a_body(void)
{
    acta_tx *tx;
    world_open();
    asked = world_spawn(never_called, NULL, 0, &tx);
    body = world_spawn(never_called, NULL, 0, &tx);
    body->is_body = true;
    body->run.body = never_run;
    world_running(body);
}

// wait_once is acta_await between two looks at its inbox.
static void wait_once(void)
{
    acti_wait *wait = model_alloc(sizeof(*wait));
    *wait = (acti_wait){.who = asked, .type = &type};
    acti_wait_begin(body, wait);
    bool parked = acti_inbox_park(&body->inbox);
    model_claim(parked && acti_inbox_unpark(&body->inbox)); // as if the outcome had come
    acti_wait_end(body, wait);
    model_free(wait);
}

static void start_and_wait(void)
{
    world_enter();
    (void)acti_actor_body(body);
    wait_once();
}

static void start_and_wait_twice(void)
{
    start_and_wait();
    wait_once();
}

static void ask(uint32_t me)
{
    world_enter();
    acti_text out = {.at = text[me], .size = sizeof(text[me])};
    acti_why_doing(body, &out);
}
static void first_asks(void)
{
    ask(0);
}
static void second_asks(void)
{
    ask(1);
}

// Of each who asked, by the first letter of the answer: "waiting", "idle" or "ready".
static void all_were_answered(void)
{
    model_claim(acti_aptr_load_relaxed(&body->run.waits) == NULL);
    uint64_t answers = 0;
    for (uint32_t i = 0; i < 2; i++) {
        model_claim(text[i][0] == '\0' || strchr("wir", text[i][0]) != NULL);
        model_claim(text[i][0] != 'w' || strstr(text[i], "question") != NULL);
        answers = answers * 256 + (uint8_t)text[i][0];
    }
    model_outcome(answers);
}

const model_scenario model_of_why[] = {
    {.name = "why_a_wait_is_freed_when_nobody_looks",
     .contract = "C-ASK",
     .setup = a_body,
     .thread = {start_and_wait_twice, first_asks},
     .check = all_were_answered},
    {.name = "why_two_look_at_one_wait",
     .contract = "C-ASK",
     .setup = a_body,
     .thread = {start_and_wait, first_asks, second_asks},
     .check = all_were_answered},
    {.name = NULL},
};
