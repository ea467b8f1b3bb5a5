// SPDX-License-Identifier: MIT
//
// receive.c - what each frame from the peer does here.
//
// A frame that makes no sense breaks the session, and so does a message that is not what its type says: going on
// would leave a gap. A frame that names an ask or monitor which has been settled does not: it crossed that. A message
// of a type that this program does not define is unhandled, and reported. Requests and replies that cannot be taken
// are answered with a failure, and the session goes on.
//
// A SEND or an ASK to an actor of which the peer has no hold may have been sent before it heard that its CLAIM was
// refused. It makes no sense only if no actor has ever had that number; else it is counted as dropped and reported, or
// answered, and the credit given back.
//
// What is not taken may have senders in it. They are given back, so that nobody waits for them.

#include <acta/event.h>
#include <stdio.h>
#include <string.h>

#include "codec/codec.h"
#include "core/link.h"
#include "core/monitor.h"
#include "core/promise.h"
#include "core/system.h"
#include "route/handed.h"
#include "route/node.h"
#include "route/router.h"

// refused says why a message cannot be taken, and gives back what came in it.
static acta_msg *refused(acti_node *node, const acti_frame *frame, int *status)
{
    if (acti_handed_leave(node, frame->rest, frame->rest_size) != ACTA_OK)
        *status = ACTA_EMALFORMED; // whatever else is wrong with it, we do not know what came in it
    return NULL;
}

// fill decodes a message that has been measured.
static acta_msg *fill(acti_node *node, acta_msg *m, const acti_frame *frame, int *status, const char **why)
{
    *status = acti_codec_decode(m->type, frame->rest, frame->rest_size, &node->refs, m + 1, m->size);
    if (*status == ACTA_OK) {
        acti_msg_filled(m);
        return m;
    }
    *why = *status == ACTA_ENOMEM ? "no memory for what is in it" : "it has a sender or an address that cannot be";
    acti_msg_release(m);
    return NULL;
}

static acta_msg *no_memory(acti_node *node, const acti_frame *frame, int *status, const char **why)
{
    *status = ACTA_ENOMEM;
    *why = "no memory for it";
    return refused(node, frame, status);
}

// unpack decodes a message into a block of room bytes, which are enough whatever it is.
static acta_msg *unpack(acti_node *node, acti_msg_kind kind, const acti_codec_plan *plan, const acti_frame *frame,
                        size_t room, int *status, const char **why)
{
    uint32_t limit = node->actor->sys->opts.message_bytes_max;
    size_t with_ext = room + sizeof(acti_msg_ext); // which is put behind what is used of the body
    acta_msg *m = acti_msg_new(kind, plan->type, (uint32_t)with_ext, false);
    if (m == NULL)
        return no_memory(node, frame, status, why);
    size_t size;
    acti_codec_count count;
    *status = acti_codec_unpack_as(plan, frame->rest, frame->rest_size, limit, m + 1, room, &count, &size, why);
    if (*status != ACTA_OK) {
        acti_msg_release(m);
        return refused(node, frame, status);
    }
    acti_msg_shrink(m, (uint32_t)size);
    if (count.refs > 0)
        (void)refused(node, frame, status); // only those in fields that are skipped; that can be read, as it has been
    return m;
}

// measured decodes a message into a block of just the size that it needs.
static acta_msg *measured(acti_node *node, acti_msg_kind kind, const acta_type *type, const acti_frame *frame,
                          int *status, const char **why)
{
    size_t size;
    acti_codec_count count;
    uint32_t limit = node->actor->sys->opts.message_bytes_max;
    if (kind == ACTI_MSG_REPLY && type == acta_type_of(acta_failure))
        limit = UINT32_MAX; // its frame is limit enough, and a refusal always fits
    *status = acti_codec_measure(type, frame->rest, frame->rest_size, limit, &count, &size, why);
    if (*status != ACTA_OK)
        return refused(node, frame, status);
    acta_msg *m = acti_msg_new(kind, type, (uint32_t)size, true);
    return m != NULL ? fill(node, m, frame, status, why) : no_memory(node, frame, status, why);
}

// decode gives the message in a SEND, ASK or REPLY, or NULL with *why and *status, and all that came in it given back.
static acta_msg *decode(acti_node *node, acti_msg_kind kind, const acti_frame *frame, int *status, const char **why)
{
    const acti_known *known = acti_types_get(&node->types, frame->type);
    if (known == NULL || known->type == NULL) {
        *status = ACTA_EREFUSED;
        *why = "its type is not defined in this program";
        return refused(node, frame, status);
    }
    // What is larger may be so for fields that are skipped, which are not worth keeping memory for.
    size_t room = known->plan->room + frame->rest_size;
    if (known->plan->room > 0 && room + sizeof(acti_msg_ext) <= node->actor->sys->opts.message_bytes_max)
        return unpack(node, kind, known->plan, frame, room, status, why);
    return measured(node, kind, known->type, frame, status, why);
}

static const char *name_of(const acti_node *node, const acti_frame *frame)
{
    const acti_known *known = acti_types_get(&node->types, frame->type);
    return known != NULL ? known->name : "message of an unknown type";
}

// come_from lets the receiver's credit grow again when m is done with.
static void come_from(acti_export *export, acta_msg *m, const acti_frame *frame)
{
    if (export->refs_ahead == 0) {
        export->refs_ahead = ACTI_EXPORT_REFS_AHEAD;
        (void)acti_au32_add_relaxed(&export->refs, ACTI_EXPORT_REFS_AHEAD); // the table has one
    }
    export->refs_ahead--; // it is the message's now
    acti_msg_ext *ext = acti_msg_ext_of(m);
    ext->origin = &export->origin;
    ext->bytes = (uint32_t)frame->rest_size;
}

// unhandled counts a message whose type this program does not know: its receiver could not have handled it either.
static int unhandled(acti_node *node, const acti_frame *frame, acti_export *export, const char *why)
{
    acta_system *sys = node->actor->sys;
    acti_tally(sys, ACTI_SENT, 1);
    acti_tally(sys, ACTI_HANDLED, 1);
    acti_tally(sys, ACTI_UNHANDLED, 1);
    acti_report(sys, "actor %s got a %s from node %s, which it cannot handle: %s", export->actor->name,
                name_of(node, frame), acti_node_shown(node), why);
    acti_export_handled(export, (uint32_t)frame->rest_size);
    return ACTA_OK;
}

// is_held: whether the peer may send to an actor.
static bool is_held(const acti_export *export)
{
    return export != NULL && export->owner.held > 0;
}

// refuse_unheld deals with a SEND or an ASK to an actor of which the peer has no hold.
static int refuse_unheld(acti_node *node, const acti_frame *frame)
{
    acta_system *sys = node->actor->sys;
    if (frame->actor == 0 || frame->actor > acti_au64_load_relaxed(&sys->last_id))
        return ACTA_EMALFORMED;
    acti_frame credit = {.kind = ACTI_FRAME_CREDIT,
                         .actor = frame->actor,
                         .count = 1,
                         .bytes = frame->rest_size < UINT32_MAX ? (uint32_t)frame->rest_size : UINT32_MAX};
    acti_node_put(node, &credit);
    return acti_handed_leave(node, frame->rest, frame->rest_size);
}

static int on_send(acti_node *node, const acti_frame *frame)
{
    acta_system *sys = node->actor->sys;
    acti_export *export = acti_export_find(node, frame->actor);
    if (!is_held(export)) {
        acti_tally(sys, ACTI_SENT, 1);
        acti_tally(sys, ACTI_DROPPED_GONE, 1);
        acti_report(sys, "a %s from node %s was dropped: the actor has ended, or nobody holds it any more",
                    name_of(node, frame), acti_node_shown(node));
        return refuse_unheld(node, frame);
    }
    const char *why = "";
    int status;
    acta_msg *m = decode(node, ACTI_MSG_SEND, frame, &status, &why);
    if (m == NULL && status == ACTA_EREFUSED)
        return unhandled(node, frame, export, why);
    if (m == NULL) {
        acti_node_break(node, status, why); // going on would leave a gap in what the actor gets
        return ACTA_OK;
    }
    come_from(export, m, frame);
    status = acti_line_give(export, m);
    acti_tally(sys, status == ACTA_OK ? ACTI_SENT : ACTI_REFUSED, 1);
    if (status != ACTA_OK)
        acti_msg_release(m);
    return status == ACTA_ENOMEM ? status : ACTA_OK;
}

static int on_ask(acti_node *node, const acti_frame *frame)
{
    acti_proxy *asker = acti_proxy_get(node, frame->from, "a remote actor");
    if (asker == NULL)
        return ACTA_ENOMEM;
    acta_promise *promise = acti_promise_new(asker->actor, frame->id);
    if (promise == NULL)
        return ACTA_ENOMEM;
    acti_export *export = acti_export_find(node, frame->actor);
    if (!is_held(export)) {
        (void)acti_promise_fail(promise, ACTA_EGONE, "nobody", "it has ended, or nobody holds it any more");
        return refuse_unheld(node, frame);
    }
    const char *why = "";
    int status;
    acta_msg *m = decode(node, ACTI_MSG_ASK, frame, &status, &why);
    if (m == NULL) {
        acti_export_handled(export, (uint32_t)frame->rest_size);
        (void)acti_promise_fail(promise, status, export->actor->name, why);
        return ACTA_OK;
    }
    come_from(export, m, frame);
    acti_promise_put(promise, m);
    acti_tally(node->actor->sys, ACTI_SENT, 1);
    status = acti_line_give(export, m);
    if (status != ACTA_OK) {
        acti_tally(node->actor->sys, ACTI_RETURNED, 1);
        acti_request_fail(m, status, export->actor->name,
                          status == ACTA_ENOMEM ? "no memory for the request" : "it has ended");
    }
    return ACTA_OK;
}

static int on_reply(acti_node *node, const acti_frame *frame)
{
    acta_promise *promise = acti_slots_remove(&node->asks, frame->id);
    if (promise == NULL)
        return acti_handed_leave(node, frame->rest, frame->rest_size); // answered already
    acti_actor *asker = promise->asker;
    acti_export *export = acti_export_find(node, frame->from);
    if (export != NULL && export->actor == asker && export->uses > 0) {
        acti_line_force(export); // what the responder has sent comes first, and the asker may wait for just this reply
        acti_export_used(export, 1);
    }
    const char *why = "";
    int status;
    acta_msg *m = decode(node, ACTI_MSG_REPLY, frame, &status, &why);
    if (m == NULL) {
        acti_report(node->actor->sys, "a reply %s from node %s to %s cannot be taken: %s", name_of(node, frame),
                    acti_node_shown(node), asker->name, why);
        (void)acti_promise_fail(promise, status, "nobody", "its reply could not be taken: see the report");
        return ACTA_OK;
    }
    (void)acti_promise_settle(promise, m);
    return ACTA_OK;
}

static int on_down(acti_node *node, const acti_frame *frame)
{
    acta_msg *record = acti_slots_remove(&node->monitors, frame->id);
    if (record == NULL)
        return ACTA_OK; // taken back
    acti_monitor_view view = acti_monitor_see(record);
    bool link = acti_link_is(acti_monitor_of(record));
    acti_export *export = acti_export_find(node, frame->from);
    if (export != NULL && export->actor == view.watcher && export->uses > 0) {
        if (!link)
            acti_line_force(export); // what the dead actor has sent comes first; a force waits for nothing
        acti_export_used(export, 1);
    }
    if (link) {
        acti_link_over(acti_monitor_of(record), frame->status);
        return ACTA_OK;
    }
    acti_root_ended(view.watched, view.watcher, frame->status);
    char who[ACTI_FRAME_TEXT_MAX + 1], cause[ACTI_FRAME_TEXT_MAX + 1];
    acti_frame_text(frame, who);
    snprintf(cause, sizeof(cause), "%.*s", (int)frame->cause_size, frame->cause);
    acti_monitor_down_for(record, who, frame->status, cause);
    return ACTA_OK;
}

// stop has an actor stop behind what has come for it from this peer.
static int stop(acti_node *node, acti_actor *actor)
{
    acti_export *export = acti_export_find(node, actor->id);
    if (export != NULL)
        return acti_line_stop(export);
    (void)acti_actor_push_end(actor, ACTI_MSG_STOP); // refused: it has ended already
    return ACTA_OK;
}

static int on_end(acti_node *node, const acti_frame *frame)
{
    if (frame->status > ACTA_OK)
        return ACTA_EMALFORMED;
    acti_actor *actor = acti_export_actor(node, frame->actor);
    if (actor == NULL)
        return ACTA_OK; // nobody knows it any more
    int status = ACTA_OK;
    if (frame->status == ACTA_OK)
        status = stop(node, actor);
    else
        acti_actor_force(actor, frame->status);
    acti_actor_unref(actor);
    return status;
}

static int on_release(acti_node *node, const acti_frame *frame)
{
    acti_export *export = acti_export_find(node, frame->actor);
    return export != NULL && acti_export_back(export, frame->count, frame->status) ? ACTA_OK : ACTA_EMALFORMED;
}

int acti_node_receive(acti_node *node, const acti_frame *frame)
{
    switch (frame->kind) {
    case ACTI_FRAME_TYPE:
        return acti_types_learn(node, frame);
    case ACTI_FRAME_FIND:
        acti_find_serve(node, frame);
        return ACTA_OK;
    case ACTI_FRAME_FOUND:
        acti_find_told(node, frame);
        return ACTA_OK;
    case ACTI_FRAME_RELEASE:
        return on_release(node, frame);
    case ACTI_FRAME_SEND:
        return on_send(node, frame);
    case ACTI_FRAME_ASK:
        return on_ask(node, frame);
    case ACTI_FRAME_REPLY:
        return on_reply(node, frame);
    case ACTI_FRAME_MONITOR:
    case ACTI_FRAME_LINK:
        acti_watch_start(node, frame);
        return ACTA_OK;
    case ACTI_FRAME_DEMONITOR:
        acti_watch_stop(node, frame);
        return ACTA_OK;
    case ACTI_FRAME_DOWN:
        return on_down(node, frame);
    case ACTI_FRAME_CREDIT:
        acti_proxy_credit(node, frame);
        return ACTA_OK;
    case ACTI_FRAME_CLAIM:
        acti_claim_serve(node, frame);
        return ACTA_OK;
    case ACTI_FRAME_END:
        return on_end(node, frame);
    case ACTI_FRAME_TAKEN:
        return acti_loan_taken(node, frame);
    default:
        return ACTA_OK; // the session has dealt with the others
    }
}
