"""Taking turns over what no single row represents, such as how many owners or canned replies there are."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from .dialects import on_postgresql

_TURN = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")

TEAM = "livechat team"
"""What depends on all admins together: who is the first owner, and who the last."""


def take_turns(db: Session, name: str) -> None:
    """Wait until no other transaction holds the turn of this name; keep it until ours ends.

    On PostgreSQL this is an advisory lock, which `lock_timeout` bounds like any other. On SQLite a transaction that
    writes is alone already (see `models.writing`), so there is nothing to do.
    """
    if on_postgresql(db):
        db.execute(_TURN, {"name": name})
