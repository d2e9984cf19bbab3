"""Two bad days: a crowd of connections that do nothing or next to nothing, and an insurer that is away while claims for
it come in by the ten thousand. Others must not feel either."""

import contextlib
import http.client
import socket
import ssl
import statistics
import threading
import time

import story
import traffic
import zhifu

IDLE, SLOW, ACTIVE, LIMIT = 1500, 100, 400, 2000
REFUSED = 500
SLOW_PACE_S = 0.2
WINDOW_MAX = 64


class Crowd:
    """Connections of one client that were made and say nothing, and some that say a byte now and then."""

    def __init__(self, home):
        self.port = home.port
        self.context = ssl.create_default_context(cafile=home.pki.pem("ca"))
        self.context.load_cert_chain((home.folder.parent / "one").read_text().strip())
        self.idle = []
        self.slow = []
        self.over = threading.Event()
        self.thread = None

    def connect(self):
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        return self.context.wrap_socket(plain, server_hostname="localhost")

    def gather(self, idle, slow):
        self.idle += [self.connect() for _ in range(idle)]
        self.slow = [self.connect() for _ in range(slow)]
        if slow:
            self.thread = threading.Thread(target=self._dribble, daemon=True)
            self.thread.start()

    def _dribble(self):
        """A byte of a request's head from each slow one in turn; who is sent away comes back."""
        head = b"GET /fhir/metadata HTTP/1.1\r\nHost: localhost\r\nX-Slow: " + b"x" * 1000
        told = [0] * len(self.slow)
        while not self.over.wait(SLOW_PACE_S):
            for i, sock in enumerate(self.slow):
                try:
                    sock.send(head[told[i]:told[i] + 1])
                    told[i] = (told[i] + 1) % len(head)
                except OSError:
                    sock.close()
                    with contextlib.suppress(OSError):
                        self.slow[i], told[i] = self.connect(), 0

    def one_too_many(self):
        """What the next one is told: status and Retry-After, or None when it was let in."""
        sock = self.connect()
        try:
            sock.settimeout(5)
            answer = http.client.HTTPResponse(sock)
            answer.begin()
            return answer.status, answer.getheader("Retry-After")
        except TimeoutError:
            return None
        finally:
            sock.close()

    def leave(self):
        self.over.set()
        if self.thread is not None:
            self.thread.join()
        for sock in self.idle + self.slow:
            sock.close()
        self.idle, self.slow = [], []


def measure_crowd(world, report, ms, rounds, resident_mb):
    """The latency of those who work beside those who do not, and what one too many costs."""
    home = world.start(world.installation("crowd", settings={"workers_intake": 1, "connections_max": LIMIT}), "--role",
                       "intake")
    process = world.intake_process(home)
    world.load(home, connections=ACTIVE, milliseconds=ms)
    alone, beside = [], []
    for _ in range(rounds):
        alone.append(world.load(home, connections=ACTIVE, milliseconds=ms)["p50_us"])
        crowd = Crowd(home)
        crowd.gather(IDLE, SLOW)
        beside.append(world.load(home, connections=ACTIVE, milliseconds=ms)["p50_us"])
        crowd.leave()
    report.note("p50 of %d connections at work: alone %s us, beside %d idle and %d slow ones %s us" % (
        ACTIVE, alone, IDLE, SLOW, beside))
    report.ratio("p50_in_a_crowd", statistics.median(b / a for a, b in zip(alone, beside)))
    crowd = Crowd(home)
    crowd.gather(LIMIT, 0)
    before = resident_mb(process)
    told = {crowd.one_too_many() for _ in range(REFUSED)}
    after = resident_mb(process)
    crowd.leave()
    if len(told) != 1 or None in told or next(iter(told))[0] != 503 or not next(iter(told))[1]:
        raise AssertionError("beyond %d connections: %s" % (LIMIT, told))
    report.note("%d connections over the limit of %d: all told 503, Retry-After %s; resident %.1f MB before, %.1f after" % (
        REFUSED, LIMIT, next(iter(told))[1], before, after))
    report.ratio("refused_500_mb", max(after - before, 0))
    home.daemon.kill()


def decided_ms(home, numbers):
    """How long each of these claims for beta takes from its request to its adjudication in the books."""
    took = []
    conn = home.database.connect()
    with home.daemon.client() as client, contextlib.closing(conn), conn.cursor() as cursor:
        for number in numbers:
            start = time.monotonic()
            answer = client.post("/fhir/Claim", traffic.bill("B-%d" % number, "beta"), headers=traffic.FHIR)
            if answer.status != 201:
                raise AssertionError("a claim for beta was answered %r" % answer)
            claim = story.location_id(answer)

            def booked(claim=claim):
                cursor.execute("SELECT books >= 2 FROM zhifu.claim_state WHERE hospital_id = %s AND claim_id = %s",
                               (story.HOSPITAL_ID, claim))
                return cursor.fetchone()[0]
            zhifu.wait_until(booked, "beta's decision", 60, 0.002)
            took.append((time.monotonic() - start) * 1000)
    return statistics.median(took)


def windows(home, until):
    """The sizes that alpha's window had until then, as the metrics show them."""
    seen = []
    while not until.wait(0.02):
        size = next((value for name, value in home.daemon.metrics().items()
                     if name.startswith("zhifu_route_window{") and 'route="alpha:https"' in name), None)
        if size and (not seen or seen[-1] != size):
            seen.append(size)
    return seen


def alerts(home):
    return sum("ALERT: an insurer cannot be reached" in str(entry.get("message")) for entry in home.daemon.log_lines())


def measure_outage(world, report, claims):
    """Claims for alpha wait while it is away; beta's go on; alpha comes back and gets each once."""
    home = world.installation("outage")
    story.hospital(home)

    def keep(process):
        world.running.append(process)
        return process
    traffic.Insurer(home, keep, "beta")
    world.start(home)
    traffic.permit(home.daemon)
    world.load(home, "one", post="consent", count=world.persons, connections=64)
    number = iter(range(1, 1_000_000))
    some = [next(number) for _ in range(30)]
    quiet = decided_ms(home, some)
    start = time.monotonic()
    world.load(home, "one", connections=64, count=claims)

    def waiting():
        return home.database.value("SELECT count(*) FROM zhifu.outbox WHERE role = 2 AND route = 'alpha:https'")

    def all_wait():
        assert waiting() >= claims, home.database.sql("SELECT transport, count(*) FROM zhifu.claim_state GROUP BY 1")
        return True
    zhifu.wait_until(all_wait, "all claims to wait for alpha", 60 + claims / 500, 1)
    report.note("%d claims wait for an insurer that is away, after %.0f s" % (claims, time.monotonic() - start))
    beside = decided_ms(home, [next(number) for _ in range(30)])
    report.note("a claim for another insurer takes %.0f ms from its request to the books; %.0f ms beside them" % (quiet, beside))
    report.ratio("decided_beside_an_outage", beside / quiet)
    if alerts(home) != 1:
        raise AssertionError("%d alerts of one outage" % alerts(home))
    back = threading.Event()
    sizes = []
    watcher = threading.Thread(target=lambda: sizes.extend(windows(home, back)))
    watcher.start()
    payer = world.payer(home)
    start = time.monotonic()
    try:
        zhifu.wait_until(lambda: waiting() == 0, "alpha to get them all", 600, 0.5)
    finally:
        back.set()
        watcher.join()
    counts = zhifu.payer_counts(payer.control)
    report.note("alpha is back: window %s; all were sent within %.0f s; %d received, %d of them distinct" % (
        " ".join("%d" % s for s in sizes[:12]), time.monotonic() - start, counts["received"], counts["distinct"]))
    if counts["received"] != claims or counts["distinct"] != claims or alerts(home) != 1:
        raise AssertionError("%r, %d alerts" % (counts, alerts(home)))
    if not sizes or sizes[0] > 4 or max(sizes) < WINDOW_MAX:
        raise AssertionError("no slow start: windows %r" % sizes)
    home.daemon.kill()
