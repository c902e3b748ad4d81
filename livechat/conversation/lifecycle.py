"""The life of a conversation: start, close, reopen; also what its customer has seen and which page they are on.

These are plain functions of a database session, like those of messages.py, assignment.py, triage.py and notes.py.
Both the web and the command line call them. Each act that writes locks the session's row first (on SQLite, the
transaction begins IMMEDIATE). The lock gives all acts one order, and the second of two concurrent acts sees the
result of the first.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from .. import audit
from ..actors import CUSTOMER, Actor
from ..audit import Act
from ..db.changes import touch
from ..exceptions import Conflict
from ..models import Admin, ChatSession, Guest, Status
from ..rights import able, check_speaker
from . import message_log, sizes
from .message_log import LOCK, append_system_message, lock_session, sent
from .messages import BLOCKED, send
from .opening import Opening, describe, new_session
from .system_messages import Event


@dataclass(frozen=True)
class Outcome:
    """The result of an act. `created` is False when the act was a repeat that changed nothing."""

    session: ChatSession
    created: bool


def start(db: Session, guest: Guest, opening: Opening) -> Outcome:
    """Begin a conversation, or continue the guest's open one.

    Raises Conflict ``blocked``; and what `sizes.check` and `messages.send` raise.
    """
    db.refresh(guest, with_for_update=LOCK)  # two simultaneous clicks make one conversation
    if guest.blocked_at is not None:
        raise Conflict("blocked", BLOCKED)
    session = _session_with(db, guest, opening.client_id) or open_session(db, guest.id)
    if session is None:
        session = new_session(db, guest)
        touch(db, session.id)
        describe(session, opening)
        created = True
    else:
        lock_session(db, session)
        created = False
        asked_about = session.product_id
        if session.open and opening.product and opening.product.id != asked_about:
            sizes.check(session, opening.product.name or "", by_customer=True)
        if session.open:  # a repeated start may find a session that has been closed since
            describe(session, opening)
        if session.product_id != asked_about:
            name = session.product_name or session.product_id
            append_system_message(db, session, Event.PRODUCT, {"product": name})
    if opening.body is not None:
        send(db, session, CUSTOMER, opening.body, opening.client_id or str(uuid.uuid4()))
    db.flush()
    return Outcome(session, created)


def close(db: Session, session: ChatSession, actor: Actor) -> Outcome:
    """Close a session. Repeating it is not an error.

    Raises NotAllowed; Conflict ``closed`` when an admin closes a session that somebody else has closed already.
    """
    check_speaker(db, actor)
    lock_session(db, session)
    if not session.open:
        if actor.is_customer or actor.key == session.closed_by:
            return Outcome(session, False)
        raise Conflict("closed", f"{_closer(db, session)} already closed this chat.")
    details = _by(actor) | message_log.undo_details(session, actor)
    session.status = Status.CLOSED
    session.version += 1
    entry = append_system_message(db, session, Event.CLOSED, details)
    session.closed_at = entry.created_at
    session.closed_by = actor.key
    session.waiting_since = None
    session.snoozed_until = None
    audit.record(db, actor, Act.CLOSED, session_id=session.id)
    db.flush()
    return Outcome(session, True)


def reopen(db: Session, session: ChatSession, actor: Actor) -> Outcome:
    """Reopen a closed session. Repeating it is not an error.

    The session stays assigned to its admin if they may still answer; otherwise it waits.

    Raises NotAllowed; Conflict ``another_open`` when the customer has begun a new conversation since, or
    ``blocked``; and what `sizes.check` raises.
    """
    check_speaker(db, actor, session.assignee_id)
    guest = db.get_one(Guest, session.guest_id)
    db.refresh(guest, with_for_update=LOCK)  # as in start
    if actor.is_customer and guest.blocked_at is not None:
        raise Conflict("blocked", BLOCKED)
    lock_session(db, session)
    if session.open:
        return Outcome(session, False)
    if open_session(db, session.guest_id) is not None:
        raise Conflict("another_open", "The customer has a newer open chat. Continue there.")
    sizes.check(session, "", by_customer=actor.is_customer)
    if session.assignee_id is not None and not able(db, session.assignee_id):
        session.assignee = None
        session.assignee_id = None
    session.status = Status.ACTIVE if session.assignee_id else Status.WAITING
    session.version += 1
    session.closed_at = None
    session.closed_by = None
    entry = append_system_message(db, session, Event.REOPENED, _by(actor))
    if actor.is_customer or session.assignee_id is None:
        session.waiting_since = entry.created_at
    audit.record(db, actor, Act.REOPENED, session_id=session.id)
    db.flush()
    return Outcome(session, True)


def seen_by_customer(db: Session, session: ChatSession, public_seq: int) -> None:
    """Record that the customer has had everything up to `public_seq` on screen."""
    lock_session(db, session)
    session.customer_seen = max(session.customer_seen, min(public_seq, session.public_seq))
    db.flush()


def moved(db: Session, session: ChatSession, url: str, title: str | None) -> None:
    """Record which page of the shop the customer is on now."""
    lock_session(db, session)
    session.page_url, session.page_title = url, title
    db.flush()


def open_session(db: Session, guest_id: int) -> ChatSession | None:
    """The guest's open conversation, if there is one."""
    query = select(ChatSession).where(
        ChatSession.guest_id == guest_id, ChatSession.status != Status.CLOSED
    )
    return db.scalars(query.order_by(ChatSession.id.desc()).limit(1)).first()


def _session_with(db: Session, guest: Guest, client_id: str | None) -> ChatSession | None:
    """The guest's session, open or closed, that already holds the message with this client_id."""
    if client_id is None:
        return None
    ids = db.scalars(select(ChatSession.id).where(ChatSession.guest_id == guest.id)).all()
    message = sent(db, ids, CUSTOMER.key, client_id)
    return db.get(ChatSession, message.session_id) if message else None


def _by(actor: Actor) -> dict[str, Any]:
    return {"by": actor.name, "by_customer": actor.is_customer}


def _closer(db: Session, session: ChatSession) -> str:
    kind, _colon, number = (session.closed_by or "").partition(":")
    if kind == "admin":
        admin = db.get(Admin, int(number))
        if admin is not None:
            return f"{admin.name} ({admin.username})"
    return "The customer" if kind == "customer" else "A teammate at the command line"
