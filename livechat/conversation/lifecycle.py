"""What is said in a session and how it begins and ends: start, send, close, reopen, seen.

Plain functions of a database session, as are those of assignment.py, triage.py and notes.py. Web and command line call
nothing else (but for group_commit.py, by which many messages come at once). Each act that writes
locks the session's row first (SQLite: the transaction has begun IMMEDIATE), so the numbers given out
below fix one order for everyone, and whoever comes second sees what the first has done.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.util import identity_key

from .. import audit
from ..actors import CUSTOMER, Actor
from ..audit import Act
from ..db.changes import touch
from ..exceptions import Conflict
from ..models import Admin, ChatSession, Guest, Sender, Status
from ..rights import able, check_speaker
from . import message_log, read_receipts, sizes
from .assignment import give_to
from .collision import answered_meanwhile, answers_after
from .message_log import LOCK, add_by_customer, add_once, append_line, hold, lock, sent
from .opening import Opening, describe, new_session
from .system_messages import Event

BLOCKED = "You can't send messages here anymore. Your text is saved. Please contact us another way."


@dataclass(frozen=True)
class Outcome:
    """What an act led to. `created` is False when it had been done before and was only repeated."""

    session: ChatSession
    created: bool


@dataclass(frozen=True)
class Sent:
    """A message that is stored, as a row. `created` is False when it had been sent before."""

    message: Any
    created: bool


def start(db: Session, guest: Guest, opening: Opening) -> Outcome:
    """Begin a conversation, or go on with the guest's open one."""
    db.refresh(guest, with_for_update=LOCK)  # two clicks at once make one conversation
    if guest.blocked_at is not None:
        raise Conflict("blocked", BLOCKED)
    session = _session_with(db, guest, opening.client_id) or open_session(db, guest.id)
    if session is None:
        session = new_session(db, guest)
        touch(db, session.id)
        describe(session, opening)
        created = True
    else:
        lock(db, session)
        created = False
        asked_about = session.product_id
        if session.open and opening.product and opening.product.id != asked_about:
            sizes.check(session, opening.product.name or "", by_customer=True)
        if session.open:  # a repeated start may find a session that was closed meanwhile
            describe(session, opening)
        if session.product_id != asked_about:
            name = session.product_name or session.product_id
            append_line(db, session, Event.PRODUCT, {"product": name})
    if opening.body is not None:
        send(db, session, CUSTOMER, opening.body, opening.client_id or str(uuid.uuid4()))
    db.flush()
    return Outcome(session, created)


def send(
    db: Session,
    session: ChatSession,
    author: Actor,
    body: str,
    client_id: str,
    *,
    seen_seq: int | None = None,
) -> Sent:
    """Add a message, exactly once for a client_id. An admin's answer to a waiting session takes it.

    With `seen_seq`, the newest entry its author had on screen, it is held when a colleague has answered after
    that. Raises NotAllowed for an author who may not answer; Conflict: ``client_id_reused`` (the same id with
    another body), ``session_closed``, ``blocked``, ``answered_meanwhile`` (which carries the newest answers, as rows,
    in `more`); and what `sizes.refusal` gives.
    """
    if author is CUSTOMER and (added := add_by_customer(db, session.id, body, client_id)):
        _see_anew(db, session.id)
        return Sent(added, True)
    held = hold(db, session.id, author)
    takes = author.admin_id is not None and held.assignee_id is None
    answers = [] if seen_seq is None else answers_after(db, held.id, author, seen_seq)
    refused = author.sender == Sender.CUSTOMER and held.blocked_at is not None
    full = sizes.refusal(held, body, by_customer=author is CUSTOMER)
    if takes or answers or refused or full or held.status == Status.CLOSED:
        if before := sent(db, [held.id], author.key, client_id):
            return repeated(before, author.sender, body)
        if refused:
            raise Conflict("blocked", BLOCKED)
        if held.status == Status.CLOSED:
            raise Conflict(
                "session_closed",
                "This chat is closed. Reopen it or start a new one. Your text is saved.",
            )
        if full:
            raise full
        if answers:
            raise answered_meanwhile(answers)
        if takes:
            held = _taken(db, held.id, author)
    message = add_once(db, held, author, body, client_id)
    if message is None:
        return repeated(sent(db, [held.id], author.key, client_id), author.sender, body)
    if author.admin_id is not None:
        read_receipts.keep(db, held.id, author.admin_id, message.seq)
    _see_anew(db, held.id)
    return Sent(message, True)


def close(db: Session, session: ChatSession, actor: Actor) -> Outcome:
    """Close a session. To repeat it is no error; to close what somebody else has closed is, except for the
    customer. Raises NotAllowed; Conflict ``closed``."""
    check_speaker(db, actor)
    lock(db, session)
    if not session.open:
        if actor.key in {"customer", session.closed_by}:
            return Outcome(session, False)
        raise Conflict("closed", f"{_closer(db, session)} already closed this chat.")
    details = _by(actor) | message_log.before(session, actor)
    session.status = Status.CLOSED
    session.version += 1
    entry = append_line(db, session, Event.CLOSED, details)
    session.closed_at = entry.created_at
    session.closed_by = actor.key
    session.waiting_since = None
    session.snoozed_until = None
    audit.record(db, actor, Act.CLOSED, session_id=session.id)
    db.flush()
    return Outcome(session, True)


def reopen(db: Session, session: ChatSession, actor: Actor) -> Outcome:
    """Open a closed session again. It stays with the admin it belonged to, as long as they may answer; otherwise it
    waits. To repeat it is no error.

    Raises NotAllowed; Conflict ``another_open`` when the customer has begun a new conversation since.
    """
    check_speaker(db, actor, session.assignee_id)
    guest = db.get_one(Guest, session.guest_id)
    db.refresh(guest, with_for_update=LOCK)  # as in start
    if actor.key == CUSTOMER.key and guest.blocked_at is not None:
        raise Conflict("blocked", BLOCKED)
    lock(db, session)
    if session.open:
        return Outcome(session, False)
    if open_session(db, session.guest_id) is not None:
        raise Conflict("another_open", "The customer has a newer open chat. Continue there.")
    sizes.check(session, "", by_customer=actor.key == CUSTOMER.key)
    if session.assignee_id is not None and not able(db, session.assignee_id):
        session.assignee = None
        session.assignee_id = None
    session.status = Status.ACTIVE if session.assignee_id else Status.WAITING
    session.version += 1
    session.closed_at = None
    session.closed_by = None
    entry = append_line(db, session, Event.REOPENED, _by(actor))
    if actor.key == "customer" or session.assignee_id is None:
        session.waiting_since = entry.created_at
    audit.record(db, actor, Act.REOPENED, session_id=session.id)
    db.flush()
    return Outcome(session, True)


def seen_by_customer(db: Session, session: ChatSession, public_seq: int) -> None:
    """The customer has had everything up to public_seq on screen."""
    lock(db, session)
    session.customer_seen = max(session.customer_seen, min(public_seq, session.public_seq))
    db.flush()


def moved(db: Session, session: ChatSession, url: str, title: str | None) -> None:
    """The customer is on another page of the shop now."""
    lock(db, session)
    session.page_url, session.page_title = url, title
    db.flush()


def open_session(db: Session, guest_id: int) -> ChatSession | None:
    """The guest's open conversation, if there is one."""
    query = select(ChatSession).where(
        ChatSession.guest_id == guest_id, ChatSession.status != Status.CLOSED
    )
    return db.scalars(query.order_by(ChatSession.id.desc()).limit(1)).first()


def _session_with(db: Session, guest: Guest, client_id: str | None) -> ChatSession | None:
    """The guest's session that holds this very message already, also when it has been closed since."""
    if client_id is None:
        return None
    ids = db.scalars(select(ChatSession.id).where(ChatSession.guest_id == guest.id)).all()
    message = sent(db, ids, CUSTOMER.key, client_id)
    return db.get(ChatSession, message.session_id) if message else None


def _taken(db: Session, session_id: int, author: Actor) -> Any:
    """The session, held, after the admin who answers has taken it."""
    session = db.get_one(ChatSession, session_id)
    lock(db, session)
    if session.assignee_id is None:
        give_to(db, session, db.get_one(Admin, author.admin_id), Event.TAKEN, author)
    return hold(db, session_id)


def repeated(before: Any, kind: Sender, body: str) -> Sent:
    """What was sent under this client_id before. Raises Conflict unless text and kind of entry are the same."""
    if before.body != body or before.sender != kind:
        raise Conflict(
            "client_id_reused", "This client_id was used for another message. Use a new one."
        )
    return Sent(before, False)


def _see_anew(db: Session, session_id: int) -> None:
    """Whoever has the session as an object sees what was written past it."""
    if not len(db.identity_map):  # as usual; to make a key takes longer than this
        return
    loaded = db.identity_map.get(identity_key(ChatSession, session_id))
    if loaded is not None:
        db.refresh(loaded)


def _by(actor: Actor) -> dict[str, Any]:
    return {"by": actor.name, "by_customer": actor.key == CUSTOMER.key}


def _closer(db: Session, session: ChatSession) -> str:
    kind, _colon, number = (session.closed_by or "").partition(":")
    if kind == "admin":
        admin = db.get(Admin, int(number))
        if admin is not None:
            return f"{admin.name} ({admin.username})"
    return "The customer" if kind == "customer" else "A teammate at the command line"
