// SPDX-License-Identifier: MIT
//
// peer_caf.cpp - the benchmarks in CAF 0.17, the C++ Actor Framework: event-based actors on its work-stealing scheduler.
//
//     peer_caf NAME CORES RUNS    prints one figure a line, in the unit of bench_core's benchmark of that name
//     peer_caf list               prints the names
//
// Left out: idle_body, as there are no actors with a stack but those with a thread. An event-based actor cannot be
// stopped in the middle of a loop, so a producer sends BATCH messages and then one to itself, to be called again: that
// keeps the consumer close behind, and is several times faster than sending all at once. An inbox has no bound, so the
// bounded buffer is an actor that lets a producer go on when there is room; so it is in the literature.

#include <caf/all.hpp>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <unistd.h>
#include <vector>

using namespace caf;

using go_on = atom_constant<atom("goon")>;
using start = atom_constant<atom("start")>;
using ping = atom_constant<atom("ping")>;
using pong = atom_constant<atom("pong")>;
using done = atom_constant<atom("done")>;
using stop = atom_constant<atom("stop")>;
using item = atom_constant<atom("item")>;
using want = atom_constant<atom("want")>;
using more = atom_constant<atom("more")>;
using count = int64_t;

static constexpr count ring_size = 503, producers = 64, bound = 50, users = 10, talkers = 1000, balls = 16;
static constexpr count computers = 64, rounds = 1700, batch = 100;

static void need(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "peer_caf: %s\n", what);
    exit(EXIT_FAILURE);
}

static double now_ns()
{
    using namespace std::chrono;
    return static_cast<double>(duration_cast<nanoseconds>(steady_clock::now().time_since_epoch()).count());
}

static uint64_t next_random(uint64_t x)
{
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return x;
}

static count below(uint64_t x, count limit)
{
    return static_cast<count>((x >> 32) * static_cast<uint64_t>(limit) >> 32);
}

// ---- a few who talk ----------------------------------------------------------------------

// The last one is told of the first, so that they stand in a circle.
static behavior player(event_based_actor *self, actor next)
{
    return {
        [=](const actor &first) { self->become(player(self, first)); },
        [=](count left) {
            self->send(next, left - 1);
            if (left <= 0) // each sees one more before it goes
                self->quit();
        },
    };
}

static double circle(actor_system &sys, count players, count hops)
{
    actor last = sys.spawn(player, actor{}), first = last;
    for (count i = 1; i < players; i++)
        first = sys.spawn(player, first);
    anon_send(last, first);
    double from = now_ns();
    anon_send(first, hops);
    first = last = nullptr;
    sys.await_all_actors_done();
    return (now_ns() - from) / static_cast<double>(hops);
}

static behavior consumer(event_based_actor *self, count left)
{
    auto missing = std::make_shared<count>(left);
    return {
        [=](count, count, count, count, count) {
            if (--*missing == 0)
                self->quit();
        },
    };
}

static behavior producer(event_based_actor *self, actor to, count messages)
{
    auto left = std::make_shared<count>(messages);
    return {
        [=](go_on) {
            for (count i = 0; i < batch && *left > 0; i++)
                self->send(to, (*left)--, count{0}, count{0}, count{0}, count{0});
            if (*left > 0)
                self->send(self, go_on::value);
            else
                self->quit();
        },
    };
}

static double to_one(actor_system &sys, count from_many, count messages)
{
    messages -= messages % from_many;
    actor to = sys.spawn(consumer, messages);
    double from = now_ns();
    for (count i = 0; i < from_many; i++)
        anon_send(sys.spawn(producer, to, messages / from_many), go_on::value);
    to = nullptr;
    sys.await_all_actors_done();
    return (now_ns() - from) / static_cast<double>(messages);
}

// ---- the bounded buffer --------------------------------------------------------------------

struct buffer_state {
    std::deque<count> items;
    std::deque<actor> full; // producers who wait for room
    std::deque<actor> empty; // consumers who wait for an item
    count left;
};

// It holds at most `bound` items; a producer who finds it full gets his `more` when an item has gone.
static behavior buffer(stateful_actor<buffer_state> *self, count items)
{
    self->state.left = items;
    auto handed_out = [=] {
        if (--self->state.left == 0)
            self->quit();
    };
    return {
        [=](item, count what, const actor &by) {
            auto &s = self->state;
            if (!s.empty.empty()) {
                self->send(s.empty.front(), item::value, what);
                s.empty.pop_front();
                self->send(by, more::value);
                handed_out();
                return;
            }
            s.items.push_back(what);
            if (static_cast<count>(s.items.size()) < bound)
                self->send(by, more::value);
            else
                s.full.push_back(by);
        },
        [=](want, const actor &by) {
            auto &s = self->state;
            if (s.items.empty()) {
                s.empty.push_back(by);
                return;
            }
            self->send(by, item::value, s.items.front());
            s.items.pop_front();
            if (!s.full.empty()) {
                self->send(s.full.front(), more::value);
                s.full.pop_front();
            }
            handed_out();
        },
    };
}

static behavior buffer_producer(event_based_actor *self, actor to, count items)
{
    auto left = std::make_shared<count>(items);
    return {
        [=](more) {
            if (*left == 0)
                self->quit();
            else
                self->send(to, item::value, (*left)--, actor{self});
        },
    };
}

static behavior buffer_consumer(event_based_actor *self, actor from)
{
    return {
        [=](item, count) { self->send(from, want::value, actor{self}); },
        [=](stop) { self->quit(); },
    };
}

static double bounded_buffer(actor_system &sys, count items)
{
    items -= items % users;
    actor b = sys.spawn(buffer, items);
    std::vector<actor> consumers;
    double from = now_ns();
    for (count i = 0; i < users; i++) {
        anon_send(sys.spawn(buffer_producer, b, items / users), more::value);
        consumers.push_back(sys.spawn(buffer_consumer, b));
        anon_send(b, want::value, consumers.back());
    }
    {
        scoped_actor waiting{sys};
        waiting->wait_for(b);
    }
    double ns = now_ns() - from;
    for (auto &c : consumers)
        anon_send(c, stop::value);
    return ns / static_cast<double>(items);
}

// ---- many who know each other ----------------------------------------------------------------

static std::vector<actor> crowd;
static actor judge;

struct talker_state {
    uint64_t random;
    count left;
    const actor &somebody()
    {
        random = next_random(random);
        return crowd[static_cast<size_t>(below(random, static_cast<count>(crowd.size())))];
    }
};

static behavior talker(stateful_actor<talker_state> *self, count me, count times)
{
    self->state.random = next_random(static_cast<uint64_t>(me) + 1) | 1;
    self->state.left = times;
    auto round = [=] {
        if (self->state.left-- > 0)
            self->send(self->state.somebody(), ping::value, me);
        else
            self->send(judge, done::value);
    };
    return {
        [=](start) { round(); },
        [=](ping, count by) { self->send(crowd[static_cast<size_t>(by)], pong::value); },
        [=](pong) { round(); },
        [=](stop) { self->quit(); },
    };
}

static void request(stateful_actor<talker_state> *self)
{
    if (self->state.left-- > 0)
        self->request(self->state.somebody(), infinite, ping::value).then([=](pong) { request(self); });
    else
        self->send(judge, done::value);
}

static behavior asker(stateful_actor<talker_state> *self, count me, count times)
{
    self->state.random = next_random(static_cast<uint64_t>(me) + 1) | 1;
    self->state.left = times;
    return {
        [=](start) { request(self); },
        [=](ping) { return pong::value; },
        [=](stop) { self->quit(); },
    };
}

static behavior thrower(event_based_actor *self)
{
    return {
        [=](count left, uint64_t random) {
            random = next_random(random);
            if (left > 0)
                self->send(crowd[static_cast<size_t>(below(random, static_cast<count>(crowd.size())))], left - 1, random);
            else
                self->send(judge, done::value);
        },
        [=](stop) { self->quit(); },
    };
}

// among makes a crowd, begins, and gives the nanoseconds until `ends` of them have said that they are done.
template <class Spawn, class Begin> static double among(actor_system &sys, count size, count ends, Spawn one, Begin begin)
{
    scoped_actor self{sys};
    judge = self;
    crowd.clear();
    crowd.reserve(static_cast<size_t>(size));
    for (count i = 0; i < size; i++)
        crowd.push_back(one(i));
    double from = now_ns();
    begin();
    for (count i = 0; i < ends; i++)
        self->receive([](done) {});
    double ns = now_ns() - from;
    for (auto &c : crowd)
        anon_send(c, stop::value);
    judge = nullptr;
    return ns;
}

template <class Member> static double talk(actor_system &sys, Member member, count times)
{
    double ns = among(
        sys, talkers, talkers, [&](count i) { return sys.spawn(member, i, times); },
        [] {
            for (auto &c : crowd)
                anon_send(c, start::value);
        });
    return ns / static_cast<double>(talkers * times);
}

static double scale(actor_system &sys, count size, count hops)
{
    hops /= balls;
    double ns = among(
        sys, size, balls, [&](count) { return sys.spawn(thrower); },
        [=] {
            for (count i = 0; i < balls; i++)
                anon_send(crowd[static_cast<size_t>(i % size)], hops, next_random(static_cast<uint64_t>(i) + 1));
        });
    return ns / static_cast<double>(hops * balls);
}

// ---- what an actor costs ------------------------------------------------------------------------

static behavior child(event_based_actor *self, actor parent)
{
    return {
        [=](count) {
            self->send(parent, done::value);
            self->quit();
        },
    };
}

static behavior forker(event_based_actor *self, count children)
{
    auto left = std::make_shared<count>(children);
    auto missing = std::make_shared<count>(children);
    return {
        [=](go_on) {
            for (count i = 0; i < batch && *left > 0; i++)
                self->send(self->spawn(child, actor{self}), (*left)--);
            if (*left > 0)
                self->send(self, go_on::value);
        },
        [=](done) {
            if (--*missing == 0)
                self->quit();
        },
    };
}

static double fork_join(actor_system &sys, count children)
{
    double from = now_ns();
    anon_send(sys.spawn(forker, children), go_on::value);
    sys.await_all_actors_done();
    return (now_ns() - from) / static_cast<double>(children);
}

static double resident()
{
    FILE *f = fopen("/proc/self/statm", "r");
    long total, pages;
    need(f != nullptr && fscanf(f, "%ld %ld", &total, &pages) == 2, "/proc/self/statm");
    fclose(f);
    return static_cast<double>(pages) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

static behavior waiting(event_based_actor *self)
{
    return {
        [=](go_on) { self->send(judge, done::value); },
        [=](stop) { self->quit(); },
    };
}

static double idle(actor_system &sys, count size)
{
    scoped_actor self{sys};
    judge = self;
    crowd.assign(static_cast<size_t>(size), actor{});
    double before = resident();
    for (count i = 0; i < size; i++) {
        crowd[static_cast<size_t>(i)] = sys.spawn(waiting);
        self->send(crowd[static_cast<size_t>(i)], go_on::value);
        for (count left = i % 64 == 63 || i + 1 == size ? i % 64 + 1 : 0; left > 0; left--)
            self->receive([](done) {});
    }
    double after = resident();
    for (auto &c : crowd)
        anon_send(c, stop::value);
    judge = nullptr;
    return (after - before) / static_cast<double>(size);
}

// ---- computing ------------------------------------------------------------------------------------

static behavior computer(event_based_actor *self, count tasks)
{
    auto left = std::make_shared<count>(tasks);
    auto result = std::make_shared<volatile uint64_t>(0);
    return {
        [=](count n) {
            uint64_t x = *result + 1;
            for (; n > 0; n--)
                x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            *result = x;
            if (--*left == 0)
                self->quit();
        },
    };
}

static behavior manager(event_based_actor *self, count tasks)
{
    auto left = std::make_shared<count>(tasks);
    auto all = std::make_shared<std::vector<actor>>();
    for (count i = 0; i < computers; i++)
        all->push_back(self->spawn(computer, tasks));
    return {
        [=](go_on) {
            for (auto &c : *all)
                self->send(c, rounds);
            if (--*left > 0)
                self->send(self, go_on::value);
            else
                self->quit();
        },
    };
}

static double compute(actor_system &sys, count tasks)
{
    double from = now_ns();
    anon_send(sys.spawn(manager, tasks), go_on::value);
    sys.await_all_actors_done();
    return (now_ns() - from) / static_cast<double>(tasks * computers);
}

static const struct {
    const char *name;
    double (*run)(actor_system &sys);
} benches[] = {
    {"ping_pong", [](actor_system &sys) { return circle(sys, 2, 2000000); }},
    {"ring", [](actor_system &sys) { return circle(sys, ring_size, 2000000); }},
    {"one_to_one", [](actor_system &sys) { return to_one(sys, 1, 4000000); }},
    {"many_to_one", [](actor_system &sys) { return to_one(sys, producers, 4000000); }},
    {"bounded_buffer", [](actor_system &sys) { return bounded_buffer(sys, 500000); }},
    {"many_to_many", [](actor_system &sys) { return talk(sys, talker, 1000); }},
    {"ask", [](actor_system &sys) { return talk(sys, asker, 500); }},
    {"fork_join", [](actor_system &sys) { return fork_join(sys, 200000); }},
    {"compute", [](actor_system &sys) { return compute(sys, 4000); }},
    {"scale_10", [](actor_system &sys) { return scale(sys, 10, 1000000); }},
    {"scale_1e3", [](actor_system &sys) { return scale(sys, 1000, 1000000); }},
    {"scale_1e5", [](actor_system &sys) { return scale(sys, 100000, 1000000); }},
    {"scale_1e6", [](actor_system &sys) { return scale(sys, 1000000, 1000000); }},
    {"idle_handler", [](actor_system &sys) { return idle(sys, 100000); }},
};

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "list") == 0) {
        for (auto &b : benches)
            puts(b.name);
        return EXIT_SUCCESS;
    }
    need(argc == 4, "usage: peer_caf list | NAME CORES RUNS");
    for (auto &b : benches) {
        if (strcmp(b.name, argv[1]) != 0)
            continue;
        for (int left = atoi(argv[3]); left > 0; left--) {
            actor_system_config config;
            config.set("scheduler.max-threads", static_cast<size_t>(atoi(argv[2])));
            actor_system sys{config};
            printf("%.2f\n", b.run(sys));
            fflush(stdout);
            crowd.clear();
        }
        return EXIT_SUCCESS;
    }
    need(false, "no benchmark of that name");
}
