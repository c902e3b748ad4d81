"""Locks for what no single row represents, such as how many owners or canned replies there are."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from .dialects import on_postgresql

_TURN = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")

TEAM = "livechat team"
"""For what depends on all admins together: who is the first owner, and who the last."""


def take_turns(db: Session, name: str) -> None:
    """Wait until no other transaction holds the lock of this name, and hold it until ours ends.

    On PostgreSQL this is an advisory lock, and `lock_timeout` limits the wait. On SQLite a transaction that writes is
    already the only one (see `session.writing`), so there is nothing to do.
    """
    if on_postgresql(db):
        db.execute(_TURN, {"name": name})
