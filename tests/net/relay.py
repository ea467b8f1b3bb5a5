# SPDX-License-Identifier: MIT
"""relay.py - a relay between two processes that can do what networks do: cut, stall, and give bytes out one by one.

It listens at a path or a port of its own and joins each connection to one to the real listener. What it has read and not passed
on is lost when it cuts, as what is on its way is.
"""

import os
import selectors
import socket
import threading

CHUNK = 65536


def sock_for(place):
    """place: a path, or a host and a port."""
    return socket.socket(socket.AF_UNIX if isinstance(place, str) else socket.AF_INET)


class Relay:
    """path, target: as in sock_for; place is then where it listens. cuts: after how many bytes, of both directions
    together since the last cut, each connection in turn is cut; the connections after those are left alone. piece: the
    largest write."""

    def __init__(self, path, target, cuts=(), piece=CHUNK):
        self.target, self.piece = target, piece
        self.cuts = iter(cuts)
        self.made = 0      # connections
        self.passed = 0    # bytes
        self.stalled = threading.Event()
        self.listening = sock_for(path)
        self.listening.bind(path)
        self.place = self.listening.getsockname()
        if isinstance(path, str):
            os.chmod(path, 0o600)
        self.listening.listen(16)
        self.ending, self.ended = socket.socketpair()
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ending.close()
        self.thread.join()
        self.listening.close()
        self.ended.close()
        if isinstance(self.place, str):
            os.unlink(self.place)

    def serve(self):
        with selectors.DefaultSelector() as s:
            s.register(self.listening, selectors.EVENT_READ)
            s.register(self.ended, selectors.EVENT_READ)
            while not any(key.fileobj is self.ended for key, _ in s.select()):
                near, _ = self.listening.accept()
                with near:
                    self.join(near)

    def join(self, near):
        """Passes bytes on until either side ends, or the cut is due, or the relay ends."""
        self.made += 1
        left = next(self.cuts, None)
        with sock_for(self.target) as far, selectors.DefaultSelector() as s:
            try:
                far.connect(self.target)
            except OSError:
                return
            for sock in (near, far):
                s.register(sock, selectors.EVENT_READ)
            s.register(self.ended, selectors.EVENT_READ)
            while True:
                for key, _ in s.select():
                    if key.fileobj is self.ended:
                        return
                    there = far if key.fileobj is near else near
                    try:
                        data = key.fileobj.recv(CHUNK)
                        if left is not None:
                            data = data[:left]
                            left -= len(data)
                        for at in range(0, len(data), self.piece):
                            there.sendall(data[at:at + self.piece])
                    except OSError:
                        return
                    self.passed += len(data)
                    if not data or left == 0:
                        return
