#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""cuts.py - connections that networks treat badly: cut at any byte, or passed on byte by byte. Everything arrives, once
and in order."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import *  # noqa: E402,F403
from relay import Relay  # noqa: E402


def relayed(box, count, size=40, **how):
    """A flow through a relay: (connections made, bytes passed on)."""
    flow = Flow(box)
    relay = Relay(box.at("relay.sock"), box.at("net.sock"), **how)
    try:
        flow.send(count, size, url=box.url("relay.sock")).is_whole(count)
    finally:
        relay.close()
    return relay.made, relay.passed


def a_flow_through_a_relay_is_whole(box):
    made, passed = relayed(box, 1000)
    same(made, 1, "connections")
    need(passed > 1000 * 40, "what passed: %d bytes" % passed)


def one_byte_a_write_is_as_good_as_many(box):
    relayed(box, 300, piece=1)


if __name__ == "__main__":
    main(globals())
