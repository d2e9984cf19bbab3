"""Functions of the schema lock nothing before they change it: a row that moves under one makes it fail as a whole, with
the error after which it runs again. Each test moves the row in the very moment between its look and its change."""

import threading
import uuid

import psycopg2.errors
import pytest

import zhifu

ROUTE = "alpha:main"


def call(cursor, name, **given):
    """Calls zhifu.NAME with what is given; every other array is empty."""
    cursor.execute("SELECT a.name, format_type(t.oid, NULL) type FROM pg_proc p, unnest(p.proargnames, p.proallargtypes) "
                   "a (name, oid) JOIN pg_type t ON t.oid = a.oid WHERE p.oid = %s::regproc AND p.proargmodes IS NOT NULL"
                   " UNION ALL SELECT a.name, format_type(a.oid, NULL) FROM pg_proc p, unnest(p.proargnames, "
                   "p.proargtypes::oid[]) a (name, oid) WHERE p.oid = %s::regproc AND p.proargmodes IS NULL",
                   ("zhifu." + name,) * 2)
    types = dict(cursor.fetchall())
    words = {k: "%%(%s)s::%s" % (k, t) for k, t in types.items() if k in given or t.endswith("[]")}
    cursor.execute("SELECT * FROM zhifu.%s(%s)" % (name, ", ".join("%s => %s" % w for w in words.items())),
                   {k: given.get(k, []) for k in words})
    return cursor.fetchall()


class Race:
    """One function call that stops at a row which somebody else is about to change."""

    def __init__(self, database):
        self.database = database
        self.hospital = str(uuid.uuid4())
        self.error = None
        self.before_commit = lambda database: None  # runs while the call waits
        database.sql("INSERT INTO zhifu.hospital VALUES (%s, 'H01', 'Harbour Clinic', 'Asia/Shanghai', 'CNY')",
                     (self.hospital,))

    def work(self, role, **more):
        """A leased item; returns its id."""
        work = str(uuid.uuid4())
        names = "".join(", " + name for name in more)
        self.database.sql("INSERT INTO zhifu.outbox (hospital_id, work_id, role, kind, attempt, leased_until" + names +
                          ") VALUES (%s, %s, %s, 1, 1, now() + interval '1 minute'" + ", %s" * len(more) + ")",
                          (self.hospital, work, role, *more.values()))
        return work

    def lose(self, change, args, user, name, **given):
        """What the call raises when the change is committed after the call has looked at the row."""
        mover = self.database.connect()
        mover.autocommit = False
        with mover.cursor() as cursor:
            cursor.execute(change, args)

        def run():
            conn = self.database.connect(user)
            try:
                with conn.cursor() as cursor:
                    call(cursor, name, **given)
            except psycopg2.Error as err:
                self.error = err
            finally:
                conn.close()
        caller = threading.Thread(target=run)
        caller.start()
        zhifu.wait_until(lambda: self.database.value(
            "SELECT count(*) FROM pg_stat_activity WHERE usename = %s AND wait_event_type = 'Lock'", (user,)) == 1)
        self.before_commit(self.database)
        mover.commit()
        mover.close()
        caller.join(30)
        return self.error


@pytest.fixture
def race(place):
    place.daemon.migrate()
    return Race(place.database)


def test_a_lease_that_is_lost_to_translate(race):
    work = race.work(1)
    error = race.lose("UPDATE zhifu.outbox SET attempt = 2 WHERE work_id = %s", (work,), "zhifu_translate",
                      "translate_commit", i_hospital=[race.hospital], i_work=[work], i_attempt=[1], i_action=[1],
                      i_delay=[0], i_why=[None], i_insurer=["alpha"])
    assert isinstance(error, psycopg2.errors.SerializationFailure), error
    assert race.database.value("SELECT attempt FROM zhifu.outbox WHERE work_id = %s", (work,)) == 2


def test_an_exchange_that_another_worker_takes_on(race):
    """Two answers of one exchange in two workers: who comes second leaves no trace, and has its item again at once."""
    exchange = str(uuid.uuid4())
    work = race.work(1, exchange_id=exchange)
    race.database.sql("INSERT INTO zhifu.exchange (hospital_id, exchange_id, insurer, kind, status, step, state) "
                      "VALUES (%s, %s, 'alpha', 4, 1, 5, 'before')", (race.hospital, exchange))
    error = race.lose("UPDATE zhifu.exchange SET step = 6, state = 'theirs' WHERE exchange_id = %s", (exchange,),
                      "zhifu_translate", "translate_commit", i_hospital=[race.hospital], i_work=[work], i_attempt=[1],
                      i_action=[1], i_delay=[0], i_why=[None], i_insurer=["alpha"], x_item=[1], x_id=[exchange],
                      x_kind=[4], x_claim=[None], x_status=[1], x_step=[5], x_state=["ours"], x_why=[None])
    assert error is None, error
    row = race.database.sql("SELECT step, encode(state, 'escape') state FROM zhifu.exchange")[0]
    assert row == {"step": 6, "state": "theirs"}, row
    assert race.database.value("SELECT count(*) FROM zhifu.outbox WHERE work_id = %s AND leased_until = '-infinity' AND "
                               "due_at <= now()", (work,)) == 1


def test_a_lease_that_is_lost_to_settle(race):
    work = race.work(3)
    error = race.lose("UPDATE zhifu.outbox SET leased_until = '-infinity' WHERE work_id = %s", (work,), "zhifu_settle",
                      "settle_commit", c_hospital=[race.hospital], c_claim=[str(uuid.uuid4())], w_claim=[1],
                      w_work=[work], w_attempt=[1], w_delay=[None])
    assert isinstance(error, psycopg2.errors.SerializationFailure), error
    assert race.database.value("SELECT count(*) FROM zhifu.outbox WHERE work_id = %s", (work,)) == 1


def test_a_message_that_is_dropped_before_it_is_sent(race):
    message = str(uuid.uuid4())
    work = race.work(2, route=ROUTE, message_id=message)
    race.database.sql("INSERT INTO zhifu.message (hospital_id, message_id, insurer, direction, personal, status, content) "
                      "VALUES (%s, %s, 'alpha', 1, false, 1, '')", (race.hospital, message))
    race.database.sql("INSERT INTO zhifu.route_lease (route, owner, fence, until) VALUES (%s, 'me', 7, 'infinity')",
                      (ROUTE,))
    error = race.lose("UPDATE zhifu.message SET status = 6 WHERE message_id = %s", (message,), "zhifu_dispatch",
                      "dispatch_begin", p_route=ROUTE, p_fence=7, p_hospital=[race.hospital], p_work=[work],
                      p_attempt=[1], p_next=[str(uuid.uuid4())], p_recipient="alpha", p_purposes=["CLMATTCH"],
                      p_fields="all", p_warn=1000, p_stop=1000, p_consent_days=7)
    assert isinstance(error, psycopg2.errors.SerializationFailure), error
    assert race.database.value("SELECT count(*) FROM zhifu.attempt WHERE message_id = %s", (message,)) == 0
    assert race.database.value("SELECT count(*) FROM zhifu.export_ledger WHERE message_id = %s", (message,)) == 0


def test_leases_are_revoked_in_the_order_in_which_they_are_begun(race):
    """Else the two wait for each other, and one of them for a second."""
    first, second = sorted((race.work(2, route=ROUTE), race.work(2, route=ROUTE)))
    free = []

    def look(database):
        try:
            free.append(database.sql("SELECT 1 FROM zhifu.outbox WHERE work_id = %s FOR UPDATE NOWAIT", (second,)) != [])
        except psycopg2.errors.LockNotAvailable:
            free.append(False)

    race.before_commit = look
    assert race.lose("UPDATE zhifu.outbox SET held = false WHERE work_id = %s", (first,), "zhifu_dispatch", "work_revoke",
                     p_hospital=[race.hospital] * 2, p_work=[second, first], p_attempt=[1, 1]) is None
    assert free == [True]
    assert race.database.value("SELECT sum(attempt) FROM zhifu.outbox") == 4
