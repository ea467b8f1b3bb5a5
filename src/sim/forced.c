// SPDX-License-Identifier: MIT
//
// forced.c - a forcing: kept, as text, and as a strategy.
//
// The text of a forcing is canonical: there is one for each, and reading takes that one alone. So whatever was mangled
// on its way through a terminal is refused rather than replayed as something else. Reading takes memory in proportion
// to the text, for choices that really stand in it.

#include "sim/forced.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <acta/error.h>

#include "base/platform.h"
#include "core/why.h"

#define FIRST_ROOM 16
#define ROOM_MAX (UINT32_MAX / 2 / sizeof(acti_forced))

// ---- the choices ----------------------------------------------------------------

static int make_room(acti_forcing *forcing)
{
    if (forcing->count < forcing->room)
        return ACTA_OK;
    if (forcing->room > ROOM_MAX / 2)
        return ACTA_ENOMEM;
    uint32_t room = forcing->room > 0 ? forcing->room * 2 : FIRST_ROOM;
    acti_forced *at = realloc(forcing->at, room * sizeof *at);
    if (at == NULL)
        return ACTA_ENOMEM;
    forcing->at = at;
    forcing->room = room;
    return ACTA_OK;
}

// later_than is whether a choice in this step comes behind all others.
static bool later_than(const acti_forcing *forcing, uint32_t step)
{
    return step > (forcing->count > 0 ? forcing->at[forcing->count - 1].step : 0);
}

int acti_forcing_add(acti_forcing *forcing, uint32_t step, uint32_t choice)
{
    acti_assert(choice > 0 && later_than(forcing, step));
    int status = make_room(forcing);
    if (status == ACTA_OK)
        forcing->at[forcing->count++] = (acti_forced){step, choice};
    return status;
}

void acti_forcing_fini(acti_forcing *forcing)
{
    free(forcing->at);
    *forcing = (acti_forcing){0};
}

// ---- as text ----------------------------------------------------------------------

size_t acti_forcing_write(const acti_forcing *forcing, char *text, size_t size)
{
    acti_text out = {.at = text, .size = size};
    acti_text_add(&out, "seed=%llu", (unsigned long long)forcing->seed);
    for (uint32_t i = 0; i < forcing->count; i++)
        acti_text_add(&out, "%s%u:%u", i == 0 ? " force=" : ",", forcing->at[i].step, forcing->at[i].choice);
    return out.length;
}

static bool read_word(const char **at, const char *word)
{
    size_t length = strlen(word);
    if (strncmp(*at, word, length) != 0)
        return false;
    *at += length;
    return true;
}

// read_number takes a decimal number of at most max, without a sign and without leading zeros.
static bool read_number(const char **at, uint64_t max, uint64_t *number)
{
    const char *digit = *at;
    uint64_t n = 0;
    if (*digit == '0' && digit[1] >= '0' && digit[1] <= '9')
        return false;
    for (; *digit >= '0' && *digit <= '9'; digit++) {
        uint64_t d = (uint64_t)(*digit - '0');
        if (n > (max - d) / 10)
            return false;
        n = n * 10 + d;
    }
    if (digit == *at)
        return false;
    *at = digit;
    *number = n;
    return true;
}

static int read_choice(acti_forcing *forcing, const char **at)
{
    uint64_t step;
    uint64_t choice;
    if (!read_number(at, UINT32_MAX, &step) || !read_word(at, ":") || !read_number(at, UINT32_MAX, &choice))
        return ACTA_EINVAL;
    if (choice == 0 || !later_than(forcing, (uint32_t)step))
        return ACTA_EINVAL;
    return acti_forcing_add(forcing, (uint32_t)step, (uint32_t)choice);
}

static int read_all(acti_forcing *forcing, const char *at)
{
    if (!read_word(&at, "seed=") || !read_number(&at, UINT64_MAX, &forcing->seed))
        return ACTA_EINVAL;
    bool more = read_word(&at, " force=");
    while (more) {
        int status = read_choice(forcing, &at);
        if (status != ACTA_OK)
            return status;
        more = read_word(&at, ",");
    }
    return *at == 0 ? ACTA_OK : ACTA_EINVAL;
}

int acti_forcing_read(acti_forcing *forcing, const char *text)
{
    *forcing = (acti_forcing){0};
    int status = read_all(forcing, text);
    if (status != ACTA_OK)
        acti_forcing_fini(forcing);
    return status;
}

// ---- as a strategy ----------------------------------------------------------------

typedef struct forced {
    acti_strategy base;
    const acti_forcing *forcing;
    uint32_t step; // the last one that was chosen
    uint32_t next; // choice
    bool begun;
} forced;

static bool begin(acti_strategy *strategy, uint64_t seed)
{
    forced *f = (forced *)strategy;
    (void)seed;
    bool first = !f->begun;
    f->begun = true;
    return first;
}

static uint32_t choose(acti_strategy *strategy, const acti_step *steps, uint32_t count)
{
    forced *f = (forced *)strategy;
    (void)steps;
    f->step++;
    if (f->next == f->forcing->count || f->forcing->at[f->next].step != f->step)
        return 0;
    uint32_t choice = f->forcing->at[f->next++].choice;
    return choice < count ? choice : 0;
}

static void end(acti_strategy *strategy, bool cut)
{
    (void)strategy;
    (void)cut;
}

static void fini(acti_strategy *strategy)
{
    free(strategy);
}

acti_strategy *acti_strategy_forced(const acti_forcing *forcing)
{
    static const acti_strategy_ops ops = {.begin = begin, .choose = choose, .end = end, .fini = fini};
    forced *f = malloc(sizeof *f);
    if (f == NULL)
        return NULL;
    *f = (forced){.base = {.ops = &ops, .name = "forced"}, .forcing = forcing};
    return &f->base;
}
