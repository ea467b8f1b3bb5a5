#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""body_stream.py - the streaming example: bodies that arrive, sources that fail, and what bad input gets."""

import hashlib
import os
import pwd
import re
import resource
import select
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "net"))
from harness import *  # noqa: E402,F403

CHUNK = 65536
EMPTY = hashlib.sha256(b"").hexdigest()
MODES = ((), ("--one-process",))


def hello_greets(box):
    done = subprocess.run([os.path.join(BUILD, "examples", "hello")], capture_output=True, timeout=DEADLINE_S)
    same((done.returncode, done.stdout), (0, b"Hello, world!\n"), "hello")


# ---- bodies --------------------------------------------------------------------------

def bodies_of_all_sizes_arrive_in_every_wiring(box):
    data = pattern(3 * CHUNK)
    for wiring in WIRINGS:
        for size in (0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK):
            r = box.run("--wiring", wiring, box.file("body", data[:size]))
            check_done(r, data[:size], "%s, %d bytes:" % (wiring, size))


def a_larger_body_arrives_in_every_wiring_and_mode(box):
    data = pattern(5000000)
    path = box.file("body", data)
    for wiring in WIRINGS:
        for mode in MODES:
            check_done(box.run("--wiring", wiring, *mode, path), data, wiring)


def the_smallest_and_the_largest_windows_and_chunks_work(box):
    data = pattern(3000)
    path = box.file("body", data)
    for window, chunk in ((1, 1), (1, 1048576), (1024, 1), (1024, 1048576), (2, 1000), (3, 999)):
        check_done(box.run("--window", window, "--chunk", chunk, path), data, "%d x %d" % (window, chunk))


def standard_input_is_a_source(box):
    data = pattern(700000)
    for wiring in WIRINGS:
        p = box.start("--wiring", wiring, "-", stdin=subprocess.PIPE)
        p.pipe.stdin.write(data)
        p.pipe.stdin.close()
        check_done(p.end(), data, wiring)
    check_done(box.run("-"), b"", "empty input")


def input_that_comes_bit_by_bit_is_passed_on_as_it_comes(box):
    p = box.start("--verbose", "-", stdin=subprocess.PIPE)
    for i in range(5):
        p.pipe.stdin.write(b"%d" % i)
        p.pipe.stdin.flush()
        p.wait_for(r"^chunk 1 at %d$" % i)
    p.pipe.stdin.close()
    check_done(p.end(), b"01234")


def a_fifo_is_a_source(box):
    fifo = box.at("fifo")
    os.mkfifo(fifo)
    box.files.add("fifo")
    p = box.start(fifo)
    with open(fifo, "wb") as f:
        f.write(b"through a fifo")
    check_done(p.end(), b"through a fifo")


# ---- sources that fail -----------------------------------------------------------------

def the_true_error_arrives_behind_exactly_the_bytes_before_it(box):
    size = 3 * CHUNK + 17
    data = pattern(size)
    path = box.file("body", data)
    for wiring in WIRINGS:
        for at in (0, 1, CHUNK - 1, CHUNK, CHUNK + 1, size - 1, size):
            r = box.run("--wiring", wiring, "--fail-at", at, path)
            what = "%s, --fail-at %d:" % (wiring, at)
            check_body(r, data[:at], what)
            if wiring in GOOD_WIRINGS:
                same((r.status, r.outcome), (1, "error"), what)
                need("failed at byte %d" % at in r.cause, "%s the true cause: %r" % (what, r))
        check_done(box.run("--wiring", wiring, "--fail-at", size + 1, path), data, wiring + ", beyond the end:")


def net_tells_what_came_in_order(box):
    path = box.file("body", pattern(CHUNK + 1))
    lines = {"router": ["chunks 2, 65537 bytes so far", "error", "end", "eof"],
             "drop": ["chunks 2, 65537 bytes so far", "error", "eof"]}
    for wiring in GOOD_WIRINGS:
        r = box.run("--wiring", wiring, "--fail-at", CHUNK + 1, path)
        same([line.split(":")[0] for line in r.lines], lines[wiring], wiring)


def of_many_streams_the_error_always_comes_before_the_end(box):
    path = box.file("body", pattern(100000))
    for wiring in WIRINGS:
        for mode in MODES:
            r = box.run("--wiring", wiring, "--streams", 200, "--fail-at", 70000, *mode, path)
            m = re.search(r"^streams=(\d+) outcome_first=(\d+)$", r.out, re.M)
            need(m and int(m.group(1)) == 200, "%s: 200 streams: %r" % (wiring, r))
            if wiring in GOOD_WIRINGS:
                same(int(m.group(2)), 200, "%s %s: outcome first" % (wiring, mode))


# ---- the order lint ----------------------------------------------------------------------

LINT_CHUNKS = (0, 4, 20)
LINT_RUNS = 5 if SANITIZED else 20  # of each, all in different processes: the wrong order shows in none of them


def races(r):
    return re.findall(r"two-path race at (\w+): (\w+) of (\w+) came by ([\w >-]+), and (\w+), sent after it, by "
                      r"([\w >-]+):", r.err)


def two_routes_are_named_in_every_run(box):
    both = ("script -> net", "script -> router -> net")
    for chunks in LINT_CHUNKS:
        path = box.file("body", pattern(chunks * 1000))
        for ends in ((), ("--fail-at", chunks * 1000)):
            if ends:
                wanted = [("net", "failed", "script", both[0], "end", both[1])]
            else:  # of an empty body nothing comes by the first route, so there is nothing to be out of order
                wanted = [("net", "chunk", "script", both[0], last, both[1]) for last in ("done", "end") if chunks]
            for _ in range(LINT_RUNS):
                r = box.run("--one-process", "--lint", "--wiring", "two-routes", "--chunk", 1000, *ends, path)
                same(races(r), wanted, "%d chunks %s: %r" % (chunks, ends, r))


def one_route_is_named_in_no_run(box):
    for chunks in LINT_CHUNKS:
        path = box.file("body", pattern(chunks * 1000))
        for wiring in GOOD_WIRINGS:
            for ends in ((), ("--fail-at", chunks * 1000)):
                r = box.run("--one-process", "--lint", "--wiring", wiring, "--chunk", 1000, "--streams", 20, *ends, path)
                need("two-path" not in r.err, "%s, %d chunks %s: %r" % (wiring, chunks, ends, r))


def nothing_is_named_when_it_is_cancelled(box):
    for wiring in GOOD_WIRINGS:
        p, _ = stalled(box, "--one-process", "--lint", "--wiring", wiring)
        p.kill(signal.SIGTERM)
        need("two-path" not in p.end().err, wiring)


def between_processes_the_lint_is_silent(box):
    path = box.file("body", pattern(3 * CHUNK))
    for wiring in WIRINGS:
        for ends in ((), ("--fail-at", 100000)):
            r = box.run("--lint", "--wiring", wiring, *ends, path)
            need("two-path" not in r.err, "%s: %r" % (wiring, r))
            check_body(r, pattern(3 * CHUNK)[:100000 if ends else 3 * CHUNK])


# ---- input that is wrong ---------------------------------------------------------------

def a_source_that_cannot_be_read_is_an_error_and_says_so(box):
    os.mkdir(box.at("folder"))
    box.files.add("folder")
    for path, why in ((box.at("nosuch"), "No such file"), (box.at("folder"), "it is a folder"),
                      (box.at("nosuch/file"), "No such file"), ("", "No such file")):
        for mode in MODES:
            r = box.run(*mode, path)
            check_fails(r, why, path)
            same((r.outcome, r.bytes, r.sha256), ("error", 0, EMPTY), path)
            need(why in r.cause, "cause: %r" % r)


def an_unreadable_file_is_an_error_and_says_so(box):
    path = box.file("secret", b"secret")
    more = {}
    if os.getuid() == 0:  # whom no mode keeps out
        nobody = pwd.getpwnam("nobody")
        os.chmod(box.path, 0o777)
        more = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    os.chmod(path, 0)
    check_fails(box.run(path, **more), "Permission denied", path)


def wrong_usage_is_told_with_status_64(box):
    path = box.file("body", b"x")
    for args, word in (((), "FILE"), ((path, path), "one FILE"), (("--nosuch", path), "--nosuch"),
                       (("--fail-at", "x", path), "--fail-at"), (("--fail-at", "-1", path), "--fail-at"),
                       (("--fail-at", "1e3", path), "--fail-at"), (("--fail-at", str(1 << 64), path), "--fail-at"),
                       (("--fail-at", "", path), "--fail-at"), (("--fail-at",), "--fail-at"),
                       (("--window", "0", path), "--window"), (("--window", "1025", path), "--window"),
                       (("--chunk", "1048577", path), "--chunk"), (("--wiring", "hop", path), "--wiring"),
                       (("--streams", "0", path), "--streams"), (("--streams", "2", "-"), "standard input"),
                       (("net",), "--listen"), (("net", "--listen", box.url(), path), "no file"),
                       (("script", path), "--connect"), (("--listen", box.url(), path), "one side")):
        r = box.run(*args)
        check_fails(r, word, "--help", status=64)
        same(r.out, "", "output of %s" % (args,))


def help_is_given(box):
    r = box.run("--help")
    need(r.status == 0 and r.out.startswith("usage: body_stream") and r.err == "", "%r" % r)


def output_that_cannot_be_written_is_a_failure(box):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([BODY_STREAM, box.file("body", b"x")], env=box.env, stdout=full, stderr=subprocess.PIPE,
                              stdin=subprocess.DEVNULL, timeout=DEADLINE_S)
    need(done.returncode == 1 and b"No space left" in done.stderr, "%r" % done)


def a_folder_for_the_socket_with_too_long_a_name_is_an_error(box):
    deep = box.at("d" * 120)
    os.mkdir(deep)
    box.files.add("d" * 120)
    r = box.run(box.file("body", b"x"), env=dict(box.env, XDG_RUNTIME_DIR=deep, TMPDIR=deep))
    check_fails(r, "path", "shorter")
    same((r.outcome, os.listdir(deep)), ("error", []), "outcome, and what is left")


def without_descriptors_it_fails_and_says_so(box):
    path = box.file("body", pattern(100000))
    for limit in (4, 6, 8, 12, 20):
        r = box.run(path, preexec_fn=lambda n=limit: resource.setrlimit(resource.RLIMIT_NOFILE, (n, n)))
        need(r.status in (0, 1), "%d descriptors: %r" % (limit, r))
        need(r.status == 0 or r.err != "", "%d descriptors, no word: %r" % (limit, r))


# ---- ends from outside -----------------------------------------------------------------

def stalled(box, *args):
    """The whole in mid-stream: 100,000 bytes have come and nothing more will."""
    data = pattern(200000)
    p = box.start("--verbose", "--stall-at", 100000, *args, box.file("body", data))
    p.wait_for(r"^chunk 34464 at 65536$")
    return p, data[:100000]


def a_signal_cancels_the_whole_and_leaves_nothing(box):
    for by in (signal.SIGINT, signal.SIGTERM):
        for args in (("--wiring", "two-routes"), ("--wiring", "router"), ("--wiring", "drop"), ("--one-process",)):
            p, data = stalled(box, *args)
            p.kill(by)
            r = p.end()
            need(r.status == 1 and r.outcome in ("cancelled", "error"), "%s: %r" % (args, r))
            check_body(r, data)
            box.check_left()


def a_script_process_that_is_told_to_stop_says_so_to_net(box):
    for wiring in WIRINGS:
        p, data = stalled(box, "--wiring", wiring)
        os.kill(box.processes("script")[0][0], signal.SIGTERM)
        r = p.end()
        same((r.status, r.outcome), (1, "error"), "%s: %r" % (wiring, r))
        check_body(r, data)
        need("cancelled" in r.cause, "the cause: %r" % r)


def a_script_process_that_is_killed_is_reported_as_crashed(box):
    for wiring in WIRINGS:
        p, data = stalled(box, "--wiring", wiring)
        os.kill(box.processes("script")[0][0], signal.SIGKILL)
        r = p.end()
        same((r.status, r.outcome), (1, "crashed"), "%s: %r" % (wiring, r))
        check_body(r, data)
        need("killed by signal 9" in r.err and r.cause != "", "%r" % r)


def a_net_process_that_is_killed_ends_the_script_and_the_whole(box):
    for wiring in WIRINGS:
        p, _ = stalled(box, "--wiring", wiring)
        os.kill(box.processes("net")[0][0], signal.SIGKILL)
        r = p.end()
        same((r.status, r.outcome), (1, "crashed"), "%s: %r" % (wiring, r))
        need("net went away" in r.err, "the script says so: %r" % r)
        box.check_left()


def a_starter_that_is_killed_lets_both_sides_finish(box):
    p = box.start("--verbose", "-", stdin=subprocess.PIPE)
    p.pipe.stdin.write(b"first")
    p.pipe.stdin.flush()
    p.wait_for("^chunk 5 at 0$")
    folder, = [name for name in os.listdir(box.path) if name.startswith("acta-")]
    orphans = {pid: os.pidfd_open(pid) for pid, _ in box.processes() if pid != p.pid}
    same(len(orphans), 2, "both sides run")
    p.kill()
    p.pipe.wait()
    p.pipe.stdin.close()
    for pid, fd in orphans.items():
        need(select.select([fd], [], [], DEADLINE_S)[0], "an orphan does not end")
        os.close(fd)
        same(os.waitpid(pid, 0)[1], 0, "status of an orphan")
    same(os.listdir(box.at(folder)), [], "the socket and its lock are removed by net")
    os.rmdir(box.at(folder))
    p.end()


if __name__ == "__main__":
    main(globals())
