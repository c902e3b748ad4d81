"""Group commit on SQLite: one transaction stores the customers' messages that arrive at the same moment.

SQLite has one writer at a time, and nothing else can be written while a commit waits for the disk. Ten messages in one
group wait no longer than one. Each request is answered after its commit has reached the disk.
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
"""The maximum number of messages in one transaction. Other writers, and streams, get their turn in between."""


class _Send:
    """A message in the queue, and the result of storing it."""

    def __init__(self, session_id: int, body: str, client_id: str) -> None:
        self.given = (session_id, body, client_id)
        self.row: Any = None
        self.error: Exception | None = None
        self.taken = False


class GroupCommit:
    """The queue of messages.

    The first request that gets the lock stores all messages queued until then, the oldest first. The other requests
    find their results when they get the lock.
    """

    def __init__(self, open_session: Callable[[], Session]) -> None:
        self._open_session = open_session
        self._waiting: deque[_Send] = deque()
        self._turn = threading.Lock()

    def submit(self, session_id: int, body: str, client_id: str) -> Any | None:
        """Store a customer's message on the fast path, in a transaction that is committed on return.

        Do not call it within a write transaction: the group would wait for it.

        Returns the message as a row, or None when it was not stored: it needs the slow path, or the group failed.
        Raises the database's error when no write transaction can begin.
        """
        send = _Send(session_id, body, client_id)
        self._waiting.append(send)
        # Queue first, sleep later: a request that slept before queuing would fall behind later requests.
        with self._turn:
            if not send.taken:
                time.sleep(0)  # lets requests that have already arrived join
            while not send.taken:
                self._store()
        if send.error is not None:
            raise send.error.with_traceback(None)  # the group's sends share one error
        return send.row

    def _store(self) -> None:
        with self._open_session() as db:
            here = len(self._waiting)
            try:
                writing(db)
            except Exception as error:
                # These have waited for the full time limit. Later arrivals have not, so they try again.
                for send in self._taken(here):
                    send.error = error
                return
            together = self._taken(MOST)
            try:
                rows = [fast_path.insert(db, *send.given) for send in together]
                db.commit()
            except Exception:
                log.info(
                    "Group commit failed; retrying %s messages singly", len(together), exc_info=True
                )
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
