"""Undo: an admin takes back their own closing, unassigning or blocking, as long as nobody has acted since.

The system message of such an act stores the session's previous state. Its `seq` identifies the act, and only the admin
who acted can undo it. Any later act, even one with the same result, rules out the undo.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from .. import rights
from ..actors import Actor
from ..exceptions import Conflict
from ..models import Admin, ChatMessage, ChatSession, Guest, now
from ..permissions import Permission
from . import lifecycle, triage
from .assignment import give_to
from .message_log import LOCK, lock_session
from .system_messages import Event

UNDOABLE = {Event.CLOSED, Event.UNASSIGNED, Event.BLOCKED}


def offered(db: Session, session: ChatSession, actor: Actor, since: int) -> int | None:
    """Find the act that `actor` can undo right after it. `since`: the session's ``seq`` before the act.

    Returns the ``seq`` of the act's system message, or None when nothing was done or it cannot be undone.
    """
    entry = _undoable(db, session, session.seq, actor) if session.seq > since else None
    return None if entry is None else entry.seq


def holders(db: Session, actor: Actor, seqs: Mapping[int, int]) -> list[int]:
    """The numbers of the admins who would get chats back if these acts were undone.

    `seqs`: the ``seq`` of each act's system message, by the chat's number.
    """
    sessions = (db.get(ChatSession, number) for number in seqs)
    entries = (_undoable(db, session, seqs[session.id], actor) for session in sessions if session)
    kept = ((entry.details or {})["before"]["assignee_id"] for entry in entries if entry)
    return [number for number in kept if number is not None]


def undo(db: Session, session: ChatSession, actor: Actor, seq: int) -> None:
    """Undo an act and restore the session's previous state.

    Parameters: `seq` is that of the act's system message, as `offered` returns it.

    Raises Conflict ``stale`` when somebody has acted since or the act was not `actor`'s, ``another_open`` when the
    customer has begun a new chat since; Invalid when the previous assignee can no longer take chats; NotAllowed.
    """
    entry = _undoable(db, session, seq, actor)
    before = (entry.details or {})["before"] if entry else {}
    gives_back = entry is not None and entry.event == Event.UNASSIGNED
    holder = db.get_one(Admin, before["assignee_id"]) if gives_back else None
    rights.check(db, actor, Permission.ANSWER, assignee=holder)
    guest = db.get_one(Guest, session.guest_id)
    db.refresh(guest, with_for_update=LOCK)  # before the session, as everywhere
    lock_session(db, session)
    if entry is None or not _is_unchanged(session, guest, entry):
        raise Conflict("stale", "This chat has changed since. Nothing was undone.")
    if entry.event == Event.BLOCKED:
        triage.block(db, session, actor, blocked=False)
        return
    if holder is not None:
        give_to(db, session, holder, Event.RESTORED, actor)
        session.assigned_at = _moment(before["assigned_at"])
    else:
        lifecycle.reopen(db, session, actor)
        snoozed = _moment(before["snoozed_until"])
        session.snoozed_until = snoozed if snoozed and snoozed > now() else None
        if before["waiting_since"] or session.assignee_id:
            session.waiting_since = _moment(before["waiting_since"])
    db.flush()


def _undoable(db: Session, session: ChatSession, seq: int, actor: Actor) -> ChatMessage | None:
    query = select(ChatMessage).where(
        ChatMessage.session_id == session.id,
        ChatMessage.seq == seq,
        ChatMessage.event.in_(UNDOABLE),
    )
    entry = db.scalars(query).first()
    before = entry and (entry.details or {}).get("before")
    return entry if before and before["by"] == actor.key else None


def _is_unchanged(session: ChatSession, guest: Guest, entry: ChatMessage) -> bool:
    if entry.event == Event.BLOCKED:
        return guest.blocked_at == entry.created_at
    return bool(session.version == (entry.details or {})["before"]["version"])


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
