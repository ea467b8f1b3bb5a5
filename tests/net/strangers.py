#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""strangers.py - peers that are none, at both ends of a connection: they are turned away, and the next one is served."""

import os
import random
import socket
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import *  # noqa: E402,F403
from wire import *  # noqa: E402,F403

HTTP = b"GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n"
HELLO_FRAME = header(len(hello()), HELLO) + hello()
CONFIRM = header(8, ACK) + struct.pack("<Q", 0)


def turned_away(box, data, says=None):
    """A peer that sends data is disconnected, told why if that is what says is, and then a good one is served."""
    net = box.net()
    stranger = dial(box.at("net.sock"))
    try:
        stranger.raw(data)
    except (BrokenPipeError, ConnectionResetError):
        pass  # it was turned away before it had said all
    answer = stranger.wait_for_end()
    if says is not None:
        same(refusal(answer)[0] if refusal(answer) else None, says, "what it is told: %r" % answer)
    box.send_good_script(net)
    stranger.sock.close()


# ---- at a listener -----------------------------------------------------------------------

def peers_that_connect_and_go_do_no_harm(box):
    net = box.net()
    for _ in range(50):
        dial(box.at("net.sock")).sock.close()
    box.send_good_script(net)


def a_peer_that_is_welcomed_and_goes_does_no_harm(box):
    net = box.net()
    for _ in range(5):
        stranger = dial(box.at("net.sock"))
        stranger.raw(HELLO_FRAME)
        stranger.wait_for(WELCOME)
        stranger.sock.close()
    box.send_good_script(net)


def a_peer_without_a_router_does_no_harm(box):
    net = box.net()
    stranger = dial(box.at("net.sock"))
    stranger.raw(HELLO_FRAME)
    stranger.wait_for(WELCOME)
    stranger.raw(CONFIRM)
    query, = struct.unpack_from("<Q", stranger.wait_for(FIND))
    stranger.sent = 0
    stranger.put(FOUND, struct.pack("<QiQ", query, -15, 0) + text("router"))
    box.send_good_script(net, beside=1)
    stranger.sock.close()


def an_http_request_is_turned_away(box):
    turned_away(box, HTTP)


def random_bytes_are_turned_away(box):
    for seed in range(3):
        turned_away(box, random.Random(seed).randbytes(1 << 20))


def a_frame_length_of_2_to_the_63_is_turned_away(box):
    turned_away(box, struct.pack("<Q", 1 << 63) + bytes(8))
    turned_away(box, struct.pack(">Q", 1 << 63) + bytes(8))


def frame_lengths_beyond_the_limit_are_turned_away_without_waiting_for_them(box):
    for length in (1 << 31, (1 << 32) - 1, (1 << 30) + (1 << 17)):
        turned_away(box, header(length, HELLO))


def a_frame_that_does_not_fit_its_kind_is_turned_away(box):
    for data in (header(0, HELLO), header(0, 0), header(0, 99), header(len(hello()), HELLO, reserved=1) + hello(),
                 header(len(hello()), HELLO, sequence=1) + hello(), header(5, HELLO) + b"ACTA\0",
                 header(len(hello()), HELLO) + b"ATCA" + hello()[4:]):
        turned_away(box, data)


def what_comes_before_a_hello_is_turned_away(box):
    turned_away(box, header(8, ACK) + struct.pack("<Q", 0))
    turned_away(box, header(4 + 2 + 3, TYPE, 1) + struct.pack("<I", 1) + text("abc"))


def nonsense_behind_a_good_hello_is_turned_away(box):
    for nonsense in (HTTP, HELLO_FRAME, header(4 + 2 + 1, TYPE, 7) + struct.pack("<I", 1) + text("a"),
                     header(12 + 1, SEND, 1) + struct.pack("<QI", 12345, 1) + pack({})):
        turned_away(box, fresh_hello() + CONFIRM + nonsense)


def fresh_hello():
    """A HELLO of a node that is nobody else."""
    payload = hello()
    return header(len(payload), HELLO) + payload


def a_session_that_nobody_knows_is_told_so(box):
    payload = hello(session=12345)
    turned_away(box, header(len(payload), HELLO) + payload, says=ECRASHED)


def another_version_is_told_so(box):
    data = hello(VERSION + 1, VERSION + 7)
    turned_away(box, header(len(data), HELLO) + data, says=EVERSION)


def a_range_of_versions_that_has_ours_is_welcome(box):
    net = box.net()
    stranger = dial(box.at("net.sock"))
    data = hello(1, 99)
    stranger.raw(header(len(data), HELLO) + data)
    same(struct.unpack_from("<H", stranger.wait_for(WELCOME), 4)[0], VERSION, "the version it chose")
    stranger.sock.close()
    box.send_good_script(net)


def half_a_frame_and_then_nothing_keeps_nobody_waiting(box):
    net = box.net()
    strangers = []
    for size in (1, 7, 15, 16, 17, len(HELLO_FRAME) - 1):
        strangers.append(dial(box.at("net.sock")))
        strangers[-1].raw(HELLO_FRAME[:size])
    box.send_good_script(net, beside=len(strangers))
    for stranger in strangers:
        stranger.wait_for_end()  # net has gone, and its ends with it
        stranger.sock.close()


def peers_that_say_nothing_keep_nobody_waiting(box):
    net = box.net()
    strangers = [dial(box.at("net.sock")) for _ in range(30)]
    box.send_good_script(net, beside=len(strangers))
    for stranger in strangers:
        stranger.wait_for_end()
        stranger.sock.close()


# ---- at a dialer -------------------------------------------------------------------------

PATIENCE_S = 3  # of a dialer whom nothing but its own patience ends


def dials(box, url, patience):
    return box.start("send", url, 1, 1, patience, program=FLOW)


class FalseListener:
    """Answers who dials it, and tries that for so many seconds, with these bytes."""

    def __init__(self, box, answer, hang=False, name="false.sock", patience=10):
        self.path = box.at(name)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self.path)
            listener.listen()
            listener.settimeout(DEADLINE_S)
            self.dialer = dials(box, "ipc://" + self.path, patience)
            self.peer, _ = listener.accept()
        try:
            self.peer.sendall(answer)
        except (BrokenPipeError, ConnectionResetError):
            pass
        if not hang:
            self.peer.shutdown(socket.SHUT_WR)

    def check_fails(self, *words):
        try:
            check_fails(self.dialer.end(), self.path, "cannot connect", *words)
        finally:
            self.peer.close()
            os.unlink(self.path)


def a_listener_that_hangs_up_is_an_error(box):
    FalseListener(box, b"", patience=PATIENCE_S).check_fails()


def a_listener_that_does_not_speak_acta_is_an_error(box):
    for data in (b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n",
                 random.Random(5).randbytes(1 << 16), struct.pack("<Q", 1 << 63) + bytes(8), header(1 << 31, WELCOME)):
        FalseListener(box, data).check_fails()


def a_listener_of_another_version_is_an_error(box):
    cause = "we speak version 2 only; update the other side"
    payload = b"ACTA" + struct.pack("<i", EVERSION) + text(cause)
    FalseListener(box, header(len(payload), REFUSE) + payload).check_fails("version")
    data = hello(VERSION + 1, VERSION + 1)[:6] + bytes(2) + hello()[8:]
    FalseListener(box, header(len(data), WELCOME) + data).check_fails()


def listeners_that_fall_silent_are_errors_after_a_while(box):
    welcome = hello()[:6] + bytes(2) + hello()[8:]
    half = header(len(welcome), WELCOME) + welcome[:-1]
    silent = [FalseListener(box, half[:size], True, "silent%d" % size, PATIENCE_S) for size in (0, 15, len(half))]
    for listener in silent:
        listener.check_fails()


def nobody_there_is_an_error(box):
    box.file("body", b"x")
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(box.at("stale"))
    dead.close()
    wanted = [(box.url("nosuch"), "nobody listens there"), (box.url("body"), box.at("body")),
              ("ipc://" + box.path, box.path), ("tcp://127.0.0.1:1", "nobody listens there"),
              ("tcp://192.0.2.1:1", "use tls+tcp://"), ("ipc://", "ipc://"), (box.url("x" * 120), "long"),
              (box.url("stale"), "nobody listens there")]
    # Each but those that no waiting cures is tried for as long as the dialer has patience.
    dialers = [dials(box, url, PATIENCE_S) for url, _ in wanted]
    for dialer, (_, word) in zip(dialers, wanted):
        check_fails(dialer.end(), word)
    os.unlink(box.at("stale"))


if __name__ == "__main__":
    main(globals())
