# SPDX-License-Identifier: MIT
"""wire.py - a node written from the format's specification (src/route/frame.h) alone, to be a peer that does what no
program of ours does: stop in the middle, speak another version, claim what is not true."""

import os
import random
import socket
import struct
import time

from harness import DEADLINE_S, need

(HELLO, WELCOME, REFUSE, ACK, GOODBYE, FAREWELL, TYPE, FIND, FOUND, RELEASE, SEND, ASK, REPLY, MONITOR, DEMONITOR, DOWN,
 CREDIT, PART, CLAIM, TAKEN, END, LINK) = range(1, 23)
SEQUENCED = {GOODBYE} | set(range(TYPE, LINK + 1))
VERSION = 1
ECRASHED = -7
EVERSION = -13


def text(s):
    data = s.encode()
    return struct.pack("<H", len(data)) + data


def header(length, kind, sequence=0, reserved=0):
    return struct.pack("<IBBHQ", length, kind, reserved, 0, sequence)


def host():
    """What acti_host_id of src/base/platform.h is."""
    with open("/proc/sys/kernel/random/boot_id", "rb") as f:
        known = f.read() + os.readlink("/proc/self/ns/pid").encode()
    number = 0xcbf29ce484222325
    for byte in known:
        number = (number ^ byte) * 0x100000001b3 % (1 << 64)
    return number


def hello(lowest=VERSION, highest=VERSION, name="wire.py", node=None, session=0, received=0, heartbeat_ms=60000):
    """Another node each time, unless told."""
    return (b"ACTA" + struct.pack("<HHQQQQQIIIII", lowest, highest, node or random.getrandbits(63) + 1, 1, session, received,
                                  host(), os.getpid(), 1 << 20, 1000, 1 << 24, heartbeat_ms) + text("") + text(name))


# ---- msgpack, as far as the example's messages need it -----------------------------------

def pack(value):
    if isinstance(value, dict):
        return bytes([0x80 | len(value)]) + b"".join(pack(k) + pack(v) for k, v in value.items())
    if isinstance(value, int):
        return b"\xcf" + struct.pack(">Q", value)
    if isinstance(value, str):
        return b"\xda" + struct.pack(">H", len(value.encode())) + value.encode()
    return b"\xc6" + struct.pack(">I", len(value)) + value


class Node:
    """One end of a connection, blocking, with a deadline."""

    def __init__(self, sock):
        self.sock = sock
        self.sock.settimeout(DEADLINE_S)
        self.sent = 0       # sequence numbers of our frames
        self.types = {}     # name -> number that we have told
        self.their_types = {}

    def raw(self, data):
        self.sock.sendall(data)

    def frame(self, kind, payload=b""):
        """The bytes of the next frame of ours."""
        if kind in SEQUENCED:
            self.sent += 1
            return header(len(payload), kind, self.sent) + payload
        return header(len(payload), kind) + payload

    def put(self, kind, payload=b""):
        self.raw(self.frame(kind, payload))

    def tell_type(self, name):
        """The bytes that tell a type, or none when it is known: (bytes, its number)."""
        if name in self.types:
            return b"", self.types[name]
        self.types[name] = len(self.types) + 1
        return self.frame(TYPE, struct.pack("<I", self.types[name]) + text(name)), self.types[name]

    def message(self, actor, name, body):
        """The bytes of a SEND, with its type before if that is new. body is a dictionary, or msgpack."""
        told, number = self.tell_type(name)
        rest = body if isinstance(body, bytes) else pack(body)
        return told + self.frame(SEND, struct.pack("<QI", actor, number) + rest)

    def read(self, size):
        data = b""
        while len(data) < size:
            more = self.sock.recv(size - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def get(self):
        """The next frame: (kind, payload)."""
        length, kind, _, _, _ = struct.unpack("<IBBHQ", self.read(16))
        payload = self.read(length)
        if kind == TYPE:
            self.their_types[struct.unpack_from("<I", payload)[0]] = payload[6:].decode()
        return kind, payload

    def wait_for(self, wanted):
        until = time.monotonic() + DEADLINE_S
        while time.monotonic() < until:
            kind, payload = self.get()
            if kind == wanted:
                return payload
        need(False, "frame %d did not come" % wanted)

    def wait_for_end(self):
        """Reads until the other side closes; what came is given."""
        data = b""
        try:
            while more := self.sock.recv(65536):
                data += more
        except ConnectionResetError:
            pass
        return data


def dial(path):
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(DEADLINE_S)
    sock.connect(path)
    return Node(sock)


def refusal(data):
    """The status and the cause in the REFUSE that data ends with; None when there is none."""
    at = 0
    while at + 16 <= len(data):
        length, kind = struct.unpack_from("<IB", data, at)
        if kind == REFUSE:
            status, = struct.unpack_from("<i", data, at + 20)
            return status, data[at + 26:at + 16 + length].decode()
        at += 16 + length
    return None


def become_script(path, router=7):
    """Dials a net and does what a script process does, up to the first demand: (node, number of the actor net)."""
    node = dial(path)
    node.put(HELLO, hello())
    node.wait_for(WELCOME)
    node.put(ACK, struct.pack("<Q", 0))
    node.put(FIND, struct.pack("<Q", 99) + text("net"))
    net = None
    while True:
        kind, payload = node.get()
        if kind == FIND:
            query, = struct.unpack_from("<Q", payload)
            node.put(FOUND, struct.pack("<QiQ", query, 0, router) + text("router"))
        elif kind == FOUND:
            _, status, net = struct.unpack_from("<QiQ", payload)
            need(status == 0, "net is not to be found: %d" % status)
        elif kind == ASK:
            _, asker, ask, number = struct.unpack_from("<QQQI", payload)
            need(node.their_types[number] == "hello", "a hello is asked first")
            told, number = node.tell_type("welcome")
            node.raw(told + node.frame(REPLY, struct.pack("<QQI", asker, ask, number) + pack({})))
        elif kind == SEND:
            need(node.their_types[struct.unpack_from("<QI", payload)[1]] == "pull", "a pull comes next")
            return node, net
