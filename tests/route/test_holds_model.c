// SPDX-License-Identifier: MIT
//
// test_holds_model.c - holds, claims and loans in every order: all states that a small world of nodes can come to
// (holds_world.h) are visited, and each claim is looked at in each of them. The decisions are those of
// src/route/holds.c, which the node is made of.
//
// "complete" means that every step of every state found was tried. What bounds a world are its sizes alone: how many
// senders, loans and messages there are at a time. How often they are handed on is not bounded.

#include "holds_world.h"

#include "base/sanitize.h"

// ---- states, packed --------------------------------------------------------------------

enum { PACKED_MAX = 512 };

// walk goes over all of a world that makes a difference, to write it to bytes or to read it back. Nodes but the owner
// are alike: order says in which order they are written, by what they are called now.
typedef struct pack {
    uint8_t bytes[PACKED_MAX];
    unsigned size;
    bool reading;
    const uint8_t *order;
    uint8_t called[NODES_MAX]; // what they are called then
} pack;

static void byte(pack *p, uint8_t *value)
{
    if (p->reading)
        *value = p->bytes[p->size];
    else
        p->bytes[p->size] = *value;
    p->size++;
}

static void word(pack *p, uint32_t *value)
{
    uint8_t small = (uint8_t)*value;
    assert_true(p->reading || small == *value);
    byte(p, &small);
    *value = small;
}

static void frames(pack *p, queue *q)
{
    byte(p, &q->count);
    for (unsigned i = 0; i < q->count; i++) {
        frame *f = &q->at[i];
        uint8_t what = (uint8_t)(f->kind << 4 | p->called[f->node] << 2 | f->loan);
        uint8_t more = (uint8_t)(f->count << 1 | f->crashed);
        byte(p, &what);
        if ((what >> 4) == RELEASE || (what >> 4) == TAKEN || (what >> 4) == CLAIM)
            byte(p, &more);
        if (p->reading)
            *f = (frame){.kind = what >> 4, .node = what >> 2 & 3, .loan = what & 3, .count = more >> 1,
                         .crashed = more & 1};
    }
}

static void session(pack *p, world *w, unsigned n, unsigned m)
{
    uint8_t bits = (uint8_t)(w->lent[n][m] << 2 | w->open[n][m] << 1 | w->whole[n][m]);
    byte(p, &bits);
    w->lent[n][m] = bits >> 2;
    w->open[n][m] = bits >> 1 & 1;
    w->whole[n][m] = bits & 1;
    frames(p, &w->wire[n][m]);
}

static void walk(pack *p, world *w, const holds_size *size)
{
    assert_true(p->reading || sizeof(*w) < PACKED_MAX * 2);
    for (unsigned i = 0; i < size->nodes; i++)
        p->called[p->order[i]] = (uint8_t)i;
    for (unsigned i = 0; i < size->nodes; i++) {
        unsigned n = p->order[i];
        byte(p, &w->alive[n]);
        byte(p, &w->users[n]);
        byte(p, &w->dead[n]);
        byte(p, &w->eof_queued[n]);
        byte(p, &w->told_crash[n]);
        word(p, &w->taker[n].held);
        word(p, &w->taker[n].claims);
        word(p, &w->owner[n].held);
        frames(p, &w->proxy[n]);
        frames(p, &w->asked[n]);
        for (unsigned j = 0; j < size->nodes; j++)
            if (i != j)
                session(p, w, n, p->order[j]);
    }
    byte(p, &w->crashed);
    byte(p, &w->end);
    byte(p, &w->lost);
    byte(p, &w->deaths);
    byte(p, &w->cuts);
}

// All orders of the nodes, the owner always first: the first 2 for three nodes, all 6 for four.
static const uint8_t orders[6][NODES_MAX] = {
    {0, 1, 2, 3}, {0, 2, 1, 3}, {0, 1, 3, 2}, {0, 2, 3, 1}, {0, 3, 1, 2}, {0, 3, 2, 1},
};

// pack_least writes a world in the order of its nodes that gives the least bytes, so that worlds that differ only in
// what nodes are called are one.
static void pack_least(pack *least, world *w, const holds_size *size)
{
    least->size = 0;
    for (unsigned i = 0; i < (size->nodes == 3 ? 2 : 6); i++) {
        pack p;
        p.size = 0;
        p.reading = false;
        p.order = orders[i];
        walk(&p, w, size);
        if (i == 0 || p.size < least->size || (p.size == least->size && memcmp(p.bytes, least->bytes, p.size) < 0))
            memcpy(least, &p, offsetof(pack, bytes) + sizeof(p.bytes) + sizeof(p.size));
    }
}

static void begin(world *w, const holds_size *size)
{
    memset(w, 0, sizeof(*w));
    w->users[0] = 1;
    for (unsigned n = 0; n < size->nodes; n++) {
        w->alive[n] = 1;
        for (unsigned m = 0; m < size->nodes; m++)
            w->open[n][m] = w->whole[n][m] = n != m;
    }
}

// ---- steps -----------------------------------------------------------------------------

typedef enum step_kind { USE, DROP, HAND_OVER, HAND_A_COPY, SAY, WANTED, UNWANTED, DIE, CUT, LEARN, STEPS } step_kind;

typedef struct step {
    uint8_t kind, a, b;
} step;

static const char *const step_names[STEPS] = {
    "sends", "drops its sender", "hands its sender over to", "hands a copy to", "lets its proxy speak",
    "takes a frame of", "takes a frame, and does not want it, of", "dies", "is cut off from", "learns of the end of",
};

static bool has_live_sender(const world *w, unsigned node)
{
    return w->alive[node] && w->users[node] > w->dead[node] && (node != 0 || w->end == LIVES);
}

// What there is in the world, of what its size bounds.
typedef struct amounts {
    unsigned senders, sends, loans;
} amounts;

static void count(amounts *sum, const queue *q)
{
    for (unsigned i = 0; i < q->count; i++) {
        sum->sends += q->at[i].kind == SEND_FRAME;
        sum->senders += has_sender(&q->at[i]);
    }
}

static amounts amounts_of(const world *w, const holds_size *size)
{
    amounts sum = {0};
    for (unsigned a = 0; a < size->nodes; a++) {
        sum.senders += w->users[a];
        count(&sum, &w->proxy[a]);
        for (unsigned b = 0; b < size->nodes; b++) {
            sum.loans += (unsigned)__builtin_popcount(w->lent[a][b]);
            count(&sum, &w->wire[a][b]);
        }
    }
    return sum;
}

static bool may_hand(const world *w, const holds_size *size, const amounts *sum, unsigned from, unsigned to)
{
    bool met = to == 0 || from == 0 || w->whole[to][0]; // else the taker would begin a session with the owner anew
    bool room = w->wire[from][to].count < size->messages;
    bool loans = from == 0 || to == 0 || sum->loans < size->loans;
    bool holds = from != 0 || w->owner[to].held < size->holds;
    return has_live_sender(w, from) && w->open[from][to] && w->alive[to] && met && room && loans && holds;
}

// possible: whether a step can be taken in this state.
static bool possible(const world *w, const holds_size *size, const amounts *sum, step s)
{
    bool pair = s.a != s.b && s.a < size->nodes && s.b < size->nodes;
    switch ((step_kind)s.kind) {
    case USE:
        return s.a != 0 && has_live_sender(w, s.a) && w->open[s.a][0] && sum->sends < size->sends;
    case DROP:
        return w->alive[s.a] && w->users[s.a] > 0;
    case HAND_OVER:
        return pair && may_hand(w, size, sum, s.a, s.b);
    case HAND_A_COPY:
        return pair && may_hand(w, size, sum, s.a, s.b) && sum->senders < size->senders;
    case SAY:
        return w->proxy[s.a].count > 0;
    case WANTED:
        return pair && w->open[s.a][s.b] && w->wire[s.b][s.a].count > 0;
    case UNWANTED:
        return pair && w->open[s.a][s.b] && w->wire[s.b][s.a].count > 0 && has_sender(&w->wire[s.b][s.a].at[0]);
    case DIE:
        return w->alive[s.a] && w->deaths < size->deaths;
    case CUT:
        return pair && s.a < s.b && w->whole[s.a][s.b] && w->cuts < size->cuts;
    case LEARN:
        return pair && w->open[s.a][s.b] && !w->whole[s.a][s.b];
    case STEPS:
        break;
    }
    return false;
}

static void act(world *w, const holds_size *size, step s)
{
    switch ((step_kind)s.kind) {
    case USE:
        append(&w->proxy[s.a], (frame){.kind = SEND_FRAME});
        break;
    case DROP:
        drop(w, size, s.a);
        break;
    case HAND_OVER:
    case HAND_A_COPY:
        hand_on(w, size, s.a, s.b, s.kind == HAND_A_COPY);
        break;
    case SAY:
        say(w, s.a);
        break;
    case WANTED:
    case UNWANTED:
        deliver(w, size, s.b, s.a, s.kind == WANTED);
        break;
    case DIE:
        die(w, s.a);
        break;
    case CUT:
        cut(w, s.a, s.b);
        break;
    case LEARN:
        learn(w, size, s.a, s.b);
        break;
    case STEPS:
        break;
    }
    check(w);
}

// ---- the search ------------------------------------------------------------------------

typedef struct visit {
    uint32_t at;     // of its bytes
    uint32_t parent; // the state it was first come to from
    uint16_t size;
    step by;
} visit;

typedef struct search {
    const holds_size *size;
    visit *visits; // in the order in which they were found
    uint32_t count, room;
    uint8_t *bytes;
    size_t used, bytes_room;
    uint32_t *table; // of visits, + 1; open addressing
    uint32_t table_size;
} search;

static uint64_t hash(const uint8_t *bytes, size_t size)
{
    uint64_t h = size;
    for (size_t i = 0; i < size; i += 8) {
        uint64_t word = 0;
        memcpy(&word, bytes + i, size - i < 8 ? size - i : 8);
        h = (h ^ word) * 0x9e3779b97f4a7c15;
        h ^= h >> 32;
    }
    return h;
}

static uint32_t *place_of(const search *s, const uint8_t *bytes, unsigned size)
{
    uint32_t at = (uint32_t)hash(bytes, size) & (s->table_size - 1);
    for (; s->table[at] != 0; at = (at + 1) & (s->table_size - 1)) {
        const visit *v = &s->visits[s->table[at] - 1];
        if (v->size == size && memcmp(s->bytes + v->at, bytes, size) == 0)
            break;
    }
    return &s->table[at];
}

static void *grown(void *old, size_t size)
{
    void *grown = realloc(old, size);
    assert_non_null(grown);
    return grown;
}

static void make_room(search *s, unsigned size)
{
    if (s->count == s->room) {
        s->room = s->room == 0 ? 1 << 16 : s->room * 2;
        s->visits = grown(s->visits, s->room * sizeof(visit));
        free(s->table);
        s->table_size = s->room * 2;
        s->table = calloc(s->table_size, sizeof(*s->table));
        assert_non_null(s->table);
        for (uint32_t i = 0; i < s->count; i++)
            *place_of(s, s->bytes + s->visits[i].at, s->visits[i].size) = i + 1;
    }
    if (s->used + size > s->bytes_room) {
        s->bytes_room = s->bytes_room == 0 ? 1 << 22 : s->bytes_room * 2;
        s->bytes = grown(s->bytes, s->bytes_room);
    }
}

// found enters a state, unless it is known.
static void found(search *s, world *w, uint32_t parent, step by)
{
    pack p;
    pack_least(&p, w, s->size);
    make_room(s, p.size);
    uint32_t *place = place_of(s, p.bytes, p.size);
    if (*place != 0)
        return;
    assert_true(s->used <= UINT32_MAX - p.size);
    memcpy(s->bytes + s->used, p.bytes, p.size);
    s->visits[s->count] = (visit){.at = (uint32_t)s->used, .parent = parent, .size = (uint16_t)p.size, .by = by};
    s->used += p.size;
    *place = ++s->count;
}

static void load(const search *s, uint32_t number, world *w)
{
    const visit *v = &s->visits[number];
    pack p = {.reading = true, .order = orders[0]};
    memcpy(p.bytes, s->bytes + v->at, v->size);
    memset(w, 0, sizeof(*w));
    walk(&p, w, s->size);
}

static void say_step(step by)
{
    bool both = by.kind == HAND_OVER || by.kind == HAND_A_COPY || by.kind == WANTED || by.kind == UNWANTED ||
                by.kind >= CUT;
    if (both)
        print_message("    node %u %s %u\n", by.a, step_names[by.kind], by.b);
    else
        print_message("    node %u %s\n", by.a, step_names[by.kind]);
}

static void say_way(const search *s, uint32_t number)
{
    if (number == 0)
        return;
    say_way(s, s->visits[number].parent);
    say_step(s->visits[number].by);
}

static void fail_with(const search *s, uint32_t number, const step *last, const char *claim)
{
    print_message("%s: it does not hold that %s:\n", s->size->name, claim);
    say_way(s, number);
    if (last != NULL)
        say_step(*last);
    fail();
}

static void try_all(search *s, uint32_t number, const world *w)
{
    amounts sum = amounts_of(w, s->size);
    for (unsigned kind = 0; kind < STEPS; kind++)
        for (unsigned a = 0; a < s->size->nodes; a++)
            for (unsigned b = 0; b < s->size->nodes; b++) {
                step by = {(uint8_t)kind, (uint8_t)a, (uint8_t)b};
                if ((b != 0 && (kind <= DROP || kind == SAY || kind == DIE)) || !possible(w, s->size, &sum, by))
                    continue;
                world next = *w;
                act(&next, s->size, by);
                if (next.broken != NULL)
                    fail_with(s, number, &by, next.broken);
                found(s, &next, number, by);
            }
}

static void explore(const holds_size *size)
{
    search s = {.size = size};
    world w;
    begin(&w, size);
    found(&s, &w, 0, (step){0});
    uint32_t over = 0;
    for (uint32_t number = 0; number < s.count; number++) {
        load(&s, number, &w);
        if (is_over(&w, size)) {
            over++;
            check_over(&w, size);
            if (w.broken != NULL)
                fail_with(&s, number, NULL, w.broken);
        }
        try_all(&s, number, &w);
    }
    print_message("%s: %u states, %u of them ends, complete\n", size->name, s.count, over);
    assert_true(over > 0);
    free(s.visits);
    free(s.bytes);
    free(s.table);
}

// ---- the worlds ------------------------------------------------------------------------

enum { LOANS = ACTI_TSAN ? 1 : 2 }; // a model in one thread has nothing to show to TSan but that it is there

TEST(two_senders_among_three_nodes_keep_their_actor_and_no_longer)
{
    explore(&(holds_size){.name = "three nodes, two senders that are used",
                          .nodes = 3, .senders = 2, .messages = 2, .loans = LOANS, .holds = 1, .sends = 1});
    explore(&(holds_size){.name = "the same, and two holds of a node",
                          .nodes = 3, .senders = 2, .messages = 2, .loans = 1, .holds = 2, .sends = 1});
}

TEST(a_node_that_dies_takes_its_senders_along_and_the_actor_is_told)
{
    explore(&(holds_size){.name = "three nodes, two senders, one death",
                          .nodes = 3, .senders = 2, .messages = 2, .loans = LOANS, .holds = 2, .deaths = 1});
}

TEST(what_a_node_sent_before_it_died_arrives_or_the_actor_is_told)
{
    explore(&(holds_size){.name = "three nodes, one sender that is used, one death",
                          .nodes = 3, .senders = 1, .messages = 2, .loans = LOANS, .holds = 2, .sends = 1,
                          .deaths = 1});
}

TEST(a_session_that_is_cut_loses_nothing_in_silence)
{
    explore(&(holds_size){.name = "three nodes, one sender that is used, one cut",
                          .nodes = 3, .senders = 1, .messages = 2, .loans = LOANS, .holds = 1, .sends = 1, .cuts = 1});
}

TEST(a_chain_of_claims_through_four_nodes_holds)
{
    explore(&(holds_size){.name = "four nodes, one sender",
                          .nodes = 4, .senders = 1, .messages = 2, .loans = LOANS, .holds = 2});
}

// Minutes and gigabytes: by hand, with any argument.
TEST(larger_worlds)
{
    explore(&(holds_size){.name = "three nodes, two senders that are used, two holds and two loans",
                          .nodes = 3, .senders = 2, .messages = 2, .loans = 2, .holds = 2, .sends = 1});
    explore(&(holds_size){.name = "three nodes, two senders that are used, one death",
                          .nodes = 3, .senders = 2, .messages = 2, .loans = 2, .holds = 2, .sends = 1, .deaths = 1});
    explore(&(holds_size){.name = "three nodes, two senders, one cut",
                          .nodes = 3, .senders = 2, .messages = 2, .loans = 2, .holds = 2, .cuts = 1});
    explore(&(holds_size){.name = "three nodes, one sender that is used, one death and one cut",
                          .nodes = 3, .senders = 1, .messages = 2, .loans = 2, .holds = 2, .sends = 1, .deaths = 1,
                          .cuts = 1});
    explore(&(holds_size){.name = "four nodes, one sender that is used",
                          .nodes = 4, .senders = 1, .messages = 2, .loans = 2, .holds = 2, .sends = 1});
    explore(&(holds_size){.name = "four nodes, one sender, one death",
                          .nodes = 4, .senders = 1, .messages = 2, .loans = 2, .holds = 2, .deaths = 1});
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return TEST_RUN(case_of(larger_worlds));
    return TEST_RUN(case_of(two_senders_among_three_nodes_keep_their_actor_and_no_longer),
                    case_of(a_node_that_dies_takes_its_senders_along_and_the_actor_is_told),
                    case_of(what_a_node_sent_before_it_died_arrives_or_the_actor_is_told),
                    case_of(a_session_that_is_cut_loses_nothing_in_silence),
                    case_of(a_chain_of_claims_through_four_nodes_holds));
}
