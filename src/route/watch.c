// SPDX-License-Identifier: MIT
//
// watch.c - the peer's actors that watch ours, or have linked themselves to them: the proxy of the watcher is a watcher
// like any other.
//
// A watch ties the peer's MONITOR to the record that is with the watched actor here. It goes when the record comes
// back as a DOWN and is written, when the peer takes it back, or with the node.
//
// A link is a watch of which both sides know. Its maker's node has a record of its own (say.c), with the maker and the
// proxy of the watched, and so the end of either crosses as follows. Neither waits behind what is queued for an actor:
// who is stuck in a circle of full inboxes is to end all the same.
//
//   the watched ends   its record goes to the node instead of into the proxy's queue, and is written as a DOWN with the
//                      error, if that has decided the link; at the other node that decides the maker's record
//   the maker ends     badly: its record forces the proxy of the watched, which is written as an END with the error,
//                      ahead of the proxy's queue; in that queue follows DEMONITOR
//   it unlinks         DEMONITOR; a DOWN that crosses that finds the link decided at the maker's node
//   the session ends   the watched, here, is forced with the reason; so is the maker, there

#include <stdlib.h>

#include "core/link.h"
#include "core/monitor.h"
#include "route/node.h"

typedef struct watch {
    acti_list link; // in the watcher's list
    acti_monitor *record; // not its message: the kind of that may be changing elsewhere
    uint64_t id; // the peer's
} watch;

static watch *look_up(acti_proxy *watcher, uint64_t id)
{
    for (acti_list *at = watcher->watches.next; at != &watcher->watches; at = at->next) {
        watch *w = ACTI_CONTAINER_OF(at, watch, link);
        if (w->id == id)
            return w;
    }
    return NULL;
}

// ---- the beginning ------------------------------------------------------------------------

// begin gives a record to the watched; NULL: its number means nothing any more.
static void begin(acta_msg *record, acti_actor *watched)
{
    if (!acti_link_is(acti_monitor_of(record)) && watched != NULL)
        acti_monitor_give(watched, record);
    else if (!acti_link_is(acti_monitor_of(record)))
        acti_monitor_down(record, "", ACTA_EGONE);
    else if (watched == NULL || acti_actor_push(watched, record) != ACTA_OK)
        acti_link_over(acti_monitor_of(record), ACTA_EGONE);
}

// new_record makes one. Where nobody is watched any more it is in the watcher's own name: the DOWN goes the way of all
// others.
static acta_msg *new_record(const acti_frame *frame, acti_proxy *watcher, acti_actor *watched)
{
    acti_actor *actor = watched != NULL ? watched : watcher->actor;
    return frame->kind == ACTI_FRAME_LINK ? acti_link_make(watcher->actor, actor, frame->id)
                                          : acti_monitor_new(watcher->actor, actor, frame->id);
}

void acti_watch_start(acti_node *node, const acti_frame *frame)
{
    acti_actor *watched = acti_export_actor(node, frame->actor);
    acti_proxy *watcher = acti_proxy_get(node, frame->from, "a remote actor");
    watch *w = watcher != NULL ? calloc(1, sizeof(*w)) : NULL;
    acta_msg *record = w != NULL ? new_record(frame, watcher, watched) : NULL;
    if (record != NULL) {
        *w = (watch){.record = acti_monitor_of(record), .id = frame->id};
        acti_list_push(&watcher->watches, &w->link);
        *acti_monitor_tag(record) = (uint64_t)(uintptr_t)w;
        begin(record, watched);
    } else {
        free(w);
        acti_node_break(node, ACTA_ENOMEM, "no memory for a monitor or a link: free some, then connect again");
    }
    if (watched != NULL)
        acti_actor_unref(watched);
}

// ---- the watched has ended ------------------------------------------------------------------

static void forget(watch *w)
{
    acti_list_remove(&w->link);
    free(w);
}

void acti_watch_done(acta_msg *m)
{
    watch *w = (watch *)(uintptr_t)*acti_monitor_tag(m);
    if (w != NULL)
        forget(w);
}

void acti_watch_unbind(acti_actor *maker, acta_msg *m)
{
    m->kind = ACTI_MSG_EVENT;
    m->size = ACTI_NODE_UNBOUND;
    if (acti_actor_push(acti_proxy_of(maker)->node->actor, m) != ACTA_OK)
        acti_monitor_drop(m); // the node has ended, and given up its watches
}

void acti_watch_unbound(acta_msg *m)
{
    acti_monitor *record = acti_monitor_of(m);
    watch *w = (watch *)(uintptr_t)*acti_monitor_tag(m);
    if (w != NULL) {
        acti_proxy *maker = acti_proxy_of(acti_monitor_see(m).watcher);
        acti_frame frame = {
            .kind = ACTI_FRAME_DOWN, .from = maker->id, .id = w->id, .status = acti_link_reason(record)};
        acti_node_put(maker->node, &frame);
        forget(w);
    }
    acti_monitor_drop(m);
}

// ---- the watcher lets go, or has gone -----------------------------------------------------------

// give_up takes a watch back. A link forces the watched, if reason is that of a maker that has ended badly.
static void give_up(acti_proxy *watcher, watch *w, int reason)
{
    acti_monitor *record = w->record;
    *acti_monitor_tag(&record->msg) = 0;
    forget(w);
    if (!acti_link_is(record)) {
        acti_monitor_abandon(watcher->actor, record);
        return;
    }
    acti_monitor_hold(record);
    acti_link_undo(record, reason);
}

void acti_watch_stop(acti_node *node, const acti_frame *frame)
{
    acti_proxy *watcher = acti_proxy_get(node, frame->from, "a remote actor");
    watch *w = watcher != NULL ? look_up(watcher, frame->id) : NULL; // NULL: its DOWN has been written
    if (w != NULL)
        give_up(watcher, w, ACTA_OK);
}

void acti_watches_end(acti_proxy *watcher, int reason)
{
    while (!acti_list_empty(&watcher->watches))
        give_up(watcher, ACTI_CONTAINER_OF(watcher->watches.next, watch, link), reason);
}
