// SPDX-License-Identifier: MIT
//
// test_pieces.c - large messages, as the peer gets them frame by frame: what goes between the pieces and what does not,
// how many are begun, what they cost, and what a lost connection or the end of the session does. Every test closes the
// system, which asserts its ledger.

#include "test.h"

#include <acta/acta.h>
#include <stdio.h>

#include "raw_peer.h"
#include "route/node.h"
#include "route/pieces.h"

ACTA_MESSAGE(item, (u64, n));
ACTA_MESSAGE(blob, (bytes, data));
ACTA_MESSAGE(hand, (tx, who));
ACTA_MESSAGE(gift, (tx, who), (bytes, data));
ACTA_MESSAGE(query, (u64, n));

enum { LARGE = 16 << 20, MIDDLE = 1 << 20, ACTORS = 17, CREDIT = 1000, PEER = 77 };

static char folder[] = "/tmp/acta-test-XXXXXX";
static char url[sizeof(folder) + 16];
static uint8_t bytes[LARGE];

// ---- a system that has senders to the peer's actors 1, 2, 3 ... ------------------------

typedef struct world {
    acta_system *sys;
    acta_listener *listener;
    acta_tx *agent;
    acta_tx *far[ACTORS + 1]; // by the number of the actor
    uint64_t agent_number;
    raw_peer p;
    uint64_t given; // of these, by the agent
    uint64_t wanted;
    test_gate all_given;
    int64_t outcome; // of the agent's own ask
    test_gate answered;
} world;

// The agent takes senders, and answers a query with so many bytes and then an item; or with 0 in it asks for itself.
static int agent_handler(acta_self *self, void *arg, acta_msg *m)
{
    world *w = arg;
    uint64_t id;
    if (m == NULL)
        return ACTA_OK;
    if (acta_is(hand, m)) {
        w->far[++w->given] = acta_tx_dup(acta_as(hand, m)->who);
        if (w->given == w->wanted)
            test_gate_open(&w->all_given);
    } else if (acta_is(query, m) && acta_msg_wants_reply(m)) {
        (void)acta_reply(self, m, blob, .data = {bytes, acta_as(query, m)->n});
        w->outcome = acta_send(w->far[1], item, .n = 1);
    } else if (acta_is(query, m)) {
        w->outcome = acta_ask(self, w->far[1], ACTA_FOREVER, &id, blob, .data = {bytes, acta_as(query, m)->n});
    } else if (acta_as(acta_failure, m) != NULL || acta_is(item, m)) {
        w->outcome = acta_is(item, m) ? ACTA_OK : acta_as(acta_failure, m)->status;
        test_gate_open(&w->answered);
    }
    return ACTA_OK;
}

static void world_open(world *w, uint32_t actors, uint32_t credit_messages, uint32_t credit_bytes)
{
    *w = (world){.wanted = actors, .outcome = 1};
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i ^ i >> 8 ^ i >> 16);
    test_gate_init(&w->all_given);
    test_gate_init(&w->answered);
    assert_int_equal(acta_open(NULL, &w->sys), ACTA_OK);
    assert_int_equal(acta_spawn(w->sys, &w->agent, .handler = agent_handler, .arg = w), ACTA_OK);
    assert_int_equal(acta_publish(w->sys, "agent", acta_tx_addr(w->agent)), ACTA_OK);
    assert_int_equal(acta_node_listen(w->sys, url, &w->listener), ACTA_OK);
    w->p = peer_init(PEER);
    w->p.us.credit_messages = credit_messages;
    w->p.us.credit_bytes = credit_bytes;
    peer_meet(&w->p, url);
    w->agent_number = peer_find(&w->p, "agent");
    for (uint64_t n = 1; n <= actors; n++)
        peer_say(&w->p, (acti_frame){.kind = ACTI_FRAME_SEND, .actor = w->agent_number}, acta_type_of(hand),
                 &(hand){.who = w->agent}, peer_own(&w->p, n));
    assert_true(test_gate_wait(&w->all_given));
}

static void drop_all(world *w)
{
    for (uint64_t n = 1; n <= w->wanted; n++)
        acta_tx_drop(&w->far[n]);
}

// world_close ends the session, if the peer has not, and the system, which asserts that nothing was lost uncounted.
static void world_close(world *w)
{
    if (w->p.fd >= 0)
        peer_refuse(&w->p, ACTA_EREFUSED);
    drop_all(w);
    acta_tx_drop(&w->agent);
    acta_listener_close(&w->listener);
    assert_int_equal(acta_close(&w->sys, 20 * ACTA_SECOND), ACTA_OK);
    peer_cut(&w->p);
    test_gate_fini(&w->all_given);
    test_gate_fini(&w->answered);
}

static void send_blob(world *w, uint64_t to, size_t size)
{
    assert_int_equal(acta_send(w->far[to], blob, .data = {bytes, size}), ACTA_OK);
}

// packed_size is what a blob takes in msgpack: a map of one, the key, a head of five bytes, and the bytes.
static size_t packed_size(size_t size)
{
    return 1 + 5 + 5 + size;
}

// What has come for an actor of the peer.
typedef struct heard {
    size_t bytes; // in parts of a message that has not ended
    size_t whole; // of the last one
} heard;

// hear notes what a frame brings, and asserts that a piece is what it has to be. True: a message has ended.
static bool hear(heard *of, const acti_frame *frame)
{
    bool part = frame->kind == ACTI_FRAME_PART;
    bool ends = frame->kind >= ACTI_FRAME_SEND && frame->kind <= ACTI_FRAME_REPLY;
    if (!part && !ends)
        return false;
    heard *h = &of[frame->kind == ACTI_FRAME_REPLY ? frame->from : frame->actor];
    size_t head = packed_size(0);
    size_t skip = h->bytes == 0 ? head : 0;
    if (part || h->bytes > 0)
        assert_memory_equal(frame->rest + skip, bytes + h->bytes + skip - head, frame->rest_size - skip);
    if (part)
        assert_int_equal(frame->rest_size, ACTI_PIECE_BYTES);
    else
        assert_in_range(frame->rest_size, 1, ACTI_PIECE_BYTES);
    h->bytes += frame->rest_size;
    h->whole = part ? 0 : h->bytes;
    h->bytes = part ? h->bytes : 0;
    return ends;
}

// hear_to_the_end reads up to the frame that ends a message, whichever.
static const acti_frame *hear_to_the_end(world *w, heard *of)
{
    const acti_frame *frame;
    do
        frame = peer_next(&w->p);
    while (!hear(of, frame));
    return frame;
}

// ---- between the pieces ---------------------------------------------------------------

// Nothing is read before both are sent: what is ahead of the small one is no more than the node and the socket hold.
TEST(a_small_message_passes_a_large_one_of_another_pair)
{
    world w;
    world_open(&w, 2, CREDIT, UINT32_MAX);
    heard of[3] = {{0, 0}};
    send_blob(&w, 1, LARGE - sizeof(blob));
    assert_int_equal(acta_send(w.far[2], item, .n = 7), ACTA_OK);
    const acti_frame *frame = hear_to_the_end(&w, of);
    assert_int_equal(frame->actor, 2);
    assert_in_range(of[1].bytes, ACTI_PIECE_BYTES, LARGE / 2);
    (void)hear_to_the_end(&w, of);
    assert_int_equal(of[1].whole, packed_size(LARGE - sizeof(blob)));
    world_close(&w);
}

// C-FIFO
TEST(nothing_else_about_its_actor_goes_between_the_pieces_and_what_is_behind_follows_in_order)
{
    world w;
    world_open(&w, 1, CREDIT, UINT32_MAX);
    heard of[2] = {{0, 0}};
    send_blob(&w, 1, LARGE / 2);
    assert_int_equal(acta_send(w.far[1], item, .n = 1), ACTA_OK);
    send_blob(&w, 1, MIDDLE);
    drop_all(&w);
    const acti_frame *frame = peer_until(&w.p, ACTI_FRAME_PART);
    while (!hear(of, frame)) {
        frame = peer_next(&w.p);
        assert_true(frame->kind == ACTI_FRAME_PART || frame->kind == ACTI_FRAME_SEND);
    }
    assert_int_equal(of[1].whole, packed_size(LARGE / 2));
    frame = peer_until(&w.p, ACTI_FRAME_SEND); // behind the TYPE
    assert_in_range(frame->rest_size, 1, 16);
    (void)hear_to_the_end(&w, of);
    assert_int_equal(of[1].whole, packed_size(MIDDLE));
    frame = peer_next(&w.p);
    assert_int_equal(frame->kind, ACTI_FRAME_RELEASE);
    assert_int_equal(frame->actor, 1);
    world_close(&w);
}

// C-EOF: the sender in it is the last of this node, and comes home. Its hold is given back behind the message.
TEST(the_last_sender_to_an_actor_is_not_given_back_before_the_message_that_it_is_in_has_ended)
{
    world w;
    world_open(&w, 2, CREDIT, UINT32_MAX);
    const acti_frame *frame;
    uint64_t parts = 0, ended = 0;
    assert_int_equal(acta_send(w.far[1], gift, .who = w.far[2], .data = {bytes, MIDDLE}), ACTA_OK);
    acta_tx_drop(&w.far[2]);
    do {
        frame = peer_next(&w.p);
        parts += frame->kind == ACTI_FRAME_PART;
        ended += frame->kind == ACTI_FRAME_SEND;
    } while (frame->kind != ACTI_FRAME_RELEASE);
    assert_int_equal(frame->actor, 2);
    assert_int_equal(parts, MIDDLE / ACTI_PIECE_BYTES);
    assert_int_equal(ended, 1);
    world_close(&w);
}

TEST(a_large_reply_goes_in_pieces_too_and_what_was_sent_later_is_behind_it)
{
    world w;
    world_open(&w, 1, CREDIT, UINT32_MAX);
    heard of[2] = {{0, 0}};
    peer_say(&w.p, (acti_frame){.kind = ACTI_FRAME_ASK, .actor = w.agent_number, .from = 1, .id = 42},
             acta_type_of(query), &(query){.n = MIDDLE}, (acti_codec_ref){0});
    const acti_frame *frame = peer_until(&w.p, ACTI_FRAME_PART);
    while (!hear(of, frame))
        frame = peer_next(&w.p);
    assert_int_equal(frame->kind, ACTI_FRAME_REPLY);
    assert_int_equal(frame->id, 42);
    assert_int_equal(of[1].whole, packed_size(MIDDLE));
    (void)peer_until(&w.p, ACTI_FRAME_SEND);
    world_close(&w);
}

TEST(a_message_that_is_small_when_packed_goes_in_one_frame_and_one_of_a_piece_and_a_byte_in_two)
{
    world w;
    world_open(&w, 1, CREDIT, UINT32_MAX);
    size_t most = ACTI_PIECE_BYTES - packed_size(0);
    send_blob(&w, 1, most);
    const acti_frame *frame = peer_until(&w.p, ACTI_FRAME_SEND);
    assert_int_equal(frame->rest_size, ACTI_PIECE_BYTES);
    send_blob(&w, 1, most + 1);
    frame = peer_next(&w.p);
    assert_int_equal(frame->kind, ACTI_FRAME_PART);
    assert_int_equal(frame->rest_size, ACTI_PIECE_BYTES);
    frame = peer_next(&w.p);
    assert_int_equal(frame->kind, ACTI_FRAME_SEND);
    assert_int_equal(frame->rest_size, 1);
    world_close(&w);
}

// ---- how many -------------------------------------------------------------------------

TEST(sixteen_are_begun_at_a_time_and_the_next_waits_until_one_has_ended)
{
    world w;
    world_open(&w, ACTORS, CREDIT, UINT32_MAX);
    heard of[ACTORS + 1] = {{0, 0}};
    const acti_frame *frame;
    for (uint64_t n = 1; n <= ACTORS; n++)
        send_blob(&w, n, MIDDLE + n * ACTI_PIECE_BYTES);
    send_blob(&w, 1, MIDDLE + ACTI_PIECE_BYTES);
    uint32_t begun = 0, begun_max = 0;
    for (uint32_t ended = 0; ended < ACTORS + 1;) {
        frame = peer_next(&w.p);
        bool begins = frame->kind == ACTI_FRAME_PART && of[frame->actor].bytes == 0;
        if (begins && frame->actor == 1 && of[1].whole > 0)
            assert_true(of[ACTORS].bytes > 0); // who has waited comes first
        begun += begins;
        begun_max = begun > begun_max ? begun : begun_max;
        if (hear(of, frame)) {
            assert_int_equal(of[frame->actor].whole, packed_size(MIDDLE + frame->actor * ACTI_PIECE_BYTES));
            begun--;
            ended++;
        }
    }
    assert_int_equal(begun_max, ACTI_BEGUN_MAX);
    world_close(&w);
}

// ---- what it costs --------------------------------------------------------------------

TEST(a_message_in_pieces_costs_all_its_bytes_and_one_message)
{
    world w;
    world_open(&w, 1, 3, 1);
    heard of[2] = {{0, 0}};
    send_blob(&w, 1, MIDDLE); // the one byte allows it
    assert_int_equal(acta_send(w.far[1], item, .n = 1), ACTA_OK);
    assert_int_equal(acta_send(w.far[1], item, .n = 2), ACTA_OK);
    (void)hear_to_the_end(&w, of);
    peer_fence(&w.p);
    uint32_t owed = (uint32_t)packed_size(MIDDLE) - 1;
    peer_write(&w.p, (acti_frame){.kind = ACTI_FRAME_CREDIT, .actor = 1, .bytes = owed});
    peer_fence(&w.p); // the balance is 0
    peer_write(&w.p, (acti_frame){.kind = ACTI_FRAME_CREDIT, .actor = 1, .bytes = 1000});
    (void)peer_until(&w.p, ACTI_FRAME_SEND);
    (void)peer_until(&w.p, ACTI_FRAME_SEND); // three messages in all
    assert_int_equal(acta_send(w.far[1], item, .n = 3), ACTA_OK);
    peer_fence(&w.p);
    world_close(&w);
}

// ---- connections and ends -------------------------------------------------------------

// C-FIFO
TEST(a_message_goes_on_over_the_next_connection_wherever_it_was_cut)
{
    world w;
    world_open(&w, 2, CREDIT, UINT32_MAX);
    heard of[3] = {{0, 0}};
    const acti_frame *frame;
    uint64_t small = 0, cuts = 0;
    for (uint64_t n = 0; n < 20; n++) {
        assert_int_equal(acta_send(w.far[2], item, .n = n), ACTA_OK);
        send_blob(&w, 1, MIDDLE + n);
    }
    for (uint64_t n = 0; n < 20;) {
        frame = peer_next(&w.p);
        bool ended = hear(of, frame);
        small += ended && frame->actor == 2;
        if (ended && frame->actor == 1)
            assert_int_equal(of[1].whole, packed_size(MIDDLE + n++));
        if (w.p.us.received % 7 == 0) {
            peer_cut(&w.p);
            peer_meet(&w.p, url);
            cuts++;
        }
    }
    assert_int_equal(small, 20);
    assert_true(cuts > 20);
    world_close(&w);
}

TEST(a_request_that_is_begun_when_the_session_ends_has_its_outcome)
{
    world w;
    world_open(&w, 1, CREDIT, UINT32_MAX);
    assert_int_equal(acta_send(w.agent, query, .n = LARGE / 2), ACTA_OK);
    (void)peer_until(&w.p, ACTI_FRAME_PART);
    peer_refuse(&w.p, ACTA_EREFUSED);
    assert_true(test_gate_wait(&w.answered));
    assert_int_equal(w.outcome, ACTA_EREFUSED);
    peer_cut(&w.p);
    world_close(&w);
}

TEST(a_large_request_is_asked_in_pieces_and_answered)
{
    world w;
    world_open(&w, 1, CREDIT, UINT32_MAX);
    heard of[2] = {{0, 0}};
    assert_int_equal(acta_send(w.agent, query, .n = LARGE / 2), ACTA_OK);
    const acti_frame *frame = hear_to_the_end(&w, of);
    assert_int_equal(frame->kind, ACTI_FRAME_ASK);
    assert_int_equal(of[1].whole, packed_size(LARGE / 2));
    peer_say(&w.p, (acti_frame){.kind = ACTI_FRAME_REPLY, .from = frame->from, .id = frame->id}, acta_type_of(item),
             &(item){.n = 1}, (acti_codec_ref){0});
    assert_true(test_gate_wait(&w.answered));
    assert_int_equal(w.outcome, ACTA_OK);
    world_close(&w);
}

// C-LEDGER, C-CLOSE
TEST(what_is_begun_or_waits_to_begin_is_counted_when_the_session_ends_or_the_system_closes_by_force)
{
    for (int by_force = 0; by_force < 2; by_force++) {
        world w;
        world_open(&w, ACTORS, CREDIT, UINT32_MAX);
        for (uint64_t n = 1; n <= ACTORS; n++)
            send_blob(&w, n, MIDDLE);
        (void)peer_until(&w.p, ACTI_FRAME_PART);
        if (!by_force) {
            world_close(&w);
            continue;
        }
        drop_all(&w);
        acta_tx_drop(&w.agent);
        acta_listener_close(&w.listener);
        assert_int_equal(acta_close(&w.sys, ACTA_MS), ACTA_EALIVE);
        peer_cut(&w.p);
        test_gate_fini(&w.all_given);
        test_gate_fini(&w.answered);
    }
}

int main(void)
{
    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(url, sizeof(url), "ipc://%s/it", folder);
    int failed = TEST_RUN(
        case_of(a_small_message_passes_a_large_one_of_another_pair),
        case_of(nothing_else_about_its_actor_goes_between_the_pieces_and_what_is_behind_follows_in_order),
        case_of(the_last_sender_to_an_actor_is_not_given_back_before_the_message_that_it_is_in_has_ended),
        case_of(a_large_reply_goes_in_pieces_too_and_what_was_sent_later_is_behind_it),
        case_of(a_message_that_is_small_when_packed_goes_in_one_frame_and_one_of_a_piece_and_a_byte_in_two),
        case_of(sixteen_are_begun_at_a_time_and_the_next_waits_until_one_has_ended),
        case_of(a_message_in_pieces_costs_all_its_bytes_and_one_message),
        case_of(a_message_goes_on_over_the_next_connection_wherever_it_was_cut),
        case_of(a_request_that_is_begun_when_the_session_ends_has_its_outcome),
        case_of(a_large_request_is_asked_in_pieces_and_answered),
        case_of(what_is_begun_or_waits_to_begin_is_counted_when_the_session_ends_or_the_system_closes_by_force));
    char path[64];
    snprintf(path, sizeof(path), "%s/it.lock", folder);
    (void)unlink(path);
    (void)rmdir(folder);
    return failed;
}
