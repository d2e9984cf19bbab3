"""What an operator does to a running daemon: watches it, reloads it, drains it, takes its database away, splits it over
machines, makes mistakes in its files."""

import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import threading
import uuid

import pytest

import invariants
import prometheus
import story
import traffic
import v1
import zhifu

FHIR = {"Content-Type": "application/fhir+json"}
ROLES = ["dispatch", "intake", "settle", "translate"]
LEASE_S = 60  # the default of lease_s


@pytest.fixture
def up(place, keep):
    return traffic.start(place, keep)


def pid_of(daemon, role):
    label = ("zhifud:" + role)[:15]
    (pid,) = [pid for pid in daemon.children() if pathlib.Path("/proc/%d/comm" % pid).read_text().strip() == label]
    return pid


# --- health and metrics -----------------------------------------------------------------------------------------------


def test_ready_follows_the_database(up):
    daemon = up.daemon
    assert daemon.health("/healthz").status == 200 and daemon.health("/readyz").text == "ok\n"
    up.database.cluster.stop()
    try:
        gone = zhifu.wait_until(lambda: (answer := daemon.health("/readyz")).status == 503 and
                                all(role in answer.text for role in ROLES) and answer, "every role not to be ready")
        assert "database" in gone.text
        assert daemon.health("/healthz").status == 200
        with daemon.client() as client:
            refused = client.post("/fhir/Claim", traffic.bill("D-1"), headers=FHIR)
            assert refused.status == 503 and "retry-after" in refused.headers
            # Whatever is asked for, it says what is wrong and whose it is.
            for path in ("/fhir/Claim", "/fhir/ClaimResponse/" + str(uuid.uuid4()), "/v1/claims/HZ10H3HLFGOZ7I9Z"):
                answer = client.get(path)
                issue = answer.json()["issue"][0]
                assert answer.status == 503 and "retry-after" in answer.headers, answer
                assert issue["details"]["coding"][0]["code"] == "database-away", (path, issue)
                assert issue["extension"] == [{"url": "urn:zhifu:fixed-by", "valueCode": "zhifu"}], (path, issue)
    finally:
        up.database.cluster.start()
    daemon.wait_ready()
    with daemon.client() as client:
        assert client.post("/fhir/Claim", traffic.bill("D-1"), headers=FHIR).status == 201
    assert len(daemon.children()) == 5
    assert "it will be started again" not in daemon.log_text(), "a database that is away is no reason to die"


def test_each_process_says_in_ps_what_it_is(up):
    names = {open("/proc/%d/comm" % pid, encoding="ascii").read().strip() for pid in up.daemon.children()}
    assert names == {"zhifud:monitor"} | {("zhifud:" + role)[:15] for role in ROLES}


def memory_kb(pid, field):
    with open("/proc/%d/status" % pid, encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(field + ":"))


def test_memory_of_a_burst_goes_back_to_the_system(up):
    intake = next(pid for pid in up.daemon.children() if "intake" in open("/proc/%d/comm" % pid, encoding="ascii").read())
    if "libasan" in open("/proc/%d/maps" % intake, encoding="utf-8").read():
        pytest.skip("the sanitizer's heap keeps what is freed")
    body = b"[" + b" " * 60000 + b"]"
    head = b"POST /fhir/Claim HTTP/1.1\r\nHost: x\r\nContent-Type: application/fhir+json\r\nContent-Length: %d\r\n\r\n"
    before_kb = memory_kb(intake, "VmRSS")
    hospital = up.daemon.client()
    with contextlib.ExitStack() as stack:
        socks = [stack.enter_context(hospital.raw()) for _ in range(200)]
        for sock in socks:
            sock.sendall(head % len(body) + body[:-1])
        for sock in socks:
            sock.sendall(body[-1:])
        for sock in socks:
            assert receive_head(sock).startswith(b"HTTP/1.1 4")
        grown_kb = memory_kb(intake, "VmHWM") - before_kb
        assert grown_kb > 200 * 50, "all bodies were there at once"
        # With the connections still open: what they need is a fraction of it.
        zhifu.wait_until(lambda: memory_kb(intake, "VmRSS") - before_kb < grown_kb * 0.6, "the memory to go back")


def test_metrics_are_what_a_scraper_takes(up):
    daemon = up.daemon
    sender = traffic.Sender(daemon, ["M-%d" % i for i in range(10)])
    sender.finish()
    traffic.wait_adjudicated(up, 10)

    def told():
        answer = daemon.health("/metrics")
        assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        families = prometheus.parse(answer.text)
        stored = sum(v for (_, labels), v in families["zhifu_intake_claims_total"][2].items()
                     if ("verdict", "stored") in labels)
        return families if stored == 10 and sum(families["zhifu_settle_facts_total"][2].values()) >= 10 else None
    families = zhifu.wait_until(told, "the metrics to count the claims")
    seen = set()
    for name, (_, text, samples) in families.items():
        assert name.startswith("zhifu_") and text, name
        if name == "zhifu_reload_failed":
            assert list(samples) == [(name, frozenset())], "it is the supervisor's, no role's"
            continue
        for (_, labels) in samples:
            labels = dict(labels)
            assert labels["role"] in ROLES and labels["worker"] == "0", labels
            seen.add(labels["role"])
    assert seen == set(ROLES)
    # The manual names each of them, and none that does not exist.
    manual = (zhifu.ROOT / "daemon/zhifud.8").read_text()
    assert set(families) == set(re.findall(r"^\.It Ql (zhifu_\w+)$", manual, re.MULTILINE))


def test_metrics_tell_what_waits_for_a_person_and_what_died(up):
    daemon = up.daemon
    waits = 'zhifu_attention{role="settle",worker="0",subject="claims_no_route"}'
    starts = 'zhifu_worker_starts_total{role="settle",worker="0"}'
    zhifu.wait_until(lambda: daemon.metrics().get(waits) == 0, "the metrics to say that nothing waits")
    with daemon.client() as client:
        assert client.post("/fhir/Claim", traffic.bill("N-1", insurer="nobody"), headers=FHIR).status == 201
    zhifu.wait_until(lambda: daemon.metrics().get(waits) == 1, "the claim without a route to be counted")
    assert daemon.metrics()[starts] == 1
    os.kill(pid_of(daemon, "settle"), signal.SIGKILL)
    zhifu.wait_until(lambda: daemon.metrics()[starts] == 2, "the metrics to count the second process")


def test_the_reader_of_metrics_is_strict():
    good = '# HELP a b\n# TYPE a counter\na{x="1"} 1\na{x="2"} 1\n'
    assert prometheus.parse(good)["a"][0] == "counter"
    for bad in (good[:-1], good + 'a{x="1"} 2\n', good + good, "a 1\n", good + "b 1\n", good.replace("1\na", "x\na"),
                good.replace('"2"', '"2" '), good.replace('"2"', '"\\2"'), good.replace("counter", "thing"),
                "# HELP h b\n# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_sum 1\nh_count 1\n"):
        with pytest.raises(prometheus.Fault):
            prometheus.parse(bad)


# --- the check --------------------------------------------------------------------------------------------------------


def check(daemon):
    return zhifu.run([zhifu.BUILD / "zhifud", "--config", daemon.config, "--check"], check=False, env=daemon.env)


def test_check_likes_what_is_right(place):
    story.hospital(place)
    story.insurer(place, "alpha", 1)
    done = check(place.daemon)
    assert (done.returncode, done.stderr) == (0, "") and "no mistakes" in done.stdout


# --- insurers ---------------------------------------------------------------------------------------------------------


def test_an_insurer_that_is_well_again_has_no_error(up):
    daemon = up.daemon

    def route():
        return daemon.ctl_json("insurer", "list")["routes"][0]
    up.insurers[0].payer.kill()
    with daemon.client() as client:
        assert client.post("/fhir/Claim", traffic.bill("E-1"), headers=FHIR).status == 201
        zhifu.wait_until(lambda: route()["breaker"] != "closed" and "connect" in route()["why"], "the outage to be seen")
        up.insurers[0].payer.start()
        zhifu.wait_until(lambda: route()["breaker"] == "closed", "the insurer to be well again")
    assert route()["why"] is None and route()["stopped"] is False


def test_insurer_test_says_what_it_proved(up):
    done = up.daemon.ctl_json("insurer", "test", "alpha")["endpoints"][0]
    assert (done["ok"], done["http_status"], done["advice"]) == ("yes", 200, "fine")
    story.insurer(up, "alpha", up.insurers[0].port, {"endpoints": ({
        "name": "fhir", "url": "https://localhost:%d/elsewhere" % up.insurers[0].port, "ca_file": up.pki.pem("ca"),
        "certificate": up.pki.pem("client"), "private_key": up.pki.key("client")},)})
    done = up.daemon.ctl_json("insurer", "test", "alpha")["endpoints"][0]
    assert (done["ok"], done["http_status"]) == ("yes", 404) and "nothing shows that it speaks FHIR" in done["advice"]


# --- what does not start ----------------------------------------------------------------------------------------------


def fails_with(daemon, pattern):
    daemon.spawn()
    assert daemon.wait() == 1
    daemon.assert_sane()
    daemon.child = None
    errors = [line for line in daemon.log_lines() if line["level"] == "error"]
    assert any(re.search(pattern, json.dumps(line)) for line in errors), daemon.log_text()
    return errors


def test_a_taken_port_is_one_clear_line(place):
    with contextlib.closing(socket.create_server(("127.0.0.1", place.port))):
        errors = fails_with(place.daemon, r"could not listen on \\\"127\.0\.0\.1:%d\\\": Address already in use" % place.port)
    assert len(errors) == 1


def test_keys_that_others_can_read_are_refused(place):
    (place.folder / "keys").chmod(0o644)
    fails_with(place.daemon, "keys.*its mode must be 0600")


def test_a_bad_certificate_does_not_start(place):
    place.settings["tls_certificate"] = place.pki.pem("client")
    fails_with(place.daemon, "certificate")


def test_a_process_that_cannot_start_again_ends_in_order(up):
    """Its file is gone when it is started a second time: one line, no leak, and it goes on when the file is back."""
    daemon, certificate = up.daemon, pathlib.Path(up.pki.pem("server"))
    away = certificate.rename(certificate.with_suffix(".away"))
    try:
        os.kill(pid_of(daemon, "intake"), signal.SIGKILL)
        daemon.wait_log(r"could not start intake: could not open certificate")
        # How it ended is said after its last word.
        daemon.wait_log(r"it will be started again[^\n]*status \d+")
        daemon.assert_sane()
    finally:
        away.rename(certificate)
    daemon.wait_ready()
    with daemon.client() as client:
        assert client.post("/fhir/Claim", traffic.bill("B-1"), headers=FHIR).status == 201


def schema_story(place, text):
    """Starts over a schema that does not fit: says so once a pool, dies of nothing, goes on when it fits."""
    daemon = place.daemon
    daemon.spawn()
    for role in ROLES:
        daemon.wait_log(r'"role":"%s"[^\n]*%s' % (role, text))
    assert daemon.health("/readyz").status == 503
    pids = daemon.children()
    # Two more rounds of attempts later it is still those lines, and those processes.
    zhifu.wait_until(lambda: daemon.health("/healthz").status == 200, "healthz")
    threading.Event().wait(2)
    lines = [line for line in daemon.log_lines() if re.search(text, line["message"])]
    # Once for each of a process's pools: intake has one of its own for the desk.
    assert sorted(line["role"] for line in lines) == sorted([*ROLES, "intake"]), lines
    assert all(line["level"] == "error" for line in lines)
    assert daemon.children() == pids and len(pids) == 5
    return daemon


@pytest.mark.parametrize("version, text", [(9999, "is at version 9999, this program knows"),
                                           (-1, r"is at version \d+, this program needs \d+: run \\\"zhifuctl migrate\\\"")])
def test_a_schema_of_another_program_is_named(place, version, text):
    story.hospital(place)
    database = place.database
    if version > 0:
        undo = "DELETE FROM public.zhifu_migration WHERE version = 9999"
        database.sql("INSERT INTO public.zhifu_migration (version, name, checksum) VALUES (9999, '9999_later.sql', 'x')")
    else:
        newest = database.sql("DELETE FROM public.zhifu_migration WHERE version = "
                              "(SELECT max(version) FROM public.zhifu_migration) RETURNING version, name, checksum")[0]
        undo = "INSERT INTO public.zhifu_migration (version, name, checksum) VALUES (%d, '%s', '%s')" % (
            newest["version"], newest["name"], newest["checksum"])
    text = text.replace("\\\\\\\"", "\"")
    daemon = schema_story(place, text if version > 0 else r"is at version \d+, this program needs \d+")
    database.sql(undo)
    daemon.wait_ready()


def test_a_restored_dump_waits_for_migrate(place):
    """Rows name transactions of the cluster that they were made in; by another's nothing is read, /v1's pages neither."""
    v1.start(place)
    client = place.daemon.client("reader")
    pages = "/v1/ledger/journal?format=hledger"
    assert client.get(pages).status == 200
    place.database.sql("UPDATE public.zhifu_cluster SET identifier = identifier + 1")
    assert client.get(pages).status == 503  # it connects for each; and so does who fails over to another server
    place.daemon.stop()
    daemon = schema_story(place, 'brought from another cluster, as by a dump that was restored: run .*zhifuctl migrate')
    status = daemon.ctl("status", check=False)
    assert status.returncode == 1 and "another cluster" in status.stderr, status
    daemon.migrate()
    daemon.wait_ready()
    assert daemon.client("reader").get(pages).status == 200


def test_a_database_without_a_schema_waits_for_migrate(place, cluster):
    story.hospital(place)
    empty = cluster.database("zhifu_empty")
    for role in ROLES:
        place.settings["database_" + role] = empty.conninfo("zhifu_" + role)
    place.settings["database_ctl"] = empty.conninfo()
    daemon = schema_story(place, "the database has no schema yet")
    daemon.migrate()
    daemon.wait_ready()
    daemon.stop()
    empty.drop()


# --- reload -----------------------------------------------------------------------------------------------------------


def served_certificate(port):
    """The DER certificate that a new connection is shown."""
    return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", port)))


def der_of(path):
    return ssl.PEM_cert_to_DER_cert(re.search(r"-----BEGIN CERT.*?END CERTIFICATE-----\n", open(path).read(), re.S).group(0))


def test_a_new_certificate_is_for_new_connections(up):
    daemon = up.daemon
    up.pki.more("server", "server-next")
    old = daemon.client()
    assert old.get("/fhir/metadata").status == 200
    assert served_certificate(up.port) == der_of(up.pki.pem("server"))
    daemon.write_config(tls_certificate=up.pki.pem("server-next"), tls_key=up.pki.key("server-next"))
    daemon.reload()
    daemon.wait_log("configuration reloaded")
    zhifu.wait_until(lambda: served_certificate(up.port) == der_of(up.pki.pem("server-next")), "the new certificate")
    sock = old._conn.sock
    assert old.get("/fhir/metadata").status == 200 and old._conn.sock is sock, "the old connection did not go on"
    old.close()


def test_a_certificate_that_does_not_fit_keeps_the_old_one(up):
    daemon = up.daemon
    daemon.write_config(tls_certificate=up.pki.pem("client"))
    daemon.reload()
    daemon.wait_log(r"configuration not reloaded, the old one stays")
    assert served_certificate(up.port) == der_of(up.pki.pem("server"))
    assert daemon.health("/readyz").status == 200


def test_a_certificate_that_has_expired_keeps_no_process_down(up):
    """A dead intake process comes back with what there is, loudly; a start or a reload with it is refused."""
    daemon = up.daemon
    files = [pathlib.Path(path) for path in (up.pki.pem("server"), up.pki.key("server"))]
    good = [path.read_bytes() for path in files]
    try:
        for path, other in zip(files, (up.pki.pem("expired-client"), up.pki.key("expired-client"))):
            path.write_bytes(pathlib.Path(other).read_bytes())
        os.kill(pid_of(daemon, "intake"), signal.SIGKILL)
        daemon.wait_log(r"certificate [^\n]* has expired: whoever looks at it refuses it")
        zhifu.wait_until(lambda: served_certificate(up.port) == der_of(up.pki.pem("expired-client")), "the expired one")
        daemon.reload()
        daemon.wait_log(r"configuration not reloaded, the old one stays")
    finally:
        for path, content in zip(files, good):
            path.write_bytes(content)
    daemon.reload()
    zhifu.wait_until(lambda: served_certificate(up.port) == der_of(up.pki.pem("server")), "the good one")
    daemon.wait_ready()


def test_a_new_insurer_takes_a_claim_that_had_no_route(up, keep):
    daemon = up.daemon
    with daemon.client() as client:
        answer = client.post("/fhir/Claim", traffic.bill("R-1", "beta"), headers=FHIR)
        assert answer.status == 201
    claim_id = story.location_id(answer)
    ref = up.database.value("SELECT ref FROM zhifu.claim WHERE claim_id = %s", (claim_id,))
    assert up.database.value("SELECT transport FROM zhifu.claim_state WHERE claim_id = %s", (claim_id,)) == 2
    beta = traffic.Insurer(up, keep, "beta")
    daemon.reload()
    daemon.wait_log("configuration reloaded")
    assert daemon.health("/readyz").status == 200, "a reload is no outage"
    traffic.permit(daemon)  # the first consent was given when nobody knew this recipient
    daemon.ctl("--who", "tester", "claim", "route", ref, "beta", "--why", "configured now")
    traffic.wait_adjudicated(up, 1)
    assert beta.counts()["distinct"] == 1 and up.insurers[0].counts()["distinct"] == 0
    with daemon.client() as client:
        assert client.post("/fhir/Claim", traffic.bill("R-2", "beta"), headers=FHIR).status == 201
    traffic.wait_adjudicated(up, 2)
    assert beta.counts()["distinct"] == 2


def test_a_changed_limit_counts_and_fixed_options_are_named(up):
    daemon = up.daemon
    with daemon.client() as client:
        assert client.post("/fhir/Claim", traffic.bill("L-1"), headers=FHIR).status == 201
        daemon.write_config(body_bytes_max=1024, workers_intake=2, pid_file=str(up.folder / "pid"))
        daemon.reload()
        told = daemon.wait_log(r'some changed options wait for a restart[^\n]*').group(0)
        assert "workers_intake" in told and "pid_file" in told and "body_bytes_max" not in told
        daemon.wait_log("configuration reloaded")

    def refused():
        with daemon.client() as another:
            return another.post("/fhir/Claim", traffic.bill("L-2") + b" " * 1024, headers=FHIR).status == 413
    zhifu.wait_until(refused, "the new limit")
    assert len(daemon.children()) == 5


def test_a_changed_batch_counts(up):
    daemon = up.daemon
    daemon.write_config(batch_claims_max=1, batches_in_flight_max=8, body_bytes_max=4096)
    daemon.reload()

    def refused():  # then intake has it
        with daemon.client() as client:
            return client.post("/fhir/Claim", traffic.bill("N-0") + b" " * 4096, headers=FHIR).status == 413
    zhifu.wait_until(refused, "the new limit")
    traffic.Sender(daemon, ["N-%d" % i for i in range(80)], connections=16).finish()
    rows = up.database.sql("SELECT count(*) AS claims, count(DISTINCT xmin::text) AS batches FROM zhifu.claim")[0]
    assert rows["claims"] == rows["batches"] >= 80, rows


def test_a_raised_deadline_leases_longer(up):
    """A call may take as long as the insurer's file says now, not as it said when the route was first made."""
    daemon = up.daemon
    with socket.create_server(("127.0.0.1", 0)) as silent:
        story.insurer(up, "alpha", 1, {"endpoints": ({
            "name": "fhir", "url": "https://localhost:%d/fhir" % silent.getsockname()[1],
            "ca_file": up.pki.pem("ca"), "deadline_ms": 300000},)})
        daemon.reload()
        daemon.wait_log("configuration reloaded")
        with daemon.client() as client:
            assert client.post("/fhir/Claim", traffic.bill("W-1"), headers=FHIR).status == 201
        silent.settimeout(30)
        with silent.accept()[0]:
            left_s = up.database.value("SELECT max(extract(epoch FROM leased_until - now()))::int FROM zhifu.outbox "
                                       "WHERE role = 2 AND leased_until > now()")
        assert left_s > 250, left_s


@pytest.mark.parametrize("where", ["zhifud.conf", "hospital", "insurer", "keys"])
def test_a_broken_file_keeps_the_old_configuration(up, where):
    daemon = up.daemon
    path = {"zhifud.conf": daemon.config, "hospital": up.folder / "hospitals.d/hospital.conf",
            "insurer": up.folder / "insurers.d/alpha.conf", "keys": up.folder / "keys"}[where]
    good = path.read_text()
    path.write_text(good + "surprise = 1;\n")
    line = good.count("\n") + 1
    daemon.reload()
    daemon.wait_log(r"%s:%d: [^\n]*" % (re.escape(str(path)), line))
    daemon.wait_log("configuration not reloaded, the old one stays")
    zhifu.wait_until(lambda: daemon.metrics()["zhifu_reload_failed"] == 1, "the metrics to tell")
    if where in ("hospital", "insurer"):  # it stands for the old configuration; the tools do without that file
        told = daemon.ctl("status")
        assert told.stderr.count("%s:%d: " % (path, line)) == 1 and "alpha:https" in told.stdout
        assert "the last reload failed" in told.stdout and "conf check" in told.stdout, told.stdout
    with daemon.client() as client:
        assert client.post("/fhir/Claim", traffic.bill("B-1"), headers=FHIR).status == 201
    path.write_text(good)
    daemon.reload()
    daemon.wait_log("configuration reloaded")
    zhifu.wait_until(lambda: daemon.metrics()["zhifu_reload_failed"] == 0, "the metrics to forget it")
    assert "reload failed" not in daemon.ctl("status").stdout
    traffic.wait_adjudicated(up, 1)


def test_a_broken_file_takes_nothing_out_of_the_books(up):
    daemon, path = up.daemon, up.folder / "hospitals.d/hospital.conf"
    traffic.Sender(daemon, ["B-1"]).finish()
    traffic.wait_adjudicated(up, 1)
    whole = daemon.ctl_json("ledger", "balance")
    postings = len(daemon.ctl_json("ledger", "show")["postings"])
    assert [each for each in whole["accounts"] if each["account"] == "REV-MED"], whole
    good = path.read_text()
    path.write_text(good + "surprise = 1;\n")
    for more in ([], ["--hospital", "HZ1"]):
        assert daemon.ctl_json("ledger", "balance", *more) == whole
        assert len(daemon.ctl_json("ledger", "show", *more)["postings"]) == postings
    chart = daemon.ctl("money", "export", "--format", "hledger", check=False)  # never by another chart than its own
    assert chart.returncode == 2 and "its chart of accounts is not known" in chart.stderr, chart
    path.unlink()
    assert daemon.ctl_json("ledger", "balance") == whole
    unknown = daemon.ctl("ledger", "balance", "--hospital", "XYZ", check=False)
    assert unknown.returncode == 2 and "XYZ" in unknown.stderr, unknown
    path.write_text(good)


@pytest.mark.parametrize("broken", [
    {"module": "fax"}, {"keys": {"colour": "blue"}}, {"keys": {"mode": "sbmit"}}, {"ca_file": "/nonexistent/ca.pem"}])
def test_an_insurer_that_cannot_work_keeps_the_old_configuration(up, broken):
    """What only its module or its certificates show is looked at before anything is taken over."""
    daemon, path = up.daemon, up.folder / "insurers.d/beta.conf"
    endpoint = {"name": "fhir", "url": "https://localhost:1/fhir", "ca_file": broken.pop("ca_file", up.pki.pem("ca"))}
    story.insurer(up, "beta", 1, {"endpoints": (endpoint,), **broken})
    daemon.reload()
    daemon.wait_log(r"%s:[1-9]" % re.escape(str(path)))
    daemon.wait_log("configuration not reloaded, the old one stays")
    sender = traffic.Sender(daemon, ["K-1"])
    sender.finish()
    traffic.wait_adjudicated(up, 1)
    assert "process replaced" not in daemon.log_text()


def test_a_storm_of_reloads_ends_nothing(up):
    """SIGHUP while workers start, and many of them under load."""
    daemon = up.daemon
    sender = traffic.Sender(daemon, ["H-%d" % i for i in range(60)])
    while sender.count() < 60 and not sender.faults:
        daemon.signal(signal.SIGHUP)
        threading.Event().wait(0.05)
    ids = sender.finish()
    assert sender.answers == {201: 60}
    # Less than a lease: a translator that made room left nothing leased behind.
    traffic.wait_adjudicated(up, 60, timeout_s=50)
    invariants.assert_all_is_well(up, up.insurers, ids)
    assert "it will be started again" not in daemon.log_text()
    assert daemon.log_text().count("configuration reloaded") > 1


# --- drain ------------------------------------------------------------------------------------------------------------


def request_bytes(number, port):
    body = traffic.bill(number)
    return (b"POST /fhir/Claim HTTP/1.1\r\nHost: localhost:%d\r\nContent-Type: application/fhir+json\r\n"
            b"Content-Length: %d\r\n\r\n" % (port, len(body))) + body


def receive_head(sock):
    received = b""
    while b"\r\n\r\n" not in received:
        chunk = sock.recv(65536)
        assert chunk, "closed without an answer: %r" % received
        received += chunk
    return received


def test_drain_answers_what_is_in_flight(up):
    daemon = up.daemon
    sender = traffic.Sender(daemon, ["G-%d" % i for i in range(2000)], patience_s=10)
    zhifu.wait_until(lambda: sender.count() >= 20, "claims on their way")
    half = request_bytes("G-9000", up.port)
    with daemon.client().raw() as sock:
        sock.sendall(half[:-50])
        # The head has arrived: the loop has served others since.
        seen = sender.count()
        zhifu.wait_until(lambda: sender.count() >= seen + 5, "claims on their way")
        daemon.signal(signal.SIGTERM)
        daemon.wait_log('"draining"')
        sender.stopped = True
        sock.sendall(half[-50:])
        answer = receive_head(sock)
    assert answer.startswith(b"HTTP/1.1 201 "), answer[:200]
    assert daemon.wait() == 0
    daemon.assert_sane()
    ids = dict(sender.finish())
    stored = {row["id"] for row in up.database.sql("SELECT claim_id::text AS id FROM zhifu.claim")}
    assert set(ids.values()) <= stored, "a claim that got its 2xx is lost"
    # Nobody was answered that was not stored; what was stored without an answer is one request a connection at most.
    assert len(stored) <= len(ids) + 1 + 4
    # And no work is left leased by processes that are gone.
    assert up.database.sql("SELECT role, kind, leased_until - now() AS later FROM zhifu.outbox "
                           "WHERE leased_until > now()") == []
    daemon.start()
    traffic.wait_adjudicated(up, len(stored))
    assert up.insurers[0].counts()["taken_twice"] == 0


def test_a_released_route_goes_on_at_once(up):
    """What was leased and not sent while a person held the route does not wait until its lease has run out."""
    daemon = up.daemon
    traffic.Sender(daemon, ["H-1"]).finish()
    traffic.wait_adjudicated(up, 1)
    route = up.database.value("SELECT route FROM zhifu.route_lease")
    daemon.mark_log()
    daemon.ctl("queue", "hold", route, "--why", "maintenance", "--who", "tester")
    ids = traffic.Sender(daemon, ["H-%d" % i for i in range(2, 12)]).finish()
    daemon.wait_log("route stopped by an operator")
    queued = "SELECT count(*) FROM zhifu.claim_state WHERE transport = 5"
    zhifu.wait_until(lambda: up.database.value(queued) == len(ids), "the claims to wait on the route")
    assert up.insurers[0].counts()["received"] == 1
    daemon.ctl("queue", "release", route, "--why", "done", "--who", "tester")
    traffic.wait_adjudicated(up, 1 + len(ids), LEASE_S / 4)
    assert up.insurers[0].counts()["taken_twice"] == 0


def test_a_claim_tells_what_keeps_it_from_leaving(up):
    """Who stopped its line, when and why, or that the insurer is down; and the command that leads on."""
    daemon, payer = up.daemon, up.insurers[0].payer
    traffic.Sender(daemon, ["L-1"]).finish()
    traffic.wait_adjudicated(up, 1)
    route = up.database.value("SELECT route FROM zhifu.route_lease")
    daemon.ctl("queue", "hold", route, "--why", "their maintenance", "--who", "tester")
    daemon.wait_log("route stopped by an operator")
    traffic.Sender(daemon, ["L-2"]).finish()
    zhifu.wait_until(lambda: up.database.value("SELECT count(*) FROM zhifu.claim_state WHERE transport = 5") == 1,
                     "the claim to wait")
    ref = up.database.value("SELECT ref FROM zhifu.claim_state WHERE transport = 5")

    def shown(*more):
        return daemon.ctl_json("claim", "show", ref, *more)

    def due(*more):
        return [each for each in shown(*more)["next"] if each["event"] == "send"][0]
    told = shown()["line"][0]
    assert (told["route"], told["state"], told["who"], told["why"]) == (route, "stopped", "tester", "their maintenance")
    assert told["since"] is not None
    assert due()["owner"] == "it" and "queue release " + route in due()["action"], due()
    assert "queue release " + route in due("--zh")["action"] and "停用" in due("--zh")["action"]
    work = shown()["work"][0]["id"]
    daemon.ctl("queue", "hold", work, "--why", "one question", "--who", "other")
    told = shown()["line"][0]
    assert (told["state"], told["who"], told["why"]) == ("held", "other", "other said why")
    assert "queue release " + work in due()["action"], due()
    daemon.ctl("queue", "release", work, "--why", "answered", "--who", "other")
    payer.kill()
    daemon.ctl("queue", "release", route, "--why", "done", "--who", "tester")
    zhifu.wait_until(lambda: shown()["line"] and shown()["line"][0]["state"] == "down", "the outage to be told")
    told = shown()["line"][0]
    assert told["since"] is not None and "connect" in told["why"], told
    assert "insurer test alpha" in due()["action"], due()
    # The intent stands in the export ledger; that nothing left of it does, too.
    zhifu.wait_until(lambda: [each["left"] for each in shown()["exports"]] == ["no"], "it to be told that nothing left")
    payer.start()
    traffic.wait_adjudicated(up, 2)
    assert shown()["line"] == [] and "yes" in [each["left"] for each in shown()["exports"]]


def test_two_machines_share_the_work(place, keep):
    """Intake and dispatch here, translate and settle there, over one database."""
    story.hospital(place)
    place.insurers = [traffic.Insurer(place, keep)]
    here = place.daemon
    here.argv += ["--role", "intake,dispatch"]
    there_port = zhifu.free_port()
    settings = dict(here.settings, metrics_listen=["127.0.0.1:%d" % there_port])
    there = keep(zhifu.Daemon(place.folder / "there", settings, there_port, args=["--role", "translate,settle"]))
    here.start()
    traffic.permit(here)
    ids = traffic.Sender(here, ["T-%d" % i for i in range(20)]).finish()
    there.start()
    assert len(here.children()) == 3 and len(there.children()) == 3
    traffic.wait_adjudicated(place, 20)
    invariants.assert_all_is_well(place, place.insurers, ids)
    roles = {dict(labels).get("role") for family in prometheus.parse(there.health("/metrics").text).values()
             for _, labels in family[2]}
    assert roles - {None} == {"translate", "settle"}  # None: what is of the whole daemon


# --- a COMMIT that nobody saw -----------------------------------------------------------------------------------------


def test_connections_cut_around_the_commit(place, keep):
    """The connections to PostgreSQL are cut again and again while claims are committed: every 2xx has its row, a
    repeated request gets the first answer, and nothing waits until a lease has run out."""
    story.hospital(place)
    place.insurers = [traffic.Insurer(place, keep)]
    proxy = keep(zhifu.Proxy(place.database.cluster.port))
    place.database_through(proxy.port)
    daemon = place.daemon
    daemon.start()
    traffic.permit(daemon)
    numbers = ["C-%d" % i for i in range(200)]
    sender = traffic.Sender(daemon, numbers)
    cuts = 0
    while sender.count() < len(numbers) and not sender.faults:
        seen = sender.count()
        zhifu.wait_until(lambda: sender.count() >= min(seen + 7, len(numbers)) or sender.faults, "claims to be taken")
        if cuts % 3 == 0:  # bytes are under way, both ways, and never arrive
            proxy.hold()
            threading.Event().wait(0.05)
            proxy.cut()
            proxy.carry_on()
        else:
            proxy.cut()
        cuts += 1
    ids = sender.finish()
    assert cuts >= 10
    daemon.wait_ready()
    with daemon.client() as client:
        for number in numbers:
            again = client.post("/fhir/Claim", traffic.bill(number), headers=dict(FHIR, **{"Idempotency-Key": number}))
            assert again.status in (200, 201) and story.location_id(again) == ids[number], again
        other = client.post("/fhir/Claim", traffic.bill("C-1", cents=5), headers=dict(FHIR, **{"Idempotency-Key": "C-1"}))
        assert other.status == 409, other
    traffic.wait_adjudicated(place, len(numbers), LEASE_S / 2)
    invariants.assert_all_is_well(place, place.insurers, ids)
    daemon.stop()  # before its way to the database goes


# --- systemd ----------------------------------------------------------------------------------------------------------


def test_systemd_is_told(place):
    """The datagrams of sd_notify(3): ready, reloading, watchdog, stopping."""
    story.hospital(place)
    path = str(place.folder / "notify")
    with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as sock:
        sock.bind(path)
        sock.settimeout(30)
        daemon = place.daemon
        daemon.env["NOTIFY_SOCKET"] = path
        said = []

        def until(word):
            while not said or word not in said[-1].split("\n"):
                said.append(sock.recv(4096).decode())
            return said[-1]

        daemon.spawn()
        until("READY=1")
        until("WATCHDOG=1")
        daemon.wait_ready()
        daemon.reload()
        assert re.search(r"^MONOTONIC_USEC=\d+$", until("RELOADING=1"), re.MULTILINE)
        until("READY=1")
        daemon.signal(signal.SIGTERM)
        until("STOPPING=1")
        assert daemon.wait() == 0


# --- the life cycle ---------------------------------------------------------------------------------------------------


def test_the_database_checks_the_steps_of_the_program(up):
    """The CHECK on claim_event lists just the steps of the tables in C, and what is stored are paths through them."""
    daemon = up.daemon
    in_c = {int(n) for n in re.findall(r"\d+", daemon.ctl("lifecycle", "--sql").stdout.split("ANY", 1)[1])}
    checks = [row["text"] for row in up.database.sql(
        "SELECT pg_get_constraintdef(oid) AS text FROM pg_constraint WHERE conrelid = 'zhifu.claim_event'::regclass "
        "AND contype = 'c'")]
    steps = [text for text in checks if "256" in text]
    assert len(steps) == 1, checks
    in_database = {int(n) for n in re.findall(r"\d+", steps[0].split("ANY", 1)[1])}
    assert in_c == in_database and len(in_c) > 50
    ids = traffic.Sender(daemon, ["E-%d" % i for i in range(10)]).finish()
    traffic.wait_adjudicated(up, 10)
    invariants.assert_all_is_well(up, up.insurers, ids)
    claim_id = next(iter(ids.values()))
    for bad in ("UPDATE zhifu.claim_event SET to_state = 15 WHERE claim_id = %s AND axis = 1 AND seq = 1",
                "DELETE FROM zhifu.claim_event WHERE claim_id = %s AND axis = 1 AND seq = 1"):
        with pytest.raises(Exception, match="violates"):
            up.database.sql(bad, (claim_id,))
