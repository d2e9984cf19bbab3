"""What a crash may not do: lose a claim that got its 2xx, send one twice, leave one without a next step, or keep the next
daemon from starting. Every role is killed in turn while claims go through."""

import os
import signal
import time

import pytest

import invariants
import traffic
import zhifu

CLAIMS = 300


@pytest.fixture
def up(place, keep):
    """A daemon whose leases are short, so that what a dead process held is taken over soon."""
    place.settings["lease_s"] = 5
    return traffic.start(place, keep)


def role_pids(daemon, role):
    """The processes of one role, by the supervisor's children and the title in their log lines."""
    started = {entry["pid"]: entry["role"] for entry in daemon.log_lines()
               if str(entry.get("message", "")).startswith("started, worker") and "pid" in entry}
    return [pid for pid in daemon.children() if started.get(pid) == role]


def kill_role(daemon, role):
    """SIGKILL to every process of a role; returns how many."""
    pids = zhifu.wait_until(lambda: role_pids(daemon, role), "a %s process" % role)
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    return len(pids)


def test_every_role_dies_and_no_claim_with_it(up):
    daemon = up.daemon
    numbers = ["K-%d" % i for i in range(CLAIMS)]
    sender = traffic.Sender(daemon, numbers)
    roles = ["intake", "translate", "dispatch", "settle"]
    kills = 0
    for step in range(12):
        zhifu.wait_until(lambda: sender.count() >= min(CLAIMS, (step + 1) * CLAIMS // 14), "claims on their way", 120)
        daemon.mark_log()
        kills += kill_role(daemon, roles[step % 4])
        daemon.wait_log(r"process ended, it will be started again")
    ids = sender.finish()
    assert len(ids) == CLAIMS and kills >= 12
    daemon.wait_ready()
    traffic.wait_adjudicated(up, CLAIMS)
    received = invariants.assert_all_is_well(up, up.insurers, ids)
    print("killed %d, repeated %d, received %d" % (kills, sender.repeated, received))


def test_a_process_that_dies_again_waits_longer(up):
    """Back-off: the pauses between restarts grow."""
    daemon = up.daemon
    gone = []
    for _ in range(5):
        daemon.mark_log()
        began = time.monotonic()
        assert kill_role(daemon, "settle") == 1
        daemon.wait_log(r"process ended, it will be started again")
        daemon.wait_log(r'"role":"settle".*started, worker|started, worker.*"role":"settle"')
        gone.append(time.monotonic() - began)
    assert gone[-1] > gone[0] and gone[-1] >= 0.8, gone
    daemon.wait_ready()


def test_supervisor_dies_and_its_children_follow(up):
    daemon = up.daemon
    sender = traffic.Sender(daemon, ["S-%d" % i for i in range(60)])
    zhifu.wait_until(lambda: sender.count() >= 15, "claims on their way", 60)
    children = daemon.children()
    assert len(children) == 5
    os.kill(daemon.pid, signal.SIGKILL)
    daemon.wait()

    def gone():
        alive = [pid for pid in children if os.path.exists("/proc/%d" % pid) and
                 open("/proc/%d/stat" % pid).read().rsplit(")", 1)[1].split()[0] != "Z"]
        assert not alive, alive
        return True
    zhifu.wait_until(gone, "the children to end by themselves", 30)
    daemon.start()
    ids = sender.finish()
    traffic.wait_adjudicated(up, 60)
    invariants.assert_all_is_well(up, up.insurers, ids)


def test_postgresql_crashes_under_load(up):
    """The database server itself goes down as a machine does and recovers."""
    daemon = up.daemon
    sender = traffic.Sender(daemon, ["P-%d" % i for i in range(120)])
    for part in (30, 70):
        zhifu.wait_until(lambda: sender.count() >= part, "claims on their way", 60)
        up.database.cluster.kill()
        up.database.cluster.start()
    ids = sender.finish()
    daemon.wait_ready()
    traffic.wait_adjudicated(up, 120)
    invariants.assert_all_is_well(up, up.insurers, ids)
