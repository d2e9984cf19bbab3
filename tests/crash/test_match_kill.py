"""Money is matched as a whole or not at all: settle is killed at its worst moments while it posts, and goes on."""

import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))

import points  # noqa: E402
import zhifu  # noqa: E402
from finance import ALPHA, Finance  # noqa: E402

CLAIMS = 420  # more than one round
LEASE_S = 5


@pytest.fixture
def office(place, request):
    place.settings["lease_s"] = LEASE_S
    place.points = points.Points(place.folder)
    place.daemon.env.update(place.points.env)
    made = Finance(place)
    alpha = made.contract("alpha", "A")
    made.claims = [made.claim(alpha, "10-06", "%d.00" % (1000 + n)) for n in range(request.param)]
    return made


@pytest.mark.parametrize("office", [CLAIMS], indirect=True)
@pytest.mark.parametrize("name", list(points.MATCH_POINTS))
def test_killed_while_matching(office, name):
    office.place.points.arm(name, nth=2)
    office.statement("CNY", "10-30", *(("%d.00" % (1000 + n), ALPHA, "FOR " + claim.ref)
                                       for n, claim in enumerate(office.claims)))
    zhifu.wait_until(lambda: office.place.points.fired(name)[0] == 1, name)
    assert office.database.value("SELECT count(*) FROM zhifu.match_turn WHERE leased_until > now() + make_interval(secs => %s)", (LEASE_S,)) == 0
    # Whatever is there is whole: as many allocations as entries, receivables and lines that are gone.
    whole = office.database.sql("""SELECT (SELECT count(*) FROM zhifu.allocation) AS allocations,
        (SELECT count(DISTINCT entry_id) FROM zhifu.posting WHERE rule = 'match_paid') AS entries,
        (SELECT count(*) FROM zhifu.receivable WHERE open_minor = 0) AS paid,
        (SELECT %d - count(*) FROM zhifu.suspense) AS lines""" % CLAIMS)[0]
    assert len(set(whole.values())) == 1, whole
    office.looked()
    assert office.database.value("SELECT count(*) FROM zhifu.allocation") == CLAIMS
    assert office.database.value("SELECT count(*) FROM zhifu.receivable WHERE open_minor > 0") == 0
    assert office.database.value("SELECT count(*) FROM zhifu.suspense") == 0
    office.holds()


@pytest.mark.parametrize("office", [1], indirect=True)
def test_killed_while_a_person_decides(office):
    line, = office.statement("CNY", "10-30", ("999.00", "SOMEBODY", "HELLO"))
    office.looked()
    claim = office.claims[0]
    decide = [zhifu.BUILD / "zhifuctl", "--config", office.daemon.config, "--who", "li", "money", "match", "allocate", line,
              claim.ref + "=999.00", "--why", "a letter"]
    name, = points.DESK_POINTS
    office.place.points.arm(name)
    assert subprocess.run(decide, env=office.daemon.env, stderr=subprocess.DEVNULL, timeout=60).returncode == -9
    assert office.open(claim) == {"open_minor": 100000, "standing": 1}
    assert office.database.value("SELECT count(*) FROM zhifu.allocation") == 0
    assert subprocess.run(decide, env=office.daemon.env, stdout=subprocess.DEVNULL, timeout=60).returncode == 0
    assert office.open(claim) == {"open_minor": 100, "standing": 1}
    office.holds()
