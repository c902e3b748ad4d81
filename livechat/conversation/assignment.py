"""Whose a session is: giving it to an admin, taking the next one, handing it on, putting it back."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from .. import audit, rights
from ..actors import Actor
from ..audit import Act
from ..exceptions import Conflict
from ..models import Admin, ChatSession, Status
from ..permissions import Permission
from .message_log import LOCK, append_line, before, lock_session
from .system_messages import Event
from .waiting import ASSIGNABLE, ASSIGNMENT_ORDER


def assign(
    db: Session,
    session: ChatSession,
    actor: Actor,
    admin: Admin | None,
    version: int | None = None,
    *,
    act: Act | None = None,
) -> ChatSession:
    """Give a session to an admin, or to nobody. Giving it to whom it belongs already is no error.

    With `version` it is done only if nobody has assigned, closed or reopened it since. Without one, only
    taking for oneself what a colleague holds is refused. Raises Conflict: ``taken``, ``session_closed``; and what
    `rights.check` raises when the actor may not assign, or the admin may not answer.
    `act`: what the audit log calls it, if it is not one of the usual.
    """
    rights.check(db, actor, Permission.ANSWER, assignee=admin)
    lock_session(db, session)
    wanted = admin.id if admin else None
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
                "This chat was just unassigned. Reload it before you assign it.",
            )
        raise Conflict("taken", f"{holder.name} ({holder.username}) already has this chat.")
    if admin is None:
        _put_back(db, session, actor)
    else:
        event = Event.TAKEN if session.assignee_id is None else Event.ASSIGNED
        give_to(db, session, admin, event, actor, act=act)
    db.flush()
    return session


def give_to(
    db: Session,
    session: ChatSession,
    admin: Admin,
    event: Event,
    actor: Actor,
    *,
    act: Act | None = None,
) -> None:
    """Give the locked session to an admin who is able to take it, with a line in it."""
    session.assignee_id = admin.id
    session.status = Status.ACTIVE
    session.version += 1
    entry = append_line(db, session, event, {"admin": admin.name, "by": actor.name})
    session.assigned_at = entry.created_at
    db.refresh(session, ["assignee"])
    usual = Act.TAKEN if admin.id == actor.admin_id else Act.ASSIGNED
    audit.record(db, actor, act or usual, session_id=session.id, target=admin.username)


def take_next(db: Session, actor: Actor, admin: Admin) -> ChatSession:
    """Give the next who waits to this admin: the most urgent first, then who has waited longest.

    Raises Conflict ``nobody_waits``, and what `assign` raises.
    """
    rights.check(db, actor, Permission.ANSWER, assignee=admin)
    waiting = (
        select(ChatSession.id)
        .where(ASSIGNABLE)
        .order_by(*ASSIGNMENT_ORDER)
        .limit(1)
        # Two who take at once get two different ones.
        .with_for_update(skip_locked=True, of=ChatSession, **LOCK)
    )
    number = db.scalar(waiting)
    if number is None:
        raise Conflict("nobody_waits", "No chats are waiting.")
    return assign(db, db.get_one(ChatSession, number), actor, admin)


def give_back(db: Session, admin: Admin, actor: Actor) -> int:
    """Put all open sessions of an admin back to those who wait; returns how many."""
    query = select(ChatSession).where(
        ChatSession.assignee_id == admin.id, ChatSession.status != Status.CLOSED
    )
    count = 0
    for session in db.scalars(query.order_by(ChatSession.id)).all():
        lock_session(db, session)
        if session.open and session.assignee_id == admin.id:  # it may have changed hands meanwhile
            _put_back(db, session, actor)
            session.waiting_since = session.waiting_since or session.last_activity_at
            count += 1
    db.flush()
    return count


def _put_back(db: Session, session: ChatSession, actor: Actor) -> None:
    holder = session.assignee
    details = {"by": actor.name} | before(session, actor)
    session.assignee = None
    session.assignee_id = None
    session.assigned_at = None
    session.status = Status.WAITING
    session.version += 1
    append_line(db, session, Event.UNASSIGNED, details)
    target = holder.username if holder else None
    audit.record(db, actor, Act.UNASSIGNED, session_id=session.id, target=target)
