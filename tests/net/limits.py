#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""limits.py - what a machine runs out of, and who else is on it: descriptors, disk, and other users."""

import errno
import os
import resource
import socket
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import *  # noqa: E402,F403

NOBODY = 65534


def comes_and_goes(path):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(path)  # waits while too many wait to be accepted; with a time limit it would not


def ten_thousand_connects_that_go_leave_nothing(box):
    flow = Flow(box)
    for _ in range(200):  # what the process takes once, it has by now
        comes_and_goes(box.at("net.sock"))
    wait_until("descriptors of the first", lambda: descriptors(flow.server.pid) < 60)
    before = Held(flow.server.pid)
    for _ in range(10000):
        comes_and_goes(box.at("net.sock"))
    before.is_back()
    after = memory_kib(flow.server.pid)
    flow.send(1000).is_whole(1000)
    return "memory from %d to %d KiB" % (before.memory, after)


def a_limit_of_descriptors_that_is_reached_and_lifted_loses_nobody(box):
    flow = Flow(box)
    pid = flow.server.pid
    old = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    waiting = []
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (descriptors(pid) + 4, old[1]))
    for _ in range(8):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(DEADLINE_S)
        s.connect(box.at("net.sock"))
        waiting.append(s)
    flow.send(1000)  # waits behind them
    wait_until("the limit is reached", lambda: descriptors(pid) >= resource.prlimit(pid, resource.RLIMIT_NOFILE)[0] - 1)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, old)
    flow.is_whole(1000, beside=len(waiting))
    for s in waiting:
        s.close()


def a_disk_that_is_full_is_refused_in_words(box):
    if os.geteuid() != 0:
        return "skipped: needs root"
    folder = box.at("full")
    os.mkdir(folder)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k,nr_inodes=2", "none", folder], check=False)
    if mounted.returncode != 0:
        os.rmdir(folder)
        return "skipped: nothing can be mounted here"
    try:
        with open(os.path.join(folder, "filler"), "wb") as f:
            f.write(b"x")
        r = box.run("serve", "ipc://" + os.path.join(folder, "net.sock"), program=FLOW)
        check_fails(r, folder, "cannot")
        same(os.listdir(folder), ["filler"], "what is left")
    finally:
        subprocess.run(["umount", folder], check=True)
        os.rmdir(folder)


def as_nobody(code, *args):
    """Runs a line of Python as another user; what it prints."""
    line = "import os, socket, sys\nos.setgid(%d)\nos.setuid(%d)\n%s" % (NOBODY, NOBODY, code)
    return subprocess.run([sys.executable, "-c", line] + list(args), capture_output=True, text=True, check=True).stdout


CONNECT = """
s = socket.socket(socket.AF_UNIX)
s.settimeout(%d)
try:
    s.connect(sys.argv[1])
    print(s.recv(100))
except OSError as e:
    print(e.errno)
""" % DEADLINE_S


def another_user_is_kept_out_by_the_mode_and_by_the_uid(box):
    if os.geteuid() != 0:
        return "skipped: needs root"
    flow = Flow(box)
    os.chmod(box.path, 0o711)
    same(as_nobody(CONNECT, box.at("net.sock")).strip(), str(errno.EACCES), "what another user gets")
    os.chmod(box.at("net.sock"), 0o666)  # as a careless person may
    need(as_nobody(CONNECT, box.at("net.sock")).strip() in ("b''", str(errno.ECONNRESET)), "a byte is read by another")
    flow.send(100).is_whole(100)


LISTEN = """
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o666)
s.listen(1)
print('listening', flush=True)
sys.stdin.read()
"""


def another_users_socket_is_neither_taken_nor_trusted(box):
    if os.geteuid() != 0:
        return "skipped: needs root"
    os.chmod(box.path, 0o1777)
    path = box.at("net.sock")
    line = "import os, socket, sys\nos.setgid(%d)\nos.setuid(%d)\n%s" % (NOBODY, NOBODY, LISTEN)
    with subprocess.Popen([sys.executable, "-c", line, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        check_fails(box.run("serve", box.url(), program=FLOW), "net.sock")
        check_fails(box.run("send", box.url(), 1, 1, 20, program=FLOW), "net.sock")
        need(is_socket(path), "it is still there")
        other.stdin.close()
    os.unlink(path)


if __name__ == "__main__":
    main(globals())
