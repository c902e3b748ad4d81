"""How SQLite is opened, how its one writer is chosen, and how a unit of work begins.

SQLite has one writer at a time. The writers of this process wait in a queue, which lets other greenlets go on.
"""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary, ref

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from ..gevent_support import in_a_real_thread, is_patched
from ..utf8_json import dumps
from .hooks import replace
from .sqlite_file import PATIENCE_INSIDE, DatabaseFile

LONG_STATEMENT = "livechat_long"
TURN = "livechat_turn"


def sqlite_engine(
    url: str | URL, busy_timeout_ms: int, pool_size: int, patience: float = 10
) -> Engine:
    """An engine for an SQLite database.

    `busy_timeout_ms`: how long SQLite waits for a lock, in milliseconds; `patience`: how long to wait for a free
    connection, in seconds.
    """
    engine = create_engine(
        url,
        hide_parameters=True,
        json_serializer=dumps,
        connect_args={"timeout": busy_timeout_ms / 1000},
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=patience,
        # SQLite drops its cached pages when another connection writes. The last writer still has them.
        pool_use_lifo=True,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    if is_patched():
        replace(engine, "do_execute", _execute_aside)
    return engine


class DataVersion:
    """SQLite's data_version, which changes with every commit of another connection, also of another process.

    It holds a connection that is used for nothing else.
    """

    def __init__(self, engine: Engine) -> None:
        self._connection: Any = engine.raw_connection()

    def read(self) -> int:
        """The current number. Raises the errors of the database."""
        cursor = self._connection.cursor()
        try:
            return int(cursor.execute("PRAGMA data_version").fetchone()[0])
        finally:
            cursor.close()

    def close(self) -> None:
        """Return the connection."""
        self._connection.close()


def watch_file(engine: Engine) -> None:
    """Check the engine's file at each of its transactions, unless the database is in memory."""
    path = engine.url.database
    if path and path != ":memory:" and not path.startswith("file:"):
        FILES[engine] = DatabaseFile(path)
        FILES[engine].watch(engine)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver must not begin transactions of its own: begin_in_turn decides how each one begins.
    connection.isolation_level = None
    cursor = connection.cursor()
    # A commit that finds the log this long moves it into the file. Usually a background duty does that
    # (realtime/sqlite_upkeep.py).
    own = "wal_autocheckpoint=4000"
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", own):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


class _Turn:
    """A writer's place in the queue of this process for an SQLite database."""

    def __init__(self, lock: threading.Lock, seconds: float) -> None:
        # One deadline for this queue and for SQLite's lock: writers give up in the order in which they came.
        self.deadline = time.monotonic() + seconds
        self._lock = lock
        self._held = lock.acquire(timeout=seconds)

    def release(self) -> None:
        """Let the next writer write. Calling it again does nothing."""
        if self._held:
            self._held = False
            self._lock.release()


def begin_in_turn(engine: Engine, busy_timeout_ms: int) -> None:
    """Set how an engine's transactions begin.

    A reader that starts to write fails at once if another has written in between, however long busy_timeout is. So a
    unit of work that writes takes the write lock first; see `session.writing`. SQLite would wait for that lock inside
    the library and stop the whole process, including the greenlet that holds it. So the wait happens here, where others
    can go on: for this process in a queue, for other processes by trying again.
    """
    lock = threading.Lock()

    def turn() -> _Turn:
        return _Turn(lock, busy_timeout_ms / 1000)

    def note(connection: Connection, options: Any) -> None:
        if TURN in options:
            connection.info[TURN] = options[TURN]
        set_options(connection, options)

    def begin(connection: Any) -> None:
        info, driver = connection.info, connection.dbapi_connection
        if TURN not in info:
            _wait_inside(info, driver, busy_timeout_ms)
            driver.execute("BEGIN DEFERRED")
            return
        mine = info[TURN] = info[TURN] or turn()
        _wait_inside(info, driver, 0)
        while not _begun(driver):
            if time.monotonic() >= mine.deadline:
                driver.execute("BEGIN IMMEDIATE")  # raises SQLite's own error
                break
            time.sleep(random.uniform(0.0005, 0.003))  # noqa: S311 - not a secret

    def checkin(_connection: Any, record: Any) -> None:
        mine = record.info.pop(TURN, None)
        if mine is not None:
            mine.release()

    set_options = replace(engine, "set_connection_execution_options", note)
    replace(engine, "do_begin", begin)
    event.listen(engine, "checkin", checkin)
    _turns[engine] = turn


def write_with(session: Session) -> None:
    """Begin a session's transaction as one that writes.

    On SQLite it waits for its turn before it takes a connection. That way it gets the last writer's connection, which
    still has the cached pages; any other would have to read them again.
    """
    bind = session.get_bind()
    begun = session.get_transaction()
    written = session.info.get(TURN)
    if begun is not None and written is not None and written() is begun:
        return  # it already writes, and would wait for itself
    turn = _turns[bind]() if bind in _turns else None
    try:
        connection = session.connection(execution_options={TURN: turn})
        # A weak reference: a session that holds its own transaction is freed late, and its connection with it.
        session.info[TURN] = ref(session.get_transaction())
        if turn is not None and connection.info.get(TURN) is not turn:
            turn.release()  # the transaction had already begun
    except BaseException:
        if turn is not None:
            turn.release()
        raise


def _wait_inside(info: Any, driver: Any, milliseconds: int) -> None:
    """Set how long SQLite itself waits for a lock, unless the connection has that value from its last use."""
    if info.get(PATIENCE_INSIDE) != milliseconds:
        driver.execute(f"PRAGMA busy_timeout = {milliseconds}")
        info[PATIENCE_INSIDE] = milliseconds


_turns: WeakKeyDictionary[Any, Callable[[], _Turn]] = WeakKeyDictionary()
FILES: WeakKeyDictionary[Engine, DatabaseFile] = WeakKeyDictionary()
"""The file of each engine that writes."""


def _execute_aside(cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
    if context is None or not context.execution_options.get(LONG_STATEMENT):
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
