#!/usr/bin/python3
"""The part of conf/quickstart after the build: database, keys, configuration, daemon and insurers; then the sample claims
and the bank's statements, and what became of them as a person would want to read it."""

import argparse
import base64
import datetime
import hashlib
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

import tour_money

AXES = ("transport", "acknowledgement", "adjudication", "payment", "books")
INSURERS = ("alpha", "beta", "gamma")
FIXED_BY = "urn:zhifu:fixed-by"
ACCOUNTS = (
    ("AR-PT", "what patients owe: deductible, co-insurance, what is not covered"),
    ("AR-NAME", "what that insurer owes the hospital, until its money is matched"),
    ("CLR-REM-NAME", "what that insurer announced to have paid, less its fees: an announcement is not cash"),
    ("REM-ANN-NAME", "the other side of CLR-REM; both clear when the bank line comes"),
    ("BANK-CURRENCY", "what lies on that bank account"),
    ("SUSP", "of it, what nobody has a home for yet: a liability"),
    ("CONV", "between two currencies, at the rate of the day: in the books it adds up to nothing"),
    ("FX, FEE, FEE-TPA", "what rates, banks on the way and a payer's fee made of the payments"),
    ("CONTR", "discounts that were agreed on, written off"),
    ("REV-MED", "what was billed (a credit, so negative)"),
)
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


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def tail(path):
    """The last line of a log, for one clear sentence."""
    try:
        return (path.read_text(errors="replace").strip().splitlines() or ["it says nothing"])[-1][:300]
    except OSError:
        return "no log"


def amount(money):
    """{"amount": "17647.54", "currency": "CNY"} as zhifuctl prints it: 17,647.54 CNY."""
    whole, dot, rest = money["amount"].partition(".")
    return "%s%s%s %s" % (re.sub(r"(?<=\d)(?=(\d{3})+$)", ",", whole), dot, rest, money["currency"])


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

    def __init__(self, args, started):
        self.started = started
        self.root = pathlib.Path(args.root)
        self.dir = pathlib.Path(args.dir)
        self.build = pathlib.Path(args.build)
        self.port = args.port
        self.config = self.dir / "zhifud.conf"
        self.children = []
        self.database_socket = None
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
        self.database_socket = ""  # from here on it is ours to stop
        run([cluster, "create", folder])
        conninfo = run([cluster, "conninfo", folder]).strip()
        words = dict(word.split("=", 1) for word in conninfo.split())
        self.database_socket = "%s/.s.PGSQL.%s" % (words["host"], words["port"])
        return conninfo

    def database_lives(self):
        with socket.socket(socket.AF_UNIX) as sock:
            try:
                sock.connect(self.database_socket)
            except OSError:
                return False
        return True

    # --- files that a person may edit: written when absent, or when still as we wrote them ---

    def write(self, name, text, mode=0o644):
        path = self.dir / name
        book_path = self.dir / ".written"
        book = json.loads(book_path.read_text()) if book_path.exists() else {}
        if path.exists() and book.get(name) != digest(path.read_text()):
            say(self.started, "reusing %s, which was edited" % path)
            return
        path.touch(mode=mode)
        path.write_text(text)
        book[name] = digest(text)
        book_path.write_text(json.dumps(book, indent=1) + "\n")

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
            "poll_ms": "100",
            "database_ctl": '"%s"' % conninfo,
        }
        for role in ("intake", "translate", "dispatch", "settle"):
            settings["database_" + role] = '"%s"' % re.sub(r"user=\S+", "user=zhifu_" + role, conninfo)
        self.write("zhifud.conf", "## Written by conf/quickstart; conf/zhifud.conf explains every option.\n" + "".join(
            "%s = %s;\n" % pair for pair in settings.items()), 0o600)
        if '"127.0.0.1:%d"' % self.port not in self.config.read_text():
            raise Fail("%s was edited and is not for port %d" % (self.config, self.port))
        for folder in ("hospitals.d", "insurers.d"):
            (self.dir / folder).mkdir(exist_ok=True)
        hospital = (self.root / "conf/hospitals.d/hangzhou.conf").read_text()
        self.write("hospitals.d/hangzhou.conf", hospital.replace("0" * 64, self.fingerprint()))
        for index, name in enumerate(INSURERS):
            port = self.port + 2 + index
            text = (self.root / "conf/insurers.d" / (name + ".conf")).read_text()
            self.write("insurers.d/%s.conf" % name, text.replace("localhost:%d" % (9081 + index), "localhost:%d" % port))
            text = (self.root / "conf/samples/payers" / (name + ".conf")).read_text()
            text = text.replace("127.0.0.1:%d" % (9081 + index), "127.0.0.1:%d" % port)
            self.write("payer-%s.conf" % name, text.replace('"pki/', '"%s/pki/' % self.dir))

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
            self.watch()
            if self.ready():
                return
            time.sleep(0.1)
        raise Fail("zhifud did not get ready in %d s: see %s" % (READY_S, self.dir / "zhifud.log"))

    def watch(self):
        """Whether everything that was started still runs."""
        for name, child in self.children:
            if child.poll() is not None:
                log = self.dir / (name + ".log")
                raise Fail("%s ended with code %d: %s (all of it: %s)" % (name, child.returncode, tail(log), log))
        if not self.database_lives():
            raise Fail("the database ended; its log is data/server.log in %s" % (self.dir / "cluster"))

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
        if self.database_socket is None:
            return
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
    """Path, English, Chinese and who can fix it, of every fault."""
    found = []
    for issue in outcome.get("issue", []):
        if issue.get("severity") not in ("error", "fatal"):
            continue
        details = issue.get("details", {})
        other = [part.get("valueString") for outer in details.get("_text", {}).get("extension", [])
                 for part in outer.get("extension", []) if part.get("url") == "content"]
        owner = [part.get("valueCode") for part in issue.get("extension", []) if part.get("url") == FIXED_BY]
        found.append(((issue.get("expression") or ["-"])[0], details.get("text", issue.get("diagnostics", "")),
                      other[0] if other else None, owner[0].replace("-", " ") if owner else None))
    return found


def claim_state(place, ref):
    return json.loads(place.ctl("claim", "show", ref, "--json"))


def axes_of(claim):
    """{'transport': 'sent', ...} of zhifuctl claim show --json."""
    return {axis["axis"]: axis["state"] for axis in claim["axes"]}


def words_of(place, ref):
    """The states in zhifuctl's words, with its names where the two differ: {'transport': 'with the insurer (sent)'}."""
    codes = axes_of(claim_state(place, ref))
    said = {}
    for line in place.ctl("claim", "show", ref).splitlines():
        cells = re.split(r"\s{2,}", line.strip())
        if len(cells) > 1 and cells[0] in codes and cells[0] not in said:
            said[cells[0]] = cells[1]
    return ["%s: %s" % (axis, code if said.get(axis, code) == code else "%s (%s)" % (said[axis], code))
            for axis, code in codes.items()]


def announced(axes):
    """Where a claim stands before the bank's statements: what will be paid has been announced."""
    return axes if axes["payment"] != "paid" else dict(axes, payment="announced", books="announced")


def wait_settled(place, refs, started, before=None):
    """Until every claim stands where it should, or where it does before that; or for SETTLED_S."""
    end = time.monotonic() + SETTLED_S
    open_refs = dict(refs)
    while open_refs and time.monotonic() < end:
        for name, ref in list(open_refs.items()):
            wanted = place.expected[name]["axes"]
            if axes_of(claim_state(place, ref)) in (wanted, before(wanted) if before else None):
                del open_refs[name]
        time.sleep(0.3)
    if open_refs:
        say(started, "not where they should be: %s" % ", ".join(sorted(open_refs)))
    return not open_refs


def figures(rows):
    """[{"what": "insurer_pays", "amount": {...}}] as text, without what is nothing."""
    return "   ".join("%s %s" % (row["what"].replace("_", " "), amount(row["amount"]))
                      for row in rows if float(row["amount"]["amount"]) != 0)


def report_refused(status, answer):
    print("    refused with HTTP %d, every fault at once:" % status)
    for path, english, chinese, owner in faults_of(answer):
        print("      %s" % path)
        print("          %s" % english)
        if chinese:
            print("          %s" % chinese)
        if owner:
            print("          who fixes it: %s" % owner)


def report_claim(place, ref, emergency):
    claim = claim_state(place, ref)
    print("    ref %s   insurer %s" % (ref, claim.get("insurer") or "-"))
    words = words_of(place, ref)
    print("    " + "   ".join(words[:3]))
    print("    " + "   ".join(words[3:]))
    print(("    charged %s   %s" % (amount(claim["charged"]), figures(claim.get("decision", [])[1:]))).rstrip())
    if claim.get("books"):
        print("    books: %s" % figures(claim["books"]))
    if claim.get("duplicate_of"):
        print("    same as %s" % claim["duplicate_of"])
    if emergency:
        print("    it left without a consent on record: a clock runs until one is (zhifuctl export show)")
    for action in claim.get("next", [])[:1]:
        print("    next, %s: %s" % (action["owner"].replace("-", " "), action["action"]))
    return axes_of(claim)


def report(place, refs, refused):
    print()
    print("What became of the claims")
    print()
    good = True
    for name, row in place.expected.items():
        print("%s  %s" % (name, row["shows"]))
        if name in refused:
            report_refused(*refused[name])
            good = good and refused[name][0] == row["http"]
        else:
            axes = report_claim(place, refs[name], "emergency" in name)
            if axes != row["axes"]:
                good = False
                print("    EXPECTED  " + "   ".join("%s: %s" % (axis, row["axes"][axis]) for axis in AXES))
        print()
    return good


def report_books(place):
    print("The books (zhifuctl ledger balance)")
    print()
    print("\n".join(line.rstrip() for line in place.ctl("ledger", "balance").rstrip().splitlines()))
    print()
    for account, meaning in ACCOUNTS:
        print("  %-16s %s" % (account, meaning))
    print()


def where_next(place):
    ca, cert, key = (place.dir / "pki" / name for name in ("ca.pem", "client.pem", "client.key"))
    sample = place.root / "conf/samples/first-claim.json"
    print("Where to look next")
    print()
    print("  export ZHIFU_CONFIG=%s" % place.config)
    print("  alias zhifuctl=%s" % (place.build / "zhifuctl"))
    print("  zhifuctl status                  the operator's first page: what runs, what waits, what to do")
    print("  zhifuctl claim list")
    print("  zhifuctl claim show REF          one claim on its five axes, and who acts next")
    print("  zhifuctl queue list              what waits, and why")
    print("  zhifuctl ledger balance          the books")
    print("  zhifuctl money match list        money that waits for a person; money match show LINE tells why")
    print("  curl http://127.0.0.1:%d/metrics" % (place.port + 1))
    print("  curl --cacert %s https://localhost:%d/fhir/metadata" % (ca, place.port))
    print("  logs: %s/*.log" % place.dir)
    print()
    print("Submit a first claim of your own, in another terminal:")
    print()
    print("  curl --cacert %s --cert %s --key %s \\" % (ca, cert, key))
    print("    -H 'Content-Type: application/fhir+json' -H 'Prefer: return=representation, wait=10' \\")
    print("    --data-binary @%s 'https://localhost:%d/fhir/Claim/$submit'" % (sample, place.port))


def submit_all(place):
    """Returns refs and refusals by sample, and whether every answer had the right status."""
    conn = place.client()
    refs, refused = {}, {}
    good = True
    for name, row in place.expected.items():
        status, answer = place.submit(conn, name)
        if status != row["http"]:
            good = False
            say(place.started, "%s: HTTP %d, expected %d" % (name, status, row["http"]))
        ref = find_ref(answer) if status < 400 else None
        if ref is None:
            refused[name] = (status, answer)
        else:
            refs[name] = ref
    return refs, refused, good


def count_old(place, refs, began):
    """How many were received before this run."""
    old = 0
    for ref in refs.values():
        received = datetime.datetime.fromisoformat(claim_state(place, ref)["received_at"].replace("Z", "+00:00"))
        old += received < began
    return old


def tour(place, args):
    started = place.started
    place.check_ports()
    say(started, "database")
    conninfo = place.database(args.fresh)
    place.keys()
    place.configure(conninfo)
    try:
        place.ctl("migrate")
    except Fail as fail:
        raise Fail("%s (conf/quickstart --fresh begins with an empty database)" % fail) from None
    say(started, "starting zhifud and three insurers")
    place.start()
    say(started, "contracts and rates")
    tour_money.agree(place)
    say(started, "submitting %d claims" % len(place.expected))
    began = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=1)
    refs, refused, good = submit_all(place)
    old = count_old(place, refs, began)
    if old:
        say(started, "%d of them were here from an earlier run: the answer is the first one's, nothing is sent again"
            " (--fresh begins anew)" % old)
    say(started, "waiting for the insurers")
    good = wait_settled(place, refs, started, announced) and good
    say(started, "statements of three bank accounts")
    good = tour_money.settle(place) and good
    good = wait_settled(place, refs, started) and good
    good = report(place, refs, refused) and good
    tour_money.report(place)
    report_books(place)
    say(started, "all claims ended where they should" if good else "NOT all claims ended where they should")
    return good


def stay(place):
    print()
    where_next(place)
    print()
    print("It stays up until Ctrl-C.", flush=True)
    while True:
        place.watch()
        time.sleep(1)


def main():
    parser = argparse.ArgumentParser(prog="quickstart")
    for name in ("--root", "--dir", "--build"):
        parser.add_argument(name, required=True)
    parser.add_argument("--started", type=float, default=0)
    parser.add_argument("--port", type=int, default=8443)
    parser.add_argument("--once", action="store_true")
    parser.add_argument("--fresh", action="store_true")
    args = parser.parse_args()
    # Whoever starts this in the background of a script has SIGINT ignored, and means it to stop all the same.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # A terminal that is closed sends SIGHUP.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda got, _frame: sys.exit(128 + got))
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    place = Place(args, time.monotonic() - args.started)
    status = 1
    try:
        good = tour(place, args)
        status = 0 if good else 1
        if not args.once:
            stay(place)
    except (Fail, OSError, ValueError, KeyError, http.client.HTTPException) as err:
        status = 1
        print("quickstart: %s" % (err or type(err).__name__), file=sys.stderr)
    except KeyboardInterrupt:
        print()
    finally:
        # Stopping in the middle of stopping helps nobody.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        place.stop()
        print("stopped; everything is kept in %s" % place.dir, flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
