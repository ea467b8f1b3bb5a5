#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""pause_ring.py - C-PAUSE: the ring of examples/pause_ring goes on, loses no token, and its memory stays flat."""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "net"))
from harness import *  # noqa: E402,F403

RING = os.path.join(BUILD, "examples", "pause_ring")


def a_short_and_a_long_run_need_the_same_memory_and_lose_no_token(box):
    memory = []
    for hops in (24000, 240000) if SANITIZED else (120000, 1200000):
        r = box.run(str(hops), program=RING)
        same(r.status, 0, "%r" % r)
        need("tokens=12 hops_each=%d uneven=0 strays=0" % (hops // 12) in r.out, "the tokens: %r" % r)
        same(len(re.findall("^report: .*circle.* waits for ", r.out, re.M)), 1, "the circle is named once: %r" % r)
        figures = r"^handled=(\d+) pauses=(\d+) overcommits=(\d+) memory_max_kib=(\d+)$"
        handled, pauses, overcommits, kib = map(int, re.findall(figures, r.out, re.M)[-1])
        need(handled >= hops and pauses > 0 and overcommits > 0, "the figures: %r" % r)
        memory.append(kib)
    need(memory[1] < memory[0] * 1.25 + 512, "memory is flat: %r KiB" % memory)


if __name__ == "__main__":
    main(globals())
