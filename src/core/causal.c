// SPDX-License-Identifier: MIT
//
// causal.c - following messages, and finding the pairs whose order nothing keeps.
//
// The life of a source: announced by acti_causal_entered; ended, when what it remembers is gone but its past is kept
// for what it says last; forgotten, when ACTI_CAUSAL_ENDED others have ended after it.

#include "core/causal.h"

#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/platform.h"
#include "base/table.h"
#include "core/message.h"
#include "core/recall.h"

// A message on its way.
typedef struct mail {
    acti_table_link link; // by the address of the message
    acti_list to;         // in the list of its receiver, if that is known
    acti_moment moment;
    const acta_type *type;
    acti_msg_kind kind;
} mail;

typedef struct source {
    acti_table_link link; // by id
    acti_moment now;      // what it knows at present
    acti_past *drops;     // what those knew who have released a sender to it
    uint64_t drops_floor;
    acti_list mails; // on their way to it
    acti_recall recall;
    acti_list ended; // in the list of those
} source;

typedef struct name {
    acti_table_link link; // by a hash of the text
    uint16_t number;
    char text[ACTI_NAME_BYTES];
} name;

struct acti_causal {
    acti_race_found *found;
    void *arg;
    uint64_t moment; // events so far
    uint64_t forgotten;
    acti_table sources;
    acti_table mails;
    acti_table names;
    acti_list ended; // sources, oldest first
    uint32_t ended_count;
    const name *name_of[ACTI_CAUSAL_NAMES]; // by number; 0 is none
};

enum { NAME_OTHER = ACTI_PAST_GAP + 1 }; // "an actor": there are too many names

// ---- names ----------------------------------------------------------------------------

static uint64_t hash_of(const char *text)
{
    uint64_t hash = UINT64_C(14695981039346656037); // FNV-1a
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return hash;
}

// enter_name gives the number of a name, which is entered if it is new.
static uint16_t enter_name(acti_causal *c, const char *text)
{
    char cut[ACTI_NAME_BYTES];
    acti_name_copy(cut, text);
    uint64_t key = hash_of(cut);
    acti_table_link *known;
    while ((known = acti_table_find(&c->names, key)) != NULL) {
        const name *n = ACTI_CONTAINER_OF(known, name, link);
        if (strcmp(n->text, cut) == 0)
            return n->number;
        key++; // another name of the same hash
    }
    uint32_t number = c->names.count + 1;
    name *fresh = number < ACTI_CAUSAL_NAMES ? malloc(sizeof(*fresh)) : NULL;
    if (fresh == NULL)
        return NAME_OTHER;
    fresh->number = (uint16_t)number;
    acti_name_copy(fresh->text, cut);
    if (!acti_table_put(&c->names, key, &fresh->link)) {
        free(fresh);
        return NAME_OTHER;
    }
    c->name_of[number] = fresh;
    return fresh->number;
}

static const char *text_of(const acti_causal *c, uint16_t number)
{
    return c->name_of[number]->text;
}

// ---- moments and what is learnt ---------------------------------------------------------

static source *source_of(const acti_causal *c, uint64_t id)
{
    acti_table_link *link = acti_table_find(&c->sources, id);
    return link != NULL ? ACTI_CONTAINER_OF(link, source, link) : NULL;
}

// act is the next event, of that source. Who is not known may know of everything that has been handled.
static acti_moment act(acti_causal *c, source *s)
{
    uint64_t at = ++c->moment;
    if (s == NULL)
        return (acti_moment){.at = at, .floor = at};
    s->now.at = at;
    return s->now;
}

static void learn(acti_causal *c, acti_past **past, uint64_t *floor, const source *self, const acti_moment *of)
{
    uint32_t forgotten = acti_past_learn(past, floor, self->link.key, of);
    if (forgotten == UINT32_MAX) {
        *floor = c->moment;
        forgotten = 1;
    }
    c->forgotten += forgotten;
}

static void know_all(acti_causal *c, source *s)
{
    s->now.floor = c->moment;
}

// ---- mails ------------------------------------------------------------------------------

static mail *take_mail(acti_causal *c, const acta_msg *m)
{
    acti_table_link *link = acti_table_take(&c->mails, (uintptr_t)m);
    mail *of = link != NULL ? ACTI_CONTAINER_OF(link, mail, link) : NULL;
    if (of != NULL && acti_list_linked(&of->to))
        acti_list_remove(&of->to);
    return of;
}

static void free_mail(mail *of)
{
    if (of == NULL)
        return;
    acti_past_let_go(&of->moment.past);
    free(of);
}

// put_mail keeps what a message knows. Without memory it is not kept, and its receiver may know of everything.
static void put_mail(acti_causal *c, source *to, const acta_msg *m, const acti_moment *moment)
{
    free_mail(take_mail(c, m)); // the block was another message's, which was dropped
    mail *fresh = malloc(sizeof(*fresh));
    if (fresh != NULL) {
        *fresh = (mail){.moment = *moment, .type = m->type, .kind = (acti_msg_kind)m->kind};
        if (acti_table_put(&c->mails, (uintptr_t)m, &fresh->link)) {
            acti_past_hold(moment->past);
            if (to != NULL)
                acti_list_push(&to->mails, &fresh->to);
            return;
        }
        free(fresh);
    }
    c->forgotten++;
}

// ---- pairs ------------------------------------------------------------------------------

static void tell(acti_causal *c, const source *receiver, const acti_recalled *first, const acti_recalled *second,
                 acti_race_order order)
{
    const acti_past_entry *way = acti_past_entry_of(second->moment.past, first->moment.source);
    acti_race race = {
        .receiver = receiver->link.key,
        .receiver_name = text_of(c, receiver->now.name),
        .first = {first->type, first->moment.source, first->moment.at},
        .second = {second->type, second->moment.source, second->moment.at},
        .order = order,
    };
    uint32_t length = 0;
    while (length < ACTI_PAST_PATH && way->path[length] != 0) {
        race.path[length] = text_of(c, way->path[length]);
        length++;
    }
    race.path[length] = text_of(c, second->moment.name);
    c->found(c->arg, &race);
}

// known_handled is up to when whoever sent y could know what the receiver had handled.
static uint64_t known_handled(const acti_recalled *y, uint64_t receiver)
{
    if (y->moment.source == receiver)
        return y->moment.at;
    const acti_past_entry *entry = acti_past_entry_of(y->moment.past, receiver);
    return entry != NULL && entry->at > y->moment.floor ? entry->at : y->moment.floor;
}

// find_before looks for what y came behind and nothing kept it behind: sent before it, and not known to be handled.
static void find_before(acti_causal *c, const source *receiver, const acti_recalled *y)
{
    uint64_t known = known_handled(y, receiver->link.key);
    for (uint32_t i = 0; i < receiver->recall.count; i++) {
        const acti_recall_source *of = &receiver->recall.sources[i];
        if (of->source == y->moment.source || of->source == receiver->link.key)
            continue;
        const acti_past_entry *entry = acti_past_entry_of(y->moment.past, of->source);
        if (entry == NULL)
            continue;
        const acti_recalled *x = acti_recall_sent_by(of, entry->at, !y->type->terminal);
        if (x != NULL && x->handled > known)
            tell(c, receiver, x, y, ACTI_RACE_KEPT);
    }
}

// find_after looks for what has been handled before x, though it was sent after it.
static void find_after(acti_causal *c, const source *receiver, const acti_recalled *x, acti_race_order order)
{
    if (x->moment.source == receiver->link.key)
        return;
    for (uint32_t i = 0; i < receiver->recall.count; i++) {
        const acti_recall_source *of = &receiver->recall.sources[i];
        const acti_recalled *y = acti_recall_last(of, !x->type->terminal);
        if (y == NULL || of->source == x->moment.source)
            continue;
        const acti_past_entry *entry = acti_past_entry_of(y->moment.past, x->moment.source);
        if (entry != NULL && entry->at >= x->moment.at)
            tell(c, receiver, x, y, order);
    }
}

// take_in is the handling of a message that may be one of a pair.
static void take_in(acti_causal *c, source *receiver, const mail *of)
{
    acti_recalled m = {.moment = of->moment, .type = of->type, .handled = c->moment};
    if (m.moment.source == 0)
        return;
    find_before(c, receiver, &m);
    find_after(c, receiver, &m, ACTI_RACE_SWAPPED);
    c->forgotten += acti_recall_add(&receiver->recall, &m);
}

// leave_out is the end of a receiver that a message was on its way to.
static void leave_out(acti_causal *c, const source *receiver, const mail *of)
{
    acti_recalled m = {.moment = of->moment, .type = of->type};
    if (of->kind > ACTI_MSG_ASK)
        return;
    find_before(c, receiver, &m);
    find_after(c, receiver, &m, ACTI_RACE_LOST);
}

// ---- a world ----------------------------------------------------------------------------

acti_causal *acti_causal_new(acti_race_found *found, void *arg)
{
    acti_causal *c = calloc(1, sizeof(*c));
    if (c == NULL)
        return NULL;
    c->found = found;
    c->arg = arg;
    acti_list_init(&c->ended);
    // These two have the numbers ACTI_PAST_GAP and NAME_OTHER: they are the first.
    if (enter_name(c, "...") == ACTI_PAST_GAP && enter_name(c, "an actor") == NAME_OTHER && c->names.count == 2)
        return c;
    acti_causal_free(c);
    return NULL;
}

// empty forgets what a source remembers and is to get, and all that it knows but its present.
static void empty(acti_causal *c, source *s)
{
    acti_list *link;
    while ((link = acti_list_pop(&s->mails)) != NULL) {
        mail *of = ACTI_CONTAINER_OF(link, mail, to);
        (void)acti_table_take(&c->mails, of->link.key);
        free_mail(of);
    }
    acti_recall_fini(&s->recall);
    acti_past_let_go(&s->drops);
}

static void free_source(acti_causal *c, source *s)
{
    empty(c, s);
    if (acti_list_linked(&s->ended))
        acti_list_remove(&s->ended);
    acti_past_let_go(&s->now.past);
    free(s);
}

void acti_causal_free(acti_causal *c)
{
    acti_table_link *link;
    while ((link = acti_table_pop(&c->sources)) != NULL)
        free_source(c, ACTI_CONTAINER_OF(link, source, link));
    while ((link = acti_table_pop(&c->mails)) != NULL)
        free_mail(ACTI_CONTAINER_OF(link, mail, link));
    while ((link = acti_table_pop(&c->names)) != NULL)
        free(ACTI_CONTAINER_OF(link, name, link));
    acti_table_fini(&c->sources);
    acti_table_fini(&c->mails);
    acti_table_fini(&c->names);
    free(c);
}

void acti_causal_entered(acti_causal *c, uint64_t id, const char *called, uint64_t by)
{
    if (id == 0 || source_of(c, id) != NULL)
        return;
    source *s = calloc(1, sizeof(*s));
    if (s == NULL || !acti_table_put(&c->sources, id, &s->link)) {
        free(s);
        c->forgotten++;
        return;
    }
    acti_list_init(&s->mails);
    s->now.source = id;
    s->now.name = enter_name(c, called);
    acti_moment maker = act(c, source_of(c, by));
    learn(c, &s->now.past, &s->now.floor, s, &maker);
}

static void forget_ended(acti_causal *c)
{
    source *s = ACTI_CONTAINER_OF(c->ended.next, source, ended);
    (void)acti_table_take(&c->sources, s->link.key);
    free_source(c, s);
    c->ended_count--;
    c->forgotten++;
}

void acti_causal_ended(acti_causal *c, uint64_t id)
{
    source *s = source_of(c, id);
    if (s == NULL || acti_list_linked(&s->ended))
        return;
    for (acti_list *link = s->mails.next; link != &s->mails; link = link->next)
        leave_out(c, s, ACTI_CONTAINER_OF(link, mail, to));
    empty(c, s);
    acti_list_push(&c->ended, &s->ended);
    if (++c->ended_count > ACTI_CAUSAL_ENDED)
        forget_ended(c);
}

// ---- what happens -----------------------------------------------------------------------

uint64_t acti_causal_sent(acti_causal *c, uint64_t from, uint64_t to, const acta_msg *m)
{
    acti_moment moment;
    switch ((acti_msg_kind)m->kind) {
    case ACTI_MSG_SEND:
    case ACTI_MSG_ASK:
    case ACTI_MSG_REPLY:
    case ACTI_MSG_DOWN:
    case ACTI_MSG_STOP:
        moment = act(c, source_of(c, from));
        break;
    case ACTI_MSG_TIMEOUT: // the clock's, of which nothing follows
        moment = (acti_moment){.at = ++c->moment};
        break;
    default: // its receiver's own, or for its node; of the end see acti_causal_dropped
        return 0;
    }
    put_mail(c, source_of(c, to), m, &moment);
    return moment.at;
}

void acti_causal_unsent(acti_causal *c, const acta_msg *m)
{
    free_mail(take_mail(c, m));
}

void acti_causal_given(acti_causal *c, uint64_t id, const acta_msg *m)
{
    source *s = source_of(c, id);
    mail *of = take_mail(c, m);
    c->moment++;
    if (s == NULL) {
        free_mail(of);
        return;
    }
    switch ((acti_msg_kind)m->kind) {
    case ACTI_MSG_TICK: // its own
    case ACTI_MSG_EVENT:
        break;
    case ACTI_MSG_EOF:
        learn(c, &s->now.past, &s->now.floor, s,
              &(acti_moment){.past = s->drops, .floor = s->drops_floor});
        break;
    case ACTI_MSG_SEND:
    case ACTI_MSG_ASK:
    case ACTI_MSG_DOWN:
        if (of != NULL)
            take_in(c, s, of);
        // fall through
    default:
        if (of != NULL)
            learn(c, &s->now.past, &s->now.floor, s, &of->moment);
        else // from outside, or forgotten
            know_all(c, s);
    }
    free_mail(of);
}

void acti_causal_dropped(acti_causal *c, uint64_t from, uint64_t to)
{
    source *s = source_of(c, to);
    if (s == NULL || acti_list_linked(&s->ended))
        return;
    acti_moment moment = act(c, source_of(c, from));
    learn(c, &s->drops, &s->drops_floor, s, &moment);
}

void acti_causal_may_know(acti_causal *c, uint64_t id)
{
    source *s = source_of(c, id);
    if (s != NULL)
        know_all(c, s);
}

void acti_causal_saw_end(acti_causal *c, uint64_t id, uint64_t of)
{
    source *s = source_of(c, id);
    source *ended = source_of(c, of);
    if (s == NULL || s == ended)
        return;
    if (ended == NULL) {
        know_all(c, s);
        return;
    }
    acti_moment end = act(c, ended); // to be seen so is the last that it does
    learn(c, &s->now.past, &s->now.floor, s, &end);
}

uint64_t acti_causal_forgotten(const acti_causal *c)
{
    return c->forgotten;
}
