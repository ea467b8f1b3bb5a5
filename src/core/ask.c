// SPDX-License-Identifier: MIT
//
// ask.c - asking, and which outcome the asker sees.
//
//   record      --reply taken-->    alarm unset: freed
//   (pending)                       alarm has fired, its message is on its way: settled, freed when that is taken
//               --timeout taken-->  becomes the failure the asker sees
//   A reply that finds no record is late: dropped and counted.

#include "core/ask.h"

#include <string.h>

#include "base/pool.h"
#include "core/pending.h"
#include "core/promise.h"
#include "core/sender.h"
#include "core/system.h"

typedef struct ask_record {
    // The failure message that a timeout becomes: header, body with its texts, extension.
    acta_msg msg;
    acta_failure failure;
    char who[ACTI_NAME_BYTES];
    char cause[128];
    acti_msg_ext ext;
    // The record.
    acti_alarm alarm;
    acti_actor *asker;  // one reference
    acti_wait wait;     // for whom, with a reference
    uint64_t id;
    bool alarmed; // the alarm has been set
    bool settled; // its asker has the outcome: the timeout on its way is to be thrown away
} ask_record;

#define TIMEOUT_BYTES (offsetof(ask_record, ext) - sizeof(acta_msg))
_Static_assert(TIMEOUT_BYTES % 8 == 0, "the extension lies where acti_msg_ext_of looks for it");

static void fire(acti_alarm *alarm);

static void free_record(ask_record *record)
{
    acti_actor_unref(record->asker);
    acti_actor_unref(record->wait.who);
    acti_msg_release(&record->msg);
}

static int new_record(acti_actor *asker, acti_actor *target, const acta_type *type, ask_record **out)
{
    uint32_t room;
    ask_record *record = acti_pool_alloc(sizeof(*record), &room);
    if (record == NULL)
        return ACTA_ENOMEM;
    memset(record, 0, sizeof(*record));
    record->msg = (acta_msg){.kind = ACTI_MSG_TIMEOUT, .room = (uint16_t)(room / 64)};
    int status = acti_pending_add(asker, record, ACTI_PENDING_ASK, &record->id);
    if (status != ACTA_OK) {
        acti_pool_free(record, room);
        return status;
    }
    acti_actor_ref(asker);
    acti_actor_ref(target);
    record->asker = asker;
    record->wait = (acti_wait){.who = target, .type = type};
    record->alarm.fire = fire;
    *out = record;
    return ACTA_OK;
}

// ---- asking ---------------------------------------------------------------------

int acta_ask_body(acta_self *self, acta_tx *to, uint64_t timeout_ns, uint64_t *id, const acta_type *type,
                  const void *body)
{
    acti_actor *asker = acti_actor_of_self(self);
    acti_actor *target = acti_actor_of_tx(to);
    if (acti_here.actor != asker)
        return ACTA_EINVAL;
    ask_record *record;
    int status = new_record(asker, target, type, &record);
    if (status != ACTA_OK)
        return status;
    acta_msg *m;
    status = acti_request_new(asker, record->id, type, body, target->message_bytes_max, &m);
    if (status == ACTA_OK) {
        status = acti_request_send(asker, target, m);
        if (status != ACTA_OK)
            acti_request_free(m);
    }
    if (status != ACTA_OK) {
        (void)acti_pending_remove(asker, record->id, ACTI_PENDING_ASK);
        free_record(record);
        return acti_refused(target->sys, status);
    }
    acti_tally(target->sys, ACTI_SENT, 1); // the system in which it will be handled
    // The record cannot have gone: its outcome is taken in our own turn.
    uint64_t now_ns = acti_clock_ns();
    if (timeout_ns < UINT64_MAX - now_ns) {
        record->alarmed = true;
        acti_clock_set(asker->sys, &record->alarm, now_ns + timeout_ns);
    }
    *id = record->id;
    acti_turn_spent();
    return ACTA_OK;
}

static void fire(acti_alarm *alarm)
{
    ask_record *record = ACTI_CONTAINER_OF(alarm, ask_record, alarm);
    if (acti_actor_push(record->asker, &record->msg) != ACTA_OK)
        free_record(record);
}

acti_wait *acti_ask_wait(const acti_actor *actor, uint64_t id)
{
    ask_record *record = acti_pending_get(actor, id, ACTI_PENDING_ASK);
    return record != NULL ? &record->wait : NULL;
}

bool acti_ask_matches(acta_msg *m, uint64_t id)
{
    if (m->kind == ACTI_MSG_REPLY)
        return acti_msg_ext_of(m)->ask == id;
    const ask_record *record = (const ask_record *)(const void *)m;
    return m->kind == ACTI_MSG_TIMEOUT && record->id == id && !record->settled;
}

acta_msg *acti_ask_admit_reply(acti_actor *actor, acta_msg *m)
{
    ask_record *record = acti_pending_remove(actor, acti_msg_ext_of(m)->ask, ACTI_PENDING_ASK);
    if (record == NULL) {
        acti_tally(actor->sys, ACTI_DROPPED_LATE, 1);
        acti_msg_release(m);
        return NULL;
    }
    acti_ask_abandon(actor, record);
    return m;
}

acta_msg *acti_ask_admit_timeout(acti_actor *actor, acta_msg *m)
{
    ask_record *record = (ask_record *)(void *)m;
    if (record->settled) {
        free_record(record);
        return NULL;
    }
    (void)acti_pending_remove(actor, record->id, ACTI_PENDING_ASK);

    acti_actor *target = record->wait.who;
    acti_text cause = {.at = record->cause, .size = sizeof(record->cause)};
    acti_text_add(&cause, "no outcome in time; it is ");
    acti_why_doing(target, &cause);
    acti_name_copy(record->who, target->name);
    record->failure = (acta_failure){.status = ACTA_ETIMEOUT, .who = record->who, .cause = record->cause};
    record->ext = (acti_msg_ext){.ask = record->id};
    m->type = acta_type_of(acta_failure);
    m->size = (uint32_t)TIMEOUT_BYTES;
    m->kind = ACTI_MSG_REPLY;
    m->flags = ACTI_MSG_EXT;
    acti_actor_unref(record->asker);
    acti_actor_unref(target);
    acti_tally(actor->sys, ACTI_SENT, 1);
    return m;
}

void acti_ask_abandon(acti_actor *asker, void *pending)
{
    ask_record *record = pending;
    if (!record->alarmed || acti_clock_unset(asker->sys, &record->alarm))
        free_record(record);
    else
        record->settled = true;
}

void acti_ask_free_timeout(acta_msg *m)
{
    free_record((ask_record *)(void *)m);
}

// ---- the outcome on its way --------------------------------------------------------

uint64_t acta_msg_ask(const acta_msg *m)
{
    return m->kind == ACTI_MSG_REPLY ? acti_msg_ext_peek(m)->ask : 0;
}

int acti_ask_settle(acti_actor *asker, acta_msg *m)
{
    acta_system *sys = asker->sys;
    int status = acti_actor_push(asker, m);
    acti_tally(sys, ACTI_SENT, 1);
    if (status != ACTA_OK) {
        acti_tally(sys, ACTI_DROPPED_LATE, 1);
        acti_msg_release(m);
    }
    acti_actor_unref(asker);
    return status;
}
