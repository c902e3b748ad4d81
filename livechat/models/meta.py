"""The base of the models: naming convention, UTC times, and how an engine is set up."""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast
from weakref import WeakKeyDictionary, ref

from sqlalchemy import URL, DateTime, Dialect, Engine, MetaData, Table, create_engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from ..db.postgresql import postgresql_engine, probing_engine
from ..db.sqlite_file import PATIENCE_INSIDE, DatabaseFile
from ..gevent_support import in_a_real_thread, is_patched
from ..utf8_json import dumps

# Named constraints can be altered by a migration on every database.
NAMING_CONVENTION = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """What all models have in common."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)


def table_of(model: type[Base]) -> Table:
    """The table of a model, for statements that need no objects."""
    return cast("Table", model.__table__)


class UTCDateTime(TypeDecorator[datetime]):
    """An aware UTC time with milliseconds. SQLite keeps no zone, so it is stripped and put back here."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        value = in_milliseconds(value.astimezone(UTC))
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def in_milliseconds(moment: datetime) -> datetime:
    """The same moment, cut to whole milliseconds: the resolution that clients see."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def now() -> datetime:
    """This moment in UTC, in milliseconds."""
    return in_milliseconds(datetime.now(UTC))


def make_engine(url: str, *, busy_timeout_ms: int = 3000) -> Engine:
    """An engine for SQLite or PostgreSQL whose commits survive a power cut, and whose errors quote no values."""
    if url.startswith("sqlite"):
        # One writes at a time: more connections than a few would only wait.
        engine = _sqlite_engine(url, busy_timeout_ms, pool_size=5, patience=busy_timeout_ms / 1000)
        _begin_in_turn(engine, busy_timeout_ms)
        _watch_file(engine)
        return engine
    return postgresql_engine(url, busy_timeout_ms)


def make_reading_engine(engine: Engine) -> Engine:
    """An engine for quick looks: each statement reads by itself, which saves two thirds of the statements. On
    SQLite it has connections of its own, so that who reads does not wait behind those who wait to write."""
    if engine.dialect.name == "sqlite":
        reading = _sqlite_engine(engine.url, 1000, pool_size=10)
        if engine in _files:
            _files[engine].watch(reading)
        return reading
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def make_probing_engine(engine: Engine, reading: Engine) -> Engine:
    """An engine to ask whether the database answers, also while all connections of the others are in use."""
    return probing_engine(engine) if engine.dialect.name == "postgresql" else reading


def _sqlite_engine(
    url: str | URL, busy_timeout_ms: int, pool_size: int, patience: float = 10
) -> Engine:
    engine = create_engine(
        url,
        hide_parameters=True,
        json_serializer=dumps,
        connect_args={"timeout": busy_timeout_ms / 1000},
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=patience,
        # SQLite forgets the pages it has read when another connection writes: the last one that wrote knows them.
        pool_use_lifo=True,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    if is_patched():
        # Not as an event: one that is listened for costs every statement more than this. (So with all below.)
        engine.dialect.do_execute = _execute_aside  # type: ignore[method-assign]
    return engine


def _watch_file(engine: Engine) -> None:
    path = engine.url.database
    if path and path != ":memory:" and not path.startswith("file:"):
        _files[engine] = DatabaseFile(path)
        _files[engine].watch(engine)


def leave_whole(engine: Engine, *others: Engine) -> None:
    """Close all connections of engines of one database; an SQLite database is one whole file afterwards."""
    file = _files.get(engine)
    if file is not None:
        file.leave_whole()
    for one in (engine, *others):
        one.dispose()


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver must not begin transactions of its own: _begin_in_turn decides how each one begins.
    connection.isolation_level = None
    cursor = connection.cursor()
    # A commit at which the log is that long tidies up by itself; usually that is done beside (realtime/duties.py).
    own = "wal_autocheckpoint=4000"
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", own):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


class _Turn:
    """One of those who want to write to an SQLite database from this process, which one may at a time."""

    def __init__(self, lock: threading.Lock, seconds: float) -> None:
        # One patience for this and for SQLite's lock: who has given up must not be answered behind who has not.
        self.deadline = time.monotonic() + seconds
        self._lock = lock
        self._held = lock.acquire(timeout=seconds)

    def release(self) -> None:
        """Let the next one write; once or more often."""
        if self._held:
            self._held = False
            self._lock.release()


def _begin_in_turn(engine: Engine, busy_timeout_ms: int) -> None:
    """How a transaction begins.

    A reader that turns writer fails at once when somebody else has written meanwhile, however long busy_timeout is.
    So a unit of work that writes takes the write lock first; see `writing`. SQLite would wait for that lock inside
    the library, and with it the whole process: every greenlet, also the one that holds it. So the waiting is done
    here, where others can go on: within this process in a queue, for other processes by trying again.
    """
    dialect: Any = engine.dialect
    set_options = dialect.set_connection_execution_options
    lock = threading.Lock()

    def turn() -> _Turn:
        return _Turn(lock, busy_timeout_ms / 1000)

    def note(connection: Connection, options: Any) -> None:
        if _TURN in options:
            connection.info[_TURN] = options[_TURN]
        set_options(connection, options)

    def begin(connection: Any) -> None:
        info, driver = connection.info, connection.dbapi_connection
        if _TURN not in info:
            _wait_inside(info, driver, busy_timeout_ms)
            driver.execute("BEGIN DEFERRED")
            return
        mine = info[_TURN] = info[_TURN] or turn()
        _wait_inside(info, driver, 0)
        while not _begun(driver):
            if time.monotonic() >= mine.deadline:
                driver.execute("BEGIN IMMEDIATE")  # for the error
                break
            time.sleep(random.uniform(0.0005, 0.003))  # noqa: S311 - not a secret

    def checkin(_connection: Any, record: Any) -> None:
        mine = record.info.pop(_TURN, None)
        if mine is not None:
            mine.release()

    dialect.set_connection_execution_options = note
    dialect.do_begin = begin
    event.listen(engine, "checkin", checkin)
    _turns[engine] = turn


def write_with(session: Session) -> None:
    """Begin a session's transaction as one that writes.

    On SQLite it waits for its turn before it takes a connection: so it gets the one with which the last one wrote,
    which still knows the pages; each other one would have to read them again.
    """
    bind = session.get_bind()
    begun = session.get_transaction()
    written = session.info.get(_TURN)
    if begun is not None and written is not None and written() is begun:
        return  # it writes already, and would wait for itself
    turn = _turns[bind]() if bind in _turns else None
    try:
        connection = session.connection(execution_options={_TURN: turn})
        # Weakly: a session that holds its own transaction would be freed late, and its connection with it.
        session.info[_TURN] = ref(session.get_transaction())
        if turn is not None and connection.info.get(_TURN) is not turn:
            turn.release()  # the transaction had begun before
    except BaseException:
        if turn is not None:
            turn.release()
        raise


def _wait_inside(info: Any, driver: Any, milliseconds: int) -> None:
    """How long SQLite itself waits for a lock; a connection is usually used for the same as before."""
    if info.get(PATIENCE_INSIDE) != milliseconds:
        driver.execute(f"PRAGMA busy_timeout = {milliseconds}")
        info[PATIENCE_INSIDE] = milliseconds


_TURN = "livechat_turn"
_turns: WeakKeyDictionary[Any, Callable[[], _Turn]] = WeakKeyDictionary()
_files: WeakKeyDictionary[Engine, DatabaseFile] = WeakKeyDictionary()


def _execute_aside(cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
    if context is None or not context.execution_options.get("livechat_long"):
        cursor.execute(statement, parameters)
    else:
        in_a_real_thread(lambda: cursor.execute(statement, parameters))


def _begun(driver: Any) -> bool:
    try:
        driver.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if "locked" not in str(error):
            raise
        return False
    return True


LONG: dict[str, Any] = {"livechat_long": True}
"""Execution options of a statement that may look at very many rows: on SQLite others go on meanwhile."""

WRITING: dict[str, Any] = {_TURN: None}
"""Execution options of a connection whose transaction will write."""
