// SPDX-License-Identifier: MIT
//
// contract_pause.c - C-PAUSE: who sends to a full inbox waits, with everything it sends behind it, and handles nothing
// until that has gone out; room goes to those in line. contract_circle.c has the circles, contract_stuck.c the ends.

#include "claim.h"

// ---- a chain ------------------------------------------------------------------------------------

enum { STAGES = 3, ITEMS = 4, PER_ITEM = 2 };

// A stage sends each item on twice, so that it waits; the last only counts.
typedef struct stage {
    part part;
    acta_tx *to;
    struct stage *next;
    int64_t capacity;
    int64_t sent;    // to the next one
    int64_t handled; // items
} stage;

static struct {
    stage stages[STAGES];
    int64_t count;
} c;

static int stage_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    stage *s = arg;
    // What an inbox holds may be seen by its sender alone, who is one here.
    if (s->next != NULL)
        acta_sim_gauge(acta_sim_here(), "who handles something has nothing waiting", s->sent - s->next->handled,
                       s->next->capacity);
    if (m == NULL) {
        acta_tx_drop(&s->to);
        return ACTA_OK;
    }
    must(acta_as(item, m)->n == s->handled, "what waits goes out in order");
    s->handled++;
    for (int i = 0; i < PER_ITEM && s->next != NULL; i++)
        send_item(s->to, 0, s->sent++);
    return ACTA_OK;
}

static bool all_through(void *arg)
{
    (void)arg;
    int64_t expected = ITEMS;
    for (int64_t i = 0; i < c.count; i++, expected *= PER_ITEM)
        if (c.stages[i].handled != expected)
            return false;
    return true;
}

static void a_chain_waits_in_order_and_lets_nothing_over_a_bound(acta_sim *sim, void *arg)
{
    (void)arg;
    memset(&c, 0, sizeof(c));
    c.count = draw(2, STAGES);
    acta_tx *tx = NULL;
    for (int64_t i = c.count - 1; i >= 0; i--) {
        c.stages[i] = (stage){.part = {stage_on}, .to = tx, .next = i + 1 < c.count ? &c.stages[i + 1] : NULL};
        c.stages[i].capacity = i > 0 ? draw(1, 3) : ITEMS;
        tx = play(&c.stages[i], "stage", c.stages[i].capacity);
    }
    for (int64_t n = 0; n < ITEMS; n++)
        send_item(tx, 0, n);
    acta_tx_drop(&tx);
    acta_sim_eventually(sim, "all goes through", all_through, NULL);
    acta_sim_run(sim);
    must(ledger_now().overcommits == 0, "without a circle nothing goes over a bound");
    reached(ledger_now().pauses > 1, "somebody waits more than once");
}

// ---- everything goes behind what waits -------------------------------------------------------------

static struct {
    part asker, speaker, side;
    acta_tx *to_speaker, *to_asker, *to_side;
    acta_tx *asker_self; // until it has its answer
    int64_t words;   // that the speaker says before it answers
    int64_t heard;
    bool answered;
    bool body; // the speaker
    bool tries, stops;
} s;

// asker_on has an inbox of one message, which it takes slowly: it is told to ask, and then hears words and an answer.
static int asker_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    uint64_t id;
    if (m == NULL) {
        must(!s.stops || s.heard == s.words, "a stop comes behind what waits");
        acta_tx_drop(&s.to_speaker);
        return ACTA_OK;
    }
    if (acta_is(go, m)) {
        must(acta_ask(self, s.to_speaker, ACTA_FOREVER, &id, query, .n = 0) == ACTA_OK, "a request is taken");
        acta_tx_drop(&s.to_speaker);
    } else if (acta_is(item, m)) {
        must(acta_as(item, m)->n == s.heard++, "words come in order");
    } else {
        must(s.heard == s.words, "an answer comes behind what waits");
        s.answered = true;
        acta_tx_drop(&s.asker_self);
    }
    return ACTA_OK;
}

// side_on hears of the words when they have all gone out: one of them may still be in the asker's inbox.
static int side_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)self, (void)arg;
    must(m == NULL || s.heard + 1 >= s.words, "what is sent to others goes behind what waits, too");
    return ACTA_OK;
}

static void say_words(void)
{
    bool waits = false;
    for (int64_t n = 0; n < s.words; n++) {
        bool tries = s.tries && n > 0 && draw(0, 1) == 0;
        int status = tries ? acta_try_send(s.to_asker, item, .n = n) : ACTA_EFULL;
        if (status == ACTA_EFULL) {
            waits = waits || tries;
            send_item(s.to_asker, 0, n);
        }
    }
    if (s.tries)
        reached(waits, "a try finds no room");
    if (s.to_side == NULL)
        return;
    // A handler has something in its outbox then: the asker takes one word before it runs again, not two.
    if (!s.body && s.words > 1)
        must(acta_try_send(s.to_side, go) == ACTA_EFULL, "a try does not overtake what waits");
    send_item(s.to_side, 0, 0);
    acta_tx_drop(&s.to_side);
}

static int speaker_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    if (m == NULL)
        return ACTA_OK;
    say_words();
    int kind = s.stops ? 1 : (int)draw(0, 2);
    if (kind == 0)
        must(acta_refuse(self, m, ACTA_EREFUSED, "no") == ACTA_OK, "a refusal is taken");
    else if (kind == 1)
        must(acta_reply(self, m, answer, .n = 0) == ACTA_OK, "a reply is taken");
    if (s.stops)
        must(acta_stop(acta_tx_addr(s.to_asker)) == ACTA_OK, "a stop is taken");
    acta_tx_drop(&s.to_asker);
    return ACTA_OK;
}

static bool all_said(void *arg)
{
    (void)arg;
    return s.heard == s.words && s.answered;
}

static void speak(bool tries, bool stops)
{
    memset(&s, 0, sizeof(s));
    s.tries = tries;
    s.stops = stops;
    s.words = draw(1, 4);
    s.asker.on = asker_on;
    s.speaker.on = speaker_on;
    s.side.on = side_on;
    s.body = draw(0, 1) == 1;
    s.to_speaker = play_as(s.body, &s.speaker, "speaker", 0);
    if (tries)
        s.to_side = play(&s.side, "side", 1);
    acta_tx *tx = play(&s.asker, "asker", 1);
    s.to_asker = acta_tx_dup(tx);
    s.asker_self = acta_tx_dup(tx);
    start(&tx);
    acta_sim_eventually(acta_sim_here(), "all was said", all_said, NULL);
    acta_sim_run(acta_sim_here());
    reached(ledger_now().pauses > 0, "something waits");
}

static void all_goes_behind_what_waits(acta_sim *sim, void *arg)
{
    (void)sim, (void)arg;
    speak(true, false);
}

static void a_stop_goes_behind_what_waits(acta_sim *sim, void *arg)
{
    (void)sim, (void)arg;
    speak(false, true);
}

// One who awaits takes nothing else: what is said to it meanwhile, beyond its bound, closes a circle.
static int awaiting_body(acta_self *self, void *arg)
{
    (void)arg;
    uint64_t id;
    must(acta_ask(self, s.to_speaker, ACTA_FOREVER, &id, query, .n = 0) == ACTA_OK, "a request is taken");
    acta_tx_drop(&s.to_speaker);
    acta_msg *m = acta_await(self, id);
    s.answered = m != NULL;
    acta_msg_free(&m);
    acta_tx_drop(&s.asker_self);
    while ((m = acta_recv(self)) != NULL) {
        must(acta_as(item, m)->n == s.heard++, "words come in order");
        acta_msg_free(&m);
    }
    return ACTA_OK;
}

static void one_who_awaits_closes_a_circle_that_is_opened(acta_sim *sim, void *arg)
{
    (void)arg;
    memset(&s, 0, sizeof(s));
    s.words = draw(1, 4);
    s.speaker.on = speaker_on;
    s.to_speaker = play(&s.speaker, "speaker", 0);
    must(acta_spawn(acta_sim_system(sim), &s.asker_self, .body = awaiting_body, .name = "asker", .capacity = 1)
         == ACTA_OK, "a body is spawned");
    s.to_asker = acta_tx_dup(s.asker_self);
    acta_sim_eventually(sim, "all was said", all_said, NULL);
    acta_sim_run(sim);
    must((int64_t)ledger_now().overcommits == s.words - 1, "what goes over a bound is counted");
}

// ---- a line for one inbox ------------------------------------------------------------------------------

enum { LINE = 4 };

typedef struct waiter {
    part part;
    acta_tx *to;
    int64_t number;
} waiter;

static struct {
    part reader, tail;
    acta_tx *to_tail;
    waiter waiters[LINE];
    int64_t asked[LINE]; // numbers, in the order in which they asked for room or found it
    int64_t askers;
    int64_t served;
    int64_t ends_after; // the reader ends by itself after so many; or more than there are
    bool ended;
} q;

static int line_reader_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)self, (void)arg;
    if (m == NULL) {
        acta_tx_drop(&q.to_tail);
        return ACTA_OK;
    }
    int64_t number = acta_as(item, m)->source;
    if (number < LINE)
        must(number == q.asked[q.served++], "room goes to those in line, in their order");
    send_item(q.to_tail, number, 0);
    if (q.served < q.ends_after)
        return ACTA_OK;
    acta_tx_drop(&q.to_tail);
    return ACTA_DONE;
}

static void line_reader_ends(void *arg)
{
    (void)arg;
    q.ended = true;
}

static int line_tail_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)self, (void)arg, (void)m;
    return ACTA_OK;
}

static int waiter_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    waiter *me = arg;
    if (m == NULL) {
        acta_tx_drop(&me->to);
        return ACTA_OK;
    }
    q.asked[q.askers++] = me->number; // a body is suspended in the send
    int status = acta_send(me->to, item, .source = me->number, .n = 0);
    must(status == ACTA_OK || (q.ended && status == ACTA_EGONE), "a send is taken, or its receiver is gone");
    return ACTA_OK;
}

// Each waiter asks once and ends, and nothing arrives in another order than it was sent: so the line can be seen.
static void line_up(int64_t ends_after)
{
    memset(&q, 0, sizeof(q));
    q.reader.on = line_reader_on;
    q.tail.on = line_tail_on;
    q.ends_after = ends_after;
    q.to_tail = play(&q.tail, "tail", 1);
    acta_tx *tx = play_until(&q.reader, "reader", 1, line_reader_ends);
    acta_tx *waiters[LINE];
    for (int64_t i = 0; i < LINE; i++) {
        q.waiters[i] = (waiter){.part = {waiter_on}, .to = acta_tx_dup(tx), .number = i};
        waiters[i] = play(&q.waiters[i], "waiter", 0);
    }
    acta_tx_drop(&tx);
    for (int64_t i = 0; i < LINE; i++)
        start(&waiters[i]);
    acta_sim_run(acta_sim_here());
    reached(ledger_now().pauses > 1, "there is a line");
}

static void room_goes_to_those_in_line_in_their_order(acta_sim *sim, void *arg)
{
    (void)sim, (void)arg;
    line_up(LINE + 1);
    must(q.served == LINE, "all in line are served");
}

static void who_waits_for_one_that_ends_goes_on(acta_sim *sim, void *arg)
{
    (void)sim, (void)arg;
    line_up(draw(1, 2));
    must(q.ended, "the reader has ended");
    reached(ledger_now().dropped_gone > 0, "somebody waited in vain");
}

static const claim claims[] = {
    CLAIM(a_chain_waits_in_order_and_lets_nothing_over_a_bound),
    CLAIM_AT_ONCE(a_chain_waits_in_order_and_lets_nothing_over_a_bound),
    CLAIM(all_goes_behind_what_waits),
    CLAIM_AT_ONCE(all_goes_behind_what_waits),
    CLAIM(a_stop_goes_behind_what_waits),
    CLAIM(one_who_awaits_closes_a_circle_that_is_opened),
    CLAIM_AT_ONCE(one_who_awaits_closes_a_circle_that_is_opened),
    CLAIM_AT_ONCE(room_goes_to_those_in_line_in_their_order),
    CLAIM(who_waits_for_one_that_ends_goes_on),
    CLAIM_AT_ONCE(who_waits_for_one_that_ends_goes_on),
};

CLAIM_MAIN(claims)
