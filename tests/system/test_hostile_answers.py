"""An insurer that attacks: bombs, entities, encodings and a gigabyte instead of answers. Each is put aside with a reason
that a person understands, no process grows without bound, nobody is called, and the other insurers' claims go on."""

import json
import re

import pytest

import forger
import invariants
import story
import test_eclaimlink
import traffic
import zhifu

SOAP = "text/xml; charset=utf-8"
JSON = "application/fhir+json"
XML = "application/fhir+xml"
# Of one process: the largest message (32 MB), what is read out of it, and the sanitizers' share.
GROWTH_KB_MAX = 400 << 10
GAUGE = 'zhifu_attention{role="settle",worker="0",subject="messages_quarantined"}'


def peak_kb(pid):
    with open("/proc/%d/status" % pid, encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))


class Scene:
    """One daemon, an insurer in each format with somebody in between, and beta, whom nobody disturbs."""

    def __init__(self, place, keep):
        self.place, self.database, self.daemon = place, place.database, place.daemon
        self.keep = keep
        self.lure = keep(forger.Lure())
        story.other_hospital(place)
        self.alpha = self.fhir(place, keep)
        self.beta = traffic.Insurer(place, keep, "beta")

    def fhir(self, place, keep):
        made = traffic.Insurer(place, keep, "alpha", conf={
            "poll_interval_s": 1, "keys": {"remittance_path": "/PaymentReconciliation"}})
        made.front = keep(forger.Forger(place.pki, made.port))
        text = (place.folder / "insurers.d" / "alpha.conf").read_text()
        place.insurer("alpha", text.replace(":%d/" % made.port, ":%d/" % made.front.port))
        return made

    def begin(self, up):
        """up: has started the daemon."""
        traffic.permit(up)
        traffic.permit(up, "other")
        self.before = {pid: peak_kb(pid) for pid in self.daemon.children()}

    def bills(self, numbers, insurer, client="client"):
        return traffic.Sender(self.daemon, numbers, connections=1, insurer=insurer, client=client).finish()

    def decided(self, ids, timeout_s=60, refused=0):
        """refused: so many of them were turned down without being looked at."""
        def done():
            rows = self.database.sql("""SELECT claim_id, transport, acknowledgement, adjudication FROM zhifu.claim_state
                WHERE claim_id::text = ANY(%s) AND adjudication NOT IN (3, 4, 5)""", (list(ids),))
            assert len(rows) == refused and all(row["acknowledgement"] == 2 for row in rows), rows
            return True
        zhifu.wait_until(done, "claims to be decided", timeout_s)

    def quarantined(self, insurer):
        return self.database.sql("""SELECT m.message_id::text AS id, m.claim_id::text AS claim_id, m.why, x.kind
            FROM zhifu.message m LEFT JOIN zhifu.exchange x USING (hospital_id, exchange_id)
            WHERE m.insurer = %s AND m.status = 13""", (insurer,))

    def told(self, rows):
        """A person finds each of them, with its reason, in the list and by itself."""
        listed = self.daemon.ctl("queue", "quarantine").stdout
        for row in rows:
            shown = self.daemon.ctl("message", "show", row["id"]).stdout
            assert row["id"] in listed and row["why"][:40] in listed, listed
            assert "quarantined" in shown and row["why"][:40] in shown, shown

    def end(self):
        """What holds whatever was sent."""
        assert not self.lure.came(), "somebody followed an entity"
        grown = {pid: peak_kb(pid) - kb for pid, kb in self.before.items()}
        assert set(self.daemon.children()) == set(self.before), "a process ended"
        assert max(grown.values()) < GROWTH_KB_MAX, grown
        print("grown by kB at most: %s" % sorted(grown.values()))
        assert self.daemon.ctl("ledger", "balance").returncode == 0
        invariants.assert_events_are_paths(self.database, invariants.lifecycle_of(self.daemon))


@pytest.fixture
def scene(place, keep):
    return Scene(place, keep)


@pytest.fixture
def post(place, keep, scene):
    """The sandbox insurer behind its post office, with somebody in between."""
    fronts = []

    def front(port):
        fronts.append(keep(forger.Forger(place.pki, port)))
        return fronts[0].port

    # What was spoilt on its way is fetched again, so that each claim is decided in the end.
    made = test_eclaimlink.Post(place, keep, keys={"confirm_unreadable": "false"}, front=front, script={
        "pay_every": 1, "rejects": ({"code": "99997", "original": "R-1"},)})
    made.front = fronts[0]
    scene.begin(made.daemon)
    return made


def ref_of(body):
    return re.search(rb"<fileName>([0-9A-Z]{16})\.xml</fileName>", body).group(1).decode()


def test_answers_to_uploads(scene, post):
    """Whatever the post office answers to an upload, the claim that it took comes back with the next advice."""
    changes = forger.xml_attacks(scene.lure)
    attacks = {name: forger.whole(change, SOAP) for name, (change, _) in changes.items()}
    post.front.attacks("UploadTransaction", attacks)
    ids = [post.submit("N-%d" % n, [("99213", 10000 + n, 0)]) for n in range(len(attacks))]
    others = scene.bills(["B-1", "B-2"], "beta")
    zhifu.wait_until(lambda: len(post.front.served) == len(attacks), "the attacks")
    zhifu.wait_until(lambda: len(scene.quarantined("dubai")) == len(changes), "the quarantine")
    scene.decided(others.values())
    refs = {row["claim_id"]: row["ref"] for row in scene.database.sql(
        "SELECT claim_id::text, ref FROM zhifu.claim")}
    by_ref = {ref_of(body): name for name, body in post.front.served}
    rows = scene.quarantined("dubai")
    for row in rows:
        name = by_ref[refs[row["claim_id"]]]
        assert changes[name][1] in row["why"], (name, row)
        assert row["why"][:40] in scene.daemon.ctl("claim", "show", refs[row["claim_id"]]).stdout
    scene.told(rows)
    # All of them were taken: the advices decide them, and the route goes on.
    scene.decided(ids + [post.submit("N-99", [("99213", 777, 0)])])
    assert post.counts()["taken_twice"] == 0
    scene.end()


def test_a_zip_bomb_in_an_error_report(scene, post):
    """A refusal is one, whatever hides in its report; the hospital is told both, and a person finds the report."""
    post.front.attacks("UploadTransaction", {"zip bomb": forger.whole(
        forger.refused_upload(forger.zip_bomb()), SOAP)})
    claim_id = post.submit("N-1", [("99997", 10000, 0)])
    others = scene.bills(["B-1"], "beta")
    post.wait(claim_id, acknowledgement=(2,))
    with post.daemon.client() as client:
        answer = client.get("/fhir/ClaimResponse/" + claim_id)
    assert answer.json()["outcome"] == "error", answer.text
    said = json.dumps(answer.json()["error"])
    assert "UploadTransaction with result -2" in said and "unpacks to more than it may" in said, said
    rows = scene.quarantined("dubai")
    assert [row["claim_id"] for row in rows] == [claim_id], rows
    assert "errorReport" in rows[0]["why"] and "unpacks to more than it may" in rows[0]["why"], rows
    scene.told(rows)
    # The exchange has ended with the refusal; to read the message again says the same again, of a claim that knows.
    assert scene.database.value("SELECT status FROM zhifu.exchange WHERE claim_id = %s", (claim_id,)) == 2
    scene.daemon.ctl("message", "replay", rows[0]["id"], "--who", "operator", "--why", "once more")
    zhifu.wait_until(lambda: len(scene.quarantined("dubai")) == 2, "the replay to be put aside too")
    assert scene.database.value("SELECT count(*) FROM zhifu.fact WHERE problem") == 0
    post.wait(claim_id, acknowledgement=(2,))
    scene.decided(list(others.values()) + [post.submit("N-99", [("99213", 777, 0)])])
    assert len(scene.quarantined("dubai")) == 2
    scene.end()


def test_files(scene, post):
    """A file that cannot be read, a list, and the envelope around either: put aside by themselves. The file waits at the
    post office and is fetched again, so every claim is decided in the end."""
    changes = forger.xml_attacks(scene.lure)
    downloads = {}
    for name, (change, _) in changes.items():
        downloads[name + " envelope"] = forger.whole(change, SOAP)
        downloads[name + " file"] = forger.whole(forger.in_file(change), SOAP)
    downloads["zip bomb file"] = forger.whole(forger.in_file(lambda _: forger.zip_bomb()), SOAP)
    post.front.attacks("DownloadTransactionFile", downloads)
    ids = [post.submit("N-%d" % n, [("99213", 10000 + n, 0)]) for n in range(len(downloads))]
    others = scene.bills(["B-1"], "beta")
    zhifu.wait_until(lambda: not post.front.waiting(), "the attacks")
    scene.decided(others.values())
    scene.decided(ids)
    searches = {name + " list": forger.whole(change, SOAP) for name, (change, _) in changes.items()}
    post.front.attacks("SearchTransactions", searches)
    zhifu.wait_until(lambda: not post.front.waiting(), "the attacks on searches")
    count = len(downloads) + len(searches)
    def put_aside():
        rows = scene.quarantined("dubai")
        assert len(rows) == count, (len(rows), [row["why"] for row in rows])
        return rows
    rows = zhifu.wait_until(put_aside, "%d to be put aside" % count)
    whys = " ".join(row["why"] for row in rows)
    for name, (_, told) in changes.items():
        # Of the same cause: in the envelope, in the file, in the list.
        same = sum(1 for _, other in changes.values() if other == told)
        assert whys.count(told) >= 3 * same, (name, whys)
    assert all(row["kind"] == 4 and row["claim_id"] is None for row in rows), rows
    # One file's fault is not the others': none lost its exchange under way.
    assert scene.database.value("SELECT count(*) FROM zhifu.message WHERE status = 14") == 0
    scene.told(rows[:2] + rows[-2:])
    scene.decided([post.submit("N-99", [("99213", 777, 0)])])
    assert post.counts()["taken_twice"] == 0
    scene.end()


def test_a_gigabyte(scene, post):
    """The daemon stops listening at its limit. A claim so answered is in doubt, is asked about, and was taken once."""
    def gigabytes(kind):
        return {"known": forger.gigabyte(kind), "chunked": forger.gigabyte(kind, length=False),
                "zipped": forger.gzipped(kind)}
    for operation in ("UploadTransaction", "DownloadTransactionFile", "SearchTransactions"):
        post.front.attacks(operation, {"%s %s" % (operation, name): attack for name, attack in gigabytes(SOAP).items()})
    scene.alpha.front.attacks("POST $submit", {"submit " + name: attack for name, attack in gigabytes(JSON).items()})
    scene.alpha.front.attacks("GET ClaimResponse", {"question": forger.gigabyte(JSON)})
    ids = [post.submit("N-%d" % n, [("99213", 10000 + n, 0)]) for n in range(4)]
    mine = scene.bills(["A-%d" % n for n in range(1, 5)], "alpha")
    others = {**scene.bills(["B-%d" % n for n in range(1, 5)], "beta"), **scene.bills(["O-1"], "beta", "other")}
    zhifu.wait_until(lambda: not post.front.waiting() and not scene.alpha.front.waiting(), "the attacks")
    scene.decided(others.values())
    scene.decided(list(mine.values()) + ids, 120)
    zhifu.wait_until(lambda: len(post.front.sent) == 9 and len(scene.alpha.front.sent) == 4, "the attacks to end")
    sent = {**post.front.sent, **scene.alpha.front.sent}
    assert max(sent.values()) < 128 << 20, sent
    rows = scene.quarantined("dubai") + scene.quarantined("alpha")
    assert sum(row["why"] == "the answer is over its limit" for row in rows) >= 8, rows
    scene.told(rows)
    for insurer in (post, scene.alpha, scene.beta):
        assert insurer.counts()["taken_twice"] == 0
    scene.end()


def test_answers_in_json(scene, post):
    """The other format, in its own form and in XML, to claims, to questions and instead of remittances: what cannot be read
    goes to a person, and the decision is asked for. Another hospital's claims go on, at this insurer too."""
    front = scene.alpha.front
    changes = {**forger.json_attacks(), **forger.xml_for_json(scene.lure)}
    operations = ("POST $submit", "GET ClaimResponse", "GET PaymentReconciliation")
    for operation in operations:
        front.attacks(operation, {"%s %s" % (operation, name): forger.whole(change, XML if name.startswith("xml") else JSON)
                                  for name, (change, _) in changes.items()})
    # A refusal is one, whatever hides in its report.
    reports = {"report zipped": forger.gzipped(JSON, 422), **{
        "report " + name: forger.whole(changes[name][0], XML, 422) for name in ("xml bomb", "xml external")}}
    front.attacks("POST $submit", reports)
    mine = scene.bills(["A-%d" % n for n in range(1, len(changes) + len(reports) + 2)], "alpha")
    others = {**scene.bills(["B-1"], "beta"), **scene.bills(["O-1"], "beta", "other")}
    scene.decided(others.values())
    scene.decided(mine.values(), refused=len(reports))
    scene.decided(scene.bills(["O-2"], "alpha", "other").values())
    count = len(operations) * len(changes) + len(reports)
    zhifu.wait_until(lambda: len(scene.quarantined("alpha")) == count, "%d to be put aside" % count)
    assert not front.waiting()
    rows = scene.quarantined("alpha")
    for name, (_, told) in changes.items():
        assert sum(told in row["why"] for row in rows) >= len(operations), (name, rows)
    # Nobody's claims are in an answer about the money that was paid.
    assert sum(row["claim_id"] is None for row in rows) == len(changes)
    assert all(row["claim_id"] in mine.values() for row in rows if row["claim_id"] is not None)
    scene.told(rows)
    # Looked at every ten seconds.
    zhifu.wait_until(lambda: scene.daemon.metrics().get(GAUGE) == len(rows), "the gauge to say %d" % len(rows))
    assert scene.alpha.counts()["taken_twice"] == 0
    scene.end()
