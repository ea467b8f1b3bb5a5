// SPDX-License-Identifier: MIT
//
// contract_ask.c - C-ASK: every request has exactly one outcome, whatever its responder does with it, and a late one is
// never seen.

#include "claim.h"

// ---- any responder ----------------------------------------------------------------------------

enum { ASKS = 3, KEPT = ASKS };

// What the responder does with a request; the number of the request says which.
typedef enum deed {
    REPLIES,     // at once
    REFUSES,
    DROPS,       // the message, unanswered
    KEEPS,       // the promise, and replies with the next message, or ends with it
    KEEPS_DROPS, // takes the promise and drops it
    DELEGATES,   // to the second, which replies
    LOSES,       // delegates to the second, which drops it
    FAILS,       // keeps the promise, and ends with an error at once
    DEEDS,
} deed;

typedef struct asker {
    part part;
    acta_tx *to;
    acta_tx *self; // keeps it until it has had every outcome
    uint64_t timeout_ns;
    uint64_t ids[ASKS];
    int outcomes[ASKS];
    int64_t deeds[ASKS];
    int64_t asked;
    int64_t wanted;
    int64_t had;
} asker;

static struct {
    part responder, second;
    acta_tx *to_second;
    asker askers[2];
    acta_promise *kept[2 * KEPT];
    int64_t kept_deeds[2 * KEPT];
    int64_t kept_count;
    bool failed; // the responder has ended before its time
    uint32_t seen; // bits: outcomes that came
} w;

enum { SAW_ANSWER = 1, SAW_REFUSAL = 2, SAW_NOREPLY = 4, SAW_TIMEOUT = 8, SAW_GONE = 16 };

// allowed: whether such a request may come to that failure. The responder may have ended before it came to it.
static bool allowed(int64_t what, int64_t status)
{
    switch (status) {
    case ACTA_ETIMEOUT:
        return true;
    case ACTA_EGONE:
        return w.failed || what == KEEPS || what == FAILS;
    case ACTA_EREFUSED:
        return what == REFUSES;
    case ACTA_ENOREPLY:
        return what == DROPS || what == KEEPS_DROPS || what == LOSES;
    default:
        return false;
    }
}

static void note_failure(int64_t what, const acta_failure *f)
{
    must(allowed(what, f->status), "a failure is of a kind that was possible");
    must(f->who[0] != '\0' && f->cause[0] != '\0', "a failure says who and why");
    w.seen |= f->status == ACTA_ETIMEOUT ? SAW_TIMEOUT : f->status == ACTA_EGONE ? SAW_GONE
            : f->status == ACTA_EREFUSED ? SAW_REFUSAL : SAW_NOREPLY;
}

static void note_outcome(asker *a, const acta_msg *m)
{
    uint64_t id = acta_msg_ask(m);
    a->had++;
    for (int64_t i = 0; i < a->asked; i++) {
        if (a->ids[i] != id)
            continue;
        must(++a->outcomes[i] == 1, "a request has one outcome");
        if (acta_is(acta_failure, m)) {
            note_failure(a->deeds[i], acta_as(acta_failure, m));
            return;
        }
        const answer *got = acta_as(answer, m);
        must(got != NULL && got->n == a->deeds[i], "an answer is that to its request");
        must(a->deeds[i] == REPLIES || a->deeds[i] == KEEPS || a->deeds[i] == DELEGATES, "who answers has replied");
        w.seen |= SAW_ANSWER;
        return;
    }
    must(false, "an outcome is that of a request of ours");
}

static void ask_once(acta_self *self, asker *a)
{
    int64_t what = a->deeds[a->asked];
    int status = acta_ask(self, a->to, a->timeout_ns, &a->ids[a->asked], query, .n = what);
    must(status == ACTA_OK || (status == ACTA_EGONE && w.failed), "a request is taken, or its responder is gone");
    if (status == ACTA_OK)
        a->asked++;
    else
        a->wanted--;
}

// ask_all lets go of the responder as soon as all is asked: it ends once it has answered, or has let it be.
static void ask_all(acta_self *self, asker *a)
{
    while (a->asked < a->wanted)
        ask_once(self, a);
    acta_tx_drop(&a->to);
}

static int asker_on(acta_self *self, void *arg, acta_msg *m)
{
    asker *a = arg;
    if (m == NULL)
        return ACTA_OK;
    if (!acta_is(go, m))
        note_outcome(a, m);
    ask_all(self, a);
    if (a->had == a->wanted)
        acta_tx_drop(&a->self);
    return ACTA_OK;
}

static void await_all(acta_self *self, asker *a)
{
    for (int64_t i = 0; i < a->asked; i++) {
        acta_msg *m = acta_await(self, a->ids[i]);
        must(m != NULL && acta_msg_ask(m) == a->ids[i], "an await gives the outcome that is awaited");
        if (m != NULL)
            note_outcome(a, m);
        acta_msg_free(&m);
    }
}

static int awaiting_body(acta_self *self, void *arg)
{
    asker *a = arg;
    acta_msg *m;
    while ((m = acta_recv(self)) != NULL) {
        must(acta_is(go, m), "what has been awaited does not come again");
        acta_msg_free(&m);
        ask_all(self, a);
        await_all(self, a);
    }
    return ACTA_OK;
}

static void keep(acta_self *self, acta_msg *m, int64_t what)
{
    acta_promise *promise = NULL;
    must(acta_promise_take(self, m, &promise) == ACTA_OK, "a promise is taken");
    must(!acta_msg_wants_reply(m), "whose promise was taken wants no reply");
    must(acta_reply(self, m, answer, .n = what) == ACTA_EINVAL, "a request is answered once");
    if (what == KEEPS || what == FAILS) {
        w.kept_deeds[w.kept_count] = what;
        w.kept[w.kept_count++] = promise;
    } else if (what == KEEPS_DROPS) {
        int status = acta_promise_drop(self, &promise);
        must(status == ACTA_OK || status == ACTA_EGONE, "a promise is dropped");
    } else {
        must(acta_delegate(self, &promise, w.to_second, query, .n = what) == ACTA_OK, "a promise is handed on");
        must(promise == NULL, "a promise that was handed on is no longer ours");
    }
}

static void answer_kept(acta_self *self)
{
    while (w.kept_count > 0) {
        w.kept_count--;
        int status = acta_promise_reply(self, &w.kept[w.kept_count], answer, .n = w.kept_deeds[w.kept_count]);
        must(status == ACTA_OK || status == ACTA_EGONE, "a promise is kept");
        must(w.kept[w.kept_count] == NULL, "a promise that was kept is no longer ours");
    }
}

static int responder_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    if (m == NULL) {
        acta_tx_drop(&w.to_second);
        return ACTA_OK;
    }
    must(acta_msg_wants_reply(m), "a request wants a reply");
    answer_kept(self);
    int64_t what = acta_as(query, m)->n;
    int status = ACTA_OK;
    if (what == REPLIES)
        status = acta_reply(self, m, answer, .n = what);
    else if (what == REFUSES)
        status = acta_refuse(self, m, ACTA_EREFUSED, "it is refused");
    else if (what != DROPS)
        keep(self, m, what);
    if (what == FAILS)
        return ACTA_EREFUSED;
    must(status == ACTA_OK || status == ACTA_EGONE, "an answer is taken");
    return ACTA_OK;
}

static int second_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    if (m != NULL && acta_as(query, m)->n == DELEGATES)
        (void)acta_reply(self, m, answer, .n = DELEGATES);
    return ACTA_OK;
}

static void responder_ends(void *arg)
{
    (void)arg;
    w.failed = true;
    acta_tx_drop(&w.to_second);
}

static bool all_have_one(void *arg)
{
    (void)arg;
    for (int a = 0; a < 2; a++)
        for (int64_t i = 0; i < w.askers[a].asked; i++)
            if (w.askers[a].outcomes[i] != 1)
                return false;
    return true;
}

static acta_tx *play_asker(asker *a, acta_tx *to, int64_t worst)
{
    *a = (asker){.part = {asker_on}, .to = acta_tx_dup(to), .wanted = draw(1, ASKS)};
    a->timeout_ns = draw(0, 2) == 0 ? (uint64_t)draw(1, 3) * ACTA_MS : ACTA_FOREVER;
    for (int64_t i = 0; i < a->wanted; i++)
        a->deeds[i] = draw(0, worst);
    acta_tx *tx = NULL;
    if (draw(0, 2) > 0) {
        tx = play(a, "asker", 1);
        a->self = acta_tx_dup(tx);
        return tx;
    }
    must(acta_spawn(acta_sim_system(acta_sim_here()), &tx, .body = awaiting_body, .arg = a, .name = "asker")
         == ACTA_OK, "an asker is spawned");
    return tx;
}

static void ask_any(int64_t worst)
{
    memset(&w, 0, sizeof(w));
    w.responder.on = responder_on;
    w.second.on = second_on;
    w.to_second = play(&w.second, "second", 1);
    acta_tx *to = play_until(&w.responder, "responder", draw(1, 2), responder_ends);
    acta_tx *first = play_asker(&w.askers[0], to, worst), *second = play_asker(&w.askers[1], to, worst);
    acta_tx_drop(&to);
    start(&first);
    start(&second);
    acta_sim_eventually(acta_sim_here(), "each request has had its outcome", all_have_one, NULL);
    acta_sim_run(acta_sim_here());
}

static void every_request_has_one_outcome(acta_sim *sim, void *arg)
{
    (void)sim, (void)arg;
    ask_any(LOSES);
    reached((w.seen & SAW_ANSWER) != 0, "an answer comes");
    reached((w.seen & SAW_REFUSAL) != 0, "a refusal comes");
    reached((w.seen & SAW_NOREPLY) != 0, "a request is dropped");
    reached((w.seen & SAW_TIMEOUT) != 0, "the time is over first");
    reached(ledger_now().dropped_late > 0, "an answer comes too late");
    reached(ledger_now().pauses > 0, "a request waits for room");
}

static void every_request_of_one_who_ends_has_one_outcome(acta_sim *sim, void *arg)
{
    (void)sim, (void)arg;
    ask_any(FAILS);
    reached((w.seen & SAW_GONE) != 0, "the responder ends first");
    reached(ledger_now().returned > 0, "a request is still queued when its responder ends");
}

// ---- promises of others ------------------------------------------------------------------------

static struct {
    asker asker;
    part owner, thief;
    acta_tx *to_thief;
    acta_promise *promise;
    bool tried;
} t;

static int owner_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    if (m == NULL)
        return ACTA_OK;
    if (acta_is(query, m)) {
        must(acta_promise_take(self, m, &t.promise) == ACTA_OK, "a promise is taken");
        must(acta_finish(&t.to_thief, go) == ACTA_OK, "another is told of it");
    } else if (t.promise != NULL) {
        must(acta_promise_reply(self, &t.promise, answer, .n = REPLIES) == ACTA_OK, "its owner keeps it");
    }
    return ACTA_OK;
}

static int thief_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    if (m == NULL)
        return ACTA_OK;
    acta_promise *promise = t.promise;
    if (promise == NULL)
        return ACTA_OK; // it has been kept
    t.tried = true;
    must(acta_promise_reply(self, &promise, answer, .n = FAILS) == ACTA_EINVAL, "nobody answers for another");
    must(acta_promise_drop(self, &promise) == ACTA_EINVAL, "nobody drops what another owes");
    return ACTA_OK;
}

static bool asker_has_one(void *arg)
{
    (void)arg;
    return t.asker.asked == 1 && t.asker.outcomes[0] == 1;
}

static void a_promise_is_kept_by_its_owner_alone(acta_sim *sim, void *arg)
{
    (void)arg;
    memset(&w, 0, sizeof(w));
    memset(&t, 0, sizeof(t));
    t.owner.on = owner_on;
    t.thief.on = thief_on;
    t.to_thief = play(&t.thief, "thief", 1);
    acta_tx *to = play(&t.owner, "owner", 0);
    t.asker = (asker){.part = {asker_on}, .to = acta_tx_dup(to), .wanted = 1, .timeout_ns = ACTA_FOREVER};
    acta_tx *asks = play(&t.asker, "asker", 1);
    t.asker.self = acta_tx_dup(asks);
    start(&asks);
    acta_sim_run(sim);
    acta_sim_eventually(sim, "the request has its outcome", asker_has_one, NULL);
    start(&to);
    acta_sim_run(sim);
    reached(t.tried, "another tries");
}

// ---- calls from outside ------------------------------------------------------------------------

static void a_call_has_one_outcome_too(acta_sim *sim, void *arg)
{
    (void)sim, (void)arg;
    memset(&w, 0, sizeof(w));
    w.responder.on = responder_on;
    w.second.on = second_on;
    w.to_second = play(&w.second, "second", 1);
    acta_tx *to = play_until(&w.responder, "responder", 0, responder_ends);
    int64_t what = draw(0, FAILS);
    acta_msg *reply = NULL;
    int status = acta_call(to, ACTA_SECOND, &reply, query, .n = what);
    if (status == ACTA_OK)
        must(acta_is(answer, reply) && acta_as(answer, reply)->n == what, "a call gives the answer to it");
    else
        must(allowed(what, status), "a call fails in a way that was possible");
    reached(status == ACTA_OK && what == DELEGATES, "another answers");
    reached(status == ACTA_EGONE, "the responder ends");
    reached(status == ACTA_ETIMEOUT, "the time is over first");
    acta_msg_free(&reply);
    acta_tx_drop(&to);
}

static const claim claims[] = {
    CLAIM(every_request_has_one_outcome),
    CLAIM_AT_ONCE(every_request_has_one_outcome),
    CLAIM(every_request_of_one_who_ends_has_one_outcome),
    CLAIM_AT_ONCE(every_request_of_one_who_ends_has_one_outcome),
    CLAIM(a_promise_is_kept_by_its_owner_alone),
    CLAIM(a_call_has_one_outcome_too),
};

CLAIM_MAIN(claims)
