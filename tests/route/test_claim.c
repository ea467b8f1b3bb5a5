// SPDX-License-Identifier: MIT
//
// test_claim.c - C-EOF, C-LEDGER: senders that came from a third node and cannot be had after all. The system here is
// the taker, or the giver; the others are peers that the test writes itself, so that each says what it says, or dies,
// at that moment. Whatever becomes of a claim, its giver is told, and told that something may have been lost if it may.

#include "test.h"

#include <acta/acta.h>

#include "base/pool.h"
#include "raw_peer.h"

ACTA_MESSAGE(item, (u64, n));
ACTA_MESSAGE(hand, (tx, who));   // to be kept
ACTA_MESSAGE(target, (tx, who)); // to be kept, too
ACTA_MESSAGE(use);               // send an item to who was handed, and say what came of it
ACTA_MESSAGE(pass);              // hand that one on to the target, and let go of it
ACTA_MESSAGE(let_go);

enum { USES = 2 }; // at most, in a test
// Nodes, and an actor at the owner.
enum { GIVER = 501, OWNER = 502, TAKER = 503, SESSION = 9000, THEIRS = 7, ITS = 8, LOAN = 33 };

static char folder[] = "/tmp/acta-test-XXXXXX";
static char owner_url[sizeof(folder) + 16];

// ---- an agent in the system here -----------------------------------------------------------

typedef struct agent {
    acta_tx *has;
    acta_tx *target;
    int used[USES]; // with those statuses
    int uses;
    test_gate done[USES]; // one a use: its opener may still be about it when another begins
} agent;

static void keep(acta_tx **at, acta_tx *who)
{
    acta_tx_drop(at);
    *at = acta_tx_dup(who);
}

static int agent_handler(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    agent *a = arg;
    if (m == NULL || acta_is(let_go, m)) {
        acta_tx_drop(&a->has);
        acta_tx_drop(&a->target);
    } else if (acta_is(hand, m)) {
        keep(&a->has, acta_as(hand, m)->who);
    } else if (acta_is(target, m)) {
        keep(&a->target, acta_as(target, m)->who);
    } else if (acta_is(use, m)) {
        a->used[a->uses] = a->has != NULL ? acta_send(a->has, item, .n = 1) : ACTA_ENOENT;
        test_gate_open(&a->done[a->uses++]);
    } else if (acta_is(pass, m)) {
        if (acta_send(a->target, hand, .who = a->has) == ACTA_OK)
            acta_tx_drop(&a->has);
    }
    return ACTA_OK;
}

// ---- the system, and its peers ------------------------------------------------------------------

typedef struct world {
    char url[sizeof(folder) + 32];
    acta_system *sys;
    acta_listener *listener;
    agent agent;
    acta_tx *tx;
    uint64_t id; // the agent's, for peers
    int used;    // how often it was told to use what it has
    int listening; // for the owner; -1: nobody listens there
    acti_au32 reports;
} world;

static int worlds;   // that are open
static int64_t live; // blocks of memory before the first

static void count_reports(void *arg, const char *line)
{
    (void)line;
    (void)acti_au32_add_relaxed(&((world *)arg)->reports, 1);
}

// world_open opens one, at an address of its number's.
static void world_open(world *w, int number)
{
    *w = (world){.listening = -1};
    if (worlds++ == 0)
        live = acti_pool_live();
    snprintf(w->url, sizeof(w->url), "ipc://%s/%d", folder, number);
    for (int i = 0; i < USES; i++)
        test_gate_init(&w->agent.done[i]);
    acta_system_opts opts = {.report = count_reports, .report_arg = w};
    assert_int_equal(acta_open(&opts, &w->sys), ACTA_OK);
    assert_int_equal(acta_spawn(w->sys, &w->tx, .handler = agent_handler, .arg = &w->agent, .name = "agent"), ACTA_OK);
    assert_int_equal(acta_publish(w->sys, "agent", acta_tx_addr(w->tx)), ACTA_OK);
    assert_int_equal(acta_node_listen(w->sys, w->url, &w->listener), ACTA_OK);
}

static void world_close(world *w)
{
    acta_tx_drop(&w->tx);
    acta_listener_close(&w->listener);
    assert_int_equal(acta_close(&w->sys, 20 * ACTA_SECOND), ACTA_OK);
    if (--worlds == 0)
        assert_int_equal(acti_pool_live(), live);
    for (int i = 0; i < USES; i++)
        test_gate_fini(&w->agent.done[i]);
    if (w->listening >= 0)
        peer_unlisten(w->listening, owner_url);
}

// join_as gives a peer that knows the agent.
static raw_peer join_as(world *w, uint64_t node)
{
    raw_peer p = peer_init(node);
    peer_meet(&p, w->url);
    w->id = peer_find(&p, "agent");
    return p;
}

static void tell(const world *w, raw_peer *p, const acta_type *type)
{
    peer_say(p, (acti_frame){.kind = ACTI_FRAME_SEND, .actor = w->id}, type, "", (acti_codec_ref){0});
}

// hand_over sends the agent a sender to the owner's actor, which the peer has lent.
static void hand_over(const world *w, raw_peer *giver, const char *where)
{
    acti_codec_ref ref = {.node = OWNER, .actor = THEIRS, .loan = LOAN, .name = "theirs", .name_size = 6,
                          .url = where, .url_size = strlen(where)};
    peer_say(giver, (acti_frame){.kind = ACTI_FRAME_SEND, .actor = w->id}, acta_type_of(hand), &(hand){.who = w->tx},
             ref);
}

static raw_peer serve_owner(world *w)
{
    raw_peer p = peer_init(OWNER);
    peer_accept(&p, w->listening, SESSION);
    return p;
}

static void listen_as_owner(world *w)
{
    w->listening = peer_listen(owner_url);
}

static void assert_taken(raw_peer *giver, int reason)
{
    const acti_frame *taken = peer_until(giver, ACTI_FRAME_TAKEN);
    assert_int_equal(taken->id, LOAN);
    assert_int_equal(taken->status, reason);
}

static void assert_used(world *w, raw_peer *by, int status)
{
    int at = w->used++;
    tell(w, by, acta_type_of(use));
    assert_true(test_gate_wait(&w->agent.done[at]));
    assert_int_equal(w->agent.used[at], status);
}

static void answer_claim(raw_peer *owner, uint64_t query, int status)
{
    peer_write(owner, (acti_frame){.kind = ACTI_FRAME_FOUND, .id = query, .actor = THEIRS, .status = status,
                                   .text = ""});
}

// await_claim: until it comes nothing is given back.
static uint64_t await_claim(raw_peer *owner)
{
    const acti_frame *frame;
    while ((frame = peer_next(owner))->kind != ACTI_FRAME_CLAIM)
        assert_int_not_equal(frame->kind, ACTI_FRAME_RELEASE);
    assert_int_equal(frame->actor, THEIRS);
    return frame->id;
}

// ---- who cannot be reached ----------------------------------------------------------------------

TEST(who_is_at_no_url_and_who_does_not_answer_there_is_given_up_and_the_giver_told)
{
    static const char *const nowhere[] = {"", "ipc:///nowhere/at.all"};
    world w[2];
    raw_peer giver[2];
    for (int i = 0; i < 2; i++) { // both at once: each is given its time
        world_open(&w[i], i);
        giver[i] = join_as(&w[i], GIVER);
        hand_over(&w[i], &giver[i], nowhere[i]);
    }
    for (int i = 0; i < 2; i++) {
        assert_taken(&giver[i], ACTA_ECRASHED);
        assert_used(&w[i], &giver[i], ACTA_EUNREACH);
        peer_die(&giver[i]);
        world_close(&w[i]);
        assert_true(acti_au32_load_relaxed(&w[i].reports) > 0);
    }
}

// ---- who refuses --------------------------------------------------------------------------------

TEST(a_claim_that_the_owner_refuses_is_a_loss_that_the_giver_is_told_and_the_next_one_is_made)
{
    static const int refusals[] = {ACTA_EGONE, ACTA_EFULL, ACTA_ENOENT, ACTA_ENOMEM};
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        world w;
        world_open(&w, 0);
        listen_as_owner(&w);
        raw_peer giver = join_as(&w, GIVER);
        hand_over(&w, &giver, owner_url);
        raw_peer owner = serve_owner(&w);
        answer_claim(&owner, await_claim(&owner), refusals[i]);
        assert_taken(&giver, ACTA_ECRASHED);
        assert_true(acti_au32_load_relaxed(&w.reports) > 0); // that it cannot be reached
        tell(&w, &giver, acta_type_of(let_go));
        assert_used(&w, &giver, ACTA_ENOENT); // it has let go
        hand_over(&w, &giver, owner_url);
        answer_claim(&owner, await_claim(&owner), ACTA_OK);
        assert_taken(&giver, ACTA_OK);
        tell(&w, &giver, acta_type_of(let_go));
        assert_int_equal(peer_until(&owner, ACTI_FRAME_RELEASE)->count, 1);
        peer_die(&giver);
        peer_die(&owner);
        world_close(&w);
    }
}

TEST(a_claim_that_is_granted_is_taken_and_released_behind_what_was_sent)
{
    world w;
    world_open(&w, 0);
    listen_as_owner(&w);
    raw_peer giver = join_as(&w, GIVER);
    hand_over(&w, &giver, owner_url);
    raw_peer owner = serve_owner(&w);
    answer_claim(&owner, await_claim(&owner), ACTA_OK);
    assert_taken(&giver, ACTA_OK);
    assert_used(&w, &giver, ACTA_OK);
    assert_int_equal(peer_until(&owner, ACTI_FRAME_SEND)->actor, THEIRS);
    tell(&w, &giver, acta_type_of(let_go));
    const acti_frame *release = peer_until(&owner, ACTI_FRAME_RELEASE);
    assert_int_equal(release->actor, THEIRS);
    assert_int_equal(release->count, 1);
    assert_int_equal(release->status, ACTA_OK);
    peer_die(&giver);
    peer_die(&owner);
    world_close(&w);
}

// ---- who dies -----------------------------------------------------------------------------------

TEST(an_owner_that_dies_or_leaves_before_it_answers_is_a_loss)
{
    for (int leaves = 0; leaves < 2; leaves++) {
        world w;
        world_open(&w, 0);
        listen_as_owner(&w);
        raw_peer giver = join_as(&w, GIVER);
        hand_over(&w, &giver, owner_url);
        raw_peer owner = serve_owner(&w);
        (void)await_claim(&owner);
        if (leaves)
            peer_write(&owner, (acti_frame){.kind = ACTI_FRAME_GOODBYE});
        else
            peer_die(&owner);
        assert_taken(&giver, ACTA_ECRASHED); // who sent through it does not know what became of that
        assert_used(&w, &giver, ACTA_EUNREACH);
        peer_cut(&owner);
        peer_die(&giver);
        world_close(&w);
    }
}

TEST(a_giver_that_dies_before_the_answer_takes_nothing_from_the_taker)
{
    world w;
    world_open(&w, 0);
    listen_as_owner(&w);
    raw_peer giver = join_as(&w, GIVER), user = join_as(&w, TAKER);
    hand_over(&w, &giver, owner_url);
    raw_peer owner = serve_owner(&w);
    uint64_t query = await_claim(&owner);
    peer_die(&giver);
    answer_claim(&owner, query, ACTA_OK);
    assert_used(&w, &user, ACTA_OK);
    assert_int_equal(peer_until(&owner, ACTI_FRAME_SEND)->actor, THEIRS);
    tell(&w, &user, acta_type_of(let_go));
    assert_int_equal(peer_until(&owner, ACTI_FRAME_RELEASE)->count, 1);
    peer_die(&user);
    peer_die(&owner);
    world_close(&w);
}

static void see_loan(void *arg, const acti_codec_ref *ref, bool strong)
{
    assert_true(strong);
    assert_int_equal(ref->node, OWNER);
    assert_int_equal(ref->actor, THEIRS);
    *(uint64_t *)arg = ref->loan;
}

// The system here is the giver.
TEST(a_taker_that_dies_with_a_loan_is_a_loss_that_the_owner_is_told_and_one_that_has_taken_it_is_none)
{
    for (int taken = 0; taken < 2; taken++) {
        world w;
        world_open(&w, 0);
        raw_peer owner = join_as(&w, OWNER), taker = join_as(&w, TAKER);
        acti_frame to_agent = {.kind = ACTI_FRAME_SEND, .actor = w.id};
        peer_say(&owner, to_agent, acta_type_of(hand), &(hand){.who = w.tx}, peer_own(&owner, THEIRS));
        peer_say(&taker, to_agent, acta_type_of(target), &(target){.who = w.tx}, peer_own(&taker, ITS));
        (void)peer_find(&owner, "agent"); // behind what it was handed
        tell(&w, &taker, acta_type_of(pass));
        assert_int_equal(peer_until(&taker, ACTI_FRAME_SEND)->actor, ITS);
        uint64_t loan = 0;
        assert_int_equal(acti_codec_each_ref(taker.frame.rest, taker.frame.rest_size, see_loan, &loan), ACTA_OK);
        assert_true(loan != 0);
        if (taken)
            peer_write(&taker, (acti_frame){.kind = ACTI_FRAME_TAKEN, .id = loan, .status = ACTA_OK});
        peer_die(&taker);
        const acti_frame *release = peer_until(&owner, ACTI_FRAME_RELEASE);
        assert_int_equal(release->actor, THEIRS);
        assert_int_equal(release->status, taken ? ACTA_OK : ACTA_ECRASHED);
        peer_die(&owner);
        world_close(&w);
    }
}

int main(void)
{
    assert_non_null(mkdtemp(folder));
    snprintf(owner_url, sizeof(owner_url), "ipc://%s/owner", folder);
    int status = TEST_RUN(
        case_of(who_is_at_no_url_and_who_does_not_answer_there_is_given_up_and_the_giver_told),
        case_of(a_claim_that_the_owner_refuses_is_a_loss_that_the_giver_is_told_and_the_next_one_is_made),
        case_of(a_claim_that_is_granted_is_taken_and_released_behind_what_was_sent),
        case_of(an_owner_that_dies_or_leaves_before_it_answers_is_a_loss),
        case_of(a_giver_that_dies_before_the_answer_takes_nothing_from_the_taker),
        case_of(a_taker_that_dies_with_a_loan_is_a_loss_that_the_owner_is_told_and_one_that_has_taken_it_is_none));
    (void)rmdir(folder);
    return status;
}
