// SPDX-License-Identifier: MIT
//
// link.c - making links, and their ends.

#include "core/link.h"

#include "core/pending.h"

acta_msg *acti_link_make(acti_actor *maker, acti_actor *other, uint64_t id)
{
    acta_msg *m = acti_monitor_new(maker, other, id);
    if (m != NULL)
        acti_au32_store_relaxed(&acti_monitor_of(m)->fate, ACTI_FATE_BOUND); // published by the push
    return m;
}

int acta_link(acta_self *self, acta_addr *who, uint64_t *link)
{
    acti_actor *maker = acti_actor_of_self(self);
    acti_actor *other = acti_actor_of_addr(who);
    if (other == maker)
        return ACTA_EINVAL;
    acta_msg *m = acti_link_make(maker, other, 0);
    if (m == NULL)
        return ACTA_ENOMEM;
    acti_monitor *record = acti_monitor_of(m);
    int status = acti_pending_add(maker, record, ACTI_PENDING_LINK, &record->id);
    if (status != ACTA_OK) {
        acti_monitor_drop(m);
        return status;
    }
    status = acti_actor_push(other, m);
    if (status != ACTA_OK) {
        (void)acti_pending_remove(maker, record->id, ACTI_PENDING_LINK);
        acti_monitor_drop(m);
        return status;
    }
    *link = record->id; // in our own turn, before which nobody frees it
    return ACTA_OK;
}

// decide gives a bound link its fate; false: it has one, which is *found.
static bool decide(acti_monitor *record, uint32_t fate, uint32_t *found)
{
    *found = ACTI_FATE_BOUND;
    // Relaxed: the word is all there is to see. The weak compare-and-swap may fail for nothing.
    while (*found == ACTI_FATE_BOUND)
        if (acti_au32_cas_relaxed(&record->fate, found, fate))
            return true;
    return false;
}

void acta_unlink(acta_self *self, uint64_t link)
{
    acti_actor *maker = acti_actor_of_self(self);
    acti_monitor *record = acti_pending_remove(maker, link, ACTI_PENDING_LINK);
    if (record == NULL)
        return;
    uint32_t fate;
    if (!decide(record, ACTI_FATE_OVER, &fate))
        acti_actor_force(maker, (int32_t)fate);
    acti_monitor_hold(record);
    acti_monitor_undo(record);
}

// ---- the watched ends, or has let go ---------------------------------------------------

void acti_link_over(acti_monitor *record, int reason)
{
    acti_actor *maker = record->watcher;
    uint32_t fate;
    bool fatal = reason < 0 && decide(record, (uint32_t)reason, &fate);
    record->msg.kind = ACTI_MSG_LINK_OVER;
    if (maker->ops->unbind != NULL) {
        maker->ops->unbind(maker, &record->msg);
        return;
    }
    if (fatal)
        acti_actor_force(maker, reason);
    if (acti_actor_push(maker, &record->msg) != ACTA_OK)
        acti_monitor_drop(&record->msg);
}

int acti_link_reason(const acti_monitor *record)
{
    // Relaxed: the word is all there is to see.
    int32_t fate = (int32_t)acti_au32_load_relaxed(&record->fate);
    return fate < 0 ? fate : ACTA_OK;
}

void acti_link_admit(acti_actor *maker, acta_msg *m)
{
    (void)acti_pending_remove(maker, acti_monitor_of(m)->id, ACTI_PENDING_LINK);
    acti_monitor_drop(m);
}

// ---- the maker ends --------------------------------------------------------------------

void acti_link_gather(void *pending, acti_list *links)
{
    acti_monitor *record = pending;
    acti_monitor_hold(record);
    acti_list_push(links, &record->own);
}

void acti_link_end(acti_list *links, int reason)
{
    acti_list *own;
    while ((own = acti_list_pop(links)) != NULL)
        acti_link_undo(ACTI_CONTAINER_OF(own, acti_monitor, own), reason);
}

void acti_link_undo(acti_monitor *record, int reason)
{
    uint32_t fate;
    if (decide(record, ACTI_FATE_OVER, &fate) && reason < 0)
        acti_actor_force(record->watched, reason);
    acti_monitor_undo(record);
}
