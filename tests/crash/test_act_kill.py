"""An act of the finance office is done as a whole or not at all, and once: intake is killed at its worst moments while the
house's program acts under /v1, and zhifuctl while a person does; both ask again."""

import datetime
import http.client
import os
import random
import signal
import uuid

import pytest

import finance
import points
import story
import test_v1
import test_v1_keys
import v1
import zhifu
from finance import Finance
from test_points import mark
from test_v1_office import office  # noqa: F401

SENT = "db.sent"  # a transaction has left: it is done or not
DAILY = 3         # acts of the day; --all takes every one
KILLS_MAX = 4     # what dies again and again is started later and later

# What acts leave behind, but for what matching and the clock move by themselves.
WORLD = """SELECT {counts}, (SELECT sum(open_minor) FROM zhifu.suspense) AS waits, (SELECT sum(open_minor) FROM zhifu.match_item) AS items,
    (SELECT sum(open_minor) FROM zhifu.receivable) AS owed, (SELECT sum(amount_minor) FROM zhifu.posting) AS moved,
    (SELECT count(*) FROM zhifu.bank_order WHERE cleared_line IS NOT NULL) AS cleared""".format(counts=", ".join(
        "(SELECT count(*) FROM zhifu.%s) AS %s" % (table, table) for table in (
            "posting", "api_request", "operator_act", "allocation", "write_off", "bank_order", "order_clearing", "currency_sale",
            "acquirer_settlement", "patient_payment", "patient_bill", "concession", "demand", "dispute_step", "coordination_payment", "period",
            "revaluation", "provision", "suspense", "match_item", "rate", "bank_confirmation")))


@pytest.fixture
def pointed(place):
    place.points = points.Points(place.folder)
    place.daemon.env.update(place.points.env)
    return place.points


def world(office):  # noqa: F811
    return office.database.sql(WORLD)[0]


def at_rest(office):  # noqa: F811
    """Nothing that was done is still being told to others: values, matching, receivables."""
    office.looked()
    zhifu.wait_until(lambda: office.database.value("SELECT count(*) FROM zhifu.receivable_wait") == 0, "receivables")


def intake_pid(daemon):
    started = [entry["pid"] for entry in daemon.log_lines()
               if entry.get("role") == "intake" and str(entry.get("message", "")).startswith("started, worker")]
    return next(pid for pid in reversed(started) if pid in daemon.children())


class Killer:
    """Sends acts under /v1 to an intake that dies of each."""

    def __init__(self, office):  # noqa: F811
        self.office, self.points, self.kills = office, office.place.points, 0
        self.desk = office.desk()

    def sent(self, path, body, key):
        answer = self.desk.call("POST", path, body, headers={"Idempotency-Key": key})
        # While the pool has no connection yet.
        assert answer.status in (200, 201) or answer.status == 503, answer
        return answer if answer.status != 503 else None

    def dies(self, name, path, body):
        """Killed once at the point, and asked again with the same key: exactly one effect. Returns the answer."""
        if self.kills >= KILLS_MAX:
            self.office.daemon.stop()
            self.office.daemon.start()
            self.desk.close()
            self.kills = 0
        self.kills += 1
        at_rest(self.office)
        before, key, fired = world(self.office), str(uuid.uuid4()), self.points.fired(name)[0]
        self.points.arm(name, pid=intake_pid(self.office.daemon) if name == SENT else 0)
        with pytest.raises((OSError, http.client.HTTPException)):
            self.sent(path, body, key)
        assert self.points.fired(name)[0] == fired + 1
        if name == "act.before_commit":
            assert world(self.office) == before, path
        elif name == "act.after_commit":
            assert world(self.office)["api_request"] == before["api_request"] + 1, path
        self.office.holds()
        done = zhifu.wait_until(lambda: self.sent(path, body, key), "intake to be back")
        at_rest(self.office)
        after = world(self.office)
        assert after["api_request"] == before["api_request"] + 1 and after != before, path
        again = self.sent(path, body, key)
        assert again is not None and again.status == 200 and world(self.office) == after, (path, again)
        self.office.holds()
        return done.json()


def few(cases):
    """Those of the day, in their order; all of them with --all."""
    rng = random.Random(os.environ.get("ZHIFU_CRASH_SEED") or datetime.date.today().toordinal())
    chosen = cases if os.environ.get("ZHIFU_TEST_ALL") == "1" else rng.sample(sorted(cases), DAILY)
    return [name for name in cases if name in chosen]


@pytest.mark.parametrize("name", mark([*points.ACT_POINTS, SENT], 1))
def test_a_program_acts_and_intake_is_killed(pointed, office, name):  # noqa: F811
    killer = Killer(office)
    cases = test_v1_keys.bodies(office, killer.desk)
    paths = {operation["operationId"]: path for path, operation in test_v1_keys.acts(killer.desk.document)}
    for act in few(cases):
        subject, body, _ = cases[act]
        killer.dies(name, paths[act].replace("{id}", str(subject)), body)


@pytest.mark.parametrize("name", mark([*points.ACT_POINTS, SENT], 1))
def test_acts_are_taken_back_and_intake_is_killed(pointed, office, name):  # noqa: F811
    """What bodies() has for doing, here for undoing, and what patients pay."""
    killer = Killer(office)
    cases, desk = test_v1_keys.bodies(office, killer.desk), killer.desk
    made = {act: desk.call("POST", path, cases[act][1]).json()["id"] for act, path in (
        ("currency_sale", "/v1/currency-sales"), ("acquirer_settle", "/v1/acquirer-settlements"), ("bank_order_make", "/v1/bank-orders"))}
    claim, _, _ = cases["write_off"]
    desk.post("/v1/receivables/%s/write-off" % claim, cases["write_off"][1], 200)
    cash = {"stay": "ZY-K2", "kind": "deposit", "method": "card", "acquirer": "unionpay", "amount": v1.money("20.00"), "reference": "K3"}
    paid = desk.post("/v1/patient-payments", cash)["id"]
    why = {"why": "it was none"}
    acts = {
        "sale": ("/v1/currency-sales/%s/undo" % made["currency_sale"], why),
        "acquirer": ("/v1/acquirer-settlements/%s/undo" % made["acquirer_settle"], why),
        "cancel": ("/v1/bank-orders/%s/cancel" % made["bank_order_make"], why),
        "write_off": ("/v1/write-offs/%s/undo" % desk.items("/v1/write-offs")[-1]["id"], why),
        "allocation": ("/v1/allocations/%s/undo" % desk.items("/v1/allocations?claim=" + cases["take_back_accept"][0])[0]["id"], why),
        "deposit": ("/v1/patient-payments", {**cash, "amount": v1.money("11.00"), "reference": "K4"}),
        "refund": ("/v1/patient-payments/%s/refund" % paid, {"amount": v1.money("7.00"), "reference": "K3R", "why": "too much"}),
        "hold": ("/v1/suspense/%s/hold" % cases["match_note"][0], {"held": "compliance", "why": "papers"}),
    }
    for act in few(acts):
        killer.dies(name, *acts[act])


@pytest.mark.parametrize("name", mark(list(points.CLOSE_POINTS), 1))
def test_a_month_is_closed_and_intake_is_killed(pointed, office, name):  # noqa: F811
    killer = Killer(office)
    this = test_v1.today().replace(day=1)
    last = (this - datetime.timedelta(days=1)).replace(day=1) - datetime.timedelta(days=1)
    target = last.replace(day=5)
    for when, price in ((target, "7.1000"), (last, "7.0900")):
        office.rate((when - finance.SHIFT).strftime("%m-%d"), "USD", price)
    office.statement("USD", (target - finance.SHIFT).strftime("%m-%d"), ("1000.00", "ALLIED HLTH LTD", "PAYMENT"))
    for account, balance in office.closing.items():
        office.ctl("money", "account", "confirm", account, "%d.00" % (balance // 100), "--day", last.isoformat(), "--why", "seen in e-banking")
    killer.dies(name, "/v1/periods", {"month": target.isoformat()})
    assert [(p["last_day"], p["who"]) for p in killer.desk.get("/v1/periods")["items"]] == [(last.isoformat(), "finance")]
    back, = office.daemon.ctl_json("ledger", "balance", "--to", last.isoformat(), "--account", "SUSP")["accounts"]
    assert back["book"] == {"amount": "-7090.00", "currency": "CNY"}


class Person:
    """Has zhifuctl do something, which dies; then again."""

    def __init__(self, office, name):  # noqa: F811
        self.office, self.points, self.name = office, office.place.points, name
        self.killed = 0

    def dies(self, *words):
        """Killed at the point each time that it comes by, which is also after it has read, until it is done: before that nothing is, and
        of what is asked again after it nothing comes."""
        at_rest(self.office)
        before, left, nth = world(self.office), None, 0
        while left in (None, before):
            nth += 1
            fired = self.points.fired(self.name)[0]
            self.points.arm(self.name, nth=nth)
            done = self.office.ctl("money", *words, check=False)
            self.points.disarm(self.name)
            killed = self.points.fired(self.name)[0] > fired
            assert done.returncode == (-signal.SIGKILL if killed else 0), (words, done)
            at_rest(self.office)
            left = world(self.office)
        # Orders are statements of their own: there is no COMMIT behind them.
        assert nth > 1 or killed or (words[0], self.name) == ("order", "ctl.after_commit"), done
        self.killed += nth - 1 + killed
        assert self.office.ctl("money", *words, check=False).returncode in (0, 1)
        at_rest(self.office)
        assert world(self.office) == left, words
        self.office.holds()


@pytest.mark.parametrize("name", mark(list(points.CTL_POINTS), 1))
def test_a_person_acts_and_zhifuctl_is_killed(place, pointed, name):
    office = Finance(place, write_off_roles=({"role": "head", "people": ["li"], "limit": "5000.00"},))  # noqa: F811
    person, why, day = Person(office, name), ("--why", "as told"), finance.day("11-12").isoformat()
    claim = office.claim(office.contract("alpha", "A"), "09-08", "100.00")
    office.rate("11-12", "USD", "7.1000")
    debit, waits, got = office.statement("CNY", "11-12", ("-300.00", "BANK", "ORDER", "11-12", "TRF"), ("300.00", "SOMEBODY", "ZZ"),
                                         ("70.50", "BANK", "USD SOLD"))
    _, sold = office.statement("USD", "11-12", ("100.00", "SOMEBODY", "U"), ("-10.00", "BANK", "USD SOLD", "11-12", "TRF"))
    row = lambda query: office.database.value(query)
    person.dies("sale", sold, got, *why)
    person.dies("sale", "undo", row("SELECT sale_id FROM zhifu.currency_sale"), *why)
    person.dies("order", "make", waits, "300.00", "--day", day, *why)
    order = row("SELECT order_id FROM zhifu.bank_order")
    person.dies("order", "clear", order, debit)
    person.dies("order", "unclear", order, *why)
    person.dies("order", "cancel", order, *why)
    person.dies("writeoff", claim.ref, *why)
    person.dies("writeoff", "undo", row("SELECT write_off_id FROM zhifu.write_off"), *why)
    office.ctl("money", "patient", "quote", "500.00", "--stay", "ZY-1", *why)
    person.dies("patient", "deposit", "30.00", "--stay", "ZY-1", "--by", "card", "--acquirer", "unionpay", "--reference", "C1")
    person.dies("patient", "refund", row("SELECT payment_id FROM zhifu.patient_payment"), "7.00", "--reference", "C2", *why)
    card, = office.statement("CNY", "11-12", ("22.50", "UNIONPAY", "CARDS"))
    person.dies("acquirer", "settle", "unionpay", card, "--fee", "0.50")
    person.dies("acquirer", "undo", row("SELECT settlement_id FROM zhifu.acquirer_settlement"), *why)
    assert person.killed >= 9 and office.database.value("SELECT count(*) FROM zhifu.patient_payment") == 2
