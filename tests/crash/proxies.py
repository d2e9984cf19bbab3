"""Proxies that break a connection at an exact place: a byte of an answer, or between a COMMIT and its answer; and a name
server that can die."""

import contextlib
import re
import socket
import struct
import threading

import zhifu


def reset(sock):
    """Closes with a reset: what was sent and not read is thrown away, as when a machine dies."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
    sock.close()


class Cutter(zhifu.Proxy):
    """Cuts a connection after so many bytes of what the server says, counted from the moment of arming."""

    def __init__(self, target_port):
        self.left = None
        self.cuts = 0
        super().__init__(target_port)

    def cut_after(self, count):
        with self.lock:
            self.left = count

    def spare(self):
        with self.lock:
            self.left = None

    def _pass(self, source, sink, answers, session, data):
        return not (answers and self._over(source, sink, data)) and \
            super()._pass(source, sink, answers, session, data)

    def _over(self, source, sink, data):
        with self.lock:
            if self.left is None:
                return False
            keep, self.left = self.left, self.left - len(data)
            if self.left >= 0:
                return False
            self.left = None
            self.cuts += 1
            self.open -= {source, sink}
        with contextlib.suppress(OSError):
            sink.sendall(data[:keep])
        reset(source)
        reset(sink)
        return True


class Session:
    """What a client of PostgreSQL says on one connection, cut into messages; knows no more of the protocol than that."""

    def __init__(self):
        self.rest = b""
        self.started = False
        self.statements = []  # prepared statements named since the last Sync
        self.mute = False     # the answer is not to arrive

    def syncs(self, data):
        """Yields (bytes of data up to and with a Sync, where that Sync begins, the statements before it)."""
        base = -len(self.rest)
        self.rest += data
        while True:
            head = 1 if self.started else 0
            if len(self.rest) < head + 4:
                return
            size = head + struct.unpack_from("!i", self.rest, head)[0]
            if len(self.rest) < size:
                return
            message, self.rest = self.rest[:size], self.rest[size:]
            base += size
            if not self.started:
                # SSLRequest and GSSENCRequest are refused by this server, and the real start follows.
                self.started = struct.unpack_from("!i", message, 4)[0] not in (80877103, 80877104)
            elif message[:1] == b"B":
                self.statements.append(message[5:].split(b"\0", 2)[1].decode())
            elif message[:1] == b"S":
                named, self.statements = self.statements, []
                yield base, base - size, named


class Wedge(zhifu.Proxy):
    """Between the daemon and PostgreSQL: cuts in the middle of the COMMIT of a chosen statement. How: "after" the answer
    has come from the server and before it reaches the daemon; "before" the Sync that commits; "during", at once after it
    has left."""

    def __init__(self, target_port):
        self.armed = None
        self.cuts = 0
        super().__init__(target_port)

    def arm(self, pattern, how):
        with self.lock:
            self.armed = (re.compile(pattern), how)

    def disarm(self):
        with self.lock:
            self.armed = None

    def _takes(self, named):
        with self.lock:
            if self.armed is None or not any(self.armed[0].fullmatch(n) for n in named):
                return None
            how, self.armed = self.armed[1], None
            self.cuts += 1
            return how

    def _session(self):
        return Session()

    def _pass(self, source, sink, answers, session, data):
        if answers and session.mute:
            return False
        if not answers and self._cut(session, sink, data):
            return session.mute
        return super()._pass(source, sink, answers, session, data)

    _drop = staticmethod(reset)

    def _cut(self, session, sink, data):
        for end, begin, named in session.syncs(data):
            how = self._takes(named)
            if how == "before":
                sink.sendall(data[:max(begin, 0)])
                return True
            if how is not None:
                session.mute = how == "after"
                sink.sendall(data[:end])
                return True
        return False


class NameServer:
    """A name server for one address: every name is 127.0.0.1. Dead, it takes questions and says nothing."""

    def __init__(self, address):
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((address, 53))
        self.dead = False
        self.asked = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                question, peer = self.sock.recvfrom(4096)
            except OSError:
                return
            self.asked += 1
            if self.dead or len(question) < 17:
                continue
            end = question.index(b"\0", 12) + 5
            kind = struct.unpack_from("!H", question, end - 4)[0]
            answer = b"\xc0\x0c" + struct.pack("!HHIH4B", 1, 1, 1, 4, 127, 0, 0, 1) if kind == 1 else b""
            head = question[:2] + struct.pack("!HHHHH", 0x8180, 1, 1 if answer else 0, 0, 0)
            with contextlib.suppress(OSError):
                self.sock.sendto(head + question[12:end] + answer, peer)

    def close(self):
        self.sock.close()
