#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""family.py - programs with actors in processes of their own, some of which compute for ever: whoever is killed, nobody
is left behind, and the others are told."""

import os
import re
import select
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import *  # noqa: E402,F403

PROGRAM = os.path.join(BUILD, "tests", "family")
ORPHAN = 124  # status of a process that was ended because its maker had died


class Family:
    def __init__(self, box, count, ready=True, close_s=DEADLINE_S // 2):
        """close_s: that it has to close, when those that do not end by themselves are killed."""
        self.box = box
        self.process = box.start(count, close_s, program=PROGRAM, stdin=subprocess.PIPE)
        if ready:
            self.process.wait_for("^ready$")

    def out(self):
        return self.process.text[self.process.pipe.stdout].decode()

    def pids(self):
        """Those that are known by now."""
        return {int(n): int(pid) for n, pid in re.findall(r"^member (\d+) (\d+)$", self.out(), re.M)}

    def close(self):
        self.process.pipe.stdin.close()
        return self.process.end()


def ended(pid):
    """Waits until an orphan, which has become ours, has ended: its wait status."""
    fd = os.pidfd_open(pid)
    try:
        need(select.select([fd], [], [], DEADLINE_S)[0], "process %d does not end" % pid)
    finally:
        os.close(fd)
    return os.waitpid(pid, 0)[1]


def cpu_s(pid):
    """The processor time that a process has had."""
    with open("/proc/%d/stat" % pid, encoding="utf-8") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def await_computing(pid):
    """Waits until it does what takes so much time: it has taken the message that says so."""
    begin = cpu_s(pid)
    wait_until("process %d does not compute" % pid, lambda: cpu_s(pid) - begin >= 0.1)


def await_no_children():
    """Waits until all that became ours has ended; those that were started by the box have been waited for."""
    until = time.monotonic() + DEADLINE_S
    for pid, _ in children():
        need(time.monotonic() < until, "processes are left: %s" % children())
        ended(pid)


def a_family_that_is_closed_ends_as_a_whole(box):
    family = Family(box, 3, close_s=4 if SANITIZED else 2)
    r = family.close()
    need("member 0 ends: ACTA_OK" in r.out and "member 2 ends: ACTA_OK" in r.out, repr(r))
    need("closed ACTA_EALIVE" in r.out, repr(r))  # member 1 computes
    need("still alive at close: actor member" in r.err, repr(r))
    same(r.status, 0, repr(r))


def a_maker_that_is_killed_takes_its_processes_with_it(box):
    family = Family(box, 4)
    pids = family.pids()
    same(len(pids), 4, "members")
    family.process.kill()
    for n, pid in pids.items():
        status = os.waitstatus_to_exitcode(ended(pid))
        # One that computes is ended by its guard, unless it is done before.
        need(status in ((0, ORPHAN) if n % 2 else (0,)), "status of member %d: %d" % (n, status))
    r = family.process.end()
    for n in (0, 2):
        need("member %d ends: ACTA_ECRASHED" % n in r.out, repr(r))


def a_maker_that_is_killed_while_it_spawns_leaves_nobody(box):
    for seen in (1, 2, 5):
        family = Family(box, 30, ready=False)
        family.process.wait_for("^member %d " % (seen - 1))
        family.process.kill()
        family.process.end()  # from here on those that it left are ours
        await_no_children()


def a_member_that_is_killed_is_told_with_its_signal(box):
    family = Family(box, 3)
    pids = family.pids()
    await_computing(pids[1])
    os.kill(pids[1], signal.SIGKILL)
    os.kill(pids[0], signal.SIGTERM)
    family.process.wait_for(r"^member 1: ACTA_ECRASHED, its process was killed by signal 9 \(Killed\); .* compute$")
    family.process.wait_for(r"^member 0: ACTA_ECRASHED, its process was killed by signal 15 \(Terminated\)")
    one = Family(box, 1)
    wait_until("the dead have left something: a family of one has fewer descriptors",
               lambda: descriptors(family.process.pid) <= descriptors(one.process.pid))
    one.close()
    r = family.close()
    need("member 2 ends: ACTA_OK" in r.out and "closed ACTA_OK" in r.out, repr(r))


def a_stopped_member_goes_on_where_it_was(box):
    family = Family(box, 1)
    pid = family.pids()[0]
    os.kill(pid, signal.SIGSTOP)
    wait_until("it does not stop", lambda: state_of(pid) == "T")
    os.kill(pid, signal.SIGCONT)
    r = family.close()
    need("member 0 ends: ACTA_OK" in r.out and "closed ACTA_OK" in r.out, repr(r))


def what_is_typed_at_a_terminal_is_for_the_program_alone(box):
    family = Family(box, 2, close_s=2)
    groups = {os.getpgid(pid) for pid in family.pids().values()}
    need(os.getpgid(family.process.pid) not in groups and len(groups) == 2, "groups: %s" % groups)
    need("closed" in family.close().out, "it does not close")


if __name__ == "__main__":
    main(globals())
