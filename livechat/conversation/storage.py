"""The storages for a message: the current transaction or, before a request has begun one, a group commit.

`messages.send` works with either. A request passes `request.storage`, which begins its transaction only when `session`
is read. SQLite has one writer at a time, so a group cannot commit while the request that waits for it holds a
transaction of its own.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session
from sqlalchemy.orm.util import identity_key

from ..db.session import Request, give_back_reading, in_transaction
from ..models import ChatSession
from . import fast_path


class Storage:
    """A storage that uses the transaction of a database session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @property
    def session(self) -> Session:
        """The database session whose transaction serves the slow path."""
        return self._session

    def insert(self, session_id: int, body: str, client_id: str) -> Any | None:
        """Store a customer's message on the fast path. Returns its row, or None if it needs the slow path."""
        db = self.session
        message = fast_path.insert(db, session_id, body, client_id)
        if message is not None:
            refresh_loaded(db, session_id)
        return message


class RequestStorage(Storage):
    """A request's storage: a group commit if there is one and the request has no transaction yet, else its own."""

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
        # A request that waits for the group must not hold a connection that others need.
        give_back_reading(self._request)
        return group.submit(session_id, body, client_id)


def refresh_loaded(db: Session, session_id: int) -> None:
    """Reload a session's object if `db` holds it: a statement has changed its row without the object."""
    if not len(db.identity_map):  # the usual case; building a key takes longer than this check
        return
    loaded = db.identity_map.get(identity_key(ChatSession, session_id))
    if loaded is not None:
        db.refresh(loaded)


def includeme(config: Any) -> None:
    config.include(".group_commit")
    config.add_request_method(RequestStorage, "storage", reify=True)
