# SPDX-License-Identifier: MIT
"""harness.py - for tests that start real processes.

A test is a function whose only parameter is called box; main(globals()) runs all of them, or those named on the
command line. Each gets a box: a fresh folder that is also TMPDIR and XDG_RUNTIME_DIR of what it starts.
When it is over the box must be as it was: no process, socket, lock or folder left. Nothing sleeps; every wait is
for an event and has a deadline.

A process that outlives a fault must have no more descriptors and memory than before it: what it had when it was ready
is in held, and is compared where a test comes to its end. For a net that is before a good script is sent to it, for
the server of a flow when the flow is over or nobody will come, for a server with a door, a company and the last of
several hands when they are asked to leave. What a test itself keeps open then it says as beside.
There is nothing to compare where a process ends by the fault: a net whose only script was killed (killed.py,
router.py), a script that is refused, a sender whose server is gone, a starter that may not listen. A server that
strace runs is not looked at: it is the one that is killed.
"""

import ctypes
import hashlib
import inspect
import os
import re
import select
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
import traceback

# Longer than anything takes under a sanitizer on a busy machine; shorter than Meson's limit.
DEADLINE_S = 100
SLOWEST = 10000  # items of a flow in a second

BUILD = os.environ.get("ACTA_BUILD") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "build")
BODY_STREAM = os.path.join(BUILD, "examples", "body_stream")
FLOW = os.path.join(BUILD, "tests", "flow")
CERTIFICATES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "link", "certificates")
SANITIZED = os.environ.get("ACTA_SANITIZE", "none") != "none"
CRASHED, STOPPED = -7, -18  # as in acta/error.h
WIRINGS = ("two-routes", "router", "drop")
GOOD_WIRINGS = ("router", "drop")

PR_SET_CHILD_SUBREAPER = 36


class Wrong(Exception):
    pass


class Skip(Exception):
    """What a test needs is not to be had here."""


def need(good, what):
    if not good:
        raise Wrong(what)


def same(got, wanted, what):
    need(got == wanted, "%s: got %r, wanted %r" % (what, got, wanted))


class Result:
    """What a program that has ended left: status (negative: the signal), out, err, and its last line taken apart."""

    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err
        lines = out.splitlines()
        self.lines = lines[:-1]
        m = re.fullmatch(r"bytes=(\d+) sha256=([0-9a-f]{64}) outcome=(\w+) cause=(.*)", lines[-1]) if lines else None
        self.bytes = int(m.group(1)) if m else None
        self.sha256, self.outcome, self.cause = (m.group(2), m.group(3), m.group(4)) if m else (None, None, None)

    def __repr__(self):
        return "status %d\n--- output\n%s--- errors\n%s---" % (self.status, self.out, self.err)


class Process:
    """A running program. Output is read as it comes, so that it is never in the way."""

    def __init__(self, args, env, stdin=None, control=False, **more):
        self.control = None
        self.held = None
        theirs = None
        if control:
            self.control, theirs = socket.socketpair()
            args = args + ["--control", str(theirs.fileno())]
            more["pass_fds"] = (theirs.fileno(),)
        self.args = args
        self.pipe = subprocess.Popen(args, env=env, stdin=stdin if stdin is not None else subprocess.DEVNULL,
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
        if theirs:
            theirs.close()
        self.pid = self.pipe.pid
        self.text = {self.pipe.stdout: b"", self.pipe.stderr: b""}

    def read_some(self, until, what):
        left = until - time.monotonic()
        need(left > 0, "%s: not in time: %s\n%r" % (what, self.args, self.text.values()))
        self.read_on(left)

    def read_on(self, seconds=0):
        """Reads what there is, and waits for that long if there is nothing."""
        for stream in select.select([s for s in self.text if not s.closed], [], [], seconds)[0]:
            data = os.read(stream.fileno(), 65536)
            self.text[stream] += data
            if not data:
                stream.close()

    def wait_for(self, pattern, flags=0):
        """Waits until standard output has a line that matches."""
        until = time.monotonic() + DEADLINE_S
        while not re.search(pattern.encode(), self.text[self.pipe.stdout], re.M | flags):
            if self.pipe.stdout.closed:
                raise Wrong("it ended before it said %r: %r" % (pattern, self.end()))
            self.read_some(until, "waiting for %r" % pattern)

    def is_ready(self):
        """From here on it shall have no more than it has now."""
        self.held = Held(self.pid)

    def has_said(self, pattern):
        """Whether standard output has such a line by now."""
        out = self.pipe.stdout
        while not out.closed and select.select([out], [], [], 0)[0]:
            self.read_some(time.monotonic() + DEADLINE_S, "reading what is there")
        return re.search(pattern.encode(), self.text[out], re.M) is not None

    def listens(self):
        """Waits until a net says so. False when it ended instead."""
        need(select.select([self.control], [], [], DEADLINE_S)[0], "it neither listens nor ends")
        if self.control.recv(1) != b"L":
            return False
        self.is_ready()
        return True

    def end(self, deadline_s=DEADLINE_S):
        """Waits for its end."""
        until = time.monotonic() + deadline_s
        while not all(s.closed for s in self.text):
            self.read_some(until, "waiting for its end")
        status = self.pipe.wait(max(0.1, until - time.monotonic()))
        if self.control:
            self.control.close()
        return Result(status, *(t.decode("utf-8", "replace") for t in self.text.values()))

    def kill(self, by=signal.SIGKILL):
        self.pipe.send_signal(by)


class Box:
    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="acta-test-", dir="/tmp")
        # By default every process under TSan sleeps for a second before it exits.
        tsan = os.environ.get("TSAN_OPTIONS", "") + ":atexit_sleep_ms=0"
        # glibc would learn from large messages to keep such memory. With its own first limit it goes back when freed.
        self.env = dict(os.environ, TMPDIR=self.path, XDG_RUNTIME_DIR=self.path, TSAN_OPTIONS=tsan,
                        MALLOC_MMAP_THRESHOLD_="131072")
        self.started = []
        self.files = set()

    def at(self, name):
        return os.path.join(self.path, name)

    def url(self, name="net.sock"):
        return "ipc://" + self.at(name)

    def file(self, name, data):
        with open(self.at(name), "wb") as f:
            f.write(data)
        self.files.add(name)
        return self.at(name)

    def certificates(self, shows):
        """Makes certificates, if there are none yet: what has a program show the one of that name, and believe ca.pem."""
        if os.environ.get("ACTA_TLS") == "0":
            raise Skip("acta is built without TLS")
        folder = self.at("certificates")
        if not os.path.exists(folder):
            os.mkdir(folder)
            self.files.add("certificates")
            subprocess.run([CERTIFICATES, folder], check=True)
        return {"NET_CA": os.path.join(folder, "ca.pem"), "NET_SHOWS": os.path.join(folder, shows + ".pem")}

    def start(self, *args, program=BODY_STREAM, **more):
        more.setdefault("env", self.env)
        p = Process([program] + [str(a) for a in args], **more)
        self.started.append(p)
        return p

    def run(self, *args, **more):
        return self.start(*args, **more).end()

    def net(self, *args, url=None):
        """A net that listens."""
        p = self.start("net", "--listen", url or self.url(), *args, control=True)
        need(p.listens(), "net does not listen: %r" % (p.text,))
        return p

    def send_good_script(self, net, url=None, beside=0):
        """A net has kept nothing of what was done to it, but as many connections as beside, and serves a good peer: its
        body arrives whole."""
        net.held.is_back(beside)
        data = pattern(300000)
        path = self.file("good", data)
        script = self.run("script", "--connect", url or self.url(), path)
        check_done(net.end(), data)
        same(script.status, 0, "status of the good script: %r" % script)

    def processes(self, role=None):
        """The processes of this box that have our folder in a word of their command line: [(pid, words)]."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/cmdline" % pid, "rb") as f:
                    words = f.read().decode("utf-8", "replace").split("\0")
            except OSError:
                continue
            if any(self.path in word for word in words) and role in (None, words[1]):
                found.append((int(pid), words))
        return found

    def check_left(self):
        """Nothing of what was started is left."""
        for p in self.started:
            need(p.pipe.poll() is not None, "still running: %s" % p.args)
        left = children()
        need(not left, "processes are left: %s" % left)
        files = sorted(set(os.listdir(self.path)) - self.files)
        need(not files, "files are left: %s" % files)

    def clear(self):
        for p in self.started:
            if p.pipe.poll() is None:
                p.kill()
                p.pipe.wait()
        for pid, _ in children():
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        shutil.rmtree(self.path, ignore_errors=True)


class Flow:
    """A server of numbered items (flow.c) and one sender to it. under: words in front of the program's own; env: what
    options.h reads; stays: the server does not leave by itself when its flow is over, so that it can be seen what it
    has kept. If it does not stay, both ends say goodbye at once."""

    def __init__(self, box, under=(), url=None, env=None, stays=True):
        self.box, self.url = box, url or box.url()
        self.env, self.stays = env or {}, stays
        self.server = self.start(under, "serve", self.url, stdin=subprocess.PIPE if stays else None)
        self.server.wait_for("^ready$")
        self.server.is_ready()
        self.url = re.search("^at (.*)$", self.server.text[self.server.pipe.stdout].decode(), re.M)[1]
        self.sender = self.said = self.told = None
        self.count = 0

    def start(self, under, *args, env=None, **more):
        words = list(under) + [FLOW] + list(args)
        return self.box.start(*words[1:], program=words[0], env=dict(self.box.env, **(env or self.env)), **more)

    def send(self, count, size=40, under=(), url=None, patience=20, env=None):
        """patience: how many seconds it tries to connect."""
        self.count = count
        self.sender = self.start(under, "send", url or self.url, count, size, patience, env=env)
        return self

    def abandon(self):
        """For a server to which nobody will come: it has kept nothing. Ends it, and removes what it has left. One that
        does not stay may have heard from who was killed before that could say so, and have left."""
        if self.stays:
            self.server.held.is_back()
        self.server.kill()
        r = self.server.end()
        need(r.status in (0, -signal.SIGKILL), "the server: %r" % r)
        for left in (self.url[len("ipc://"):], self.url[len("ipc://"):] + ".lock"):
            if os.path.exists(left):
                os.unlink(left)

    def sent(self, limit=None):
        """The sender's end: (its status, items it was allowed to send, (why it stopped, how the session ended))."""
        self.told = self.sender.end(limit or DEADLINE_S + self.count / SLOWEST)
        m = re.search(r"^sent=(\d+) status=(-?\d+) left=(-?\d+)$", self.told.out, re.M)
        return (self.told.status, int(m[1]), (int(m[2]), int(m[3]))) if m else (self.told.status, None, None)

    def received(self, beside=0):
        """The server's end: (its status, items, how the flow ended). The items are 1 to that, each once, in order. If it
        has stayed it has kept nothing, but as many connections as beside."""
        if self.stays:
            self.server.wait_for("^over$")
            self.server.held.is_back(beside)
            self.server.pipe.stdin.close()
        self.said = self.server.end()
        m = re.search(r"^received=(\d+) misplaced=(\d+) end=(-?\d+)$", self.said.out, re.M)
        if not m:
            return self.said.status, None, None
        same(int(m[2]), 0, "items out of place: %r" % self.said)
        return self.said.status, int(m[1]), int(m[3])

    def is_whole(self, count, beside=0):
        """All have arrived, and both ends know it."""
        sent = self.sent()
        same(self.received(beside), (0, count, 0), "server: %r, sender: %r" % (self.said, self.told))
        same(sent, (0, count, (0, STOPPED)), "sender: %r, server: %r" % (self.told, self.said))

    def is_cut(self, count):
        """The sender is gone without a goodbye: a prefix has arrived and its end says so, or all of it has."""
        status, received, end = self.received()
        need((received, end) == (count, 0) or (received is not None and received <= count and end == CRASHED),
             "server: %r" % self.said)
        same(status, 0, "status of the server: %r" % self.said)
        return received


def adopt_orphans():
    """Children whose parent goes away become ours, so that we see them and can wait for them."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children():
    """Our children and, because we adopt them, those whose parent went away: [(pid, name)]."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % pid, encoding="utf-8", errors="replace") as f:
                name, rest = f.read().rsplit(")", 1)
        except OSError:
            continue
        if int(rest.split()[1]) == os.getpid():
            found.append((int(pid), name.split("(", 1)[1]))
    return found


# ---- what a process has --------------------------------------------------------------

def descriptors(pid):
    return len(os.listdir("/proc/%d/fd" % pid))


def memory_kib(pid):
    with open("/proc/%d/status" % pid, encoding="ascii") as f:
        return int(re.search(r"^VmRSS:\s+(\d+)", f.read(), re.M)[1])


def state_of(pid):
    with open("/proc/%d/stat" % pid, encoding="utf-8") as f:
        return f.read().rsplit(")", 1)[1].split()[0]


def wait_until(what, is_so):
    """For what can only be looked at."""
    until = time.monotonic() + DEADLINE_S
    while not is_so():
        need(time.monotonic() < until, what)
        os.sched_yield()


class Held:
    """What a process has now, to see that it has no more later. Descriptors are compared one by one. Of memory a process
    that has just begun takes some once and keeps it: pages that are touched for the first time, and holes in the heap of
    each thread, as large as what was open at once. That is 0.1 to 1.3 MiB; more_kib allows for three times as much.
    Where thousands come and go it therefore shows a leak of 1.5 KiB each; a leak by a single fault is for the
    sanitizer to find. With a sanitizer, which keeps what was freed, memory is not looked at here."""

    def __init__(self, pid):
        self.pid, self.more_kib = pid, 4096
        self.descriptors, self.memory = descriptors(pid), memory_kib(pid)

    def has_closed(self, beside=0):
        """Waits until it has the descriptors that it had, and as many connections as beside."""
        wanted = self.descriptors + beside
        wait_until("descriptors back to %d" % wanted, lambda: descriptors(self.pid) <= wanted)

    def has_holes(self):
        """Of memory it is compared with what it has now: so many have been there at once that no more can be."""
        self.has_closed()
        self.memory = memory_kib(self.pid)

    def is_back(self, beside=0):
        """Waits until it has what it had, and as many connections as beside."""
        self.has_closed(beside)
        wait_until("memory back to about %d KiB" % self.memory,
                   lambda: SANITIZED or memory_kib(self.pid) < self.memory + self.more_kib)


# ---- what is checked often -----------------------------------------------------------

def pattern(size):
    """Bytes in which no piece looks like another."""
    out = b"".join(hashlib.sha256(b"%d" % i).digest() for i in range(size // 32 + 1))
    return out[:size]


def check_body(r, data, what=""):
    same(r.bytes, len(data), what + " bytes of %r" % r)
    same(r.sha256, hashlib.sha256(data).hexdigest(), what + " digest")


def check_done(r, data, what=""):
    same(r.outcome, "done", what + " outcome of %r" % r)
    check_body(r, data, what)
    same((r.status, r.cause), (0, ""), what + " status and cause")


def check_fails(r, *words, status=1):
    """It fails and says why, on standard error, in these words."""
    same(r.status, status, "status of %r" % r)
    for word in words:
        need(word in r.err, "%r is not in the errors of %r" % (word, r))


def is_socket(path):
    return stat.S_ISSOCK(os.lstat(path).st_mode)


def tests_in(names):
    """The tests of a module: name -> function."""
    return {name: f for name, f in names.items()
            if inspect.isfunction(f) and list(inspect.signature(f).parameters) == ["box"]}


def try_one(test):
    """Runs a test in a box of its own: (whether it is content, what it has to say)."""
    box = Box()
    try:
        said = test(box)
        box.check_left()
        return True, said or ""
    except Skip as why:
        return True, "SKIP: %s" % why
    except Exception:  # whatever it is, the next test is run
        return False, traceback.format_exc()
    finally:
        box.clear()


def run_one(name, test):
    good, said = try_one(test)
    print("%s %s%s" % ("ok    " if good else "FAILED", name, ": " + said if good and said else ""))
    if not good:
        print(said)
    sys.stdout.flush()
    return good


def main(names):
    adopt_orphans()
    tests = tests_in(names)
    wanted = sys.argv[1:] or list(tests)
    for name in wanted:
        if name not in tests:
            sys.exit("no test called %s" % name)
    failed = [name for name in wanted if not run_one(name, tests[name])]
    print("%d tests, %d failed" % (len(wanted), len(failed)))
    sys.exit(1 if failed else 0)
