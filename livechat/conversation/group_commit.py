"""Customers' messages that arrive at the same moment, stored by one transaction on SQLite (group commit).

SQLite has one writer at a time, and nothing else is written while a commit waits for the disk. Ten messages that wait
together wait as long as one. Each is answered when its commit is on the disk.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from ..db.dialects import on_sqlite
from ..db.session import writing
from . import fast_path

log = logging.getLogger(__name__)
MOST = 32
"""Messages in one transaction. Other writers, and streams, get their turn in between."""


class _Send:
    """A message that waits to be stored, and its result."""

    def __init__(self, session_id: int, body: str, client_id: str) -> None:
        self.given = (session_id, body, client_id)
        self.row: Any = None
        self.error: Exception | None = None
        self.taken = False


class GroupCommit:
    """The queue of messages. The first request that gets its turn stores what all have queued until then, the oldest
    first. The others find their results when their turn comes."""

    def __init__(self, open_session: Callable[[], Session]) -> None:
        self._open_session = open_session
        self._waiting: deque[_Send] = deque()
        self._turn = threading.Lock()

    def submit(self, session_id: int, body: str, client_id: str) -> Any | None:
        """Store a customer's message on the fast path, in a transaction that is committed on return.

        Must not be called within a transaction that writes: the group would wait for it. Returns the message as a
        row, or None when it was not stored: the case is unusual, or the group failed. Raises the database's error
        when nobody can write.
        """
        send = _Send(session_id, body, client_id)
        self._waiting.append(send)
        # In the order of arrival: a request that slept before it queued would find newcomers in front of it.
        with self._turn:
            if not send.taken:
                time.sleep(0)  # requests that are here already join
            while not send.taken:
                self._store()
        if send.error is not None:
            raise send.error.with_traceback(None)  # one error for all of them
        return send.row

    def _store(self) -> None:
        with self._open_session() as db:
            here = len(self._waiting)
            try:
                writing(db)
            except Exception as error:
                # These have waited as long as one alone does. Those that came during the wait have not.
                for send in self._taken(here):
                    send.error = error
                return
            together = self._taken(MOST)
            try:
                rows = [fast_path.insert(db, *send.given) for send in together]
                db.commit()
            except Exception:
                log.info("%s messages are tried again one by one", len(together), exc_info=True)
                return
            for send, row in zip(together, rows, strict=True):
                send.row = row

    def _taken(self, most: int) -> list[_Send]:
        taken = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
        for send in taken:
            send.taken = True
        return taken


def includeme(config: Any) -> None:
    registry: Any = config.registry
    registry["livechat.group_commit"] = (
        GroupCommit(registry["livechat.dbsession_factory"])
        if on_sqlite(registry["livechat.engine"])
        else None
    )
