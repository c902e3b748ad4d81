"""What admins do with a session beside answering: priority, putting aside, blocking, handing on, drafts."""

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
from .message_log import LOCK, append_line, before, lock_session
from .notes import add_note
from .records import RECORD, SESSIONS
from .system_messages import Event

LONGEST_SNOOZE = timedelta(days=366)
LONGEST_DRAFT = 4000
MOST_EARLIER = 20

_KEEP = PerDialect(lambda insert: insert(Draft))


def set_priority(db: Session, session: ChatSession, actor: Actor, priority: Priority) -> None:
    """Say how much a session matters."""
    rights.check(db, actor, Permission.ANSWER)
    lock_session(db, session)
    session.priority = priority
    db.flush()


def snooze(db: Session, session: ChatSession, actor: Actor, until: datetime | None) -> None:
    """Put a session aside until then, or until the customer writes; None takes it back at once. Raises Invalid,
    Conflict ``session_closed``."""
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
        append_line(db, session, Event.SNOOZED, {"by": actor.name})
    db.flush()


def wake(db: Session, session: ChatSession) -> None:
    """A locked session that was put aside is back."""
    session.snoozed_until = None
    append_line(db, session, Event.WOKEN, {})
    db.flush()


def wake_due(db: Session, moment: datetime) -> int:
    """Bring back whatever was put aside until a moment; returns how many."""
    query = select(ChatSession).where(ChatSession.snoozed_until <= moment)
    count = 0
    for session in db.scalars(query.order_by(ChatSession.id).limit(100)).all():
        lock_session(db, session)
        if session.snoozed_until is not None and session.snoozed_until <= moment:
            wake(db, session)
            count += 1
    return count


def block(db: Session, session: ChatSession, actor: Actor, *, blocked: bool) -> None:
    """Refuse what the customer of this session writes from now on, kindly, or no more. Their text is kept."""
    rights.check(db, actor, Permission.ANSWER)
    guest = db.get_one(Guest, session.guest_id)
    db.refresh(guest, with_for_update=LOCK)
    lock_session(db, session)
    if (guest.blocked_at is not None) == blocked:
        return
    details = {"by": actor.name} | before(session, actor)
    line = append_line(db, session, Event.BLOCKED if blocked else Event.UNBLOCKED, details)
    guest.blocked_at = line.created_at if blocked else None
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
    """Hand a session on, with a note for whoever has it then. Both or neither."""
    before = session.version
    assign(db, session, actor, admin, version, act=Act.TRANSFERRED)
    if note and session.version != before:
        add_note(db, session, actor, note, str(uuid.uuid4()))


def draft_of(db: Reader, session_id: int, admin_id: int) -> Any | None:
    """What an admin has begun to write: a row with body, note, updated_at."""
    query = select(Draft.body, Draft.note, Draft.updated_at).where(
        Draft.session_id == session_id, Draft.admin_id == admin_id
    )
    return db.execute(query).first()


def keep_draft(db: Session, session_id: int, admin_id: int, body: str, *, note: bool) -> None:
    """Keep what an admin has begun to write; nothing written is nothing kept. Raises Invalid."""
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
    """Other conversations of the same customer, the newest first, as rows: of the same browser, or under the
    same e-mail address."""
    same = [SESSIONS.c.guest_id == record.guest_id]
    if record.customer_email:
        same.append(SESSIONS.c.customer_email == record.customer_email)
    query = RECORD.where(or_(*same), SESSIONS.c.id != record.id)
    return db.execute(query.order_by(SESSIONS.c.id.desc()).limit(MOST_EARLIER)).all()


def is_unverified(record: Any, other: Any) -> bool:
    """Whether nothing but an e-mail address that nobody has verified says that two conversations have one customer.

    Anybody can type the address of somebody else. The same browser proves more, and so does the shop's signature
    when both conversations have it.
    """
    signed = record.customer_verified and other.customer_verified
    return record.guest_id != other.guest_id and not signed
