"""What the stories of the system tests share: a hospital, insurers played by zhifu-payer, claims and consents."""

import json
import pathlib
import uuid

import zhifu

HOSPITAL_ID = "019ab2c4-5a00-7000-8000-0000000000a1"


def hospital(place, zone="Asia/Shanghai", client="client", **more):
    """One hospital whose client certificate is pki's `client`; more: further options of its file."""
    place.hospital("hospital", {
        "id": HOSPITAL_ID, "code": "HZ1", "name": "Test Hospital", "zone": zone, "book_currency": "CNY",
        "clients": ({"id": "his", "certificates": [place.pki.fingerprint(client)]},), **more,
    })


def other_hospital(place, **client):
    """A second hospital; its client "other" has that certificate of pki's, or what is said here."""
    if not client:
        place.pki.more("client", "other")
        client = {"certificates": [place.pki.fingerprint("other")]}
    place.hospital("other", {
        "id": "019ab2c4-5a00-7000-8000-0000000000b2", "code": "HZ2", "name": "Other Hospital", "zone": "UTC",
        "book_currency": "EUR", "clients": ({"id": "other", **client},),
    })


def payer_script(place, name, port, control_port, settings=None):
    """The script of a sandbox insurer in the place's folder."""
    script = {"name": name, "listen": ["127.0.0.1:%d" % port], "control_listen": ["127.0.0.1:%d" % control_port],
              "tls_certificate": place.pki.pem("insurer"), "tls_key": place.pki.key("insurer"),
              "tls_client_ca": place.pki.pem("ca"), "plan_currency": "USD", "coinsurance": "10"}
    script.update(settings or {})
    return script


def insurer(place, name, port, settings=None):
    """Configures an insurer at that port, in plain submit mode unless settings say otherwise."""
    conf = {
        "name": name.capitalize(), "module": "fhir", "idempotent": False,
        "payer_identifiers": ({"system": "https://payers.example/id", "value": name.upper()},),
        "names": [name], "allowed_fields": ["*"],
        "endpoints": ({"name": "fhir", "url": "https://localhost:%d/fhir" % port, "ca_file": place.pki.pem("ca"),
                       "certificate": place.pki.pem("client"), "private_key": place.pki.key("client"),
                       "deadline_ms": 20000},),
        "keys": {"mode": "submit", "status": "get", "wait_seconds": "1"},
    }
    for key, value in (settings or {}).items():
        if key == "keys":
            conf["keys"].update(value)
        else:
            conf[key] = value
    place.insurer(name, conf)


def consent(patient_reference, number=None, recipients=("ALPHA", "BETA"), purposes=("HPAYMT",)):
    """Permission to send a patient's bills to insurers, by their payer identifiers."""
    codes = "http://terminology.hl7.org/CodeSystem/"
    return {
        "resourceType": "Consent", "status": "active",
        "identifier": [{"system": "https://hospital.example/consent", "value": number or str(uuid.uuid4())}],
        "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope",
                              "code": "patient-privacy"}]},
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        "patient": {"reference": patient_reference}, "policyRule": {"text": "separate consent"},
        "provision": {"type": "permit", **({"actor": [{
            "role": {"coding": [{"system": codes + "v3-ParticipationType", "code": "IRCP"}]},
            "reference": {"identifier": {"system": "https://payers.example/id", "value": each}}} for each in recipients],
        } if recipients else {}), **({"purpose": [
            {"system": codes + "v3-ActReason", "code": each} for each in purposes]} if purposes else {})},
    }


def sample(name):
    """A claim that the project ships, as bytes."""
    return (pathlib.Path(zhifu.ROOT) / "conf/samples" / (name + ".json")).read_bytes()


def location_id(response):
    """The id in a Location like https://host/fhir/Claim/ID/_history/1."""
    parts = response.headers["location"].split("/")
    return parts[parts.index("Claim") + 1]


def chinese(resource, element):
    """What the translation of an element of a resource says, or None."""
    for extension in resource.get("_" + element, {}).get("extension", []):
        said = {part["url"]: part.get("valueCode") or part.get("valueString") for part in extension["extension"]}
        if extension["url"].endswith("/translation") and said["lang"] == "zh":
            return said["content"]
    return None


def body_of(resource):
    return resource if isinstance(resource, bytes) else json.dumps(resource).encode()
