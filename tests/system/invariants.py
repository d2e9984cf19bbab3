"""What must hold whatever was killed, cut or restarted: no claim lost, none twice, none stuck, every life a path of the
life cycle, the ledger balanced. The one place where tests look for it."""

import json
import re

import judges
import story

# The states in which a claim goes on by itself, and what must be there for it. Roles, kinds and states are the numbers
# of daemon/model/work.h and lifecycle.h.
STUCK_SQL = """
WITH work AS (
    SELECT o.hospital_id, coalesce(o.claim_id, x.claim_id) AS claim_id, o.role, o.kind FROM zhifu.outbox o
    LEFT JOIN zhifu.exchange x USING (hospital_id, exchange_id)
    WHERE NOT o.held AND o.due_at < 'infinity' AND o.leased_until < 'infinity')
SELECT s.claim_id::text, s.transport, s.acknowledgement, s.adjudication, s.books FROM zhifu.claim_state s
WHERE CASE s.transport
    WHEN 1 THEN NOT EXISTS (SELECT 1 FROM work w WHERE w.claim_id = s.claim_id AND w.role = 1 AND w.kind = 1)
    WHEN 5 THEN NOT EXISTS (SELECT 1 FROM work w WHERE w.claim_id = s.claim_id AND w.role = 2)
    WHEN 6 THEN NOT EXISTS (SELECT 1 FROM zhifu.message m JOIN zhifu.attempt a USING (hospital_id, message_id)
        WHERE m.hospital_id = s.hospital_id AND m.claim_id = s.claim_id AND m.submission AND m.status = 2 AND a.outcome = 1)
    WHEN 7 THEN NOT EXISTS (SELECT 1 FROM work w WHERE w.claim_id = s.claim_id AND w.role = 1 AND w.kind IN (3, 5))
        AND NOT EXISTS (SELECT 1 FROM zhifu.exchange e WHERE e.claim_id = s.claim_id AND e.status = 4)
    WHEN 8 THEN (s.adjudication < 3 OR s.books < 2)
        AND NOT EXISTS (SELECT 1 FROM work w WHERE w.claim_id = s.claim_id)
        AND NOT EXISTS (SELECT 1 FROM zhifu.message m WHERE m.hospital_id = s.hospital_id AND m.claim_id = s.claim_id AND m.status = 2)
        AND s.acknowledgement <> 2
    ELSE false END"""


def assert_next_steps(database):
    """At any moment, whatever is under way: no claim stands still without work, a clock or a person."""
    stuck = database.sql(STUCK_SQL)
    assert not stuck, "%d claims without a next step: %s" % (len(stuck), stuck[:5])


def lifecycle_of(daemon):
    """The legal steps as zhifuctl tells them: triples (axis, from, to) in numbers, and (axis, event)."""
    codes = [int(word) for word in re.search(r"\{([^}]*)\}", daemon.ctl("lifecycle", "--sql").stdout).group(1).split(",")]
    steps = json.loads(daemon.ctl("lifecycle", "--json").stdout)["steps"]
    axes = list(dict.fromkeys(step["axis"] for step in steps))
    return ({(code // 256, code // 16 % 16, code % 16) for code in codes},
            {(axes.index(step["axis"]) + 1, step["event"]) for step in steps})


def assert_events_are_paths(database, lifecycle=None):
    """Each claim's events on each axis go from step to step without a gap, each of them legal, and end where the claim
    stands."""
    broken = database.sql("""
        SELECT claim_id, axis, seq FROM (
            SELECT claim_id, axis, seq, prev_seq, from_state,
                   lag(seq) OVER path AS before_seq, lag(to_state) OVER path AS before_state,
                   count(*) OVER (PARTITION BY hospital_id, claim_id, axis, seq) AS twins
            FROM zhifu.claim_event WINDOW path AS (PARTITION BY hospital_id, claim_id, axis ORDER BY seq)) step
        WHERE twins > 1 OR (before_seq IS NULL AND (seq <> 1 OR prev_seq IS NOT NULL OR from_state <> 0))
           OR (before_seq IS NOT NULL AND (seq <> before_seq + 1 OR prev_seq <> before_seq
                                           OR from_state <> before_state))""")
    assert not broken, broken[:5]
    elsewhere = database.sql("""
        SELECT claim_id, axis FROM (
            SELECT DISTINCT ON (hospital_id, claim_id, axis) hospital_id, claim_id, axis, to_state
            FROM zhifu.claim_event ORDER BY hospital_id, claim_id, axis, seq DESC) last
        JOIN zhifu.claim_state s USING (hospital_id, claim_id)
        WHERE to_state <> (ARRAY[s.transport, s.acknowledgement, s.adjudication, s.payment, s.books])[axis]""")
    assert not elsewhere, elsewhere[:5]
    if lifecycle is not None:
        steps, events = lifecycle
        for row in database.sql("SELECT DISTINCT axis, from_state, to_state, event FROM zhifu.claim_event"):
            assert (row["axis"], row["from_state"], row["to_state"]) in steps, row
            assert (row["axis"], row["event"]) in events, row


def lost_of(database, ids):
    """Of these claim ids, each of which had its 2xx, those that are not there."""
    stored = {row["id"] for row in database.sql("SELECT claim_id::text AS id FROM zhifu.claim")}
    return sorted(set(ids) - stored)


def twice_at(counts, recognises=False):
    """Submissions too many, by the insurer's own count. One who recognises repeats may be sent them, the same each time."""
    return counts["differed"] if recognises else counts["duplicates"]


def assert_all_is_well(place, insurers, numbers_to_ids):
    """When everything has been decided: nothing lost, nothing twice, nothing stuck, the ledger balanced, the events
    whole. Every claim of the database is one of these. Returns how many submissions the insurers received."""
    database = place.database
    stored = {row["id"] for row in database.sql("SELECT claim_id::text AS id FROM zhifu.claim")}
    assert set(numbers_to_ids.values()) == stored
    assert len(stored) == len(numbers_to_ids), "two submissions share a claim"
    received = distinct = 0
    for insurer in insurers:
        counts = insurer.counts()
        assert counts["taken_twice"] == 0, counts
        received += counts["received"]
        distinct += counts["distinct"]
    assert distinct == len(stored)
    billed = database.value("SELECT count(*) FROM zhifu.posting WHERE rule = 'bill'")
    assert billed == len(stored)
    assert place.daemon.ctl("ledger", "balance").returncode == 0
    if judges.have("hledger"):
        judges.hledger_judges(place.daemon, database, place.folder, story.HOSPITAL_ID)
    assert_next_steps(database)
    assert_events_are_paths(database, lifecycle_of(place.daemon))
    return received
