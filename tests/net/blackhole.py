#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""blackhole.py - two programs on two sides of a router that swallows, without a word, whatever they say to each other:
who notices, how soon, and what has arrived. The router, and what is beside it, are network namespaces of the test."""

import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import *  # noqa: E402,F403
from silent import Member, leave  # noqa: E402

# TCP says again after 0.2, 0.6, 1.4 and 3 s. Who heals the route a heartbeat later, or a bit more on a busy machine, does
# so before the last of these, and that comes before the silence is too long.
HEARTBEAT_MS = 1500
NEAR, FAR = "10.93.1.2", "10.93.2.2"
ANYWHERE = {"NET_ANYWHERE": "1", "NET_HEARTBEAT_MS": str(HEARTBEAT_MS)}
ENOUGH = 1 << 40  # items; nobody lives to see the last


def ip(*words):
    done = subprocess.run(["ip"] + list(words), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    need(done.returncode == 0, "ip %s: %s" % (" ".join(words), done.stdout))


class Net:
    """near - router - far."""

    def __init__(self):
        self.near, self.router, self.far = ("acta-%d-%s" % (os.getpid(), name) for name in ("near", "router", "far"))

    def __enter__(self):
        try:
            ip("netns", "add", self.router)
        except (Wrong, OSError) as e:
            raise Skip("no network namespace can be made here: %s" % e)
        try:
            self.make()
        except BaseException:
            self.__exit__()
            raise
        return self

    def make(self):
        for side, address in (self.near, NEAR), (self.far, FAR):
            gate = address[:-1] + "1"
            ip("netns", "add", side)
            ip("-n", side, "link", "add", "toward", "type", "veth", "peer", "name", "to" + gate[6], "netns", self.router)
            for where, link, own in (side, "toward", address), (self.router, "to" + gate[6], gate):
                ip("-n", where, "address", "add", own + "/24", "dev", link)
                ip("-n", where, "link", "set", link, "up")
            ip("-n", side, "route", "add", "default", "via", gate)
        ip("netns", "exec", self.router, "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")

    def __exit__(self, *_):
        for name in self.near, self.router, self.far:
            subprocess.run(["ip", "netns", "delete", name], stderr=subprocess.DEVNULL)

    def swallow(self, how="add"):
        for address in NEAR, FAR:
            ip("-n", self.router, "route", how, "blackhole", address + "/32")

    def heal(self):
        self.swallow("delete")

    def at(self, side):
        """Words that start a program on that side."""
        return ["ip", "netns", "exec", side]


def company(box, net):
    """A node on either side that says who comes and goes."""
    url = "tcp://%s:4711" % FAR
    server = Member(box, "serve", url, HEARTBEAT_MS, under=net.at(net.far), env=ANYWHERE)
    joiner = Member(box, "join", url, HEARTBEAT_MS, under=net.at(net.near), env=ANYWHERE)
    for member in (server, joiner):
        member.wait_for("up")
    return server, joiner


def flow_between(box, net, count):
    flow = Flow(box, under=net.at(net.far), url="tcp://%s:4712" % FAR, env=ANYWHERE)
    flow.send(count, under=net.at(net.near))
    flow.sender.wait_for("^begun$")
    return flow


def a_peer_behind_a_route_that_swallows_all_is_given_up_within_three_heartbeats(box):
    with Net() as net:
        members = company(box, net)
        for member in members:
            member.process.read_on()
        before = [member.count("beat") for member in members]
        net.swallow()
        for member, began in zip(members, before):
            member.wait_for("down -7")
            said = member.process.text[member.process.pipe.stdout].decode().split("down -7")[0]
            beats = said.splitlines().count("beat") - began
            need(beats <= 4, "noticed within 3 heartbeats, and the one that was under way: after %d" % beats)
        leave(members, without=1)


def what_is_sent_into_a_route_that_swallows_all_is_delivered_or_said_to_be_lost(box):
    """A prefix has arrived, each item once and in order. Both ends are told that it is not all, and the ledgers agree."""
    with Net() as net:
        flow = flow_between(box, net, ENOUGH)
        net.swallow()
        status, sent, (why, left) = flow.sent()
        received = flow.is_cut(sent)
        same((status, left), (0, CRASHED), "%r" % flow.told)
        need(why != 0 and sent >= received, "%d sent, %d received: %r" % (sent, received, flow.told))
        return "%d sent = %d delivered + %d reported" % (sent, received, sent - received)


def a_route_that_comes_back_in_time_has_lost_nothing(box):
    count = 20000 if SANITIZED else 400000
    with Net() as net:
        members = company(box, net)
        flow = flow_between(box, net, count)
        net.swallow()
        members[0].wait_for_beats(1)
        net.heal()
        flow.is_whole(count)
        for member in members:
            member.wait_for_beats(4)
            same(member.count("down -7"), 0, "downs: %r" % member.process.text)
        leave(members)


if __name__ == "__main__":
    main(globals())
