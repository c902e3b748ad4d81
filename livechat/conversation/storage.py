"""Where a message is stored: in the transaction at hand, or, before a request has begun one, in a group's.

`messages.send` takes either storage and knows neither. A request hands in `request.storage`, which begins its
transaction only when `session` is read. On SQLite that matters: there is one writer at a time, so a group cannot
commit while the request that waits for it holds a transaction of its own.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session
from sqlalchemy.orm.util import identity_key

from ..db.session import Request, give_back_reading, in_transaction
from ..models import ChatSession
from . import fast_path


class Storage:
    """The transaction of a session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @property
    def session(self) -> Session:
        """The session whose transaction takes what is not on the fast path."""
        return self._session

    def insert(self, session_id: int, body: str, client_id: str) -> Any | None:
        """Store a customer's message on the fast path. Returns its row, or None for the slow path."""
        db = self.session
        message = fast_path.insert(db, session_id, body, client_id)
        if message is not None:
            refresh_loaded(db, session_id)
        return message


class RequestStorage(Storage):
    """A request's storage: the group as long as there is one and the request has no transaction, else its own."""

    def __init__(self, request: Request) -> None:
        self._request = request

    @property
    def session(self) -> Session:
        session: Session = self._request.dbsession
        return session

    def insert(self, session_id: int, body: str, client_id: str) -> Any | None:
        group = self._request.registry["livechat.group_commit"]
        if group is None or in_transaction(self._request):
            return super().insert(session_id, body, client_id)
        # A request that waits to write must not hold a connection that others need.
        give_back_reading(self._request)
        return group.submit(session_id, body, client_id)


def refresh_loaded(db: Session, session_id: int) -> None:
    """Read a session's object again if `db` has loaded it, because rows were written past it."""
    if not len(db.identity_map):  # the usual case; making a key takes longer than this
        return
    loaded = db.identity_map.get(identity_key(ChatSession, session_id))
    if loaded is not None:
        db.refresh(loaded)


def includeme(config: Any) -> None:
    config.include(".group_commit")
    config.add_request_method(RequestStorage, "storage", reify=True)
