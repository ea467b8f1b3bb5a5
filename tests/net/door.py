#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""door.py - programs without acta at a door: nngcat, thirty lines of Python, and some that misbehave."""

import os
import socket
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import *  # noqa: E402,F403

EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples", "door")
DOOR = os.path.join(BUILD, "examples", "door")
CLIENT = os.path.join(EXAMPLES, "door.py")
REQ = b"\0SP\0\0\x30\0\0"


def serve(box, name="words"):
    """A server with a door that is open, at a socket of that name."""
    # ASan keeps what was freed, up to as much as this.
    asan = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"
    server = box.start(box.url(name), program=DOOR, env=dict(box.env, ASAN_OPTIONS=asan))
    server.wait_for("^counting at ")
    server.is_ready()
    return server


def is_over(server, by=signal.SIGTERM, beside=0):
    """It has kept nothing, but as many connections as beside, and ends well when it is asked to."""
    server.held.is_back(beside)
    server.kill(by)
    r = server.end()
    same(r.status, 0, "status of the server: %r" % r)
    return r


def nngcat(box, data, *more, name="words"):
    return box.run("--req", "--dial", box.url(name), "--raw", "--file", box.file("request", data), "--recv-timeout",
                   str(DEADLINE_S), *more, program=shutil.which("nngcat"))


def packed(text):
    """["count", {"text": text}]; text is short."""
    return b"\x92\xa5count\x81\xa4text" + bytes([0xa0 | len(text)]) + text.encode()


class Asker:
    """A REQ socket, byte by byte."""

    def __init__(self, box, name="words"):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(DEADLINE_S)
        self.sock.connect(box.at(name))
        self.sock.sendall(REQ)
        self.stream = self.sock.makefile("rb")
        same(self.stream.read(8), b"\0SP\0\0\x31\0\0", "its greeting")

    def ask(self, number, data):
        self.sock.sendall(b"\1" + struct.pack(">QI", 4 + len(data), 1 << 31 | number) + data)

    def hear(self):
        size, = struct.unpack(">xQ", self.stream.read(9))
        reply = self.stream.read(size)
        return struct.unpack(">I", reply[:4])[0] & ~(1 << 31), reply[4:]

    def hears_the_end(self):
        """The kernel calls it a reset when what the client has said was not read."""
        try:
            return self.stream.read(1) == b""
        except ConnectionResetError:
            return True

    def close(self):
        self.stream.close()
        self.sock.close()


def talks(box, name="words"):
    """Somebody is served."""
    r = box.run(box.at(name), "one two  three", program=CLIENT)
    same((r.status, r.out), (0, "one two  three counted {'words': 3, 'letters': 11}\n"), "%r" % r)


# ---- refusals ---------------------------------------------------------------------------------

def a_door_that_cannot_be_opened_says_why(box):
    for url, word in (("http://x", "ipc://"), (box.url("no/folder"), "folder"), (box.url("x" * 200), "path")):
        r = box.run(url, program=DOOR)
        check_fails(r, "cannot open a door at", word)


def nngcat_with_rubbish_is_told_why(box):
    server = serve(box)
    r = nngcat(box, b"how many words?")
    need("acta_failure" in r.out and "msgpack array of two" in r.out, "%r" % r)
    r = nngcat(box, b"\x92\xa5quote\x80")
    need("acta_failure" in r.out and "no message type quote" in r.out, "%r" % r)
    talks(box)
    is_over(server)


def crowd(server, path, count):
    """So many are there at once."""
    those = []
    for _ in range(count):
        those.append(socket.socket(socket.AF_UNIX))
        those[-1].connect(path)
        those[-1].sendall(REQ)
    wanted = server.held.descriptors + count
    wait_until("descriptors up to %d" % wanted, lambda: descriptors(server.pid) >= wanted)
    for one in those:
        one.close()


def come_and_go(path, count):
    for _ in range(count):
        stranger = socket.socket(socket.AF_UNIX)  # it blocks while the queue of connections is full
        stranger.connect(path)
        stranger.close()


def thousands_that_connect_and_go_keep_nobody_out(box):
    server = serve(box)
    crowd(server, box.at("words"), 900)
    server.held.has_holes()  # of as many as may be there at once, on a busy machine
    come_and_go(box.at("words"), 3000)
    server.held.is_back()  # until then there may be as many as it lets in
    talks(box)
    is_over(server)


# ---- those that are answered -----------------------------------------------------------------------

def thirty_lines_of_python_alone_talk_to_an_actor(box):
    with open(CLIENT, encoding="utf-8") as f:
        lines = f.read().splitlines()
    need(len(lines) <= 30, "door.py has %d lines" % len(lines))
    need("import io, socket, struct, sys" in lines, "it needs more than the standard library: %r" % lines[:5])
    server = serve(box)
    texts = ["in the beginning was the word", "", "word " * 20000, "\u00e9t\u00e9"]
    r = box.run(box.at("words"), *texts, program=CLIENT)
    counts = (6, 24), (0, 0), (20000, 80000), (1, 3)
    same(r.out, "".join("%s counted {'words': %d, 'letters': %d}\n" % (t, *c) for t, c in zip(texts, counts)), "%r" % r)
    is_over(server, signal.SIGINT)


def nngcat_talks_to_an_actor(box):
    server = serve(box)
    r = nngcat(box, packed("one two"))
    same(r.status, 0, "%r" % r)
    need(re.search("counted.*words\x02.*letters\x06", r.out), "%r" % r)
    is_over(server)


def ten_thousand_requests_of_one_process_are_each_answered(box):
    server = serve(box)
    asker = Asker(box)
    answered = set()
    for number in range(10000):
        asker.ask(number, packed("a b c"))
        if number >= 500:  # as many as that are open, and no more, for the sake of the sockets' room
            answered.add(asker.hear()[0])
    while len(answered) < 10000:
        number, reply = asker.hear()
        need(b"counted" in reply and number not in answered, "%r" % reply)
        answered.add(number)
    asker.close()
    is_over(server)


# ---- over tcp ------------------------------------------------------------------------------------------

def serve_at_a_port(where):
    """A server with a door at a port of this machine, and its URL."""
    server = where.start("tcp://127.0.0.1:0", program=DOOR)
    server.wait_for("^counting at ")
    server.is_ready()
    return server, re.search("^counting at (.*)$", server.text[server.pipe.stdout].decode(), re.M)[1]


def call_door(url):
    return socket.create_connection(("127.0.0.1", int(url.split(":")[-1])), DEADLINE_S)


def nngcat_talks_to_an_actor_over_tcp(box):
    server, url = serve_at_a_port(box)
    r = box.run("--req", "--dial", url, "--raw", "--file", box.file("request", packed("one two")), "--recv-timeout",
                str(DEADLINE_S), program=shutil.which("nngcat"))
    same(r.status, 0, "%r" % r)
    need(re.search("counted.*words\x02.*letters\x06", r.out), "%r" % r)
    is_over(server)


def strangers_at_a_door_over_tcp_keep_nobody_out(box):
    """What is no SP is told so by the end of the connection, and requests are framed without the byte 1 of ipc."""
    server, url = serve_at_a_port(box)
    for data in (b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", bytes(64)):
        with call_door(url) as stranger:
            stranger.sendall(data)
            try:
                while stranger.recv(100):
                    pass
            except ConnectionResetError:
                pass  # it is not read to its end
    for _ in range(1000):
        call_door(url).close()
    server.held.is_back()
    with call_door(url) as sock, sock.makefile("rb") as stream:
        sock.sendall(REQ)
        same(stream.read(8), b"\0SP\0\0\x31\0\0", "its greeting")
        for number in range(100):
            sock.sendall(struct.pack(">QI", 4 + len(packed("a b")), 1 << 31 | number) + packed("a b"))
        numbers = set()
        for _ in range(100):
            size, = struct.unpack(">Q", stream.read(8))
            reply = stream.read(size)
            need(b"counted" in reply, "%r" % reply)
            numbers.add(struct.unpack(">I", reply[:4])[0] & ~(1 << 31))
        same(numbers, set(range(100)), "requests that were answered")
    is_over(server)


def a_door_beyond_this_machine_is_refused_in_plain_text(box):
    check_fails(box.run("tcp://0.0.0.0:0", program=DOOR), "cannot open a door at", "plaintext_anywhere")


# ---- deaths --------------------------------------------------------------------------------------------

def a_client_that_goes_with_requests_open_disturbs_nobody(box):
    server = serve(box)
    for _ in range(50):
        asker = Asker(box)
        for number in range(100):
            asker.ask(number, packed("never heard"))
        asker.close()
    talks(box)
    is_over(server)


def a_server_that_was_killed_leaves_a_socket_that_the_next_takes_over(box):
    server = serve(box)
    asker = Asker(box)
    server.kill()
    same(server.end().status, -signal.SIGKILL, "status of the server")
    need(asker.hears_the_end(), "the client hears something")
    asker.close()
    need(is_socket(box.at("words")), "no socket is left")
    server = serve(box)
    talks(box)
    is_over(server)


def a_server_that_ends_with_clients_connected_leaves_nothing(box):
    server = serve(box)
    askers = [Asker(box) for _ in range(20)]
    for asker in askers:
        asker.ask(1, packed("x"))
        need(b"counted" in asker.hear()[1], "it was not answered")
    is_over(server, beside=len(askers))
    for asker in askers:
        need(asker.hears_the_end(), "a client hears something at the end")
        asker.close()


# ---- memory ------------------------------------------------------------------------------------------------

def flood(asker, most=200000):
    """Requests without a look at the replies, until the door takes no more; gives how many."""
    data = b"".join(b"\1" + struct.pack(">QI", 4 + len(packed("flood")), 1 << 31 | n) + packed("flood")
                    for n in range(100))
    asker.sock.settimeout(1)
    try:
        for n in range(most // 100):
            asker.sock.sendall(data)
    except socket.timeout:
        return n * 100
    raise Wrong("the door has taken %d requests of a client that reads no reply" % most)


def clients_that_read_no_replies_take_no_memory_to_speak_of(box):
    server = serve(box)
    flooders = []
    for _ in range(4):
        flooders.append(Asker(box))
        flood(flooders[-1])
    before = memory_kib(server.pid)
    for _ in range(12):
        flooders.append(Asker(box))
        flood(flooders[-1])
        flooders.pop(0).close()
    talks(box)
    need(memory_kib(server.pid) - before < 8192, "from %d to %d KiB" % (before, memory_kib(server.pid)))
    for asker in flooders:
        asker.close()
    is_over(server)


if __name__ == "__main__":
    main(globals())
