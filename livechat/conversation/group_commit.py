"""Customers' messages that come at the same moment, stored by one transaction on SQLite.

SQLite has one writer at a time, and each commit waits for the disk while nothing else is written. Ten that wait
together wait as long as one (group commit). Each is answered when its commit is on the disk.
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
from ..db.session import give_back_reading, in_transaction, writing
from . import message_log

log = logging.getLogger(__name__)
MOST = 32  # messages in one transaction: others, and streams, come in between


class _Send:
    """A message that waits to be stored, and what became of it."""

    def __init__(self, session_id: int, body: str, client_id: str) -> None:
        self.given = (session_id, body, client_id)
        self.row: Any = None
        self.error: Exception | None = None
        self.taken = False


class GroupCommit:
    """Whoever has their turn first stores what all have brought until then, the oldest first; the others find theirs
    taken, and whoever has the turn knows what became of it."""

    def __init__(self, open_session: Callable[[], Session]) -> None:
        self._open_session = open_session
        self._waiting: deque[_Send] = deque()
        self._turn = threading.Lock()

    def add_by_customer(self, session_id: int, body: str, client_id: str) -> Any | None:
        """As `entries.add_by_customer` in a transaction that is committed: the row, or None when it has to be tried
        alone, which says why. Raises what the database says when nobody can write at all."""
        send = _Send(session_id, body, client_id)
        self._waiting.append(send)
        # In the order in which they come: who slept before would find newcomers in front of them.
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
                # They have waited as long as one alone does. Who has come meanwhile has not.
                for send in self._taken(here):
                    send.error = error
                return
            together = self._taken(MOST)
            try:
                rows = [message_log.add_by_customer(db, *send.given) for send in together]
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


def add_by_customer(request: Any, session_id: int, body: str, client_id: str) -> Any | None:
    """Store a customer's message together with others: its row, or None when it has to be stored in the request's own
    transaction. So it is on PostgreSQL, and where that has begun: the request would wait for itself."""
    group: GroupCommit | None = request.registry["livechat.group_commit"]
    if group is None or in_transaction(request):
        return None
    give_back_reading(request)
    return group.add_by_customer(session_id, body, client_id)


def includeme(config: Any) -> None:
    registry: Any = config.registry
    registry["livechat.group_commit"] = (
        GroupCommit(registry["livechat.dbsession_factory"])
        if on_sqlite(registry["livechat.engine"])
        else None
    )
