#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tested_actor.py - the program that the sim's example tests: what is put is there, in this run and in the next."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "net"))
from harness import *  # noqa: E402,F403

PROGRAM = os.path.join(BUILD, "examples", "tested_actor")


def a_wrong_wish_is_refused_and_what_was_put_before_is_kept(box):
    file = box.file("values", b"")
    same(box.run(program=PROGRAM).status, 64, "without a file")
    r = box.run(file, "4=7", "x", program=PROGRAM)
    same(r.status, 1, "%r" % r)
    same(box.run(file, "4", program=PROGRAM).out, "7\n", "what was put before the wrong wish")


def what_is_put_is_there_in_this_run_and_in_the_next(box):
    file = box.file("values", b"")
    r = box.run(file, "1", "1=5", "3=7", "1", "3", "5=4", "1", program=PROGRAM)
    same((r.status, r.out), (0, "0\n5\n7\n5\n"), "%r" % r)
    r = box.run(file, "1", "3", "5", "2", program=PROGRAM)
    same((r.status, r.out), (0, "5\n7\n4\n0\n"), "%r" % r)


if __name__ == "__main__":
    main(globals())
