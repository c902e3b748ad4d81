"""Sweeps of the database, which find the sessions with new entries that other processes have committed."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterable

from sqlalchemy import Engine, bindparam, func, select

from ..conversation.records import MESSAGES, SESSIONS

MOST = 5000  # entries, or new sessions, in one sweep; with more, all listeners are woken instead

_ENTRIES = (
    select(MESSAGES.c.id, MESSAGES.c.session_id)
    .where(MESSAGES.c.id > bindparam("floor"))
    .order_by(MESSAGES.c.id)
    .limit(MOST + 1)
)
_SESSIONS = select(SESSIONS.c.id).where(SESSIONS.c.id > bindparam("floor")).limit(MOST)


class Sweep:
    """The position of one process in the entries of the whole database.

    `overlap` is the number of seconds for which entries are looked at again. PostgreSQL assigns ids before the commit,
    so a lower id can become visible after a higher one. SQLite has one writer at a time and needs no overlap.
    """

    def __init__(self, engine: Engine, overlap: float) -> None:
        self._engine = engine
        self._overlap = overlap
        self._guard = threading.Lock()
        self._known: set[int] = set()
        self._entry_floor = self._session_floor = 0
        self._newest: deque[tuple[float, int]] = deque()

    def begin(self) -> None:
        """Start after the newest entry and session."""
        with self._engine.connect() as db:
            entry = db.execute(select(func.max(MESSAGES.c.id))).scalar() or 0
            session = db.execute(select(func.max(SESSIONS.c.id))).scalar() or 0
        self._entry_floor, self._session_floor = entry, session

    @property
    def floor(self) -> int:
        """The id of an entry. Entries up to it have been seen and are not looked at again."""
        return self._entry_floor

    def know(self, entries: Iterable[int]) -> None:
        """Leave out these entries: this process has written them, and its listeners know of them."""
        with self._guard:
            self._known.update(entries)

    def look(self) -> tuple[set[int], bool]:
        """Find the sessions that are new, or have new entries, since the last call.

        Returns their ids, and whether there were more than MOST. Then the ids are incomplete, and the next call starts
        after the newest entry.
        """
        with self._engine.connect() as db:
            entries = db.execute(_ENTRIES, {"floor": self._entry_floor}).all()
            begun = db.execute(_SESSIONS, {"floor": self._session_floor}).scalars().all()
        too_many = len(entries) > MOST or len(begun) >= MOST
        if too_many:
            self.begin()
        with self._guard:
            changed = {session_id for number, session_id in entries if number not in self._known}
            self._known.update(number for number, _session_id in entries)
            self._move_floor(entries[-1].id if entries else self._entry_floor)
            self._known = {number for number in self._known if number > self._entry_floor}
        changed.update(begun)
        self._session_floor = max([self._session_floor, *begun])
        return changed, too_many

    def _move_floor(self, newest: int) -> None:
        moment = time.monotonic()
        self._newest.append((moment, newest))
        while self._newest and self._newest[0][0] <= moment - self._overlap:
            self._entry_floor = max(self._entry_floor, self._newest.popleft()[1])
