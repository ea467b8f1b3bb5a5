#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""handing.py - C-EOF of an actor whose senders go from process to process, to a third one and home, while one of them
dies: it ends when the last is gone, wherever that is, behind all that was sent; and says so if one was lost."""

import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import *  # noqa: E402,F403

HANDS = os.path.join(BUILD, "tests", "hands")
LINKS = ("ipc", "tcp")


class Hand:
    """A node with a hand that passes a sender on: see hands.c."""

    def __init__(self, box, name, link="ipc"):
        self.box, self.socket = box, box.at(name)
        url = box.url(name) if link == "ipc" else "tcp://127.0.0.1:0"
        self.process = box.start(url, program=HANDS, stdin=subprocess.PIPE)
        self.process.wait_for("^ready ")
        self.process.is_ready()
        self.url = re.search("^ready (.*)$", self.out(), re.M)[1]

    def out(self):
        return self.process.text[self.process.pipe.stdout].decode()

    def count(self, word):
        return self.out().splitlines().count(word)

    def tell(self, line, answer):
        """Tells it to do something, and waits until it has, as the answer says."""
        times = self.count(answer) + 1
        self.process.pipe.stdin.write(line.encode() + b"\n")
        self.process.pipe.stdin.flush()
        self.wait_for(answer, times)

    def wait_for(self, line, times=1):
        self.process.wait_for("(^%s$.*?){%d}" % (re.escape(line), times), flags=re.S)

    def give(self, other):
        """Gives the other a sender to what it keeps, and waits until that has it."""
        times = other.count("got") + 1
        self.tell("meet " + other.url, "met")
        self.tell("give", "gave ACTA_OK")
        other.wait_for("got", times)

    def send(self, sink, first, last):
        """Sends numbers, and waits until the sink at the other has them: they come in order, each once."""
        self.tell("send %d %d" % (first, last), "sent ACTA_OK")
        sink.wait_for("item %d" % last)
        numbers = [int(n) for n in re.findall(r"^item (\d+)$", sink.out(), re.M)]
        same(numbers, list(range(1, last + 1)), "items")

    def drop(self):
        self.tell("drop", "dropped")

    def kill(self):
        """Ends it without a goodbye, and removes what it has left."""
        self.process.kill()
        self.process.end()
        for left in (self.socket, self.socket + ".lock"):
            if os.path.exists(left):
                os.unlink(left)

    def leave(self):
        """The last one has no connection any more, and nothing else that it had not when it was ready."""
        if [p for p in self.box.started if p.pipe.poll() is None] == [self.process]:
            self.process.held.is_back()
        self.process.pipe.stdin.close()
        r = self.process.end()
        need("closed ACTA_OK" in r.out, repr(r))
        same(r.status, 0, repr(r))


def three(box, link="ipc"):
    """The first has made a sink, has given a sender to the second, and that one to the third; all keep theirs. What came
    through that of the third, number 1, shows that the owner knows of it."""
    hands = [Hand(box, name, link) for name in ("first", "second", "third")]
    hands[0].tell("make", "made")
    hands[0].give(hands[1])
    hands[1].give(hands[2])
    hands[2].send(hands[0], 1, 1)
    return hands


def ends_with_the_last(first, last, reason):
    """What comes through the last sender that there is comes to the sink of the first, and then its end."""
    last.send(first, 2, 100)
    need("ends" not in first.out(), "it has ended: %s" % first.out())
    last.drop()
    first.wait_for("ends " + reason)


def a_sender_goes_over_three_processes_and_home(box):
    for link in LINKS:
        first, second, third = three(box, link)
        first.drop()
        second.send(first, 2, 10)
        second.drop()
        third.send(first, 11, 20)
        third.give(first)
        third.drop()
        first.send(first, 21, 30)
        need("ends" not in first.out(), "it has ended: %s" % first.out())
        first.drop()
        first.wait_for("ends ACTA_OK")
        for hand in (first, second, third):
            hand.leave()


def whoever_is_the_last_to_have_one_ends_it(box):
    for last in range(3):
        hands = three(box)
        for at, hand in enumerate(hands):
            if at != last:
                hand.drop()
        ends_with_the_last(hands[0], hands[last], "ACTA_OK")
        for hand in hands:
            hand.leave()


def a_giver_that_leaves_takes_nothing_with_it(box):
    first, second, third = three(box)
    first.drop()
    second.leave()
    ends_with_the_last(first, third, "ACTA_OK")
    third.leave()
    first.leave()


def a_giver_that_is_killed_takes_nothing_with_it_and_the_end_says_so(box):
    first, second, third = three(box)
    first.drop()
    second.kill()
    ends_with_the_last(first, third, "ACTA_ECRASHED")
    third.leave()
    first.leave()


def a_sender_comes_home_though_its_giver_was_killed(box):
    for link in LINKS:
        first, second, third = three(box, link)
        first.drop()
        second.kill()
        third.give(first)
        third.drop()
        ends_with_the_last(first, first, "ACTA_ECRASHED")
        third.leave()
        first.leave()


def a_sender_that_is_on_its_way_when_its_giver_is_killed_is_lost_and_the_end_says_so(box):
    first, second, third = (Hand(box, name) for name in ("first", "second", "third"))
    first.tell("make", "made")
    first.give(second)
    first.drop()
    second.tell("meet " + third.url, "met")
    os.kill(third.process.pid, signal.SIGSTOP)
    second.tell("give", "gave ACTA_OK")
    second.kill()
    first.wait_for("ends ACTA_ECRASHED")
    os.kill(third.process.pid, signal.SIGCONT)
    third.leave()
    first.leave()


def when_the_owner_is_killed_all_are_told_and_go_on(box):
    first, second, third = three(box)
    for hand in (second, third):
        hand.tell("watch", "watches ACTA_OK")
    second.send(first, 2, 10)
    first.kill()
    for hand in (second, third):
        hand.wait_for("down ACTA_ECRASHED")
        hand.tell("send 11 11", "sent ACTA_EUNREACH")
    second.kill()
    third.tell("make", "made")
    third.send(third, 1, 10)
    third.drop()
    third.wait_for("ends ACTA_OK")
    third.leave()


if __name__ == "__main__":
    main(globals())
