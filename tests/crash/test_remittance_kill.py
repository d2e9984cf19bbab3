"""A remittance advice is in the books as a whole or not at all: taking it in is killed at its worst moments, and repeated."""

import json
import subprocess

import pytest

import points
import story
import zhifu

TABLES = ["advice", "remittance", "remittance_detail", "fact", "posting"]


@pytest.fixture
def up(place):
    story.hospital(place)
    story.insurer(place, "alpha", 1)
    place.points = points.Points(place.folder)
    place.daemon.start()
    zhifu.wait_until(lambda: place.database.value("SELECT count(*) FROM zhifu.hospital_key WHERE hospital_id = %s",
                                                  (story.HOSPITAL_ID,)), "the hospital's key")
    place.daemon.env.update(place.points.env)
    place.file = place.folder / "advice.json"
    place.file.write_text(json.dumps({
        "remitter": "alpha", "identifier": "A-1", "amount": "99.50", "currency": "CNY",
        "claims": [{"claim": "unknown %d" % n, "carrier": "alpha", "paid": "10.00"} for n in range(10)],
        "other": [{"kind": "fee", "amount": "-0.50"}]}))
    return place


def stored(place):
    return {table: place.database.value("SELECT count(*) FROM zhifu." + table) for table in TABLES}


@pytest.mark.parametrize("name", list(points.REMITTANCE_POINTS))
def test_killed_while_it_is_taken_in(up, name):
    words = [zhifu.BUILD / "zhifuctl", "--config", up.daemon.config, "money", "remittance", "enter", up.file, "--why", "letter",
             "--who", "li"]

    def run():
        return subprocess.run(words, env=up.daemon.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120)

    up.points.arm(name)
    assert run().returncode == -9
    assert up.points.fired(name)[0] == 1
    durable = name == "remittance.after_commit"
    assert all(n > 0 if durable else n == 0 for n in stored(up).values()), stored(up)
    again = run()
    assert again.returncode == 0, again.stderr
    assert ("taken before" in again.stdout) == durable, again.stdout
    assert stored(up) == {"advice": 1, "remittance": 1, "remittance_detail": 11, "fact": 10, "posting": 1}
    assert up.daemon.ctl_json("ledger", "balance")["balanced"] is True
