"""Which conversations a unit of work changes, announced when it commits. A rollback announces nothing."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from ..models import OutsideWrite
from .dialects import PerDialect
from .errors import is_away

_KEY = "livechat.touched"
_COUNT_OUTSIDE_WRITE = PerDialect(
    lambda insert: (
        insert(OutsideWrite)
        .values(id=1, count=1)
        .on_conflict_do_update(index_elements=["id"], set_={"count": OutsideWrite.count + 1})
    )
)
_READ_COUNT = f"SELECT count FROM {OutsideWrite.__tablename__}"  # noqa: S608 - no text of others


def touch(db: Session, session_id: int, message_id: int | None = None) -> None:
    """Record that this unit of work changes a session, and the entry that it adds, if any."""
    touched: dict[int, list[int]] = db.info.setdefault(_KEY, {})
    entries = touched.setdefault(session_id, [])
    if message_id is not None:
        entries.append(message_id)


class Announcer(Protocol):
    """Gets news of commits: the wake-ups of realtime/, which tell other processes."""

    def before_commit(self, db: Session, session_ids: Sequence[int]) -> None:
        """Called within the transaction that changes these sessions."""

    def after_commit(self, session_ids: Sequence[int], entries: Sequence[int]) -> None:
        """Called once the transaction is committed, with the ids of the entries that it added."""


def announce(target: Any, wakeup: Callable[[], Announcer]) -> None:
    """Announce every commit of these sessions. `target`: a sessionmaker, or one session.

    SQLAlchemy calls the same hooks when a savepoint is released or rolled back. Its changes stay invisible to others
    until the whole unit of work commits, so the hooks announce nothing then, and forget nothing.
    """

    def before_commit(db: Session) -> None:
        if db.in_nested_transaction():
            return
        if touched := db.info.get(_KEY):
            wakeup().before_commit(db, list(touched))

    def after_commit(db: Session) -> None:
        if db.in_nested_transaction():
            return
        touched: dict[int, list[int]] = db.info.pop(_KEY, {})
        if touched:
            entries = [entry for some in touched.values() for entry in some]
            wakeup().after_commit(tuple(touched), entries)

    def after_rollback(db: Session) -> None:
        if not db.in_nested_transaction():
            db.info.pop(_KEY, None)

    event.listen(target, "before_commit", before_commit)
    event.listen(target, "after_commit", after_commit)
    event.listen(target, "after_rollback", after_rollback)


def forget_everywhere(db: Session) -> None:
    """Make every serving process drop what it has cached, once this commits; see realtime/poll_cache.py."""
    db.execute(_COUNT_OUTSIDE_WRITE.on(db))


class OutsideWrites:
    """Reads what `forget_everywhere` counts, by SQLite's driver and one connection: a few microseconds.

    `forget` is called if something was counted since the last look, or if the count cannot be read.
    """

    def __init__(self, engine: Engine, forget: Callable[[], None]) -> None:
        self._engine = engine
        self._forget = forget
        self._guard = threading.Lock()
        self._connection: Any = None
        self._count: int | None = None

    def look(self) -> None:
        """Read the count. When this returns, everything committed before has been forgotten."""
        with self._guard:
            count = self._read()
            if count is None or count != self._count:
                self._count = count
                self._forget()

    def close(self) -> None:
        """Return the connection."""
        with self._guard:
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    def _read(self) -> int | None:
        try:
            if self._connection is None:
                self._connection = self._engine.connect()
            row = self._connection.connection.driver_connection.execute(_READ_COUNT).fetchone()
        except Exception as error:
            if not (isinstance(error, sqlite3.Error) or is_away(error)):
                raise
            return None  # the caller reads the database instead, and gets its error
        return row[0] if row else 0
