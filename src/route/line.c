// SPDX-License-Identifier: MIT
//
// line.c - what has come from the peer for an actor whose inbox is full.
//
// It waits in the outbox of a stand-in, the line of that export, which is paused like any sender that finds no room; so
// one slow actor holds up nobody else. The peer's credit bounds it.
//
//   none  --inbox full-->  PAUSED: in the receiver's line, with a reference to the export
//   PAUSED  --woken-->     the ROOM event is on its way to the node, with that reference
//   event taken            flushed: empty, or PAUSED again
//
// The line runs in the node's turns. What waits goes over the bound, counted, in front of a reply or a DOWN, which must
// neither overtake it nor wait (the asker may take nothing else before its reply), and at the end of the session, so
// that nothing that has arrived is lost.

#include "core/outbox.h"
#include "core/pause.h"
#include "core/spawn.h"
#include "core/system.h"
#include "route/node.h"

static void wake(acti_actor *line)
{
    acti_export *export = line->arg;
    if (acti_actor_push(export->node->actor, &export->room_event) != ACTA_OK)
        acti_export_unheard(export); // the node has ended, and emptied the line
}

static const acti_actor_ops of_line = {.wake = wake};

static acti_actor *line_of(acti_export *export)
{
    if (export->line != NULL)
        return export->line;
    acti_actor *line = acti_actor_new(export->node->actor->sys, export->node->actor->name, 0);
    if (line == NULL)
        return NULL;
    line->place = ACTI_PLACE_LINE;
    line->internal = 1;
    line->ops = &of_line;
    line->arg = export;
    acti_au64_store_relaxed(&line->inbox.word, ACTI_INBOX_EMPTY); // nobody else knows it: the node runs it
    export->room_event = acti_node_event_msg(ACTI_NODE_ROOM);
    export->line = line;
    return line;
}

static void run(acti_export *export)
{
    // Before it is paused, because it may be woken at once.
    (void)acti_au32_add_relaxed(&export->refs, 1);
    export->line_paused = true;
    if (acti_outbox_flush(export->line, false) == ACTI_FLUSHED_PAUSED)
        return;
    export->line_paused = false;
    acti_export_unheard(export);
}

static bool is_empty(const acti_export *export)
{
    return export->line == NULL || export->line->outbox == NULL;
}

int acti_line_give(acti_export *export, acta_msg *m)
{
    int status = is_empty(export) ? acti_actor_try(export->actor, m) : ACTA_EFULL;
    if (status != ACTA_EFULL)
        return status;
    acti_actor *line = line_of(export);
    status = line != NULL ? acti_outbox_put(line, export->actor, m) : ACTA_ENOMEM;
    if (status == ACTA_OK && !export->line_paused)
        run(export);
    return status;
}

int acti_line_stop(acti_export *export)
{
    if (is_empty(export)) {
        (void)acti_actor_push_end(export->actor, ACTI_MSG_STOP); // refused: it has ended already
        return ACTA_OK;
    }
    acta_msg *m = acti_msg_new(ACTI_MSG_STOP, NULL, 0, true);
    if (m == NULL)
        return ACTA_ENOMEM;
    int status = acti_outbox_put(export->line, export->actor, m);
    acti_assert(status == ACTA_OK); // it holds something
    return ACTA_OK;
}

void acti_line_room(acti_export *export)
{
    export->line_paused = false;
    if (!is_empty(export))
        run(export);
    acti_export_unheard(export);
}

void acti_line_force(acti_export *export)
{
    if (is_empty(export))
        return;
    bool woken = acti_outbox_force(export->line);
    // Not woken, it never will be; else the event is on its way, and finds the line empty.
    if (export->line_paused && !woken) {
        export->line_paused = false;
        acti_export_unheard(export);
    }
}
