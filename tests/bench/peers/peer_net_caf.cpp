// SPDX-License-Identifier: MIT
//
// peer_net_caf.cpp - bench_net with the io module of CAF 0.17: actors of two systems that send to each other.
//
//     peer_net_caf NAME CORES RUNS    prints one figure a line
//     peer_net_caf list               prints the names
//
// The systems meet over TCP on the loopback interface, because there is no other way. A message is a string, which is
// quicker than a vector of bytes. A producer sends BATCH messages and then one to itself, as in peer_caf.cpp. Nothing
// holds it back, and what waits to be written grows: so a question asked beside a load is not answered before all of
// that has been sent, and there and back under load is left out.

#include <caf/all.hpp>
#include <caf/io/all.hpp>
#include <cstdint>
#include <string>

#include "bench/pair.h"

using namespace caf;

using go_on = atom_constant<atom("goon")>;
using count = int64_t;

static constexpr count batch = 100;

static behavior sink(event_based_actor *self, actor judge, count left)
{
    auto missing = std::make_shared<count>(left);
    return {
        [=](const std::string &) {
            if (--*missing == 0) {
                self->send(judge, bench_now_ns());
                self->quit();
            }
        },
    };
}

static behavior producer(event_based_actor *self, actor to, size_t size, count messages)
{
    auto left = std::make_shared<count>(messages);
    std::string parcel(size, '\0');
    return {
        [=](go_on) {
            for (count i = 0; i < batch && *left > 0; i++, --*left)
                self->send(to, parcel);
            if (*left > 0)
                self->send(self, go_on::value);
            else
                self->quit();
        },
    };
}

static behavior echo()
{
    return {
        [](const std::string &parcel) { return parcel; },
    };
}

static void ask(event_based_actor *self, actor to, actor judge, count left)
{
    if (left == 0) {
        self->send(judge, bench_now_ns());
        self->quit();
        return;
    }
    self->request(to, infinite, std::string(64, '\0')).then([=](const std::string &) {
        ask(self, to, judge, left - 1);
    });
}

static uint16_t publish(actor_system &sys, const actor &who)
{
    auto port = sys.middleman().publish(who, 0, "127.0.0.1");
    bench_need(static_cast<bool>(port), "publish");
    return *port;
}

static actor find(actor_system &sys, double port)
{
    auto found = sys.middleman().remote_actor("127.0.0.1", static_cast<uint16_t>(port));
    bench_need(static_cast<bool>(found), "remote_actor");
    return *found;
}

static double ended(scoped_actor &self)
{
    double at = 0;
    self->receive([&](double now) { at = now; });
    return at;
}

static void one_way(const pair &p, actor_system &sys, size_t size, count messages)
{
    if (!p.near) {
        actor to = find(sys, pair_told(&p));
        pair_tell(&p, 0);
        pair_told(&p);
        anon_send(sys.spawn(producer, to, size, messages), go_on::value);
        pair_told(&p); // it has got all
        return;
    }
    scoped_actor self{sys};
    pair_tell(&p, publish(sys, sys.spawn(sink, actor{self}, messages)));
    pair_told(&p);
    double from = bench_now_ns();
    pair_tell(&p, 0);
    printf("%.2f\n", (ended(self) - from) / static_cast<double>(messages));
    pair_tell(&p, 0);
}

static double ask_in_turn(actor_system &sys, const actor &to, count rounds)
{
    scoped_actor self{sys};
    double from = bench_now_ns();
    sys.spawn([=, judge = actor{self}](event_based_actor *asker) { ask(asker, to, judge, rounds); });
    return (ended(self) - from) / static_cast<double>(rounds);
}

static void back(const pair &p, actor_system &sys, count rounds)
{
    if (!p.near) {
        actor to = sys.spawn(echo);
        pair_tell(&p, publish(sys, to));
        pair_told(&p);
        anon_send_exit(to, exit_reason::user_shutdown);
        return;
    }
    actor to = find(sys, pair_told(&p));
    ask_in_turn(sys, to, 100);
    printf("%.2f\n", ask_in_turn(sys, to, rounds));
    pair_tell(&p, 0);
}

static const struct {
    const char *name;
    void (*run)(const pair &p, actor_system &sys);
} benches[] = {
    {"net_64", [](const pair &p, actor_system &sys) { one_way(p, sys, 64, 200000); }},
    {"net_1k", [](const pair &p, actor_system &sys) { one_way(p, sys, 1024, 100000); }},
    {"net_64k", [](const pair &p, actor_system &sys) { one_way(p, sys, 65536, 10000); }},
    {"net_back", [](const pair &p, actor_system &sys) { back(p, sys, 5000); }},
};

static void run_one(void (*run)(const pair &p, actor_system &sys), size_t cores)
{
    pair p;
    pair_open(&p);
    {
        actor_system_config config;
        config.load<io::middleman>();
        config.set("scheduler.max-threads", cores);
        actor_system sys{config};
        run(p, sys);
        fflush(stdout);
    }
    pair_close(&p);
    exit(EXIT_SUCCESS);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "list") == 0) {
        for (auto &b : benches)
            puts(b.name);
        return EXIT_SUCCESS;
    }
    bench_need(argc == 4, "usage: peer_net_caf list | NAME CORES RUNS");
    for (auto &b : benches) {
        if (strcmp(b.name, argv[1]) != 0)
            continue;
        for (long left = bench_number(argv[3]); left > 0; left--) {
            pid_t child = fork();
            if (child == 0)
                run_one(b.run, static_cast<size_t>(bench_number(argv[2])));
            int status;
            bench_need(waitpid(child, &status, 0) == child && status == 0, "a run failed");
        }
        return EXIT_SUCCESS;
    }
    bench_need(false, "no benchmark of that name");
}
