"""OAuth 2 client credentials with signed assertions against the real daemon: which are believed, that none is believed
twice, and what an access token may and may not do."""

import base64
import concurrent.futures
import hashlib
import hmac
import json
import time
import urllib.parse
import uuid

import pytest

import attack
import story
import zhifu

SKEW_S = 60
LIFETIME_S = 300


class Party:
    """A client that signs."""

    def __init__(self, place, name, key):
        self.place, self.name, self.key = place, name, key
        self.audience = "https://localhost:%d/oauth2/token" % place.port

    def payload(self, **more):
        now = int(time.time())
        made = {"iss": self.name, "sub": self.name, "aud": self.audience, "jti": str(uuid.uuid4()), "iat": now,
                "exp": now + 120}
        made.update(more)
        return {name: value for name, value in made.items() if value is not None}

    def assertion(self, header=None, key=None, **more):
        key = key or self.key
        return attack.jwt({"alg": key.kind, "typ": "JWT", "kid": key.kid, **(header or {})}, self.payload(**more),
                          key.sign)

    def ask(self, assertion, scope=None, client=None, **more):
        form = {"grant_type": "client_credentials", "client_assertion_type": attack.ASSERTION_TYPE,
                "client_assertion": assertion}
        if scope is not None:
            form["scope"] = scope
        form.update(more)
        with self.place.daemon.client(None) as stranger:
            return (client or stranger).post("/oauth2/token", urllib.parse.urlencode(form), headers=attack.FORM)

    def token(self, scope=None):
        answer = self.ask(self.assertion(), scope)
        assert answer.status == 200, answer
        return answer.json()["access_token"]

    def client(self, token=None):
        return self.place.daemon.client(None, headers={"Authorization": "Bearer " + (token or self.token())})


@pytest.fixture
def up(place):
    """The daemon with two hospitals whose systems sign: one with EC, the other with RSA."""
    keys = {"his": attack.SigningKey(place.folder, "his"), "other": attack.SigningKey(place.folder, "other", "RS256"),
            "reader": attack.SigningKey(place.folder, "reader")}
    for name, key in keys.items():
        (place.folder / (name + ".jwks")).write_text(json.dumps({"keys": [key.jwk()]}))
    place.hospital("hospital", {
        "id": story.HOSPITAL_ID, "code": "HZ1", "name": "Test Hospital", "zone": "Asia/Shanghai",
        "book_currency": "CNY",
        "clients": ({"id": "his", "jwks_file": str(place.folder / "his.jwks")},
                    {"id": "reader", "jwks_file": str(place.folder / "reader.jwks"), "scopes": ["read"]}),
    })
    story.other_hospital(place, jwks_file=str(place.folder / "other.jwks"))
    place.settings["jwt_clock_skew_s"] = SKEW_S
    place.settings["jwt_lifetime_max_s"] = LIFETIME_S
    place.daemon.start()
    return {name: Party(place, name, key) for name, key in keys.items()}


def refused(answer, status=401, error="invalid_client"):
    assert answer.status == status, answer
    said = answer.json()
    assert said["error"] == error and said["error_description"], said
    assert answer.headers["cache-control"] == "no-store"
    return said["error_description"]


def test_a_token_serves_its_hospital_only(up, place):
    before = attack.counts(place.database)
    his, other = up["his"], up["other"]
    answer = his.ask(his.assertion())
    assert answer.status == 200 and answer.headers["cache-control"] == "no-store"
    granted = answer.json()
    assert granted["token_type"] == "Bearer" and granted["expires_in"] == 900
    assert set(granted["scope"].split()) == {"submit", "read", "consent", "cancel"}
    # An audience may also be the issuer, and one of several.
    assert his.ask(his.assertion(aud=["https://elsewhere.example", "https://localhost:%d" % place.port])).status == 200
    with his.client(granted["access_token"]) as mine, other.client() as theirs:
        sent = mine.post("/fhir/Claim/$submit", story.sample("01-outpatient"), headers=attack.FHIR)
        assert sent.status == 200, sent
        ref = sent.json()["request"]
        claim_id = place.database.value("SELECT claim_id::text FROM zhifu.claim")
        assert ref
        assert mine.get("/fhir/Claim/" + claim_id).status == 200
        assert theirs.get("/fhir/Claim/" + claim_id).status == 404
        assert theirs.get("/fhir/Claim").json()["total"] == 0
    assert attack.counts(place.database)["claim"] == before["claim"] + 1


def test_an_assertion_is_used_once(up, place):
    his = up["his"]
    jti = str(uuid.uuid4())
    assertion = his.assertion(jti=jti)
    assert his.ask(assertion).status == 200
    assert "used before" in refused(his.ask(assertion))
    # Signed anew with the same jti it is the same one.
    refused(his.ask(his.assertion(jti=jti, exp=int(time.time()) + 100)))
    # Another client's jti is its own.
    assert up["other"].ask(up["other"].assertion(jti=jti)).status == 200
    # A flight of copies: one lands.
    flight = his.assertion()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        statuses = sorted(answer.status for answer in pool.map(lambda _: his.ask(flight), range(8)))
    assert statuses == [200] + [401] * 7
    # A restart forgets nothing.
    place.daemon.restart()
    refused(his.ask(assertion))


def test_clocks_may_differ_by_the_skew(up):
    his = up["his"]
    now = int(time.time())
    for fine in ({"iat": now - 130, "exp": now - SKEW_S + 15}, {"iat": now + SKEW_S - 15, "exp": now + 200},
                 {"nbf": now + SKEW_S - 15}, {"iat": None}, {"exp": now + LIFETIME_S - 5}):
        assert his.ask(his.assertion(**fine)).status == 200, fine
    for bad in ({"iat": now - 300, "exp": now - SKEW_S - 5}, {"iat": now + SKEW_S + 30, "exp": now + 200},
                {"nbf": now + SKEW_S + 30}, {"exp": now + LIFETIME_S + SKEW_S + 60},
                {"iat": None, "exp": now + 86400}, {"exp": None}, {"jti": None}, {"jti": ""}, {"jti": "j" * 5000},
                {"iss": None}, {"sub": None}, {"sub": "other"}, {"iss": "other"}, {"iss": "nobody", "sub": "nobody"},
                {"exp": "tomorrow"}, {"exp": 1e400}, {"exp": -1}, {"exp": str(now + 100)},
                {"aud": None}, {"aud": "https://elsewhere.example/oauth2/token"}, {"aud": []},
                {"aud": his.audience + "/"}, {"aud": his.audience.upper()}, {"aud": {"x": his.audience}}):
        refused(his.ask(his.assertion(**bad)))


def test_forged_assertions(up, place):
    his, other = up["his"], up["other"]
    payload = his.payload()

    def forged(header, sign, payload=payload):
        refused(his.ask(attack.jwt(header, payload, sign)))
    secret = json.dumps(his.key.jwk()).encode()
    for alg in ("none", "None", "NONE", "nOnE", ""):
        forged({"alg": alg, "typ": "JWT"}, lambda data: b"")
        forged({"alg": alg, "typ": "JWT", "kid": "his"}, his.key.sign)
    # The public key taken for a shared secret, in every form in which it is public.
    pem = attack.openssl("pkey", "-in", his.key.path, "-pubout")
    for public in (secret, pem, pem.strip(), attack.openssl("pkey", "-in", his.key.path, "-pubout", "-outform", "DER")):
        forged({"alg": "HS256", "kid": "his"}, lambda data, k=public: hmac.new(k, data, hashlib.sha256).digest())
    for alg in ("ES384", "RS512", "PS256", "EdDSA", 256, None, ["ES256"]):
        forged({"alg": alg, "kid": "his"}, his.key.sign)
    # Right form, wrong key; another client's key; a key that comes along; a kid that is a path or SQL.
    stranger = attack.SigningKey(place.folder, "stranger")
    forged({"alg": "ES256", "kid": "his"}, stranger.sign)
    forged({"alg": "ES256"}, stranger.sign)
    forged({"alg": "ES256", "kid": "reader"}, up["reader"].key.sign)
    forged({"alg": "RS256", "kid": "other"}, other.key.sign)
    forged({"alg": "ES256", "kid": "his", "jwk": stranger.jwk()}, stranger.sign)
    forged({"alg": "ES256", "kid": "his", "jku": "https://localhost:1/keys"}, stranger.sign)
    forged({"alg": "ES256", "kid": "../../etc/passwd"}, his.key.sign)
    forged({"alg": "ES256", "kid": "his' OR '1'='1"}, his.key.sign)
    forged({"alg": "ES256", "kid": "his", "crit": ["exp"]}, his.key.sign)
    # r and s of nothing, and of too much.
    for signature in (b"", b"\0" * 64, b"\xff" * 64, b"\0" * 63, b"\0" * 65, b"\0" * 6000):
        forged({"alg": "ES256", "kid": "his"}, lambda data, s=signature: s)
    # Two members of one name, where one parser reads the first and another the last.
    text = json.dumps(payload)
    forged({"alg": "ES256", "kid": "his"}, his.key.sign, (text[:-1] + ', "sub": "other"}').encode())
    refused(his.ask(attack.jwt(b'{"alg":"none","alg":"ES256","kid":"his"}', payload, his.key.sign)))
    # Bytes that are no token.
    good = his.assertion()
    body, _, signature = good.rpartition(".")
    for text in ("", ".", "..", "...", "a.b.c", good + ".", good + "=", good + " ", body, body + ".", "." + good,
                 body.replace(".", ".A", 1) + "." + signature, good.replace("-", "+") + "+", "A" * 9000, "%00" + good,
                 base64.b64encode(good.encode()).decode()):
        answer = his.ask(text)
        assert answer.status in (400, 401, 413), (text[:40], answer)
    # One that stands is not worn out by those that fell.
    assert his.ask(good).status == 200


def test_bad_forms(up, place):
    his = up["his"]
    assertion = his.assertion()
    refused(his.ask(assertion, grant_type="password"), 400, "unsupported_grant_type")
    refused(his.ask(assertion, client_assertion_type="x"), 400, "invalid_request")
    refused(his.ask(assertion, scope="launch/patient everything"), 400, "invalid_scope")
    with place.daemon.client(None) as client:
        good = urllib.parse.urlencode({"grant_type": "client_credentials", "client_assertion": assertion,
                                       "client_assertion_type": attack.ASSERTION_TYPE})
        assert client.post("/oauth2/token", good, headers=attack.FHIR).status == 415
        assert client.post("/oauth2/token", good, headers={"Content-Type": "multipart/form-data"}).status == 415
        refused(client.post("/oauth2/token", good + "&grant_type=client_credentials", headers=attack.FORM), 400,
                "invalid_request")
        refused(client.post("/oauth2/token", good + "&%6", headers=attack.FORM), 400, "invalid_request")
        refused(client.post("/oauth2/token", good + "&a=%ff%fe", headers=attack.FORM), 400, "invalid_request")
        refused(client.post("/oauth2/token", "x", headers=attack.FORM), 400, "invalid_request")
        assert client.post("/oauth2/token", b"a=" + b"b" * (1 << 20), headers=attack.FORM).status == 413
        # The assertion is no secret to leave in a URL.
        assert client.post("/oauth2/token?" + good, "", headers=attack.FORM).status == 400
    with place.daemon.client(None) as client:
        assert client.get("/oauth2/token?" + good).status in (401, 405)
    assert his.ask(assertion).status == 200
    assert assertion.split(".")[2] not in place.daemon.log_text()


def test_tokens_that_are_none(up, place):
    his = up["his"]
    before = attack.counts(place.database)
    token = his.token()
    prefix, payload, mac = token.split(".")
    body = bytearray(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    with his.client(token) as client:
        assert client.get("/fhir/Claim").status == 200
    with place.daemon.client(None) as client:
        # Every bit of what it says about whom, for what and how long.
        for at in range(len(body)):
            body[at] ^= 1 << at % 8
            fake = "%s.%s.%s" % (prefix, attack.base64url(bytes(body)), mac)
            assert client.get("/fhir/Claim", headers={"Authorization": "Bearer " + fake}).status == 401, at
            body[at] ^= 1 << at % 8
    fakes = ["", "x", token[:-1], token + "A", token[:-2] + ("AA" if not token.endswith("AA") else "BB"), token.upper(),
             prefix + "." + payload + ".", prefix + ".." + mac, "%s.%s.%s" % (prefix, mac, payload), his.assertion(),
             "A" * 4000]
    for fake in fakes:
        with his.client(fake or " ") as client:
            answer = client.post("/fhir/Claim/$submit", story.sample("01-outpatient"), headers=attack.FHIR)
            assert answer.status == 401, (fake[:60], answer)
            assert answer.headers["www-authenticate"].startswith("Bearer")
            assert answer.json()["resourceType"] == "OperationOutcome"
    for scheme in ("Basic " + token, "bearer", "Bearer", "Bearer " + token + " " + token, "Bearer  , " + token, token):
        with place.daemon.client(None, headers={"Authorization": scheme}) as client:
            assert client.get("/fhir/Claim").status == 401, scheme[:20]
    # Two Authorization fields have two meanings.
    twice = attack.send(place.daemon.client(None), attack.head(
        "GET", "/fhir/Claim", "Authorization: Bearer x", "Authorization: Bearer " + token, "Connection: close"))
    assert twice.status == 400, twice
    # A wrong token is not made good by a right certificate: who says who he is, is held to it.
    with place.daemon.client("client", headers={"Authorization": "Bearer x"}) as client:
        assert client.get("/fhir/Claim").status == 401
    assert attack.counts(place.database) == before


def test_scopes(up, place):
    before = attack.counts(place.database)
    his, reader = up["his"], up["reader"]
    granted = reader.ask(reader.assertion(), "submit read consent cancel")
    assert granted.json()["scope"] == "read"
    refused(reader.ask(reader.assertion(), "submit"), 400, "invalid_scope")
    consent = story.consent("Patient/1")
    cancel = {"resourceType": "Task", "status": "requested", "intent": "order",
              "code": {"coding": [{"code": "cancel"}]},
              "focus": {"reference": "Claim/" + str(uuid.uuid4())}}

    def forbidden(client, method, path, body=None):
        answer = client.request(method, path, body)
        assert answer.status == 403 and answer.json()["issue"][0]["code"] == "forbidden", (method, path, answer)
    claim = json.loads(story.sample("01-outpatient"))
    with reader.client() as client:
        assert client.get("/fhir/Claim").status == 200
        forbidden(client, "POST", "/fhir/Claim", claim["entry"][0]["resource"])
        forbidden(client, "POST", "/fhir/Claim/$submit", claim)
        forbidden(client, "POST", "/fhir", dict(claim, type="batch"))
        forbidden(client, "POST", "/fhir/Consent", consent)
        forbidden(client, "POST", "/fhir/Task", cancel)
    with his.client(his.token("submit")) as client:
        forbidden(client, "GET", "/fhir/Claim")
        forbidden(client, "GET", "/fhir/Task")
        forbidden(client, "GET", "/fhir/Claim/" + str(uuid.uuid4()))
        forbidden(client, "POST", "/fhir/Consent", consent)
        forbidden(client, "POST", "/fhir/Task", cancel)
        answer = client.post("/fhir/Claim/_search", "use=claim", headers=attack.FORM)
        assert answer.status == 403, answer
        # A claim that brings its consent along needs the right to both.
        assert any(e["resource"]["resourceType"] == "Consent" for e in claim["entry"])
        forbidden(client, "POST", "/fhir/Claim/$submit", claim)
    assert attack.counts(place.database) == before


def test_tokens_end(up, place):
    place.daemon.write_config(token_lifetime_s=10)
    place.daemon.restart()
    his = up["his"]
    with his.client() as client:
        assert client.get("/fhir/Claim").status == 200

        def expired():
            answer = client.get("/fhir/Claim")
            said = answer.headers.get("www-authenticate", "")
            return answer.status == 401 and "expired" in answer.text and "invalid_token" in said
        zhifu.wait_until(expired, "the token's end")
    # A client that was taken out has no token any more, however young.
    with his.client() as client:
        assert client.get("/fhir/Claim").status == 200
        place.hospital("hospital", {
            "id": story.HOSPITAL_ID, "code": "HZ1", "name": "Test Hospital", "zone": "Asia/Shanghai",
            "book_currency": "CNY", "clients": ({"id": "reader", "jwks_file": str(place.folder / "reader.jwks")},)})
        place.daemon.reload()
        zhifu.wait_until(lambda: client.get("/fhir/Claim").status == 401, "the client to be forgotten", 9)
    refused(his.ask(his.assertion()))
