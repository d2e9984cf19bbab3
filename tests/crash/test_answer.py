"""The insurer dies at every byte of its answer: each time the claim is in doubt, is asked about, and found there once."""

import datetime
import http.client
import os
import random

import pytest

import invariants
import traffic
import zhifu

# What ended without a known end because the insurer's answer was cut, by what the daemon says of it. A busy machine also lets
# an answer that was whole come too late: it is in doubt as well, and says nothing about where the answers end.
DEATHS_SQL = """SELECT coalesce(error, '') AS error, count(*) FROM zhifu.attempt WHERE outcome = 4
    AND coalesce(error, '') NOT ILIKE '%%timed out%%' GROUP BY 1"""
AT_ONCE = 20  # deaths a script; every other submission is answered well, or the breaker would rest the route


def load(insurer, cuts):
    """The insurer's script anew, with a death at each of these bytes."""
    text = insurer.payer.script.read_text() + zhifu.config_text({"faults": tuple(
        {"kind": "reset", "scope": "submit", "ordinals": [str(2 * n + 1)], "bytes": count}
        for n, count in enumerate(cuts))})
    conn = http.client.HTTPConnection("127.0.0.1", insurer.control, timeout=30)
    conn.request("POST", "/_sandbox/script", body=text.encode())
    answer = conn.getresponse()
    assert answer.status < 300, answer.read()
    conn.close()


def die_at(place, keep, cuts):
    """Claims whose answers end at these bytes, until the answer is over before. Returns how many were begun, and how many
    died by what the daemon says of it."""
    insurer = traffic.start(place, keep).insurers[0]
    ids, begun, deaths = {}, 0, {}
    while begun < len(cuts):
        some = cuts[begun:begun + AT_ONCE]
        load(insurer, some)
        numbers = ["D-%d" % n for n in range(2 * begun, 2 * (begun + len(some)))]
        ids.update(traffic.Sender(place.daemon, numbers).finish())
        begun += len(some)
        traffic.wait_adjudicated(place, 2 * begun)
        before, deaths = deaths, {row["error"]: row["count"] for row in place.database.sql(DEATHS_SQL)}
        if deaths == before:
            break
    invariants.assert_all_is_well(place, [insurer], ids)
    counts = insurer.counts()
    assert counts["duplicates"] == 0, counts
    return begun, deaths


def test_it_dies_at_some_bytes(place, keep):
    rng = random.Random(os.environ.get("ZHIFU_CRASH_SEED") or datetime.date.today().toordinal())
    begun, deaths = die_at(place, keep, [0, 1, *rng.sample(range(2, 1200), AT_ONCE - 2)])
    assert sum(deaths.values()) == begun == AT_ONCE, deaths


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_it_dies_at_every_byte(place, keep):
    begun, deaths = die_at(place, keep, range(100000))
    died = sum(deaths.values())
    print("%d bytes, %d deaths within an answer: %s" % (begun, died, deaths))
    # The last turn met whole answers alone, the one before some of them; all others died, each at its byte.
    assert died > 500 and begun - died < 2 * AT_ONCE, deaths
