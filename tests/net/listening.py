#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""listening.py - the path of a socket: who may serve it, what may be removed, and what is left."""

import os
import signal
import socket
import stat
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import *  # noqa: E402,F403


def refused(box, url, *words):
    r = box.run("net", "--listen", url)
    check_fails(r, "cannot listen", *words)
    same((r.outcome, r.bytes), ("error", 0), "outcome of %r" % r)


def make_stale(of):
    """The socket and the lock of a net that was killed, in the box."""
    net = of.net()
    net.kill()
    same(net.end().status, -signal.SIGKILL, "status of the killed")
    need(is_socket(of.at("net.sock")), "it leaves a socket")


def a_served_socket_is_private_and_gone_afterwards(box):
    net = box.net()
    same(stat.S_IMODE(os.lstat(box.at("net.sock")).st_mode), 0o600, "mode of the socket")
    box.send_good_script(net)


def a_signal_ends_a_net_that_waits_and_leaves_nothing(box):
    for by in (signal.SIGINT, signal.SIGTERM):
        net = box.net()
        net.kill(by)
        r = net.end()
        same((r.status, r.outcome), (1, "cancelled"), "%r" % r)
        box.check_left()


def a_net_whose_starter_gives_up_ends(box):
    net = box.net()
    net.control.close()
    net.control = None
    r = net.end()
    same((r.status, r.outcome), (1, "crashed"), "%r" % r)


def a_path_that_is_too_long_is_refused(box):
    refused(box, box.url("x" * 120), "longer")
    refused(box, "ipc://" + "/" * 300, "longer")


def a_path_of_the_longest_length_is_served_and_one_more_byte_is_refused(box):
    longest = None
    for size in range(100, 109):
        url = "ipc://" + os.path.join(box.path, "").ljust(size, "x")
        net = box.start("net", "--listen", url, control=True)
        if net.listens():
            need(longest in (None, size - 1), "a longer path is served after a shorter was refused")
            longest = size
            box.send_good_script(net, url)
        else:
            check_fails(net.end(), "longer")
    need(longest is not None and longest >= 104, "the longest path served: %s" % longest)


def a_folder_that_does_not_exist_is_refused(box):
    refused(box, box.url("nosuch/net.sock"), "folder", "does not exist")
    refused(box, box.url("no/such/net.sock"), "folder", "does not exist")


def what_is_no_url_is_refused(box):
    for url in ("", "net.sock", "ipc:/net.sock", "IPC:///tmp/x", "ipc://", "127.0.0.1:4711"):
        refused(box, url, "ipc://" if url != "ipc://" else "")
    refused(box, "tcp://127.0.0.1", "port")
    refused(box, "tcp://127.1:4711", "IPv4")
    refused(box, "tcp://0.0.0.0:4711", "use tls+tcp://")


def a_path_that_another_process_serves_is_refused_and_goes_on_being_served(box):
    net = box.net()
    for _ in range(3):
        refused(box, box.url(), box.at("net.sock"), "serve")
    box.send_good_script(net)


def other_things_at_the_path_are_left_alone(box):
    path = box.file("net.sock", b"precious")
    before = os.lstat(path)
    refused(box, box.url(), "regular file", "left alone")
    same(os.lstat(path), before, "the file")
    with open(path, "rb") as f:
        same(f.read(), b"precious", "what is in it")
    os.unlink(path)

    os.mkfifo(path)
    refused(box, box.url(), path)
    need(stat.S_ISFIFO(os.lstat(path).st_mode), "the FIFO is left alone")
    os.unlink(path)

    os.mkdir(path)
    refused(box, box.url(), path)
    os.rmdir(path)

    os.symlink("elsewhere", path)
    refused(box, box.url(), path)
    same(os.readlink(path), "elsewhere", "the link")
    box.check_left()


def a_stale_socket_is_replaced(box):
    make_stale(box)
    box.send_good_script(box.net())


def of_two_starters_on_a_stale_socket_one_wins(box):
    for _ in range(20):
        make_stale(box)
        two = [box.start("net", "--listen", box.url(), control=True) for _ in range(2)]
        wins = [net.listens() for net in two]
        same(sorted(wins), [False, True], "who listens")
        check_fails(two[wins.index(False)].end(), "serve")
        box.send_good_script(two[wins.index(True)])
        box.check_left()


def of_many_starters_one_wins(box):
    starters = [box.start("net", "--listen", box.url(), control=True) for _ in range(8)]
    wins = [net.listens() for net in starters]
    same(wins.count(True), 1, "how many listen")
    for net, won in zip(starters, wins):
        if won:
            box.send_good_script(net)
        else:
            check_fails(net.end(), "serve")


def a_folder_that_may_not_be_written_to_is_refused(box):
    if os.getuid() == 0:
        return  # whom no mode keeps out
    os.mkdir(box.at("folder"), 0o500)
    box.files.add("folder")
    refused(box, box.url("folder/net.sock"), "folder")


def a_socket_that_is_removed_under_a_net_is_no_harm_to_the_next(box):
    first = box.net()
    os.unlink(box.at("net.sock"))
    refused(box, box.url(), "serve")  # its lock still says so
    first.kill(signal.SIGTERM)
    same(first.end().outcome, "cancelled", "outcome")
    box.send_good_script(box.net())


if __name__ == "__main__":
    main(globals())
