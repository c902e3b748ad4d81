"""Which database errors mean "not now": one rule for the web, streams, background duties and the command line.

PostgreSQL's errors are judged by SQLSTATE, mostly by the class, its first two characters (PostgreSQL documentation,
appendix A); SQLite's by the primary result code (https://www.sqlite.org/rescode.html). An error that means "not now" is
answered with 503, ends a stream, and leads to a retry. Any other is a bug and shows its traceback.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, InvalidRequestError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeout

_CLASSES = {
    "08",  # the connection failed
    "25",  # read-only (25006), as on a standby; a transaction that has failed or idled for too long
    "28",  # the server refuses our user, as while users are being changed
    "3D",  # the database does not exist at present
    "40",  # two transactions conflict
    "53",  # disk full, out of memory, too many connections
    "55",  # a lock, or an object in use
    "57",  # cancelled, timed out, shut down, starting
    "58",  # the system under the database fails
}
# Missing tables or columns: the database is being restored, or has another version.
_STATES = {"42P01", "42703", "3F000"}
_BUSY_STATES = {"55P03", "57014", "55006"}
_CODES = {
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_SCHEMA,
    sqlite3.SQLITE_NOLFS,
    sqlite3.SQLITE_NOTADB,
}
# PEP 249's error classes that psycopg raises without a SQLSTATE when a connection breaks or cannot be made.
_OF_CONNECTIONS = {"OperationalError", "InterfaceError"}
_RECONNECTS = "8s2b"  # SQLAlchemy's code for using a session whose connection was lost


def is_away(error: BaseException) -> bool:
    """Whether an error means that the database is unavailable now and may work again later.

    Accepts SQLAlchemy's errors and the drivers' own. SQLAlchemy passes on a driver's error where it runs no statement,
    for example when it sets up a connection that has just ended.
    """
    if isinstance(error, PoolTimeout):
        return True
    if isinstance(error, PendingRollbackError):
        return error.code == _RECONNECTS
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    if type(error) is InvalidRequestError and "connection is closed" in str(error):
        return True  # a new connection of the pool has failed, too
    driver = driver_error(error)
    if driver is None:
        return False
    if isinstance(driver, sqlite3.Error):
        return _sqlite_is_away(driver)
    state = sqlstate(error)
    if state:
        return state[:2] in _CLASSES or state in _STATES
    kinds = (*type(driver).__mro__, *type(error).__mro__)  # SQLAlchemy uses the same names
    return any(kind.__name__ in _OF_CONNECTIONS for kind in kinds)


def is_busy(error: BaseException) -> bool:
    """Whether an error only means that something is in use: a lock, a conflict, no free connection."""
    if isinstance(error, PoolTimeout):
        return True
    driver = driver_error(error)
    if isinstance(driver, sqlite3.Error):
        return _code(driver) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
    return is_conflict(error) or sqlstate(error) in _BUSY_STATES


def is_conflict(error: BaseException) -> bool:
    """Whether two transactions conflicted, so that an immediate retry is likely to succeed."""
    return sqlstate(error).startswith("40")


def has_old_tables(error: BaseException) -> bool:
    """Whether a table or column is missing: the database is empty or has another version."""
    driver = driver_error(error)
    if isinstance(driver, sqlite3.Error):
        return any(words in str(driver) for words in ("no such table", "no such column"))
    return sqlstate(error) in _STATES


def sqlstate(error: BaseException) -> str:
    """The SQLSTATE of PostgreSQL's error, five characters; empty if there is none."""
    return str(getattr(driver_error(error), "sqlstate", None) or "")


def reason(error: BaseException) -> str:
    """The database's message, on one line."""
    driver = driver_error(error)
    return " ".join(str(error if driver is None else driver).split())


def driver_error(error: BaseException) -> BaseException | None:
    """The driver's own error, unwrapped; None if the error does not come from a driver."""
    if isinstance(error, DBAPIError):
        return error.orig
    # By name: the command line does not import psycopg when the database is SQLite.
    if isinstance(error, sqlite3.Error) or type(error).__module__.partition(".")[0] == "psycopg":
        return error
    return None


@contextmanager
def unless_away() -> Iterator[None]:
    """Skip the rest of the block, without an error, if the database is away."""
    try:
        yield
    except Exception as error:
        if not is_away(error):
            raise


def _sqlite_is_away(error: sqlite3.Error) -> bool:
    return _code(error) in _CODES or has_old_tables(error)


def _code(error: sqlite3.Error) -> int:
    # The low byte is the primary code; the others add detail.
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
