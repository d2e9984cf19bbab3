"""The kinds of faults that the crash driver injects. Each is a function of the installation and a generator of random
numbers that decides its details; it ends what it did, as far as that ends."""

import contextlib
import os
import signal
import time

import points
import zhifu
from installation import DISK_MB, LEASE_S

ROLES = ("intake", "translate", "dispatch", "settle")
COMMITS = ("intake_commit", "translate_begin", "translate_commit", "dispatch_begin", "dispatch_end", "settle_commit",
           "lease_work", "lease_defer", "dispatch_take", "dispatch_renew", "dispatch_sweep")
FAULTS = []
REACH_S = 4  # how long to wait until a point is reached


def fault(weight, hits, needs=None):
    """Puts a function into the list. hits: what it breaks; two faults may come together when they break different things.
    needs(installation): can it be done here?"""
    def put(function):
        function.hits = hits
        FAULTS.append((function.__name__, weight, function, needs or (lambda inst: True)))
        return function
    return put


def plan(rng, inst, count, only):
    """The faults of a round, by the seed alone: (name, function, seed of its details). only: names, empty for all."""
    names = [(name, function) for name, _, function, _ in FAULTS if not only or name in only]
    weights = [weight for name, weight, _, _ in FAULTS if not only or name in only]
    chosen = rng.choices(names, weights, k=count)
    possible = {name: needs for name, _, _, needs in FAULTS}
    return [(name, function, rng.getrandbits(32)) for name, function in chosen if possible[name](inst)]


def pause(seconds):
    time.sleep(seconds)


def hit(pid, number):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


# --- processes ---


def reached(inst, name, before):
    try:
        zhifu.wait_until(lambda: inst.points.fired(name)[0] > before, name, REACH_S)
        return True
    except zhifu.Timeout:
        inst.points.disarm(name)
        return False


@fault(30, "process")
def killed_at_point(inst, rng):
    name = rng.choice(list(points.POINTS))
    pids = inst.role_pids(rng.choice(ROLES)) if points.POINTS[name] == "any" else []
    before = inst.points.fired(name)[0]
    inst.points.arm(name, "kill", nth=rng.randint(1, 5), pid=rng.choice(pids) if pids else 0)
    return "%s%s" % (name, "" if reached(inst, name, before) else " (not reached)")


@fault(10, "process")
def killed_any_time(inst, rng):
    role = rng.choice(ROLES)
    pause(rng.uniform(0, 0.5))
    for pid in inst.role_pids(role):
        hit(pid, signal.SIGKILL)
    return role


@fault(2, "process")
def machine_crashed(inst, rng):
    inst.daemon.kill()
    pause(rng.uniform(0, 1))
    inst.start(inst.clock_on)


@fault(8, "process")
def paused_at_point(inst, rng):
    """A holder stands still past its lease, and goes on."""
    name = rng.choice([n for n, role in points.POINTS.items() if n != points.WINDOW and role in ("dispatch", "settle", "translate")])
    before = inst.points.fired(name)[0]
    inst.points.arm(name, "stop", nth=rng.randint(1, 3))
    if not reached(inst, name, before):
        return name + " (not reached)"
    pause(LEASE_S + rng.uniform(0.5, 3))
    hit(inst.points.fired(name)[1], signal.SIGCONT)
    return name


@fault(4, "process")
def paused_any_time(inst, rng):
    role = rng.choice(ROLES)
    pids = inst.role_pids(role)
    if not pids:
        return role
    pid = rng.choice(pids)
    # Not in the known window: a process that waits in its loop has no message between look and leaving.
    hit(pid, signal.SIGSTOP)
    pause(rng.uniform(0.2, LEASE_S + 2) if role != "dispatch" else rng.uniform(0.2, 2))
    hit(pid, signal.SIGCONT)
    return role


@fault(2, "process")
def reloaded(inst, rng):
    inst.daemon.signal(signal.SIGHUP)
    pause(rng.uniform(0, 1))


# --- the database ---


@fault(20, "database")
def commit_cut(inst, rng):
    statement, how = rng.choice(COMMITS), rng.choice(("after", "after", "before", "during"))
    before = inst.wedge.cuts
    inst.wedge.arm(statement, how)
    if statement in ("dispatch_take", "dispatch_sweep"):
        # There is something to take over only after a death, and after the dead one's lease.
        for pid in inst.role_pids("dispatch"):
            hit(pid, signal.SIGKILL)
    try:
        zhifu.wait_until(lambda: inst.wedge.cuts > before, statement, REACH_S + LEASE_S)
    except zhifu.Timeout:
        inst.wedge.disarm()
        return "%s %s (not reached)" % (how, statement)
    return "%s %s" % (how, statement)


@fault(3, "database")
def database_restarted(inst, rng):
    inst.cluster.stop()
    pause(rng.uniform(0, 1))
    inst.cluster.start()


@fault(4, "database")
def database_killed(inst, rng):
    inst.cluster.kill()
    pause(rng.uniform(0, 1))
    inst.cluster.start()


@fault(4, "database")
def sessions_ended(inst, rng):
    inst.database.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'zhifu\\_%%'"
                      + rng.choice(("", " AND random() < 0.5")), ())


@fault(3, "database")
def database_away(inst, rng):
    if rng.random() < 0.5:
        inst.wedge.refuse()
    else:
        inst.wedge.hold()
    pause(rng.uniform(0.5, 4))
    inst.wedge.cut()
    inst.wedge.carry_on()


@fault(3, "database", lambda inst: inst.disk_limited)
def disk_full(inst, rng):
    """Not a byte is left on the database's disk for a while."""
    ballast = inst.disk / "ballast"
    with open(ballast, "wb", buffering=0) as file, contextlib.suppress(OSError):
        block = b"\0" * 65536
        for _ in range(DISK_MB * 16):
            file.write(block)
    pause(rng.uniform(1, 4))
    ballast.unlink()
    inst.database_up()


# --- insurers and names ---


@fault(8, "insurer")
def insurer_dies_at_byte(inst, rng):
    """Its next answers end after so many bytes of plain text, most of them within the answer."""
    insurer = rng.choice(inst.insurers)
    insurer.script([{"kind": rng.choice(("reset", "truncated")), "scope": rng.choice(("submit", "submit", "all")),
                     "ordinals": [str(ordinal)], "bytes": rng.randint(0, 2500)} for ordinal in range(1, 13)])
    pause(rng.uniform(1, 3))
    insurer.script()
    return insurer.name


@fault(8, "insurer")
def insurer_cut(inst, rng):
    """The same beneath TLS: also handshakes end in the middle."""
    proxy = rng.choice(inst.insurers).proxy
    for _ in range(rng.randint(1, 5)):
        before = proxy.cuts
        proxy.cut_after(rng.randint(0, 6000))
        with contextlib.suppress(zhifu.Timeout):
            zhifu.wait_until(lambda: proxy.cuts > before, "a cut", 1)
    proxy.spare()


@fault(4, "insurer")
def insurer_away(inst, rng):
    proxy = rng.choice(inst.insurers).proxy
    if rng.random() < 0.5:
        proxy.refuse()
    else:
        proxy.hold()
    pause(rng.uniform(0.5, 5))
    proxy.carry_on()


@fault(3, "insurer", lambda inst: inst.names is not None)
def names_dead(inst, rng):
    inst.names.dead = True
    pause(rng.uniform(2, 6))
    inst.names.dead = False


@fault(4, "insurer")
def hospital_cut(inst, rng):
    """The hospital's own connection ends in the middle of what it is answered."""
    for _ in range(rng.randint(1, 6)):
        before = inst.front.cuts
        inst.front.cut_after(rng.randint(0, 3000))
        with contextlib.suppress(zhifu.Timeout):
            zhifu.wait_until(lambda: inst.front.cuts > before, "a cut", 1)
    inst.front.spare()


# --- modules, the clock ---


@fault(3, "module")
def module_crashes(inst, rng):
    return _module(inst, rng, "crash")


@fault(1, "module")
def module_loops(inst, rng):
    return _module(inst, rng, "loop")


def _module(inst, rng, what):
    number = "%s-%d" % (what, rng.getrandbits(24))
    inst.hospitals[0].one(number, "gamma")


@fault(4, "module", lambda inst: inst.clock is not None)
def clock_stepped(inst, rng):
    assert inst.clock_on, "the round was started under the machine's clock"
    step = rng.choice(("+1h", "-1h", "+90s", "-90s", "+1d", "-1d", "+40d"))
    inst.clock.write_text(step + "\n")
    pause(rng.uniform(0.5, 3))
    inst.clock.write_text(rng.choice(("+0", "-10s", "+10s")) + "\n")
    return step
