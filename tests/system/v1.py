"""What the tests of /v1 share: clients with finance scopes, and answers held against the OpenAPI document."""

import json
import urllib.parse
import uuid

import jsonschema

import story

FORM = {"Content-Type": "application/json"}
SCOPES = {"finance": ["finance.read", "finance.write", "finance.rates"], "second": ["finance.read", "finance.rates"],
          "reader": ["finance.read"], "auditor": ["inspector"]}
ACCOUNTS = ({"code": "USD", "number": "33010001 00000002", "currency": "USD"},
            {"code": "CNY", "number": "33010001 00000001", "currency": "CNY"})


def clients(place):
    """Those of a hospital: his (claims only) and those of SCOPES."""
    made = [{"id": "his", "certificates": [place.pki.fingerprint("client")]}]
    for name, scopes in SCOPES.items():
        place.pki.more("client", name)
        made.append({"id": name, "certificates": [place.pki.fingerprint(name)], "scopes": scopes})
    return tuple(made)


def other_hospital(place):
    """Another hospital, whose client may all."""
    place.pki.more("client", "other")
    story.other_hospital(place, certificates=[place.pki.fingerprint("other")], scopes=["finance.read", "finance.write"])


def start(place, **more):
    """The daemon with a hospital of these clients, and another hospital's."""
    story.hospital(place, **{"clients": clients(place), "bank_accounts": ACCOUNTS, **more})
    other_hospital(place)
    place.daemon.start()
    return place


class Desk:
    """A client of /v1. Each answer is held against the document of the running server."""

    def __init__(self, place, name="finance"):
        self.client = place.daemon.client(name)
        self.document = self.client.get("/v1/openapi.json").json()
        self.covered = set()

    def close(self):
        self.client.close()

    def operation(self, method, path):
        """The document's operation for a path as it is called; None: there is none."""
        parts = path.split("?")[0].split("/")
        for template, methods in self.document["paths"].items():
            wanted = template.split("/")
            if len(wanted) == len(parts) and all(w in (p, "{id}") for w, p in zip(wanted, parts)):
                if method.lower() in methods and (path.split("?")[0] == template or "{id}" in template):
                    return methods[method.lower()]
        return None

    def wants_key(self, operation):
        return any(p["name"] == "Idempotency-Key" and p["required"] for p in operation["parameters"])

    def call(self, method, path, body=None, headers=None, media="application/json"):
        """What is taken with an Idempotency-Key only has one of its own, unless headers say otherwise (None: none)."""
        operation = self.operation(method, path)
        own = {"Idempotency-Key": str(uuid.uuid4())} if operation is not None and self.wants_key(operation) else {}
        sent = {name: value for name, value in {**own, **(headers or {})}.items() if value is not None}
        if body is not None:
            sent["Content-Type"] = media
            body = body if isinstance(body, (bytes, str)) else json.dumps(body, ensure_ascii=False)
        answer = self.client.request(method, path, body, headers=sent)
        if operation is not None:
            self.covered.add(operation["operationId"])
            self.check(operation, answer)
        return answer

    def check(self, operation, answer):
        responses = operation["responses"]
        said = responses.get(str(answer.status), responses["default"])
        if answer.status == 304:
            return
        media = answer.headers["content-type"].split(";")[0]
        assert media in said["content"], (answer, answer.headers)
        if media.startswith("text/"):
            return
        schema = {**said["content"][media]["schema"], "components": self.document["components"]}
        jsonschema.Draft202012Validator(schema).validate(json.loads(answer.body))

    def get(self, path, status=200, **options):
        answer = self.call("GET", path, **options)
        assert answer.status == status, answer
        return answer.json() if answer.body else None

    def post(self, path, body, status=201, **options):
        answer = self.call("POST", path, body, **options)
        assert answer.status == status, answer
        return answer.json()

    def text(self, path):
        """All pages of a text, joined."""
        found = b""
        while path is not None:
            answer = self.call("GET", path)
            assert answer.status == 200, answer
            found += answer.body
            link = answer.headers.get("link")
            path = link and "/" + link.split(">")[0].split("/", 3)[3]
        return found

    def search(self, path, **parameters):
        """All pages of POST _search: the first by a form, the others by their links."""
        form = urllib.parse.urlencode(parameters)
        answer = self.call("POST", path + "/_search", form, media="application/x-www-form-urlencoded")
        assert answer.status == 200, answer
        page = answer.json()
        return page["items"] + (self.items("/" + page["next"].split("/", 3)[3]) if "next" in page else [])

    def items(self, path):
        """All pages."""
        found = []
        while path is not None:
            page = self.get(path)
            found += page["items"]
            path = page.get("next")
            path = path and "/" + path.split("/", 3)[3]
        return found

    def errors(self, path, body, status=422, **options):
        """What a refusal says: {pointer or place: code}."""
        problem = self.post(path, body, status, **options)
        assert problem["status"] == status
        for error in problem["errors"]:
            assert error["detail"] and error["detail_zh"], error
        return {error.get("pointer", error.get("place")): error["code"] for error in problem["errors"]}


def money(value, currency="CNY"):
    return {"value": value, "currency": currency}


def statement(number, day, opening, amounts, account="3301000100000002", currency="USD"):
    """MT940 of a day of November 2025, its credits in whole units, and what it closes with."""
    closing = opening + sum(amounts)
    return "".join([
        ":20:D%d\r\n:25:%s\r\n:28C:%d/1\r\n:60F:C2511%02d%s%d,00\r\n" % (number, account, number, day - 1, currency, opening),
        *(":61:2511%02d11%02dC%d,00NTRFNONREF//D%dL%d\r\n" % (day, day, amount, number, n)
          for n, amount in enumerate(amounts)),
        ":62F:C2511%02d%s%d,00\r\n-\r\n" % (day, currency, closing)]), closing
