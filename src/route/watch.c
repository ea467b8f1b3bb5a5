// SPDX-License-Identifier: MIT
//
// watch.c - the peer's actors that watch ours: the proxy of the watcher is a watcher like any other.
//
// A watch links the peer's MONITOR to the record that is with the watched actor here. It goes when the record comes
// back as a DOWN and is written, when the peer takes it back, or with the node.

#include <stdlib.h>

#include "core/monitor.h"
#include "route/node.h"

typedef struct watch {
    acti_list link; // in the watcher's list
    acta_msg *record;
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

void acti_watch_start(acti_node *node, const acti_frame *frame)
{
    acti_export *watched = acti_export_seek(node, frame->actor);
    acti_proxy *watcher = acti_proxy_get(node, frame->from, "a remote actor");
    watch *w = watcher != NULL ? calloc(1, sizeof(*w)) : NULL;
    acta_msg *record = NULL;
    // A number that means nothing any more is watched in the watcher's own name: the DOWN goes the way of all others.
    if (w != NULL)
        record = acti_monitor_new(watcher->actor, watched != NULL ? watched->actor : watcher->actor, frame->id);
    if (record == NULL) {
        free(w);
        acti_node_break(node, ACTA_ENOMEM, "no memory for a monitor: free some, then connect again");
        return;
    }
    *w = (watch){.record = record, .id = frame->id};
    acti_list_push(&watcher->watches, &w->link);
    *acti_monitor_tag(record) = (uint64_t)(uintptr_t)w;
    if (watched != NULL)
        acti_monitor_give(watched->actor, record);
    else
        acti_monitor_down(record, "", ACTA_EGONE);
}

static void forget(watch *w)
{
    acti_list_remove(&w->link);
    free(w);
}

void acti_watch_stop(acti_node *node, const acti_frame *frame)
{
    acti_proxy *watcher = acti_proxy_get(node, frame->from, "a remote actor");
    watch *w = watcher != NULL ? look_up(watcher, frame->id) : NULL;
    if (w == NULL)
        return; // its DOWN has been written
    acta_msg *record = w->record;
    *acti_monitor_tag(record) = 0;
    forget(w);
    acti_monitor_abandon(watcher->actor, record);
}

void acti_watch_done(acta_msg *m)
{
    watch *w = (watch *)(uintptr_t)*acti_monitor_tag(m);
    if (w != NULL)
        forget(w);
}

void acti_watches_end(acti_proxy *watcher)
{
    acti_list *link;
    while ((link = acti_list_pop(&watcher->watches)) != NULL) {
        watch *w = ACTI_CONTAINER_OF(link, watch, link);
        acta_msg *record = w->record;
        *acti_monitor_tag(record) = 0;
        acti_monitor_abandon(watcher->actor, record);
        free(w);
    }
}
