#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""man_pages.py - a parser that crashes takes only its process with it: all pages but the poisoned one are parsed, once
each, from a folder and where there is none. ACTA_MAN_PAGES is how many; tests/check --long takes 25,000."""

import glob
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "net"))
from harness import *  # noqa: E402,F403

PROGRAM = os.path.join(BUILD, "examples", "man_pages")
PAGES = int(os.environ.get("ACTA_MAN_PAGES", 400))


def figures(r):
    """The last line: {name: number}."""
    need(r.status == 0 and r.lines is not None, "%r" % r)
    return {name: int(n) for name, n in re.findall(r"(\w+)=(\d+)", r.out.splitlines()[-1])}


def check(r, pages):
    left_out = [line for line in r.out.splitlines() if line.startswith("left out: ")]
    poisoned = [line for line in left_out if re.match(r"left out: \S*/poisoned.7: its process .*parse$", line)]
    same(len(poisoned), 1, "poisoned pages of %r" % r)
    f = figures(r)
    same((f["pages"], f["crashes"]), (pages, 1), "pages and crashes of %r" % r)
    same(f["parsed"] + f["left_out"], pages, "pages that came out of %r" % r)
    return f


def what_makes_no_sense_is_refused(box):
    for wrong in (["--pages"], ["--pages", "0"], ["--place", "moon"], ["x"]):
        same(box.run(*wrong, program=PROGRAM).status, 64, "status for %s" % wrong)


def pages_that_are_written_are_all_parsed_but_the_poisoned_one(box):
    f = check(box.run("--pages", 100, "--folder", box.at("nothing"), program=PROGRAM), 100)
    same((f["parsed"], f["left_out"], f["written"]), (99, 1, 101), "what is known of them")
    same((f["sections"], f["words"]), (99 * 2, 99 * (20 * 14 + 6)), "what is in them")


def the_pages_of_this_machine_are_parsed_by_several_at_once(box):
    one = check(box.run("--pages", PAGES, "--parsers", 1, program=PROGRAM), PAGES)
    four = check(box.run("--pages", PAGES, "--parsers", 4, program=PROGRAM), PAGES)
    same(four, one, "figures with four parsers and with one")


def without_a_process_of_its_own_it_takes_the_program_with_it(box):
    r = box.run("--pages", 20, "--folder", box.at("nothing"), "--place", "thread", program=PROGRAM)
    need(r.status != 0 and "pages=" not in r.out, "%r" % r)
    for path in glob.glob(box.at("man_pages-*")):
        box.files.add(os.path.basename(path))  # nobody was left to remove it


if __name__ == "__main__":
    main(globals())
