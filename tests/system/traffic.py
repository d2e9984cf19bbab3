"""Claims under way in numbers: a hospital that sends many and repeats what was not answered, and what must hold for all
of them in the end whatever was killed, cut or restarted in between."""

import collections
import http.client
import json
import threading

import story
import zhifu

FHIR = {"Content-Type": "application/fhir+json"}
PATIENT = "urn:uuid:5b0f3f2e-3d0c-4c0e-9f0a-0000000000f1"


def bill(number, insurer="alpha", cents=None):
    """A small claim in USD for the one patient of all traffic; cents differ, or it would be a business duplicate."""
    if cents is None:
        cents = 1000 + int(number.rsplit("-", 1)[-1])
    money = {"value": "@%d.%02d@" % divmod(cents, 100), "currency": "USD"}
    text = json.dumps({
        "resourceType": "Claim", "status": "active", "use": "claim",
        "identifier": [{"system": "https://hospital.example/claim", "value": number}],
        "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/claim-type", "code": "professional"}]},
        "patient": {"reference": PATIENT}, "created": "2026-03-05",
        "billablePeriod": {"start": "2026-03-05", "end": "2026-03-05"},
        "provider": {"display": "Test Hospital"}, "priority": {"coding": [{"code": "normal"}]},
        "insurance": [{"sequence": 1, "focal": True, "coverage": {"display": insurer}}],
        "item": [{"sequence": 1, "productOrService": {"text": "visit " + number}, "servicedDate": "2026-03-05",
                  "unitPrice": money, "net": money}],
        "total": money,
    })
    return text.replace('"@', "").replace('@"', "").encode()


class Insurer:
    """A sandbox insurer in plain submit mode, with a status that can be asked for, and its counts."""

    def __init__(self, place, keep, name="alpha", script=None, conf=None):
        self.port, self.control = zhifu.free_port(), zhifu.free_port()
        self.name = name
        self.payer = keep(place.payer(name, story.payer_script(place, name, self.port, self.control, script), self.port))
        self.payer.start()
        story.insurer(place, name, self.port, conf)

    def counts(self):
        return zhifu.payer_counts(self.control)


def permit(daemon, client="client"):
    """The patient's consent, without which nothing leaves."""
    with daemon.client(client) as client:
        answer = client.post("/fhir/Consent", story.body_of(story.consent(PATIENT)), headers=FHIR)
        assert answer.status == 201, answer


def start(place, keep):
    """The daemon with a hospital, an insurer and the patient's consent."""
    story.hospital(place)
    place.insurers = [Insurer(place, keep)]
    place.daemon.start()
    permit(place.daemon)
    return place


class Sender:
    """Sends bills on some connections, each until it has its 2xx: a connection that broke or a 503 is followed by the
    same request with the same key."""

    def __init__(self, daemon, numbers, connections=4, insurer="alpha", patience_s=120, client="client"):
        self.daemon = daemon
        self.client = client
        self.insurer = insurer
        self.ids = {}          # number -> claim id, of those that got their 2xx
        self.answers = collections.Counter()
        self.repeated = 0
        self.faults = []
        self.stopped = False
        self.patience_s = patience_s
        self.lock = threading.Lock()
        self.waiting = list(numbers)
        self.waiting.reverse()
        self.threads = [threading.Thread(target=self._work, daemon=True) for _ in range(connections)]
        for thread in self.threads:
            thread.start()

    def _work(self):
        try:
            client = self.daemon.client(self.client, timeout_s=30)
            while not self.stopped:
                with self.lock:
                    if not self.waiting:
                        break
                    number = self.waiting.pop()
                self._send(client, number)
            client.close()
        except BaseException as fault:  # told by finish()
            self.faults.append(fault)

    def _send(self, client, number):
        def answered():
            if self.stopped:
                return True
            try:
                answer = client.post("/fhir/Claim", bill(number, self.insurer),
                                     headers=dict(FHIR, **{"Idempotency-Key": number}))
            except (OSError, http.client.HTTPException):
                client.close()
                self.repeated += 1
                return False
            self.answers[answer.status] += 1
            if answer.status == 503:
                self.repeated += 1
                return False
            assert answer.status in (200, 201), "%s: %r" % (number, answer)
            with self.lock:
                self.ids[number] = story.location_id(answer)
            return True
        zhifu.wait_until(answered, "claim %s to be taken" % number, self.patience_s, 0.05)

    def count(self):
        return len(self.ids)

    def stop(self):
        """Sends nothing new; what is under way is waited for."""
        self.stopped = True
        return self.finish()

    def finish(self):
        """Waits until everything is sent; returns {number: claim id}."""
        for thread in self.threads:
            thread.join(self.patience_s + 60)
            assert not thread.is_alive(), "a sender hangs"
        if self.faults:
            raise self.faults[0]
        return self.ids


STATES_SQL = """SELECT claim_id::text AS id, transport, acknowledgement, adjudication, books
    FROM zhifu.claim JOIN zhifu.claim_state USING (hospital_id, claim_id)"""


def wait_adjudicated(place, count, timeout_s=180):
    """Every claim of the database, count in all, was decided and is in the books."""
    def done():
        rows = place.database.sql(STATES_SQL)
        open_ones = collections.Counter((r["transport"], r["acknowledgement"], r["adjudication"], r["books"]) for r in rows
                                        if not (r["adjudication"] in (3, 4, 5) and r["books"] >= 2))
        assert not open_ones, "still open (transport, acknowledgement, adjudication, books): %s" % dict(open_ones)
        assert len(rows) == count, "%d claims instead of %d" % (len(rows), count)
        return True
    zhifu.wait_until(done, "every claim to be adjudicated", timeout_s, 0.2)
