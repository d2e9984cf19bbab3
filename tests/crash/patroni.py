"""A PostgreSQL of two machines as the manual asks for: Patroni with synchronous_mode_strict, from Debian's packages. Each
machine is a network namespace of its own on one bridge; etcd, the daemon and the tests are on the bridge's own address.
So a machine can lose all its processes at once, or its cable while they run on."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request

import psycopg2

import zhifu

PG_BIN = "/usr/lib/postgresql/15/bin"
# Shorter than one would choose for real machines, so that fifteen failovers fit in some minutes; Patroni wants
# ttl >= loop_wait + 2 * retry_timeout.
TTL_S, LOOP_S, RETRY_S = 12, 2, 4
# Patroni's own work until the other machine follows: a copy of the cluster, or pg_rewind, and a recovery. Some 20 s on a quiet
# machine; nothing of the daemon is in it.
STANDBY_S = 300


def why_not():
    """Why there can be no such cluster here, or None."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    missing = [p for p in ("patroni", "etcd", "ip") if not shutil.which(p)]
    if missing:
        return "not installed: %s" % ", ".join(missing)
    name = "zf%d-try" % os.getpid()
    made = subprocess.run(["ip", "link", "add", name, "type", "bridge"], stderr=subprocess.PIPE, text=True, check=False)
    if made.returncode:
        return "no bridge can be made: " + made.stderr.strip()
    subprocess.run(["ip", "link", "del", name], check=True)
    return None


def ip(*args):
    zhifu.run(["ip", *args])


class Machine:
    """One namespace with Patroni and the PostgreSQL that it runs."""

    def __init__(self, cluster, number):
        self.cluster = cluster
        self.number = number
        self.address = "%s.%d" % (cluster.net, number)
        self.name = "%s-%d" % (cluster.prefix, number)
        self.folder = cluster.folder / ("machine-%d" % number)
        self.folder.mkdir()
        shutil.chown(self.folder, "postgres", "postgres")
        self.patroni = None
        ip("netns", "add", self.name)
        ip("link", "add", self.name, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        ip("-n", self.name, "addr", "add", self.address + "/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            ip("-n", self.name, "link", "set", device, "up")
        ip("link", "set", self.name, "up")
        self.plug()
        (self.folder / "patroni.yml").write_text(self._settings())

    def _settings(self):
        return """
scope: zhifu
name: machine-{n}
restapi: {{listen: '{a}:8008', connect_address: '{a}:8008'}}
etcd3: {{host: '{etcd}'}}
bootstrap:
  dcs:
    ttl: {ttl}
    loop_wait: {loop}
    retry_timeout: {retry}
    synchronous_mode: true
    synchronous_mode_strict: true
    postgresql:
      use_pg_rewind: true
      parameters: {{max_connections: 150, shared_buffers: 64MB, wal_sender_timeout: 5s, wal_receiver_timeout: 5s}}
  initdb: [{{encoding: UTF8}}, {{locale: C.UTF-8}}, data-checksums]
postgresql:
  listen: '{a}:5432'
  connect_address: '{a}:5432'
  data_dir: {folder}/data
  bin_dir: {bin}
  pgpass: {folder}/pgpass
  authentication:
    superuser: {{username: postgres, password: none}}
    replication: {{username: replicator, password: none}}
    rewind: {{username: rewinder, password: none}}
  parameters: {{unix_socket_directories: '{folder}'}}
  pg_hba: ['local all all trust', 'host all all {net}.0/24 trust', 'host replication all {net}.0/24 trust']
""".format(n=self.number, a=self.address, etcd=self.cluster.etcd_address, ttl=TTL_S, loop=LOOP_S, retry=RETRY_S,
           folder=self.folder, bin=PG_BIN, net=self.cluster.net)

    def start(self):
        with open(self.folder / "patroni.log", "ab") as log:
            self.patroni = subprocess.Popen(
                ["ip", "netns", "exec", self.name, "setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups",
                 "patroni", str(self.folder / "patroni.yml")], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self.folder)

    def kill(self):
        """All its processes at once, as when the power goes."""
        while True:
            pids = zhifu.run(["ip", "netns", "pids", self.name]).stdout.split()
            if not pids:
                break
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
        if self.patroni is not None:
            self.patroni.wait()
            self.patroni = None

    def plug(self):
        ip("link", "set", self.name, "master", self.cluster.prefix)

    def unplug(self):
        """What it sends and what is sent to it is lost, and nobody is told."""
        ip("link", "set", self.name, "nomaster")

    def asked(self, question):
        """The first column of the answer that its PostgreSQL gives, or None."""
        try:
            conn = psycopg2.connect(host=self.address, user="postgres", dbname="postgres", connect_timeout=2)
            with contextlib.closing(conn), conn.cursor() as cursor:
                cursor.execute(question)
                row = cursor.fetchone()
                return row and row[0]
        except psycopg2.Error:
            return None

    def leads(self):
        return self.asked("SELECT NOT pg_is_in_recovery()") is True

    def remove(self):
        self.kill()
        subprocess.run(["ip", "netns", "del", self.name], check=False)
        subprocess.run(["ip", "link", "del", self.name], stderr=subprocess.DEVNULL, check=False)


class Cluster:
    """Takes the place of zhifu.Cluster for the harness."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="zhifu-patroni."))
        self.folder.chmod(0o755)
        number = os.getpid() % 200 + 20
        self.prefix = "zf%d" % number
        self.net = "10.77.%d" % number
        self.etcd_address = self.net + ".254:2379"
        self.machines = []
        self.etcd = None
        try:
            self._build()
        except BaseException:
            self.destroy()
            raise

    def _build(self):
        ip("link", "add", self.prefix, "type", "bridge")
        ip("addr", "add", self.net + ".254/24", "dev", self.prefix)
        ip("link", "set", self.prefix, "up")
        url = "http://" + self.etcd_address
        with open(self.folder / "etcd.log", "ab") as log:
            self.etcd = subprocess.Popen(
                ["etcd", "--data-dir", self.folder / "etcd", "--listen-client-urls", url, "--advertise-client-urls", url,
                 "--listen-peer-urls", "http://127.0.0.1:%d" % zhifu.free_port(), "--log-level", "warn"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.machines = [Machine(self, 1), Machine(self, 2)]
        for machine in self.machines:
            machine.start()
        self.wait_synchronous()

    def primary(self):
        return next((m for m in self.machines if m.leads()), None)

    def synchronous(self):
        """The primary, when Patroni knows the other machine as its synchronous standby: only then it may be promoted."""
        found = self.primary()
        assert found is not None, "no machine leads"
        with urllib.request.urlopen("http://%s:8008/cluster" % found.address, timeout=2) as answer:
            members = json.load(answer)["members"]
        ready = sorted(m["role"] for m in members if m["state"] in ("running", "streaming"))
        assert ready == ["leader", "sync_standby"], [(m["name"], m["role"], m["state"]) for m in members]
        return found

    def wait_synchronous(self):
        return zhifu.wait_until(self.synchronous, "a primary with its synchronous standby", STANDBY_S, 0.2)

    def conninfo(self, dbname="zhifu", user="postgres", tcp=True):
        del tcp
        return "host=%s port=5432 dbname=%s user=%s target_session_attrs=read-write connect_timeout=3" % (
            ",".join(m.address for m in self.machines), dbname, user)

    def database(self, name):
        conn = psycopg2.connect(self.conninfo("postgres"))
        conn.autocommit = True
        with contextlib.closing(conn), conn.cursor() as cursor:
            cursor.execute('CREATE DATABASE "%s"' % name)
        return zhifu.Database(self, name)

    def destroy(self):
        for machine in self.machines:
            machine.remove()
        if self.etcd is not None:
            self.etcd.kill()
            self.etcd.wait()
        subprocess.run(["ip", "link", "del", self.prefix], stderr=subprocess.DEVNULL, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)


def kill_primary(cluster):
    """The primary's machine loses its power and is started again once the other one leads. Returns what was done."""
    gone = cluster.wait_synchronous()
    gone.kill()
    other = next(m for m in cluster.machines if m is not gone)
    zhifu.wait_until(other.leads, "the standby to be promoted", STANDBY_S, 0.2)
    gone.start()
    return "%s killed" % gone.name


def cut_primary(cluster, dark_s=20):
    """The primary's cable is pulled; it is plugged in again when the other one has led for a while."""
    gone = cluster.wait_synchronous()
    gone.unplug()
    other = next(m for m in cluster.machines if m is not gone)
    end = time.monotonic() + dark_s
    try:
        zhifu.wait_until(other.leads, "the standby to be promoted", STANDBY_S, 0.2)
        zhifu.wait_until(lambda: time.monotonic() >= end, "the dark to last", dark_s + 5, 0.2)
    finally:
        gone.plug()
    return "%s cut off" % gone.name
