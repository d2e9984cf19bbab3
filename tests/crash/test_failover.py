"""The database fails over under load: the primary's machine dies ten times and is cut off five times. No claim that got
its 2xx is lost, none is sent twice, and what intake was away for is told."""

import time

import pytest

import invariants
import patroni
import place as place_module
import story
import traffic
import zhifu

pytestmark = pytest.mark.slow
KILLS, CUTS = 10, 5


class Stream(traffic.Sender):
    """A hospital that never runs out of bills, some dozens a second, and notes when each was taken."""

    def __init__(self, daemon, **options):
        self.taken_at = []
        super().__init__(daemon, ["F-%d" % i for i in range(100_000)], **options)

    def _send(self, client, number):
        super()._send(client, number)
        self.taken_at.append(time.monotonic())
        time.sleep(0.05)  # the hospital's pace

    def end(self):
        """No new bill; those under way get their 2xx."""
        with self.lock:
            self.waiting.clear()
        return self.finish()

    def longest_gap(self, since):
        """The longest time without a 2xx after that moment."""
        times = [since] + sorted(t for t in self.taken_at if t >= since)
        return max((b - a for a, b in zip(times, times[1:])), default=time.monotonic() - since)


@pytest.fixture
def cluster():
    reason = patroni.why_not()
    if reason:
        pytest.skip(reason)
    made = patroni.Cluster()
    yield made
    made.destroy()


@pytest.fixture
def up(programs, folder, cluster, pki, keep):
    place = place_module.Place(folder, cluster.database("zhifu"), pki)
    keep(place.daemon)
    story.hospital(place)
    place.insurers = [traffic.Insurer(place, keep)]
    place.settings["lease_s"] = 5
    place.daemon.migrate()
    place.daemon.start()
    traffic.permit(place.daemon)
    return place


@pytest.mark.timeout(3600)
def test_fifteen_failovers_lose_nothing(up, cluster):
    # Nothing is committed while there is no synchronous standby.
    stream = Stream(up.daemon, connections=3, patience_s=2 * patroni.STANDBY_S)
    away = {"killed": [], "cut off": []}
    for fault, times, kind in ((patroni.kill_primary, KILLS, "killed"), (patroni.cut_primary, CUTS, "cut off")):
        for _ in range(times):
            before, since = stream.count(), time.monotonic()
            zhifu.wait_until(lambda n=before: stream.count() >= n + 20, "claims before the fault", 120)
            since = time.monotonic()
            fault(cluster)
            cluster.wait_synchronous()
            after = stream.count()
            zhifu.wait_until(lambda n=after: stream.count() >= n + 20, "claims after the fault", 120)
            away[kind].append(stream.longest_gap(since))
    ids = stream.end()
    up.daemon.wait_ready()
    traffic.wait_adjudicated(up, len(ids), 300)
    invariants.assert_all_is_well(up, up.insurers, ids)
    for kind, gaps in away.items():
        print("primary %s %d times: intake was away for %s s" % (kind, len(gaps), " ".join("%.1f" % g for g in gaps)))
    print("%d claims, %d repeated by the hospital, none lost, none twice" % (len(ids), stream.repeated))
