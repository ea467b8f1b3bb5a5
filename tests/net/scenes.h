// SPDX-License-Identifier: MIT
//
// scenes.h - C-PLACE, wherever an actor can be: on the pool, on a thread, in a process of its own, in another system,
// on another machine. Each scene is written once, here, and is run in each place; play.h runs one, test_conform.c
// with real systems and processes, sim/contract_scenes.c in the sim.
//
// A scene is what an actor does, the subject (on), and what is done to it, step by step (steps). Whatever the subject
// sees, and what its calls return, it tells the scribe, an actor at home: nothing is shared but messages. The scribe
// watches the subject, so the DOWN stands in the same text, behind the subject's last words or else the scene fails.
// What the scene's driver is told, a thread outside at home, stands there too. So there is one text for all that a user
// can see: messages and their order, the end and its reason, outcomes of requests, and what calls return.
//
// There must be one order in which things can happen: each step says what comes of it, and the driver does the next
// when that much has been written. What may come in several orders is quiet: its `on` writes itself.
//
// What differs by design:
//
// - What a call has said OK to, a monitor or a request, is there at home, and on its way to another process. So a
//   request goes behind it (asks_behind) where the next step needs it to be there.
// - Names are of each system, so the driver looks for the subject's where it is published (play_find); that of a
//   process is its maker's.
// - More messages fit on the way to an inbox elsewhere than into it, so no scene counts what a full one takes.
// - A handler that is ended by force is not called again, while a body may tidy up (is_forced); and who is killed loses
//   what it has said and had no room for (room).
// - A crash may cut what comes; see sim/contract_scenes.c.
// - What stands in the table of DIFFERS_ below; the scenes that it is about are left out in those places.
//
// Nothing of acta but its public headers is in here.

#ifndef TEST_NET_SCENES_H
#define TEST_NET_SCENES_H

#include "subject.h"

// ---- the scenes ---------------------------------------------------------------------------------------

// What a driver does in one step with the subject, or with its partner.
typedef enum act {
    OVER,        // there is no further step
    SAY,         // sends it a cue
    FINISH,      // with the last of its senders
    LEAVE,       // drops its sender
    REQUEST,     // calls it with a question
    SEND_MANY,   // n numbered messages
    SEND_LETTER, // which is large
    SEND_WRONG,  // what is refused
    LET_SEND,    // has other actors send to it
    GIVE,        // the sender to a new reader, who tells what it reads
    LET_GO,      // the reader
    POINT,       // the address of its partner
    TELL,        // its partner to end with n
    BIND,        // has its partner link with it
    OTHER_END,   // waits for the end of its partner, or of the reader that it was given
    FIND,        // looks for its name
    END_IT,      // acta_stop
    KILL_IT,     // acta_kill
    SEND_LATE,   // when it has ended
    WATCH_LATE,  // likewise: the scribe monitors it
} act;

typedef struct step {
    act act;
    int64_t n;
    const char *seen;    // what the subject, its readers and the scribe tell of it; NULL: nothing is waited for
    const char *outcome; // what the driver tells then; NULL: nothing
} step;

enum { STEPS_MAX = 12 };

struct scene {
    const char *name;
    scene_actor *on; // NULL: nothing
    uint32_t capacity; // of the subject's inbox; 0: the default
    bool quiet;        // what it sees is not told
    bool reader;       // its partner is a reader with an inbox of one, who is held at its first cue until LET_GO
    bool room;         // for all that is told: who is killed loses what waits for room
    unsigned differs;  // DIFFERS_...
    step steps[STEPS_MAX];
};

// What differs in some places: see the heading.
enum {
    // A sender to one that has ended: this system knows at once, another node's actor has to be monitored.
    DIFFERS_LATE = 1,

    DIFFERS_OF_NODES = DIFFERS_LATE,
};

#define ENDED(how) "DOWN " how " of subject; "
#define NO_NAME {FIND, 0, NULL, "name ENOENT; "}

static const scene scenes[] = {
    {"several sources, each in its order", counts_each_source, 0, true, .steps = {
        {LET_SEND, 0, NULL, NULL},
        {LEAVE, 0, "eof OK; 8 of 0; 8 of 1; 8 of 2; " ENDED("OK"), NULL}, NO_NAME}},
    {"several sources and an inbox of one", counts_each_source, 1, true, .steps = {
        {LET_SEND, 0, NULL, NULL},
        {LEAVE, 0, "eof OK; 8 of 0; 8 of 1; 8 of 2; " ENDED("OK"), NULL}, NO_NAME}},
    {"more than an inbox and the way to it take", counts_all, 4, true, .steps = {
        {SEND_MANY, 0, NULL, NULL}, {LEAVE, 0, "eof OK; all in order; " ENDED("OK"), NULL}, NO_NAME}},
    {"eof after all", NULL, .steps = {
        {SAY, 1, NULL, NULL}, {SAY, 2, NULL, NULL}, {SAY, 3, NULL, NULL},
        {LEAVE, 0, "cue 1; cue 2; cue 3; eof OK; " ENDED("OK"), NULL}, NO_NAME}},
    {"a reason given at eof", fails_at_the_end, .steps = {
        {SAY, 1, NULL, NULL}, {LEAVE, 0, "cue 1; eof OK; " ENDED("EIO"), NULL}, NO_NAME}},
    {"a last message", NULL, .steps = {
        {SAY, 1, NULL, NULL}, {FINISH, 2, "cue 1; cue 2; eof OK; " ENDED("OK"), "finish OK; "}, NO_NAME}},
    {"an end by itself", returns_the_number, .steps = {
        {SAY, ACTA_DONE, "cue 1; " ENDED("OK"), NULL}, NO_NAME, {WATCH_LATE, 0, ENDED("EGONE"), NULL}}},
    {"an error", returns_the_number, .steps = {
        {SAY, ACTA_EMALFORMED, "cue -12; " ENDED("EMALFORMED"), NULL}, NO_NAME,
        {WATCH_LATE, 0, ENDED("EGONE"), NULL}}},
    {"what is sent to one that has ended", returns_the_number, .differs = DIFFERS_LATE, .steps = {
        {SAY, ACTA_EIO, "cue -20; " ENDED("EIO"), NULL}, {SEND_LATE, 0, NULL, "send EGONE; call EGONE; "},
        {END_IT, 0, NULL, "stop EGONE; "}, {KILL_IT, 0, NULL, "kill EGONE; "}}},
    {"last words, and an error", has_last_words, .steps = {
        {SAY, 1, "cue 1; 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 " ENDED("EIO"), NULL}, NO_NAME}},
    {"last words at the end", has_last_words, .steps = {
        {LEAVE, 1, "eof OK; 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 " ENDED("OK"), NULL}, NO_NAME}},
    {"a stop behind what was sent", NULL, .steps = {
        {SAY, 1, NULL, NULL}, {SAY, 2, NULL, NULL},
        {END_IT, 0, "cue 1; cue 2; eof ESTOPPED; " ENDED("OK"), "stop OK; "}, NO_NAME}},
    {"a stop behind what waits for room", NULL, 1, .steps = {
        {SAY, 1, NULL, NULL}, {SAY, 2, NULL, NULL}, {SAY, 3, NULL, NULL},
        {END_IT, 0, "cue 1; cue 2; cue 3; eof ESTOPPED; " ENDED("OK"), "stop OK; "}, NO_NAME}},
    {"a kill", NULL, .steps = {
        {SAY, 1, "cue 1; ", NULL}, {KILL_IT, 0, ENDED("EKILLED"), "kill OK; "}, NO_NAME}},
    {"a kill from inside", ends_itself, .room = true, .steps = {
        {SAY, KILL, "cue 1; done OK; " ENDED("EKILLED"), NULL}, NO_NAME}},
    {"a stop from inside", ends_itself, .steps = {
        {SAY, STOP, "cue 2; done OK; eof ESTOPPED; " ENDED("OK"), NULL}, NO_NAME}},
    {"messages to itself", sends_to_itself, .steps = {
        {SAY, 1, "cue 1; upgrade OK; send OK; finish OK; cue 4; words; ", NULL},
        {LEAVE, 0, "eof OK; " ENDED("OK"), NULL}, NO_NAME}},
    {"large messages", reads_letters, .steps = {
        {SEND_LETTER, 0, NULL, NULL}, {SEND_LETTER, 0, NULL, NULL}, {SAY, 1, NULL, NULL},
        {LEAVE, 0, "letter; whole; letter; whole; cue 1; eof OK; " ENDED("OK"), NULL}, NO_NAME}},
    {"what is refused at the send", sends_what_is_refused, .steps = {
        {SEND_WRONG, TOO_BIG, NULL, "send ETOOBIG; "}, {SEND_WRONG, NO_TEXT, NULL, "send EINVAL; "},
        {SEND_WRONG, NOBODY, NULL, "send EINVAL; "},
        {SAY, TOO_BIG, "cue 1; send ETOOBIG; ", NULL}, {SAY, NO_TEXT, "cue 2; send EINVAL; ", NULL},
        {SAY, NOBODY, "cue 3; send EINVAL; ", NULL}, {LEAVE, 0, "eof OK; " ENDED("OK"), NULL}, NO_NAME}},
    {"a sender that it is given", uses_a_gift, 0, true, .steps = {
        {GIVE, 0, NULL, NULL}, {SAY, 1, "read 1; ", NULL}, {SAY, 2, NULL, NULL}, {SAY, 3, NULL, NULL},
        {SAY, 0, "read 2; read 3; ", NULL}, {OTHER_END, 0, NULL, "the other: OK; "},
        {LEAVE, 0, "eof OK; " ENDED("OK"), NULL}, NO_NAME}},
    {"a sender that it takes with it", uses_a_gift, 0, true, .steps = {
        {GIVE, 0, NULL, NULL}, {SAY, 1, "read 1; ", NULL}, {LEAVE, 0, "eof OK; " ENDED("OK"), NULL},
        {OTHER_END, 0, NULL, "the other: OK; "}, NO_NAME}},
    {"a sender to itself that it gives", gives_itself, .steps = {
        {SAY, 1, "cue 1; upgrade OK; send OK; cue 5; ", NULL}, {LEAVE, 0, NULL, NULL},
        {TELL, ACTA_OK, "cue 6; eof OK; " ENDED("OK"), NULL}, NO_NAME}},
    {"an address that it is given", takes_a_hint, .steps = {
        {POINT, 0, "hint; monitor OK; upgrade OK; finish OK; DOWN EACCES of partner; ", NULL},
        {LEAVE, 0, "eof OK; " ENDED("OK"), NULL}, NO_NAME}},
    {"asks", asks, .steps = {
        {SAY, 7, "cue 7; ask OK; response 14; ", NULL},
        {SAY, REFUSE_IT, "cue -1; ask OK; failure EACCES of partner; ", NULL},
        {SAY, DROP_IT, "cue 0; ask OK; failure ENOREPLY of partner; ", NULL},
        {SAY, UNHANDLED_IT, "cue -3; ask OK; failure EREFUSED of partner; ", NULL},
        {SAY, TOO_SHORT, "cue 9; ask OK; failure ETIMEOUT of partner; ", NULL},
        {SAY, 8, "cue 8; ask OK; response 16; ", NULL},
        {LEAVE, 0, "eof OK; " ENDED("OK"), NULL}, NO_NAME}},
    {"the responder's death", asks, .steps = {
        {SAY, KEEP_IT, "cue -2; ask OK; response 2; ", NULL}, {TELL, ACTA_EACCES, "failure EGONE of partner; ", NULL},
        {LEAVE, 0, "eof OK; " ENDED("OK"), NULL}, NO_NAME}},
    {"a blocking call", calls_from_inside, .steps = {
        {SAY, 1, "cue 1; call EDEADLK; ", NULL}, {LEAVE, 0, "eof OK; " ENDED("OK"), NULL}, NO_NAME}},
    {"answers", answers, .steps = {
        {REQUEST, 5, "question 5; reply OK; again EINVAL; ", "called: 5; "},
        {REQUEST, REFUSE_IT, "question -1; refuse OK; ", "called: EACCES; "},
        {REQUEST, DROP_IT, "question 0; ", "called: ENOREPLY; "},
        {REQUEST, UNHANDLED, "question 14; ", "called: EREFUSED; "},
        {LEAVE, 0, "eof OK; " ENDED("OK"), NULL}, NO_NAME}},
    {"promises", answers, .steps = {
        {REQUEST, LATER, "question 10; take OK; upgrade OK; finish OK; cue 0; promise kept OK; ", "called: 77; "},
        {REQUEST, DROP_PROMISE, "question 11; take OK; drop OK; ", "called: ENOREPLY; "},
        {REQUEST, DELEGATE, "question 12; take OK; delegate OK; ", "called: 42; "},
        {REQUEST, DIE, "question 13; take OK; " ENDED("EIO"), "called: EGONE; "}, NO_NAME}},
    {"timers", keeps_time, .steps = {
        {SAY, CANCEL_AT_ONCE, "cue 3; at once OK; ", NULL}, {SAY, ONCE, "cue 1; once OK; tick; ", NULL},
        {SAY, PERIODIC, "cue 2; periodic OK; tick; tick; tick; cancelled; ", NULL},
        {SAY, ONCE, "cue 1; once OK; tick; ", NULL}, // the cancelled ones would have come before it
        {LEAVE, 0, "eof OK; " ENDED("OK"), NULL}, NO_NAME}},
    {"a monitor", watches, .steps = {
        {SAY, MONITOR, "cue 1; monitor OK; response 2; ", NULL}, {TELL, ACTA_EACCES, "DOWN EACCES of partner; ", NULL},
        {LEAVE, 0, "eof OK; " ENDED("OK"), NULL}, NO_NAME}},
    {"a monitor of a good end, and a late one", watches, .steps = {
        {SAY, MONITOR, "cue 1; monitor OK; response 2; ", NULL}, {TELL, ACTA_OK, "DOWN OK of partner; ", NULL},
        {SAY, MONITOR_LATE, "cue 6; monitor OK; DOWN EGONE of partner; ", NULL},
        {LEAVE, 0, "eof OK; " ENDED("OK"), NULL}, NO_NAME}},
    {"a demonitor", watches, .steps = {
        {SAY, MONITOR, "cue 1; monitor OK; response 2; ", NULL}, {SAY, DEMONITOR, "cue 2; ", NULL},
        {SAY, MONITOR, "cue 1; monitor OK; response 2; ", NULL}, // which is told, and alone
        {TELL, ACTA_EACCES, "DOWN EACCES of partner; ", NULL}, {LEAVE, 0, "eof OK; " ENDED("OK"), NULL}, NO_NAME}},
    {"a link with one that fails", watches, .steps = {
        {SAY, LINK, "cue 3; link OK; response 2; ", NULL}, {TELL, ACTA_EACCES, ENDED("EACCES"), NULL}, NO_NAME}},
    {"a link with one that ends well", watches, .steps = {
        {SAY, LINK, "cue 3; link OK; response 2; ", NULL},
        {SAY, MONITOR, "cue 1; monitor OK; response 2; ", NULL}, // for its DOWN: the link is dissolved by then
        {TELL, ACTA_OK, "DOWN OK of partner; ", NULL}, {LEAVE, 0, "eof OK; " ENDED("OK"), NULL}, NO_NAME}},
    {"an unlink", watches, .steps = {
        {SAY, LINK, "cue 3; link OK; response 2; ", NULL}, {SAY, UNLINK, "cue 4; ", NULL},
        {SAY, MONITOR, "cue 1; monitor OK; response 2; ", NULL}, {TELL, ACTA_EACCES, "DOWN EACCES of partner; ", NULL},
        {LEAVE, 0, "eof OK; " ENDED("OK"), NULL}, NO_NAME}},
    {"a link from the other side", watches, .steps = {
        {SAY, LINK, "cue 3; link OK; response 2; ", NULL}, {SAY, END_BADLY, "cue 5; " ENDED("EIO"), NULL},
        {OTHER_END, 0, NULL, "the other: EIO; "}, NO_NAME}},
    {"a link that its partner makes", returns_the_number, .steps = {
        {BIND, 0, NULL, NULL}, {SAY, ACTA_EIO, "cue -20; " ENDED("EIO"), NULL},
        {OTHER_END, 0, NULL, "the other: EIO; "}, NO_NAME}},
    {"a link with its partner that fails", returns_the_number, .steps = {
        {SAY, ACTA_OK, "cue 0; ", NULL}, {BIND, 0, NULL, NULL}, {TELL, ACTA_EACCES, ENDED("EACCES"), NULL},
        {OTHER_END, 0, NULL, "the other: EACCES; "}, NO_NAME}},
    {"a link with its partner that ends well", returns_the_number, .steps = {
        {BIND, 0, NULL, NULL}, {TELL, ACTA_OK, NULL, NULL}, {OTHER_END, 0, NULL, "the other: OK; "},
        {SAY, ACTA_OK, "cue 0; ", NULL}, {LEAVE, 0, "eof OK; " ENDED("OK"), NULL}, NO_NAME}},
    {"a slow reader", passes_on, 0, true, true, .steps = {
        {SAY, 1, "read 1; ", NULL}, {SAY, 2, NULL, NULL}, {SAY, 3, NULL, NULL}, {SAY, 4, NULL, NULL},
        {LET_GO, 0, "read 2; read 3; read 4; ", NULL}, {LEAVE, 0, "eof OK; " ENDED("OK"), NULL}, NO_NAME}},
};
enum { SCENES = sizeof(scenes) / sizeof(scenes[0]) };

// ---- as a handler and as a body -------------------------------------------------------------------------

// An actor that is ended by force is not called again as a handler, while its body's acta_recv gives NULL so that it
// can tidy up: that alone differs between the two.
static inline bool is_forced(acta_self *self)
{
    int why = acta_eof(self);
    return why != ACTA_OK && why != ACTA_ECRASHED && why != ACTA_ESTOPPED;
}

static inline int subject_takes(acta_self *self, subject *s, acta_msg *m)
{
    const scene *row = &scenes[s->given.scene];
    if (m == NULL && is_forced(self))
        return ACTA_OK;
    if (m == NULL)
        did(s, "eof", acta_eof(self));
    else if (!row->quiet)
        say_message(s, m);
    return row->on != NULL ? row->on(self, s, m) : ACTA_OK;
}

static inline int subject_handler(acta_self *self, void *arg, acta_msg *m)
{
    return subject_takes(self, arg, m);
}

static inline int subject_body(acta_self *self, void *arg)
{
    setting *given = arg;
    subject s = {.given = *given}; // whose senders stay the argument's
    acta_msg *m;
    int status;
    do {
        m = acta_recv(self);
        status = subject_takes(self, &s, m);
        given->gift = s.given.gift;
        if (m == NULL)
            break;
        acta_msg_free(&m);
    } while (status == ACTA_OK);
    return status == ACTA_DONE ? ACTA_OK : status;
}

typedef struct scene_kind {
    const char *name;
    acta_place place;
    bool body;
} scene_kind;

static const scene_kind scene_kinds[] = {
    {"pool handler", ACTA_POOL, false},
    {"pool body", ACTA_POOL, true},
    {"thread handler", ACTA_THREAD, false},
    {"thread body", ACTA_THREAD, true},
    {"handler in a process", ACTA_PROCESS, false},
    {"body in a process", ACTA_PROCESS, true},
};
enum { SCENE_KINDS = 4, SCENE_KINDS_AND_PROCESSES = 6 };

// subject_spawn spawns a subject in a system and publishes it there.
static inline int subject_spawn(acta_system *sys, int64_t kind, const setting *given, acta_tx **tx)
{
    const scene_kind *k = &scene_kinds[kind];
    int status = acta_spawn(sys, tx, .body = k->body ? subject_body : NULL,
                            .handler = k->body ? NULL : subject_handler,
                            .state_bytes = k->body ? 0 : sizeof(subject),
                            .args = ACTA_ARGS(setting, .scene = given->scene, .scribe = given->scribe,
                                              .partner = given->partner),
                            .place = k->place, .capacity = scenes[given->scene].capacity, .name = "subject");
    if (status == ACTA_OK)
        status = acta_publish(sys, "subject", acta_tx_addr(*tx));
    return status;
}

#endif
