#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""router.py - the process with the router of examples/body_stream, killed at each system call by which it sends and
ends. What lies behind it gets a part of the body and is told that it is one, or all of it; and the next is served.

As in calls.py strace does it, so this is for builds without sanitizers.
"""

import os
import shutil
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import *  # noqa: E402,F403
from calls import each  # noqa: E402

BODY = pattern(150000)  # three chunks
OTHER = pattern(1000)
SENDING, ENDING = ("sendmsg", "readv"), ("epoll_ctl", "write", "close")


def start_script(box, path, under=()):
    words = list(under) + [BODY_STREAM, "script", "--connect", box.url(), "--wiring", "router", path]
    return box.start(*words[1:], program=words[0])


def kill_router(box, under):
    """Another comes when it has ended: nobody can know whether net had met the one that was killed. Net serves one."""
    net = box.net()
    status = start_script(box, box.file("body", BODY), under).end().status
    if status == 0:
        check_done(net.end(), BODY)
        return False
    same(status, -signal.SIGKILL, "status of the router")
    other = start_script(box, box.file("other", OTHER))
    r = net.end()
    other.kill()  # if it was not served it tries to find another net
    other.end()
    if r.outcome == "crashed":
        check_body(r, BODY[:r.bytes])
        same(r.status, 1, "status of net")
    else:
        check_done(r, BODY if r.bytes == len(BODY) else OTHER)
    return True


def a_router_killed_at_each_call_of_a_send_has_passed_on_a_prefix(box):
    return each(SENDING, 1, lambda under: kill_router(box, under))


def a_router_killed_at_each_call_of_its_end_has_passed_on_a_prefix(box):
    return each(ENDING, 1, lambda under: kill_router(box, under))


if __name__ == "__main__":
    if SANITIZED or not shutil.which("strace"):
        sys.exit(77)
    main(globals())
