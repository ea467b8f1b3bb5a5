// SPDX-License-Identifier: MIT
//
// stage.h - C-PLACE: one definition of an actor is run wherever an actor can be, and must see the same there, word for
// word.
//
// A scene is a row: what the actor does (on), what is done to it from outside (drive), and what comes of it (trace).
// The stage gives it a partner, a witness and a name, and runs it once for each kind of actor and number of workers. A
// kind more is a column more for all scenes.
//
// The actor writes down whatever it sees, and both it and drive add what their calls returned. There is one trace, so
// there must be one order in which things can happen: drive does the next thing when the actor has seen what the last
// one led to (stage_await). No row depends on time. What may come in several orders is quiet: its on writes itself.
//
// Left out is the only thing in which kinds differ: an actor that is ended by force is not called again as a handler,
// while its body's acta_recv gives NULL, so that it can tidy up.

#ifndef STAGE_H
#define STAGE_H

#include "kit.h"

#include <acta/event.h>
#include <acta/name.h>

enum { HOLD = 100 }; // an item that keeps the actor until stage_release

typedef struct stage stage;

typedef struct scene {
    const char *name;
    uint32_t capacity; // of the subject's inbox; 0: the default
    bool quiet;        // the stage does not write down what the subject sees
    acta_handler *on;  // what the subject does; NULL: nothing
    void (*drive)(stage *s);
    const char *trace;
} scene;

// One that answers requests by their number, and ends as it is told.
typedef struct stage_partner {
    kit_actor actor;
    acta_promise *kept;
} stage_partner;

// One of capacity 1 whose first item keeps it until stage_release, so that its inbox can be filled.
typedef struct stage_reader {
    kit_actor actor;
    stage *stage;
    bool was_held;
    size_t length;
    char text[128];
} stage_reader;

struct stage {
    kit_actor actor; // the subject's; first
    const scene *scene;
    kit k;
    acta_tx *tx; // to the subject
    acta_addr *who;
    acta_tx *other;  // to the partner; used by drive and by the subject
    acta_tx *reader; // likewise, if there is one
    test_gate entered;
    test_gate go;
    acti_au32 seen; // by the subject, to the end of on
    uint32_t awaited;
    acti_park watching;
    acti_park witnessed;
    int64_t reason;
    int name_status;
    stage_partner partner;
    stage_reader read;

    // What the scenes' subjects keep.
    acta_tx *to;
    acta_promise *promise;
    uint64_t id;
    int64_t count[8];

    size_t length;
    char trace[1024];
};

// ---- the trace ------------------------------------------------------------------

__attribute__((format(printf, 4, 5))) static inline void stage_write(char *text, size_t size, size_t *length,
                                                                     const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text + *length, size - *length, format, args);
    va_end(args);
    bool fits = n >= 0 && (size_t)n < size - *length;
    kit_claim(fits);
    if (fits)
        *length += (size_t)n;
}

#define stage_note(s, ...) stage_write((s)->trace, sizeof((s)->trace), &(s)->length, __VA_ARGS__)

static inline const char *stage_status(int64_t status)
{
    return acta_errname((int)status) + strlen("ACTA_");
}

// stage_did writes down what a call returned.
static inline void stage_did(stage *s, const char *what, int status)
{
    stage_note(s, "%s %s; ", what, stage_status(status));
}

static inline void stage_note_message(stage *s, acta_msg *m)
{
    const acta_failure *failure = acta_as(acta_failure, m);
    const acta_down *down = acta_as(acta_down, m);
    bool strange = false;
    if (acta_is(item, m)) {
        stage_note(s, "item %d; ", (int)acta_as(item, m)->n);
    } else if (acta_is(query, m)) {
        stage_note(s, "query %d; ", (int)acta_as(query, m)->n);
    } else if (acta_is(answer, m)) {
        stage_note(s, "answer %d; ", (int)acta_as(answer, m)->n);
        strange = acta_msg_ask(m) != s->id;
    } else if (failure != NULL) {
        stage_note(s, "failure %s of %s; ", stage_status(failure->status), failure->who);
        strange = acta_msg_ask(m) != s->id;
    } else if (down != NULL) {
        stage_note(s, "DOWN %s of %s; ", stage_status(down->reason), down->who);
        strange = down->monitor != s->id;
    } else if (acta_is(acta_tick, m)) {
        stage_note(s, "tick; "); // how many periods it stands for is a matter of time
        strange = acta_as(acta_tick, m)->timer != s->id;
    } else {
        stage_note(s, "%s; ", m->type->name);
    }
    if (strange)
        stage_note(s, "(of another id) ");
}

// ---- the actors -------------------------------------------------------------------

static inline bool stage_is_forced(acta_self *self)
{
    int why = acta_eof(self);
    return why != ACTA_OK && why != ACTA_ECRASHED && why != ACTA_ESTOPPED;
}

static inline int stage_subject(acta_self *self, void *arg, acta_msg *m)
{
    stage *s = arg;
    if (m == NULL && stage_is_forced(self))
        return ACTA_OK;
    if (m == NULL)
        stage_did(s, "eof", acta_eof(self));
    else if (!s->scene->quiet)
        stage_note_message(s, m);
    if (m != NULL && acta_is(item, m) && acta_as(item, m)->n == HOLD) {
        test_gate_open(&s->entered);
        kit_claim(test_gate_wait(&s->go));
    }
    int status = s->scene->on == NULL ? ACTA_OK : s->scene->on(self, s, m);
    acti_au32_store_release(&s->seen, acti_au32_load_relaxed(&s->seen) + 1); // nobody else writes it
    return status;
}

// A request for a positive number is answered with its double, 0 is dropped, -1 refused; all else is kept for ever. An
// item is the reason to end with.
enum { DROP_IT = 0, REFUSE_IT = -1, KEEP_IT = -2 };

static inline int stage_partner_on(acta_self *self, void *arg, acta_msg *m)
{
    stage_partner *p = arg;
    if (m == NULL)
        return ACTA_OK;
    const query *q = acta_as(query, m);
    if (q == NULL)
        return acta_as(item, m)->n == 0 ? ACTA_DONE : (int)acta_as(item, m)->n;
    if (q->n > 0)
        kit_claim(acta_reply(self, m, answer, .n = 2 * q->n) == ACTA_OK);
    else if (q->n == REFUSE_IT)
        kit_claim(acta_refuse(self, m, ACTA_EACCES, "not for you") == ACTA_OK);
    else if (q->n == KEEP_IT)
        kit_claim(acta_promise_take(self, m, &p->kept) == ACTA_OK);
    return ACTA_OK;
}

static inline int stage_reader_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    stage_reader *r = arg;
    if (m == NULL)
        return ACTA_OK;
    stage_write(r->text, sizeof(r->text), &r->length, " %d", (int)acta_as(item, m)->n);
    if (!r->was_held) {
        r->was_held = true;
        test_gate_open(&r->stage->entered);
        kit_claim(test_gate_wait(&r->stage->go));
    }
    return ACTA_OK;
}

// The witness says how the subject ended, and whether its name was free by then.
static inline int stage_witness(acta_self *self, void *arg)
{
    stage *s = arg;
    uint64_t id;
    kit_claim(acta_monitor(self, s->who, &id) == ACTA_OK);
    acti_park_give(&s->watching);
    acta_msg *m = acta_recv(self);
    acta_tx *found = NULL;
    kit_claim(m != NULL && acta_is(acta_down, m));
    s->reason = m != NULL ? acta_as(acta_down, m)->reason : 1;
    s->name_status = acta_find(acta_system_of(self), "subject", &found);
    acta_tx_drop(&found);
    acta_msg_free(&m);
    acti_park_give(&s->witnessed);
    return ACTA_OK;
}

// ---- for drive, on the main thread -----------------------------------------------------

static inline void stage_wait(acti_park *park)
{
    assert_true(acti_park_wait(park, acti_clock_ns() + KIT_WAIT_NS));
}

// stage_await waits until the subject has seen so many things more than were awaited before.
static inline void stage_await(stage *s, uint32_t more)
{
    uint64_t until_ns = acti_clock_ns() + KIT_WAIT_NS;
    s->awaited += more;
    while (acti_au32_load_acquire(&s->seen) < s->awaited) {
        if (acti_clock_ns() > until_ns)
            fail_msg("nothing more came: \"%s\"", s->trace);
        sched_yield();
    }
}

// stage_tell gives the subject an item, and waits until it has seen that and whatever else follows from it.
static inline void stage_tell(stage *s, int64_t n, uint32_t seen)
{
    kit_send(s->tx, n);
    stage_await(s, seen);
}

// stage_call asks the subject, which sees so many things until it has answered.
static inline void stage_call(stage *s, int64_t n, uint32_t seen)
{
    acta_msg *reply = NULL;
    int status = acta_call(s->tx, KIT_WAIT_NS, &reply, query, .n = n);
    stage_await(s, seen);
    if (status == ACTA_OK)
        stage_note(s, "called: %d; ", (int)acta_as(answer, reply)->n);
    else
        stage_did(s, "called:", status);
    acta_msg_free(&reply);
}

// stage_hold has the subject in an item; from here to stage_release the trace is drive's.
static inline void stage_hold(stage *s)
{
    kit_send(s->tx, HOLD);
    assert_true(test_gate_wait(&s->entered));
}

static inline void stage_release(stage *s)
{
    test_gate_open(&s->go);
}

// stage_fill spawns the reader, which holds an item and has another one in its full inbox. It has a thread of its own,
// so that it keeps nobody from running.
static inline void stage_fill(stage *s)
{
    s->read = (stage_reader){.actor = {stage_reader_on}, .stage = s};
    s->reader = kit_spawn_small(&s->k, &kit_kinds[2], &s->read, "reader", 1);
    kit_send(s->reader, 1);
    assert_true(test_gate_wait(&s->entered));
    kit_send(s->reader, 2);
    assert_int_equal(acta_try_send(s->reader, item, .n = 3), ACTA_EFULL);
}

// stage_why: what acta_why says of the subject at this moment has these words.
static inline void stage_why(const stage *s, const char *words)
{
    char text[1024];
    size_t length = acta_why(s->who, text, sizeof(text));
    if (length != strlen(text) || strstr(text, words) == NULL)
        fail_msg("%s: it says \"%s\", without \"%s\"", s->scene->name, text, words);
}

// ---- a scene --------------------------------------------------------------------------------

// What has come to its end by itself takes nothing more.
static inline void stage_leave(stage *s)
{
    stage_wait(&s->witnessed);
    stage_note(s, "ended %s, name %s; ", stage_status(s->reason), stage_status(s->name_status));
    if (s->tx != NULL) {
        stage_did(s, "send", acta_send(s->tx, item, .n = 0));
        stage_did(s, "stop", acta_stop(s->who));
        stage_did(s, "kill", acta_kill(s->who));
        acta_tx_drop(&s->tx);
    }
    acta_tx_drop(&s->to);
    acta_tx_drop(&s->other);
    acta_tx_drop(&s->reader);
    acta_addr_drop(&s->who);
}

static inline void stage_run(const scene *row, const kit_kind *kind, const kit_kind *other, uint32_t workers)
{
    static stage s;
    acta_tx *to_witness = NULL;
    s = (stage){.actor = {stage_subject}, .scene = row, .partner = {.actor = {stage_partner_on}}};
    kit_open(&s.k, workers);
    test_gate_init(&s.entered);
    test_gate_init(&s.go);
    acti_park_init(&s.watching);
    acti_park_init(&s.witnessed);
    assert_int_equal(kit_try_spawn(s.k.sys, other, &s.partner, "partner", &s.other), ACTA_OK);
    s.tx = kit_spawn_small(&s.k, kind, &s, "subject", row->capacity);
    s.who = acta_addr_dup(acta_tx_addr(s.tx));
    assert_int_equal(acta_publish(s.k.sys, "subject", s.who), ACTA_OK);
    assert_int_equal(acta_spawn(s.k.sys, &to_witness, .body = stage_witness, .arg = &s, .name = "witness"), ACTA_OK);
    stage_wait(&s.watching);

    row->drive(&s);
    stage_leave(&s);
    acta_tx_drop(&to_witness);
    kit_close(&s.k);
    if (s.read.length > 0)
        stage_note(&s, "reader:%s; ", s.read.text);
    test_gate_fini(&s.entered);
    test_gate_fini(&s.go);
    if (strcmp(s.trace, row->trace) != 0)
        fail_msg("%s: a %s with a partner that is a %s, %u workers: \"%s\", not \"%s\"", row->name, kind->name,
                 other->name, workers, s.trace, row->trace);
}

// stage_run_all runs each scene in each kind, beside a partner in the pool and one with a thread, with 1 and 2 workers.
static inline void stage_run_all(const scene *rows, size_t count)
{
    static const kit_kind *const others[] = {&kit_kinds[0], &kit_kinds[3]};
    for (size_t i = 0; i < count; i++)
        KIT_EACH_KIND(kind)
            for (int other = 0; other < 2; other++)
                for (uint32_t workers = 1; workers <= 2; workers++)
                    stage_run(&rows[i], kind, others[other], workers);
}

#define STAGE_RUN(rows) stage_run_all((rows), sizeof(rows) / sizeof((rows)[0]))

#endif
