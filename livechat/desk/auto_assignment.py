"""Automatic duties of the desk: assign waiting chats, unassign unanswered ones, end snoozes that are due.

Every process with streams checks for work. The first one does it; the others find nothing left to do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pyramid.config import Configurator
from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from ..actors import Actor
from ..conversation.assignment import assign
from ..conversation.message_log import LOCK
from ..conversation.triage import unsnooze_due
from ..conversation.waiting import ASSIGNABLE, ASSIGNMENT_ORDER
from ..db.session import writing
from ..exceptions import Refused
from ..models import Admin, Audit, ChatSession, Status, now
from ..permissions import Permission
from ..rights import who_may
from .presence import ready_to_answer

if TYPE_CHECKING:
    from ..settings import Settings

AUTOMATIC = Actor("automatic")
MOST = 50  # chats handled in one round


@dataclass
class Candidate:
    """An admin who can be assigned a chat now."""

    admin: Admin
    load: int
    """The number of their open chats, without snoozed ones."""


def assign_waiting(db: Session, limit: int) -> int:
    """Assign waiting chats to admins who are online; returns the number of chats assigned.

    The most urgent chats come first, then those that have waited longest. A chat goes to the admin who last had the
    same customer, if they are online and below the limit. Otherwise it goes to the admin with the fewest open chats;
    among equals, to the one whose last assignment is oldest. An admin who lost the chat because they did not answer
    comes last.

    `limit`: the number of open chats up to which an admin is assigned new ones; 0 is no limit.
    """
    candidates = _candidates(db)
    if not candidates:
        return 0
    waiting = (
        select(ChatSession)
        .where(ASSIGNABLE)
        .order_by(*ASSIGNMENT_ORDER)
        .limit(MOST)
        .with_for_update(skip_locked=True, of=ChatSession, **LOCK)
    )
    count = 0
    for session in db.scalars(waiting).all():
        room = [one for one in candidates if not limit or one.load < limit]
        if not room:
            break
        chosen = _chosen(db, session, room)
        try:
            assign(db, session, AUTOMATIC, chosen.admin, session.version)
        except Refused:  # an admin was faster
            continue
        chosen.load += 1
        chosen.admin.assigned_at = session.assigned_at
        count += 1
    db.flush()
    return count


def unassign_neglected(db: Session, patience: timedelta) -> int:
    """Unassign chats whose customers have waited for an answer for `patience`; returns the number of chats
    unassigned."""
    count = 0
    for session in db.scalars(
        _neglected(patience).with_for_update(skip_locked=True, of=ChatSession, **LOCK)
    ).all():
        assign(db, session, AUTOMATIC, None, session.version)
        count += 1
    return count


def _neglected(patience: timedelta) -> Any:
    since = now() - patience
    later = case(
        (ChatSession.assigned_at > ChatSession.waiting_since, ChatSession.assigned_at),
        else_=ChatSession.waiting_since,
    )
    query = select(ChatSession).where(
        ChatSession.status == Status.ACTIVE,
        ChatSession.waiting_since < since,  # follows from the last condition, but uses the index
        ChatSession.assignee_id.is_not(None),
        ChatSession.snoozed_until.is_(None),
        later < since,
    )
    return query.order_by(ChatSession.id).limit(MOST)


def _candidates(db: Session) -> list[Candidate]:
    # The condition is repeated next to the ids: PostgreSQL checks it again for a row that it had to wait for.
    able = select(Admin).where(Admin.id.in_(ready_to_answer(db)), who_may(Permission.ANSWER))
    # The locks are taken in order of id. A second process waits for them, then counts what the first has assigned.
    admins = db.scalars(able.order_by(Admin.id).with_for_update(**LOCK)).all()
    counts = (
        select(ChatSession.assignee_id, func.count())
        .where(
            ChatSession.assignee_id.in_([admin.id for admin in admins]),
            ChatSession.status == Status.ACTIVE,
            ChatSession.snoozed_until.is_(None),
        )
        .group_by(ChatSession.assignee_id)
    )
    loads = {row[0]: row[1] for row in db.execute(counts)} if admins else {}
    return [Candidate(admin, loads.get(admin.id, 0)) for admin in admins]


def _chosen(db: Session, session: ChatSession, room: Sequence[Candidate]) -> Candidate:
    lost_by = db.scalar(
        select(Audit.target)
        .where(Audit.session_id == session.id, Audit.actor_key == AUTOMATIC.key)
        .where(Audit.act == "unassigned")
        .order_by(Audit.id.desc())
        .limit(1)
    )
    previous = _previous_assignee(db, session)
    never = now() - timedelta(days=36500)

    def rank(one: Candidate) -> tuple[Any, ...]:
        return (
            one.admin.username == lost_by,
            one.admin.id != previous,
            one.load,
            one.admin.assigned_at or never,
            one.admin.id,
        )

    return min(room, key=rank)


def _previous_assignee(db: Session, session: ChatSession) -> int | None:
    """Return the id of the admin who had the customer's previous conversation; None if there is none."""
    same = [ChatSession.guest_id == session.guest_id]
    if session.customer_email and session.customer_verified:
        same.append(ChatSession.customer_email == session.customer_email)
    query = select(ChatSession.assignee_id).where(
        or_(*same), ChatSession.id < session.id, ChatSession.assignee_id.is_not(None)
    )
    return db.scalar(query.order_by(ChatSession.id.desc()).limit(1))


class Duties:
    """Checks that run every second in each process with streams.

    Checks only read; a write transaction starts only when there is work.
    """

    def __init__(self, settings: Settings, factory: Callable[[], Session], reading: Any) -> None:
        self._settings = settings
        self._factory = factory
        self._reading = reading

    def look(self) -> None:
        """Run one round of checks."""
        patience = timedelta(minutes=self._settings.assignment_return_minutes)
        with self._reading.connect() as db:
            due = select(ChatSession.id).where(ChatSession.snoozed_until <= now()).limit(1)
            wakes = db.execute(due).first() is not None
            waits = self._settings.assignment == "automatic" and (
                db.execute(select(ChatSession.id).where(ASSIGNABLE).limit(1)).first() is not None
                and bool(ready_to_answer(db))
            )
            neglected = bool(patience) and (
                db.execute(_neglected(patience).with_only_columns(ChatSession.id)).first()
                is not None
            )
        if wakes:
            self._do(lambda db: unsnooze_due(db, now()))
        if neglected:
            self._do(lambda db: unassign_neglected(db, patience))
        if waits:
            self._do(lambda db: assign_waiting(db, self._settings.assignment_limit))

    def _do(self, what: Callable[[Session], Any]) -> None:
        with self._factory() as db:
            what(writing(db))
            db.commit()


def includeme(config: Configurator) -> None:
    registry: Any = config.registry
    duties = Duties(
        registry["livechat.settings"],
        registry["livechat.dbsession_factory"],
        registry["livechat.reading_engine"],
    )
    registry["livechat.realtime"].duties.append(duties.look)
