"""The audit log: who did what that only the team may do. Each act adds its row in its own transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from .actors import Actor
from .models import Audit, now

PAGE = 50


class Act(StrEnum):
    """What was done."""

    TAKEN = "taken"
    ASSIGNED = "assigned"
    UNASSIGNED = "unassigned"
    TRANSFERRED = "transferred"
    CLOSED = "closed"
    REOPENED = "reopened"
    BLOCKED = "blocked"
    UNBLOCKED = "unblocked"
    ROLE = "role"
    ADMIN_ADDED = "admin_added"
    ADMIN_DISABLED = "admin_disabled"
    ADMIN_ENABLED = "admin_enabled"
    PASSWORD = "password"  # noqa: S105 - the name of an act
    INVITED = "invited"
    SIGN_IN_FAILED = "sign_in_failed"
    LOCKED_OUT = "locked_out"
    REPLY_ADDED = "reply_added"
    REPLY_CHANGED = "reply_changed"
    REPLY_REMOVED = "reply_removed"
    WROTE = "wrote"
    """A reply that the command line sent in an admin's name. Replies from the desk are not recorded."""
    NOTED = "noted"
    """A note that the command line wrote in an admin's name."""
    REVOKED = "revoked"
    SIGNED_OUT = "signed_out"
    RENAMED = "renamed"
    EMAIL = "email"
    LOGIN_ENDED = "login_ended"


def record(
    db: Session,
    actor: Actor,
    act: Act,
    *,
    session_id: int | None = None,
    target: str | None = None,
    details: dict[str, Any] | None = None,
) -> None:
    """Record an act, unless a customer did it.

    `target`: the username, code or name that it was done to; `details`: further facts, as JSON.
    """
    if actor.is_customer:
        return
    db.add(
        Audit(
            created_at=now(),
            actor_key=actor.audit_key,
            actor_name=actor.name,
            act=act,
            session_id=session_id,
            target=target and target[:200],
            details=details,
        )
    )
    db.flush()


def entries(
    db: Session,
    *,
    before: int | None = None,
    actor: str | None = None,
    act: str | None = None,
    session: int | None = None,
    since: datetime | None = None,
    limit: int = PAGE,
) -> Sequence[Audit]:
    """Rows of the log, the newest first.

    `before`: only rows with a smaller id; `actor`: an `Actor.audit_key`; `session`: a session's number.
    """
    query = select(Audit).order_by(Audit.id.desc()).limit(limit)
    for column, value in ((Audit.actor_key, actor), (Audit.act, act), (Audit.session_id, session)):
        if value is not None:
            query = query.where(column == value)
    if before is not None:
        query = query.where(Audit.id < before)
    if since is not None:
        query = query.where(Audit.created_at >= since)
    return db.scalars(query).all()
