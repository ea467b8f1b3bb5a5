// SPDX-License-Identifier: MIT
//
// contract_order.c - C-FIFO and C-LAST: the order of one source, whatever others do, and the last word of it.

#include "claim.h"

enum { SOURCES = 3 };

// ---- several sources, one sink that may be slow ---------------------------------------------

typedef struct sink {
    part part;
    acta_tx *tail; // that it passes on to, or NULL: then it is never full for long
    int64_t next[SOURCES + 1];
    int64_t last[SOURCES + 1]; // the number of the last; 0: none yet
    int eofs;
} sink;

typedef struct source {
    part part;
    acta_tx *to[2];
    int64_t number;
    int64_t items;
    bool finishes; // says the last with acta_finish
} source;

static struct {
    sink sink, tail;
    source sources[SOURCES];
    int64_t count;
    int64_t items; // of each
} w;

static int sink_on(acta_self *self, void *arg, acta_msg *m)
{
    sink *s = arg;
    (void)self;
    if (m == NULL) {
        s->eofs++;
        acta_tx_drop(&s->tail);
        return ACTA_OK;
    }
    const item *i = acta_as(item, m);
    must(s->eofs == 0, "nothing comes after the end");
    must(i->n == s->next[i->source], "what one source sends comes in its order, once each");
    s->next[i->source] = i->n + 1;
    if (s->tail != NULL)
        send_item(s->tail, i->source, i->n);
    return ACTA_OK;
}

static int source_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    source *s = arg;
    if (m == NULL)
        return ACTA_OK;
    for (int64_t n = 0; n < s->items; n++) {
        if (n + 1 < s->items || !s->finishes) {
            send_item(s->to[n % 2], s->number, n);
            continue;
        }
        acta_tx_drop(&s->to[(n + 1) % 2]);
        must(acta_finish(&s->to[n % 2], item, .source = s->number, .n = n) == ACTA_OK, "a last word is taken");
        must(s->to[n % 2] == NULL, "after a last word the sender is gone");
    }
    acta_tx_drop(&s->to[0]);
    acta_tx_drop(&s->to[1]);
    return ACTA_OK;
}

static bool all_came(void *arg)
{
    (void)arg;
    bool ok = w.sink.eofs == 1 && w.tail.eofs == 1;
    for (int64_t s = 0; s < w.count; s++)
        ok = ok && w.sink.next[s] == w.items && w.tail.next[s] == w.items;
    return ok;
}

static void set_up(bool finishes)
{
    memset(&w, 0, sizeof(w));
    w.count = draw(1, SOURCES);
    w.items = draw(1, 4);
    w.tail.part.on = w.sink.part.on = sink_on;
    w.sink.tail = play(&w.tail, "tail", draw(1, 2));
    acta_tx *to = play(&w.sink, "sink", draw(1, 3));
    acta_tx *sources[SOURCES];
    for (int64_t s = 0; s < w.count; s++) {
        w.sources[s] = (source){.part = {source_on}, .number = s, .items = w.items, .finishes = finishes};
        w.sources[s].to[0] = acta_tx_dup(to);
        w.sources[s].to[1] = acta_tx_dup(to);
        sources[s] = play(&w.sources[s], "source", 0);
    }
    acta_tx_drop(&to);
    for (int64_t s = 0; s < w.count; s++)
        start(&sources[s]);
    acta_sim_eventually(acta_sim_here(), "all came, in both, and then one end", all_came, NULL);
}

static void each_source_is_handled_in_its_order(acta_sim *sim, void *arg)
{
    (void)arg;
    set_up(false);
    acta_sim_run(sim);
    reached(ledger_now().pauses > 0, "somebody waits for room");
    reached(w.count == SOURCES && w.items == 4, "many come");
}

static void a_last_word_comes_before_the_end(acta_sim *sim, void *arg)
{
    (void)arg;
    set_up(true);
    acta_sim_run(sim);
    reached(ledger_now().pauses > 0, "a last word waits for room");
}

// ---- a last word to one who has stopped --------------------------------------------------------

static struct {
    part sink;
    part source;
    acta_tx *to;
    bool refused;
    int64_t taken, handled;
} l;

static int counting_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)self, (void)arg;
    l.handled += m != NULL;
    return ACTA_OK;
}

static int finishing_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)self, (void)arg;
    if (m == NULL)
        return ACTA_OK;
    int status = acta_finish(&l.to, item, .n = 1);
    must(status == ACTA_OK || status == ACTA_EGONE, "a last word is taken, or its receiver is gone");
    must(l.to == NULL, "after a last word the sender is gone, also when it was refused");
    l.refused = status == ACTA_EGONE;
    l.taken = status == ACTA_OK;
    return ACTA_OK;
}

static void a_last_word_that_is_refused_takes_the_sender_too(acta_sim *sim, void *arg)
{
    (void)arg;
    memset(&l, 0, sizeof(l));
    l.sink.on = counting_on;
    l.source.on = finishing_on;
    l.to = play(&l.sink, "sink", 1);
    acta_tx *from = play(&l.source, "source", 0);
    must(acta_stop(acta_tx_addr(l.to)) == ACTA_OK, "a stop is taken");
    start(&from);
    acta_sim_run(sim);
    must(l.handled <= l.taken, "what was refused is not handled");
    reached(l.refused, "a last word is refused");
    reached(l.handled == 1, "a last word is handled before a stop");
}

// ---- order beside an await ------------------------------------------------------------------

static struct {
    part responder;
    source sources[2];
    acta_tx *asked;
    int64_t next[2];
    int64_t passed; // items that came while an answer was awaited
    bool answered;
} a;

static int answering_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    if (m != NULL)
        (void)acta_reply(self, m, answer, .n = acta_as(query, m)->n);
    return ACTA_OK;
}

static void take_item(const acta_msg *m)
{
    const item *i = acta_as(item, m);
    must(i != NULL && i->n == a.next[i->source], "what an await passes over is kept, in order");
    if (i != NULL)
        a.next[i->source] = i->n + 1;
}

static int awaiting_body(acta_self *self, void *arg)
{
    (void)arg;
    acta_msg *m;
    while ((m = acta_recv(self)) != NULL) {
        take_item(m);
        acta_msg_free(&m);
        uint64_t id;
        if (a.answered || acta_ask(self, a.asked, ACTA_FOREVER, &id, query, .n = 7) != ACTA_OK)
            continue;
        m = acta_await(self, id);
        must(m != NULL && acta_is(answer, m) && acta_as(answer, m)->n == 7, "an await gives its answer");
        acta_msg_free(&m);
        a.answered = true;
    }
    acta_tx_drop(&a.asked);
    return ACTA_OK;
}

static bool all_taken(void *arg)
{
    (void)arg;
    return a.next[0] == 4 && a.next[1] == 4 && a.answered;
}

static void an_await_passes_over_messages_and_keeps_them_in_order(acta_sim *sim, void *arg)
{
    (void)arg;
    memset(&a, 0, sizeof(a));
    a.responder.on = answering_on;
    a.asked = play(&a.responder, "responder", 1);
    acta_tx *to = NULL;
    must(acta_spawn(acta_sim_system(sim), &to, .body = awaiting_body, .name = "asker") == ACTA_OK, "it is spawned");
    acta_tx *sources[2];
    for (int64_t s = 0; s < 2; s++) {
        a.sources[s] = (source){.part = {source_on}, .number = s, .items = 4};
        a.sources[s].to[0] = acta_tx_dup(to);
        a.sources[s].to[1] = acta_tx_dup(to);
        sources[s] = play(&a.sources[s], "source", 0);
    }
    acta_tx_drop(&to);
    start(&sources[0]);
    start(&sources[1]);
    acta_sim_eventually(sim, "all were taken, and the answer", all_taken, NULL);
}

// ---- more than a turn's worth ------------------------------------------------------------------

enum { LONG = 150 }; // beyond the messages of one turn, and not a multiple of them

static struct {
    part part;
    acta_tx *self;
    int64_t next;
} t;

static int to_itself_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)self, (void)arg;
    if (m == NULL)
        return ACTA_OK;
    must(acta_is(go, m) ? t.next == 0 : acta_as(item, m)->n == t.next++, "what it sends to itself comes in order");
    if (t.next < LONG)
        send_item(t.self, 0, t.next);
    else
        acta_tx_drop(&t.self);
    return ACTA_OK;
}

static bool all_long(void *arg)
{
    (void)arg;
    return t.next == LONG;
}

static void a_long_turn_leaves_nothing_behind(acta_sim *sim, void *arg)
{
    (void)arg;
    memset(&t, 0, sizeof(t));
    t.part.on = to_itself_on;
    acta_tx *tx = play(&t.part, "loop", draw(1, 3));
    t.self = acta_tx_dup(tx);
    start(&tx);
    acta_sim_eventually(sim, "it goes on to the end", all_long, NULL);
}

static const claim claims[] = {
    CLAIM(each_source_is_handled_in_its_order),
    CLAIM_AT_ONCE(each_source_is_handled_in_its_order),
    CLAIM(a_last_word_comes_before_the_end),
    CLAIM_AT_ONCE(a_last_word_comes_before_the_end),
    CLAIM(a_last_word_that_is_refused_takes_the_sender_too),
    CLAIM(an_await_passes_over_messages_and_keeps_them_in_order),
    CLAIM_AT_ONCE(an_await_passes_over_messages_and_keeps_them_in_order),
    CLAIM_AT_ONCE(a_long_turn_leaves_nothing_behind),
};

CLAIM_MAIN(claims)
