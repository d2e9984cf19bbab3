"""Code systems: which codes are known is configured, of a hospital's own systems in its file, of an insurer's in its."""

import json
import uuid

import pytest

import story
import zhifu

TARIFF = "https://hospital.example/tariff"


def claim(system=TARIFF, code="100100", insurer="alpha"):
    return {
        "resourceType": "Claim", "status": "active", "use": "claim", "created": "2026-03-05",
        "identifier": [{"system": "https://hospital.example/claim", "value": str(uuid.uuid4())}],
        "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/claim-type", "code": "professional"}]},
        "patient": {"identifier": {"system": "https://hospital.example/mrn", "value": "P-1"}},
        "provider": {"display": "Test Hospital"},
        "priority": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/processpriority", "code": "normal"}]},
        "insurance": [{"sequence": 1, "focal": True, "coverage": {"display": insurer}}],
        "item": [{"sequence": 1, "servicedDate": "2026-03-05", "net": {"value": 12, "currency": "CNY"},
                  "productOrService": {"coding": [{"system": system, "code": code}]}}],
        "total": {"value": 12, "currency": "CNY"},
    }


@pytest.fixture
def say(place, keep):
    """Two insurers that are never reached: alpha takes what it does not know, strict does not. Returns what is said of
    a claim: the status and the codes of its warnings or faults."""
    story.hospital(place, code_systems=({"system": TARIFF, "pattern": "[0-9]{6}[A-Z]?"},))
    story.insurer(place, "alpha", zhifu.free_port(), {"code_systems": ({"system": "urn:alpha:*"},)})
    story.insurer(place, "strict", zhifu.free_port(), {"unknown_codes_fault": True})
    place.daemon.start()
    client = keep(place.daemon.client())

    def said(resource):
        answer = client.post("/fhir/Claim", resource, headers={"Prefer": "return=OperationOutcome"})
        codes = [coding["code"] for issue in answer.json()["issue"] if issue["severity"] in ("warning", "error")
                 for coding in issue.get("details", {}).get("coding", [])]
        assert all("item[0].productOrService" in issue["expression"][0] for issue in answer.json()["issue"]
                   if issue["severity"] in ("warning", "error")), json.dumps(answer.json())
        return answer.status, codes
    return said


def test_a_hospitals_own_systems(say):
    assert say(claim()) == (201, [])
    assert say(claim(code="331203A")) == (201, [])
    assert say(claim(code="12")) == (201, ["code-pattern"])
    assert say(claim(system="https://hospital.example/other")) == (201, ["code-system-unknown"])
    # What the insurer knows is known, whatever the hospital says.
    assert say(claim(system="urn:alpha:drugs")) == (201, [])


def test_an_insurer_that_knows_less(say, place):
    assert say(claim(insurer="strict")) == (422, ["code-system-unknown"])
    assert say(claim(insurer="strict", system="http://loinc.org", code="718-7")) == (201, [])
    # From the reload on it knows the tariff, and the hospital's pattern is not its.
    story.insurer(place, "strict", zhifu.free_port(), {
        "unknown_codes_fault": True, "code_systems": ({"system": TARIFF, "pattern": "[0-9]+"},)})
    place.daemon.reload()
    zhifu.wait_until(lambda: say(claim(insurer="strict")) == (201, []), "the insurer's list to be read")
    assert say(claim(insurer="strict", code="331203A")) == (422, ["code-pattern"])


def test_a_mistake_in_a_list_is_named(place):
    story.hospital(place, code_systems=({"system": TARIFF, "pattern": "[0-9"}, {"pattern": "[0-9]"}))
    refused = zhifu.run([*place.daemon.argv, "--check"], check=False, env=place.daemon.env)
    said = refused.stdout + refused.stderr
    assert refused.returncode != 0
    assert 'pattern = "[0-9" is not well formed' in said and "hospital.conf:" in said and "system" in said, said
