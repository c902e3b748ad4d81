"""Sending a message: `send` is the only entry point, for customers, admins and the command line.

A customer's message takes the fast path of its storage (storage.py, fast_path.py; on SQLite in a group, see
group_commit.py). Admins' messages, and those that the fast path declines, take the slow path below.
docs/decisions/0019-the-way-of-a-message.md draws both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from ..actors import Actor
from ..exceptions import Conflict
from ..models import Admin, ChatSession, Sender, Status
from . import read_receipts, sizes
from .assignment import give_to
from .collision import answered_meanwhile, answers_after
from .message_log import add_once, lock_row, lock_session, sent
from .storage import Storage, refresh_loaded
from .system_messages import Event

BLOCKED = "You can't send messages here anymore. Your text is saved. Please contact us another way."


@dataclass(frozen=True)
class Sent:
    """A stored message, as a row. `created` is False when it had been sent before."""

    message: Any
    created: bool


def send(
    storage: Session | Storage,
    session: Any,
    author: Actor,
    body: str,
    client_id: str,
    *,
    seen_seq: int | None = None,
) -> Sent:
    """Add a message, exactly once for each `client_id`. An admin who answers an unassigned session takes it.

    Parameters: `storage` is a database session, whose transaction stores the message, or a request's storage, which
    may commit it immediately; `session` is the conversation, a row or an object, of which only `id` is read;
    `seen_seq` is the `seq` of the newest entry the author had on screen. If a colleague has answered after that entry,
    the message is not sent.

    Raises NotAllowed for an author who may not answer; Conflict: ``client_id_reused`` (the same id with
    another body), ``session_closed``, ``blocked``, ``answered_meanwhile`` (which carries the newest answers, as rows,
    in `more`); and what `sizes.refusal` returns.
    """
    if isinstance(storage, Session):
        storage = Storage(storage)
    if author.is_customer:
        message = storage.insert(session.id, body, client_id)
        if message is not None:
            return Sent(message, True)
    return _slow_path(storage.session, session.id, author, body, client_id, seen_seq)


def _slow_path(
    db: Session, session_id: int, author: Actor, body: str, client_id: str, seen_seq: int | None
) -> Sent:
    """Lock the session, check the message and report why it is refused, take an unassigned session, add the message."""
    held = lock_row(db, session_id, author)
    takes = author.admin_id is not None and held.assignee_id is None
    answers = [] if seen_seq is None else answers_after(db, held.id, author, seen_seq)
    refused = author.is_customer and held.blocked_at is not None
    full = sizes.refusal(held, body, by_customer=author.is_customer)
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
    refresh_loaded(db, held.id)
    return Sent(message, True)


def repeated(before: Any, kind: Sender, body: str) -> Sent:
    """The message already sent under this client_id.

    Raises Conflict ``client_id_reused`` unless the text and the kind of entry are the same.
    """
    if before.body != body or before.sender != kind:
        raise Conflict(
            "client_id_reused", "This client_id was used for another message. Use a new one."
        )
    return Sent(before, False)


def _taken(db: Session, session_id: int, author: Actor) -> Any:
    """Assign an unassigned session to the admin who answers. Returns its locked row."""
    session = db.get_one(ChatSession, session_id)
    lock_session(db, session)
    if session.assignee_id is None:
        give_to(db, session, db.get_one(Admin, author.admin_id), Event.TAKEN, author)
    return lock_row(db, session_id)
