#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""silent.py - peers that are killed, stopped and continued: who notices, how soon, and that both sides agree."""

import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import *  # noqa: E402,F403

COMPANY = os.path.join(BUILD, "tests", "company")
HEARTBEAT_MS = 500  # a stop of one that is meant is less than two and a half, also on a busy machine
KILLS = 10
ENDLESS = 10 ** 12  # items that are never all sent
NOTICED_S = 0.05  # on a machine that has nothing else to do


class Member:
    """A company; its lines are counted as they come."""

    def __init__(self, box, *args, under=(), env=None):
        words = list(under) + [COMPANY] + list(args)
        self.process = box.start(*words[1:], program=words[0], stdin=subprocess.PIPE, env=dict(box.env, **(env or {})))
        self.process.wait_for("^ready$")
        self.process.is_ready()

    def count(self, word):
        return self.process.text[self.process.pipe.stdout].decode().splitlines().count(word)

    def wait_for(self, word, times=1):
        self.process.wait_for("(^%s$.*?){%d}" % (word, times), flags=re.S)

    def wait_for_beats(self, more):
        self.wait_for("beat", self.count("beat") + more)

    def leave(self, without=0):
        """without: as many connections as it had when it was ready, and has lost."""
        self.process.held.is_back(-without)
        self.process.pipe.stdin.close()
        result = self.process.end()
        need("closed 0" in result.out, "it closes in order: %r" % result)


def two(box, heartbeat_ms):
    server = Member(box, "serve", box.url(), heartbeat_ms)
    joiner = Member(box, "join", box.url(), heartbeat_ms)
    for member in (server, joiner):
        member.wait_for("up")
    return server, joiner


def a_peer_that_is_killed_is_noticed_long_before_it_is_silent(box):
    """The heartbeat is a minute, so nothing but a look at its process can have told."""
    server = Member(box, "serve", box.url(), 60000)
    took = []
    until = time.monotonic() + DEADLINE_S
    # The best of so many is the machine at rest; while it has other things to do, of more.
    while len(took) < KILLS or (min(took) >= NOTICED_S and time.monotonic() < until):
        n = len(took) + 1
        joiner = Member(box, "join", box.url(), 60000)
        server.wait_for("up", n)
        begin = time.monotonic()
        joiner.process.kill()
        server.wait_for("down -7", n)
        took.append(time.monotonic() - begin)
        same(joiner.process.end().status, -signal.SIGKILL, "status of the killed")
    server.leave()
    need(min(took) < NOTICED_S, "noticed after %s s" % took)
    return "noticed after %.1f to %.1f ms" % (min(took) * 1000, max(took) * 1000)


def a_listener_that_is_killed_is_noticed_too(box):
    server, joiner = two(box, 60000)
    server.process.kill()
    joiner.wait_for("down -7")
    same(server.process.end().status, -signal.SIGKILL, "status of the killed")
    joiner.leave(without=1)
    os.unlink(box.at("net.sock"))
    os.unlink(box.at("net.sock.lock"))


def leave(members, without=0):
    """The joiner goes first: it was ready when it had its connection, the server before. without: connections that the
    joiner has lost."""
    server, joiner = members
    joiner.leave(without)
    server.leave()


def stopped_for_a_heartbeat(box, which):
    members = two(box, HEARTBEAT_MS)
    stopped, other = members[which], members[1 - which]
    stopped.process.kill(signal.SIGSTOP)
    other.wait_for_beats(1)
    stopped.process.kill(signal.SIGCONT)
    for member in members:
        member.wait_for_beats(6)
        same(member.count("down -7"), 0, "downs: %r" % member.process.text)
    leave(members)


def stopped_for_ten(box, which):
    members = two(box, HEARTBEAT_MS)
    stopped, other = members[which], members[1 - which]
    stopped.process.kill(signal.SIGSTOP)
    other.process.read_on()  # what it had said by then
    before = other.count("beat")
    other.wait_for("down -7")
    said = other.process.text[other.process.pipe.stdout].decode().split("down -7")[0]
    beats = said.splitlines().count("beat") - before
    need(beats <= 4, "noticed within 3 heartbeats, and the one that was under way: after %d" % beats)
    other.wait_for("beat", before + 10)
    stopped.process.kill(signal.SIGCONT)
    stopped.wait_for("down -7")
    for member in members:
        same(member.count("up"), 1, "ups: %r" % member.process.text)
    leave(members, without=1)


def a_peer_that_is_stopped_for_a_heartbeat_is_not_given_up(box):
    for which in (0, 1):
        stopped_for_a_heartbeat(box, which)


def a_peer_that_is_stopped_for_ten_heartbeats_is_given_up_within_three_and_both_know(box):
    for which in (0, 1):
        stopped_for_ten(box, which)


# ---- flows ------------------------------------------------------------------------------------

def stop(process):
    """Whether it has stopped, and not ended before."""
    process.kill(signal.SIGSTOP)
    wait_until("it does not stop", lambda: process.pipe.poll() is not None or state_of(process.pid) == "T")
    return process.pipe.poll() is None


def begun(box, count):
    flow = Flow(box, env={"NET_HEARTBEAT_MS": "1000"}).send(count)  # half of what it is unless told
    flow.sender.wait_for("^begun$")
    return flow


def a_flow_of_which_either_end_is_stopped_and_continued_is_whole(box):
    count = 50000 if SANITIZED else 1000000
    stops = 0
    for which in ("server", "sender"):
        flow = begun(box, count)
        process = getattr(flow, which)
        for _ in range(10):
            stops += stop(process)
            process.kill(signal.SIGCONT)
        flow.is_whole(count)
    return "%d stops" % stops


def a_flow_whose_server_is_stopped_for_too_long_is_cut_and_both_know(box):
    flow = begun(box, ENDLESS)
    stop(flow.server)
    status, sent, how = flow.sent(limit=DEADLINE_S)
    same((status, how[1]), (0, CRASHED), "sender: %r" % flow.told)
    need(how[0] != 0, "it is told, and does not send on: %r" % flow.told)
    flow.server.kill(signal.SIGCONT)
    need(flow.is_cut(ENDLESS) <= sent, "received, and sent: %r, %r" % (flow.said, flow.told))


def a_flow_whose_sender_is_stopped_for_too_long_is_cut_and_both_know(box):
    flow = begun(box, ENDLESS)
    stop(flow.sender)
    received = flow.is_cut(ENDLESS)
    flow.sender.kill(signal.SIGCONT)
    status, sent, how = flow.sent(limit=DEADLINE_S)
    same((status, how[1]), (0, CRASHED), "sender: %r" % flow.told)
    need(how[0] != 0 and sent >= received, "sender: %r, server: %r" % (flow.told, flow.said))


if __name__ == "__main__":
    main(globals())
