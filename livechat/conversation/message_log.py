"""The one ordered list of a session: locking it, numbering its entries, finding one that is there already.

Whether customers see an entry is decided by which function adds it, and by nothing that a caller could forget: what
people say to each other has a public number always, a `Note` never, and a line by its event (system_messages.py). A
CHECK of the database refuses everything else.
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
from .system_messages import PUBLIC, Event, line

# FOR NO KEY UPDATE: rows that refer to a locked one can still be inserted. With FOR UPDATE two who have
# each inserted one would wait for each other.
LOCK: Any = {"key_share": True}
_COLUMNS = [attribute.key for attribute in inspect(ChatSession).column_attrs]
_ADMINS, _GUESTS = table_of(Admin), table_of(Guest)
BLOCKED_AT = (
    select(_GUESTS.c.blocked_at).where(_GUESTS.c.id == SESSIONS.c.guest_id).scalar_subquery()
)
"""When the customer of a session was blocked, or NULL."""
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
# The same with the admin who answers, in one statement: their row is locked first, as everywhere (rights.py).
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
    """Hold the session's row until the commit, and see what was committed before."""
    db.flush()
    touch(db, session.id)
    # The columns alone: PostgreSQL, having waited for a lock, reads the locked row anew but not what is
    # joined to it, so the assignee of a moment ago would stand beside the number of the new one.
    db.refresh(session, _COLUMNS, with_for_update=LOCK)
    holder = db.get(Admin, session.assignee_id) if session.assignee_id else None
    set_committed_value(session, "assignee", holder)


def sent(
    db: Session, session_ids: Sequence[int], author_key: str, client_id: str
) -> ChatMessage | None:
    """The message that an author has sent under this client_id, if any."""
    query = select(ChatMessage).where(
        ChatMessage.session_id.in_(session_ids),
        ChatMessage.author_key == author_key,
        ChatMessage.client_id == client_id,
    )
    return db.scalars(query.limit(1)).first()


def lock_row(db: Session, session_id: int, author: Actor | None = None) -> Any:
    """Lock a session as `lock_session` does, and give what a send needs of it as a plain row, which takes less time.
    `blocked_at` is its guest's.

    With an author, their right to answer is asked before, and stays so until the commit; see rights.py.
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
    """What an admin writes for colleagues. It has no place in the customer's list, and no way to be given one."""

    author: Actor
    body: str
    client_id: str


def add_once(db: Session, held: Any, author: Actor, body: str, client_id: str) -> Any | None:
    """Add what a customer or an admin says to the other to the list of a session that `lock_row` has locked, and count
    it there. Returns its row, or None when its author has sent one under this client_id before; then nothing changes.
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
        counted["staff_seen"] = message.public_seq  # who answers has read everything before it
    connection.execute(_COUNT, {"held": held.id, **counted})
    return message


def append_line(
    db: Session, session: ChatSession, event: Event, details: dict[str, Any]
) -> ChatMessage:
    """Add a system line to the locked session's list. Customers see the lines of `system_messages.PUBLIC`."""
    entry = ChatMessage(
        sender=Sender.SYSTEM,
        author_key="system",
        body=line(event, details, for_customer=False).interpolate(),
        event=event,
        details=details,
    )
    by_customer = event == Event.PRODUCT or details.get("by_customer", False)
    return _append(db, session, entry, public=event in PUBLIC, by_customer=by_customer)


def append_note(db: Session, session: ChatSession, note: Note) -> ChatMessage:
    """Add a note to the locked session's list."""
    entry = ChatMessage(
        sender=Sender.NOTE,
        author_key=note.author.key,
        admin_id=note.author.admin_id,
        author_name=note.author.name,
        body=note.body,
        client_id=note.client_id,
    )
    return _append(db, session, entry, public=False)


def before(session: ChatSession, actor: Actor) -> dict[str, Any]:
    """What the line of an admin's act keeps of the locked session as it was, so that undo.py can restore it.

    Call it before the act changes anything. Returns the part ``before`` of the line's details, empty for others
    than admins, who have no way to undo.
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
    """Add an entry to the locked session's list under the next number.

    `public`: customers see it. `by_customer`: the customer has brought it about, and it counts for their day.
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
    """The numbers of a locked session, a row or an object, after its next entry, which has the same: ``seq``,
    ``public_seq`` unless customers do not see it, and ``last_activity_at``, its time. fast_path.py has the same rule
    as SQL."""
    return {
        "seq": session.seq + 1,
        "public_seq": session.public_seq + public,
        # A clock that is set back must not make a list whose times run backwards.
        "last_activity_at": max(now(), session.last_activity_at),
    }
