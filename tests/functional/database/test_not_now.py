"""A database that is there but temporarily unable: answers are 503, clients try again, and nothing is lost."""

import contextlib
import json
import threading
import time

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from livechat.db.engine import make_engine
from livechat.realtime.feeds import AdminLog, CustomerLog
from livechat.realtime.inbox_feed import ListLog

from ...factories import Customer
from ...streams import until

ON_POSTGRESQL = pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)


def unavailable(answer):
    assert answer.status_int == 503
    assert answer.json["error"]["code"] == "unavailable"
    assert 1 <= int(answer.headers["Retry-After"]) <= 60


def refused(stream):
    """Return whether a stream was refused because the database is unavailable, and has not begun."""
    stream.ends()
    assert (stream.status, stream.header("Content-Type")) == (503, "application/json"), stream.raw
    assert json.loads(stream.raw)["error"]["code"] == "unavailable"
    assert stream.header("Retry-After")
    return True


@pytest.fixture
def impatient(boot):
    """The application with a short timeout for locks."""
    return boot(busy_timeout_ms=100)


@pytest.fixture
def readers(impatient, customer, new_admin):
    """Every reader of a stream, as arguments of `listens`: a customer, an admin, and a reader of the list."""
    ann = Customer(impatient)
    ann.token, ann.id = customer.token, customer.id
    anna = new_admin("anna", app=impatient)
    return {"customer": (ann,), "admin": (anna, 1), "list": (anna,)}


def tries_again(customer):
    """Return whether a message is stored now, tried as often as a client tries."""
    time.sleep(0.1)
    return customer.sends("kept", "k1", status=[201, 503]).status_int == 201


SIDES = pytest.mark.parametrize("side", ["customer", "admin", "list"])


@contextlib.contextmanager
def held(engine, table):
    """Lock a whole table on another connection."""
    with engine.connect() as connection:
        connection.execute(text(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))
        yield
        connection.rollback()


def nothing_is_left(wsgi):
    realtime = wsgi.registry["livechat.realtime"]
    return not realtime._slots and not realtime.hub._listeners and not realtime.book._open


@ON_POSTGRESQL
@SIDES
def test_a_stream_that_cannot_begin_is_refused(readers, impatient, engine, listens, side):
    with held(engine, "chat_messages"):
        assert refused(listens(*readers[side]))
    until(lambda: nothing_is_left(impatient))
    stream = listens(*readers[side])
    stream.next("session" if side != "list" else "counts")


@SIDES
def test_a_stream_that_cannot_begin_releases_its_resources(
    readers, impatient, listens, monkeypatch, side
):
    kind = {"customer": CustomerLog, "admin": AdminLog, "list": ListLog}[side]
    for name in ("may_see", "_may_see"):
        monkeypatch.setattr(kind, name, fails, raising=False)
    assert refused(listens(*readers[side]))
    assert nothing_is_left(impatient)
    monkeypatch.undo()
    assert listens(*readers[side]).is_stream


def fails(*_args):
    raise OperationalError("SELECT", {}, Exception("the database is away"))


@ON_POSTGRESQL
@pytest.mark.parametrize("side", ["customer", "admin"])
def test_a_stream_that_cannot_read_ends_and_a_reader_who_resumes_misses_nothing(
    readers, customer, engine, listens, side
):
    stream = listens(*readers[side])
    last = stream.hears("hello").id
    customer.sends("two")
    last = stream.hears("two").id
    with held(engine, "chat_messages"):
        readers[side][0].app.app.registry["livechat.realtime"].hub.wake_all()
        stream.ends()
    assert stream.bodies == ["hello", "two"]
    customer.sends("three")
    again = listens(*readers[side], since=last)
    again.hears("three")
    assert again.bodies == ["three"]


@pytest.mark.parametrize("side", ["customer", "admin"])
def test_a_failed_stream_is_never_read_again(readers, customer, listens, monkeypatch, side):
    """Whatever the server does with an ended stream: its position has moved, and nothing wakes it."""
    stream = listens(*readers[side])
    stream.hears("hello")
    body = stream._chunks
    kind = {"customer": CustomerLog, "admin": AdminLog}[side]
    monkeypatch.setattr(kind, "may_see", fails)
    customer.sends("read, but never sent")
    stream.ends()
    monkeypatch.undo()
    for _ in range(3):
        assert next(body, "the end") == "the end"


@ON_POSTGRESQL
def test_while_a_table_is_locked_requests_for_other_tables_are_answered(readers, impatient, engine):
    ann, anna = readers["customer"][0], readers["admin"][0]
    stop = threading.Event()

    def asks_on():
        someone = Customer(impatient)
        someone.token, someone.id = ann.token, ann.id
        while not stop.is_set():
            someone.reads(status="*")
            stop.wait(0.05)

    threads = [threading.Thread(target=asks_on) for _ in range(30)]
    with held(engine, "chat_messages"):
        for thread in threads:
            thread.start()
        try:
            for _ in range(10):
                begun = time.monotonic()
                assert health(impatient) == 200
                assert is_here(anna) == 200
                assert time.monotonic() - begun < 10
            unavailable(ann.sends("kept", "k1", status=503))
        finally:
            stop.set()
            for thread in threads:
                thread.join()
    assert ann.sends("kept", "k1").status_int == 201
    assert ann.sees() == ["hello", "kept"]


def health(wsgi):
    return Customer(wsgi).app.get("/health/", status="*").status_int


def is_here(admin):
    """Send a request that needs the database, but not the messages."""
    headers = admin.json | {"X-CSRF-Token": admin.csrf_token}
    path, data = "/custom-admin/chat/presence/", {"state": "online"}
    return admin.app.post_json(path, data, headers=headers, status="*").status_int


@ON_POSTGRESQL
def test_after_a_wait_for_a_locked_table_the_next_requests_do_not_wait_long(boot, customer, engine):
    wsgi = boot(busy_timeout_ms=2500)
    ann = Customer(wsgi)
    ann.token, ann.id = customer.token, customer.id
    ann.reads()
    with held(engine, "chat_messages"):
        begun = time.monotonic()
        unavailable(ann.reads(status=503))
        first = time.monotonic() - begun
        begun = time.monotonic()
        for _ in range(3):
            unavailable(ann.reads(status=503))
        assert (time.monotonic() - begun) / 3 < first
    ann.reads()
    # A locked row is different: requests wait for it as long as before.
    with engine.connect() as connection:
        connection.execute(text("SELECT 1 FROM chat_sessions FOR UPDATE"))
        time.sleep(2.1)  # the table counts as free
        begun = time.monotonic()
        unavailable(ann.sends(status=503))
        unavailable(ann.sends(status=503))
        assert time.monotonic() - begun > 4
        connection.rollback()


@pytest.fixture
def altered(engine, wsgi):
    """A function that changes a setting of the whole database for new connections and ends the
    present ones. The end of the test restores the setting."""

    def alter(setting):
        with engine.connect() as connection:
            name = connection.execute(text("SELECT current_database()")).scalar()
            connection.execute(text("SET default_transaction_read_only = off"))
            connection.commit()
            connection.execute(text(f'ALTER DATABASE "{name}" {setting}'))
            connection.commit()  # a connection created earlier would keep the old setting
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
            connection.commit()
        engine.dispose()

    yield alter
    engine.dispose()
    with engine.connect() as connection:
        connection.execute(text("SET default_transaction_read_only = off"))
        connection.commit()
    alter("RESET ALL")
    wsgi.registry["livechat.engine"].dispose()  # the ended connections must not fail the next test


@ON_POSTGRESQL
def test_while_the_database_is_read_only_every_act_is_503_and_nothing_is_lost(
    customer, admin, stranger, altered
):
    altered("SET default_transaction_read_only = on")
    customer.reads(status="*")  # connections that were just ended are reopened
    acts = {
        "start": lambda: stranger.starts("hello", status=503),
        "send": lambda: customer.sends("kept", "k1", status=503),
        "close": lambda: customer.closes(status=503),
        "seen": lambda: customer.has_seen(1, status=503),
        "page": lambda: customer.posts("page", {"page": {"url": "https://a.example"}}, status=503),
        "answer": lambda: admin.sends(1, "kept", "k2", status=503),
        "note": lambda: admin.posts(1, "note", {"body": "psst", "client_id": "n"}, status=503),
        "take": lambda: admin.takes(1, status=503),
        "close it": lambda: admin.closes(1, status=503),
        "look": lambda: admin.has_seen(1, 1, status=503),
    }
    for act in acts.values():
        unavailable(act())
    page = admin.submits("1/send/", status=503, body="my text", client_id="k3")
    assert "my text" in page.text
    # Everything that only reads still works.
    assert customer.sees() == ["hello"]
    assert admin.opens(1).json["session"]["number"] == 1
    assert health(customer.app.app) == 200
    altered("RESET ALL")
    until(lambda: tries_again(customer))
    assert customer.sees() == ["hello", "kept"]


@ON_POSTGRESQL
def test_connections_that_stayed_read_only_are_reopened(customer, engine, altered):
    """After a fail-over the address leads to another server, which old connections never reach."""
    altered("SET default_transaction_read_only = on")
    customer.reads(status="*")
    customer.sends("kept", "k1", status=503)
    with engine.connect() as connection:
        name = connection.execute(text("SELECT current_database()")).scalar()
        connection.execute(text("SET default_transaction_read_only = off"))
        connection.commit()
        connection.execute(
            text(f'ALTER DATABASE "{name}" RESET ALL')
        )  # connections stay as they are
        connection.commit()
    until(lambda: tries_again(customer))


@ON_POSTGRESQL
def test_a_statement_timeout_is_503(customer, engine, altered):
    with engine.begin() as connection:
        connection.execute(
            text(
                "CREATE FUNCTION linger() RETURNS trigger AS $$ BEGIN PERFORM pg_sleep(10);"
                " RETURN NEW; END $$ LANGUAGE plpgsql"
            )
        )
        connection.execute(
            text(
                "CREATE TRIGGER linger BEFORE INSERT ON chat_messages"
                " FOR EACH ROW EXECUTE FUNCTION linger()"
            )
        )
    try:
        altered("SET statement_timeout = 500")
        customer.reads(status="*")
        unavailable(customer.sends("kept", "k1", status=503))
    finally:
        altered("RESET ALL")
        with engine.begin() as connection:
            connection.execute(text("DROP TRIGGER linger ON chat_messages"))
            connection.execute(text("DROP FUNCTION linger"))
    until(lambda: tries_again(customer))
    assert customer.sees() == ["hello", "kept"]


@ON_POSTGRESQL
def test_several_waits_for_one_row_do_not_mark_the_table_as_locked(
    database_url, customer, new_customer
):
    other = new_customer()
    other.starts("me, too")
    engine = make_engine(database_url, busy_timeout_ms=500)
    wait = text("UPDATE chat_sessions SET version = version WHERE id = :id")

    def waits(number):
        with contextlib.suppress(OperationalError), engine.begin() as connection:
            connection.execute(wait, {"id": number})

    with engine.connect() as holder:
        holder.execute(wait, {"id": 1})
        crowd = [threading.Thread(target=waits, args=(1,)) for _ in range(3)]
        for one in crowd:
            one.start()
        for one in crowd:
            one.join()  # none of them succeeds
        # Another transaction locks the other row for less than the usual timeout.
        second = engine.connect()
        second.execute(wait, {"id": 2})
        release = threading.Timer(0.2, second.rollback)
        release.start()
        with engine.begin() as connection:
            connection.execute(wait, {"id": 2})
        release.join()
        second.close()
        holder.rollback()
    engine.dispose()
