#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""places.py - C-PEER between real processes: whoever is no peer at a port, or at a path, is turned away and keeps nobody
waiting; who is one is served afterwards, and what it sends arrives whole."""

import os
import random
import socket
import ssl
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import *  # noqa: E402,F403
from wire import *  # noqa: E402,F403

HTTP = b"GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n"
HELLO_FRAME = header(len(hello()), HELLO) + hello()
MANY = 1000 if SANITIZED else 3000
COUNT = 500


def client_hello():
    """What any client of TLS says first."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="localhost")
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def call(url):
    """A connection to a port of this machine."""
    return socket.create_connection(("127.0.0.1", int(url.split(":")[-1])), DEADLINE_S)


def turned_away(sock, data):
    """Who says this is disconnected, whatever it is told before."""
    with sock:
        stranger = Node(sock)
        try:
            stranger.raw(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it was turned away before it had said all
        stranger.wait_for_end()


def over_tcp(where):
    return Flow(where, url="tcp://127.0.0.1:0")


def over_tls(box, shows="server"):
    return Flow(box, url="tls+tcp://localhost:0", env=box.certificates(shows))


def serves(flow):
    """A peer that is one is served."""
    flow.send(COUNT).is_whole(COUNT)
    return flow.said.err


def refused_in(line):
    """How many connections a line of a listener reports: itself, and those that it counts; or at the end the rest."""
    rest = re.search(r": (\d+) more connections were refused", line)
    others = re.search(r"is refused: .* \(and (\d+) complaints since the last\)", line)
    return int(rest[1]) if rest else 1 + int(others[1]) if others else int("is refused: " in line)


def refused(flow, env, *words, url=None):
    """A sender with these options does not come to connect, and says why; the server reports it too."""
    flow.send(COUNT, env=env, url=url)
    check_fails(flow.sender.end(), "cannot connect to tls+tcp://", *words)


# ---- plain connections ----------------------------------------------------------------------

def tls_at_a_plain_port_is_turned_away(box):
    flow = over_tcp(box)
    for _ in range(5):
        turned_away(call(flow.url), client_hello())
    serves(flow)


def tls_at_a_path_is_turned_away(box):
    flow = Flow(box)
    for _ in range(5):
        turned_away(dial(box.at("net.sock")).sock, client_hello())
    serves(flow)


def what_is_no_frame_at_a_plain_port_is_turned_away(box):
    flow = over_tcp(box)
    for data in (HTTP, random.Random(1).randbytes(1 << 20), header(1 << 31, HELLO), struct.pack("<Q", 1 << 63) + bytes(8)):
        turned_away(call(flow.url), data)
    serves(flow)


def plain_text_beyond_this_machine_is_refused_unless_it_is_asked_for(box):
    server = box.start("serve", "tcp://0.0.0.0:0", program=FLOW)
    check_fails(server.end(), "plaintext_anywhere", "use tls+tcp://")
    sender = box.start("send", "tcp://192.0.2.1:4711", 1, 1, 5, program=FLOW)
    check_fails(sender.end(), "plaintext_anywhere", "use tls+tcp://")
    anywhere = {"NET_ANYWHERE": "1"}
    flow = Flow(box, url="tcp://0.0.0.0:0", env=anywhere)
    flow.send(COUNT, url="tcp://127.0.0.1:" + flow.url.split(":")[-1]).is_whole(COUNT)


# ---- with TLS -----------------------------------------------------------------------------------

def plain_bytes_at_a_port_of_tls_are_turned_away(box):
    flow = over_tls(box)
    for data in (HELLO_FRAME, HTTP, random.Random(2).randbytes(1 << 20), bytes(64)):
        turned_away(call(flow.url), data)
    lines = serves(flow).splitlines()
    need(any("is refused: what the peer sends is not TLS" in line for line in lines), "reports: %r" % flow.said)
    same(sum(refused_in(line) for line in lines), 4, "how many are reported: %r" % flow.said)


def a_good_beginning_and_then_rubbish_is_turned_away(box):
    flow = over_tls(box)
    for cut in (1, 5, 6, 60):
        turned_away(call(flow.url), client_hello()[:cut] + random.Random(cut).randbytes(1 << 17))
    serves(flow)


def a_certificate_of_another_authority_is_refused_by_either_side(box):
    flow = over_tls(box)
    refused(flow, box.certificates("stranger"), "authority that it does not know")
    refused(flow, dict(flow.env, NET_CA=box.at("certificates/other.pem")), "no authority in tls.ca_file has signed")
    need("is refused: no authority in tls.ca_file has signed" in serves(flow), "reports: %r" % flow.said)


def a_certificate_for_another_host_is_refused(box):
    flow = over_tls(box, "node")
    refused(flow, flow.env, "certificate is not for localhost")
    refused(flow, flow.env, "certificate is not for 127.0.0.1", url=flow.url.replace("localhost", "127.0.0.1"))
    flow.abandon()


def a_certificate_that_is_over_is_refused(box):
    flow = over_tls(box)
    refused(flow, box.certificates("aged"), "refuses us")
    refused(flow, box.certificates("expired"), "has expired")
    serves(flow)


def a_peer_without_a_certificate_is_refused(box):
    flow = over_tls(box)
    context = ssl.create_default_context(cafile=flow.env["NET_CA"])
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    try:
        with call(flow.url) as sock, context.wrap_socket(sock, server_hostname="localhost") as tls:
            tls.sendall(HELLO_FRAME)
            same(tls.recv(1), b"", "what it is told")
    except (ssl.SSLError, ConnectionResetError, BrokenPipeError):
        pass
    need("is refused: the peer shows no certificate" in serves(flow), "reports: %r" % flow.said)


def hands_that_are_never_shaken_keep_nobody_waiting(box):
    """Some say nothing, some stop in the middle. They are let go after their time."""
    flow = over_tls(box)
    flow.server.held.more_kib = 8192  # 60 that are open at once leave up to 6 MiB of holes, and 1000 no more than that
    half = client_hello()
    silent = [call(flow.url) for _ in range(60)]
    for n, sock in enumerate(silent):
        sock.sendall(half[:n % 3 * len(half) // 2])
    flow.send(COUNT, patience=5)
    for sock in silent:
        Node(sock).wait_for_end()
        sock.close()
    flow.is_whole(COUNT)


# ---- many ------------------------------------------------------------------------------------------

def thousands_that_connect_and_go_keep_nobody_out(box):
    flow = over_tcp(box)
    for _ in range(MANY):
        call(flow.url).close()
    serves(flow)
    return "%d connections" % MANY


def thousands_that_connect_with_tls_and_go_keep_nobody_out(box):
    flow = over_tls(box)
    half = client_hello()
    for n in range(MANY // 10):
        with call(flow.url) as sock:
            sock.sendall(half[:n % 3 * len(half) // 2])
        flow.server.read_on()  # it reports some of them
    serves(flow)
    return "%d connections" % (MANY // 10)


def large_items_arrive_whole_over_tls(box):
    over_tls(box).send(20, size=1 << 20).is_whole(20)


if __name__ == "__main__":
    main(globals())
