"""The harness itself: a test that waits wrongly or ends the wrong process would make all others worthless."""

import os
import pathlib
import signal
import socket
import threading
import time

import pytest

import place
import zhifu


def test_wait_until_tells_what_it_waited_for():
    with pytest.raises(zhifu.Timeout, match="for the moon"):
        zhifu.wait_until(lambda: False, "the moon", timeout_s=0.1)


def test_config_text_is_libconfig():
    text = zhifu.config_text({"a": 1, "big": 2**40, "s": 'x"y\\z', "g": {"on": True}, "l": [{"n": 1}], "v": ["p", "q"]})
    assert text == ('a = 1;\nbig = 1099511627776L;\ns = "x\\"y\\\\z";\ng = {\n\ton = true;\n};\n'
                    'l = ({\n\tn = 1;\n});\nv = ["p", "q"];\n')
    with pytest.raises(TypeError):
        zhifu.config_text({"amount": 1.5})


def test_merge_lays_over_and_removes():
    assert zhifu.merge({"a": {"b": 1, "c": 2}}, {"a": {"c": 3}}) == {"a": {"b": 1, "c": 3}}
    assert zhifu.config_text(zhifu.merge({"a": 1, "b": 2}, {"a": None})) == "b = 2;\n"


def test_process_dies_with_its_workers(folder):
    process = zhifu.Process(["bash", "-c", "sleep 600 & echo started $!; wait"], folder / "log").spawn()
    worker = int(process.wait_log(r"started (\d+)").group(1))
    process.kill()
    assert process.wait() == -signal.SIGKILL

    def gone():
        try:
            return open("/proc/%d/stat" % worker).read().split()[2] == "Z"
        except (FileNotFoundError, ProcessLookupError):
            return True
    zhifu.wait_until(gone, "the worker to be gone")


def test_stop_finds_what_a_sanitizer_said(folder):
    process = zhifu.Process(["bash", "-c", "echo 'ERROR: LeakSanitizer: leaks' >&2"], folder / "log").spawn()
    assert process.wait() == 0
    with pytest.raises(AssertionError, match="LeakSanitizer"):
        process.stop()


def test_cluster_survives_a_crash(cluster):
    database = cluster.database("harness")
    database.sql("CREATE TABLE t (n int)")
    database.sql("INSERT INTO t VALUES (7)")
    cluster.kill()
    with pytest.raises(Exception):
        database.sql("SELECT 1")
    cluster.start()
    assert database.value("SELECT n FROM t") == 7
    copy = cluster.database("harness_copy", template="harness")
    assert copy.value("SELECT count(*) FROM t") == 1
    database.drop()
    copy.drop()


def test_cluster_is_not_run_by_root(cluster):
    database = cluster.database("harness")
    conn = database.connect()
    assert os.stat("/proc/%d" % conn.info.backend_pid).st_uid != 0
    conn.close()
    database.drop()


def test_certificates_hold_and_fail_as_named(pki):
    def verify(name):
        return zhifu.run(["openssl", "verify", "-CAfile", pki.pem("ca"), pki.pem(name)], check=False)
    assert verify("server").returncode == 0 and verify("client").returncode == 0 and verify("insurer").returncode == 0
    assert "expired" in verify("expired-client").stderr
    assert verify("bad-client").returncode != 0
    assert pki.pem(pki.more("client", "second")).endswith("second.pem")
    assert len(pki.fingerprint("second")) == 64


def test_proxy_carries_holds_and_cuts():
    server = socket.create_server(("127.0.0.1", 0))

    def echo():
        while True:
            try:
                conn, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=lambda: [conn.sendall(d) for d in iter(lambda: conn.recv(100), b"")],
                             daemon=True).start()
    threading.Thread(target=echo, daemon=True).start()
    proxy = zhifu.Proxy(server.getsockname()[1])
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=10) as sock:
        sock.sendall(b"one")
        assert sock.recv(100) == b"one"
        proxy.hold()
        sock.sendall(b"two")
        sock.settimeout(0.2)
        with pytest.raises(TimeoutError):
            sock.recv(100)
        sock.settimeout(10)
        proxy.carry_on()
        assert sock.recv(100) == b"two"
        began = time.monotonic()
        proxy.cut()
        assert sock.recv(100) == b""
        assert time.monotonic() - began < 5
    proxy.close()
    server.close()


def test_place_writes_a_configuration(folder, cluster, pki):
    database = cluster.database("harness")
    made = place.Place(folder, database, pki)
    made.settings["poll_ms"] = 75
    made.hospital("h1", {"code": "H1", "clients": [{"id": "a"}]})
    daemon = made.daemon
    text = daemon.config.read_text()
    assert "poll_ms = 75;" in text and 'listen = ["127.0.0.1:%d"];' % made.port in text
    assert (folder / "keys").stat().st_mode & 0o777 == 0o600
    assert (folder / "hospitals.d" / "h1.conf").read_text() == 'code = "H1";\nclients = ({\n\tid = "a";\n});\n'
    daemon.write_config(poll_ms=None)
    assert "poll_ms" not in daemon.config.read_text()
    database.drop()


def test_a_free_port_is_none_that_an_outgoing_connection_may_take():
    first = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    ports = [zhifu.free_port() for _ in range(50)]
    assert len(set(ports)) == 50
    if first > 12000:
        assert max(ports) < first
