"""What system tests are made of: a private PostgreSQL, the real daemon, sandbox insurers and a client over TLS.

Nothing here sleeps for a fixed time: a test waits for a condition (wait_until, Process.wait_log) and says what it
waited for when it gives up. Everything listens on 127.0.0.1, and only processes that were started here are ended."""

import contextlib
import ctypes
import errno
import http.client
import json
import os
import pathlib
import random
import re
import signal
import socket
import ssl
import subprocess
import time

import psycopg2
import psycopg2.extras

ROOT = pathlib.Path(os.environ.get("ZHIFU_ROOT") or pathlib.Path(__file__).resolve().parents[2])
BUILD = pathlib.Path(os.environ.get("ZHIFU_BUILD") or ROOT / "build-asan")
SHARED = pathlib.Path(os.environ.get("ZHIFU_SHARED") or ROOT.parent / "shared")
LOGS = pathlib.Path(os.environ.get("ZHIFU_LOGS") or BUILD / "logs")

# How long to wait for what should take a moment. Sanitizers and a busy machine make a moment long.
PATIENCE_S = float(os.environ.get("ZHIFU_PATIENCE_S", "30"))

SANITIZER = re.compile(r"(ERROR: (Address|Leak)Sanitizer|runtime error:|AddressSanitizer:DEADLYSIGNAL)")
PR_SET_PDEATHSIG = 1


class Timeout(AssertionError):
    """A condition did not come true in time."""


def wait_until(condition, what="condition", timeout_s=PATIENCE_S, interval_s=0.02):
    """Calls condition() until it is true and returns its value. An AssertionError or a refused connection in it means
    "not yet"; the last one is told when the time is over."""
    end = time.monotonic() + timeout_s
    last = None
    while True:
        try:
            value = condition()
            if value:
                return value
        except (AssertionError, OSError, http.client.HTTPException, psycopg2.OperationalError) as err:
            last = err
        if time.monotonic() >= end:
            raise Timeout("waited %.0f s for %s%s" % (timeout_s, what, ": %r" % last if last else "")) from last
        time.sleep(interval_s)


_ports_given = set()


def free_port():
    """A TCP port of 127.0.0.1 that nobody has now and that was not given before. It is below those that the kernel gives to
    outgoing connections, or one of these could take it before the program listens for which it is meant."""
    first = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = random.randrange(10000, first) if first > 12000 else 0
        with socket.socket() as sock:
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                continue
            port = sock.getsockname()[1]
        if port not in _ports_given:
            _ports_given.add(port)
            return port


def run(argv, check=True, timeout_s=120, **options):
    """Runs a program to its end; returns the CompletedProcess with text output."""
    done = subprocess.run([str(a) for a in argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          stdin=options.pop("stdin", subprocess.DEVNULL), timeout=timeout_s, check=False, **options)
    if check and done.returncode != 0:
        raise AssertionError("%s ended with %d\n%s%s" % (" ".join(map(str, argv)), done.returncode, done.stdout,
                                                         done.stderr))
    return done


# --- PostgreSQL -------------------------------------------------------------------------------------------------------


class Cluster:
    """A private PostgreSQL made by conf/cluster. It also listens on 127.0.0.1:port, so that a test can put a proxy
    between it and the daemon."""

    def __init__(self, folder, fast=True, settings=()):
        self.folder = pathlib.Path(folder)
        self.port = free_port()
        self._command("create", *(["--fast"] if fast else []), "--tcp", str(self.port),
                      *[word for setting in settings for word in ("--set", setting)])
        # pytest may be killed, and a server left behind would be found only by its load.
        self._command("watch", str(os.getpid()))
        words = dict(word.split("=", 1) for word in self._command("conninfo").split())
        self.socket = words["host"]

    def _command(self, verb, *args):
        return run([ROOT / "conf" / "cluster", verb, self.folder, *args]).stdout

    def start(self):
        self._command("start")

    def stop(self):
        self._command("stop")

    def kill(self):
        """Ends as a crash does; the next start recovers."""
        self._command("kill")

    def destroy(self):
        self._command("destroy")

    @staticmethod
    def program(name):
        """One of PostgreSQL's own, where conf/cluster finds them."""
        return pathlib.Path(os.environ.get("ZHIFU_PG_BIN", "/usr/lib/postgresql/15/bin")) / name

    def log_text(self):
        place = self.folder / "place"
        folder = pathlib.Path(place.read_text().strip()) if place.exists() else self.folder
        return (folder / "data" / "server.log").read_text(errors="replace")

    def conninfo(self, dbname="zhifu", user="postgres", tcp=False):
        host = "127.0.0.1" if tcp else self.socket
        return "host=%s port=%d dbname=%s user=%s" % (host, self.port, dbname, user)

    def database(self, name, template=None):
        """Makes a database, as a copy of the template if one is named, and returns it."""
        with self._admin() as cursor:
            # Two tests' worth of leftovers must not stop a run: the name is ours alone.
            cursor.execute('DROP DATABASE IF EXISTS "%s" WITH (FORCE)' % name)
            cursor.execute('CREATE DATABASE "%s"%s' % (name, ' TEMPLATE "%s"' % template if template else ""))
        return Database(self, name)

    def drop(self, name):
        with self._admin() as cursor:
            cursor.execute('DROP DATABASE IF EXISTS "%s" WITH (FORCE)' % name)

    @contextlib.contextmanager
    def _admin(self):
        conn = psycopg2.connect(self.conninfo("postgres"))
        conn.autocommit = True
        try:
            with conn.cursor() as cursor:
                yield cursor
        finally:
            conn.close()


class Database:
    """One database of a cluster; sql() looks at it as the superuser, whom row-level security doesn't hold."""

    def __init__(self, cluster, name):
        self.cluster = cluster
        self.name = name

    def conninfo(self, user="postgres", tcp=False):
        return self.cluster.conninfo(self.name, user, tcp)

    def connect(self, user="postgres"):
        conn = psycopg2.connect(self.conninfo(user))
        conn.autocommit = True
        return conn

    def sql(self, text, args=None, user="postgres"):
        """Runs one statement; returns its rows as a list of dicts (empty when it yields none)."""
        conn = self.connect(user)
        try:
            with conn.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
                cursor.execute(text, args)
                return [dict(row) for row in cursor.fetchall()] if cursor.description else []
        finally:
            conn.close()

    def value(self, text, args=None, user="postgres"):
        """The first column of the first row, or None."""
        rows = self.sql(text, args, user)
        return next(iter(rows[0].values())) if rows else None

    def dump(self):
        """What a backup has: {table: its rows as text}, bytes as hex."""
        text = run([self.cluster.program("pg_dump"), "--data-only", "--dbname", self.conninfo()]).stdout
        return {found.group(1): found.group(2) for found in re.finditer(r"^COPY (\S+) \(.*?\) FROM stdin;\n(.*?)^\\\.$", text, re.M | re.S)}

    def drop(self):
        self.cluster.drop(self.name)


# --- keys and certificates --------------------------------------------------------------------------------------------


class Pki:
    """A folder of certificates made by conf/pki: pem("client"), key("client"), pem("ca")."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        for what in ([], ["bad"], ["expired"]):
            run([ROOT / "conf" / "pki", self.folder, *what])

    def more(self, kind, name):
        """One more certificate: kind is server, client or peer. Returns its name."""
        run([ROOT / "conf" / "pki", self.folder, kind, name])
        return name

    def pem(self, name):
        return str(self.folder / (name + ".pem"))

    def key(self, name):
        return str(self.folder / (name + ".key"))

    def fingerprint(self, name):
        """SHA-256 of the certificate's DER form, in lower-case hex."""
        out = run(["openssl", "x509", "-in", self.pem(name), "-noout", "-fingerprint", "-sha256"]).stdout
        return out.split("=", 1)[1].strip().replace(":", "").lower()

    def client_context(self, name="client", ca="ca"):
        """A TLS context that trusts `ca` and shows certificate `name` (None: none)."""
        context = ssl.create_default_context(cafile=self.pem(ca))
        if name:
            context.load_cert_chain(self.pem(name), self.key(name))
        return context


# --- configuration ----------------------------------------------------------------------------------------------------


def _config_value(value, depth):
    pad = "\t" * depth
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if -2**31 <= value < 2**31 else "%dL" % value
    if isinstance(value, (str, pathlib.Path)):
        return '"%s"' % str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    if isinstance(value, dict):
        return "{\n%s%s}" % (config_text(value, depth + 1), pad)
    if isinstance(value, (list, tuple)):
        # ( ) is libconfig's list of anything; its [ ] holds scalars of one type only.
        scalars = all(isinstance(each, (bool, int, str, pathlib.Path)) for each in value)
        opening, closing = "[]" if scalars else "()"
        return opening + ", ".join(_config_value(each, depth) for each in value) + closing
    raise TypeError("no libconfig form for %r" % (value,))


def config_text(settings, depth=0):
    """A dict as libconfig text. A float is refused: no amount and no limit of ours is one."""
    pad = "\t" * depth
    return "".join("%s%s = %s;\n" % (pad, name, _config_value(value, depth)) for name, value in settings.items()
                   if value is not None)


def merge(below, above):
    """Settings of above laid over those of below, group by group; None removes."""
    merged = dict(below)
    for name, value in above.items():
        if isinstance(value, dict) and isinstance(merged.get(name), dict):
            merged[name] = merge(merged[name], value)
        else:
            merged[name] = value
    return merged


# --- processes --------------------------------------------------------------------------------------------------------


def _die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Process:
    """A program started by a test. Its output goes to a file, which wait_log and log_lines read."""

    def __init__(self, argv, log, env=None, cwd=None):
        self.argv = [str(a) for a in argv]
        self.log_path = pathlib.Path(log)
        self.env = dict(os.environ, **(env or {}))
        self.cwd = cwd
        self.child = None
        self._mark = 0

    def spawn(self):
        assert self.child is None or self.child.poll() is not None, "it runs already"
        with open(self.log_path, "ab") as log:
            # A session of its own, so that its workers can be ended with it.
            self.child = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.env,
                                          cwd=self.cwd, start_new_session=True, preexec_fn=_die_with_parent)
        return self

    @property
    def pid(self):
        return self.child.pid

    def running(self):
        return self.child is not None and self.child.poll() is None

    def children(self):
        """The pids of its direct children: a supervisor's workers."""
        try:
            return [int(p) for p in pathlib.Path("/proc/%d/task/%d/children" % (self.pid, self.pid)).read_text().split()]
        except FileNotFoundError:
            return []

    def signal(self, number):
        self.child.send_signal(number)

    def wait(self, timeout_s=PATIENCE_S):
        """Waits for its end; returns the exit code (negative: the signal)."""
        try:
            return self.child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise Timeout("waited %.0f s for %s to end\n%s" % (timeout_s, self.argv[0], self.log_tail())) from None

    def stop(self, timeout_s=PATIENCE_S):
        """Asks it to end in order and holds it to that: exit code 0 and not a word of a sanitizer."""
        if self.child is None:
            return
        if self.running():
            self.signal(signal.SIGTERM)
        try:
            code = self.wait(timeout_s)
        finally:
            self.kill()
        self.assert_sane()
        assert code == 0, "%s ended with %d\n%s" % (self.argv[0], code, self.log_tail())

    def kill(self):
        """Ends it and its workers at once, as a machine's crash does."""
        if self.child is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.child.pid, signal.SIGKILL)
        self.child.wait()

    def assert_sane(self):
        found = SANITIZER.search(self.log_text())
        assert not found, "%s: %s in %s" % (self.argv[0], found.group(0), self.log_path)

    def log_text(self):
        with contextlib.suppress(FileNotFoundError):
            return self.log_path.read_bytes().decode("utf-8", "replace")
        return ""

    def log_tail(self, lines=25):
        return "\n".join(self.log_text().split("\n")[-lines:])

    def log_lines(self):
        """Its structured lines as dicts; lines that are no JSON (a sanitizer's) are left out."""
        entries = []
        for line in self.log_text().split("\n"):
            with contextlib.suppress(ValueError):
                entry = json.loads(line)
                if isinstance(entry, dict):
                    entries.append(entry)
        return entries

    def mark_log(self):
        """From here on wait_log sees new lines only."""
        self._mark = len(self.log_text())

    def wait_log(self, pattern, timeout_s=PATIENCE_S):
        """Waits for text that matches after the last mark; returns the match."""
        def found():
            match = re.search(pattern, self.log_text()[self._mark:])
            if match is None and not self.running():
                raise RuntimeError("%s ended before it logged \"%s\"\n%s" % (self.argv[0], pattern, self.log_tail()))
            return match
        return wait_until(found, 'log line "%s"' % pattern, timeout_s)


class Daemon(Process):
    """zhifud with a configuration of its own in `folder`. settings is what config_text takes. health_port: where
    readyz, healthz and metrics are served."""

    def __init__(self, folder, settings, health_port, port=None, pki=None, args=(), env=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.config = self.folder / "zhifud.conf"
        self.settings = settings
        self.health_port = health_port
        self.port = port
        self.pki = pki
        super().__init__([BUILD / "zhifud", "--config", self.config, *args], self.folder / "zhifud.log", env=env)
        self.write_config()

    def write_config(self, **above):
        """Writes the configuration with `above` laid over it for good."""
        self.settings = merge(self.settings, above)
        self.config.write_text(config_text(self.settings))

    def migrate(self):
        return self.ctl("migrate")

    def ctl(self, *args, check=True, timeout_s=120):
        """Runs zhifuctl on this configuration; returns the CompletedProcess."""
        done = run([BUILD / "zhifuctl", "--config", self.config, *args], check=check, timeout_s=timeout_s, env=self.env)
        assert not SANITIZER.search(done.stderr), done.stderr
        return done

    def ctl_json(self, *args):
        return json.loads(self.ctl(*args, "--json").stdout)

    def start(self, timeout_s=PATIENCE_S):
        """Starts it and waits until readyz says yes."""
        self.spawn()
        self.wait_ready(timeout_s)
        return self

    def wait_ready(self, timeout_s=PATIENCE_S):
        def ready():
            if not self.running():
                raise RuntimeError("zhifud ended with %s before it was ready\n%s" % (self.child.poll(), self.log_tail()))
            return self.health("/readyz").status == 200
        try:
            wait_until(ready, "readyz", timeout_s)
        except Timeout as err:
            raise Timeout("%s\n%s" % (err, self.log_tail())) from None

    def reload(self):
        self.mark_log()
        self.signal(signal.SIGHUP)

    def restart(self):
        self.stop()
        return self.start()

    def health(self, path):
        conn = http.client.HTTPConnection("127.0.0.1", self.health_port, timeout=10)
        try:
            conn.request("GET", path)
            return Response(conn.getresponse())
        finally:
            conn.close()

    def metrics(self):
        """Prometheus samples: {'name{label="x"}': number}."""
        samples = {}
        for line in self.health("/metrics").text.split("\n"):
            if line and not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                samples[name] = float(value)
        return samples

    def client(self, name="client", **options):
        """A hospital that shows certificate `name`."""
        return Client(self.port, self.pki.client_context(name), **options)


class Payer(Process):
    """zhifu-payer with a script of its own. port: where the script has it listen, waited for at the start."""

    def __init__(self, folder, script, port, args=(), env=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.script = self.folder / "payer.conf"
        self.script.write_text(script if isinstance(script, str) else config_text(script))
        self.port = port
        super().__init__([BUILD / "zhifu-payer", "--script", self.script, *args], self.folder / "payer.log", env=env)

    def start(self, timeout_s=PATIENCE_S):
        self.spawn()

        def listens():
            if not self.running():
                raise RuntimeError("zhifu-payer ended with %s\n%s" % (self.child.poll(), self.log_tail()))
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
        wait_until(listens, "the payer to listen on %d" % self.port, timeout_s)
        return self


def payer_counts(control_port):
    """How many claims a sandbox insurer was sent, and what became of them."""
    conn = http.client.HTTPConnection("127.0.0.1", control_port, timeout=30)
    try:
        conn.request("GET", "/_sandbox/claims")
        return json.loads(conn.getresponse().read())
    finally:
        conn.close()


# --- HTTP -------------------------------------------------------------------------------------------------------------


class Response:
    """status, headers (names in lower case), body in bytes."""

    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    @property
    def text(self):
        return self.body.decode("utf-8")

    def json(self):
        """Numbers with a point stay text, so that no amount becomes a float."""
        return json.loads(self.body, parse_float=str)

    def __repr__(self):
        return "<%d %s>" % (self.status, self.body[:300].decode("utf-8", "replace"))


class Client:
    """One keep-alive connection over TLS (context None: plain). It does not repeat a request by itself."""

    def __init__(self, port, context, host="127.0.0.1", headers=None, timeout_s=60):
        self.port = port
        self.host = host
        self.context = context
        self.timeout_s = timeout_s
        self.headers = dict(headers or {})
        self._conn = None

    def _connect(self):
        if self.context is None:
            self._conn = http.client.HTTPConnection(self.host, self.port, timeout=self.timeout_s)
        else:
            self._conn = http.client.HTTPSConnection(self.host, self.port, timeout=self.timeout_s, context=self.context)
        self._conn.connect()
        self._conn.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def request(self, method, path, body=None, headers=None):
        """body: bytes, text, or what becomes FHIR JSON."""
        sent = dict(self.headers)
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body, ensure_ascii=False)
            sent["Content-Type"] = "application/fhir+json"
        sent.update(headers or {})
        if isinstance(body, str):
            body = body.encode()
        if self._conn is None:
            self._connect()
        try:
            self._conn.request(method, path, body=body, headers=sent)
            response = Response(self._conn.getresponse())
        except BaseException:
            self.close()
            raise
        if response.headers.get("connection", "").lower() == "close":
            self.close()
        return response

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, body, **options):
        return self.request("POST", path, body, **options)

    def raw(self):
        """A bare TLS connection for requests that no HTTP library would send. The caller closes it."""
        sock = socket.create_connection((self.host, self.port), timeout=self.timeout_s)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self.context.wrap_socket(sock, server_hostname=self.host) if self.context else sock

    def send_raw(self, data):
        """Sends bytes as they are; returns all that comes back until the peer closes."""
        received = b""
        with self.raw() as sock:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                sock.sendall(data)
            while True:
                try:
                    chunk = sock.recv(65536)
                except OSError as err:
                    if isinstance(err, TimeoutError) or err.errno not in (errno.ECONNRESET, errno.EPIPE, None):
                        raise
                    break
                if not chunk:
                    break
                received += chunk
        return received

    def close(self):
        if self._conn is not None:
            self._conn.close()
            self._conn = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Proxy:
    """A TCP proxy in a thread, to cut or hold connections between two programs: cut() drops the open ones, hold()
    stops carrying bytes, refuse() also accepts no new ones."""

    def __init__(self, target_port, target_host="127.0.0.1"):
        import threading

        self.target = (target_host, target_port)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.open = set()
        self.flowing = threading.Event()
        self.flowing.set()
        self.refusing = False
        self.closed = False
        self._thread = threading.Thread
        self._thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while not self.closed:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            if self.refusing:
                near.close()
                continue
            try:
                far = socket.create_connection(self.target, timeout=5)
                far.settimeout(None)
            except OSError:
                near.close()
                continue
            with self.lock:
                self.open |= {near, far}
            session = self._session()
            for source, sink, answers in ((near, far, False), (far, near, True)):
                self._thread(target=self._carry, args=(source, sink, answers, session), daemon=True).start()

    def _session(self):
        """What is known of one connection, for _pass(); a subclass may have something."""

    def _pass(self, source, sink, answers, _session, data):
        """Passes bytes on; False ends the connection. A subclass may break it here. answers: they come from the target."""
        sink.sendall(data)
        return True

    def _carry(self, source, sink, *more):
        try:
            while data := source.recv(65536):
                self.flowing.wait()
                if not self._pass(source, sink, *more, data):
                    break
        except OSError:
            pass
        with self.lock:
            pair = {source, sink} & self.open
            self.open -= pair
        for sock in pair:
            self._drop(sock)

    @staticmethod
    def _drop(sock):
        # shutdown wakes the thread that reads it; close alone would not.
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
        sock.close()

    def cut(self):
        with self.lock:
            pair, self.open = self.open, set()
        for sock in pair:
            self._drop(sock)

    def hold(self):
        self.flowing.clear()

    def carry_on(self):
        self.refusing = False
        self.flowing.set()

    def refuse(self):
        self.refusing = True
        self.cut()

    def close(self):
        self.closed = True
        self._drop(self.listener)
        self.flowing.set()
        self.cut()
