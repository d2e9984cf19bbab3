"""What strangers, broken programs and attackers send to the real daemon: each gets a clear error with the right status,
nothing of it is stored, nobody else is disturbed, and no log or metric repeats it."""

import concurrent.futures
import contextlib
import json
import os
import re
import socket
import ssl
import subprocess
import time
import urllib.parse
import uuid
import warnings

import pytest

import attack
import story
import zhifu

# A bystander on a machine of two cores, which runs the sanitizers too, gets its answers within this.
BYSTANDER_S = 3.0
BODY_MAX = 4 << 20


@pytest.fixture
def up(place):
    """The daemon with two hospitals and an insurer that no claim can reach; its limits are small."""
    story.hospital(place)
    story.other_hospital(place)
    story.insurer(place, "alpha", zhifu.free_port())
    place.settings.update({"body_bytes_max": BODY_MAX, "handshake_deadline_ms": 1500, "head_deadline_ms": 1500,
                           "body_deadline_ms": 2000, "idle_deadline_ms": 20000})
    place.daemon.start()
    return place


@pytest.fixture
def untouched(up):
    """The place, and proof afterwards: nothing stored, the same processes alive, one normal request served."""
    before = attack.counts(up.database)
    workers = sorted(up.daemon.children())
    yield up
    assert attack.counts(up.database) == before
    assert sorted(up.daemon.children()) == workers
    assert up.daemon.health("/readyz").status == 200
    up.daemon.assert_sane()
    with up.daemon.client() as client:
        answer = client.post("/fhir/Claim/$submit", story.sample("01-outpatient"), headers=attack.FHIR)
        assert answer.status == 200, answer


def bundle():
    return json.loads(story.sample("01-outpatient"))


def claim(**more):
    """A small claim with its patient in it."""
    return dict({
        "resourceType": "Claim", "status": "active", "use": "claim",
        "contained": [{"resourceType": "Patient", "id": "p", "name": [{"family": "Lovelace", "given": ["Ada"]}],
                       "identifier": [{"system": "https://hospital.example/mrn", "value": "A-1"}]}],
        "identifier": [{"system": "https://hospital.example/claim", "value": str(uuid.uuid4())}],
        "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/claim-type", "code": "professional"}]},
        "patient": {"reference": "#p"}, "created": "2026-03-05",
        "provider": {"display": "Test Hospital"}, "priority": {"coding": [{"code": "normal"}]},
        "insurance": [{"sequence": 1, "focal": True, "coverage": {"display": "nobody knows this plan"}}],
        "item": [{"sequence": 1, "productOrService": {"text": "visit"}, "servicedDate": "2026-03-05",
                  "net": {"value": 12, "currency": "CNY"}}],
        "total": {"value": 12, "currency": "CNY"},
    }, **more)


def refused(answer, status, where="an error"):
    assert answer.status in (status if isinstance(status, tuple) else (status,)), (where, answer)
    outcome = answer.json()
    if where.startswith("/v1"):
        assert outcome["status"] == answer.status and outcome["title"] and outcome["title_zh"], (where, answer)
        return outcome
    assert outcome["resourceType"] == "OperationOutcome" and outcome["issue"], (where, answer)
    assert any(issue["severity"] in ("error", "fatal") for issue in outcome["issue"]), (where, answer)
    return outcome


# --- TLS --------------------------------------------------------------------------------------------------------------


def closed_by_peer(sock, timeout_s=20):
    """Waits until the peer ends the connection; returns what it said before."""
    sock.settimeout(timeout_s)
    said = b""
    with contextlib.suppress(ConnectionResetError):
        while chunk := sock.recv(65536):
            said += chunk
    return said


def test_broken_tls(untouched):
    port = untouched.port
    with attack.Bystander(untouched.daemon) as bystander:
        for garbage in (b"\0" * 4096, os.urandom(4096), b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
                        b"\x16\x03\x01\xff\xff" + b"A" * 70000,
                        b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00", b"\x80\x2e\x01\x00\x02" + b"\0" * 60,
                        b"SSH-2.0-x\r\n",
                        b"\x15\x03\x03\x00\x02\x02\x28", b"\x17\x03\x03\x40\x00" + os.urandom(16384)):
            with socket.create_connection(("127.0.0.1", port), timeout=20) as sock:
                with contextlib.suppress(ConnectionError):
                    sock.sendall(garbage)
                said = closed_by_peer(sock)
            # A TLS alert at most; no word of HTTP, which would be a second language on the port.
            assert len(said) < 64 and not said.startswith(b"HTTP"), (garbage[:20], said)
        # A handshake that stops half-way, and one that never begins, end at their deadline.
        hello = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = untouched.pki.client_context()
        half = context.wrap_bio(*hello, server_hostname="localhost")
        with contextlib.suppress(ssl.SSLWantReadError):
            half.do_handshake()
        first = hello[1].read()
        for part in (b"", first[:1], first[:5], first[:100], first):
            began = time.monotonic()
            with socket.create_connection(("127.0.0.1", port), timeout=20) as sock:
                sock.sendall(part)
                closed_by_peer(sock)
            assert 1.0 < time.monotonic() - began < 5, len(part)
    assert bystander.slowest_s() < BYSTANDER_S, bystander.took_s


def test_old_tls_and_wrong_certificates(untouched):
    pki, port = untouched.pki, untouched.port

    def old(name, version):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(pki.pem("ca"))
        context.load_cert_chain(pki.pem(name), pki.key(name))
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            context.minimum_version = context.maximum_version = version
        return context
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            attack.tls_only(port, old("client", version))
    assert attack.tls_only(port, old("client", ssl.TLSVersion.TLSv1_2)) == "TLSv1.2"
    assert attack.tls_only(port, old("client", ssl.TLSVersion.TLSv1_3)) == "TLSv1.3"
    # Weak ciphers of TLS 1.2.
    for ciphers in ("aNULL:@SECLEVEL=0", "NULL:@SECLEVEL=0", "kRSA:@SECLEVEL=0", "CAMELLIA:@SECLEVEL=0"):
        context = old("client", ssl.TLSVersion.TLSv1_2)
        try:
            context.set_ciphers(ciphers)
        except ssl.SSLError:
            continue
        with pytest.raises((ssl.SSLError, ConnectionError)):
            attack.tls_only(port, context)

    pki.more("client", "stranger")
    pki.more("server", "no-client")
    # Another authority's, one past its end, one that is for servers: no handshake, so no request.
    for name in ("bad-client", "expired-client", "no-client"):
        with untouched.daemon.client(name) as client:
            with pytest.raises((OSError, ssl.SSLError, zhifu.http.client.HTTPException)):
                client.post("/fhir/Claim", claim())
    # Signed by the right authority, but nobody's; and none at all.
    for name in ("stranger", None):
        with untouched.daemon.client(name) as client:
            refused(client.post("/fhir/Claim", claim()), 401)
            refused(client.get("/fhir/Claim"), 401)
            refused(client.get("/fhir/no-such-thing"), 401)
            assert client.get("/fhir/metadata").status == 200


def test_strangers_learn_nothing(untouched):
    """The same answer for what is there and what is not, and no body is read before the name is known. Below /v1 it is a
    problem, elsewhere an outcome."""
    with untouched.daemon.client(None) as client:
        bodies = {True: set(), False: set()}
        for method, path in (("GET", "/fhir/Claim/" + str(uuid.uuid4())), ("GET", "/"), ("DELETE", "/fhir/Claim"),
                             ("GET", "/metrics"), ("GET", "/healthz"), ("POST", "/fhir/Task"), ("PUT", "/v1/admin"),
                             ("GET", "/v1/ledger"), ("POST", "/v1/charges"), ("GET", "/v1/openapi.json"),
                             ("OPTIONS", "/fhir"), ("GET", "/insurer/alpha/x"), ("GET", "/fhir/Patient/1")):
            answer = client.request(method, path)
            assert answer.status == 401, (method, path, answer)
            body = re.sub(rb'"(id|diagnostics|instance)":"[^"]*"', b"", answer.body)
            bodies[path.startswith("/v1")].add(body)
        assert len(bodies[True]) == 1 and len(bodies[False]) == 1, bodies
        began = time.monotonic()
        with client.raw() as sock:
            sock.sendall(attack.head("POST", "/fhir/Claim", "Content-Type: application/fhir+json",
                                     "Content-Length: 1000000"))
            assert sock.recv(4096).startswith(b"HTTP/1.1 401 ")
        assert time.monotonic() - began < 1.5


# --- HTTP -------------------------------------------------------------------------------------------------------------

CHUNKED = "Transfer-Encoding: chunked"
JSON = "Content-Type: application/fhir+json"


def claim_head(*fields):
    return attack.head("POST", "/fhir/Claim", JSON, *fields)


def heads():
    """(what, bytes, statuses); the marker of a smuggled request must never be answered."""
    get = b"GET /fhir/Claim HTTP/1.1\r\nHost: localhost\r\n"
    smuggled = get + b"Connection: close\r\n\r\n"
    yield "two lengths", claim_head("Content-Length: 5", "Content-Length: 6") + b"hello" + smuggled, 400
    yield "two equal lengths", claim_head("Content-Length: 5", "Content-Length: 5") + b"hello" + smuggled, 400
    yield "list of lengths", claim_head("Content-Length: 5, 5") + b"hello" + smuggled, 400
    yield "length and chunked", claim_head("Content-Length: 5", CHUNKED) + b"0\r\n\r\n" + smuggled, 400
    yield "chunked and length", claim_head(CHUNKED, "Content-Length: 5") + b"0\r\n\r\n" + smuggled, 400
    for value in ("+5", "-5", "0x5", "5.0", "5 5", "", "٥", "18446744073709551617", "99999999999999999999999999",
                  "1e1"):
        yield "length " + value, claim_head("Content-Length: " + value) + b"hello" + smuggled, (400, 413)
    for value in ("gzip, chunked", "chunked, chunked", "identity", "chunked;x=1", "xchunked", "chunked, gzip",
                  "\x0bchunked", ""):
        yield "coding " + value, claim_head("Transfer-Encoding: " + value) + b"0\r\n\r\n" + smuggled, (400, 501)
    yield "coding twice", claim_head(CHUNKED, CHUNKED) + b"0\r\n\r\n" + smuggled, (400, 501)
    for line in ("Content-Length : 5", " Content-Length: 5", "Content-Length\t: 5", "X\0Y: 1", "X: a\0b", "X: a\x01b",
                 ": x",
                 "nocolon", "X: 1\r\n folded", "X: 1\r\n\tfolded", "Ü: 1", "X(y): 1", "X: a\nY: b", "X: a\rY: b"):
        yield "line %r" % line, claim_head(line) + b"hello" + smuggled, 400
    for name, chunks, status in (
            ("size with sign", b"+5\r\nhello\r\n0\r\n\r\n", 400), ("size with 0x", b"0x5\r\nhello\r\n0\r\n\r\n", 400),
            ("size with blank", b"5 \r\nhello\r\n0\r\n\r\n", 400), ("no size", b"\r\nhello\r\n0\r\n\r\n", 400),
            ("extension", b"5;a=b\r\nhello\r\n0\r\n\r\n", 400), ("wrong end", b"5\r\nhelloX\n0\r\n\r\n", 400),
            ("bare feeds", b"5\nhello\n0\n\n", 400), ("trailer", b"5\r\nhello\r\n0\r\nX: y\r\n\r\n", 400),
            ("huge size", b"ffffffffffffffff\r\nhello\r\n0\r\n\r\n", (400, 413)),
            ("overflowing size", b"10000000000000005\r\nhello\r\n0\r\n\r\n", (400, 413)),
            ("over the limit", b"%x\r\n" % (BODY_MAX + 1), 413)):
        yield "chunks: " + name, claim_head(CHUNKED) + chunks + smuggled, status
    yield "get with a body", attack.head("GET", "/fhir/Claim", JSON, "Content-Length: 5") + b"hello" + smuggled, 400
    yield "head with a body", attack.head("HEAD", "/fhir/metadata", "Content-Length: 5") + b"hello" + smuggled, 400
    yield "get with chunks", attack.head("GET", "/fhir/Claim", CHUNKED) + b"0\r\n\r\n" + smuggled, 400
    yield "head with chunks", attack.head("HEAD", "/fhir/Claim", CHUNKED) + b"5\r\nhello\r\n0\r\n\r\n" + smuggled, 400
    yield "two hosts", attack.head("GET", "/fhir/Claim", "Host: other") + smuggled, 400
    yield "no host", b"GET /fhir/Claim HTTP/1.1\r\n\r\n" + smuggled, 400
    for host in ("a b", "a,b", "a/b", "user@a", "a:b", "[::1", ""):
        yield "host " + host, attack.head("GET", "/fhir/Claim", host=host) + smuggled, 400
    for line, status in (("GET  /fhir/Claim HTTP/1.1", 400), ("GET /fhir/Claim  HTTP/1.1", 400),
                         (" GET /fhir/Claim HTTP/1.1", 400),
                         ("GET /fhir/Claim HTTP/1.1 ", 400), ("GET /fhir/Claim", 400),
                         ("GET /fhir/Claim HTTP/1.0", 505),
                         ("GET /fhir/Claim HTTP/2.0", 505), ("GET /fhir/Claim HTTP/1.2", 505),
                         ("PRI * HTTP/2.0", (400, 501, 505)),
                         ("GET /fhir/Claim http/1.1", 400), ("get /fhir/Claim HTTP/1.1", (400, 501)),
                         ("TRACE / HTTP/1.1", 501),
                         ("CONNECT a:1 HTTP/1.1", (400, 501)), ("BREW /fhir/Claim HTTP/1.1", 501),
                         ("G@T / HTTP/1.1", 400),
                         ("GET fhir/Claim HTTP/1.1", 400), ("GET http://a/fhir/Claim HTTP/1.1", 400),
                         ("GET * HTTP/1.1", 400),
                         ("GET /fhir/../fhir/Claim HTTP/1.1", 400), ("GET /fhir/%2e%2e/Claim HTTP/1.1", 400),
                         ("GET /fhir/./Claim HTTP/1.1", 400), ("GET /fhir%2fClaim/a%00b HTTP/1.1", 400),
                         ("GET /fhir/%zz HTTP/1.1", 400),
                         ("GET /fhir/%c0%af HTTP/1.1", 400), ("GET /fhir/%ff HTTP/1.1", 400),
                         ("GET /fhir/Claim#x HTTP/1.1", 400),
                         ("GET /fhir/Claim?a=<b> HTTP/1.1", 400), ("GET /fhir/\x80 HTTP/1.1", 400),
                         ("GET /" + "a" * 4200 + " HTTP/1.1", 414), ("GET /" + "a" * 200000 + " HTTP/1.1", (414, 431))):
        yield "line %r" % line[:60], line.encode("latin-1") + b"\r\nHost: localhost\r\n\r\n" + smuggled, status
    yield "long head", attack.head("GET", "/fhir/Claim",
                                   *["X-%d: %s" % (i, "y" * 1000) for i in range(30)]) + smuggled, 431
    yield "many headers", attack.head("GET", "/fhir/Claim", *["X-%d: y" % i for i in range(80)]) + smuggled, 431
    yield "one endless header", b"GET /fhir/Claim HTTP/1.1\r\nX: " + b"y" * 100000, 431
    yield "expect", claim_head("Content-Length: 5", "Expect: the-unexpected") + b"hello" + smuggled, 417
    yield "bare feeds", get.replace(b"\r\n", b"\n") + b"\n" + smuggled, 400
    yield "length over the limit", claim_head("Content-Length: %d" % (BODY_MAX + 1)) + smuggled, 413


def test_requests_of_two_meanings(untouched):
    client = untouched.daemon.client()
    with attack.Bystander(untouched.daemon) as bystander:
        for what, data, status in heads():
            answers = attack.send(client, data)
            assert answers.status in (status if isinstance(status, tuple) else (status,)), (what, answers)
            assert len(answers.statuses) == 1 and answers.rest == b"", "a second request ran: %s %r" % (what, answers)
            assert answers.bodies[0] == b"" or answers.is_outcome(), (what, answers)
    assert bystander.slowest_s() < BYSTANDER_S


def test_unknown_methods_paths_and_types(untouched):
    with untouched.daemon.client() as client:
        for method in ("PUT", "PATCH", "DELETE", "OPTIONS"):
            answer = client.request(method, "/fhir/Claim")
            refused(answer, 405, method)
            assert "GET" in answer.headers["allow"] and "POST" in answer.headers["allow"]
        for path in ("/", "/fhir/Patient", "/fhir/Claims", "/fhir/claim", "/fhir/Claim/", "/fhir/Claim/$everything",
                     "/fhir/Claim/a/b/c", "/fhir/Claim/%24submit/x", "/v1/", "/metrics", "/fhir/Claim/_history",
                     "//fhir/Claim",
                     "/fhir/Claim;x=1", "/fhir/ClaimResponse/../Claim%2f"):
            answer = client.get(path)
            assert answer.status in (400, 404), (path, answer)
            refused(answer, (400, 404), path)
            client.close()
        body = json.dumps(claim())
        for kind in ("text/plain", "application/xml", "application/fhir+xml", "", "application/json; charset=latin-1",
                     "json",
                     "multipart/form-data; boundary=x", "application/fhir+json, text/plain",
                     "application/x-www-form-urlencoded"):
            refused(client.post("/fhir/Claim", body, headers={"Content-Type": kind}), (400, 415), kind)
        for coding in ("gzip", "zstd", "identity, gzip"):
            answer = client.post("/fhir/Claim", body, headers=dict(attack.FHIR, **{"Content-Encoding": coding}))
            refused(answer, (400, 415), coding)
    # No type at all.
    answer = attack.send(untouched.daemon.client(),
                         attack.head("POST", "/fhir/Claim", "Content-Length: 2", "Connection: close") + b"{}")
    assert answer.status in (400, 415), answer


def test_slow_senders(untouched):
    """A drip is cut at the absolute deadline, whatever trickles in; others are served as if nothing were."""
    client = untouched.daemon.client()
    body = json.dumps(claim()).encode()
    whole = attack.post("/fhir/Claim", body)
    head_only = whole[:whole.index(b"\r\n\r\n") + 4]
    socks = [client.raw() for _ in range(12)]
    try:
        with attack.Bystander(untouched.daemon) as bystander, concurrent.futures.ThreadPoolExecutor(12) as pool:
            cases = []
            for i, sock in enumerate(socks):
                if i % 2:
                    sock.sendall(head_only)
                    cases.append(pool.submit(attack.drip, sock, body, 0.1, 15))
                else:
                    cases.append(pool.submit(attack.drip, sock, head_only, 0.1, 15))
            for i, case in enumerate(cases):
                said, after_s = case.result()
                assert after_s is not None, "it was never cut"
                assert after_s < (2.0 if i % 2 else 1.5) + 3, after_s
                answers = attack.Answers(said)
                assert answers.statuses in ([408], []), (i, answers)
        assert bystander.slowest_s() < BYSTANDER_S, bystander.slowest_s()
        assert bystander.middle_s() < 0.3, bystander.middle_s()
    finally:
        for sock in socks:
            sock.close()


def test_senders_who_leave(untouched):
    """Connections that end in the middle of a request leave nothing behind, and neither do slow readers."""
    client = untouched.daemon.client()
    whole = attack.post("/fhir/Claim", json.dumps(claim()).encode())
    for cut in (1, 20, len(whole) // 2, len(whole) - 1):
        for linger in (False, True):
            sock = client.raw()
            sock.sendall(whole[:cut])
            if linger:
                # A reset instead of an end.
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            sock.close()
    sock = client.raw()
    many = attack.head("GET", "/fhir/metadata") * 300
    with contextlib.suppress(OSError):
        sock.settimeout(5)
        sock.sendall(many)
    with attack.Bystander(untouched.daemon) as bystander:
        # So many answers to another client while the slow reader takes none of his.
        zhifu.wait_until(lambda: len(bystander.took_s) >= 30, "30 requests of the bystander")
    sock.close()
    assert bystander.slowest_s() < BYSTANDER_S


# --- JSON and FHIR ----------------------------------------------------------------------------------------------------


def texts():
    """(what, bytes, statuses) of bodies for POST /fhir/Claim."""
    good = json.dumps(claim())

    def with_(old, new):
        assert old in good, old
        return good.replace(old, new, 1).encode()
    syntax = 400
    faulty = (400, 422)
    yield "empty", b"", 400
    yield "blank", b"   ", syntax
    yield "no JSON", b"hello", syntax
    yield "cut", good[:-1].encode(), syntax
    yield "more after the end", (good + "{}").encode(), syntax
    yield "a mark in front", b"\xef\xbb\xbf" + good.encode(), syntax
    yield "UTF-16", good.encode("utf-16"), syntax
    for bad in (b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe4\xb8", b"\x80"):
        yield "bytes %r" % bad, with_("Lovelace", "@").replace(b"@", bad), syntax
    for bad in ("\\ud800", "\\udc00", "\\udc00\\ud800", "\\ud800\\u0041", "\\u12", "\\x41", "\n", "\t", "\x00"):
        yield "text %r" % bad, with_("Lovelace", bad), syntax
    yield "a NUL in a name", with_("Lovelace", "\\u0000"), faulty
    yield "a NUL in a type", with_('"resourceType": "Claim"', '"resourceType": "Claim\\u0000x"'), faulty
    yield "a NUL in a key", with_('"use"', '"use\\u0000"'), faulty
    yield "100,000 arrays", b"[" * 100000, syntax
    yield "100,000 closed arrays", b"[" * 100000 + b"]" * 100000, syntax
    yield "100,000 objects", b'{"a":' * 100000 + b"1" + b"}" * 100000, syntax
    yield "100,000 arrays inside", with_('"use": "claim"',
                                         '"use": "claim", "extension": ' + "[" * 100000 + "]" * 100000), syntax
    yield "a key twice", with_('"use": "claim"', '"use": "claim", "use": "preauthorization"'), syntax
    yield "a key twice, escaped", with_('"use": "claim"', '"use": "claim", "\\u0075se": "claim"'), syntax
    yield "a key twice, deep", with_('"family"', '"family": "x", "family"'), syntax
    for number in ("NaN", "Infinity", "-Infinity", "01", "+1", ".5", "1.", "1e", "0x10", "1_000", "1,5", "--1"):
        yield "number " + number, with_('"value": 12', '"value": ' + number), syntax
    for number in ("1e400", "-1e400", "1e-400", "0.30000000000000004", "12.345", "-12", "1e9999999999", "9" * 40,
                   "9" * 5000,
                   "9223372036854775807", "92233720368547758.08", "0." + "0" * 5000 + "1", '"12"', "null", "true",
                   "[12]", "{}"):
        yield "amount " + number[:30], with_('"total": {"value": 12', '"total": {"value": ' + number), faulty
    for number in ("1.5", "1e400", "-1", "0", "4294967297", "9" * 40, '"1"'):
        yield "sequence " + number[:30], with_('"item": [{"sequence": 1', '"item": [{"sequence": ' + number), faulty
    gone = {"reference": "urn:uuid:5b0f3f2e-3d0c-4c0e-9f0a-00000000dead"}
    cover = {"resourceType": "Coverage", "id": "c", "status": "active", "payor": [{"display": "x"}], "beneficiary": gone}
    other = {"resourceType": "Patient", "id": "o", "identifier": [{"system": "https://hospital.example/mrn", "value": "B-2"}]}
    for what, coverage, more in (("nowhere", gone, []), ("nobody's", {"reference": "#c"}, [cover]),
                                 ("another's", {"reference": "#c"}, [dict(cover, beneficiary={"reference": "#o"}), other])):
        yield "a coverage, " + what, json.dumps(claim(
            contained=claim()["contained"] + more,
            insurance=[{"sequence": 1, "focal": True, "coverage": coverage}])).encode(), 422
    yield "a literal", b"12", faulty
    yield "null", b"null", faulty
    yield "an array", b"[]", faulty
    yield "an object without a type", b"{}", faulty
    yield "another type", b'{"resourceType":"Patient"}', faulty
    yield "a type of the moon", b'{"resourceType":"MoonClaim"}', faulty
    for use in ("", "x", "cl", "pr", "pre", "CLAIM", "claim "):
        yield "use %r" % use, with_('"use": "claim"', '"use": "%s"' % use), faulty
    for word in ("status", "use", "type", "patient", "created", "provider", "priority", "insurance", "item"):
        for value in (None, 1, True, [], {}, [[]], [None], "x", "x" * 100000):
            if word == "item" and value == [] or word == "status" and value == "x" * 100000:
                continue
            yield "%s = %r" % (word, str(value)[:20]), json.dumps(claim(**{word: value})).encode(), faulty
    for day in ("2026-13-01", "2026-02-30", "0000-01-01", "2026-3-5", "2026-03-05T25:00:00Z", "2026-03-05T10:00:00",
                "9999999-01-01",
                "2099-01-01", "-2026-01-01", "2026-03-05T10:00:00+99:00", "now"):
        yield "created " + day, json.dumps(claim(item=[dict(claim()["item"][0], servicedDate=day)])).encode(), faulty
    for currency in ("", "XXY", "cny", "CNYY", "C\u0000Y", "¥"):
        yield "currency %r" % currency, json.dumps(claim(total={"value": 12, "currency": currency})).encode(), faulty
    yield "a reference to nothing", json.dumps(claim(patient={"reference": "#nobody"})).encode(), faulty
    yield "two contained of one id", json.dumps(claim(contained=claim()["contained"] * 2)).encode(), faulty
    yield "contained in contained", json.dumps(claim(contained=[dict(claim()["contained"][0],
                                                                     contained=claim()["contained"])])).encode(), faulty
    deep = {"url": "https://a.example", "valueString": "x"}
    for _ in range(60):
        deep = {"url": "https://a.example", "extension": [deep]}
    yield "60 extensions in each other", json.dumps(claim(extension=[deep])).encode(), faulty


def test_bad_documents(untouched):
    wrong = []
    with attack.Bystander(untouched.daemon) as bystander, untouched.daemon.client() as client:
        for what, body, status in texts():
            for path in ("/fhir/Claim", "/fhir/Claim/$submit"):
                answer = client.post(path, body, headers=attack.FHIR)
                try:
                    outcome = refused(answer, status, what)
                    for issue in outcome["issue"]:
                        assert issue["code"] and (issue.get("diagnostics") or issue.get("details")), issue
                except AssertionError as err:
                    wrong.append("%s %s" % (path, str(err)[:400]))
    assert not wrong, "\n".join(wrong)
    assert bystander.slowest_s() < BYSTANDER_S, bystander.slowest_s()


def test_large_and_tangled(untouched):
    """Too much of something is refused quickly; nothing of a Bundle that is too long is taken."""
    def entry(resource, number):
        return {"fullUrl": "urn:uuid:00000000-0000-4000-8000-%012d" % number, "resource": resource,
                "request": {"method": "POST", "url": resource["resourceType"]}}
    item = claim()["item"][0]
    long = "L" * (2 << 20)
    many = [{"system": "https://x.example", "value": "v%d" % i} for i in range(20000)]
    cases = [
        ("2 MB name", claim(contained=[dict(claim()["contained"][0], name=[{"family": long}])])),
        ("2 MB identifier", claim(identifier=[{"system": "https://x.example", "value": long}])),
        ("2 MB text", claim(item=[dict(item, productOrService={"text": long})])),
        ("20,000 identifiers", claim(identifier=many)),
        ("20,000 identities", claim(contained=[dict(claim()["contained"][0], identifier=many)])),
        ("20,000 lines", claim(item=[dict(item, sequence=i + 1) for i in range(20000)])),
        ("300,000 members", b'{"resourceType":"Claim",' + b",".join(b'"k%d":1' % i for i in range(300000)) + b"}"),
        ("1,000,000 faults", b'{"resourceType":"Claim","item":[' + b",".join([b"[]"] * 1000000) + b"]}"),
        ("3,000,000 digits", b'{"resourceType":"Claim","total":{"value":' + b"1" * 3000000 + b"}}"),
    ]
    with attack.Bystander(untouched.daemon) as bystander, untouched.daemon.client() as client:
        for what, body in cases:
            answer = client.post("/fhir/Claim", body, headers=attack.FHIR)
            refused(answer, (400, 413, 422), what)
            assert len(answer.body) < 1 << 20, what
        for kind in ("batch", "transaction", "collection"):
            entries = [entry({"resourceType": "Organization", "name": "x"}, i) for i in range(10000)]
            # The one that counts comes last: it must not be lost behind an answer for the others.
            answer = client.post("/fhir",
                                 {"resourceType": "Bundle", "type": kind, "entry": entries + [entry(claim(), 10000)]})
            refused(answer, (413, 422), kind)
        refused(client.post("/fhir/Claim", b" " * (BODY_MAX + 1), headers=attack.FHIR), 413)
        # The same without a length in advance.
        chunks = b"".join(b"%x\r\n%s\r\n" % (65536, b" " * 65536) for _ in range(BODY_MAX // 65536 + 1))
        answer = attack.send(client, claim_head(CHUNKED) + chunks)
        assert answer.statuses in ([413], []), answer
    assert bystander.slowest_s() < BYSTANDER_S, bystander.slowest_s()


# --- what is odd and right --------------------------------------------------------------------------------------------


def test_odd_but_right(up):
    """Loops, depth, noise of doubles, names that are SQL or would be log lines: taken as data, given back verbatim."""
    loop = [{"resourceType": "Organization", "id": "a", "name": "A", "partOf": {"reference": "#b"}},
            {"resourceType": "Organization", "id": "b", "name": "B", "partOf": {"reference": "#a"}}]
    deep = {"url": "https://a.example", "valueString": "x"}
    for _ in range(12):
        deep = {"url": "https://a.example", "extension": [deep]}
    names = ("Robert'); DROP TABLE zhifu.claim;--", "' OR '1'='1", "\\'; SELECT pg_sleep(30)--", "$1 {} %s %n %p %08x",
             "${jndi:ldap://x.example/a}", "x\r\n{\"level\":\"error\"}", "\u202eevil\u200b",
             "<script>alert(1)</script>",
             "../../../etc/passwd", "\u0001\u001b[2J", "𝕏" * 50, "{\"a\":1}")
    cases = [claim(contained=claim()["contained"] + loop, insurer={"reference": "#a"}), claim(extension=[deep]),
             claim(item=[dict(claim()["item"][0], quantity={"value": 1},
                              unitPrice={"value": 12.000000000000002, "currency": "CNY"})])]
    cases += [claim(contained=[dict(claim()["contained"][0], name=[{"family": name}])]) for name in names
              if name.isprintable() or name[0] in "x\u202e"]
    cases += [claim(identifier=[{"system": "https://x.example",
                                 "value": name}]) for name in names if name.isprintable()]
    with up.daemon.client() as client:
        for resource in cases:
            answer = client.post("/fhir/Claim", resource)
            if answer.status != 201:
                # A control character may also be refused; never half-taken.
                refused(answer, (400, 422), resource)
                continue
            got = client.get("/fhir/Claim/" + story.location_id(answer))
            assert got.status == 200 and got.json()["contained"] == json.loads(json.dumps(resource["contained"]),
                                                                              parse_float=str)
            assert got.json()["identifier"] == resource["identifier"]
        stored = up.database.value("SELECT count(*) FROM zhifu.claim")
        assert stored >= len(cases) - 2
        for attempt in ("identifier=' OR 1=1--|x", "identifier=x'); DELETE FROM zhifu.claim;--", "_id=' OR ''='",
                        "use=claim' OR 'a'='a", "_sort=created;DROP TABLE claim", "_count=1;SELECT 1",
                        "_cursor=' OR 1=1--",
                        "created=ge2020' OR '1'='1", "status=active\x00",
                        "_id=" + ",".join("x%d" % i for i in range(900))):
            answer = client.get("/fhir/Claim?" + urllib.parse.quote(attempt, safe="=,"))
            assert answer.status in (200, 400, 414), (attempt[:40], answer)
            if answer.status == 200:
                assert not [e for e in answer.json().get("entry", []) if e["search"]["mode"] == "match"], attempt[:40]
        for key in ("x" * 256, "a'); DROP TABLE zhifu.idempotency;--"):
            answer = client.post("/fhir/Claim", claim(), headers={"Idempotency-Key": key})
            assert answer.status in (201, 400), (key, answer)
    assert up.database.value("SELECT count(*) FROM zhifu.claim") in (stored, stored + 1, stored + 2)


# --- tenants ----------------------------------------------------------------------------------------------------------


def test_hospitals_do_not_see_each_other(up):
    with up.daemon.client() as mine, up.daemon.client("other") as theirs:
        resource = claim()
        sent = mine.post("/fhir/Claim", resource, headers={"Idempotency-Key": "same"})
        claim_id = story.location_id(sent)
        ref = up.database.value("SELECT ref FROM zhifu.claim")
        before = attack.counts(up.database)
        hidden = ["/fhir/Claim/" + claim_id, "/fhir/Claim/%s/_history/1" % claim_id, "/fhir/ClaimResponse/" + claim_id,
                  "/fhir/ExplanationOfBenefit/" + claim_id, "/fhir/Task/" + claim_id]
        never = str(uuid.uuid4())
        for path in hidden:
            answer, nothing = theirs.get(path), theirs.get(path.replace(claim_id, never))
            assert answer.status == 404, (path, answer)
            # There is no telling one that is another's from one that is nobody's.
            assert answer.body.replace(claim_id.encode(), b"") == nothing.body.replace(never.encode(), b""), path
        for query in ("_id=" + claim_id, "identifier=urn:zhifu:claim%7C" + ref, "identifier=" + ref,
                      "identifier=https://hospital.example/claim%7C" + resource["identifier"][0]["value"], "use=claim",
                      ""):
            for kind in ("Claim", "ClaimResponse", "ExplanationOfBenefit", "Task"):
                answer = theirs.get("/fhir/%s?%s" % (kind, query))
                assert answer.status in (200, 400), (kind, query, answer)
                assert answer.status == 400 or not answer.json().get("entry"), (kind, query, answer)
        answer = theirs.post("/fhir/Claim/_search", "patient.identifier=https://hospital.example/mrn%7CA-1",
                             headers=attack.FORM)
        assert answer.status == 200 and not answer.json().get("entry")
        # Cancelling it, correcting it.
        for focus in ({"reference": "Claim/" + claim_id}, {"identifier": {"system": "urn:zhifu:claim", "value": ref}},
                      {"type": "Claim", "identifier": {"value": ref}},
                      {"reference": "https://localhost:%d/fhir/Claim/%s" % (up.port, claim_id)}):
            answer = theirs.post("/fhir/Task", {"resourceType": "Task", "status": "requested", "intent": "order",
                                                "code": {"coding": [{"code": "cancel"}]}, "focus": focus})
            assert answer.status in (404, 422), (focus, answer)
        assert attack.counts(up.database) == before
        assert up.database.value("SELECT count(*) FROM zhifu.claim_event WHERE event = 'cancel'") == 0
        # The same key, the same number and the same person there are another claim.
        again = theirs.post("/fhir/Claim", resource, headers={"Idempotency-Key": "same"})
        assert again.status == 201 and story.location_id(again) != claim_id
        assert up.database.value("SELECT count(DISTINCT hospital_id) FROM zhifu.claim") == 2
        # Not held as a duplicate of the other's.
        assert up.database.value("SELECT count(*) FROM zhifu.claim_event WHERE event = 'duplicate_suspected'") == 0
        related = claim(related=[{"claim": {"reference": "Claim/" + claim_id},
                                  "relationship": {"coding": [{"code": "prior"}]}}])
        answer = theirs.post("/fhir/Claim", related)
        assert answer.status == 201, answer
        # What one says of the other's claim tells neither of them anything.
        other_ref = up.database.value("SELECT ref FROM zhifu.claim WHERE claim_id = %s", (story.location_id(answer),))
        assert ref not in up.daemon.ctl("claim", "show", other_ref).stdout
        assert other_ref not in up.daemon.ctl("claim", "show", ref).stdout
        assert other_ref.encode() not in mine.get("/fhir/Claim").body
        assert mine.get("/fhir/Claim/" + claim_id).status == 200
        # A person's name or number never stands in a URL.
        for query in ("patient=Patient/1", "patient.identifier=https://hospital.example/mrn%7CA-1", "patient.name=Ada",
                      "patient.family=Lovelace", "subject=Patient/1"):
            refused(mine.get("/fhir/Claim?" + query), 400, query)


# --- logs and metrics -------------------------------------------------------------------------------------------------


def test_logs_and_metrics_name_nobody(up):
    """Good, bad and hostile requests full of personal data; then every file that the daemon wrote, and its answers."""
    marks = ["Quetzalcoatl-Windermere", "Zoë-张伟-Mark", "E99887766", "CARD-4444-3333", "+86-571-5550-1234",
             "9 Hidden Alley",
             "B20.987", "1979-12-31", "mark@person.example", "MRN-776655"]
    person = {"resourceType": "Patient", "id": "p", "name": [{"family": marks[0], "given": [marks[1]]}],
              "identifier": [{"system": "urn:passport", "value": marks[2]}, {"system": "urn:mrn", "value": marks[9]}],
              "telecom": [{"system": "phone", "value": marks[4]}, {"system": "email", "value": marks[8]}],
              "address": [{"text": marks[5]}], "birthDate": marks[7]}
    good = claim(contained=[person], insurance=[{"sequence": 1, "focal": True, "coverage": {
        "display": "alpha", "identifier": {"system": "urn:card", "value": marks[3]}}}], diagnosis=[{
            "sequence": 1, "diagnosisCodeableConcept": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10",
                                                                    "code": marks[6]}]}}])
    text = json.dumps(good, ensure_ascii=False)
    with up.daemon.client() as client:
        assert client.post("/fhir/Claim", good).status == 201
        consent = story.consent("#p")
        consent["contained"] = [person]
        assert client.post("/fhir/Consent", consent).status == 201
        for bad in (text[:-20], text.replace('"use"', '"%s": 1, "use"' % marks[0]),
                    text.replace(marks[0], marks[0] + "\x01"),
                    text.replace("2026-03-05", marks[0]), text.replace("CNY", marks[0]),
                    text.replace('"active"', '"%s"' % marks[0]),
                    text.replace("#p", "#" + marks[0]), text.replace("#p", "Patient/" + marks[9]),
                    text.replace('"professional"', '"%s"' % marks[0]), text.replace('"Claim"', '"%s"' % marks[0]),
                    text.replace('"value": 12', '"value": "%s"' % marks[0]),
                    text.replace('"Patient"', '"%s"' % marks[0])):
            for path in ("/fhir/Claim", "/fhir/Claim/$submit", "/fhir", "/fhir/Consent", "/fhir/Task"):
                client.post(path, bad, headers=attack.FHIR)
        for header in ("Idempotency-Key", "Prefer", "If-None-Match", "Authorization", "User-Agent", "X-Request-Id"):
            # One at a time, on a connection of its own: some of them end it.
            with up.daemon.client() as other:
                other.get("/fhir/Claim", headers={header: "wait=1 " + marks[0]})
        for path in ("/fhir/Claim?patient.identifier=urn:passport%7C" + marks[2],
                     "/fhir/Claim?identifier=x%7C" + marks[3],
                     "/fhir/Patient/" + marks[9], "/fhir/Claim/" + marks[0], "/" + marks[0] + "?" + marks[2],
                     "/fhir/Claim?_id=" + marks[9]):
            client.get(path)
        client.post("/fhir/Claim/_search", "patient.identifier=urn:passport%7C" + marks[2], headers=attack.FORM)
        client.post("/fhir/Claim/_search", "patient.identifier=" + marks[2] + "&patient.name=" + marks[0],
                    headers=attack.FORM)
        attack.send(client, attack.head("GET", "/fhir/Claim", "X : " + marks[0]))
        attack.send(client, ("%s /fhir/%s HTTP/9.9\r\n\r\n" % (marks[0], marks[2])).encode())
        attack.send(client, attack.head("GET", "/fhir/Claim?n=" + marks[2], "Connection: close", host=marks[0]))
    with up.daemon.client(None) as client:
        client.post("/oauth2/token", "grant_type=%s&client_assertion=%s&client_id=%s" % (marks[2], marks[2], marks[2]),
                    headers=attack.FORM)
    due = "SELECT count(*) FROM zhifu.outbox WHERE NOT held AND due_at < now()"
    zhifu.wait_until(lambda: up.database.value(due) == 0, "what is due to be done")
    shown = {"metrics": up.daemon.health("/metrics").text, "ready": up.daemon.health("/readyz").text,
             "health": up.daemon.health("/healthz").text, "status": up.daemon.ctl("status").stdout,
             "list": up.daemon.ctl("claim", "list").stdout, "queue": up.daemon.ctl("queue", "list").stdout}
    for path in up.folder.rglob("*"):
        shown["the name of " + path.name] = str(path)
        if path.is_file():
            shown[str(path)] = path.read_bytes().decode("utf-8", "replace")
    for pid in up.daemon.children():
        shown["command line of %d" % pid] = open("/proc/%d/cmdline" % pid, encoding="utf-8", errors="replace").read()
    # PostgreSQL's own log, which keeps failing statements, and what stands in the tables: all of it is sealed.
    shown["cluster"] = "".join(p.read_bytes().decode("utf-8",
                                                     "replace") for p in up.database.cluster.folder.rglob("*log*")
                               if p.is_file() and p.stat().st_size < 50 << 20 and "pg_wal" not in str(p))
    dump = subprocess.run(["/usr/lib/postgresql/15/bin/pg_dump", "--inserts", up.database.conninfo()],
                          stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False, env=dict(os.environ, LC_ALL="C.UTF-8"), timeout=120)
    assert dump.returncode == 0, dump.stderr
    shown["database"] = dump.stdout.decode("utf-8", "replace")
    # There is something to be searched.
    assert len(shown[str(up.daemon.log_path)]) > 2000 and len(shown["cluster"]) > 100
    assert "INSERT INTO zhifu.claim" in shown["database"]
    found = [(where, mark) for where, text in shown.items() for mark in marks
             if mark.lower() in text.lower() or mark.encode().hex() in text.lower()]
    assert not found, found
    # And every line is one of ours: nobody wrote one into it.
    for line in shown[str(up.daemon.log_path)].splitlines():
        assert set(json.loads(line)) >= {"time", "level", "role", "pid", "message"}, line
