"""What a unit of work has touched, and saying so when it is committed. A rolled back one says nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.orm import Session

from ..realtime.hints import Changed

if TYPE_CHECKING:
    from ..realtime.wakeup import Wakeup

_KEY = "livechat.touched"


def touch(db: Session, session_id: int, message_id: int | None = None) -> None:
    """Note that a session changes in this unit of work, and by which entry."""
    touched: dict[int, list[int]] = db.info.setdefault(_KEY, {})
    entries = touched.setdefault(session_id, [])
    if message_id is not None:
        entries.append(message_id)


def announce(target: Any, wakeup: Callable[[], Wakeup]) -> None:
    """Tell a wake-up of every commit of these sessions: a sessionmaker, or one session.

    SQLAlchemy calls the same hooks when a savepoint is released or rolled back. Nobody else sees what it held before
    the whole unit of work is committed, so nothing is told then, and nothing is forgotten.
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
            wakeup().after_commit(Changed(tuple(touched)), entries)

    def after_rollback(db: Session) -> None:
        if not db.in_nested_transaction():
            db.info.pop(_KEY, None)

    event.listen(target, "before_commit", before_commit)
    event.listen(target, "after_commit", after_commit)
    event.listen(target, "after_rollback", after_rollback)
