"""Reads, searches and cancellations over TLS, on the real daemon: what a hospital sees of what it sent, that it sees
nothing of another one's, and that the CapabilityStatement says what works and nothing else."""

import json
import re
import urllib.parse
import uuid

import pytest

import story
import zhifu

FHIR = {"Content-Type": "application/fhir+json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
MRN = "https://hospital.example/mrn"
NUMBER = "https://hospital.example/claim"


def claim(number, mrn="A-1", created="2026-03-05", **more):
    """A small claim of our own, as text with spacing that nobody would make by accident."""
    return json.dumps(dict({
        "resourceType": "Claim", "id": "theirs", "status": "active", "use": "claim",
        "contained": [{"resourceType": "Patient", "id": "p", "identifier": [{"system": MRN, "value": mrn}],
                       "name": [{"family": "Ö张", "given": ["Zoë"]}], "birthDate": "1980-02-29"}],
        "identifier": [{"system": NUMBER, "value": number}],
        "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/claim-type", "code": "professional"}]},
        "patient": {"reference": "#p"}, "created": created, "billablePeriod": {"start": created, "end": created},
        "provider": {"display": "Test Hospital"}, "priority": {"coding": [{"code": "normal"}]},
        "insurance": [{"sequence": 1, "focal": True, "coverage": {"display": "nobody knows this plan"}}],
        "item": [{"sequence": 1, "productOrService": {"text": "visit " + number}, "servicedDate": created,
                  "unitPrice": {"value": 12.5, "currency": "CNY"}, "net": {"value": 12.5, "currency": "CNY"}}],
        "total": {"value": 12.50, "currency": "CNY"},
    }, **more), ensure_ascii=False, indent=1).replace("12.5", "12.50")


def task(focus, **more):
    return json.dumps(dict({
        "resourceType": "Task", "status": "requested", "intent": "order",
        "code": {"coding": [{"system": "http://hl7.org/fhir/CodeSystem/financialtaskcode", "code": "cancel"}]},
        "focus": focus, "reasonCode": {"coding": [{"code": "wrong-patient"}]},
    }, **more))


@pytest.fixture
def up(place):
    """The daemon with two hospitals."""
    story.hospital(place)
    story.other_hospital(place)
    place.daemon.start()
    return place


def submit(client, *args, **more):
    answer = client.post("/fhir/Claim", claim(*args, **more), headers=FHIR)
    assert answer.status == 201, answer
    return story.location_id(answer)


def found(client, path):
    """All ids of a search, following next."""
    ids, pages = [], 0
    while path:
        answer = client.get(path)
        assert answer.status == 200, answer
        bundle = answer.json()
        assert bundle["type"] == "searchset"
        ids += [e["resource"]["id"] for e in bundle.get("entry", []) if e["search"]["mode"] == "match"]
        links = {link["relation"]: link["url"] for link in bundle["link"]}
        path = None
        if "next" in links:
            parts = urllib.parse.urlsplit(links["next"])
            path = parts.path + "?" + parts.query
        pages += 1
        assert pages < 100
    return ids


def ref_of(place, claim_id):
    return place.database.value("SELECT ref FROM zhifu.claim WHERE claim_id = %s", (claim_id,))


def test_a_claim_reads_as_it_was_sent(up):
    sent = claim("N-1")
    with up.daemon.client() as client:
        claim_id = story.location_id(client.post("/fhir/Claim", sent, headers=FHIR))
        answer = client.get("/fhir/Claim/" + claim_id)
        assert answer.status == 200, answer
        assert answer.headers["etag"] == 'W/"1"' and "GMT" in answer.headers["last-modified"]
        assert answer.headers["content-type"].startswith("application/fhir+json")
        got = answer.json()
        meta = got.pop("meta")
        assert meta["versionId"] == "1" and re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", meta["lastUpdated"])
        assert got.pop("id") == claim_id
        # Everything else stands there byte by byte, decimals included.
        rest = sent[sent.index('"status"'):]
        assert rest.rstrip("\n}").encode() in answer.body
        again = client.get("/fhir/Claim/" + claim_id, headers={"If-None-Match": 'W/"1"'})
        assert again.status == 304 and again.body == b""
        assert client.get("/fhir/Claim/" + claim_id, headers={"If-None-Match": 'W/"2"'}).status == 200
        missing = client.get("/fhir/Claim/" + str(uuid.uuid4()))
        assert missing.status == 404 and missing.json()["resourceType"] == "OperationOutcome"
        assert client.get("/fhir/Claim/no-id-of-ours").status == 404
        with up.daemon.client("other") as other:
            assert other.get("/fhir/Claim/" + claim_id).status == 404
            assert found(other, "/fhir/Claim") == []
        up.database.sql("UPDATE zhifu.patient_key SET wrapped = NULL, erased_at = now()")
        assert client.get("/fhir/Claim/" + claim_id).status == 410
        assert found(client, "/fhir/Claim") == []


def test_searches_find_what_they_name(up):
    with up.daemon.client() as client:
        first = submit(client, "N-1", "A-1", "2026-03-05")
        numbers = [{"system": NUMBER, "value": value} for value in ("N-2", "N-2-b")]
        second = submit(client, "N-2", "B-2", "2026-04-06", identifier=numbers)
        third = submit(client, "N-3", "A-1", "2026-04-07", use="preauthorization")
        every = [third, second, first]
        assert found(client, "/fhir/Claim") == every
        assert found(client, "/fhir/Claim?_sort=_lastUpdated") == every[::-1]
        assert found(client, "/fhir/Claim?_id=%s,%s" % (first, third)) == [third, first]
        assert found(client, "/fhir/Claim?_id=unknown") == []
        quoted = urllib.parse.quote(NUMBER + "|N-2")
        assert found(client, "/fhir/Claim?identifier=" + quoted) == [second]
        assert found(client, "/fhir/Claim?identifier=" + quoted + "-b") == [second]
        assert found(client, "/fhir/Claim?identifier=" + quoted + "-c") == []
        assert found(client, "/fhir/Claim?identifier=" + quoted + "&use=preauthorization") == []
        assert found(client, "/fhir/Claim?identifier=urn:zhifu:claim%7C" + ref_of(up, third)) == [third]
        assert found(client, "/fhir/Claim?identifier=" + ref_of(up, third)) == [third]
        assert found(client, "/fhir/Claim?use=preauthorization") == [third]
        assert found(client, "/fhir/Claim?use=claim,preauthorization") == every
        assert found(client, "/fhir/Claim?status=active") == every
        assert found(client, "/fhir/Claim?status=cancelled") == []
        assert found(client, "/fhir/Claim?created=ge2026-04") == [third, second]
        assert found(client, "/fhir/Claim?created=2026-04-06") == [second]
        assert found(client, "/fhir/Claim?created=ge2026-04-01&created=lt2026-04-07") == [second]
        assert found(client, "/fhir/Claim?created=2026-03-05,2026-04-07") == [third, first]
        assert found(client, "/fhir/Claim?_lastUpdated=gt2020") == every
        assert found(client, "/fhir/Claim?_lastUpdated=lt2020-01-01") == []
        updated = client.get("/fhir/Claim/" + second).json()["meta"]["lastUpdated"]
        assert found(client, "/fhir/Claim?_lastUpdated=" + updated) == [second]
        assert found(client, "/fhir/Claim?_lastUpdated=gt" + updated) == [third]
        assert found(client, "/fhir/Claim?_lastUpdated=le" + updated) == [second, first]
        assert found(client, "/fhir/Claim?_lastUpdated=ne" + updated) == [third, first]
        bundle = client.get("/fhir/Claim?_count=2").json()
        assert len(bundle["entry"]) == 2 and "total" not in bundle
        assert bundle["entry"][0]["fullUrl"].endswith("/fhir/Claim/" + third)
        assert client.get("/fhir/Claim").json()["total"] == 3
        assert found(client, "/fhir/Claim?_count=1") == every
        assert found(client, "/fhir/Claim?_count=1&_sort=_lastUpdated") == every[::-1]
        assert found(client, "/fhir/Claim?_count=1&created=ge2026-04") == [third, second]


def test_a_person_is_searched_for_in_the_body_only(up):
    with up.daemon.client() as client:
        first = submit(client, "N-1", "A-1")
        submit(client, "N-2", "B-2")
        third = submit(client, "N-3", "A-1", "2026-03-06")
        for query in ("patient=https://x/Patient/1", "patient.identifier=" + urllib.parse.quote(MRN + "|A-1"),
                      "patient.name=x", "patient:Patient.identifier=x"):
            answer = client.get("/fhir/Claim?" + query)
            assert answer.status == 400 and "_search" in answer.text, answer
            assert client.post("/fhir/Claim/_search?" + query, "", headers=FORM).status == 400
        body = urllib.parse.urlencode({"patient.identifier": MRN + "|A-1", "_count": "1"})
        answer = client.post("/fhir/Claim/_search", body, headers=FORM)
        assert answer.status == 200, answer
        bundle = answer.json()
        links = {link["relation"]: link["url"] for link in bundle["link"]}
        assert [e["resource"]["id"] for e in bundle["entry"]] == [third]
        for url in links.values():
            assert "A-1" not in url and "mrn" not in url and "patient" not in url
        parts = urllib.parse.urlsplit(links["next"])
        assert found(client, parts.path + "?" + parts.query) == [first]
        parts = urllib.parse.urlsplit(links["self"])
        assert found(client, parts.path + "?" + parts.query) == [third, first]
        # Another hospital's link, or one that was touched, is no link.
        with up.daemon.client("other") as other:
            assert other.get(parts.path + "?" + parts.query).status == 400
        assert client.get("/fhir/Claim?_cursor=" + "A" * 100).status == 400
        assert client.get(parts.path + "?" + parts.query + "&use=claim").status == 400
        assert client.get(parts.path.replace("Claim", "Task") + "?" + parts.query).status == 400


def test_what_is_not_known_is_refused(up):
    with up.daemon.client() as client:
        submit(client, "N-1")
        answer = client.get("/fhir/Claim?colour=red&_count=x&_lastUpdated=ap2026&use=wrong&_id=a&_id=b")
        issues = answer.json()["issue"]
        assert answer.status == 400 and len(issues) == 5, answer
        assert "colour" in answer.text
        lenient = client.get("/fhir/Claim?colour=red", headers={"Prefer": "handling=lenient"})
        assert lenient.status == 200
        modes = [e["search"]["mode"] for e in lenient.json()["entry"]]
        assert modes == ["match", "outcome"]
        assert client.get("/fhir/Claim?a=%ff").status == 400
        for path in ("/fhir/Claim?_count=0", "/fhir/Claim?_sort=total", "/fhir/Task?_sort=_lastUpdated",
                     "/fhir/Claim?identifier=N-1", "/fhir/Claim?_summary=count"):
            assert client.get(path).status == 400, path
        # What to write instead is said.
        assert "identifier=|A-1" in client.get("/fhir/Claim?identifier=N-1").text
        assert "_count must be at least 1" in client.get("/fhir/Claim?_count=0").text
        nowhere = client.get("/fhir/Patient")
        assert nowhere.status == 404 and "GET /fhir/metadata" in nowhere.text, nowhere
        method = client.request("DELETE", "/fhir/Claim")
        assert method.status == 405 and "it takes GET, HEAD, POST" in method.text, method
        assert method.headers["allow"] == "GET, HEAD, POST"


def test_json_is_all_there_is(up):
    """XML that was asked for is not answered with JSON; who does not mind gets it."""
    with up.daemon.client() as client:
        claim_id = submit(client, "N-1")
        paths = ("/fhir/metadata", "/fhir/Claim", "/fhir/Claim?_count=5", "/fhir/Claim/" + claim_id,
                 "/v1/claims/" + ref_of(up, claim_id))
        for path in paths:
            more = "&" if "?" in path else "?"
            for accept in ("application/fhir+xml", "text/turtle", "application/fhir+json;q=0, application/xml"):
                answer = client.get(path, headers={"Accept": accept})
                assert answer.status == 406 and answer.json()["resourceType"] == "OperationOutcome", (path, accept, answer)
                # _format goes before Accept.
                assert client.get(path + more + "_format=json", headers={"Accept": accept}).status == 200, path
            for value in ("xml", "application/fhir%2Bxml", "html"):
                answer = client.get(path + more + "_format=" + value)
                assert answer.status == 406 and "application/fhir+json" in answer.text, (path, value, answer)
            for accept in ("*/*", "application/*", "application/json", "application/fhir+json; fhirVersion=4.0",
                           "text/html, */*;q=0.8", "application/fhir+xml, application/fhir+json;q=0.1"):
                assert client.get(path, headers={"Accept": accept}).status == 200, (path, accept)
            assert client.get(path + more + "_format=application/fhir%2Bjson").status == 200


def test_a_claim_without_decision_has_an_answer_of_the_moment(up):
    with up.daemon.client() as client:
        claim_id = submit(client, "N-1")
        assert found(client, "/fhir/ClaimResponse") == [claim_id]
        assert found(client, "/fhir/ClaimResponse?outcome=queued") == [claim_id]
        assert found(client, "/fhir/ClaimResponse?outcome=complete,error,partial") == []
        assert found(client, "/fhir/ClaimResponse?request=Claim/" + claim_id) == [claim_id]
        assert found(client, "/fhir/ClaimResponse?request.identifier=" + urllib.parse.quote(NUMBER + "|N-1")) == [claim_id]
        assert found(client, "/fhir/ClaimResponse?request=" + claim_id + "&outcome=complete") == []
        answer = client.get("/fhir/ClaimResponse/" + claim_id)
        assert answer.status == 200, answer
        response = answer.json()
        assert response["outcome"] == "queued" and response["id"] == claim_id
        assert response["request"]["reference"] == "Claim/" + claim_id
        assert response["disposition"] == "no insurer found"
        assert story.chinese(response, "disposition") == "未找到保险公司"
        assert client.get("/fhir/ExplanationOfBenefit/" + claim_id).status == 404
        assert found(client, "/fhir/ExplanationOfBenefit?claim=Claim/" + claim_id) == []


def test_cancelling_before_anything_left(up):
    with up.daemon.client() as client:
        claim_id = submit(client, "N-1")
        before = client.get("/fhir/ClaimResponse/" + claim_id)
        sent = task({"reference": "Claim/" + claim_id}, note=[{"text": "拿错了"}], authoredOn="2026-03-05T10:00:00+08:00",
                    identifier=[{"system": "https://hospital.example/task", "value": "T-1"}])
        answer = client.post("/fhir/Task", sent, headers=FHIR)
        assert answer.status == 201, answer
        made = answer.json()
        assert made["status"] == "completed" and made["note"] == [{"text": "拿错了"}]
        task_id = answer.headers["location"].rsplit("/", 1)[1]
        assert made["id"] == task_id
        read = client.get("/fhir/Task/" + task_id)
        assert read.status == 200 and read.json() == made and read.headers["etag"] == answer.headers["etag"]
        again = client.post("/fhir/Task", sent, headers=FHIR)
        assert again.status == 200 and again.json()["id"] == task_id, again
        now = client.get("/fhir/ClaimResponse/" + claim_id, headers={"If-None-Match": before.headers["etag"]})
        assert now.status == 200 and now.headers["etag"] != before.headers["etag"]
        assert now.json()["meta"]["lastUpdated"] > before.json()["meta"]["lastUpdated"]
        assert client.get("/fhir/ClaimResponse/" + claim_id, headers={"If-None-Match": now.headers["etag"]}).status == 304
        assert found(client, "/fhir/ClaimResponse?outcome=error") == [claim_id]
        assert found(client, "/fhir/ClaimResponse?outcome=queued") == []
        state = up.database.sql("SELECT transport FROM zhifu.claim_state WHERE claim_id = %s", (claim_id,))
        assert state == [{"transport": 10}]
        event = up.database.sql("SELECT event, who, why FROM zhifu.claim_event WHERE claim_id = %s "
                                "ORDER BY seq DESC LIMIT 1", (claim_id,))
        assert event == [{"event": "cancel", "who": "his", "why": "wrong-patient"}]
        assert up.database.value("SELECT count(*) FROM zhifu.outbox WHERE claim_id = %s", (claim_id,)) == 0
        response = client.get("/fhir/ClaimResponse/" + claim_id).json()
        assert response["outcome"] == "error" and response["status"] == "cancelled"
        assert response["disposition"] == "cancelled before sending"
        assert story.chinese(response, "disposition") == "发送前已取消"
        again = client.post("/fhir/Claim/$submit", claim("N-1"), headers=FHIR).json()
        assert {**again, "processNote": 0} == {**response, "processNote": 0}, again
        assert found(client, "/fhir/ClaimResponse?status=cancelled") == [claim_id]
        assert found(client, "/fhir/ClaimResponse?status=active") == []
        status = client.get("/v1/claims/" + ref_of(up, claim_id)).json()
        assert set(status["amounts"]) == {"charged"}, status["amounts"]
        assert status["axes"]["transport"]["state"] == "cancelled" and status["cancellation"]["task"] == task_id
        assert found(client, "/fhir/Task?focus=Claim/" + claim_id) == [task_id]
        assert found(client, "/fhir/Task?status=completed") == [task_id]
        for name in ("created", "authored-on"):
            assert found(client, "/fhir/Task?%s=2026-03-05" % name) == [task_id]
            assert found(client, "/fhir/Task?%s=lt2026-03-05" % name) == []
        assert found(client, "/fhir/Task?status=in-progress") == []
        assert found(client, "/fhir/Task?identifier=" + urllib.parse.quote("https://hospital.example/task|T-1")) == [task_id]
        assert found(client, "/fhir/Task?focus.identifier=" + urllib.parse.quote(NUMBER + "|N-1")) == [task_id]
        # The identifier of a task about another claim.
        second = submit(client, "N-2")
        other = task({"reference": "Claim/" + second}, identifier=[{"system": "https://hospital.example/task", "value": "T-1"}])
        assert client.post("/fhir/Task", other, headers=FHIR).status == 409


def test_cancelling_what_may_have_left(up):
    with up.daemon.client() as client:
        claim_id = submit(client, "N-1")
        ref = ref_of(up, claim_id)
        up.database.sql("UPDATE zhifu.claim_state SET transport = 8 WHERE claim_id = %s", (claim_id,))
        answer = client.post("/fhir/Task", task({"identifier": {"system": "urn:zhifu:claim", "value": ref}}), headers=FHIR)
        assert answer.status == 201 and answer.json()["status"] == "in-progress", answer
        task_id = answer.json()["id"]
        work = up.database.sql("SELECT role, kind, fact_id::text FROM zhifu.task t LEFT JOIN zhifu.outbox o "
                               "ON o.claim_id = t.claim_id WHERE t.claim_id = %s", (claim_id,))
        # translate may have taken it already; then the task has gone on.
        assert work in ([{"role": 1, "kind": 6, "fact_id": task_id}], [{"role": None, "kind": None, "fact_id": None}])
        up.database.sql("UPDATE zhifu.task SET status = 'failed'")
        up.database.sql("UPDATE zhifu.claim_state SET acknowledgement = 2 WHERE claim_id = %s", (claim_id,))
        answer = client.post("/fhir/Task", task({"reference": "Claim/" + claim_id}), headers=FHIR)
        assert answer.status == 201 and answer.json()["status"] == "rejected", answer
        assert answer.json()["statusReason"]["coding"][0]["code"] == "not-at-insurer"


def test_a_task_that_says_nothing_we_do_is_refused(up):
    with up.daemon.client() as client:
        claim_id = submit(client, "N-1")
        focus = {"reference": "Claim/" + claim_id}
        for body in (task(focus, code={"coding": [{"code": "approve"}]}), task(focus, status="draft"),
                     task({"reference": "Claim/" + str(uuid.uuid4())}), task({"identifier": {"value": "?"}}),
                     task(focus, intent="plan")):
            answer = client.post("/fhir/Task", body, headers=FHIR)
            assert answer.status == 422 and answer.json()["resourceType"] == "OperationOutcome", answer
        assert client.post("/fhir/Task", "{", headers=FHIR).status == 400
        empty = client.post("/fhir/Task", '{"resourceType": "Task"}', headers=FHIR)
        said = [tuple(i.get("expression", ())) for i in empty.json()["issue"]]
        assert empty.status == 422 and len(set(said)) == len(said) and '"?"' not in empty.text, empty.text
        assert up.database.value("SELECT count(*) FROM zhifu.task") == 0
        with up.daemon.client("other") as other:
            assert other.post("/fhir/Task", task(focus), headers=FHIR).status == 422


def test_a_desk_sees_where_a_claim_stands(up):
    with up.daemon.client() as client:
        claim_id = submit(client, "N-1")
        ref = ref_of(up, claim_id)
        answer = client.get("/v1/claims/" + ref)
        assert answer.status == 200, answer
        status = answer.json()
        assert set(status["axes"]) == {"transport", "acknowledgement", "adjudication", "payment", "books"}
        assert status["axes"]["transport"]["state"] == "no_route"
        assert status["axes"]["transport"]["text"]["zh"] and status["axes"]["transport"]["since"]
        assert status["next"]["actions"][0]["owner"] and status["next"]["actions"][0]["text"]["zh"]
        assert status["amounts"]["charged"] == {"amount": "12.50", "currency": "CNY"}
        assert status["amounts"]["undecided"] == {"amount": "12.50", "currency": "CNY"}
        assert "unexplained" not in status["amounts"] and "open" not in status["amounts"]
        with up.daemon.client("other") as other:
            assert other.get("/v1/claims/" + ref).status == 404
        assert client.get("/v1/claims/" + ref[:-1] + ("0" if ref[-1] != "0" else "1")).status == 400


def test_refusals_say_what_is_wanted(up):
    with up.daemon.client() as client:
        for path, name in (("Claim?identifier=N-1", "identifier"), ("Task?focus.identifier=N-1", "focus.identifier"),
                           ("ClaimResponse?request.identifier=N-1", "request.identifier")):
            answer = client.get("/fhir/" + path)
            text = answer.json()["issue"][0]["details"]["text"]
            assert answer.status == 400 and name + "=SYSTEM|VALUE" in text, text
        body = urllib.parse.urlencode({"patient.identifier": "A-1"})
        assert "patient.identifier=SYSTEM|VALUE" in client.post("/fhir/Claim/_search", body, headers=FORM).text
        bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": json.loads(claim("N-1"))}]}
        answer = client.post("/fhir/Claim", json.dumps(bundle), headers=FHIR)
        assert answer.status == 422 and "$submit" in answer.text, answer.text
        answer = client.post("/fhir/Claim", "", headers=FHIR)
        assert answer.status == 400 and "application/fhir+json" in answer.text and "请求体" in answer.text, answer.text
        answer = client.post("/fhir/Claim", "x", headers={"Content-Type": "text/plain"})
        assert answer.status == 415 and "this path takes application/fhir+json" in answer.text, answer.text
    up.pki.more("client", "stranger")
    with up.daemon.client("stranger") as stranger:
        answer = stranger.get("/fhir/Claim")
        assert answer.status == 401 and "指纹" in answer.text, answer.text


def test_rights_are_kept_apart(up):
    story.other_hospital(up, id="submitter", certificates=[up.pki.fingerprint("other")], scopes=["submit"])
    up.daemon.stop()
    up.daemon.start()
    with up.daemon.client("other") as client:
        claim_id = submit(client, "N-1")
        for path in ("/fhir/Claim", "/fhir/Claim/" + claim_id, "/v1/claims/" + ref_of(up, claim_id)):
            assert client.get(path).status == 403, path
        assert client.post("/fhir/Task", task({"reference": "Claim/" + claim_id}), headers=FHIR).status == 403


def test_the_capability_statement_says_what_works(up):
    stranger = zhifu.Client(up.port, up.pki.client_context(None))
    answer = stranger.get("/fhir/metadata")
    assert answer.status == 200, answer
    statement = answer.json()
    assert statement["fhirVersion"] == "4.0.1" and statement["kind"] == "instance"
    assert stranger.get("/fhir/Claim").status == 401
    stranger.close()
    rest = statement["rest"][0]
    said = {r["type"]: r for r in rest["resource"]}
    bodies = {"Claim": claim("N-9"), "Task": task({"identifier": {"value": "none"}}), "Consent": "{}"}
    with up.daemon.client() as client:
        for kind in ("Claim", "ClaimResponse", "Consent", "ExplanationOfBenefit", "PaymentReconciliation", "Task",
                     "Coverage", "Communication", "PaymentNotice", "Patient"):
            does = {i["code"] for i in said.get(kind, {}).get("interaction", [])}
            read = client.get("/fhir/%s/%s" % (kind, uuid.uuid4()))
            assert ("read" in does) == (read.status == 404 and "stored" not in read.text and "本院" in read.text), (kind, read)
            assert ("search-type" in does) == (client.get("/fhir/" + kind).status == 200), kind
            assert ("search-type" in does) == (client.post("/fhir/%s/_search" % kind, "", headers=FORM).status == 200), kind
            made = client.post("/fhir/" + kind, bodies.get(kind, "{}"), headers=FHIR)
            assert ("create" in does) == (made.status not in (404, 405)), (kind, made)
            for verb in ("PUT", "PATCH", "DELETE"):
                assert client.request(verb, "/fhir/%s/%s" % (kind, uuid.uuid4())).status in (404, 405), (verb, kind)
            for parameter in said.get(kind, {}).get("searchParam", []):
                value = {"token": "a|b", "date": "2026", "reference": "https://x.example/y/z"}[parameter["type"]]
                if parameter["name"] in ("status", "use", "outcome"):
                    value = {"status": "active", "use": "claim", "outcome": "queued"}[parameter["name"]]
                    value = "completed" if kind == "Task" else value
                body = urllib.parse.urlencode({parameter["name"]: value})
                answer = client.post("/fhir/%s/_search" % kind, body, headers=FORM)
                assert answer.status == 200, (kind, parameter, answer)
            # And what R4 knows besides is refused.
            if "search-type" in does:
                for name in ("care-team", "disposition", "payee", "_text", "_profile", "_include", "_has"):
                    if name not in {p["name"] for p in said[kind].get("searchParam", [])}:
                        assert client.get("/fhir/%s?%s=x" % (kind, name)).status == 400, (kind, name)
        operations = {o["name"] for o in said["Claim"].get("operation", [])}
        submitted = client.post("/fhir/Claim/$submit", claim("N-10"), headers=FHIR)
        assert ("submit" in operations) == (submitted.status == 200), submitted
        assert {i["code"] for i in rest["interaction"]} == {"batch", "transaction"}


def polled(**keys):
    """An insurer that is asked for remittances."""
    return {"poll_interval_s": 1, "keys": {"remittance_path": "/PaymentReconciliation", **keys}}


def with_alpha(place, keep, insurer=None, payer=None):
    """The daemon with the sandbox insurer alpha."""
    if not (zhifu.BUILD / "zhifu-payer").exists() or not (zhifu.BUILD / "adapters" / "fhir.so").exists():
        pytest.skip("the sandbox insurer or the adapter is not built")
    port, control = zhifu.free_port(), zhifu.free_port()
    story.hospital(place)
    script = story.payer_script(place, "alpha", port, control, {"plan_currency": "CNY", **(payer or {})})
    keep(place.payer("alpha", script, port)).start()
    story.insurer(place, "alpha", port, insurer)
    place.daemon.start()


def test_a_decision_and_its_money_can_be_read(place, keep):
    """The whole way: consent, claim, decision by a sandbox insurer, remittance."""
    with_alpha(place, keep, polled(), {"pay_after_ms": 200})
    patient = {"resourceType": "Patient", "id": "p", "identifier": [{"system": MRN, "value": "A-1"}]}
    consent = dict(story.consent("#p"), contained=[patient])
    with place.daemon.client() as client:
        made = client.post("/fhir/Consent", json.dumps(consent), headers=FHIR)
        assert made.status == 201, made
        consent_id = made.headers["location"].rsplit("/Consent/", 1)[1].split("/")[0]
        assert client.get("/fhir/Consent/" + consent_id).json()["identifier"] == consent["identifier"]
        claim_id = submit(client, "N-1", insurance=[{"sequence": 1, "focal": True, "coverage": {"display": "alpha"}}])

        def decided():
            response = client.get("/fhir/ClaimResponse/" + claim_id).json()
            assert response["outcome"] == "complete", (response["outcome"], response.get("disposition"))
            return response
        response = zhifu.wait_until(decided, "the decision")
        assert response["id"] == claim_id and int(response["meta"]["versionId"]) > 1
        ids = found(client, "/fhir/ClaimResponse?request=Claim/" + claim_id)
        assert ids == [claim_id]
        assert found(client, "/fhir/ClaimResponse?outcome=complete") == ids
        assert found(client, "/fhir/ClaimResponse?outcome=queued") == []
        assert found(client, "/fhir/ClaimResponse") == ids
        assert response["patient"]["identifier"]["value"] == "A-1"
        ids = [str(place.database.value("SELECT adjudication_id::text FROM zhifu.adjudication WHERE outcome IN (2, 3)"
                                        " ORDER BY adjudication_id DESC LIMIT 1"))]
        assert found(client, "/fhir/ClaimResponse?_id=" + ids[0]) == ids
        own = client.get("/fhir/ClaimResponse/" + ids[0]).json()
        assert own["id"] == ids[0] and own["meta"]["versionId"] == "1" and own["total"] == response["total"]
        if own.get("identifier"):
            number = own["identifier"][0]["value"]
            assert [claim_id] == found(client, "/fhir/ClaimResponse?identifier=" + urllib.parse.quote(number))
            assert found(client, "/fhir/ClaimResponse?identifier=urn:no-such-system%7C" + urllib.parse.quote(number)) == []
        assert found(client, "/fhir/ClaimResponse?created=gt2020&request=" + claim_id) == [claim_id]

        zhifu.wait_until(lambda: place.database.value(
            "SELECT adjudication FROM zhifu.claim_state WHERE claim_id = %s", (claim_id,)) in (3, 4), "settle")
        explained = client.get("/fhir/ExplanationOfBenefit/" + claim_id)
        assert explained.status == 200, explained
        eob = explained.json()
        assert eob["claim"]["reference"] == "Claim/" + claim_id and eob["outcome"] == "complete"
        assert eob["item"][0]["sequence"] == 1 and eob["item"][0]["adjudication"]
        assert found(client, "/fhir/ExplanationOfBenefit") == [claim_id]
        for identifier in eob.get("identifier", []):
            number = urllib.parse.quote(identifier["value"])
            assert found(client, "/fhir/ExplanationOfBenefit?identifier=" + number) == [claim_id]
        assert found(client, "/fhir/ExplanationOfBenefit?claim=" + claim_id + "&status=active") == [claim_id]
        assert found(client, "/fhir/ExplanationOfBenefit?status=cancelled") == []
        status = client.get("/v1/claims/" + ref_of(place, claim_id)).json()
        assert status["amounts"]["insurer"] == {"amount": "11.25", "currency": "CNY"}, status["amounts"]
        assert status["amounts"]["patient"] == {"amount": "1.25", "currency": "CNY"}
        assert status["amounts"]["unexplained"]["amount"] == "0.00"
        assert status["insurer"] == {"code": "alpha", "name": "Alpha"}, status["insurer"]
        assert "undecided" not in status["amounts"] and "open" not in status["amounts"]

        zhifu.wait_until(lambda: place.database.value("SELECT count(*) FROM zhifu.remittance_detail") == 1, "the remittance")
        remittance_id = place.database.value("SELECT remittance_id::text FROM zhifu.remittance")
        paid = client.get("/fhir/PaymentReconciliation/" + remittance_id)
        assert paid.status == 200 and paid.json()["paymentAmount"]["currency"] == "CNY", paid
        after = client.get("/fhir/ExplanationOfBenefit/" + claim_id).json()
        assert after["payment"]["amount"] == {"value": "11.25", "currency": "CNY"}, after.get("payment")
        assert refused_cancellation(client, claim_id) == "channel-cannot-cancel"


def refused_cancellation(client, claim_id):
    """The code of a cancellation that ends as failed, which is told in both languages."""
    made = client.post("/fhir/Task", task({"reference": "Claim/" + claim_id}), headers=FHIR)
    assert made.status == 201 and made.json()["statusReason"]["coding"][0]["code"] == "asking-insurer", made

    def ended():
        now = client.get("/fhir/Task/" + made.json()["id"]).json()
        assert now["status"] not in ("requested", "accepted", "in-progress"), now
        return now
    done = zhifu.wait_until(ended, "the task to end")
    assert done["status"] == "failed", done
    reason = done["statusReason"]
    other = {each["url"]: each for each in reason["_text"]["extension"][0]["extension"]}
    assert reason["text"].isascii() and other["lang"]["valueCode"] == "zh", reason
    assert "取消" in other["content"]["valueString"], reason
    assert [each["system"] for each in reason["coding"]] == ["urn:zhifu:task-outcome"], reason
    return reason["coding"][0]["code"]


def test_an_explanation_shows_what_was_announced(place, keep):
    """In the currency of the remittance, whatever the claim's is, and with the way to the remittance itself."""
    with_alpha(place, keep, polled(), {"plan_currency": "USD", "rates": {"CNY": "7.1200"}, "pay_after_ms": 200})
    patient = {"resourceType": "Patient", "id": "p", "identifier": [{"system": MRN, "value": "A-1"}]}
    with place.daemon.client() as client:
        assert client.post("/fhir/Consent", json.dumps(dict(story.consent("#p"), contained=[patient])),
                           headers=FHIR).status == 201
        claim_id = submit(client, "N-1", insurance=[{"sequence": 1, "focal": True, "coverage": {"display": "alpha"}}])

        def explained():
            answer = client.get("/fhir/ExplanationOfBenefit/" + claim_id)
            return answer.json() if answer.status == 200 else None

        def payment(count):
            """The payment as money, what is noted, and the remittances that it names."""
            eob = explained()
            paid = eob["payment"]
            links = [(each["url"], each["valueReference"]["reference"]) for each in paid["extension"]]
            assert len(links) == count and {url for url, _ in links} == {"urn:zhifu:remittance"}, links
            notes = [each["text"] for each in eob.get("processNote", []) if "other currencies" in each["text"]]
            assert not notes or "其他币种" in story.chinese(eob["processNote"][-1], "text"), eob["processNote"]
            return (str(paid["amount"]["value"]), paid["amount"]["currency"]), paid, notes, [name for _, name in links]

        zhifu.wait_until(lambda: place.database.value("SELECT count(*) FROM zhifu.remittance_detail") == 1, "the remittance")
        zhifu.wait_until(explained, "the decision")
        announced = client.get("/v1/claims/" + ref_of(place, claim_id)).json()["amounts"]["announced"]
        assert announced["currency"] == "USD", announced
        amount, paid, notes, names = payment(1)
        assert amount == (announced["amount"], "USD") and notes == [], (amount, announced, notes)
        remittance = client.get("/fhir/" + names[0])
        assert remittance.status == 200, remittance
        stated = remittance.json()
        assert paid["date"] == stated["paymentDate"], (paid, stated)
        assert paid["identifier"]["value"] in [each["value"] for each in stated["identifier"]], (paid, stated)

        def books():
            return {row["what"]: row["amount"]["amount"]
                    for row in place.daemon.ctl_json("claim", "show", ref_of(place, claim_id))["books"]
                    if row["amount"]["currency"] == "USD"}
        assert (books()["announced"], books()["paid_insurer"]) == (announced["amount"], "0.00"), books()
        # When the money has come, it is announced no more.
        place.database.sql("INSERT INTO zhifu.remittance_paid SELECT hospital_id, remittance_id, gen_random_uuid() "
                           "FROM zhifu.remittance")
        assert books()["announced"] == "0.00", books()

        def more(number, minor, currency):
            """One more remittance of this insurer, that came later."""
            place.database.sql(
                "WITH m AS (INSERT INTO zhifu.remittance (hospital_id, remittance_id, insurer, identifier, amount_minor, currency, "
                "exponent, payment_date, balanced, content) SELECT hospital_id, %s::uuid, 'alpha', %s, %s, %s, 2, '2030-01-02', "
                "true, '' FROM zhifu.hospital RETURNING *) INSERT INTO zhifu.remittance_detail (hospital_id, remittance_id, no, "
                "claim_id, amount_minor, currency, exponent) SELECT hospital_id, remittance_id, 1, %s, amount_minor, currency, 2 "
                "FROM m", ("ffffffff-0000-7000-8000-%012d" % number, "R %d" % number, minor, currency, claim_id))
        # It takes more back than it paid.
        etag = client.get("/fhir/ExplanationOfBenefit/" + claim_id).headers["etag"]
        more(1, -10000, "USD")
        assert client.get("/fhir/ExplanationOfBenefit/" + claim_id, headers={"If-None-Match": etag}).status == 200
        owed = round(float(announced["amount"]) - 100, 2)
        amount, paid, notes, names = payment(2)
        assert (round(float(amount[0]), 2), amount[1]) == (owed, "USD") and notes == [], amount
        assert paid["identifier"]["value"] == "R 1" and paid["date"] == "2030-01-02", paid
        assert names[0].endswith("000000000001"), names
        # Sums are of one currency: that of the latest.
        more(2, 1234, "EUR")
        amount, paid, notes, names = payment(3)
        assert amount == ("12.34", "EUR") and len(notes) == 1, (amount, notes)
        assert paid["identifier"]["value"] == "R 2", paid


def test_an_insurer_refuses_a_cancellation(place, keep):
    """What it has paid, the sandbox does not cancel."""
    with_alpha(place, keep, polled(cancel="true"), {"pay_after_ms": 200})
    patient = {"resourceType": "Patient", "id": "p", "identifier": [{"system": MRN, "value": "A-1"}]}
    with place.daemon.client() as client:
        assert client.post("/fhir/Consent", json.dumps(dict(story.consent("#p"), contained=[patient])),
                           headers=FHIR).status == 201
        claim_id = submit(client, "N-1", insurance=[{"sequence": 1, "focal": True, "coverage": {"display": "alpha"}}])
        zhifu.wait_until(lambda: place.database.value("SELECT count(*) FROM zhifu.remittance_detail") == 1, "the remittance")
        assert refused_cancellation(client, claim_id) == "insurer-refused"


def test_who_waits_is_told_what_can_be_read(place, keep):
    """The ClaimResponse of $submit with wait, and that of a GET of the same id, are one resource."""
    with_alpha(place, keep)
    patient = {"resourceType": "Patient", "id": "p", "identifier": [{"system": MRN, "value": "A-1"}]}
    insurance = [{"sequence": 1, "focal": True, "coverage": {"display": "alpha"}}]
    wait = dict(FHIR, Prefer="return=representation, wait=20")
    with place.daemon.client() as client:
        # Somebody has to look at it first: that is what can be read, too.
        waits = client.post("/fhir/Claim/$submit", claim("N-1", mrn="B-1", insurance=insurance), headers=wait)
        assert waits.status == 200 and "consent" in waits.json()["disposition"], waits.text
        assert "同意" in story.chinese(waits.json(), "disposition"), waits.text
        read = client.get("/fhir/ClaimResponse/" + waits.json()["id"]).json()
        assert read["meta"] == waits.json()["meta"], (read, waits.json())
        assert client.post("/fhir/Consent", json.dumps(dict(story.consent("#p"), contained=[patient])),
                           headers=FHIR).status == 201
        body = claim("N-2", insurance=insurance)
        first = client.post("/fhir/Claim/$submit", body, headers=wait)
        assert first.status == 200 and first.json()["outcome"] == "complete", first.text
        assert first.json()["patient"]["identifier"]["value"] == "A-1", first.json()["patient"]

        def settled():
            last = client.get("/fhir/ClaimResponse/" + first.json()["id"])
            again = client.post("/fhir/Claim/$submit", body, headers=wait)
            assert again.json() == last.json(), (again.json(), last.json())
            assert again.headers["etag"] == last.headers["etag"]
            return last.json()
        last = zhifu.wait_until(settled, "the same to be told and read")
        assert last["meta"]["lastUpdated"] >= first.json()["meta"]["lastUpdated"]
        assert int(last["meta"]["versionId"]) >= int(first.json()["meta"]["versionId"]) > 1
        assert {**last, "meta": 0} == {**first.json(), "meta": 0}
        # The same in a Bundle.
        third = json.loads(claim("N-3", insurance=insurance))
        for kind in ("batch", "transaction"):
            many = client.post("/fhir", {"resourceType": "Bundle", "type": kind, "entry": [
                {"resource": each, "request": {"method": "POST", "url": "Claim/$submit"}}
                for each in (json.loads(body), third, json.loads(claim("N-1", mrn="B-1", insurance=insurance)))]})
            assert many.status == 200, many
            told = [each["resource"] for each in many.json()["entry"]]
            assert told[0] == last, (told[0], last)
            assert "consent" in told[2]["disposition"] and int(told[2]["meta"]["versionId"]) > 1, told[2]


def test_who_leaves_while_a_bundle_is_looked_up_disturbs_nobody(up):
    entries = [{"resource": json.loads(claim("N-%d" % i)), "request": {"method": "POST", "url": "Claim/$submit"}}
               for i in range(40)]
    body = json.dumps({"resourceType": "Bundle", "type": "batch", "entry": entries}).encode()
    head = b"POST /fhir HTTP/1.1\r\nHost: x\r\nContent-Type: application/fhir+json\r\nContent-Length: %d\r\n\r\n" % len(body)
    with up.daemon.client() as client:
        assert client.post("/fhir", body, headers=FHIR).status == 200
        for _ in range(30):
            with client.raw() as sock:
                sock.sendall(head + body)
        told = client.post("/fhir", body, headers=FHIR)
        assert [each["resource"]["disposition"] for each in told.json()["entry"]] == [
            "No insurer is configured for this coverage; the claim waits for a person."] * 40, told
        assert all("versionId" in each["resource"]["meta"] for each in told.json()["entry"]), told


def test_an_insurer_confirms_a_cancellation(place, keep):
    with_alpha(place, keep, {"keys": {"cancel": "true"}})
    patient = {"resourceType": "Patient", "id": "p", "identifier": [{"system": MRN, "value": "A-1"}]}
    with place.daemon.client() as client:
        assert client.post("/fhir/Consent", json.dumps(dict(story.consent("#p"), contained=[patient])),
                           headers=FHIR).status == 201
        claim_id = submit(client, "N-1", insurance=[{"sequence": 1, "focal": True, "coverage": {"display": "alpha"}}])
        zhifu.wait_until(lambda: found(client, "/fhir/ExplanationOfBenefit?claim=" + claim_id), "the decision")
        decision = "/fhir/ClaimResponse/" + str(place.database.value("SELECT adjudication_id::text FROM zhifu.adjudication"))
        before = client.get(decision)
        assert before.json()["status"] == "active" and before.json()["meta"]["versionId"] == "1", before
        decided = client.get("/v1/claims/" + ref_of(place, claim_id)).json()["amounts"]
        assert decided["insurer"]["amount"] == "11.25", decided
        answer = client.post("/fhir/Task", task({"reference": "Claim/" + claim_id}), headers=FHIR)
        assert answer.status == 201 and answer.json()["status"] == "in-progress", answer
        task_id = answer.json()["id"]

        def ended():
            now = client.get("/fhir/Task/" + task_id).json()
            assert now["status"] not in ("requested", "accepted", "in-progress"), now
            return now
        done = zhifu.wait_until(ended, "the task to end")
        assert done["status"] == "completed", done
        zhifu.wait_until(lambda: client.get("/fhir/ExplanationOfBenefit/" + claim_id).json()["status"] == "cancelled",
                         "the cancelled decision")
        assert found(client, "/fhir/ExplanationOfBenefit?status=active") == []
        assert found(client, "/fhir/ExplanationOfBenefit?status=cancelled") == [claim_id]
        # Nor does its ClaimResponse count any more, by whichever id it is read, nor do its amounts.
        for path in (decision, "/fhir/ClaimResponse/" + claim_id):
            response = client.get(path, headers={"If-None-Match": before.headers["etag"]})
            assert response.status == 200 and response.json()["status"] == "cancelled", response
            assert response.json()["disposition"].startswith("cancelled at the insurer"), response.json()["disposition"]
            assert story.chinese(response.json(), "disposition").startswith("已在保险公司取消；此前："), response.text
        # Who submits it once more is told the same.
        insurance = [{"sequence": 1, "focal": True, "coverage": {"display": "alpha"}}]
        again = client.post("/fhir/Claim/$submit", claim("N-1", insurance=insurance), headers=FHIR)
        assert again.json() == response.json(), (again.text, response.text)
        assert found(client, "/fhir/ClaimResponse?status=active") == []
        assert found(client, "/fhir/ClaimResponse?status=cancelled") == [claim_id]
        amounts = client.get("/v1/claims/" + ref_of(place, claim_id)).json()["amounts"]
        charged = decided.pop("charged")
        assert amounts == {"charged": charged, "wasDecided": decided}, amounts
        again = client.post("/fhir/Task", task({"reference": "Claim/" + claim_id}), headers=FHIR)
        assert again.status == 200 and again.json()["id"] == task_id, again


def test_a_cancelled_claim_that_was_not_decided(up):
    """Nobody decides it any more: what was queued is not what is said of it."""
    with up.daemon.client() as client:
        claim_id = submit(client, "N-1")
        up.database.sql("UPDATE zhifu.claim_state SET transport = 8, adjudication = 6 WHERE claim_id = %s", (claim_id,))
        response = client.get("/fhir/ClaimResponse/" + claim_id).json()
        assert (response["status"], response["outcome"]) == ("cancelled", "error"), response
        assert response["disposition"] == "cancelled at the insurer"
        assert found(client, "/fhir/ClaimResponse?outcome=queued") == []
        assert found(client, "/fhir/ClaimResponse?status=cancelled&outcome=error") == [claim_id]
