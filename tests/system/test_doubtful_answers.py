"""An insurer whose answers cannot be taken at their word: its amounts do not add up. A person finds it, with what to do."""

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


def test_amounts_that_do_not_add_up(scene):
    """A decision that pays a cent more than its own reductions leave: booked as it came, and listed with its arithmetic in both
    languages until somebody has settled it."""
    place = scene({"faults": ({"kind": "amount", "scope": "submit", "ordinals": ["2"]},)})
    sound, wrong = (traffic.Sender(place.daemon, [number]).finish()[number] for number in ("W-1", "W-2"))
    for claim_id in (sound, wrong):
        until(place, claim_id, transport=8)
        zhifu.wait_until(lambda: place.database.value(
            "SELECT books FROM zhifu.claim_state WHERE claim_id = %s", (claim_id,)) == 2, "the decision to be posted")

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
