// SPDX-License-Identifier: MIT
//
// onlookers.c - two actors that see the body go by: one counts, one draws.

#include "onlookers.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../body_stream/messages.h"

ACTA_MESSAGE(so_far, (u64, bytes), (u64, packages));

#define METER_STEPS 50 // times that the meter is told
#define BAR 40
#define NOT_HERE UINT32_MAX // this line does not begin with the key

static const char key[] = "Package:";

// count_packages goes on where the last piece ended, even in the middle of a key.
static void count_packages(onlookers *o, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (o->matched == NOT_HERE) {
            const char *line_end = memchr(text + i, '\n', size - i);
            if (line_end == NULL)
                return;
            i = (size_t)(line_end - text);
            o->matched = 0;
        } else if (text[i] == key[o->matched]) {
            if (++o->matched == sizeof(key) - 1) {
                o->packages++;
                o->matched = NOT_HERE;
            }
        } else {
            o->matched = text[i] == '\n' ? 0 : NOT_HERE;
        }
    }
}

static int counter_handler(acta_self *self, void *arg, acta_msg *m)
{
    onlookers *o = arg;
    const chunk *c = m != NULL ? acta_as(chunk, m) : NULL;
    if (m != NULL && c == NULL) {
        acta_unhandled(self, m);
    } else if (c == NULL) {
        acta_finish(&o->meter, so_far, .bytes = o->bytes, .packages = o->packages);
    } else {
        count_packages(o, c->data.data, c->data.size);
        o->bytes += c->data.size;
        if (o->bytes - o->told >= o->total / METER_STEPS) {
            (void)!acta_send(o->meter, so_far, .bytes = o->bytes, .packages = o->packages);
            o->told = o->bytes;
        }
        if (o->kill_at > 0 && o->bytes >= o->kill_at && o->script > 0) {
            (void)kill(o->script, SIGKILL);
            o->kill_at = 0;
        }
    }
    return ACTA_OK;
}

static void draw(uint64_t percent, const so_far *now, bool last)
{
    char bar[BAR + 1];
    for (int i = 0; i < BAR; i++)
        bar[i] = (uint64_t)i * 100 < percent * BAR ? '#' : '.';
    bar[BAR] = '\0';
    printf("\r   [%s] %3u%%  %6.1f MB  %u packages%s", bar, (unsigned)percent, (double)now->bytes / 1e6,
           (unsigned)now->packages, last ? "\n" : "");
    fflush(stdout);
}

// The meter's state is the percentage it has told, and what the total is.
typedef struct meter {
    uint64_t total;
    uint64_t percent;
    bool terminal;
    so_far now;
} meter;

static int meter_handler(acta_self *self, void *arg, acta_msg *m)
{
    meter *of = arg;
    if (m == NULL) {
        if (of->terminal)
            draw(of->percent, &of->now, true);
        return ACTA_OK;
    }
    if (!acta_is(so_far, m)) {
        acta_unhandled(self, m);
        return ACTA_OK;
    }
    of->now = *acta_as(so_far, m);
    uint64_t percent = of->total > 0 ? of->now.bytes * 100 / of->total : 100;
    if (of->terminal)
        draw(percent, &of->now, false);
    else if (percent / 10 > of->percent / 10)
        printf("   %3u%%  %6.1f MB  %u packages\n", (unsigned)percent, (double)of->now.bytes / 1e6,
               (unsigned)of->now.packages);
    of->percent = percent;
    return ACTA_OK;
}

int onlookers_open(onlookers *o, acta_system *sys, acta_tx **tap)
{
    static meter drawn; // one at a time
    drawn = (meter){.total = o->total, .terminal = isatty(STDOUT_FILENO) == 1};
    int status = acta_spawn(sys, &o->meter, .handler = meter_handler, .arg = &drawn, .name = "meter");
    if (status == ACTA_OK)
        status = acta_spawn(sys, tap, .handler = counter_handler, .arg = o, .name = "counter");
    if (status != ACTA_OK)
        acta_tx_drop(&o->meter);
    return status;
}
