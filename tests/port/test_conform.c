// SPDX-License-Identifier: MIT
//
// C-PLACE and C-WATCH: descriptors and signals are told alike wherever an actor runs. The rest of the suite is that of
// the core: see core/stage.h.

#include "pipes.h"

#include "core/stage.h"

#include <acta/port.h>
#include <signal.h>

static tube letters;

enum { WATCH = 1, UNWATCH, WATCH_SIGNAL, WATCH_NOTHING };

static int watches(acta_self *self, void *arg, acta_msg *m)
{
    stage *s = arg;
    if (m == NULL)
        return ACTA_OK;
    const acta_fd_event *event = acta_as(acta_fd_event, m);
    const acta_signal_event *got = acta_as(acta_signal_event, m);
    if (event != NULL) {
        kit_claim(event->watch == s->id && event->fd == letters.out);
        stage_note(s, "for %d; ", (int)event->events);
        if (event->events & ACTA_READABLE)
            kit_claim(tube_take(&letters));
        else
            acta_unwatch(self, s->id);
        return ACTA_OK;
    }
    if (got != NULL) {
        kit_claim(got->watch == s->id && got->signo == SIGUSR1 && got->count == 1);
        return ACTA_OK;
    }
    switch (acta_as(item, m)->n) {
    case WATCH:
        stage_did(s, "watch", acta_watch_fd(self, letters.out, ACTA_READABLE, &s->id));
        break;
    case UNWATCH:
        acta_unwatch(self, s->id);
        break;
    case WATCH_SIGNAL:
        stage_did(s, "watch", acta_watch_signal(self, SIGUSR1, &s->id));
        break;
    case WATCH_NOTHING:
        stage_did(s, "watch", acta_watch_fd(self, -1, ACTA_READABLE, &s->id));
        break;
    default:
        break;
    }
    return ACTA_OK;
}

static void let_it_watch(stage *s)
{
    letters = tube_open(TUBE_PIPE);
    stage_tell(s, WATCH_NOTHING, 1);
    assert_true(tube_put(&letters) && tube_put(&letters));
    stage_tell(s, WATCH, 3);
    stage_tell(s, UNWATCH, 1);
    assert_true(tube_put(&letters));
    stage_tell(s, WATCH, 2); // what was put in between is told to the new watch alone
    close(letters.in);
    letters.in = -1;
    stage_await(s, 1);
    acta_tx_drop(&s->tx);
    stage_wait(&s->witnessed);
    acti_park_give(&s->witnessed);
    tube_close(&letters);
}

static void let_it_watch_a_signal(stage *s)
{
    stage_tell(s, WATCH_SIGNAL, 1);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(kill(getpid(), SIGUSR1), 0);
        stage_await(s, 1);
    }
    acta_tx_drop(&s->tx); // a watch keeps nobody alive
}

#define ENDED(how) "ended " how ", name ENOENT; "

static const scene scenes[] = {
    {"a descriptor", 0, false, watches, let_it_watch,
     "item 4; watch EINVAL; item 1; watch OK; acta_fd_event; for 1; acta_fd_event; for 1; item 2; item 1; "
     "watch OK; acta_fd_event; for 1; acta_fd_event; for 4; eof OK; " ENDED("OK")},
    {"a signal", 0, false, watches, let_it_watch_a_signal,
     "item 3; watch OK; acta_signal_event; acta_signal_event; eof OK; " ENDED("OK")},
};

TEST(an_actor_is_told_of_descriptors_and_signals_alike_wherever_it_runs)
{
    STAGE_RUN(scenes);
}

int main(void)
{
    return TEST_RUN(case_of(an_actor_is_told_of_descriptors_and_signals_alike_wherever_it_runs));
}
