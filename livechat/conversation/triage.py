"""An admin's other work on a session: priority, snooze, block, transfer."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from .. import audit, rights
from ..actors import Actor
from ..audit import Act
from ..exceptions import Conflict, Invalid
from ..models import Admin, ChatSession, Guest, Priority, now
from ..permissions import Permission
from .assignment import assign
from .message_log import LOCK, append_system_message, lock_session, undo_details
from .notes import add_note
from .system_messages import Event

LONGEST_SNOOZE = timedelta(days=366)


def set_priority(db: Session, session: ChatSession, actor: Actor, priority: Priority) -> None:
    """Set the priority of a session. Raises NotAllowed."""
    rights.check(db, actor, Permission.ANSWER)
    lock_session(db, session)
    session.priority = priority
    db.flush()


def snooze(db: Session, session: ChatSession, actor: Actor, until: datetime | None) -> None:
    """Snooze a session until a time, or until the customer writes; None ends the snooze now.

    Raises NotAllowed; Invalid for a time that is not within the next year; Conflict ``session_closed``.
    """
    rights.check(db, actor, Permission.ANSWER)
    lock_session(db, session)
    if until is None:
        if session.snoozed_until is not None:
            unsnooze(db, session)
        return
    if not session.open:
        raise Conflict("session_closed", "This chat is closed. Reopen it first.")
    if not now() < until <= now() + LONGEST_SNOOZE:
        raise Invalid("until", "until must be a time within the next year.")
    told = session.snoozed_until is not None
    session.snoozed_until = until
    if not told:
        append_system_message(db, session, Event.SNOOZED, {"by": actor.name})
    db.flush()


def unsnooze(db: Session, session: ChatSession) -> None:
    """End the snooze of a locked session."""
    session.snoozed_until = None
    append_system_message(db, session, Event.WOKEN, {})
    db.flush()


def unsnooze_due(db: Session, moment: datetime) -> int:
    """End the snoozes that are due at a moment, at most 100 in one call. Returns how many."""
    query = select(ChatSession).where(ChatSession.snoozed_until <= moment)
    count = 0
    for session in db.scalars(query.order_by(ChatSession.id).limit(100)).all():
        lock_session(db, session)
        if session.snoozed_until is not None and session.snoozed_until <= moment:
            unsnooze(db, session)
            count += 1
    return count


def block(db: Session, session: ChatSession, actor: Actor, *, blocked: bool) -> None:
    """Block or unblock the customer of this session. A blocked customer's messages are refused. Raises NotAllowed."""
    rights.check(db, actor, Permission.ANSWER)
    guest = db.get_one(Guest, session.guest_id)
    db.refresh(guest, with_for_update=LOCK)
    lock_session(db, session)
    if (guest.blocked_at is not None) == blocked:
        return
    details = {"by": actor.name} | undo_details(session, actor)
    entry = append_system_message(
        db, session, Event.BLOCKED if blocked else Event.UNBLOCKED, details
    )
    guest.blocked_at = entry.created_at if blocked else None
    audit.record(
        db,
        actor,
        Act.BLOCKED if blocked else Act.UNBLOCKED,
        session_id=session.id,
        target=session.customer_name,
    )


def transfer(
    db: Session,
    session: ChatSession,
    actor: Actor,
    admin: Admin,
    note: str | None,
    version: int | None,
) -> None:
    """Transfer a session to another admin, with an optional note for them. `version` is as in `assign`.

    If the admin has the session already, no note is added. Raises what `assign` and `add_note` raise.
    """
    before = session.version
    assign(db, session, actor, admin, version, act=Act.TRANSFERRED)
    if note and session.version != before:
        add_note(db, session, actor, note, str(uuid.uuid4()))
