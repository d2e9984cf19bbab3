"""What the attacks of the system tests are made of: requests that no library would send, signed assertions of every
kind, and the watch that nothing was stored and nobody else was kept waiting."""

import base64
import contextlib
import json
import pathlib
import select
import socket
import ssl
import subprocess
import threading
import time

FHIR = {"Content-Type": "application/fhir+json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


# --- keys and assertions ----------------------------------------------------------------------------------------------


def openssl(*argv, stdin=None):
    return subprocess.run(["openssl", *map(str, argv)], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=True, timeout=60).stdout


class SigningKey:
    """A private key in a file; kind "ES256" or "RS256"."""

    def __init__(self, folder, name, kind="ES256", bits=2048):
        self.kind = kind
        self.kid = name
        self.path = pathlib.Path(folder) / (name + ".jwt.key")
        if kind == "ES256":
            openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", self.path)
        else:
            openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:%d" % bits, "-out", self.path)

    def jwk(self):
        der = openssl("pkey", "-in", self.path, "-pubout", "-outform", "DER")
        if self.kind == "ES256":
            # The point is the end of the structure: 04, x, y.
            return {"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.kid,
                    "x": base64url(der[-64:-32]), "y": base64url(der[-32:])}
        modulus = openssl("rsa", "-in", self.path, "-noout", "-modulus").decode().strip().split("=")[1]
        return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid, "n": base64url(bytes.fromhex(modulus)),
                "e": "AQAB"}

    def sign(self, data):
        der = openssl("dgst", "-sha256", "-sign", self.path, stdin=data)
        if self.kind == "RS256":
            return der
        numbers, at = [], 2
        for _ in range(2):
            length = der[at + 1]
            numbers.append(int.from_bytes(der[at + 2:at + 2 + length], "big").to_bytes(32, "big"))
            at += 2 + length
        return b"".join(numbers)


def jwt(header, payload, sign):
    """header and payload: what becomes JSON, or bytes as they are. sign(bytes) -> bytes."""
    parts = [base64url(p if isinstance(p, bytes) else json.dumps(p).encode()) for p in (header, payload)]
    signed = ".".join(parts).encode()
    return "%s.%s" % (signed.decode(), base64url(sign(signed)))


# --- raw requests -----------------------------------------------------------------------------------------------------


class Answers:
    """All answers in the bytes that came back on one connection. A body that no length announces ends the reading."""

    def __init__(self, data):
        self.data = data
        self.statuses = []
        self.bodies = []
        while data.startswith(b"HTTP/1.1 "):
            head, _, rest = data.partition(b"\r\n\r\n")
            fields = dict(line.split(b": ", 1) for line in head.lower().split(b"\r\n")[1:] if b": " in line)
            length = int(fields.get(b"content-length", b"0"))
            self.statuses.append(int(head[9:12]))
            self.bodies.append(rest[:length])
            data = rest[length:]
        self.rest = data

    @property
    def status(self):
        return self.statuses[0] if self.statuses else None

    def is_outcome(self):
        """The first answer says what is wrong, in FHIR's words."""
        outcome = json.loads(self.bodies[0])
        return outcome["resourceType"] == "OperationOutcome" and len(outcome["issue"]) > 0 and all(
            issue["severity"] in ("fatal", "error") for issue in outcome["issue"])

    def __repr__(self):
        return "<%s %r>" % (self.statuses, self.data[:600])


def send(client, data):
    """Sends the bytes over a connection of their own; what comes back until it is closed."""
    return Answers(client.send_raw(data))


def head(method, target, *fields, host="localhost"):
    return ("%s %s HTTP/1.1\r\nHost: %s\r\n%s\r\n" % (method, target, host,
                                                     "".join(f + "\r\n" for f in fields))).encode()


def post(target, body, *fields, content_type="application/fhir+json"):
    """A request that ends its connection."""
    return head("POST", target, "Content-Type: " + content_type, "Content-Length: %d" % len(body), "Connection: close",
                *fields) + body


def drip(sock, data, interval_s, end_s):
    """Sends byte by byte until the peer has had enough; returns (what it said, after how many seconds it closed)."""
    began = time.monotonic()
    received = b""
    sock.settimeout(interval_s)
    position = 0
    while time.monotonic() - began < end_s:
        try:
            if position < len(data):
                sock.sendall(data[position:position + 1])
                position += 1
            chunk = sock.recv(65536)
            if not chunk:
                return received, time.monotonic() - began
            received += chunk
        except (TimeoutError, ssl.SSLWantReadError):
            continue
        except OSError:
            return received, time.monotonic() - began
    return received, None


# --- watches ----------------------------------------------------------------------------------------------------------


def counts(database):
    """Rows of every table that holds what hospitals sent or what came of it: what is refused must leave none."""
    tables = [row["name"] for row in database.sql("""SELECT c.relname AS name FROM pg_class c
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'hospital_id'
        WHERE c.relnamespace = 'zhifu'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND c.relname NOT IN ('hospital', 'hospital_key') ORDER BY 1""")]
    assert len(tables) > 15, tables
    return database.sql("SELECT " + ", ".join("(SELECT count(*) FROM zhifu.%s) AS %s" % (t, t) for t in tables))[0]


class Bystander:
    """A well-behaved client that reads all the time in a thread of its own. Its slowest request is told at the end."""

    def __init__(self, daemon, path="/fhir/metadata", interval_s=0.02):
        self.client = daemon.client()
        self.path = path
        self.interval_s = interval_s
        self.took_s = []
        self.faults = []
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        while not self.stopping.wait(self.interval_s):
            began = time.monotonic()
            try:
                answer = self.client.get(self.path)
                if answer.status != 200:
                    self.faults.append(answer)
            except Exception as err:  # whatever it is, the test has to hear of it
                self.faults.append(err)
            self.took_s.append(time.monotonic() - began)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, kind, *_):
        self.stopping.set()
        self.thread.join(30)
        self.client.close()
        if kind is None:
            assert not self.faults, self.faults[:3]
            assert self.took_s, "it never got an answer"

    def slowest_s(self):
        return max(self.took_s)

    def middle_s(self):
        return sorted(self.took_s)[len(self.took_s) // 2]


class Ear:
    """Stands before an insurer, ends the TLS there and begins it anew: hears every byte that the daemon sends.
    connections: how many were opened, whatever came over them."""

    def __init__(self, pki, target_port):
        self.target_port = target_port
        self.inner = pki.client_context()
        self.outer = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.outer.load_cert_chain(pki.pem("insurer"), pki.key("insurer"))
        self.outer.load_verify_locations(pki.pem("ca"))
        self.outer.verify_mode = ssl.CERT_REQUIRED
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.heard = b""
        self.connections = 0
        self.closed = False
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while not self.closed:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near):
        try:
            # One thread for both ways: a TLS connection is no two-way street for threads.
            with self.outer.wrap_socket(near, server_side=True) as hospital, \
                    socket.create_connection(("127.0.0.1", self.target_port), timeout=10) as far, \
                    self.inner.wrap_socket(far, server_hostname="localhost") as insurer:
                pair = {hospital: insurer, insurer: hospital}
                while True:
                    ready = [s for s in pair if s.pending()] or select.select(list(pair), [], [], 30)[0]
                    for source in ready:
                        # What has come may be a session's ticket and no data at all.
                        source.settimeout(0)
                        try:
                            data = source.recv(65536)
                        except ssl.SSLWantReadError:
                            continue
                        finally:
                            source.settimeout(10)
                        if source is hospital:
                            self.heard += data
                        if not data:
                            return
                        pair[source].sendall(data)
        except OSError:
            pass

    def close(self):
        self.closed = True
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def tls_only(port, context):
    """A handshake and nothing else."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as sock:
        with context.wrap_socket(sock, server_hostname="localhost") as tls:
            return tls.version()
