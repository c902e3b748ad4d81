"""Hard moments: a locked or missing database, a clock that jumps, texts of every kind, a login that ends."""

import time
from datetime import timedelta

import pytest
from sqlalchemy import text

from livechat.db.engine import make_engine

from ...databases import rows
from ...factories import Customer, new_id


@pytest.fixture
def clock(monkeypatch):
    """A clock that can be set: ``clock(hours=-5)`` moves it for all code that asks for the time."""
    from livechat.accounts import admins, guests
    from livechat.conversation import fast_path, message_log, opening
    from livechat.models import base

    offset = [timedelta()]
    real = base.now

    def moved():
        return real() + offset[0]

    for module in (base, message_log, fast_path, guests, opening, admins):
        monkeypatch.setattr(module, "now", moved)

    def move(**by):
        offset[0] += timedelta(**by)

    return move


def test_order_and_times_stay_monotonic_when_the_clock_jumps_back(new_customer, admin, clock):
    ann = new_customer()
    ann.starts("one")
    clock(hours=-5)
    ann.sends("two")
    cursor = ann.reads().json["cursor"]
    clock(days=-400)
    admin.sends(1, "three")
    admin.closes(1)
    admin.reopens(1)
    clock(days=900)
    ann.sends("four")
    clock(days=-900)
    ann.sends("five")
    messages = ann.reads().json["messages"]
    assert [m["body"] for m in messages if m["from"] != "system"] == [
        "one",
        "two",
        "three",
        "four",
        "five",
    ]
    assert [m["seq"] for m in messages] == list(range(1, len(messages) + 1))
    times = [m["created_at"] for m in messages]
    assert times == sorted(times)
    assert len(ann.reads(cursor).json["messages"]) == len(messages) - 2
    session = ann.reads().json["session"]
    assert session["created_at"] <= times[0]


def test_the_list_is_still_complete_after_the_clock_has_jumped(new_customer, admin, clock):
    people = [new_customer() for _ in range(4)]
    for each in people:
        each.starts("hi")
        clock(hours=-7)
    people[3].sends("again")
    shown = [session["number"] for session in admin.dashboard().json["sessions"]]
    assert sorted(shown) == [1, 2, 3, 4]


def unavailable(answer):
    """Return whether the answer reports that the database is unavailable."""
    assert answer.status_int == 503
    assert answer.json["error"]["code"] == "unavailable"
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.fixture
def locked(database_kind, database_url, boot, engine):
    """(an application that waits 50 ms for a lock, the connection that holds it): SQLite only."""
    if database_kind != "sqlite":
        pytest.skip("only SQLite locks the whole database")
    wsgi = boot(busy_timeout_ms=50)
    holder = engine.connect()
    yield wsgi, holder.connection.dbapi_connection
    if holder.connection.dbapi_connection.in_transaction:
        holder.connection.dbapi_connection.rollback()
    holder.close()


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_while_the_database_is_locked_the_answer_is_503_and_the_retry_succeeds_once(
    locked, customer, admin
):
    wsgi, holder = locked
    ann = Customer(wsgi)
    ann.token, ann.id = customer.token, customer.id
    holder.execute("BEGIN IMMEDIATE")
    begun = time.monotonic()
    for _ in range(3):
        unavailable(ann.sends("kept", "k1", status=503))
    unavailable(Customer(wsgi).starts("hello", status=503))
    # Four requests with three tries each would wait for 36 s with the usual timeout of three.
    assert time.monotonic() - begun < 20
    assert [m["body"] for m in ann.reads().json["messages"]] == ["hello"]  # readers do not wait
    form = {"body": "my <b>text", "client_id": new_id(), "csrf_token": admin.csrf_token}
    cookie = "; ".join(f"{name}={value}" for name, value in admin.app.cookies.items())
    page = ann.app.post(
        "/custom-admin/chat/1/send/",
        form,
        headers={"Cookie": cookie, "Accept": "text/html"},
        status=503,
    )
    assert "my &lt;b&gt;text" in page.text
    assert page.headers["Retry-After"]
    holder.rollback()
    assert ann.sends("kept", "k1").status_int == 201
    assert ann.sends("kept", "k1", status=200).status_int == 200
    assert ann.sees() == ["hello", "kept"]


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
def test_when_postgresql_drops_idle_connections_the_next_request_works(customer, engine):
    customer.sends("before")
    with engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    answer = customer.sends("after", "a1", status=[201, 503])
    if answer.status_int == 503:
        unavailable(answer)
        customer.sends("after", "a1", status=201)
    assert customer.sees() == ["hello", "before", "after"]


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
def test_when_postgresql_drops_a_connection_in_use_the_answer_is_503_and_nothing_is_stored(
    customer, engine
):
    with engine.begin() as connection:
        connection.execute(
            text(
                "CREATE FUNCTION die() RETURNS trigger AS $$ BEGIN"
                " PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(1);"
                " RETURN NEW; END $$ LANGUAGE plpgsql"
            )
        )
        connection.execute(
            text(
                "CREATE TRIGGER die BEFORE INSERT ON chat_messages"
                " FOR EACH ROW EXECUTE FUNCTION die()"
            )
        )
    try:
        unavailable(customer.sends("lost?", "a1", status=503))
    finally:
        with engine.begin() as connection:
            connection.execute(text("DROP TRIGGER die ON chat_messages"))
            connection.execute(text("DROP FUNCTION die"))
    assert customer.sees() == ["hello"]
    customer.sends("lost?", "a1", status=201)
    assert customer.sees() == ["hello", "lost?"]


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
def test_when_the_commit_fails_the_answer_is_503_with_all_its_headers(customer, engine):
    # A deferred trigger fails at the commit, outside all views.
    with engine.begin() as connection:
        connection.execute(
            text(
                "CREATE FUNCTION die() RETURNS trigger AS $$ BEGIN"
                " PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(1);"
                " RETURN NULL; END $$ LANGUAGE plpgsql"
            )
        )
        connection.execute(
            text(
                "CREATE CONSTRAINT TRIGGER die AFTER INSERT ON chat_messages"
                " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die()"
            )
        )
    customer.headers = {"Origin": "https://shop.example"}
    try:
        answer = customer.sends("lost?", "a1", status=503)
        unavailable(answer)
        assert answer.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    finally:
        with engine.begin() as connection:
            connection.execute(text("DROP TRIGGER die ON chat_messages"))
            connection.execute(text("DROP FUNCTION die"))
    customer.sends("lost?", "a1", status=201)
    assert customer.sees() == ["hello", "lost?"]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://nobody@127.0.0.1:1/nothing",
        "sqlite:////nonexistent-folder/below/livechat.sqlite3",
    ],
)
@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_when_the_database_is_gone_everything_that_needs_it_is_503(boot, customer, url):
    gone = Customer(boot(database_url=url))
    gone.token, gone.id = customer.token, customer.id
    for answer in (
        gone.starts("hi", status=503),
        gone.sends(status=503),
        gone.reads(status=503),
        gone.closes(status=503),
        gone.app.get("/health", headers={"Accept": "application/json"}, status=503),
        gone.app.get("/custom-admin/chat/1/", headers={"Accept": "application/json"}, status=503),
    ):
        unavailable(answer)
    page = gone.app.get("/custom-admin/chat/1/", headers={"Accept": "text/html"}, status=503)
    assert page.content_type == "text/html"
    assert page.headers["Retry-After"]
    # What needs no database still works.
    assert gone.app.get("/chat/", status=200).html.find(id="chat")
    assert gone.app.get("/widget.js", status=200)
    assert gone.app.get("/custom-admin/login/", status=200).html.find("form")


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_a_database_that_was_never_migrated_answers_503(boot, new_database):
    bare = Customer(boot(database_url=new_database(migrated=False)))
    bare.starts("hi", status=503)


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_sqlite_is_set_up_to_survive_a_power_cut(wsgi, database_url):
    engine = make_engine(database_url)
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
        assert connection.execute(text("PRAGMA busy_timeout")).scalar() == 3000
    engine.dispose()


def test_an_answer_after_the_login_has_ended_keeps_its_text_on_the_login_page(
    admin, customer, engine
):
    typed = "A long answer, <b>typed</b> with care\nin two lines"
    token = admin.csrf_token
    with engine.begin() as connection:
        connection.execute(text("UPDATE admin_logins SET expires_at = created_at"))
    form = {"csrf_token": token, "body": typed, "client_id": new_id()}
    page = admin.app.post(
        "/custom-admin/chat/1/send/", form, headers={"Accept": "text/html"}, status=403
    )
    assert page.html.find("input", {"name": "password"})
    assert typed in page.html.get_text() or typed in str(page.html.find("textarea").string)
    assert "<b>typed" not in page.text
    assert customer.sees() == ["hello"]
    # A program is told the same, and keeps its text itself.
    headers = admin.json | {"X-CSRF-Token": token}
    answer = admin.app.post_json("/custom-admin/chat/1/send/", form, headers=headers, status=403)
    assert answer.json["error"]["code"] == "forbidden"
    # The login form that came with the text works.
    fields = {
        "csrf_token": page.html.find("input", {"name": "csrf_token"})["value"],
        "username": "anna",
        "password": "a few words in a row",
    }
    admin.app.post("/custom-admin/login/", fields, status=303)


def test_a_refused_transaction_leaves_nothing_behind(customer, engine):
    before = rows(engine, "SELECT seq, public_seq, version, last_activity_at FROM chat_sessions")
    customer.sends("other", client_id="c1", status=201)
    after = rows(engine, "SELECT seq, public_seq, version, last_activity_at FROM chat_sessions")
    assert after != before
    customer.sends("different", client_id="c1", status=409)
    assert (
        rows(engine, "SELECT seq, public_seq, version, last_activity_at FROM chat_sessions")
        == after
    )
