"""A bank statement is in the books as a whole or not at all: the import is killed at its worst moments, and repeated, also
ten times at once."""

import concurrent.futures
import http.client
import subprocess

import pytest

import points
import story
import v1
import zhifu

LINES = 700  # more than one statement of SQL takes
TABLES = ["bank_file", "bank_file_part", "bank_statement", "bank_line", "suspense", "posting"]


def statement(number, day, opening, lines):
    """MT940 of a day: lines credits of 1.00, 2.00, ... USD."""
    closing = opening + sum(range(1, lines + 1))
    return "".join([
        ":20:D%d\r\n:25:3301000100000002\r\n:28C:%d/1\r\n:60F:C2511%02dUSD%d,00\r\n" % (number, number, day - 1, opening),
        *(":61:2511%02d11%02dC%d,00NTRFNONREF//D%dL%d\r\n" % (day, day, n, number, n) for n in range(1, lines + 1)),
        ":62F:C2511%02dUSD%d,00\r\n-\r\n" % (day, closing)]), closing


@pytest.fixture
def up(place):
    """The daemon has made the hospital's keys; the points are zhifuctl's."""
    story.hospital(place, bank_accounts=({"code": "USD", "number": "33010001 00000002", "currency": "USD"},))
    place.points = points.Points(place.folder)
    place.daemon.start()
    zhifu.wait_until(lambda: place.database.value("SELECT count(*) FROM zhifu.hospital_key WHERE hospital_id = %s",
                                                  (story.HOSPITAL_ID,)), "the hospital's key")
    place.daemon.env.update(place.points.env)
    first, closing = statement(1, 10, 0, LINES)
    second, place.closing = statement(2, 11, closing, LINES)
    place.file = place.folder / "two-days.sta"
    place.file.write_text(first + second)
    return place


def stored(place):
    return {table: place.database.value("SELECT count(*) FROM zhifu." + table) for table in TABLES}


def run_import(place):
    return subprocess.run([zhifu.BUILD / "zhifuctl", "--config", place.daemon.config, "money", "statement", "import", place.file,
                           "--who", "li"], env=place.daemon.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=120)


def in_the_books_once(place):
    assert stored(place) == {"bank_file": 1, "bank_file_part": 1, "bank_statement": 2, "bank_line": 2 * LINES, "suspense": 2 * LINES,
                             "posting": 2 * LINES}
    account = place.daemon.ctl_json("money", "account", "list")
    assert account["proved"] is True, account
    assert account["accounts"][0]["ledger"] == {"amount": "%d.00" % place.closing, "currency": "USD"}
    assert place.daemon.ctl_json("ledger", "balance")["balanced"] is True


@pytest.mark.parametrize("name", list(points.IMPORT_POINTS))
def test_killed_while_importing(up, name):
    up.points.arm(name, nth=2 if name in ("bank.statement", "bank.lines") else 1)
    assert run_import(up).returncode == -9
    assert up.points.fired(name)[0] == 1
    durable = name == "bank.after_commit"
    assert all(n > 0 if durable else n == 0 for n in stored(up).values()), stored(up)

    again = run_import(up)
    assert again.returncode == 0, again.stderr
    assert ("taken before" in again.stdout) == durable, again.stdout
    in_the_books_once(up)


def test_ten_at_once_of_which_one_is_killed(up):
    up.points.arm("bank.before_commit")
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        done = list(pool.map(lambda _: run_import(up), range(10)))
    assert sorted(each.returncode for each in done) == [-9] + 9 * [0], [each.stderr for each in done]
    assert sum("taken before" in each.stdout for each in done) == 8, [each.stdout for each in done]
    in_the_books_once(up)


def test_intake_killed_while_it_imports(place):
    """Under /v1, where the program has no answer and sends the file again: first into nothing, then into what is there."""
    place.points = points.Points(place.folder)
    place.daemon.env.update(place.points.env)
    v1.start(place)
    desk = v1.Desk(place)
    text, closing = statement(1, 10, 0, LINES)

    def send(statuses):
        answer = desk.call("POST", "/v1/bank-statements", text, media="text/plain")
        assert answer.status in statuses, answer
        return answer

    for name, statuses in (("bank.lines", [201]), ("bank.after_commit", [200])):
        if name == "bank.after_commit":
            text, closing = statement(2, 11, closing, LINES)
        before = stored(place)
        place.points.arm(name)
        with pytest.raises((OSError, http.client.HTTPException)):
            send([])
        assert place.points.fired(name)[0] == 1
        assert (stored(place) == before) == (name == "bank.lines"), stored(place)
        again = zhifu.wait_until(lambda: send([200, 201]), "intake to be back")
        assert again.status in statuses and again.json()["known"] == (name == "bank.after_commit"), again
    desk.close()
    assert stored(place) == {"bank_file": 2, "bank_file_part": 2, "bank_statement": 2, "bank_line": 2 * LINES, "suspense": 2 * LINES,
                             "posting": 2 * LINES}
    usd, = [account for account in place.daemon.ctl_json("money", "account", "list")["accounts"] if account["account"] == "USD"]
    assert usd["ledger"] == {"amount": "%d.00" % closing, "currency": "USD"} and usd["proof"] == "holds", usd
    assert place.daemon.ctl_json("ledger", "balance")["balanced"] is True
