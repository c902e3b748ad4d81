"""Which of the drivers' errors mean that the database is temporarily unavailable."""

import sqlite3

import psycopg
import psycopg.errors
import pytest
from sqlalchemy import create_engine, exc, text

from livechat.db import errors

NOT_NOW = {
    "read_only_sql_transaction": "25006",
    "in_failed_sql_transaction": "25P02",
    "idle_in_transaction_session_timeout": "25P03",
    "query_canceled": "57014",
    "lock_not_available": "55P03",
    "object_in_use": "55006",
    "too_many_connections": "53300",
    "disk_full": "53100",
    "out_of_memory": "53200",
    "admin_shutdown": "57P01",
    "crash_shutdown": "57P02",
    "cannot_connect_now": "57P03",
    "connection_failure": "08006",
    "serialization_failure": "40001",
    "deadlock_detected": "40P01",
    "io_error": "58030",
    "invalid_password": "28P01",
    "invalid_catalog_name": "3D000",
    "undefined_table": "42P01",
}
OURS = {"unique_violation": "23505", "syntax_error": "42601", "string_truncation": "22001"}


def of_state(state, *, wrapped):
    driver = psycopg.errors.lookup(state)("said", encoding="utf-8")
    kind = exc.InternalError if isinstance(driver, psycopg.InternalError) else exc.DatabaseError
    return kind("SELECT 1", {}, driver) if wrapped else driver


@pytest.mark.parametrize("wrapped", [True, False], ids=["by SQLAlchemy", "by psycopg"])
@pytest.mark.parametrize("name", NOT_NOW)
def test_postgresql_errors_that_mean_unavailable(name, wrapped):
    assert errors.is_away(of_state(NOT_NOW[name], wrapped=wrapped))


@pytest.mark.parametrize("wrapped", [True, False], ids=["by SQLAlchemy", "by psycopg"])
@pytest.mark.parametrize("name", OURS)
def test_errors_in_our_own_statements_stay_errors(name, wrapped):
    assert not errors.is_away(of_state(OURS[name], wrapped=wrapped))


@pytest.mark.parametrize("kind", [psycopg.OperationalError, psycopg.InterfaceError])
def test_a_connection_that_breaks_without_a_code_means_unavailable(kind):
    assert errors.is_away(kind("the connection is closed"))
    assert not errors.is_away(psycopg.ProgrammingError("no code either"))


def sqlite_error(*statements, path=":memory:"):
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        for statement in statements:
            connection.execute(statement)
    except sqlite3.Error as error:
        return error
    finally:
        connection.close()
    raise AssertionError(f"nothing is wrong with {statements}")


def test_sqlite_errors_that_mean_unavailable(tmp_path):
    path = tmp_path / "a.sqlite3"
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("CREATE TABLE a (b)")
    holder.execute("BEGIN IMMEDIATE")
    locked = sqlite_error("PRAGMA busy_timeout = 1", "BEGIN IMMEDIATE", path=path)
    holder.close()
    assert errors.is_away(locked)
    assert errors.is_busy(locked)
    broken = tmp_path / "b.sqlite3"
    broken.write_bytes(b"this is no database" * 100)
    with pytest.raises(sqlite3.OperationalError) as unopened:
        sqlite3.connect(tmp_path / "no" / "x")
    full = ("PRAGMA max_page_count = 1", "CREATE TABLE c (d)", "CREATE TABLE e (f)")
    for error in (
        sqlite_error("SELECT * FROM missing"),
        sqlite_error("SELECT * FROM sqlite_master", path=broken),
        sqlite_error("SELECT 1", "PRAGMA query_only = 1", "DELETE FROM a", path=path),
        sqlite_error(*full),
        unopened.value,
    ):
        assert errors.is_away(error), error
        assert errors.is_away(exc.DatabaseError("SELECT 1", {}, error)), error
        assert not errors.is_busy(error), error
    assert not errors.is_away(sqlite_error("SELEC"))


def test_errors_from_elsewhere_are_ignored():
    for error in (ValueError("no"), OSError("no"), exc.ArgumentError("no"), KeyError("psycopg")):
        assert not errors.is_away(error)
        assert not errors.is_busy(error)
        assert not errors.is_conflict(error)


def test_an_exhausted_pool_means_unavailable(tmp_path):
    engine = create_engine(
        f"sqlite:///{tmp_path}/a", pool_size=1, max_overflow=0, pool_timeout=0.01
    )
    with engine.connect() as held:
        held.execute(text("SELECT 1"))
        with pytest.raises(exc.TimeoutError) as raised:
            engine.connect()
    engine.dispose()
    assert errors.is_away(raised.value)
    assert errors.is_busy(raised.value)
