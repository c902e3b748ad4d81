"""An admin's other work on a session: priority, snooze, block, transfer, drafts, the customer's earlier sessions."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from .. import audit, rights
from ..actors import Actor
from ..audit import Act
from ..db.dialects import PerDialect, Reader
from ..exceptions import Conflict, Invalid
from ..models import Admin, ChatSession, Draft, Guest, Priority, now
from ..permissions import Permission
from .assignment import assign
from .message_log import LOCK, append_system_message, lock_session, undo_details
from .notes import add_note
from .records import RECORD, SESSIONS
from .system_messages import Event

LONGEST_SNOOZE = timedelta(days=366)
LONGEST_DRAFT = 4000
MOST_EARLIER = 20

_KEEP = PerDialect(lambda insert: insert(Draft))


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
            wake(db, session)
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


def wake(db: Session, session: ChatSession) -> None:
    """End the snooze of a locked session."""
    session.snoozed_until = None
    append_system_message(db, session, Event.WOKEN, {})
    db.flush()


def wake_due(db: Session, moment: datetime) -> int:
    """End the snoozes that are due at a moment, at most 100 in one call. Returns how many."""
    query = select(ChatSession).where(ChatSession.snoozed_until <= moment)
    count = 0
    for session in db.scalars(query.order_by(ChatSession.id).limit(100)).all():
        lock_session(db, session)
        if session.snoozed_until is not None and session.snoozed_until <= moment:
            wake(db, session)
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


def draft_of(db: Reader, session_id: int, admin_id: int) -> Any | None:
    """An admin's draft in a session: a row with body, note and updated_at, or None."""
    query = select(Draft.body, Draft.note, Draft.updated_at).where(
        Draft.session_id == session_id, Draft.admin_id == admin_id
    )
    return db.execute(query).first()


def keep_draft(db: Session, session_id: int, admin_id: int, body: str, *, note: bool) -> None:
    """Store an admin's draft, of a note if `note`. A blank body deletes it. Raises Invalid when it is too long."""
    if len(body) > LONGEST_DRAFT:
        raise Invalid("body", f"A draft can have at most {LONGEST_DRAFT} characters.")
    if not body.strip():
        mine = (Draft.session_id == session_id) & (Draft.admin_id == admin_id)
        db.execute(delete(Draft).where(mine).execution_options(synchronize_session=False))
        return
    kept = {"body": body, "note": note, "updated_at": now()}
    connection = db.connection()
    keep = _KEEP.on(connection).values(session_id=session_id, admin_id=admin_id, **kept)
    connection.execute(
        keep.on_conflict_do_update(index_elements=["session_id", "admin_id"], set_=kept)
    )


def earlier(db: Reader, record: Any) -> Sequence[Any]:
    """Other conversations of the same customer, the newest first, as rows, at most MOST_EARLIER.

    They come from the same browser or have the same e-mail address.
    """
    same = [SESSIONS.c.guest_id == record.guest_id]
    if record.customer_email:
        same.append(SESSIONS.c.customer_email == record.customer_email)
    query = RECORD.where(or_(*same), SESSIONS.c.id != record.id)
    return db.execute(query.order_by(SESSIONS.c.id.desc()).limit(MOST_EARLIER)).all()


def is_unverified(record: Any, other: Any) -> bool:
    """Whether an unverified e-mail address is the only evidence that two conversations have the same customer.

    Anyone can type another person's address. The same browser is better evidence, and so is the shop's signature if
    both conversations have it.
    """
    signed = record.customer_verified and other.customer_verified
    return record.guest_id != other.guest_id and not signed
