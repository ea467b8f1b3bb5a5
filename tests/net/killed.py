#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""killed.py - a peer that is killed before, during and after its last message: what arrived before counts, and the end
says that there was no goodbye.

The peer is a process that speaks the format itself (wire.py), so that it can stop at any byte, and ends by SIGKILL.
"""

import hashlib
import os
import signal
import sys
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import *  # noqa: E402,F403
from wire import *  # noqa: E402,F403

BODY = pattern(1000)
CAUSE = "the disk is on fire"


def chunk(node, net, offset=0, data=BODY):
    return node.message(net, "chunk", {"offset": offset, "data": data})


def failed(node, net):
    return node.message(net, "failed", {"cause": CAUSE})


def done(node, net, data=BODY):
    return node.message(net, "done", {"total": len(data), "sha256": hashlib.sha256(data).hexdigest()})


def killed_after(box, write):
    """What net says of a script process that writes what write(node, net) does, and is killed."""
    net = box.net()
    pid = os.fork()
    if pid == 0:
        try:
            write(*become_script(box.at("net.sock")))
            os.kill(os.getpid(), signal.SIGKILL)
        except BaseException:  # pylint: disable=broad-except
            traceback.print_exc()
            os._exit(1)
    result = net.end()
    same(os.waitpid(pid, 0)[1], signal.SIGKILL, "status of the peer")
    return result


def before_its_last_message_it_is_crashed(box):
    r = killed_after(box, lambda node, net: node.raw(chunk(node, net)))
    same((r.status, r.outcome), (1, "crashed"), "%r" % r)
    check_body(r, BODY)


def before_its_first_message_it_is_crashed(box):
    r = killed_after(box, lambda node, net: None)
    same((r.status, r.outcome), (1, "crashed"), "%r" % r)
    check_body(r, b"")


def during_its_last_message_it_is_crashed_and_the_part_is_not_seen(box):
    def write(node, net, size):
        first = chunk(node, net)
        data = failed(node, net)
        node.raw(first + data[:size if size > 0 else len(data) + size])

    for size in (1, 8, 16, 17, 30, -1):
        r = killed_after(box, lambda node, net, size=size: write(node, net, size))
        same((r.status, r.outcome), (1, "crashed"), "%d bytes of it: %r" % (size, r))
        check_body(r, BODY)
        need(CAUSE not in r.out, "a part of a message is seen: %r" % r)


def during_a_chunk_it_is_crashed_and_the_part_is_not_seen(box):
    def write(node, net):
        first = chunk(node, net)
        node.raw(first + chunk(node, net, len(BODY), pattern(60000))[:-1])

    r = killed_after(box, write)
    same((r.status, r.outcome), (1, "crashed"), "%r" % r)
    check_body(r, BODY)


def after_an_error_as_its_last_message_the_true_error_is_known(box):
    def write(node, net):
        first = chunk(node, net)
        node.raw(first + failed(node, net))

    r = killed_after(box, write)
    same((r.status, r.outcome, r.cause), (1, "error", CAUSE), "%r" % r)
    check_body(r, BODY)
    need(r.lines[-1].startswith("eof: "), "the end says that there was no goodbye: %r" % r)


def after_done_as_its_last_message_the_body_is_done(box):
    def write(node, net):
        first = chunk(node, net)
        node.raw(first + done(node, net))

    r = killed_after(box, write)
    check_done(r, BODY)
    need(r.lines[-1].startswith("eof: "), "the end says that there was no goodbye: %r" % r)


def after_a_done_that_lies_it_is_an_error(box):
    def write(node, net, said):
        first = chunk(node, net)
        node.raw(first + done(node, net, said))

    r = killed_after(box, lambda node, net: write(node, net, BODY[:-1] + b"?"))
    same((r.status, r.outcome), (1, "error"), "another digest: %r" % r)
    r = killed_after(box, lambda node, net: write(node, net, BODY[:-1]))
    same((r.status, r.outcome), (1, "error"), "fewer bytes: %r" % r)
    r = killed_after(box, lambda node, net: write(node, net, BODY + b"more"))
    same((r.status, r.outcome), (1, "crashed"), "more bytes than came: %r" % r)


def after_a_gap_in_the_body_it_is_an_error(box):
    r = killed_after(box, lambda node, net: node.raw(chunk(node, net, 1)))
    same((r.status, r.outcome), (1, "error"), "%r" % r)
    need("lost or swapped" in r.cause, "%r" % r)


def a_message_that_is_not_what_it_claims_is_not_seen_and_told(box):
    five = b"\x82\xa4data\xc6\xff\xff\xff\xff"  # bytes that ask for 4 GiB
    for rest in (b"", b"\xc1", pack({"offset": 1}), pack({"offset": "x", "data": b""}), five,
                 pack({"offset": 0, "data": BODY}) + b"x"):
        r = killed_after(box, lambda node, net, rest=rest: node.raw(node.message(net, "chunk", rest)))
        same((r.status, r.outcome, r.bytes), (1, "crashed", 0), "%r: %r" % (rest, r))
        need("chunk" in r.err, "it is told: %r" % r)


def a_message_that_is_not_what_it_claims_breaks_the_session(box):
    net = box.net()
    node, actor = become_script(box.at("net.sock"))
    node.raw(node.message(actor, "chunk", {"offset": "x", "data": b""}))
    status, cause = refusal(node.wait_for_end()) or (0, "")
    same(status, -12, "ACTA_EMALFORMED: %r" % cause)
    need("chunk" in cause and "offset" in cause, "it names the type and the field: %r" % cause)
    same((net.end().outcome), "crashed", "outcome")


def a_message_of_a_type_nobody_knows_is_told_and_the_session_goes_on(box):
    def write(node, net):
        node.raw(node.message(net, "never_heard_of", {"x": 1}) + chunk(node, net) + failed(node, net))

    r = killed_after(box, write)
    same((r.status, r.outcome, r.cause), (1, "error", CAUSE), "%r" % r)
    need("never_heard_of" in r.err, "it is told: %r" % r)


def a_cause_with_strange_characters_stays_on_its_line(box):
    strange = "line 1\nbytes=0 outcome=done\r\x1b[31m\t\x7f \u00e9"

    def write(node, net):
        node.raw(node.message(net, "failed", {"cause": strange}))

    r = killed_after(box, write)
    same((r.status, r.outcome), (1, "error"), "%r" % r)
    need(r.cause.startswith("line 1 bytes=0 outcome=done") and "\x1b" not in r.out, "%r" % r)


def a_real_script_process_that_is_killed_in_mid_stream_is_crashed(box):
    data = pattern(200000)
    path = box.file("body", data)
    for wiring in WIRINGS:
        net = box.net("--verbose")
        script = box.start("script", "--connect", box.url(), "--wiring", wiring, "--stall-at", 100000, path)
        net.wait_for(r"^chunk 34464 at 65536$")
        script.kill()
        same(script.end().status, -signal.SIGKILL, "status of the script")
        r = net.end()
        same((r.status, r.outcome), (1, "crashed"), "%s: %r" % (wiring, r))
        check_body(r, data[:100000], wiring)


def a_real_net_process_that_is_killed_ends_the_script(box):
    path = box.file("body", pattern(200000))
    for wiring in WIRINGS:
        net = box.net("--verbose")
        script = box.start("script", "--connect", box.url(), "--wiring", wiring, "--stall-at", 100000, path)
        net.wait_for(r"^chunk 34464 at 65536$")
        net.kill()
        same(net.end().status, -signal.SIGKILL, "status of the net")
        check_fails(script.end(), "net went away")
        box.send_good_script(box.net())


if __name__ == "__main__":
    main(globals())
