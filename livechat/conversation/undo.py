"""Undo: taking back that one closed or unassigned a session, or blocked its customer, while nobody has acted since.

The system line of such an act keeps what the session was before. Its number is the key with which the admin who
acted, and nobody else, takes the act back. A later act of anybody, also one that led to the same state, ends that.
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
    """Find what `actor` can take back right after an act. `since`: the session's ``seq`` before it.

    Returns the ``seq`` of the act's line, or None when nothing was done or it cannot be taken back.
    """
    line = _line(db, session, session.seq, actor) if session.seq > since else None
    return None if line is None else line.seq


def holders(db: Session, actor: Actor, seqs: Mapping[int, int]) -> list[int]:
    """The numbers of the admins to whom undoing these acts gives chats back.

    `seqs`: the numbers of the acts' lines, by the chats' numbers.
    """
    sessions = (db.get(ChatSession, number) for number in seqs)
    lines = (_line(db, session, seqs[session.id], actor) for session in sessions if session)
    kept = ((line.details or {})["before"]["assignee_id"] for line in lines if line)
    return [number for number in kept if number is not None]


def undo(db: Session, session: ChatSession, actor: Actor, seq: int) -> None:
    """Take an act back: the session is what it was before.

    Parameters: `seq` is the number of the act's line, as `offered` gives it.

    Raises Conflict ``stale`` when somebody has acted since or the act was not `actor`'s, ``another_open`` when the
    customer has begun a new chat since; Invalid when its holder cannot take chats any more; NotAllowed.
    """
    line = _line(db, session, seq, actor)
    before = (line.details or {})["before"] if line else {}
    gives_back = line is not None and line.event == Event.UNASSIGNED
    holder = db.get_one(Admin, before["assignee_id"]) if gives_back else None
    rights.check(db, actor, Permission.ANSWER, assignee=holder)
    guest = db.get_one(Guest, session.guest_id)
    db.refresh(guest, with_for_update=LOCK)  # before the session, as everywhere
    lock_session(db, session)
    if line is None or not _still_so(session, guest, line):
        raise Conflict("stale", "This chat has changed since. Nothing was undone.")
    if line.event == Event.BLOCKED:
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


def _line(db: Session, session: ChatSession, seq: int, actor: Actor) -> ChatMessage | None:
    query = select(ChatMessage).where(
        ChatMessage.session_id == session.id,
        ChatMessage.seq == seq,
        ChatMessage.event.in_(UNDOABLE),
    )
    line = db.scalars(query).first()
    before = line and (line.details or {}).get("before")
    return line if before and before["by"] == actor.key else None


def _still_so(session: ChatSession, guest: Guest, line: ChatMessage) -> bool:
    if line.event == Event.BLOCKED:
        return guest.blocked_at == line.created_at
    return bool(session.version == (line.details or {})["before"]["version"])


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
