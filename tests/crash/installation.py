"""One whole installation for the crash driver: PostgreSQL on a disk that can be filled, behind a proxy that cuts; three
insurers behind proxies and names that can die (one can be asked, one recognises repeats, one neither); a fourth whose
module crashes; hospitals that submit all the time; a clock that can be stepped. What a machine does not allow is left out, and said."""

import collections
import contextlib
import ctypes
import http.client
import json
import os
import pathlib
import random
import subprocess
import threading
import time

import invariants
import place as place_module
import points
import proxies
import story
import traffic
import zhifu

LEASE_S = 5
DEADLINE_MS = 3000
DISK_MB = 700
FAKETIME = pathlib.Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
PAUSE_S = 0.2  # between a hospital's claims on one connection: the faults are the load


class Hospital:
    """Sends bills on some connections for ever, each until it has its 2xx. ids is the client's log."""

    def __init__(self, place, client, port, insurers, first, pause_s=PAUSE_S):
        self.place, self.client, self.port, self.insurers = place, client, port, insurers
        self.ids = {}
        self.insurer_of = {}
        self.answers = collections.Counter()
        self.broken = 0
        self.faults = []
        self.pause_s = pause_s
        self.lock = threading.Lock()
        self.next = first
        self.going = threading.Event()
        self.stopped = threading.Event()
        self.open = {}  # number: what was said last, of those that have no 2xx yet
        for _ in range(2):
            threading.Thread(target=self._work, daemon=True).start()

    def _connect(self):
        return zhifu.Client(self.port, self.place.pki.client_context(self.client), timeout_s=15)

    def _work(self):
        client = self._connect()
        while not self.stopped.is_set():
            if not self.going.wait(0.2):
                continue
            with self.lock:
                if not self.going.is_set():
                    continue
                self.next += 1
                number = "%s-%d" % (self.client, self.next)
                self.open[number] = "nothing"
            try:
                self.send(client, number, self.insurers[self.next % len(self.insurers)])
            except AssertionError as fault:
                self.faults.append(str(fault))
            with self.lock:
                del self.open[number]
            self.stopped.wait(self.pause_s)

    def send(self, client, number, insurer):
        """Until it has its 2xx, or something else than "come again" is said."""
        while not self.stopped.is_set():
            try:
                answer = client.post("/fhir/Claim", traffic.bill(number, insurer),
                                     headers=dict(traffic.FHIR, **{"Idempotency-Key": number}))
            except (OSError, http.client.HTTPException) as fault:
                client.close()
                self.broken += 1
                self._said(number, repr(fault))
                self.stopped.wait(0.1)
                continue
            self.answers[answer.status] += 1
            self._said(number, repr(answer))
            if answer.status == 503:
                self.stopped.wait(0.1)
                continue
            assert answer.status in (200, 201), "claim %s was answered %r" % (number, answer)
            with self.lock:
                self.ids[number] = story.location_id(answer)
                self.insurer_of[number] = insurer
            return

    def _said(self, number, what):
        with self.lock:
            if number in self.open:
                self.open[number] = "%s: %s" % (time.strftime("%H:%M:%S"), what[:300])

    def one(self, number, insurer):
        self.send(self._connect(), number, insurer)

    def quiet(self, timeout_s):
        """Sends nothing new; what is under way gets its answer first."""
        self.going.clear()

        def answered():
            with self.lock:
                assert not self.open, "said last: %s" % self.open
            return True
        zhifu.wait_until(answered, "intake to take what hospital %s is sending" % self.client, timeout_s)


class Payer(traffic.Insurer):
    """A sandbox insurer that the daemon reaches through a Cutter, by a name of its own."""

    def __init__(self, inst, name, conf, host):
        self.inst = inst
        super().__init__(inst.place, inst.keep, name, {"tls_certificate": str(inst.folder / "insurers.pem"),
                                                       "tls_key": str(inst.folder / "insurers.key")})
        self.proxy = inst.keep(proxies.Cutter(self.port))
        self.recognises = conf.get("idempotent", False)
        pki = inst.place.pki
        story.insurer(inst.place, name, self.proxy.port, dict(conf, endpoints=({
            "name": "fhir", "url": "https://%s:%d/fhir" % (host, self.proxy.port), "ca_file": pki.pem("ca"),
            "certificate": pki.pem("client"), "private_key": pki.key("client"), "deadline_ms": DEADLINE_MS},)))

    def script(self, faults=()):
        """Gives the insurer these faults instead of those that it had."""
        text = self.payer.script.read_text()
        if faults:
            text += zhifu.config_text({"faults": tuple(faults)})
        conn = http.client.HTTPConnection("127.0.0.1", self.control, timeout=30)
        with contextlib.closing(conn):
            conn.request("POST", "/_sandbox/script", body=text.encode())
            answer = conn.getresponse()
            said = answer.read()
            assert answer.status < 300, said


class Installation:
    """folder: where everything lies. left_out: what this machine does not allow, as text."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.things = []
        self.left_out = []
        self.violations = []
        self.root = os.getuid() == 0
        self.disk_limited = False
        self.unwatched = threading.Event()
        self.hospitals = []

    def build(self):
        """Makes all of it; close() also ends what was made of it before a failure."""
        self._disk()
        self.cluster = self.keep(zhifu.Cluster(self.disk / "pg", settings=[
            "max_wal_size=96MB", "min_wal_size=32MB", "wal_keep_size=0", "checkpoint_timeout=30s"]))
        self.pki = zhifu.Pki(self.folder / "pki")
        self.database = self.cluster.database("zhifu_crash")
        self.place = place_module.Place(self.folder, self.database, self.pki)
        self.wedge = self.keep(proxies.Wedge(self.cluster.port))
        self._names()
        self._certificate()
        self._configure()
        self.points = points.Points(self.folder)
        self.daemon = self._daemon()
        self.daemon.migrate()
        self.place.database_through(self.wedge.port)
        self.daemon.write_config(**self.place.settings)
        self.front = self.keep(proxies.Cutter(self.place.port))
        self.hospitals = [Hospital(self.place, client, self.front.port, ["alpha", "beta", "alpha", "delta"], 0) for client in self.clients]
        self.lifecycle = invariants.lifecycle_of(self.daemon)
        self.looks = 0
        threading.Thread(target=self._watch, daemon=True).start()

    def keep(self, thing):
        self.things.append(thing)
        return thing

    # --- what a machine may not allow ---

    def _disk(self):
        self.disk = self.folder / "disk"
        self.disk.mkdir()
        if self.root:
            done = zhifu.run(["mount", "-t", "tmpfs", "-o", "size=%dm,mode=755" % DISK_MB, "tmpfs", self.disk], check=False)
            self.disk_limited = done.returncode == 0
        if not self.disk_limited:
            self.left_out.append("disk_full: a small file system cannot be mounted (only root may)")

    def _names(self):
        """A resolv.conf of the daemon's own, in a mount namespace."""
        self.names = None
        self.resolv = self.folder / "resolv.conf"
        address = "127.%d.%d.53" % (os.getpid() // 250 % 250 + 1, os.getpid() % 250)
        self.resolv.write_text("nameserver %s\n" % address)
        if self.root and subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode == 0:
            with contextlib.suppress(OSError):
                self.names = self.keep(proxies.NameServer(address))
        if self.names is None:
            self.left_out.append("names_dead: no name server of our own (only root may bind port 53 and unshare mounts)")

    def host_of(self, name):
        return name + ".insurer.test" if self.names else "localhost"

    def _certificate(self):
        base, ext = self.folder / "insurers", self.folder / "insurers.ext"
        ext.write_text("extendedKeyUsage = serverAuth\nsubjectAltName = DNS:localhost, DNS:alpha.insurer.test, "
                       "DNS:beta.insurer.test, DNS:delta.insurer.test\n")
        zhifu.run(["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                   "%s.key" % base, "-subj", "/O=Zhifu test/CN=insurers", "-out", "%s.csr" % base])
        zhifu.run(["openssl", "x509", "-req", "-in", "%s.csr" % base, "-CA", self.pki.pem("ca"), "-CAkey",
                   self.pki.key("ca"), "-days", "825", "-extfile", ext, "-out", "%s.pem" % base])

    def _daemon(self):
        self.clock = None
        daemon = self.place.daemon
        daemon.env.update(self.points.env)
        if self.names:
            daemon.argv = ["unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc/resolv.conf && exec "$@"',
                           str(self.resolv)] + daemon.argv
        if FAKETIME.exists():
            self.clock = self.folder / "clock"
            self.clock.write_text("+0\n")
            self.clock_env = {
                "LD_PRELOAD": str(FAKETIME), "FAKETIME_TIMESTAMP_FILE": str(self.clock), "FAKETIME_NO_CACHE": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_RESET": "1",
                "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}
        else:
            self.left_out.append("clock_step: libfaketime is not installed")
        return daemon

    # --- configuration ---

    def _configure(self):
        self.clients = ["client", self.pki.more("client", "client2")]
        for number, client in enumerate(self.clients):
            self.place.hospital("hospital%d" % number, {
                "id": "019ab2c4-5a00-7000-8000-0000000000a%d" % (number + 1), "code": "HZ%d" % (number + 1),
                "name": "Test Hospital %d" % number, "zone": "Asia/Shanghai", "book_currency": "CNY",
                "clients": ({"id": "his%d" % number, "certificates": [self.pki.fingerprint(client)]},)})
        modules = self.folder / "adapters"
        modules.mkdir()
        for module in [*(zhifu.BUILD / "adapters").glob("*.so"), zhifu.BUILD / "crash" / "probe.so"]:
            (modules / module.name).symlink_to(module)
        self.place.settings.update({
            "adapters_dir": str(modules), "lease_s": LEASE_S, "workers_dispatch": 2, "workers_translate": 2,
            "translate_cpu_s": 2, "outbound_deadline_ms": DEADLINE_MS, "log_level": "info"})
        self.insurers = [Payer(self, "alpha", {}, self.host_of("alpha")),
                         Payer(self, "beta", {"idempotent": True, "keys": {"status": "none"}}, self.host_of("beta")),
                         Payer(self, "delta", {"keys": {"status": "none"}}, self.host_of("delta"))]
        path = self.place.folder / "insurers.d" / "gamma.conf"
        path.write_text(zhifu.config_text({
            "name": "Gamma", "module": "probe", "names": ["gamma"], "allowed_fields": ["*"],
            "payer_identifiers": ({"system": "https://payers.example/id", "value": "GAMMA"},),
            "endpoints": ({"name": "submit", "url": "https://localhost:1/", "ca_file": self.pki.pem("ca"),
                           "deadline_ms": 1000},)}))

    # --- going ---

    def start(self, clock):
        """Starts the daemon, under a clock that can be stepped or the machine's own."""
        for name in getattr(self, "clock_env", {}):
            self.daemon.env.pop(name, None)
        if "ASAN_OPTIONS" in os.environ:
            self.daemon.env["ASAN_OPTIONS"] = os.environ["ASAN_OPTIONS"]
        self.clock_on = clock and self.clock is not None
        if self.clock_on:
            self.clock.write_text("+0\n")
            self.daemon.env.update(self.clock_env)
        self.daemon.start(60)
        if not self.looks_permitted():
            self._permit()

    def looks_permitted(self):
        return getattr(self, "permitted", False)

    def _permit(self):
        for client in self.clients:
            with self.daemon.client(client) as conn:
                answer = conn.post("/fhir/Consent", story.body_of(story.consent(
                    traffic.PATIENT, recipients=("ALPHA", "BETA", "GAMMA", "DELTA"))), headers=traffic.FHIR)
                assert answer.status == 201, answer
        self.permitted = True

    def go(self):
        for hospital in self.hospitals:
            hospital.going.set()

    def role_pids(self, role=None):
        """Processes of a role as they call themselves; of all roles: {pid: role}."""
        found = {}
        for pid in self.daemon.children():
            with contextlib.suppress(OSError):
                title = pathlib.Path("/proc/%d/comm" % pid).read_text().strip()
                for name in ("intake", "translate", "dispatch", "settle"):
                    if title == ("zhifud:" + name)[:15]:
                        found[pid] = name
        return found if role is None else [pid for pid, name in found.items() if name == role]

    def heal(self):
        """Ends every fault that may still be there."""
        for name in self.points.names:
            self.points.disarm(name)
        for pid in self.role_pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 18)
        self.wedge.disarm()
        self.wedge.carry_on()
        self.front.spare()
        for insurer in self.insurers:
            insurer.proxy.spare()
            insurer.proxy.carry_on()
            insurer.script()
        if self.names:
            self.names.dead = False
        if self.clock_on:
            self.clock.write_text("+0\n")
        (self.disk / "ballast").unlink(missing_ok=True)
        self.database_up()

    def database_up(self):
        def up():
            try:
                return self.database.value("SELECT 1") == 1
            except Exception:
                with contextlib.suppress(AssertionError):
                    self.cluster.start()
                return False
        zhifu.wait_until(up, "PostgreSQL to be back", 60, 0.2)

    # --- looking ---

    def _watch(self):
        """The one thing that must hold at every moment: each claim has a next step."""
        while True:
            try:
                invariants.assert_next_steps(self.database)
                self.looks += 1
            except AssertionError as fault:
                self.violations.append("while faults went on: %s" % fault)
                return
            except Exception:  # the database is away: that is the point
                pass
            if self.unwatched.wait(0.5):
                return

    def acknowledged(self):
        return {number: claim for hospital in self.hospitals for number, claim in list(hospital.ids.items())}

    def open_claims(self):
        """What is not decided yet and not with a person, by its states. A person decides on what crashes a module, and on
        what may have arrived at delta, who can neither be asked nor recognises repeats."""
        rows = self.database.sql("""SELECT insurer, transport, acknowledgement, adjudication, books
            FROM zhifu.claim_state s WHERE NOT (adjudication IN (3, 4, 5) AND books >= 2)
            AND NOT (insurer = 'gamma' AND transport = 4) AND NOT (insurer = 'delta' AND transport = 7
                AND EXISTS (SELECT 1 FROM zhifu.exchange x WHERE x.claim_id = s.claim_id AND x.status = 4))""")
        return collections.Counter(tuple(row.values()) for row in rows)

    def settle_down(self, timeout_s):
        def done():
            left = self.open_claims()
            assert not left, "still open (insurer, transport, acknowledgement, adjudication, books): %s" % dict(left)
            return True
        zhifu.wait_until(done, "every claim to be decided", timeout_s, 0.3)

    def check(self):
        """All that must hold when everything has been decided. Returns (losses, doubles); violations grow."""
        acknowledged = self.acknowledged()
        losses = invariants.lost_of(self.database, acknowledged.values())
        doubles = 0
        if len(set(acknowledged.values())) != len(acknowledged):
            self.violations.append("two claims of the client's log are one claim")
        distinct = 0
        for insurer in self.insurers:
            counts = insurer.counts()
            twice = invariants.twice_at(counts, insurer.recognises)
            if twice:
                self.violations.append("insurer %s: %s" % (insurer.name, json.dumps(counts)))
            doubles += twice
            distinct += counts["distinct"]
        stored = self.database.value("SELECT count(*) FROM zhifu.claim_state WHERE insurer <> 'gamma'")
        doubt = self.database.value("SELECT count(*) FROM zhifu.claim_state WHERE transport = 7")
        if not stored - doubt <= distinct <= stored:
            self.violations.append("%d claims are here, %d of them in doubt, the insurers have %d" % (
                stored, doubt, distinct))
        billed = self.database.value("SELECT count(*) FROM zhifu.posting WHERE rule = 'bill'")
        if billed != stored - doubt:
            self.violations.append("%d claims, %d of them in doubt, %d billed" % (stored, doubt, billed))
        done = self.daemon.ctl("ledger", "balance", check=False)
        if done.returncode != 0:
            self.violations.append("the ledger does not balance: %s%s" % (done.stdout, done.stderr))
        for check, args in ((invariants.assert_next_steps, (self.database,)),
                            (invariants.assert_events_are_paths, (self.database, self.lifecycle))):
            try:
                check(*args)
            except AssertionError as fault:
                self.violations.append(str(fault))
        for hospital in self.hospitals:
            self.violations += hospital.faults
            hospital.faults = []
        late = sum(value for name, value in self.daemon.metrics().items() if name.startswith("zhifu_dispatch_late_total"))
        if late:
            self.violations.append("%d messages left after their lease (a pause in the known window)" % late)
        return losses, doubles

    def close(self):
        self.unwatched.set()
        for hospital in self.hospitals:
            hospital.stopped.set()
            hospital.going.clear()
        with contextlib.suppress(Exception):
            self.daemon.kill()
        for thing in reversed(self.things):
            with contextlib.suppress(Exception):
                (getattr(thing, "destroy", None) or getattr(thing, "kill", None) or thing.close)()
        if self.disk_limited:
            zhifu.run(["umount", "-l", self.disk], check=False)
