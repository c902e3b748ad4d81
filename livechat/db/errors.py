"""Which errors of a database mean "not now": the one place that decides, for the web, streams, background duties and
the command line.

PostgreSQL is judged by SQLSTATE, mostly by its first two characters, the class (PostgreSQL documentation, appendix A);
SQLite by its primary result code (https://www.sqlite.org/rescode.html). Whatever means "not now" is answered with 503,
ends a stream, and is tried again; everything else is a mistake of ours and shows its traceback.
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
    "28",  # the server refuses us: its users are being changed
    "3D",  # there is no such database at present
    "40",  # two transactions in each other's way
    "53",  # no room on the disk, no memory, too many connections
    "55",  # a lock, or an object in use
    "57",  # cancelled, timed out, shut down, starting
    "58",  # the system under the database fails
}
# Tables or columns that are missing: the database is being restored, or has another version.
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
# PEP 249's kinds of error that psycopg raises without a SQLSTATE when a connection breaks or cannot be made.
_OF_CONNECTIONS = {"OperationalError", "InterfaceError"}
_RECONNECTS = (
    "8s2b"  # SQLAlchemy's code for a session that is used on after its connection was lost
)


def is_away(error: BaseException) -> bool:
    """Whether an error means that the database cannot do it now, and may be asked again later.

    It takes SQLAlchemy's errors and those of the drivers. SQLAlchemy passes on a driver's own error where no statement
    is run, for example when it sets up a connection that has just ended.
    """
    if isinstance(error, PoolTimeout):
        return True
    if isinstance(error, PendingRollbackError):
        return error.code == _RECONNECTS
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    if type(error) is InvalidRequestError and "connection is closed" in str(error):
        return True  # the pool has tried a new connection in vain, too
    driver = driver_error(error)
    if driver is None:
        return False
    if isinstance(driver, sqlite3.Error):
        return _sqlite_is_away(driver)
    state = sqlstate(error)
    if state:
        return state[:2] in _CLASSES or state in _STATES
    kinds = (*type(driver).__mro__, *type(error).__mro__)  # SQLAlchemy's are called the same
    return any(kind.__name__ in _OF_CONNECTIONS for kind in kinds)


def is_busy(error: BaseException) -> bool:
    """Whether somebody else is using what we need, and that is all: a lock, a conflict, no free connection."""
    if isinstance(error, PoolTimeout):
        return True
    driver = driver_error(error)
    if isinstance(driver, sqlite3.Error):
        return _code(driver) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
    return is_conflict(error) or sqlstate(error) in _BUSY_STATES


def is_conflict(error: BaseException) -> bool:
    """Whether two transactions were in each other's way, so that the same again is likely to succeed at once."""
    return sqlstate(error).startswith("40")


def has_old_tables(error: BaseException) -> bool:
    """Whether a table or a column is missing: the database is empty, or of another version."""
    driver = driver_error(error)
    if isinstance(driver, sqlite3.Error):
        return any(words in str(driver) for words in ("no such table", "no such column"))
    return sqlstate(error) in _STATES


def sqlstate(error: BaseException) -> str:
    """PostgreSQL's five characters for an error; empty without any."""
    return str(getattr(driver_error(error), "sqlstate", None) or "")


def reason(error: BaseException) -> str:
    """What the database says, on one line."""
    driver = driver_error(error)
    return " ".join(str(error if driver is None else driver).split())


def driver_error(error: BaseException) -> BaseException | None:
    """The driver's own error, unwrapped; None when the error comes from no driver."""
    if isinstance(error, DBAPIError):
        return error.orig
    # By name: the command line starts without psycopg where the database is SQLite.
    if isinstance(error, sqlite3.Error) or type(error).__module__.partition(".")[0] == "psycopg":
        return error
    return None


@contextmanager
def unless_away() -> Iterator[None]:
    """Go on without what is read or written here while the database is away."""
    try:
        yield
    except Exception as error:
        if not is_away(error):
            raise


def _sqlite_is_away(error: sqlite3.Error) -> bool:
    return _code(error) in _CODES or has_old_tables(error)


def _code(error: sqlite3.Error) -> int:
    # The low byte is the primary code; the rest says more about it.
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
