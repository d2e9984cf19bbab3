"""An insurer whose answers cannot be taken at their word: it loses a claim that it had answered for, or its amounts do not
add up. Nothing is sent twice for it, and a person finds it, with what to do."""

import json

import pytest

import invariants
import story
import traffic
import zhifu


@pytest.fixture
def scene(place, keep):
    """scene(script): a daemon with one FHIR insurer that plays it."""
    def made(script):
        story.hospital(place)
        place.alpha = traffic.Insurer(place, keep, script=script)
        place.daemon.start()
        traffic.permit(place.daemon)
        return place
    return made


def ref_of(place, claim_id):
    return place.database.value("SELECT ref FROM zhifu.claim WHERE claim_id = %s", (claim_id,))


def until(place, claim_id, **wanted):
    def there():
        row = place.database.sql("SELECT transport, adjudication FROM zhifu.claim_state WHERE claim_id = %s", (claim_id,))[0]
        assert all(row[axis] == state for axis, state in wanted.items()), (row, wanted)
        return True
    zhifu.wait_until(there, "claim %s" % claim_id)


def end(place):
    assert place.alpha.counts()["taken_twice"] == 0
    assert place.daemon.ctl("ledger", "balance").returncode == 0
    invariants.assert_next_steps(place.database)
    invariants.assert_events_are_paths(place.database, invariants.lifecycle_of(place.daemon))


def test_a_claim_that_the_insurer_lost(scene):
    """It took the claim and said so; then its server forgets everything. The claim is in doubt again: a person and a clock
    have it, nothing leaves by itself, and said anew by a person it is decided. Its bill stands once."""
    place = scene({"pend_ms": 3600000})
    (claim_id,) = traffic.Sender(place.daemon, ["L-1"]).finish().values()
    until(place, claim_id, transport=8, adjudication=1)
    ref = ref_of(place, claim_id)
    place.alpha.payer.stop()
    place.alpha.payer.start()
    until(place, claim_id, transport=7)
    invariants.assert_next_steps(place.database)
    problems = {row["problem"]: row["count"] for row in json.loads(place.daemon.ctl("--json", "status").stdout)["problems"]}
    assert problems["claims that may or may not have arrived"] == 1, problems
    listed = place.daemon.ctl("claim", "list", "--state", "transport=unknown").stdout
    shown = place.daemon.ctl("claim", "show", ref).stdout
    assert ref in listed and "says now that it has not got it" in shown and "only if the insurer says" in shown, shown
    place.daemon.wait_log("does not know a claim that it had answered for")
    # The clock of the doubt asks, and the answer is the same.
    place.database.sql("UPDATE zhifu.outbox SET due_at = now() WHERE claim_id = %s AND kind = 5 RETURNING 1", (claim_id,))
    asked = "SELECT count(*) FROM zhifu.exchange WHERE claim_id = %s AND kind = 2 AND status = 2"
    zhifu.wait_until(lambda: place.database.value(asked, (claim_id,)) == 1, "the insurer to be asked again")
    until(place, claim_id, transport=7)
    assert place.alpha.counts()["received"] == 0
    place.daemon.ctl("claim", "resend", ref, "--who", "li", "--why", "they have lost it")
    until(place, claim_id, transport=8, adjudication=1)
    counts = place.alpha.counts()
    assert counts["received"] == counts["distinct"] == 1, counts
    assert place.database.value("SELECT count(*) FROM zhifu.posting WHERE rule = 'bill'") == 1
    end(place)


def test_a_person_says_that_it_arrived(scene):
    """The insurer ends in the middle of a claim, and while it is away a person records that it has it. Back again it denies
    that: the word stands, nothing leaves, and a person finds it and takes the word back."""
    place = scene({"faults": ({"kind": "hang", "scope": "submit", "ordinals": ["1"]},)})
    (claim_id,) = traffic.Sender(place.daemon, ["A-1"]).finish().values()
    zhifu.wait_until(lambda: place.alpha.counts()["received"] == 1, "the insurer to have it")
    place.alpha.payer.stop()
    until(place, claim_id, transport=7)
    ref = ref_of(place, claim_id)
    asked = "SELECT count(*) FROM zhifu.exchange WHERE claim_id = %s AND kind = 2"
    zhifu.wait_until(lambda: place.database.value(asked, (claim_id,)) == 1, "the question")
    place.daemon.ctl("claim", "arrived", ref, "--who", "li", "--why", "Ms. Chen has it")
    honest = story.payer_script(place, "alpha", place.alpha.port, place.alpha.control, None)
    place.alpha.payer.script.write_text(zhifu.config_text(honest))
    place.alpha.payer.start()
    denied = "SELECT count(*) FROM zhifu.claim_event WHERE claim_id = %s AND event = 'contradict'"
    zhifu.wait_until(lambda: place.database.value(denied, (claim_id,)) == 1, "the insurer to deny it")
    until(place, claim_id, transport=8)
    place.daemon.wait_log("does not know a claim that a person recorded as arrived")
    problems = {row["problem"]: row["count"] for row in json.loads(place.daemon.ctl("--json", "status").stdout)["problems"]}
    assert problems["answers that do not fit or do not add up"] == 1, problems
    assert "The person's word stands" in place.daemon.ctl("queue", "quarantine").stdout
    assert "claim missing if it is right" in place.daemon.ctl("claim", "show", ref).stdout
    assert place.alpha.counts()["received"] == 0
    place.daemon.ctl("claim", "missing", ref, "--who", "li", "--why", "Ms. Chen was wrong")
    until(place, claim_id, transport=7)
    invariants.assert_next_steps(place.database)
    place.daemon.ctl("claim", "resend", ref, "--who", "li", "--why", "they have not got it")
    zhifu.wait_until(lambda: place.database.value(
        "SELECT adjudication >= 3 FROM zhifu.claim_state WHERE claim_id = %s", (claim_id,)), "it to be decided")
    assert place.alpha.counts()["received"] == 1
    assert place.database.value("SELECT count(*) FROM zhifu.posting WHERE rule = 'bill'") == 1
    end(place)


def test_amounts_that_do_not_add_up(scene):
    """A decision that pays a cent more than its own reductions leave: booked as it came, and listed with its arithmetic in both
    languages until somebody has settled it."""
    place = scene({"faults": ({"kind": "amount", "scope": "submit", "ordinals": ["2"]},)})
    for number in ("W-1", "W-2"):  # one after the other: the second one that comes there is meant
        (wrong,) = traffic.Sender(place.daemon, [number]).finish().values()
        until(place, wrong, transport=8)
        zhifu.wait_until(lambda: place.database.value(
            "SELECT books FROM zhifu.claim_state WHERE claim_id = %s", (wrong,)) == 2, "the decision to be posted")

    def waits():
        return json.loads(place.daemon.ctl("--json", "queue", "quarantine").stdout)["quarantined"]
    (row,) = waits()
    assert (row["claim"], row["what"], row["insurer"]) == (ref_of(place, wrong), "decision", "alpha"), row
    # 10.02 USD and a co-insurance of a tenth.
    assert "are 9.03 + 1.00 = 10.03, where 10.02 was submitted: 0.01 USD too much" in row["why"], row
    assert "多出 0.01 USD" in row["why"], row
    for more in ((), ("--zh",)):
        shown = place.daemon.ctl("claim", "show", row["claim"], *more).stdout
        assert "9.03 + 1.00 = 10.03" in shown and "多出 0.01 USD" in shown, shown
    assert "do not add up" in place.daemon.ctl("status").stdout
    place.daemon.ctl("message", "drop", row["id"], "--who", "li", "--why", "they pay it and mean it")
    assert waits() == []
    assert "do not add up" not in place.daemon.ctl("status").stdout
    end(place)
