"""What a serving process remembers of what polls ask: whom a token proves, and the session as it last was.

A poll that has nothing new is by far the most frequent request. Answered from here it takes a third of the time
(bench/README.md), and it is as right as one that is answered from the database:

- what this process commits is forgotten before the commit's answer is sent (`Wakeup.after_commit`);
- what others commit through `livechat.db.schema.transaction`, the command line above all, is counted in the same
  transaction, and that count is read for every poll: a few microseconds on SQLite;
- what somebody commits past all of it (a shell of the database) is noticed by SQLite's own counter, 50 ms later.

On PostgreSQL looking at the count would take as long as looking at the session, so there nothing is remembered.
"""

from __future__ import annotations

import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Hashable, Iterable
from typing import Any, NamedTuple

from sqlalchemy import Engine

from ..accounts.guests import guest_id_by_token, hash_token
from ..conversation.records import customer_record, record_by_uuid
from ..db.dialects import Reader
from ..db.errors import is_away
from ..models import OutsideWrite
from .bounded import Bounded

# Bytes. What is remembered is made of what clients send: addresses, headers, names. So not their number is bounded,
# but their size, and one session has no more than a few answers.
MOST_ANSWERS, MOST_SESSIONS, MOST_OWNERS, MOST_TOKENS = (n * 2**20 for n in (32, 32, 8, 8))
ANSWERS_EACH = 16  # of one session: its tabs, each with a cursor of its own
TOKENS_FOR = 10.0  # seconds; a right to see is asked for again at least that often
SESSIONS_FOR = 30.0
WAITING_FOR = 1.0  # seconds: the place in the queue changes without the session
_COUNT = f"SELECT count FROM {OutsideWrite.__tablename__}"  # noqa: S608 - no text of others


class Owner(NamedTuple):
    """What never changes of a session: as little of a row as an act needs to find and to guard it."""

    id: int
    uuid: uuid.UUID
    guest_id: int


class Answer(NamedTuple):
    """What a poll without news was answered."""

    until: float
    session_id: int
    body: bytes
    headers: tuple[tuple[str, str], ...]


class Known:
    """Nothing is remembered by this one: each answer is read. The base, and what PostgreSQL has."""

    changes = 0
    """Grows with whatever is forgotten: what was read before does not count as known."""

    def answer(self, key: Hashable) -> Answer | None:
        """The answer that this request would get now, if that is sure."""
        return None

    def keep_answer(
        self,
        key: Hashable,
        session_id: int,
        body: bytes,
        headers: tuple[tuple[str, str], ...],
        changes: int,
    ) -> None:
        """Remember an answer, unless anything has been forgotten since there were so many `changes`."""

    def guest_id(self, db: Callable[[], Reader], token: str) -> int | None:
        """The guest whom a token proves. `db` gives what is read with, when it is needed."""
        return guest_id_by_token(db(), token)

    def session(self, db: Callable[[], Reader], name: uuid.UUID) -> Any | None:
        """The session as its customer is told of it."""
        return customer_record(db(), name)

    def owner(self, db: Callable[[], Reader], name: uuid.UUID) -> Owner | None:
        """Whose session it is; that never changes."""
        record = record_by_uuid(db(), name)
        return None if record is None else Owner(record.id, record.uuid, record.guest_id)

    def forget(self, session_ids: Iterable[int]) -> None:
        """These sessions have changed."""

    def forget_all(self) -> None:
        """Anything may have changed."""

    def close(self) -> None:
        """Give back what is held."""


class Remembered(Known):
    """For SQLite."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._guard = threading.Lock()
        self._connection: Any = None
        self._outside: int | None = None
        self._tokens: Bounded[str, tuple[float, int]] = Bounded(MOST_TOKENS)
        self._names: dict[int, uuid.UUID] = {}
        self._sessions: Bounded[uuid.UUID, tuple[float, Any]] = Bounded(
            MOST_SESSIONS, lambda _name, kept: self._names.pop(kept[1].id, None)
        )
        self._owners: Bounded[uuid.UUID, Owner] = Bounded(MOST_OWNERS)
        self._answers: Bounded[Hashable, Answer] = Bounded(MOST_ANSWERS, self._unlist)
        self._asked: dict[int, dict[Hashable, None]] = {}
        """The keys of a session's answers, the oldest first."""

    def answer(self, key: Hashable) -> Answer | None:
        if self._answers.get(key) is None:
            return None
        self._look_outside()
        kept = self._answers.get(key)
        if kept is not None and kept.until < time.monotonic():
            self._drop(key)
            return None
        return kept

    def keep_answer(
        self,
        key: Hashable,
        session_id: int,
        body: bytes,
        headers: tuple[tuple[str, str], ...],
        changes: int,
    ) -> None:
        if changes != self.changes:
            return
        until = time.monotonic() + TOKENS_FOR
        size = len(body) + sum(len(name) + len(value) + 100 for name, value in headers)
        asked = self._asked.setdefault(session_id, {})
        for oldest in list(asked)[: max(0, len(asked) - ANSWERS_EACH + 1)]:
            self._drop(oldest)
        self._asked.setdefault(session_id, {})[key] = None
        self._answers.put(key, Answer(until, session_id, body, headers), size)

    def guest_id(self, db: Callable[[], Reader], token: str) -> int | None:
        self._look_outside()
        key = hash_token(token)
        until, guest_id = self._tokens.get(key) or (0.0, 0)
        moment = time.monotonic()
        if until > moment:
            return guest_id
        changes = self.changes
        found = super().guest_id(db, token)
        if found is not None and changes == self.changes:
            self._tokens.put(key, (moment + TOKENS_FOR, found), len(key))
        return found

    def session(self, db: Callable[[], Reader], name: uuid.UUID) -> Any | None:
        self._look_outside()
        until, record = self._sessions.get(name) or (0.0, None)
        moment = time.monotonic()
        if until > moment:
            return record
        changes = self.changes
        record = super().session(db, name)
        # Not when something was committed while we were reading: it might have been this.
        if record is not None and changes == self.changes:
            self._names[record.id] = name
            keep = SESSIONS_FOR if record.before is None else WAITING_FOR
            self._sessions.put(name, (moment + keep, record), _size_of(record))
        return record

    def owner(self, db: Callable[[], Reader], name: uuid.UUID) -> Owner | None:
        found = self._owners.get(name)
        if found is None:
            found = super().owner(db, name)
            if found is not None:
                self._owners.put(name, found, 0)
        return found

    def forget(self, session_ids: Iterable[int]) -> None:
        self.changes += 1
        for number in session_ids:
            for key in self._asked.pop(number, ()):
                self._answers.pop(key)
            name = self._names.pop(number, None)
            if name is not None:
                self._sessions.pop(name)

    def forget_all(self) -> None:
        self.changes += 1
        for kept in (self._tokens, self._sessions, self._owners, self._answers):
            kept.clear()
        self._names, self._asked = {}, {}

    def _drop(self, key: Hashable) -> None:
        kept = self._answers.pop(key)
        if kept is not None:
            self._unlist(key, kept)

    def _unlist(self, key: Hashable, kept: Answer) -> None:
        asked = self._asked.get(kept.session_id, {})
        asked.pop(key, None)
        if not asked:
            self._asked.pop(kept.session_id, None)

    def close(self) -> None:
        with self._guard:
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    def _look_outside(self) -> None:
        with self._guard:
            count = self._read_count()
            if count is None or count != self._outside:
                self._outside = count
                self.forget_all()

    def _read_count(self) -> int | None:
        try:
            if self._connection is None:
                self._connection = self._engine.connect()
            row = self._connection.connection.driver_connection.execute(_COUNT).fetchone()
        except Exception as error:
            if not (isinstance(error, sqlite3.Error) or is_away(error)):
                raise
            # Whoever asked reads the database instead, and hears from it what is wrong.
            return None
        return row[0] if row else 0


def _size_of(record: Any) -> int:
    """The bytes of a row: its texts, at four bytes a character at most, and as much for the rest of it."""
    return 2000 + sum(4 * len(value) for value in record if isinstance(value, str))
