"""PostgreSQL's own faults: it ends connections, restarts, is read-only, locks tables, and has no connection left."""

from __future__ import annotations

import contextlib
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import psycopg
from sqlalchemy import make_url, text

from .breaking import Fault, Site, the_connections_to_the_database_end

AT_ONCE = 10
"""How many connections one round ends, one after another."""
HELD_FOR = 3.0  # seconds, three times as long as a statement waits for a lock here
TABLES = ("chat_messages", "chat_sessions", "guest_tokens")


def connections_end_one_by_one(site: Site) -> None:
    """End `AT_ONCE` arbitrary connections of the server within about a second."""
    one = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        " AND application_name LIKE 'livechat%' AND pid <> pg_backend_pid()"
        " ORDER BY (state = 'idle'), random() LIMIT 1"
    )
    with _administrator(site) as connection:
        for _ in range(AT_ONCE):
            connection.execute(one)
            time.sleep(site.chance.random() * 0.2)


def the_database_restarts(site: Site) -> None:
    """Like a restart by an administrator, or a start after a crash."""
    assert site.ground.postgresql is not None
    site.at_no_particular_moment()
    site.ground.postgresql.stop(site.chance.choice(["fast", "immediate"]))
    site.ground.postgresql.start()


def the_database_is_read_only(site: Site) -> None:
    """Like a fail-over to a standby, or an administrator who blocks writers."""
    before = site.load.history.unavailable
    with _set(site, "default_transaction_read_only = on"):
        site.load.wait(lambda: site.load.history.unavailable > before, "somebody cannot write")
        site.load.wait(lambda: site.load.history.unavailable > before + 20, "nobody can write")


def a_table_is_held(site: Site) -> None:
    """Nobody can read or write one of the tables. The server reports that it is healthy all the time."""
    with _administrator(site, autocommit=False) as connection:
        connection.execute(
            text(f"LOCK TABLE {site.chance.choice(TABLES)} IN ACCESS EXCLUSIVE MODE")
        )
        until = time.monotonic() + HELD_FOR
        while time.monotonic() < until:
            began = time.monotonic()
            with urllib.request.urlopen(f"{site.server.url}/health/", timeout=20) as response:
                assert response.status == 200
            site.note("the server said that it is well", time.monotonic() - began)
            time.sleep(0.2)
        connection.rollback()


def statements_are_cut_short(site: Site) -> None:
    """An administrator sets a statement timeout of almost nothing."""
    with _set(site, "statement_timeout = '2ms'"):
        with contextlib.suppress(TimeoutError):
            site.load.feels_it(at_most=3.0)
        time.sleep(1)


def there_are_too_many_connections(site: Site) -> None:
    """Others take all the connections that PostgreSQL allows, and the server has just lost its own."""
    url = make_url(site.server.database_url).set(drivername="postgresql")
    taken: list[psycopg.Connection[Any]] = []
    try:
        the_connections_to_the_database_end(site)
        with contextlib.suppress(psycopg.OperationalError):
            while len(taken) < 400:
                taken.append(psycopg.connect(url.render_as_string(hide_password=False)))
        time.sleep(1)
    finally:
        for connection in taken:
            connection.close()


AROUND_THE_DATABASE: list[Fault] = [
    connections_end_one_by_one,
    the_database_restarts,
    the_database_is_read_only,
    a_table_is_held,
    statements_are_cut_short,
    there_are_too_many_connections,
]


@contextlib.contextmanager
def _administrator(site: Site, *, autocommit: bool = True) -> Iterator[Any]:
    """A new connection each time, so that no fault has affected it."""
    site.engine.dispose()
    with site.engine.connect() as connection:
        if autocommit:
            connection.execution_options(isolation_level="AUTOCOMMIT")
        # Settings for everybody do not apply to this connection. It may wait for a table as long as it takes.
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("SET lock_timeout = 0"))
        yield connection
    site.engine.dispose()


@contextlib.contextmanager
def _set(site: Site, setting: str) -> Iterator[None]:
    """A setting of the whole server, for all present and future connections."""
    with _administrator(site) as connection:
        connection.execute(text(f"ALTER SYSTEM SET {setting}"))
        connection.execute(text("SELECT pg_reload_conf()"))
        try:
            yield
        finally:
            connection.execute(text(f"ALTER SYSTEM RESET {setting.partition(' ')[0]}"))
            connection.execute(text("SELECT pg_reload_conf()"))
