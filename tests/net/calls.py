#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""calls.py - a process that is killed at each system call of a flow in turn, or whose system calls fail.

strace does both. It counts the calls of each thread apart, so "the third sendmsg" is that of whichever thread is first
to come to its third; over all numbers each call of each thread is met. Leaks cannot be looked for in a program that is traced,
and a race is not more likely here, so this is for builds without sanitizers.
"""

import os
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import *  # noqa: E402,F403

COUNT = 200
TALKING = ("sendmsg", "readv", "connect", "epoll_ctl", "write", "close")  # what nng moves bytes by, and ends by
MOST = 400  # calls of a kind: more would be a flow that does not end


def strace(call, what):
    return ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + call, "-e", "inject=%s:%s" % (call, what)]


def each(calls, step, run):
    """Runs run(words for strace) for each number of each call, until the program has come through."""
    hit = {}
    for call in calls:
        for number in range(1, MOST, step):
            if not run(strace(call, "signal=SIGKILL:when=%d" % number)):
                break
            hit[call] = hit.get(call, 0) + 1
        else:
            raise Wrong("%s: still hit at the %dth" % (call, number))
    need(hit, "no call was hit")
    return ", ".join("%s %d" % item for item in hit.items())


def kill_sender(box, under, stays=True):
    flow = Flow(box, stays=stays).send(COUNT, under=under)
    status, sent, how = flow.sent()
    if "begun" not in flow.told.out:
        need(status != 0, "it has not begun, and is content: %r" % flow.told)
        flow.abandon()
        return True
    if status == 0:
        same((sent, how), (COUNT, (0, STOPPED)), "%r" % flow.told)
        same(flow.received(), (0, COUNT, 0), "%r" % flow.said)
        return False
    flow.is_cut(COUNT)
    return True


def a_sender_killed_at_each_call_has_sent_a_prefix(box):
    return each(TALKING, 1, lambda under: kill_sender(box, under))


def a_sender_killed_at_each_call_while_both_leave_has_sent_a_prefix(box):
    return each(TALKING, 1, lambda under: kill_sender(box, under, stays=False))


def a_sender_killed_while_it_waits_has_sent_a_prefix(box):
    return each(("futex",), 23, lambda under: kill_sender(box, under))


def kill_server(box, under):
    try:
        flow = Flow(box, under=under, stays=False)
    except Wrong:
        return True  # before it was ready
    flow.send(COUNT)
    status, received, end = flow.received()
    if status != 0 and not flow.sender.has_said("^connected$"):
        flow.sender.kill()  # it would wait for another server to come
        flow.sender.end()
        return True
    sent = flow.sent()
    if status == 0 and received is not None:
        same((received, end), (COUNT, 0), "%r" % flow.said)
        same(sent, (0, COUNT, (0, STOPPED)), "%r" % flow.told)
        return False
    # Whether it had begun or not, the sender says that its peer is gone; all may have been received before.
    need(sent[0] != 0 or sent[2][1] in (CRASHED, STOPPED), "%r" % flow.told)
    need(sent[0] != 0 or sent[2][1] == CRASHED or sent[1] == COUNT, "%r" % flow.told)
    return True


def a_server_killed_at_each_call_is_noticed(box):
    return each(TALKING, 1, lambda under: kill_server(box, under))


def a_call_that_is_interrupted_is_made_again(box):
    for call in ("sendmsg", "readv", "epoll_wait"):
        for number in (1, 2, 3):
            Flow(box).send(COUNT, under=strace(call, "error=EINTR:when=%d" % number)).is_whole(COUNT)


def a_write_without_memory_in_the_kernel_is_a_crash_that_both_know(box):
    for number in (1, 2, 3, 4):
        flow = Flow(box, env={"NET_HEARTBEAT_MS": "500"})  # each end waits for the other for two and a half of them
        flow.send(COUNT, under=strace("sendmsg", "error=ENOBUFS:when=%d+" % number), patience=2)
        status, sent, _ = flow.sent()
        need(status != 0 or sent == COUNT, "%r" % flow.told)
        if "begun" in flow.told.out:
            flow.is_cut(COUNT)
        else:
            flow.abandon()


if __name__ == "__main__":
    if SANITIZED or not shutil.which("strace"):
        sys.exit(77)
    main(globals())
