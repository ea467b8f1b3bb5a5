// SPDX-License-Identifier: MIT
//
// monitor.c - the way of a monitor's record.

#include "core/monitor.h"

#include <string.h>

#include "base/pool.h"
#include "core/link.h"
#include "core/pending.h"
#include "core/system.h"
#include "core/type.h"

acti_monitor *acti_monitor_of(acta_msg *m)
{
    if (m->kind == ACTI_MSG_DEMONITOR)
        return ACTI_CONTAINER_OF(m, acti_monitor, undo);
    return (acti_monitor *)(void *)m;
}

acta_msg *acti_monitor_new(acti_actor *watcher, acti_actor *watched, uint64_t id)
{
    uint32_t room;
    uint16_t cause_bytes = watched->place == ACTI_PLACE_PROXY || watched->place == ACTA_PROCESS ? ACTI_CAUSE_BYTES : 1;
    acti_monitor *record = acti_pool_alloc(sizeof(*record) + cause_bytes, &room);
    if (record == NULL)
        return NULL;
    memset(record, 0, sizeof(*record));
    record->cause_bytes = cause_bytes;
    record->msg = (acta_msg){.type = acta_type_of(acta_down), .kind = ACTI_MSG_MONITOR, .room = (uint16_t)(room / 64)};
    record->undo = (acta_msg){.kind = ACTI_MSG_DEMONITOR, .flags = ACTI_MSG_EMBEDDED};
    acti_actor_ref(watcher);
    acti_actor_ref(watched);
    acti_au32_store_relaxed(&record->refs, 1); // nobody else knows it yet
    record->watcher = watcher;
    record->watched = watched;
    record->id = id;
    return &record->msg;
}

int acta_monitor(acta_self *self, acta_addr *who, uint64_t *monitor)
{
    acti_actor *watcher = acti_actor_of_self(self);
    acti_actor *watched = acti_actor_of_addr(who);
    acta_msg *m = acti_monitor_new(watcher, watched, 0);
    if (m == NULL)
        return ACTA_ENOMEM;
    acti_monitor *record = acti_monitor_of(m);
    int status = acti_pending_add(watcher, record, ACTI_PENDING_MONITOR, &record->id);
    if (status != ACTA_OK) {
        acti_monitor_drop(m);
        return status;
    }
    *monitor = record->id;
    acti_monitor_give(watched, m);
    return ACTA_OK;
}

void acti_monitor_give(acti_actor *watched, acta_msg *m)
{
    int status = acti_actor_push(watched, m);
    // Who watches an actor of a node that is down hears why that is, as those do who were in time; it was written
    // before the inbox was closed, which has refused us.
    if (status == ACTA_EUNREACH)
        status = watched->eof;
    // Refused, it may still be ending: its name may be taken yet, and answers to the watcher be on their way.
    if (status != ACTA_OK && !acti_system_leave_late(watched, m))
        acti_monitor_down(m, watched->name, status);
}

void acti_monitor_request(acti_actor *watched, acta_msg *m)
{
    acti_monitor *record = acti_monitor_of(m);
    if (m->kind == ACTI_MSG_MONITOR) {
        acti_list_push(&watched->watchers, &record->link);
    } else {
        if (acti_list_linked(&record->link)) {
            acti_list_remove(&record->link);
            if (acti_link_is(record))
                acti_link_over(record, ACTA_OK);
            else
                acti_monitor_down(&record->msg, watched->name, ACTA_OK);
        }
        acti_monitor_drop(m);
    }
}

void acti_monitor_end(acti_actor *watched, int reason)
{
    // Links last: who watches both ends of one hears of them in the order in which they ended.
    acti_list links;
    acti_list_init(&links);
    acti_list *link;
    while ((link = acti_list_pop(&watched->watchers)) != NULL) {
        acti_monitor *record = ACTI_CONTAINER_OF(link, acti_monitor, link);
        if (acti_link_is(record))
            acti_list_push(&links, link);
        else
            acti_monitor_down(&record->msg, watched->name, reason);
    }
    while ((link = acti_list_pop(&links)) != NULL)
        acti_link_over(ACTI_CONTAINER_OF(link, acti_monitor, link), reason);
}

void acti_monitor_down(acta_msg *m, const char *who, int reason)
{
    acti_monitor_down_for(m, who, reason, "");
}

void acti_monitor_down_for(acta_msg *m, const char *who, int reason, const char *cause)
{
    acti_monitor *record = acti_monitor_of(m);
    acta_system *sys = record->watcher->sys;
    size_t length = acti_text_fit(cause, strlen(cause), record->cause_bytes - 1u);
    acti_name_copy(record->who, who);
    memcpy(record->cause, cause, length);
    record->cause[length] = '\0';
    record->down = (acta_down){.monitor = record->id, .who = record->who, .reason = reason, .cause = record->cause};
    m->kind = ACTI_MSG_DOWN;
    m->size = (uint32_t)(sizeof(record->down) + sizeof(record->who));
    if (acti_actor_push(record->watcher, m) == ACTA_OK)
        acti_tally(sys, ACTI_SENT, 1);
    else
        acti_monitor_drop(m);
}

uint64_t *acti_monitor_tag(acta_msg *monitor)
{
    return &((acti_monitor *)(void *)monitor)->tag; // not acti_monitor_of: the kind may be changing elsewhere
}

uint64_t *acti_monitor_number(acta_msg *monitor)
{
    return &((acti_monitor *)(void *)monitor)->number;
}

acti_monitor_view acti_monitor_see(acta_msg *m)
{
    acti_monitor *record = acti_monitor_of(m);
    return (acti_monitor_view){
        .monitor = &record->msg,
        .watcher = record->watcher,
        .watched = record->watched,
        .id = record->id};
}

void acti_monitor_drop(acta_msg *m)
{
    acti_monitor *record = acti_monitor_of(m);
    // Acquires what the holder of the other message did: the memory is freed.
    if (acti_au32_sub_acq_rel(&record->refs, 1) != 1)
        return;
    acti_actor_unref(record->watcher);
    acti_actor_unref(record->watched);
    acti_msg_release(&record->msg);
}

acta_msg *acti_monitor_admit(acti_actor *watcher, acta_msg *m)
{
    acti_monitor *record = acti_monitor_of(m);
    if (record->cancelled) {
        acti_tally(watcher->sys, ACTI_DROPPED_CANCEL, 1);
        acti_monitor_drop(m);
        return NULL;
    }
    (void)acti_pending_remove(watcher, record->id, ACTI_PENDING_MONITOR);
    // From here on it is a message like any other. No DEMONITOR is on its way: this is what it would have prevented.
    acti_actor_unref(record->watcher);
    acti_actor_unref(record->watched);
    return m;
}

void acti_monitor_abandon(acti_actor *watcher, void *pending)
{
    (void)watcher;
    acti_monitor *record = pending;
    record->cancelled = true;
    acti_monitor_hold(record);
    acti_monitor_undo(record);
}

void acti_monitor_undo(acti_monitor *record)
{
    // Refused when the watched has ended: then what it says about that is on its way already, or here.
    if (acti_actor_push(record->watched, &record->undo) != ACTA_OK)
        acti_monitor_drop(&record->undo);
}

void acta_demonitor(acta_self *self, uint64_t monitor)
{
    acti_actor *watcher = acti_actor_of_self(self);
    acti_monitor *record = acti_pending_remove(watcher, monitor, ACTI_PENDING_MONITOR);
    if (record != NULL)
        acti_monitor_abandon(watcher, record);
}
