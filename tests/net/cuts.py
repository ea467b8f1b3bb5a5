#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""cuts.py - connections that networks treat badly: cut at any byte, or passed on byte by byte. Everything arrives, once
and in order."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import *  # noqa: E402,F403
from relay import Relay  # noqa: E402

ENDS_BYTES = 2 * (16 + 24) + 24  # a GOODBYE and a FAREWELL from each side, and an ACK


def relayed(box, count, size=40, **how):
    """A flow through a relay: (connections made, bytes passed on)."""
    flow = Flow(box)
    with Relay(box.at("relay.sock"), box.at("net.sock"), **how) as relay:
        flow.send(count, size, url=box.url("relay.sock")).is_whole(count)
    return relay.made, relay.passed


def relayed_at_ports(box, scheme, host, count, size=40, env=None, **how):
    """The same between two ports."""
    flow = Flow(box, url="%s://%s:0" % (scheme, host), env=env)
    with Relay(("127.0.0.1", 0), ("127.0.0.1", int(flow.url.split(":")[-1])), **how) as relay:
        flow.send(count, size, url="%s://%s:%d" % (scheme, host, relay.place[1])).is_whole(count)
    return relay.made, relay.passed


def a_flow_through_a_relay_is_whole(box):
    made, passed = relayed(box, 1000)
    same(made, 1, "connections")
    need(passed > 1000 * 40, "what passed: %d bytes" % passed)


def one_byte_a_write_is_as_good_as_many(box):
    relayed(box, 300, piece=1)


def a_long_flow_with_many_cuts_is_whole(box):
    """ACTA_ITEMS items, cut after about each ACTA_ITEMS_A_CUT of them; tests/check --long has ten million."""
    count = int(os.environ.get("ACTA_ITEMS", "20000" if SANITIZED else "400000"))
    each = int(os.environ.get("ACTA_ITEMS_A_CUT", str(count // 20)))
    _, passed = relayed(box, 1000)
    cut = passed * each // 1000
    made, passed = relayed(box, count, cuts=[cut] * (count // each - 1))
    need(made >= count // each - 1, "connections: %d" % made)
    return "%d items, %d bytes, %d connections" % (count, passed, made)


def cut_at_any_byte(box, stays):
    """A cut in the last frames, which say that a goodbye was received, leaves a leaver in doubt, and it says so. Of each
    ACTA_CUT_STEP bytes one is tried; tests/check --long has 1."""
    flows = [relayed(box, 3)[1] for _ in range(3)]  # how many frames say what was received is a matter of time
    fewest, passed = min(flows), max(flows)
    step = int(os.environ.get("ACTA_CUT_STEP", "13" if SANITIZED else "5"))
    for at in range(1, passed + step, step):
        flow = Flow(box, stays=stays)
        with Relay(box.at("relay.sock"), box.at("net.sock"), cuts=[at]) as relay:
            flow.send(3, url=box.url("relay.sock"))
            sent, received = flow.sent(), flow.received()
        same(received, (0, 3, 0), "server, cut at byte %d: %r, sender: %r" % (at, flow.said, flow.told))
        last = at > fewest - ENDS_BYTES
        need(sent == (0, 3, (0, STOPPED)) or (last and sent == (0, 3, (0, CRASHED))),
             "sender, cut at byte %d of about %d: %r" % (at, passed, flow.told))
        need(last or relay.made <= 3, "connections: %d, cut at byte %d" % (relay.made, at))
    return "%d bytes, one in %d" % (passed, step)


def a_flow_that_is_cut_at_any_byte_is_whole(box):
    return cut_at_any_byte(box, stays=False)


def a_flow_that_is_cut_at_any_byte_leaves_nothing(box):
    return cut_at_any_byte(box, stays=True)


def a_flow_over_tcp_with_many_cuts_is_whole(box):
    count = 20000 if SANITIZED else 100000
    _, passed = relayed_at_ports(box, "tcp", "127.0.0.1", 1000)
    made, passed = relayed_at_ports(box, "tcp", "127.0.0.1", count, cuts=[passed * count // 20 // 1000] * 19)
    need(made >= 20, "connections: %d" % made)
    return "%d items, %d bytes, %d connections" % (count, passed, made)


def a_flow_over_tls_with_many_cuts_is_whole(box):
    """It is cut within records, and before hands have been shaken."""
    env = box.certificates("server")
    count = 5000 if SANITIZED else 20000
    _, passed = relayed_at_ports(box, "tls+tcp", "localhost", 1000, env=env)
    cuts = [passed * count // 20 // 1000] * 10 + [1, 100, 1000, 2000] + [passed * count // 20 // 1000] * 5
    made, passed = relayed_at_ports(box, "tls+tcp", "localhost", count, cuts=cuts, env=env)
    need(made >= len(cuts), "connections: %d" % made)
    return "%d items, %d bytes, %d connections" % (count, passed, made)


def one_byte_a_write_is_as_good_as_many_over_tcp_and_tls(box):
    relayed_at_ports(box, "tcp", "127.0.0.1", 100, piece=1)
    relayed_at_ports(box, "tls+tcp", "localhost", 20, env=box.certificates("server"), piece=1)


if __name__ == "__main__":
    main(globals())
