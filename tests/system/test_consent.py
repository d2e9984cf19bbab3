"""No consent, no export: what a claim without one sends to an insurer (not one byte), what opens the gate and what does
not, what is written down about each message that left, and that only allowed fields are in it."""

import datetime
import json
import uuid
import zoneinfo

import pytest

import attack
import story
import zhifu

PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
CONSENT_ACTION = "http://terminology.hl7.org/CodeSystem/consentaction"
PAYERS = "https://payers.example/id"


def patient(mrn, family="Lovelace"):
    return {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1980-02-29",
            "identifier": [{"system": "https://hospital.example/mrn", "value": mrn}],
            "name": [{"family": family, "given": ["Ada"]}],
            "telecom": [{"system": "phone", "value": "+86 571 5555 0199"}],
            "address": [{"text": "12 Secret Lane, Hangzhou"}]}


def claim(mrn, amount=12, insurer="alpha", number=None, **more):
    return dict({
        "resourceType": "Claim", "status": "active", "use": "claim", "contained": [patient(mrn)],
        "identifier": [{"system": "https://hospital.example/claim", "value": number or str(uuid.uuid4())}],
        "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/claim-type", "code": "professional"}]},
        "patient": {"reference": "#p"}, "created": "2026-03-05",
        "provider": {"display": "Test Hospital"}, "priority": {"coding": [{"code": "normal"}]},
        "insurance": [{"sequence": 1, "focal": True, "coverage": {"display": insurer}}],
        "item": [{"sequence": 1, "servicedDate": "2026-03-05", "net": {"value": amount, "currency": "CNY"},
                  "productOrService": {"coding": [{"system": "https://hospital.example/tariff", "code": "100100"}]}}],
        "total": {"value": amount, "currency": "CNY"},
    }, **more)


def consent(mrn, number=None, status="active", kind="permit", purpose="HPAYMT", recipient="ALPHA", period=None, actions=()):
    """recipient: the value of a payer identifier. actions: codes of what is permitted or refused; none: all."""
    made = story.consent("#p", number, [recipient] if recipient else [], [purpose] if purpose else [])
    made.update({"status": status, "contained": [patient(mrn)]})
    made["provision"]["type"] = kind
    if actions:
        made["provision"]["action"] = [{"coding": [{"system": CONSENT_ACTION, "code": each}]} for each in actions]
    if period:
        made["provision"]["period"] = period
    return made


class Desk:
    """A hospital that submits, the insurers behind ears, and what the database says about claims."""

    def __init__(self, place, keep, settings=None, names=("alpha",)):
        self.place = place
        self.ears, self.payers = {}, {}
        story.hospital(place)
        for name in names:
            port, control = zhifu.free_port(), zhifu.free_port()
            self.payers[name] = keep(place.payer(name, story.payer_script(place, name, port, control), port))
            self.payers[name].start()
            self.payers[name].control = keep(zhifu.Client(control, None))
            self.ears[name] = keep(attack.Ear(place.pki, port))
            story.insurer(place, name, self.ears[name].port, {"endpoints": ({
                "name": "fhir", "url": "https://localhost:%d/fhir" % self.ears[name].port,
                "ca_file": place.pki.pem("ca"), "certificate": place.pki.pem("client"),
                "private_key": place.pki.key("client"), "deadline_ms": 20000},), **(settings or {})})
        place.daemon.start()
        self.client = keep(place.daemon.client())

    @property
    def database(self):
        return self.place.database

    def submit(self, resource, client=None):
        answer = (client or self.client).post("/fhir/Claim", resource)
        assert answer.status == 201, answer
        return story.location_id(answer)

    def give(self, resource, client=None):
        answer = (client or self.client).post("/fhir/Consent", resource)
        assert answer.status == 201, answer

    def ref(self, claim_id):
        return self.database.value("SELECT ref FROM zhifu.claim WHERE claim_id = %s", (claim_id,))

    def transport(self, claim_id):
        return self.database.value("""SELECT e.event FROM zhifu.claim_event e WHERE e.claim_id = %s AND e.axis = 1
            ORDER BY e.seq DESC LIMIT 1""", (claim_id,))

    def wait(self, claim_id, *events):
        """Until the last step of the claim's transport is one of these."""
        return zhifu.wait_until(lambda: self.transport(claim_id) in events and self.transport(claim_id),
                                "%s to end with %s, not %s" % (claim_id, events, self.transport(claim_id)))

    def wait_why(self, claim_id):
        return self.database.value("""SELECT e.why FROM zhifu.claim_event e WHERE e.claim_id = %s AND e.axis = 1
            ORDER BY e.seq DESC LIMIT 1""", (claim_id,))

    def received(self, name="alpha"):
        return self.payers[name].control.get("/_sandbox/claims").json()["received"]

    def silent(self, name="alpha"):
        """Not one byte, not even a handshake."""
        assert self.received(name) == 0
        assert (self.ears[name].connections, self.ears[name].heard) == (0, b"")

    def ledger(self, claim_id):
        return self.database.sql("""SELECT basis, recipient, consent_id::text, fields, person_new, message_id::text
            FROM zhifu.export_ledger WHERE claim_id = %s ORDER BY at""", (claim_id,))

    def quiet(self):
        """Until nothing is left to be done."""
        due = "SELECT count(*) FROM zhifu.outbox WHERE NOT held AND due_at < 'infinity'"
        zhifu.wait_until(lambda: self.database.value(due) == 0, "all work to be done")


@pytest.fixture
def desk(place, keep):
    return lambda *args, **more: Desk(place, keep, *args, **more)


def days(count):
    """So many days from now, by the calendar of the hospital: there, a day is over while it lasts elsewhere."""
    now = datetime.datetime.now(zoneinfo.ZoneInfo("Asia/Shanghai"))
    return (now.date() + datetime.timedelta(days=count)).isoformat()


def test_not_one_byte_without_consent(desk):
    """Whatever comes close to a consent and is none opens nothing; the one that covers it lets the claim go."""
    one = desk(names=("alpha", "beta"))
    claims = {}
    near = {
        "none": [],
        "another person's": [consent("ANOTHER")],
        "another recipient": [consent("P-recipient", recipient="BETA")],
        "a recipient nobody knows": [consent("P-unknown", recipient="NOBODY")],
        "another purpose": [consent("P-purpose", purpose="HRESCH")],
        "run out": [consent("P-old", period={"start": days(-30), "end": days(-3)})],
        "not begun": [consent("P-young", period={"start": days(3)})],
        "a draft": [consent("P-draft", status="draft")],
        "rejected": [consent("P-rejected", status="rejected")],
        "entered in error": [consent("P-error", status="entered-in-error")],
        "a refusal": [consent("P-refusal", kind="deny")],
        "collecting only": [consent("P-collect", actions=["collect"])],
        "looking and using": [consent("P-use", actions=["access", "use", "correct"])],
        "replaced by collecting": [consent("P-half", "C-3"), consent("P-half", "C-3", actions=["collect"])],
        "a refusal of collecting": [consent("P-uncollected"), consent("P-uncollected", kind="deny", actions=["collect"])],
        "withdrawn": [consent("P-gone", "C-1"), consent("P-gone", "C-1", status="inactive")],
        "refused later": [consent("P-later"), consent("P-later", kind="deny")],
        "refused by one who names nobody": [consent("P-all"), consent("P-all", kind="deny", recipient=None, purpose=None)],
        "withdrawn without a name": [consent("P-bare", "C-4"), consent("P-bare", "C-4", "inactive", recipient=None)],
        "replaced by less": [consent("P-less", "C-2"), consent("P-less", "C-2", recipient="BETA")],
    }
    persons = {"none": "P-none", "another person's": "P-another"}
    for what, consents in near.items():
        for each in consents:
            one.give(each)
        mrn = persons.get(what) or consents[0]["contained"][0]["identifier"][0]["value"]
        claims[what] = one.submit(claim(mrn))
    # In one Bundle with the claim it is no better.
    with_refusal = one.client.post("/fhir", {"resourceType": "Bundle", "type": "batch", "entry": [
        {"resource": claim("P-bundle"), "request": {"method": "POST", "url": "Claim"}},
        {"resource": consent("P-bundle", kind="deny"), "request": {"method": "POST", "url": "Consent"}}]})
    assert with_refusal.status == 200, with_refusal
    for what, claim_id in claims.items():
        assert one.wait(claim_id, "consent_missing"), what
    one.quiet()
    one.silent("alpha")
    one.silent("beta")
    assert one.database.value("SELECT count(*) FROM zhifu.export_ledger") == 0
    assert one.database.value("SELECT count(*) FROM zhifu.message") == 0
    # What the hospital and the desk see is the reason.
    shown = one.place.daemon.ctl("claim", "show", one.ref(claims["none"])).stdout
    assert "consent" in shown.lower(), shown
    held_for = one.client.get("/fhir/Claim/" + claims["none"])
    assert held_for.status == 200

    # The right one, late: each goes, once.
    for what, claim_id in claims.items():
        mrn = one.client.get("/fhir/Claim/" + claim_id).json()["contained"][0]["identifier"][0]["value"]
        one.give(consent(mrn, recipient="ALPHA"))
    for what, claim_id in claims.items():
        assert one.wait(claim_id, "deliver"), what
        rows = one.ledger(claim_id)
        assert [(r["basis"], r["recipient"], r["person_new"]) for r in rows][0] == (1, "alpha", True), (what, rows)
        assert rows[0]["consent_id"] is not None
    zhifu.wait_until(lambda: one.received("alpha") == len(claims), "all to be received")
    one.silent("beta")


def test_the_wrong_insurer_is_put_right_before_anything_left(desk):
    """A claim that waits for consent is named another insurer by a person: that one needs the consent, and gets it."""
    one = desk(names=("alpha", "beta"))
    claim_id = one.submit(claim("P-1"))
    one.wait(claim_id, "consent_missing")
    one.give(consent("P-1", recipient="BETA"))
    one.wait(claim_id, "consent_missing")
    ref = one.ref(claim_id)
    assert "name the right one" in one.place.daemon.ctl("claim", "show", ref).stdout
    one.place.daemon.ctl("claim", "route", ref, "beta", "--why", "the card is beta's", "--who", "tester")
    one.wait(claim_id, "deliver")
    assert one.received("beta") == 1
    one.silent("alpha")
    assert one.client.get("/v1/claims/" + ref).json()["insurer"]["code"] == "beta"
    late = one.place.daemon.ctl("claim", "route", ref, "alpha", "--why", "no", "--who", "tester", check=False)
    assert late.returncode == 1 and "not possible" in late.stderr, late


def test_narrow_consents_are_not_read_as_wide_ones(desk):
    """What a consent says of whom, what and when, and what the gate can't honour, is refused and opens nothing."""
    one = desk()
    beta = {"identifier": {"system": PAYERS, "value": "BETA"}}
    unknown = {"url": "https://x.example/not", "valueBoolean": True}
    narrow = ({"actor": [{"role": {"coding": [{"system": PARTICIPATION, "code": "XYZ"}]}, "reference": beta}]},
              {"actor": [{"role": {"text": "the recipient"}, "reference": beta}]},
              {"provision": [{"type": "deny", "actor": [{
                  "role": {"coding": [{"system": PARTICIPATION, "code": "IRCP"}]}, "reference": beta}]}]},
              {"class": [{"system": "http://hl7.org/fhir/resource-types", "code": "Coverage"}]},
              {"code": [{"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "J20"}]}]},
              {"dataPeriod": {"start": "2019-01-01", "end": "2019-12-31"}},
              {"securityLabel": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "N"}]},
              {"data": [{"meaning": "instance", "reference": {"reference": "https://x.example/Claim/1"}}]},
              {"modifierExtension": [unknown]})
    for each in narrow:
        made = consent("P-1")
        made["provision"].update(each)
        answer = one.client.post("/fhir/Consent", made)
        assert answer.status == 422 and answer.json()["resourceType"] == "OperationOutcome", (each, answer)
    for each in ({"modifierExtension": [unknown]}, {"implicitRules": "https://x.example/rules"},
                 {"scope": {"coding": [{"code": "research"}]}}):
        answer = one.client.post("/fhir/Consent", dict(consent("P-1"), **each))
        assert answer.status == 422, (each, answer)
    tomorrow = one.client.post("/fhir/Consent", dict(consent("P-1"), dateTime=days(3)))
    assert tomorrow.status == 422 and "Consent.dateTime" in tomorrow.text, tomorrow
    claim_id = one.submit(claim("P-1"))
    one.wait(claim_id, "consent_missing")
    one.quiet()
    one.silent()
    # Who discloses may be named beside who receives.
    good = consent("P-1", recipient="ALPHA")
    good["provision"]["actor"].append({"role": {"coding": [{"system": PARTICIPATION, "code": "CST"}]}, "reference": {
        "display": "Test Hospital"}})
    one.give(good)
    one.wait(claim_id, "deliver")


def test_a_refusal_of_a_future_day_counts_at_once(desk):
    """Nobody's no is refused for its date; nor does it stand above what is said after it."""
    one = desk()
    claims = {}
    for mrn, no in (("P-1", consent("P-1", "C-1", status="inactive")),
                    ("P-2", consent("P-2", "C-3", kind="deny", recipient=None))):
        one.give(dict(consent(mrn, "C-1" if mrn == "P-1" else "C-2"), dateTime=days(0)))
        answer = one.client.post("/fhir/Consent", dict(no, dateTime=days(30)), headers={"Prefer": "return=OperationOutcome"})
        assert answer.status == 201, answer
        issues = answer.json()["issue"]
        assert [(each["severity"], each["details"]["coding"][0]["code"], each["expression"]) for each in issues] == \
            [("warning", "consent-date-future", ["Consent.dateTime"])], answer
        claims[mrn] = one.submit(claim(mrn))
    for claim_id in claims.values():
        one.wait(claim_id, "consent_missing")
    one.quiet()
    one.silent()
    # Permitted again today under the identifier of the refusal: that is later.
    for mrn, number in (("P-1", "C-1"), ("P-2", "C-3")):
        one.give(dict(consent(mrn, number), dateTime=days(0), policyRule={"text": "once more"}))
        one.wait(claims[mrn], "deliver")


def test_a_recipient_nobody_knows_is_remarked(desk):
    """A slip in the recipient opens nothing, and who made it hears so; to the others the consent says what it says."""
    one = desk()
    both = story.consent("#p", None, ["ALPHA", "ALHPA"])
    for made, numbers in ((consent("P-1", recipient="ALHPA"), "1 of the 1"),
                          (dict(both, contained=[patient("P-2")]), "1 of the 2")):
        # The body is what was created, with a word beside it; who asks for more hears more.
        answer = one.client.post("/fhir/Consent", made)
        assert answer.status == 201 and answer.json()["resourceType"] == "Consent", answer
        assert answer.headers["link"] == '<urn:zhifu:fault#consent-recipient-unknown>; rel="urn:zhifu:warning"', answer.headers
        answer = one.client.post("/fhir/Consent", made, headers={"Prefer": "return=OperationOutcome"})
        assert answer.status == 200, answer
        issues = answer.json()["issue"]
        assert [(each["severity"], each["details"]["coding"][0]["code"], each["expression"]) for each in issues] == \
            [("warning", "consent-recipient-unknown", ["Consent.provision.actor"])], answer
        assert numbers in answer.text, answer
    known = one.client.post("/fhir/Consent", consent("P-3"))
    assert known.status == 201 and known.json()["resourceType"] == "Consent" and "link" not in known.headers, known
    slip, sent = one.submit(claim("P-1")), one.submit(claim("P-2"))
    one.wait(sent, "deliver")
    one.wait(slip, "consent_missing")


def test_a_consent_names_recipient_and_purpose(desk):
    """An open permission is none: it is refused with what it lacks, alone or in a Bundle, and not one byte leaves."""
    one = desk()
    lacks = {"consent-recipient": ("P-1", {"recipient": None}), "consent-purpose": ("P-2", {"purpose": None}),
             "consent-purpose consent-recipient": ("P-3", {"recipient": None, "purpose": None})}
    claims = []
    for codes, (mrn, without) in lacks.items():
        alone = one.client.post("/fhir/Consent", consent(mrn, **without), headers={"Accept-Language": "zh"})
        assert alone.status == 422, alone
        issues = alone.json()["issue"]
        assert sorted(each["details"]["coding"][0]["code"] for each in issues) == codes.split(), alone
        assert {each["expression"][0] for each in issues} <= {"Consent.provision.actor", "Consent.provision.purpose"}
        assert "须在 provision." in issues[0]["details"]["text"]
        # The actor may be there and be somebody else: who discloses is no recipient.
        made = consent(mrn, **without)
        made["provision"].setdefault("actor", [{
            "role": {"coding": [{"system": PARTICIPATION, "code": "CST"}]}, "reference": {"display": "Test Hospital"}}])
        batch = one.client.post("/fhir", {"resourceType": "Bundle", "type": "batch", "entry": [
            {"resource": claim(mrn), "request": {"method": "POST", "url": "Claim"}},
            {"resource": made, "request": {"method": "POST", "url": "Consent"}}]})
        answers = [each["response"] for each in batch.json()["entry"]]
        assert [each["status"][:3] for each in answers] == ["201", "422"], batch
        claims.append(answers[0]["location"].split("/")[-1])
        # The answer to an operation is the claim's: its notes say why the consent beside it is none.
        both = one.client.post("/fhir/Claim/$submit", {"resourceType": "Bundle", "type": "collection", "entry": [
            {"resource": claim(mrn, amount=20)}, {"resource": made}]}).json()
        notes = [each["text"] for each in both.get("processNote", [])]
        assert all(story.chinese(each, "text") for each in both.get("processNote", [])), both
        for element in ("actor",) * ("recipient" in codes) + ("purpose",) * ("purpose" in codes):
            assert [n for n in notes if n.startswith("Not stored: Bundle.entry[1].resource.provision.%s: " % element)], both
        claims.append(both["request"]["reference"].split("/")[1] if "reference" in both["request"] else both["id"])
        whole = one.client.post("/fhir", {"resourceType": "Bundle", "type": "transaction", "entry": [
            {"resource": claim(mrn), "request": {"method": "POST", "url": "Claim"}},
            {"resource": made, "request": {"method": "POST", "url": "Consent"}}]})
        assert whole.status == 400 and "consent-" in whole.text, whole
    for claim_id in claims:
        one.wait(claim_id, "consent_missing")
    one.quiet()
    one.silent()
    assert one.database.value("SELECT count(*) FROM zhifu.consent") == 0
    # The database holds it as well, whatever writes there.
    with pytest.raises(Exception, match="check"):
        one.database.sql("""INSERT INTO zhifu.consent (hospital_id, consent_id, patient_key_id, in_force, purposes, content)
            SELECT hospital_id, gen_random_uuid(), patient_key_id, true, '{HPAYMT}', '' FROM zhifu.claim LIMIT 1""")


def test_actions_of_a_consent(desk):
    """Disclosing may be one action of several. What permits other actions is stored with a warning, and says nothing."""
    one = desk()
    one.give(consent("P-1", actions=["collect", "disclose"]))
    one.wait(one.submit(claim("P-1")), "deliver")
    # Neither does it close what an earlier one opened.
    for prefer, told in (({}, False), ({"Prefer": "return=OperationOutcome"}, True),
                         ({"Prefer": "return=representation"}, False)):
        answer = one.client.post("/fhir/Consent", consent("P-1", actions=["collect"]), headers=prefer)
        assert answer.status == 201 and "#consent-action>" in answer.headers["link"], answer
        if not told:
            assert answer.json()["resourceType"] == "Consent"
            continue
        said = [each for each in answer.json()["issue"] if each["severity"] == "warning"]
        assert [each["expression"] for each in said] == [["Consent.provision.action"]], answer
        assert "disclose" in answer.text and "披露" in answer.text
    fine = one.client.post("/fhir/Consent", consent("P-1"), headers={"Prefer": "return=OperationOutcome"})
    assert [each["severity"] for each in fine.json()["issue"]] == ["information"], fine
    one.wait(one.submit(claim("P-1", amount=13)), "deliver")
    # An emergency that it says nothing of passes as one, and its clock goes on.
    one.give(consent("P-2", actions=["use"]))
    urgent = one.submit(claim("P-2", priority={"coding": [{"code": "stat"}]}))
    one.wait(urgent, "deliver")
    assert one.ledger(urgent)[0]["basis"] == 2
    one.give(consent("P-2", actions=["access"]))
    assert one.database.value("SELECT met_at FROM zhifu.consent_clock") is None
    # A code that looks the same in another system is not understood, nor is a text.
    for action in ({"coding": [{"system": "https://x.example/action", "code": "disclose"}]}, {"text": "disclose"}):
        made = consent("P-3")
        made["provision"]["action"] = [action]
        one.give(made)
    one.wait(one.submit(claim("P-3")), "consent_missing")


def test_withdrawn_between_mapping_and_sending(desk, place):
    one = desk()
    # The route's row comes with its first owner: a first claim makes it.
    one.give(consent("P-first"))
    one.wait(one.submit(claim("P-first")), "deliver")
    route = one.database.value("SELECT route FROM zhifu.route_lease")
    place.daemon.ctl("queue", "hold", route, "--why", "test of the gate", "--who", "tester")
    one.give(consent("P-1", "C-1"))
    one.give(consent("P-2", "C-2"))
    gone, stays = one.submit(claim("P-1")), one.submit(claim("P-2"))
    for each in (gone, stays):
        one.wait(each, "enqueue")
    one.give(consent("P-1", "C-1", status="inactive"))
    heard = len(one.ears["alpha"].heard)
    assert one.transport(gone) == "enqueue" and one.received() == 1
    place.daemon.ctl("queue", "release", route, "--why", "test of the gate", "--who", "tester")
    one.wait(stays, "deliver")
    one.wait(gone, "consent_missing")
    one.quiet()
    assert one.received() == 2
    assert one.ledger(gone) == []
    said = one.ears["alpha"].heard[heard:]
    assert one.ref(stays).encode() in said and one.ref(gone).encode() not in said
    # It is given anew: mapped anew, sent once.
    one.give(consent("P-1", "C-3"))
    one.wait(gone, "deliver")
    one.quiet()
    assert one.received() == 3 and [r["basis"] for r in one.ledger(gone)][:1] == [1]


def test_emergencies_pass_and_start_a_clock(desk, place):
    one = desk()
    urgent = one.submit(claim("P-1", priority={"coding": [{"code": "stat"}]}))
    one.wait(urgent, "deliver")
    rows = one.ledger(urgent)
    assert rows[0]["basis"] == 2 and rows[0]["consent_id"] is None and rows[0]["person_new"]
    clock = one.database.sql("SELECT claim_id::text, due_at > now() AS ahead, met_at FROM zhifu.consent_clock")
    assert clock == [{"claim_id": urgent, "ahead": True, "met_at": None}]
    shown = place.daemon.ctl_json("export", "show")
    assert [(each["claim"], each["state"]) for each in shown["emergencies"]] == [(one.ref(urgent), "open")], shown
    assert shown["consents_to_ask"] == 1
    one.database.sql("UPDATE zhifu.consent_clock SET due_at = now() - interval '1 hour'")
    told = place.daemon.ctl("export", "show").stdout
    assert "emergency" in told and "OVERDUE" in told and one.ref(urgent) in told, told
    # Who said no is not overruled by an emergency.
    one.give(consent("P-2", kind="deny"))
    refused = one.submit(claim("P-2", priority={"coding": [{"code": "stat"}]}))
    one.wait(refused, "consent_missing")
    # A consent that is there is the better ground.
    one.give(consent("P-3"))
    covered = one.submit(claim("P-3", priority={"coding": [{"code": "stat"}]}))
    one.wait(covered, "deliver")
    assert one.ledger(covered)[0]["basis"] == 1
    assert one.database.value("SELECT count(*) FROM zhifu.consent_clock") == 1
    one.give(consent("P-1"))
    assert place.daemon.ctl_json("export", "show")["emergencies"] == []
    assert one.received() == 2 and one.ledger(refused) == []


def test_persons_are_counted_and_stopped(desk, place):
    place.settings.update({"person_warn_count": 2, "person_stop_count": 3})
    one = desk()

    def persons():
        return one.database.value("SELECT persons FROM zhifu.export_count") or 0
    for i in range(1, 6):
        one.give(consent("P-%d" % i))
    one.wait(one.submit(claim("P-1")), "deliver")
    assert persons() == 1
    # The same person again, for another bill, is the same person.
    again = one.submit(claim("P-1", amount=13))
    one.wait(again, "deliver")
    assert persons() == 1 and one.ledger(again)[0]["person_new"] is False
    assert one.database.value("SELECT warned_at FROM zhifu.export_count") is None
    one.wait(one.submit(claim("P-2")), "deliver")
    zhifu.wait_until(lambda: one.database.value("SELECT warned_at FROM zhifu.export_count") is not None, "the warning")
    assert [e for e in place.daemon.log_lines() if e.get("level") in ("warn", "warning") and "person" in json.dumps(e)]
    one.wait(one.submit(claim("P-3")), "deliver")
    assert persons() == 3
    heard = len(one.ears["alpha"].heard)
    fourth, fifth = one.submit(claim("P-4")), one.submit(claim("P-5"))
    for each in (fourth, fifth):
        one.wait(each, "hold")
        assert "stop level" in one.wait_why(each) and "3" in one.wait_why(each), one.wait_why(each)
        assert one.ledger(each) == []
        assert "stop level" in place.daemon.ctl("claim", "show", one.ref(each)).stdout
    assert one.ref(fourth).encode() not in one.ears["alpha"].heard[heard:]
    # Those who are counted already go on, and so does care in an emergency, which counts.
    one.wait(one.submit(claim("P-2", amount=14)), "deliver")
    urgent = one.submit(claim("P-6", priority={"coding": [{"code": "stat"}]}))
    one.wait(urgent, "deliver")
    assert persons() == 4 and one.received() == 6
    shown = place.daemon.ctl("export", "show").stdout
    assert "4" in shown and "stop" in shown


def test_only_allowed_fields_leave(desk, place):
    """The bytes that the insurer's machine received, not what we believe that we sent."""
    one = desk({"allowed_fields": ["Claim.type", "Claim.use", "Claim.status", "Claim.created", "Claim.patient",
                                   "Claim.provider", "Claim.priority", "Claim.insurance", "Claim.item.sequence",
                                   "Claim.item.productOrService", "Claim.item.net", "Claim.item.serviced",
                                   "Claim.total", "Claim.identifier", "Patient.identifier", "Patient.gender",
                                   "Coverage"],
                "allowed_fields_version": "minimal-1"})
    marks = {"name": "Lovelace", "given": "Ada", "phone": "5555 0199", "address": "Secret Lane", "born": "1980-02-29",
             "diagnosis": "B20.900", "diagnosis text": "Immunodeficiency", "note": "cried at night",
             "extension": "a-private-extension", "item extension": "tariff-secret", "sibling": "underscore-secret",
             "observation": "genome-secret", "comment": "json-comment"}
    sent = claim("P-1", extension=[{"url": "https://x.example/" + marks["extension"], "valueString": "1"}],
                 diagnosis=[{"sequence": 1, "diagnosisCodeableConcept": {
                     "coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": marks["diagnosis"]}],
                     "text": marks["diagnosis text"]}}],
                 supportingInfo=[{"sequence": 1, "category": {"text": "note"}, "valueString": marks["note"]}],
                 text={"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">Ada Lovelace</div>"})
    sent["item"][0]["extension"] = [{"url": "https://x.example/" + marks["item extension"], "valueString": "1"}]
    sent["_created"] = {"extension": [{"url": "https://x.example/" + marks["sibling"], "valueString": "1"}]}
    one.give(consent("P-1"))
    claim_id = one.submit(sent)
    # We have it all; nothing was lost on our side.
    stored = one.client.get("/fhir/Claim/" + claim_id).text
    assert all(mark in stored for what, mark in marks.items() if what not in ("observation", "comment"))
    one.wait(claim_id, "deliver")
    heard = one.ears["alpha"].heard
    assert one.ref(claim_id).encode() in heard and b"P-1" in heard and b"100100" in heard
    for what, mark in marks.items():
        assert mark.encode() not in heard, what
    assert one.ledger(claim_id)[0]["fields"] == "minimal-1"


def test_a_hospital_speaks_for_its_own_patients(desk, place):
    """Another hospital's consent about a person of the same numbers opens nothing here."""
    story.other_hospital(place)
    one = desk()
    mine = one.submit(claim("P-1"))
    one.wait(mine, "consent_missing")
    with place.daemon.client("other") as other:
        one.give(consent("P-1"), other)
        # Its own claim goes.
        theirs = one.submit(claim("P-1"), other)
        one.wait(theirs, "deliver")
        one.quiet()
        assert one.transport(mine) == "consent_missing"
        assert one.received() == 1 and one.ref(mine).encode() not in one.ears["alpha"].heard
    one.give(consent("P-1"))
    one.wait(mine, "deliver")
    # The same person in two hospitals counts once in each.
    assert one.database.sql("SELECT persons FROM zhifu.export_count") == [{"persons": 1}, {"persons": 1}]
