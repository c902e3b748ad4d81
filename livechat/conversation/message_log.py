"""The message log of a session: locking it, numbering its entries, finding an entry that is already there.

The function that adds an entry decides whether customers see it, so no caller can get this wrong. A message always has
a public number, a note never has one, and a system message has one if its event is public (system_messages.py). A
CHECK constraint in the database refuses everything else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, inspect, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from .. import rights
from ..actors import Actor
from ..db.changes import touch
from ..db.dialects import PerDialect
from ..exceptions import Missing
from ..models import (
    Admin,
    ChatMessage,
    ChatSession,
    Guest,
    Sender,
    now,
    table_of,
)
from ..permissions import Permission
from . import sizes
from .records import MESSAGES, SESSIONS
from .system_messages import PUBLIC, Event, wording

# FOR NO KEY UPDATE: rows that refer to a locked row can still be inserted. With FOR UPDATE, two transactions that have
# each inserted such a row would deadlock.
LOCK: Any = {"key_share": True}
_COLUMNS = [attribute.key for attribute in inspect(ChatSession).column_attrs]
_ADMINS, _GUESTS = table_of(Admin), table_of(Guest)
BLOCKED_AT = (
    select(_GUESTS.c.blocked_at).where(_GUESTS.c.id == SESSIONS.c.guest_id).scalar_subquery()
)
"""The time at which the customer of a session was blocked, or NULL."""
_HELD = [
    SESSIONS.c[name]
    for name in (
        *("id", "status", "assignee_id", "customer_name", "seq", "public_seq"),
        *("last_activity_at", "waiting_since", "first_answer_at"),
        *("size", "size_day", "day_size"),
    )
]
_HOLD = (
    select(*_HELD, BLOCKED_AT.label("blocked_at"))
    .where(SESSIONS.c.id == bindparam("id"))
    .with_for_update(of=SESSIONS, **LOCK)
)
# The same, together with the admin who answers. Their row is locked first, as everywhere (rights.py).
_HOLD_FOR_ADMIN = (
    select(
        *_HELD,
        BLOCKED_AT.label("blocked_at"),
        *(_ADMINS.c[name] for name in ("username", "role", "disabled_at")),
    )
    .join_from(SESSIONS, _ADMINS, _ADMINS.c.id == bindparam("admin"))
    .where(SESSIONS.c.id == bindparam("id"))
    .with_for_update(of=_ADMINS, read=True)
    .suffix_with(f"FOR NO KEY UPDATE OF {SESSIONS.name}", dialect="postgresql")
)
_ADD = PerDialect(
    lambda insert: (
        insert(MESSAGES)
        .on_conflict_do_nothing(index_elements=["session_id", "author_key", "client_id"])
        .returning(MESSAGES)
    )
)
_COUNT = update(SESSIONS).where(SESSIONS.c.id == bindparam("held"))


def lock_session(db: Session, session: ChatSession) -> None:
    """Lock the session's row until the commit, and reload what others have committed."""
    db.flush()
    touch(db, session.id)
    # Only the columns: after waiting for a lock, PostgreSQL rereads the locked row but not the rows joined to it.
    # A joined assignee would still be the previous one, next to the new assignee_id.
    db.refresh(session, _COLUMNS, with_for_update=LOCK)
    holder = db.get(Admin, session.assignee_id) if session.assignee_id else None
    set_committed_value(session, "assignee", holder)


def sent(
    db: Session, session_ids: Sequence[int], author_key: str, client_id: str
) -> ChatMessage | None:
    """The message that an author has sent under this client_id in one of these sessions, or None."""
    query = select(ChatMessage).where(
        ChatMessage.session_id.in_(session_ids),
        ChatMessage.author_key == author_key,
        ChatMessage.client_id == client_id,
    )
    return db.scalars(query.limit(1)).first()


def lock_row(db: Session, session_id: int, author: Actor | None = None) -> Any:
    """Lock a session as `lock_session` does, but return the columns that a send needs as a plain row, which is faster.

    `blocked_at` is that of the session's guest. With an author, the function first checks their right to answer,
    which cannot change before the commit; see rights.py.

    Raises NotAllowed; Missing when there is no such session.
    """
    db.flush()
    touch(db, session_id)
    connection = db.connection()
    held = None
    if author is not None and author.admin_id is not None:
        given = {"id": session_id, "admin": author.admin_id}
        held = connection.execute(_HOLD_FOR_ADMIN, given).first()
    if held is not None:
        rights.check_held(held, Permission.ANSWER)
        return held
    if author is not None:
        rights.check_speaker(db, author)
    held = connection.execute(_HOLD, {"id": session_id}).first()
    if held is None:
        raise Missing("This chat no longer exists.")
    return held


@dataclass(frozen=True)
class Note:
    """A text that an admin writes for colleagues. It never gets a public number."""

    author: Actor
    body: str
    client_id: str


def add_once(db: Session, held: Any, author: Actor, body: str, client_id: str) -> Any | None:
    """Add a message of a customer or an admin to a session that `lock_row` has locked, and update its counters.

    Returns the message as a row, or None, without a change, when its author has already used this client_id.
    """
    connection = db.connection()
    numbers = _next_numbers(held, public=True)
    moment = numbers["last_activity_at"]
    answered = author.sender is Sender.ADMIN
    entry = {
        "session_id": held.id,
        "seq": numbers["seq"],
        "public_seq": numbers["public_seq"],
        "created_at": moment,
        "sender": author.sender.value,
        "author_key": author.key,
        "admin_id": author.admin_id,
        "author_name": author.name if answered else held.customer_name,
        "body": body,
        "client_id": client_id,
    }
    message = connection.execute(_ADD.on(connection), entry).first()
    if message is None:
        return None
    touch(db, held.id, message.id)
    counted = {
        **numbers,
        "last_message_seq": message.seq,
        "waiting_since": None if answered else held.waiting_since or moment,
        "first_answer_at": held.first_answer_at or (moment if answered else None),
        **sizes.counted(held, body, by_customer=not answered),
    }
    if answered:
        counted["staff_seen"] = (
            message.public_seq
        )  # an answer counts as having read what precedes it
    connection.execute(_COUNT, {"held": held.id, **counted})
    return message


def append_system_message(
    db: Session, session: ChatSession, event: Event, details: dict[str, Any]
) -> ChatMessage:
    """Add a system message to the locked session. Customers see the events in `system_messages.PUBLIC`."""
    entry = ChatMessage(
        sender=Sender.SYSTEM,
        author_key="system",
        body=wording(event, details, for_customer=False).interpolate(),
        event=event,
        details=details,
    )
    by_customer = event == Event.PRODUCT or details.get("by_customer", False)
    return _append(db, session, entry, public=event in PUBLIC, by_customer=by_customer)


def append_note(db: Session, session: ChatSession, note: Note) -> ChatMessage:
    """Add a note to the locked session."""
    entry = ChatMessage(
        sender=Sender.NOTE,
        author_key=note.author.key,
        admin_id=note.author.admin_id,
        author_name=note.author.name,
        body=note.body,
        client_id=note.client_id,
    )
    return _append(db, session, entry, public=False)


def undo_details(session: ChatSession, actor: Actor) -> dict[str, Any]:
    """The state of the locked session that the system message of an admin's act stores, for undo.py to restore.

    Call it before the act changes anything. Returns a dictionary with the key ``before`` for the system message's
    `details`; it is empty for actors other than admins, because only admins can undo.
    """
    if actor.admin_id is None:
        return {}
    times = {
        name: None if (moment := getattr(session, name)) is None else moment.isoformat()
        for name in ("assigned_at", "waiting_since", "snoozed_until")
    }
    kept = {"by": actor.key, "version": session.version + 1, "assignee_id": session.assignee_id}
    return {"before": kept | times}


def _append(
    db: Session,
    session: ChatSession,
    message: ChatMessage,
    *,
    public: bool,
    by_customer: bool = False,
) -> ChatMessage:
    """Add an entry to the locked session under the next number.

    `public`: customers see it. `by_customer`: the customer caused it, so it counts towards their daily limit.
    """
    counted = _next_numbers(session, public=public)
    counted |= sizes.counted(session, message.body, by_customer=by_customer)
    for name, value in counted.items():
        setattr(session, name, value)
    message.session_id, message.seq = session.id, session.seq
    message.public_seq = session.public_seq if public else None
    message.created_at = session.last_activity_at
    db.add(message)
    db.flush()
    touch(db, session.id, message.id)
    return message


def _next_numbers(session: Any, *, public: bool) -> dict[str, Any]:
    """The counters of a locked session, a row or an object, after its next entry.

    The entry gets the same values: ``seq``; ``public_seq`` if it is public; ``last_activity_at`` as its time.
    fast_path.py has the same rule as SQL.
    """
    return {
        "seq": session.seq + 1,
        "public_seq": session.public_seq + public,
        # If the clock is set back, the times in the log must still not decrease.
        "last_activity_at": max(now(), session.last_activity_at),
    }
