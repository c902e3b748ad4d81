"""Everything that can happen to a session: start, send, read, assign, close, reopen, seen.

Plain functions of a database session. Web and command line call nothing else. Each act that writes
locks the session's row first (SQLite: the transaction has begun IMMEDIATE), so the numbers given out
below fix one order for everyone, and whoever comes second sees what the first has done.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, case, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.orm.util import identity_key

from .entries import LOCK, add_once, append_line, hold, lock, sent
from .lines import Event
from .models import Admin, ChatMessage, ChatRead, ChatSession, Guest, Sender, Status, table_of
from .opening import Opening, describe, new_session
from .reading import SESSIONS
from .realtime.changes import touch
from .refusals import Conflict, Invalid


@dataclass(frozen=True)
class Actor:
    """Who acts. `key` is ``customer``, ``admin:7`` or ``staff`` (the command line)."""

    key: str
    name: str | None = None
    admin_id: int | None = None

    @property
    def sender(self) -> Sender:
        """The kind of message this actor writes."""
        return Sender.CUSTOMER if self.key == "customer" else Sender.ADMIN


_READS = table_of(ChatRead)
_READ = {
    dialect: insert(_READS)
    .values(session_id=bindparam("s"), admin_id=bindparam("a"), seq=bindparam("upto"))
    .on_conflict_do_update(
        index_elements=["session_id", "admin_id"],
        set_={
            "seq": case((_READS.c.seq > bindparam("upto"), _READS.c.seq), else_=bindparam("upto"))
        },
    )
    for dialect, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}
_SEEN = (
    update(SESSIONS)
    .where(SESSIONS.c.id == bindparam("held"), SESSIONS.c.staff_seen < bindparam("shown"))
    .values(staff_seen=bindparam("shown"))
)

CUSTOMER = Actor("customer")
STAFF = Actor("staff")


def admin_actor(admin_id: int, name: str) -> Actor:
    """An admin as the one who acts."""
    return Actor(f"admin:{admin_id}", name, admin_id)


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
        if session.open:  # a repeated start may find a session that was closed meanwhile
            describe(session, opening)
        if session.product_id != asked_about:
            name = session.product_name or session.product_id
            append_line(db, session, Event.PRODUCT, {"product": name})
    if opening.body is not None:
        send(db, session, CUSTOMER, opening.body, opening.client_id or str(uuid.uuid4()))
    db.flush()
    return Outcome(session, created)


def send(db: Session, session: ChatSession, author: Actor, body: str, client_id: str) -> Sent:
    """Add a message, exactly once for a client_id. An admin's answer to a waiting session takes it.

    Raises Conflict: ``client_id_reused`` (the same id with another body), ``session_closed``.
    """
    held = hold(db, session.id)
    takes = author.admin_id is not None and held.assignee_id is None
    if takes or held.status == Status.CLOSED:
        if before := sent(db, [held.id], author.key, client_id):
            return _repeated(before, body)
        if held.status == Status.CLOSED:
            raise Conflict(
                "session_closed",
                "This chat is closed. Reopen it or start a new one; your text is kept.",
            )
        held = _taken(db, held.id, author)
    name = held.customer_name if author.sender == Sender.CUSTOMER else author.name
    message = add_once(
        db,
        held,
        sender=author.sender.value,
        author_key=author.key,
        admin_id=author.admin_id,
        author_name=name,
        body=body,
        client_id=client_id,
    )
    if message is None:
        return _repeated(sent(db, [held.id], author.key, client_id), body)
    if author.admin_id is not None:
        _note_read(db, held.id, author.admin_id, message.seq, message.public_seq)
    _see_anew(db, held.id)
    return Sent(message, True)


def assign(
    db: Session, session: ChatSession, actor: Actor, admin: Admin | None, version: int | None = None
) -> ChatSession:
    """Give a session to an admin, or to nobody. Giving it to whom it belongs already is no error.

    With `version` it is done only if nobody has assigned, closed or reopened it since. Without one, only
    taking for oneself what a colleague holds is refused. Raises Conflict: ``taken``, ``session_closed``.
    """
    lock(db, session)
    wanted = admin.id if admin else None
    if admin is not None and admin.disabled_at is not None:
        raise Invalid("admin", f"{admin.username} is disabled and cannot take chats.")
    if not session.open:
        raise Conflict("session_closed", "This chat is closed. Reopen it first.")
    if session.assignee_id == wanted:
        return session
    taking = wanted is not None and wanted == actor.admin_id and session.assignee_id is not None
    if (version is not None and version != session.version) or (version is None and taking):
        holder = session.assignee
        if holder is None:
            raise Conflict(
                "stale",
                "Somebody has put this chat back meanwhile. Look again before you assign it.",
            )
        raise Conflict("taken", f"{holder.name} ({holder.username}) has taken this chat.")
    if admin is None:
        session.assignee = None
        session.assignee_id = None
        session.status = Status.WAITING
        session.version += 1
        append_line(db, session, Event.UNASSIGNED, {"by": actor.name})
    else:
        event = Event.TAKEN if session.assignee_id is None else Event.ASSIGNED
        _give_to(db, session, admin.id, admin.name, event, actor)
    db.flush()
    return session


def close(db: Session, session: ChatSession, actor: Actor) -> Outcome:
    """Close a session. To repeat it is no error; to close what somebody else has closed is, except for the
    customer. Raises Conflict ``closed``."""
    lock(db, session)
    if not session.open:
        if actor.key in {"customer", session.closed_by}:
            return Outcome(session, False)
        raise Conflict("closed", f"{_closer(db, session)} has closed this chat already.")
    session.status = Status.CLOSED
    session.version += 1
    entry = append_line(db, session, Event.CLOSED, _by(actor))
    session.closed_at = entry.created_at
    session.closed_by = actor.key
    session.waiting_since = None
    db.flush()
    return Outcome(session, True)


def reopen(db: Session, session: ChatSession, actor: Actor) -> Outcome:
    """Open a closed session again, with whom it belonged to; to repeat it is no error.

    Raises Conflict ``another_open`` when the customer has begun a new conversation meanwhile.
    """
    db.refresh(db.get_one(Guest, session.guest_id), with_for_update=LOCK)  # as in start
    lock(db, session)
    if session.open:
        return Outcome(session, False)
    if open_session(db, session.guest_id) is not None:
        raise Conflict("another_open", "The customer has a newer chat open. Go on there.")
    if session.assignee is not None and session.assignee.disabled_at is not None:
        session.assignee = None
        session.assignee_id = None
    session.status = Status.ACTIVE if session.assignee_id else Status.WAITING
    session.version += 1
    session.closed_at = None
    session.closed_by = None
    entry = append_line(db, session, Event.REOPENED, _by(actor))
    if actor.key == "customer" or session.assignee_id is None:
        session.waiting_since = entry.created_at
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


def mark_read(db: Session, session: ChatSession, admin_id: int, seq: int) -> None:
    """This admin has had everything up to seq on screen."""
    lock(db, session)
    seq = min(seq, session.seq)
    shown = select(func.max(ChatMessage.public_seq)).where(
        ChatMessage.session_id == session.id, ChatMessage.seq <= seq
    )
    _note_read(db, session.id, admin_id, seq, db.scalar(shown) or 0)
    db.refresh(session)


def open_session(db: Session, guest_id: int) -> ChatSession | None:
    """The guest's open conversation, if there is one."""
    query = select(ChatSession).where(
        ChatSession.guest_id == guest_id, ChatSession.status != Status.CLOSED
    )
    return db.scalars(query.order_by(ChatSession.id.desc()).limit(1)).first()


def give_back(db: Session, admin: Admin, actor: Actor) -> int:
    """Put all open sessions of an admin back to those who wait; returns how many."""
    query = select(ChatSession).where(
        ChatSession.assignee_id == admin.id, ChatSession.status != Status.CLOSED
    )
    count = 0
    for session in db.scalars(query.order_by(ChatSession.id)).all():
        lock(db, session)
        if session.open and session.assignee_id == admin.id:  # it may have changed hands meanwhile
            assign(db, session, actor, None, None)
            session.waiting_since = session.waiting_since or session.last_activity_at
            count += 1
    return count


def _session_with(db: Session, guest: Guest, client_id: str | None) -> ChatSession | None:
    """The guest's session that holds this very message already, also when it has been closed since."""
    if client_id is None:
        return None
    ids = db.scalars(select(ChatSession.id).where(ChatSession.guest_id == guest.id)).all()
    message = sent(db, ids, CUSTOMER.key, client_id)
    return db.get(ChatSession, message.session_id) if message else None


def _note_read(db: Session, session_id: int, admin_id: int, seq: int, public_seq: int) -> None:
    connection = db.connection()
    connection.execute(
        _READ[connection.dialect.name], {"s": session_id, "a": admin_id, "upto": seq}
    )
    connection.execute(_SEEN, {"held": session_id, "shown": public_seq})


def _taken(db: Session, session_id: int, author: Actor) -> Any:
    """The session, held, after the admin who answers has taken it."""
    session = db.get_one(ChatSession, session_id)
    lock(db, session)
    _give_to(db, session, author.admin_id, author.name, Event.TAKEN, author)
    return hold(db, session_id)


def _repeated(before: Any, body: str) -> Sent:
    if before.body != body:
        raise Conflict(
            "client_id_reused", "This client_id was used for another message. Take a new one."
        )
    return Sent(before, False)


def _see_anew(db: Session, session_id: int) -> None:
    """Whoever has the session as an object sees what was written past it."""
    loaded = db.identity_map.get(identity_key(ChatSession, session_id))
    if loaded is not None:
        db.refresh(loaded)


def _give_to(
    db: Session,
    session: ChatSession,
    admin_id: int | None,
    name: str | None,
    event: Event,
    actor: Actor,
) -> None:
    session.assignee_id = admin_id
    session.status = Status.ACTIVE
    session.version += 1
    append_line(db, session, event, {"admin": name, "by": actor.name})
    db.refresh(session, ["assignee"])


def _by(actor: Actor) -> dict[str, Any]:
    return {"by": actor.name, "by_customer": actor.key == CUSTOMER.key}


def _closer(db: Session, session: ChatSession) -> str:
    kind, _colon, number = (session.closed_by or "").partition(":")
    if kind == "admin":
        admin = db.get(Admin, int(number))
        if admin is not None:
            return f"{admin.name} ({admin.username})"
    return "The customer" if kind == "customer" else "A colleague at the command line"
