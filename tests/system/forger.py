"""Somebody between the daemon and a sandbox insurer who answers in its stead: what no honest program would send. The
insurer gets each request all the same, so that it knows the claim."""

import base64
import contextlib
import functools
import http.client
import http.server
import io
import re
import select
import socket
import ssl
import struct
import threading
import zipfile
import zlib

import zhifu

GIB = 1 << 30


class Forger:
    """Listens at port; carries what it gets to target and back. attacks(operation, list) says what the next answers to
    that operation are: functions of the handler and of the true answer's body."""

    def __init__(self, pki, target):
        self.target, self.context = target, pki.client_context()
        self.lock = threading.Lock()
        self.planned = {}
        self.served = []     # (name of the attack, the request's body)
        self.sent = {}       # name of the attack: bytes that the daemon let it send
        forger = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                forger.handle(self)

            do_GET = do_POST

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pki.pem("insurer"), pki.key("insurer"))
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def attacks(self, operation, attacks):
        """operation: what SOAPAction ends with, or a method and the path's last word. attacks: {name: function}."""
        with self.lock:
            self.planned.setdefault(operation, []).extend(attacks.items())

    def waiting(self):
        with self.lock:
            return sum(len(attacks) for attacks in self.planned.values())

    @staticmethod
    def operation_of(handler):
        action = handler.headers.get("SOAPAction")
        if action:
            return action.strip('"').rsplit("/", 1)[-1]
        return handler.command + " " + handler.path.split("?")[0].rsplit("/", 1)[-1]

    def handle(self, handler):
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        status, kind, answer = self.ask(handler, body)
        operation = self.operation_of(handler)
        with self.lock:
            planned = self.planned.get(operation)
            name, attack = planned.pop(0) if planned else (None, None)
        if attack is None:
            reply(handler, answer, kind, status)
            return
        count = Counted(handler.wfile)
        handler.wfile = count
        try:
            attack(handler, answer)
        except OSError:
            handler.close_connection = True
        with self.lock:
            self.sent[name] = count.bytes
            self.served.append((name, body))

    def ask(self, handler, body):
        conn = http.client.HTTPSConnection("127.0.0.1", self.target, context=self.context, timeout=60)
        with contextlib.closing(conn):
            headers = {name: value for name, value in handler.headers.items()
                       if name.lower() in ("content-type", "accept", "soapaction")}
            conn.request(handler.command, handler.path, body=body or None, headers=headers)
            answer = conn.getresponse()
            return answer.status, answer.getheader("Content-Type", ""), answer.read()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Counted:
    def __init__(self, file):
        self.file, self.bytes = file, 0

    def write(self, data):
        written = self.file.write(data)
        self.bytes += len(data)
        return written

    def __getattr__(self, name):
        return getattr(self.file, name)


class Lure:
    """A port that a parser would come to if it followed what it reads. came(): did anybody?"""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d/stolen" % self.socket.getsockname()[1]

    def came(self):
        return bool(select.select([self.socket], [], [], 0)[0])

    def close(self):
        self.socket.close()


# --- answers ---


def reply(handler, body, kind, status=200, headers=()):
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    for name, value in headers:
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def whole(change, kind, status=200):
    """The true answer, changed by a function of bytes."""
    return lambda handler, answer: reply(handler, change(answer), kind, status)


def gigabyte(kind, length=True):
    """As long as the daemon listens; without a length in advance if so wished."""
    def attack(handler, _):
        block = b"<a>" + b" " * 65533
        handler.send_response(200)
        handler.send_header("Content-Type", kind)
        handler.send_header(*(("Content-Length", str(GIB)) if length else ("Transfer-Encoding", "chunked")))
        handler.end_headers()
        for _ in range(GIB // len(block)):
            handler.wfile.write(block if length else b"%x\r\n%s\r\n" % (len(block), block))
    return attack


@functools.lru_cache
def packed_gigabyte():
    """One gzip stream. The packer forgets what it saw at each full flush, so one piece of it may stand there many times."""
    block, count = b" " * (1 << 24), GIB >> 24
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    piece = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    crc = 0
    for _ in range(count):
        crc = zlib.crc32(block, crc)
    head = struct.pack("<2sBBIBB", b"\x1f\x8b", 8, 0, 0, 2, 255)
    return head + piece * count + packer.flush() + struct.pack("<II", crc, GIB)


def gzipped(kind, status=200):
    """A million bytes that unpack to a gigabyte."""
    packed = packed_gigabyte()  # before anybody waits for it
    return lambda handler, _: reply(handler, packed, kind, status, (("Content-Encoding", "gzip"),))


# --- XML ---

BOMB = b"<!DOCTYPE a [<!ENTITY b0 \"ha\">" + b"".join(
    b"<!ENTITY b%d \"%s\">" % (n, b"&b%d;" % (n - 1) * 10) for n in range(1, 12)) + b"]>"


def declared(document, declaration):
    """The document with a document type, behind its XML declaration."""
    head = re.match(rb"\s*<\?xml.*?\?>\s*", document)
    at = head.end() if head else 0
    return document[:at] + declaration + document[at:]


def with_text(document, text):
    """The same with this text in front of its last closing tag."""
    at = document.rindex(b"</")
    return document[:at] + text + document[at:]


def xml_attacks(lure):
    """{name: (function of a document, what a person is told among other things)}"""
    external = ("<!DOCTYPE a SYSTEM \"%s.dtd\" [<!ENTITY e SYSTEM \"%s\"><!ENTITY f SYSTEM \"file:///etc/passwd\">"
                "<!ENTITY %% p SYSTEM \"%s.ent\">%%p;]>" % (lure.url, lure.url, lure.url)).encode()
    return {
        "bomb": (lambda d: with_text(declared(d, BOMB), b"<x>&b11;</x>"), "what is not let in: <!DOCTYPE or <!ENTITY"),
        "external": (lambda d: with_text(declared(d, external), b"<x>&e;&f;</x>"),
                     "what is not let in: <!DOCTYPE or <!ENTITY"),
        "utf-16": (lambda d: d.decode().replace("utf-8", "utf-16").replace("UTF-8", "utf-16").encode("utf-16"),
                   "must be UTF-8; at line 1: it is UTF-16 or UTF-32"),
        "nul": (lambda d: with_text(d, b"<x>\0</x>"), "must be UTF-8; at line 1: there is a NUL in it"),
        "deep": (lambda d: with_text(d, b"<x>" * 200000 + b"</x>" * 200000), "depth"),
        "attributes": (lambda d: with_text(d, b"<x " + b" ".join(b"a%d='1'" % n for n in range(100000)) + b"/>"),
                       "attributes of one element"),
    }


@functools.lru_cache
def zip_bomb(bytes_unpacked=GIB // 4):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("report.csv", "w") as file:
        for _ in range(bytes_unpacked >> 20):
            file.write(b" " * (1 << 20))
    return packed.getvalue()


def refused_upload(report):
    """An upload's answer that refuses it, with that error report."""
    return lambda d: re.sub(rb"(<UploadTransactionResult>)[^<]*(</UploadTransactionResult>)",
                            rb"\g<1>-2\g<2><errorReport>" + base64.b64encode(report) + b"</errorReport>", d)


def in_file(change):
    """The answer to a download, whose file is changed."""
    def replace(found):
        return found.group(1) + base64.b64encode(change(base64.b64decode(found.group(2)))) + found.group(3)
    return lambda d: re.sub(rb"(<file>)([^<]*)(</file>)", replace, d)


# --- JSON ---


def json_attacks():
    """{name: (function of a document, what a person is told among other things)}"""
    return {
        "utf-16": (lambda d: d.decode().encode("utf-16"), "not valid JSON at byte 0: expected a value, found byte 0xff"),
        "nul": (lambda d: d.replace(b"{", b"{\0", 1), "not valid JSON"),
        "deep": (lambda d: b'{"resourceType":"ClaimResponse","extension":' + b"[" * 1000000, "nested deeper than"),
        "twice": (lambda d: d.replace(b"{", b'{"resourceType":"ClaimResponse",', 1), "appears twice"),
        "page": (lambda d: b"<html>please log in</html>", "not valid JSON"),
        "cut": (lambda d: d[:-7], "not valid JSON"),
    }


DECIDED = b"""<?xml version="1.0" encoding="UTF-8"?>
<ClaimResponse xmlns="http://hl7.org/fhir"><status value="active"/><outcome value="complete"/></ClaimResponse>"""


def xml_for_json(lure):
    """FHIR's other form from an insurer that was asked for JSON, and what hides in it; as json_attacks()."""
    changes = {"plain": lambda d: d, **{name: change for name, (change, _) in xml_attacks(lure).items()}}
    return {"xml " + name: (lambda _, change=change: change(DECIDED), "not valid JSON at byte 0: expected a value")
            for name, change in changes.items()}
