#!/usr/bin/python3
"""The part of conf/quickstart after the build: database, keys, configuration, daemon and insurers; then the sample claims,
and what became of them as a person would want to read it."""

import argparse
import base64
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import sys
import time

AXES = ("transport", "acknowledgement", "adjudication", "payment", "books")
INSURERS = ("alpha", "beta", "gamma")
READY_S = 30
SETTLED_S = 75


class Fail(Exception):
    """One clear line for the person who started it."""


def say(started, text):
    print("[%3ds] %s" % (time.monotonic() - started, text), flush=True)


def run(argv, **options):
    done = subprocess.run([str(a) for a in argv], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          stdin=subprocess.DEVNULL, check=False, **options)
    if done.returncode != 0:
        last = done.stdout.strip().splitlines()[-1:] or ["no output"]
        raise Fail("%s failed: %s" % (pathlib.Path(str(argv[0])).name, last[0]))
    return done.stdout


def taken(port):
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


class Place:
    """Everything quickstart keeps in its folder."""

    def __init__(self, args):
        self.root = pathlib.Path(args.root)
        self.dir = pathlib.Path(args.dir)
        self.build = pathlib.Path(args.build)
        self.port = args.port
        self.config = self.dir / "zhifud.conf"
        self.children = []
        self.expected = self.read_expected()

    def read_expected(self):
        rows = {}
        for line in (self.root / "conf/samples/expected.tsv").read_text().splitlines():
            if line.startswith("#") or not line.strip():
                continue
            cells = line.split("\t")
            if cells[0] == "file":
                continue
            rows[cells[0]] = {"http": int(cells[1]), "axes": dict(zip(AXES, cells[2:7])), "shows": cells[7]}
        return rows

    # --- what must be there before anything starts ---

    def check_ports(self):
        for port in range(self.port, self.port + 5):
            if taken(port):
                raise Fail("port %d is taken; choose another with --port" % port)

    def database(self, fresh):
        cluster = self.root / "conf/cluster"
        folder = self.dir / "cluster"
        if fresh and folder.exists():
            run([cluster, "destroy", folder])
        run([cluster, "create", folder])
        return run([cluster, "conninfo", folder]).strip()

    def keys(self):
        path = self.dir / "keys"
        if not path.exists():
            # The keys of everything in the database: lose them and it cannot be read any more.
            text = "".join("%s = ( { version = 1; key = \"%s\"; } );\n" % (
                kind, base64.b64encode(os.urandom(32)).decode()) for kind in ("master", "lookup"))
            path.touch(mode=0o600)
            path.write_text(text)
        run([self.root / "conf/pki", self.dir / "pki"])
        run([self.root / "conf/pki", self.dir / "pki", "peer", "peer"])
        for key in (self.dir / "pki").glob("*.key"):
            key.chmod(0o600)

    def fingerprint(self):
        pem = (self.dir / "pki/client.pem").read_text()
        der = ssl.PEM_cert_to_DER_cert(pem[pem.index("-----BEGIN"):])
        import hashlib
        return hashlib.sha256(der).hexdigest()

    def configure(self, conninfo):
        settings = {
            "listen": '["127.0.0.1:%d"]' % self.port,
            "metrics_listen": '["127.0.0.1:%d"]' % (self.port + 1),
            "base_url": '"https://localhost:%d"' % self.port,
            "tls_certificate": '"%s"' % (self.dir / "pki/server.pem"),
            "tls_key": '"%s"' % (self.dir / "pki/server.key"),
            "tls_client_ca": '"%s"' % (self.dir / "pki/ca.pem"),
            "key_file": '"%s"' % (self.dir / "keys"),
            "hospitals_dir": '"%s"' % (self.dir / "hospitals.d"),
            "insurers_dir": '"%s"' % (self.dir / "insurers.d"),
            "adapters_dir": '"%s"' % (self.build / "adapters"),
            "rules_dir": '"%s"' % (self.root / "conf/rules"),
            "poll_ms": "100",
            "database_ctl": '["%s"]' % conninfo,
        }
        for role in ("intake", "translate", "dispatch", "settle"):
            settings["database_" + role] = '["%s"]' % re.sub(r"user=\S+", "user=zhifu_" + role, conninfo)
        self.config.touch(mode=0o600)
        self.config.write_text("## Written by conf/quickstart; conf/zhifud.conf explains every option.\n" + "".join(
            "%s = %s;\n" % pair for pair in settings.items()))
        for folder in ("hospitals.d", "insurers.d"):
            (self.dir / folder).mkdir(exist_ok=True)
        hospital = (self.root / "conf/hospitals.d/hangzhou.conf").read_text()
        (self.dir / "hospitals.d/hangzhou.conf").write_text(hospital.replace("0" * 64, self.fingerprint()))
        for index, name in enumerate(INSURERS):
            text = (self.root / "conf/insurers.d" / (name + ".conf")).read_text()
            (self.dir / "insurers.d" / (name + ".conf")).write_text(
                text.replace("localhost:%d" % (9081 + index), "localhost:%d" % (self.port + 2 + index)))
            text = (self.root / "conf/samples/payers" / (name + ".conf")).read_text()
            text = text.replace("127.0.0.1:%d" % (9081 + index), "127.0.0.1:%d" % (self.port + 2 + index))
            (self.dir / ("payer-%s.conf" % name)).write_text(text.replace('"pki/', '"%s/pki/' % self.dir))

    # --- processes ---

    def spawn(self, name, argv):
        log = open(self.dir / (name + ".log"), "w", encoding="utf-8")
        child = subprocess.Popen([str(a) for a in argv], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                 cwd=self.dir, start_new_session=True)
        self.children.append((name, child))
        return child

    def start(self):
        for name in INSURERS:
            self.spawn("payer-" + name, [self.build / "zhifu-payer", "--script", self.dir / ("payer-%s.conf" % name),
                                         "--record", self.dir / ("payer-%s.record" % name)])
        self.spawn("zhifud", [self.build / "zhifud", "--config", self.config])
        end = time.monotonic() + READY_S
        while time.monotonic() < end:
            for name, child in self.children:
                if child.poll() is not None:
                    raise Fail("%s ended: see %s" % (name, self.dir / (name + ".log")))
            if self.ready():
                return
            time.sleep(0.1)
        raise Fail("zhifud did not get ready in %d s: see %s" % (READY_S, self.dir / "zhifud.log"))

    def ready(self):
        conn = http.client.HTTPConnection("127.0.0.1", self.port + 1, timeout=5)
        try:
            conn.request("GET", "/readyz")
            return conn.getresponse().status == 200
        except OSError:
            return False
        finally:
            conn.close()

    def stop(self):
        for _name, child in reversed(self.children):
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
        for name, child in reversed(self.children):
            try:
                child.wait(timeout=40)
            except subprocess.TimeoutExpired:
                print("quickstart: %s did not stop, killing it" % name, file=sys.stderr)
                child.kill()
                child.wait()
        self.children = []
        subprocess.run([str(self.root / "conf/cluster"), "stop", str(self.dir / "cluster")], check=False,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    # --- the hospital's side ---

    def client(self):
        context = ssl.create_default_context(cafile=str(self.dir / "pki/ca.pem"))
        context.load_cert_chain(str(self.dir / "pki/client.pem"), str(self.dir / "pki/client.key"))
        return http.client.HTTPSConnection("localhost", self.port, context=context, timeout=60)

    def submit(self, conn, name):
        body = (self.root / "conf/samples" / (name + ".json")).read_bytes()
        conn.request("POST", "/fhir/Claim/$submit", body, {"Content-Type": "application/fhir+json"})
        answer = conn.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else {}

    def ctl(self, *args):
        return run([self.build / "zhifuctl", "--config", self.config, *args])


def find_ref(resource):
    """Our ref in a ClaimResponse: the identifier of the request."""
    match = re.search(r"\b[0-9A-Z]{16}\b", json.dumps(resource))
    return match.group(0) if match else None


def faults_of(outcome):
    return [(issue.get("expression", ["-"])[0], issue.get("details", {}).get("text", issue.get("diagnostics", "")))
            for issue in outcome.get("issue", []) if issue.get("severity") in ("error", "fatal")]


def claim_state(place, ref):
    return json.loads(place.ctl("claim", "show", ref, "--json"))


def axes_of(claim):
    """{'transport': 'sent', ...} of zhifuctl claim show --json."""
    return {axis["axis"]: axis["state"] for axis in claim["axes"]}


def wait_settled(place, refs, started):
    """Until every claim stands where it should, or for SETTLED_S."""
    end = time.monotonic() + SETTLED_S
    open_refs = dict(refs)
    while open_refs and time.monotonic() < end:
        for name, ref in list(open_refs.items()):
            if axes_of(claim_state(place, ref)) == place.expected[name]["axes"]:
                del open_refs[name]
        time.sleep(0.3)
    if open_refs:
        say(started, "not where they should be: %s" % ", ".join(sorted(open_refs)))
    return not open_refs


def figures(rows):
    """[{"what": "insurer_pays", "amount": {...}}] as text, without what is nothing."""
    return "   ".join("%s %s %s" % (row["what"].replace("_", " "), row["amount"]["amount"], row["amount"]["currency"])
                      for row in rows if float(row["amount"]["amount"]) != 0)


def report(place, refs, refused):
    print()
    print("What became of the claims")
    print()
    good = True
    for name, row in place.expected.items():
        print("%s  %s" % (name, row["shows"]))
        if name in refused:
            print("    refused with HTTP %d, every fault at once:" % refused[name][0])
            for path, text in faults_of(refused[name][1]):
                print("      %-44s %s" % (path, text))
            good = good and refused[name][0] == row["http"]
            print()
            continue
        claim = claim_state(place, refs[name])
        axes = axes_of(claim)
        print("    ref %s   insurer %s" % (refs[name], claim.get("insurer") or "-"))
        print("    " + "   ".join("%s: %s" % (axis, axes[axis]) for axis in AXES))
        print("    charged %s %s   %s" % (claim["charged"]["amount"], claim["charged"]["currency"],
                                          figures(claim.get("decision", [])[1:])))
        if claim.get("books"):
            print("    books: %s" % figures(claim["books"]))
        if claim.get("duplicate_of"):
            print("    same as %s" % claim["duplicate_of"])
        for action in claim.get("next", [])[:1]:
            print("    next, %s: %s" % (action["owner"].replace("-", " "), action["action"]))
        if axes != row["axes"]:
            good = False
            print("    EXPECTED  " + "   ".join("%s: %s" % (axis, row["axes"][axis]) for axis in AXES))
        print()
    return good


def where_next(place):
    ctl = "%s --config %s" % (place.build / "zhifuctl", place.config)
    print("Where to look next")
    print("  %s claim list" % ctl)
    print("  %s claim show REF          one claim on its five axes, and who acts next" % ctl)
    print("  %s queue list              what waits, and why" % ctl)
    print("  %s ledger balance          the books" % ctl)
    print("  curl --cacert %s/pki/ca.pem --cert %s/pki/client.pem --key %s/pki/client.key \\" % ((place.dir,) * 3))
    print("       https://localhost:%d/fhir/metadata" % place.port)
    print("  curl http://127.0.0.1:%d/metrics" % (place.port + 1))
    print("  logs: %s/*.log" % place.dir)


def tour(place, args, started):
    place.check_ports()
    say(started, "database")
    conninfo = place.database(args.fresh)
    place.keys()
    place.configure(conninfo)
    place.ctl("migrate")
    say(started, "starting zhifud and three insurers")
    place.start()
    say(started, "submitting %d claims" % len(place.expected))
    conn = place.client()
    refs, refused = {}, {}
    good = True
    for name, row in place.expected.items():
        status, answer = place.submit(conn, name)
        if status != row["http"]:
            good = False
            say(started, "%s: HTTP %d, expected %d" % (name, status, row["http"]))
        if status >= 400:
            refused[name] = (status, answer)
        else:
            refs[name] = find_ref(answer)
    say(started, "waiting for the insurers")
    good = wait_settled(place, refs, started) and good
    good = report(place, refs, refused) and good
    print(place.ctl("ledger", "balance").rstrip())
    print()
    where_next(place)
    print()
    say(started, "all claims ended where they should" if good else "NOT all claims ended where they should")
    return good


def main():
    parser = argparse.ArgumentParser(prog="quickstart")
    for name in ("--root", "--dir", "--build"):
        parser.add_argument(name, required=True)
    parser.add_argument("--started", type=float, default=0)
    parser.add_argument("--port", type=int, default=8443)
    parser.add_argument("--once", action="store_true")
    parser.add_argument("--fresh", action="store_true")
    args = parser.parse_args()
    started = time.monotonic() - args.started
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    place = Place(args)
    status = 1
    try:
        good = tour(place, args, started)
        status = 0 if good else 1
        if not args.once:
            print("It stays up until Ctrl-C.", flush=True)
            while True:
                for name, child in place.children:
                    if child.poll() is not None:
                        raise Fail("%s ended: see %s" % (name, place.dir / (name + ".log")))
                time.sleep(1)
    except Fail as fail:
        print("quickstart: %s" % fail, file=sys.stderr)
    except OSError as err:
        print("quickstart: %s" % err, file=sys.stderr)
    except KeyboardInterrupt:
        print()
    finally:
        place.stop()
    return status


if __name__ == "__main__":
    sys.exit(main())
