"""Every named point once: a process is killed there, paused there past its lease, and no claim is lost or sent twice.
The ordinary run takes a few of them by the day; tests/run --all takes all."""

import datetime
import json
import os
import pathlib
import random
import re
import shlex
import signal
import subprocess

import pytest

import invariants
import points
import story
import traffic
import zhifu

CLAIMS = 12
LEASE_S = 5


def mark(names, daily):
    """All of them are slow but for `daily` that the day chooses."""
    rng = random.Random(os.environ.get("ZHIFU_CRASH_SEED") or datetime.date.today().toordinal())
    chosen = set(rng.sample(sorted(names), daily))
    return [name if name in chosen else pytest.param(name, marks=pytest.mark.slow) for name in names]


@pytest.fixture
def up(place, keep):
    """Two dispatch processes, one insurer that can be asked, short leases and deadlines."""
    story.hospital(place)
    place.points = points.Points(place.folder)
    place.settings.update({"lease_s": LEASE_S, "workers_dispatch": 2})
    insurer = traffic.Insurer(place, keep)
    story.insurer(place, "alpha", insurer.port, {"endpoints": ({
        "name": "fhir", "url": "https://localhost:%d/fhir" % insurer.port, "ca_file": place.pki.pem("ca"),
        "certificate": place.pki.pem("client"), "private_key": place.pki.key("client"), "deadline_ms": 3000},)})
    place.daemon.env.update(place.points.env)
    place.daemon.start()
    traffic.permit(place.daemon)
    place.insurers = [insurer]
    return place


def finish(place, sender, claims=CLAIMS):
    traffic.wait_adjudicated(place, claims)
    invariants.assert_all_is_well(place, place.insurers, sender.finish())
    counts = place.insurers[0].counts()
    assert counts["duplicates"] == 0, counts


def reach(place, name, action, **more):
    """Arms the point, sends claims, and waits until somebody has come by."""
    if name in ("dispatch.taken", "dispatch.swept"):
        # There is something to take over only after a death.
        place.points.arm("dispatch.sent", "kill")
    place.points.arm(name, action, **more)
    sender = traffic.Sender(place.daemon, ["%s-%d" % (name, i) for i in range(CLAIMS)])
    zhifu.wait_until(lambda: place.points.fired(name)[0], "a process to reach " + name, 60)
    return sender


def test_the_matrix_and_the_code_name_the_same_points():
    code = points.in_code()
    assert sorted(set(code)) == sorted(points.EVERY)


@pytest.mark.parametrize("name", mark(list(points.POINTS), 3))
def test_killed_at(up, name):
    finish(up, reach(up, name, "kill"))


@pytest.mark.parametrize("name", mark([n for n, role in points.POINTS.items() if role == "dispatch" and n != points.WINDOW], 1))
def test_paused_past_its_lease_at(up, name):
    """The owner stands still while the other process takes its route; then it goes on, and must not send."""
    sender = reach(up, name, "stop")
    outlive(up, name)
    finish(up, sender)


def outlive(place, name):
    """Lets whoever was paused at the point go on when another process has its route."""
    fence = "SELECT max(fence) FROM zhifu.route_lease"
    before = place.database.value(fence)
    zhifu.wait_until(lambda: place.database.value(fence) > before, "the other process to take the route", 30)
    os.kill(place.points.fired(name)[1], signal.SIGCONT)


def test_paused_between_head_and_body(up):
    """The head has left in time, and the body must not follow: the insurer has said meanwhile that it has nothing."""
    up.points.arm("dispatch.look", "stop", nth=2)
    sender = traffic.Sender(up.daemon, ["B-1"])
    zhifu.wait_until(lambda: up.points.fired("dispatch.look")[0], "a holder to be paused")
    outlive(up, "dispatch.look")
    finish(up, sender, 1)
    assert up.database.value("SELECT count(*) FROM zhifu.claim_event WHERE event = 'prove_absent'") == 1


def test_the_window_after_the_last_look_is_counted(up):
    """A holder that is paused between its last look and the bytes' leaving does send late: nobody can prevent that. It is
    counted and named. Without a pause the window is far below a millisecond."""
    sender = traffic.Sender(up.daemon, ["W-%d" % i for i in range(60)])
    sender.finish()
    traffic.wait_adjudicated(up, 60)

    def sent():
        samples = {name: value for name, value in up.daemon.metrics().items() if "zhifu_dispatch_" in name}
        all_of_them = sum(v for n, v in samples.items() if n.startswith("zhifu_dispatch_window_seconds_count"))
        below = sum(v for n, v in samples.items() if n.startswith("zhifu_dispatch_window_seconds_bucket") and 'le="0.001"' in n)
        assert all_of_them >= 60, samples
        return below, all_of_them, samples
    below, total, samples = zhifu.wait_until(sent, "the window to be measured")
    print("of %d messages %d left within a millisecond of the look; by bound: %s" % (total, below, {
        re.search(r'[{,]le="([^"]*)"', n).group(1): int(v) for n, v in samples.items() if "_bucket" in n and v}))
    # Sanitizers, and a machine with more to do than processors, which takes one away at any moment: most of them.
    assert below >= total * 0.5, samples
    up.points.arm("dispatch.window", "stop")
    sender = traffic.Sender(up.daemon, ["W-60"])
    zhifu.wait_until(lambda: up.points.fired("dispatch.window")[0], "a holder to be paused")
    outlive(up, "dispatch.window")
    up.daemon.wait_log("a message left after its lease")
    sender.finish()
    traffic.wait_adjudicated(up, 61)

    def late():
        return sum(v for n, v in up.daemon.metrics().items() if n.startswith("zhifu_dispatch_late_total")) == 1
    zhifu.wait_until(late, "it to be counted")


def test_a_release_has_no_points(folder):
    """No build type but Debug and the sanitizers knows them, and nothing of them is in a release's object."""
    zhifu.run(["cmake", "-S", zhifu.ROOT, "-B", folder / "release", "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
               "-DZHIFU_TESTS=OFF"])
    commands = json.loads((folder / "release" / "compile_commands.json").read_text())
    assert not [entry for entry in commands if "ZHIFU_POINTS" in entry["command"]]
    entry = next(e for e in commands if e["file"].endswith("/dispatch/sending.c"))
    built = subprocess.run(shlex.split(entry["command"]), cwd=entry["directory"], capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    made = next(pathlib.Path(folder / "release").rglob("sending.c.o")).read_bytes()
    assert b"point_pass" not in made and b"dispatch.answered" not in made
    assert b"point_pass" in next(zhifu.BUILD.rglob("zhifu_dispatch.dir/daemon/dispatch/sending.c.o")).read_bytes()
