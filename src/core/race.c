// SPDX-License-Identifier: MIT
//
// race.c - the words for a two-path race.

#include "core/race.h"

#include "core/why.h"

static const char *const orders[] = {
    [ACTI_RACE_KEPT] = "though it came behind it this time",
    [ACTI_RACE_SWAPPED] = "and this time it came first",
    [ACTI_RACE_LOST] = "and this time the first was never handled",
};

size_t acti_race_say(const acti_race *race, char *text, size_t size)
{
    const char *receiver = race->receiver_name;
    acti_text to = {.at = text, .size = size};
    acti_text_add(&to, "two-path race at %s: %s of %s came by %s -> %s, and %s, sent after it, by ", receiver,
                  race->first.type->name, race->path[0], race->path[0], receiver, race->second.type->name);
    for (int i = 0; race->path[i] != NULL; i++)
        acti_text_add(&to, "%s -> ", race->path[i]);
    acti_text_add(&to, "%s: nothing keeps the second behind the first, %s; send both by one path, or send the second "
                  "when %s has answered the first", receiver, orders[race->order], receiver);
    return to.length;
}
