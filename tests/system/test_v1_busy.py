"""What long work of one hospital's finance office leaves to the others: claims at their usual pace, reports and
statements of other hospitals."""

import concurrent.futures
import contextlib
import uuid

import story
import v1
import zhifu
from test_consent import claim

BODY = {"media": "text/plain"}


@contextlib.contextmanager
def locked(database, text, *args):
    """Something that a long statement waits for."""
    conn = database.connect()
    try:
        with conn.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(text, args)
        yield
    finally:
        conn.close()


def waiting(database):
    """Of the calls of clients, for what locked() holds: not for a row, or a page of a table, that another one has for a moment."""
    return database.value("SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted"
                          " AND l.locktype IN ('relation', 'advisory') AND a.application_name IN ('zhifu-intake', 'zhifu-desk')")


def claims_are_taken(client, count):
    for _ in range(count):
        assert client.post("/fhir/Claim", claim(str(uuid.uuid4()))).status == 201


def past(reports, *acts):
    """One of these at least was done while no report ended: it stood behind none."""
    passed = []
    for act in acts:
        before = sum(report.done() for report in reports)
        act()
        passed.append(sum(report.done() for report in reports) == before)
    assert any(passed)


def problems(reports, name):
    """Those that have ended with this problem."""
    answers = [report.result() for report in reports if report.done()]
    return [a for a in answers if a.status == 503 and a.json()["type"] == "urn:zhifu:problem:" + name]


def test_long_reports_hold_up_no_claim(place, keep):
    place.settings["desk_connections"] = 3
    story.insurer(place, "alpha", 1)
    v1.start(place)
    other = keep(v1.Desk(place, "other"))
    his = keep(place.daemon.client())
    claims_are_taken(his, 3)
    with concurrent.futures.ThreadPoolExecutor(40) as pool:
        with locked(place.database, "LOCK TABLE zhifu.charge"):
            reports = [pool.submit(place.daemon.client("reader").get, "/v1/charges") for _ in range(40)]
            # Two of a hospital's go at once, sixteen wait, and the others are told so.
            zhifu.wait_until(lambda: waiting(place.database) == 2, "those that run")
            zhifu.wait_until(lambda: sum(report.done() for report in reports) >= 22, "those that are too many")
            assert problems(reports, "busy")
            past(reports, *10 * [lambda: claims_are_taken(his, 1)])
            # One connection is left to another hospital.
            past(reports, *5 * [lambda: other.items("/v1/receivables")])
        answers = [report.result() for report in reports]
    for answer in problems(reports, "busy"):
        assert answer.headers["retry-after"], answer
        assert "report" in answer.json()["title"] and "报表" in answer.json()["title_zh"]
    # Who waited is answered; on a slow machine the first ones have been told that it took too long, and those behind
    # them that they have waited too long.
    served = [answer.status for answer in answers].count(200)
    assert place.daemon.client("reader").get("/v1/charges").status == 200
    assert served + len(problems(reports, "busy")) + len(problems(reports, "overloaded")) == 40, answers


def calls_waiting(daemon):
    return sum(value for name, value in daemon.metrics().items() if name.startswith("zhifu_desk_waiting_calls"))


def test_calls_whose_clients_are_gone_wait_no_longer(place):
    place.settings["desk_connections"] = 2
    v1.start(place)
    reader = place.daemon.client("reader")
    request = b"GET /v1/charges HTTP/1.1\r\nHost: localhost:%d\r\n\r\n" % reader.port
    with contextlib.ExitStack() as stack, locked(place.database, "LOCK TABLE zhifu.charge"):
        calls = [stack.enter_context(reader.raw()) for _ in range(17)]
        for call in calls:
            call.sendall(request)
        zhifu.wait_until(lambda: calls_waiting(place.daemon) == 16, "those that wait")
        busy = reader.get("/v1/charges")
        assert busy.status == 503 and busy.json()["type"] == "urn:zhifu:problem:busy"
        for call in calls:
            call.close()
        zhifu.wait_until(lambda: calls_waiting(place.daemon) == 0, "their places", timeout_s=5)  # half as long as one may wait


def test_one_hospitals_statements_hold_up_nobody_elses(up, keep):
    other = keep(v1.Desk(up, "other"))
    texts = [v1.statement(n, 9 + n, 100 * (n - 1), [100])[0] for n in (1, 2, 3)]
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        with locked(up.database, "SELECT pg_advisory_xact_lock(hashtext('zhifu.bank'), hashtext(%s))", story.HOSPITAL_ID):
            sent = []
            for text in texts:
                sent.append(pool.submit(keep(v1.Desk(up)).call, "POST", "/v1/bank-statements", text, **BODY))
                zhifu.wait_until(lambda: waiting(up.database) == 1, "the import")
            # It has no bank account, which it hears of the import itself, and before those that wait have gone on.
            assert other.errors("/v1/bank-statements", texts[0], **BODY) == {"file": "cause"}
            assert waiting(up.database) == 1  # the hospital's own go one by one
            assert not any(each.done() for each in sent)
        assert [each.result().status for each in sent] == [201] * 3
