"""What the benchmarks run in: one private PostgreSQL with fsync on, the databases in it, installations of the daemon over
them, and the C programs that make load. Everything is in one folder and on 127.0.0.1."""

import base64
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
os.environ.setdefault("ZHIFU_BUILD", str(ROOT / "build-release"))
sys.path.insert(0, str(ROOT / "tests" / "system"))

import place  # noqa: E402 the path is set above
import story  # noqa: E402
import zhifu  # noqa: E402

HERE = ROOT / "tests" / "bench"
HOSPITALS = 200
PERSONS = 2000
TURN = 100  # requests of a connection before it comes back as the next hospital
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def tool(name, *args, timeout_s=600):
    """Runs a benchmark program; returns what its last line of output says."""
    out = zhifu.run([zhifu.BUILD / ("bench_" + name), *args], timeout_s=timeout_s)
    if out.stderr:
        sys.stderr.write("# bench_%s: %s\n" % (name, out.stderr.strip()[:2000]))
    return json.loads(out.stdout.strip().split("\n")[-1])


def hospital_id(i):
    return "019ab000-0000-7000-8000-%012x" % i


def fhir_insurer(home):
    story.insurer(home, "alpha", home.payer_port, {"window_max": 64, "idempotent": True})


# The post office and the insurer behind it. An advice is of a hundred claims: insurers pay by the week or month, and one
# may bring thousands. What does not fill one up comes a tenth of a second after the first of it.
POST_OFFICE = {"format": "eclaimlink", "base_path": "/soap", "license": "TPA9", "login": "bench", "password": "bench",
               "pay_currency": "CNY", "pay_every": 100, "pay_after_ms": 100}


def eclaimlink_insurer(home):
    """The same insurer behind a post office. It is polled every second, as often as can be configured: a real one is
    asked every minute to half hour, which makes an answer later and no claim dearer."""
    secrets = {}
    for name in ("login", "password"):
        path = home.folder / name
        path.write_text(POST_OFFICE[name])
        path.chmod(0o600)
        secrets[name] = str(path)
    home.insurer("alpha", {
        "name": "Alpha", "module": "eclaimlink", "names": ["alpha"], "allowed_fields": ["*"],
        "payer_identifiers": ({"system": "https://payers.example/id", "value": "ALPHA"},),
        "endpoints": ({"name": "eclaimlink", "url": "https://localhost:%d/soap" % home.payer_port,
                       "ca_file": home.pki.pem("ca"), "certificate": home.pki.pem("client"),
                       "private_key": home.pki.key("client"), "deadline_ms": 20000},),
        "window_max": 64, "poll_interval_s": 1, "secrets": secrets,
        "keys": {"sender_id": "MF1", "receiver_id": POST_OFFICE["license"], "payer_id": "INS1", "disposition": "TEST",
                 "currency": "CNY", "emirates_id_default": "999-9999-9999999-9", "clinician_default": "DHA-P-1"},
        "maps": ({"name": "activity-type", "entries": (("https://hospital.example/tariff", "8"),)},)})


class World:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.cluster = zhifu.Cluster(self.folder / "cluster", fast=False)
        self.pki = zhifu.Pki(self.folder / "pki")
        self.counter = 0
        self.persons = PERSONS
        self.running = []
        clients = self.folder / "clients"
        clients.mkdir()
        self.prints = zhifu.run([zhifu.BUILD / "bench_certs", self.pki.folder, clients, HOSPITALS]).stdout.split()
        files = [str(clients / ("client-%d.pem" % i)) for i in range(HOSPITALS)]
        (self.folder / "one").write_text(files[0] + "\n")
        (self.folder / "many").write_text("\n".join(files) + "\n")
        self.raw = self.cluster.database("raw64")
        self.script(self.raw, "raw64.sql")

    def close(self):
        for process in reversed(self.running):
            process.kill()
        with contextlib.suppress(OSError):
            shutil.copy(self.cluster.folder / "data" / "server.log", self.folder)
        self.cluster.destroy()

    @staticmethod
    def script(database, name):
        database.sql((HERE / name).read_text())

    def installation(self, name, program="zhifud", settings=None, database=None, insurer=None, hospitals=HOSPITALS,
                     more=None):
        """A migrated database and the daemon over it, not started. Hospital 0 also signs tokens. insurer: configures
        the one to which the claims go, default fhir_insurer. more: what hospitals' files have besides."""
        folder = self.folder / name
        folder.mkdir()
        home = place.Place(folder, database or self.cluster.database(name), self.pki)
        # As an operator would run it on two cores: there, one intake process that commits 64 connections together stores a
        # fifth more than two that commit 32 each. Limits are lifted only where the load needs it.
        home.settings.update({"log_level": "info", "workers_intake": 1, "workers_translate": 2, "poll_ms": 250,
                              "connections_per_address_max": 4096})
        home.settings.update(settings or {})
        jwks = folder / "jwks.json"
        jwks.write_text(json.dumps({"keys": [public_jwk(self.pki)]}))
        for i in range(hospitals):
            client = {"id": "his-%d" % i, "certificates": [self.prints[i]]}
            if i == 0:
                client["jwks_file"] = str(jwks)
            home.hospital("h%03d" % i, {
                "id": hospital_id(i), "name": "Bench Hospital %d" % i, "clients": (client,),
                "code": "B" + ALPHABET[i // 36] + ALPHABET[i % 36], **(more or {})})
        home.payer_port = zhifu.free_port()
        (insurer or fhir_insurer)(home)
        home.daemon.argv[0] = str(zhifu.BUILD / program)
        if database is None:
            home.daemon.migrate()
        return home

    def start(self, home, *args):
        home.daemon.argv[3:] = args
        self.running.append(home.daemon)
        home.daemon.start()
        return home

    def payer(self, home, settings=None):
        control = zhifu.free_port()
        script = story.payer_script(home, "alpha", home.payer_port, control,
                                    {"plan_currency": "CNY", **(settings or {})})
        payer = home.payer("alpha", script, home.payer_port, ["--no-record"])
        payer.control = control
        self.running.append(payer)
        return payer.start()

    @staticmethod
    def intake_process(home):
        """The only intake process: the supervisor's other child, the monitor, has no connection to PostgreSQL; intake
        opens several sockets."""
        def sockets(pid):
            return sum(1 for fd in pathlib.Path("/proc/%d/fd" % pid).iterdir() if "socket:" in str(fd.readlink()))
        return next(p for p in home.daemon.children()
                    if "zhifud" in pathlib.Path("/proc/%d/comm" % p).read_text() and sockets(p) > 3)

    def next_counter(self, most):
        """Where a run's claims begin, so that none is sent twice; most: how many it can send."""
        first, self.counter = self.counter, self.counter + most
        return first

    def load(self, home, who="one", **options):
        """Runs bench_load against an installation; every answer must be good."""
        words = ["--port", home.port, "--persons", PERSONS, "--start", self.next_counter(10_000_000)]
        if "plain" not in options:
            words += ["--ca", self.pki.pem("ca")]
        if "tokens" not in options:
            words += ["--clients", self.folder / who, "--turn", TURN]
        for name, value in options.items():
            words += ["--" + name] if value is True else ["--" + name, value]
        result = tool("load", *words)
        if result["good"] != result["sent"] or result["broken"] or not result["good"]:
            raise AssertionError("not every claim was taken: %r" % result)
        return result

    def baseline(self, ms, batch=64, flight=2):
        return tool("raw64", "--database", self.raw.conninfo(), "--milliseconds", ms, "--batch", batch, "--flight",
                    flight)

    def token_file(self, home):
        """A file with an access token of hospital 0, for connections without a certificate."""
        audience = home.settings["base_url"] + "/oauth2/token"
        now = int(time.time())
        assertion = sign_es256({"alg": "ES256", "typ": "JWT", "kid": "bench"}, {
            "iss": "his-0", "sub": "his-0", "aud": audience, "jti": os.urandom(12).hex(), "iat": now, "exp": now + 120},
            self.pki.key("client"))
        context = self.pki.client_context(None) if home.tls else None
        with zhifu.Client(home.port, context, host="localhost") as client:
            answer = client.post("/oauth2/token", "grant_type=client_credentials&client_assertion_type=urn%3Aietf%3A"
                                 "params%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=" + assertion,
                                 headers={"Content-Type": "application/x-www-form-urlencoded"})
        assert answer.status == 200, answer
        path = home.folder / "token"
        path.write_text(answer.json()["access_token"] + "\n")
        return path


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def public_jwk(pki):
    out = subprocess.run(["openssl", "pkey", "-in", pki.key("client"), "-pubout", "-outform", "DER"], check=True,
                         stdout=subprocess.PIPE).stdout
    point = out[-64:]  # the end of a P-256 SubjectPublicKeyInfo: x and y
    return {"kty": "EC", "crv": "P-256", "kid": "bench", "use": "sig", "alg": "ES256", "x": b64(point[:32]),
            "y": b64(point[32:])}


def sign_es256(head, claims, key_file):
    text = b64(json.dumps(head).encode()) + "." + b64(json.dumps(claims).encode())
    der = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key_file], input=text.encode(), check=True,
                         stdout=subprocess.PIPE).stdout
    # SEQUENCE { INTEGER r, INTEGER s }, both short: one byte of length each.
    numbers, at = b"", 2
    for _ in range(2):
        size = der[at + 1]
        numbers += der[at + 2:at + 2 + size].lstrip(b"\0").rjust(32, b"\0")
        at += 2 + size
    return text + "." + b64(numbers)
