"""Assignment of sessions to admins: assign, take the next one, unassign."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from .. import audit, rights
from ..actors import Actor
from ..audit import Act
from ..exceptions import Conflict
from ..models import Admin, ChatSession, Status
from ..permissions import Permission
from .message_log import LOCK, append_system_message, lock_session, undo_details
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
    """Assign a session to an admin, or unassign it when `admin` is None. Repeating an assignment is not an error.

    Parameters: `version` is the session's version that the actor has seen; the assignment is refused if somebody has
    assigned, closed or reopened the session since. Without a version, only an actor who takes a colleague's
    session is refused. `act` is the name in the audit log, if it differs from the usual one.

    Raises Conflict: ``taken``, ``stale``, ``session_closed``; and what `rights.check` raises when the actor may not
    assign, or the admin may not answer.
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
        _unassign(db, session, actor)
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
    """Assign the locked session to an admin who may answer, and add a system message."""
    session.assignee_id = admin.id
    session.status = Status.ACTIVE
    session.version += 1
    entry = append_system_message(db, session, event, {"admin": admin.name, "by": actor.name})
    session.assigned_at = entry.created_at
    db.refresh(session, ["assignee"])
    usual = Act.TAKEN if admin.id == actor.admin_id else Act.ASSIGNED
    audit.record(db, actor, act or usual, session_id=session.id, target=admin.username)


def take_next(db: Session, actor: Actor, admin: Admin) -> ChatSession:
    """Assign the next waiting session to this admin: the most urgent first, then the longest wait.

    Raises Conflict ``nobody_waits``, and what `assign` raises.
    """
    rights.check(db, actor, Permission.ANSWER, assignee=admin)
    waiting = (
        select(ChatSession.id)
        .where(ASSIGNABLE)
        .order_by(*ASSIGNMENT_ORDER)
        .limit(1)
        # Two admins who take at the same moment get different sessions.
        .with_for_update(skip_locked=True, of=ChatSession, **LOCK)
    )
    number = db.scalar(waiting)
    if number is None:
        raise Conflict("nobody_waits", "No waiting chats.")
    return assign(db, db.get_one(ChatSession, number), actor, admin)


def unassign_all(db: Session, admin: Admin, actor: Actor) -> int:
    """Unassign all open sessions of an admin. Returns how many."""
    query = select(ChatSession).where(
        ChatSession.assignee_id == admin.id, ChatSession.status != Status.CLOSED
    )
    count = 0
    for session in db.scalars(query.order_by(ChatSession.id)).all():
        lock_session(db, session)
        if session.open and session.assignee_id == admin.id:  # may have changed before the lock
            _unassign(db, session, actor)
            session.waiting_since = session.waiting_since or session.last_activity_at
            count += 1
    db.flush()
    return count


def _unassign(db: Session, session: ChatSession, actor: Actor) -> None:
    holder = session.assignee
    details = {"by": actor.name} | undo_details(session, actor)
    session.assignee = None
    session.assignee_id = None
    session.assigned_at = None
    session.status = Status.WAITING
    session.version += 1
    append_system_message(db, session, Event.UNASSIGNED, details)
    target = holder.username if holder else None
    audit.record(db, actor, Act.UNASSIGNED, session_id=session.id, target=target)
