#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""demo.py - the demo's program, on a small input; examples/demo builds it and starts it on a large one."""

import hashlib
import os
import re
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "net"))
from harness import *  # noqa: E402,F403

DEMO = os.path.join(BUILD, "examples", "demo_stream")


def index(packages):
    """Lines as in a package index, and some that only look like them."""
    entry = b"Package: p%d\nDescription: no Package: here\n Package: nor here\nPackag: x\nSize: 1\n\n"
    return b"".join(entry % i for i in range(packages))


def all_of_it_holds(box):
    data = index(5000)
    r = box.run(box.file("index", data), program=DEMO)
    same(r.status, 0, "%r" % r)
    need("%d bytes and 5000 packages" % len(data) in r.out, "the count: %r" % r)
    same(r.out.count(hashlib.sha256(data).hexdigest()), 2, "the digest, at both ends: %r" % r)
    rows = dict(re.findall(r"^   (two-routes|router|drop) +(\d+) of 1000 ", r.out, re.M))
    same((rows.get("router"), rows.get("drop"), "two-routes" in rows), ("1000", "1000", True), "the table: %r" % r)
    crashed = "bytes=%d sha256=%s outcome=crashed" % (len(data) // 2, hashlib.sha256(data[:len(data) // 2]).hexdigest())
    need(crashed in r.out, "what net reports: %r" % r)
    need("\r" not in r.out and "100%" in r.out, "plain lines where there is no terminal: %r" % r)


def an_input_that_cannot_be_used_is_refused(box):
    for name, why in (("nosuch", "No such file"), ("", "not a regular file"), ("empty", "too short")):
        box.file("empty", b"")
        check_fails(box.run(box.at(name), program=DEMO), why)
        box.check_left()


def a_signal_ends_it_and_leaves_nothing(box):
    p = box.start(box.file("index", index(1000)), program=DEMO)
    p.wait_for(r"^2\. The source fails")
    p.kill(signal.SIGTERM)
    same(p.end().status, 1, "status")


if __name__ == "__main__":
    main(globals())
