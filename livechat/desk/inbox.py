"""The list of sessions that admins see: its pages, and what stands in each row."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, func, or_, select

from ..conversation.cursors import list_cursor
from ..conversation.mentions import unseen
from ..conversation.records import MESSAGES, RECORD, SESSIONS, Row, record_by_id
from ..conversation.tags import tags_of
from ..db.dialects import Reader, on_sqlite
from ..db.engine import LONG
from ..exceptions import Invalid
from ..models import Admin, ChatRead, Guest, Status, table_of
from .counts import count_all
from .filters import OPEN, Filters, conditions
from .presence import who_is_here

OVERLAP = 500  # entries
MOST_CHANGED = 500  # sessions told one by one to who comes back
_READS = table_of(ChatRead)
_LAST = (
    select(MESSAGES)
    .join(
        SESSIONS,
        and_(SESSIONS.c.id == MESSAGES.c.session_id, SESSIONS.c.last_message_seq == MESSAGES.c.seq),
    )
    .where(SESSIONS.c.id.in_(bindparam("ids", expanding=True)))
)
_READ = select(_READS.c.session_id, _READS.c.customer_count).where(
    _READS.c.session_id.in_(bindparam("ids", expanding=True)),
    _READS.c.admin_id == bindparam("reader"),
)
_OF_STATUS = select(func.count()).select_from(SESSIONS).where(SESSIONS.c.status == bindparam("of"))
_LONGEST = (
    select(SESSIONS.c.waiting_since, SESSIONS.c.id)
    .where(SESSIONS.c.status == bindparam("of"), SESSIONS.c.waiting_since.is_not(None))
    .order_by(SESSIONS.c.waiting_since, SESSIONS.c.id)
    .limit(1)
)
_MINE = or_(SESSIONS.c.assignee_id == bindparam("reader"), SESSIONS.c.assignee_id.is_(None))
_LEFT = SESSIONS.c.customer_count - func.coalesce(_READS.c.customer_count, 0)
_HAS_READ = and_(_READS.c.session_id == SESSIONS.c.id, _READS.c.admin_id == bindparam("reader"))
_NEWS = (
    select(
        func.sum(_LEFT).label("unread"),
        func.max(SESSIONS.c.customer_wrote_at).label("newest"),
    )
    .select_from(SESSIONS)
    .outerjoin(_READS, _HAS_READ)
    .where(SESSIONS.c.status.in_([status.value for status in OPEN]), _MINE, _LEFT > 0)
    .execution_options(**LONG)
)


@dataclass(frozen=True)
class News:
    """What calls for one admin: of open sessions that are theirs or nobody's, the customers' messages they have
    not read, and when the newest of these was written; how often they were mentioned and have not looked; and what
    they may do."""

    unread: int
    newest: datetime | None
    mentions: int
    role: str | None


@dataclass(frozen=True)
class Page:
    """Some rows, newest activity first, and the cursor for the rows after them, if there are any."""

    rows: Sequence[Row]
    next: str | None


def counts(db: Reader) -> dict[str, int]:
    """How many sessions there are of each status."""
    found = dict.fromkeys(Status, 0)
    for status in OPEN:
        found[status] = db.execute(_OF_STATUS, {"of": status.value}).scalar_one()
    # Those that are open are few, and counted by themselves.
    found[Status.CLOSED] = count_all(db) - found[Status.WAITING] - found[Status.ACTIVE]
    return {status.value: count for status, count in found.items()}


def find_sessions(db: Reader, filters: Filters, *, reader_id: int | None) -> Page:
    """One page of sessions. `reader_id` is the admin who looks; None (the command line) has read nothing.

    Raises Invalid for a filter that makes no sense.
    """
    query = RECORD.where(*conditions(db, filters, reader_id))
    newest_first = (SESSIONS.c.last_activity_at.desc(), SESSIONS.c.id.desc())
    query = query.order_by(*newest_first).limit(filters.limit + 1)
    if filters.search:
        query = query.execution_options(**LONG)
    sessions = db.execute(query).all()
    more = len(sessions) > filters.limit
    sessions = sessions[: filters.limit]
    return Page(
        rows_of(db, sessions, reader_id=reader_id),
        list_cursor(sessions[-1].last_activity_at, sessions[-1].id) if more else None,
    )


def rows_of(db: Reader, sessions: Sequence[Any], *, reader_id: int | None) -> list[Row]:
    """Sessions, objects or rows, as they stand in the list."""
    messages, unread = last_messages(db, sessions), unread_counts(db, sessions, reader_id)
    ids = [session.id for session in sessions]
    here, tags, blocked = who_is_here(db, ids), tags_of(db, ids), blocked_guests(db, sessions)
    return [
        Row(
            session,
            messages.get(session.id),
            unread.get(session.id, 0),
            session.id in here,
            tags.get(session.id, ()),
            session.guest_id in blocked,
        )
        for session in sessions
    ]


def row_of(db: Reader, session: Any, *, reader_id: int | None) -> Row:
    """One session as it would stand in the list."""
    return rows_of(db, [session], reader_id=reader_id)[0]


def longest_wait(db: Reader) -> Any | None:
    """The session, as a row, whose customer has been without an answer for the longest time."""
    longest = None
    for status in OPEN:  # one by one, so that each is a step into the index
        found = db.execute(_LONGEST, {"of": status.value}).first()
        if found and (longest is None or found < longest):
            longest = found
    return None if longest is None else record_by_id(db, longest.id)


def news(db: Reader, reader_id: int) -> News:
    """What calls for this admin, on whatever page they are."""
    found = db.execute(_NEWS, {"reader": reader_id}).one()
    unread, newest = found.unread or 0, found.newest
    role = db.execute(select(Admin.role).where(Admin.id == reader_id)).scalar()
    return News(unread, newest, unseen(db, reader_id), role)


def activity_cursor(db: Reader) -> str:
    """Where the whole desk's activity stands, for who wants to hear later what has changed since."""
    return f"l{db.execute(select(func.max(MESSAGES.c.id))).scalar() or 0}"


def activity_position(text: str | None) -> int | None:
    """What an `activity_cursor` stands for. Raises Invalid."""
    if not text:
        return None
    match = re.fullmatch(r"l(\d{1,9})", text, re.ASCII)
    if match is None:
        raise Invalid(
            "after", "This cursor is not valid. Use one from an earlier response, or none."
        )
    return int(match[1])


def changed_since(db: Reader, position: int) -> list[int] | None:
    """The sessions with entries since then; None when they are too many, or it is not of this database."""
    newest = db.execute(select(func.max(MESSAGES.c.id))).scalar() or 0
    if position > newest:
        return None
    # PostgreSQL gives numbers out before it commits: a lower one can appear after a higher one. With SQLite
    # there is one writer at a time.
    floor = position if on_sqlite(db) else position - OVERLAP
    query = select(MESSAGES.c.session_id).where(MESSAGES.c.id > floor).distinct()
    found = list(db.execute(query.limit(MOST_CHANGED + 1)).scalars())
    return sorted(found) if len(found) <= MOST_CHANGED else None


def matching(
    db: Reader, filters: Filters, numbers: Sequence[int], *, reader_id: int | None
) -> Sequence[Any]:
    """Those of the sessions, as rows, that a list with these filters shows; on whichever page."""
    shown = conditions(db, replace(filters, before=""), reader_id)
    return db.execute(RECORD.where(SESSIONS.c.id.in_(numbers), *shown)).all()


def last_messages(db: Reader, sessions: Sequence[Any]) -> Mapping[int, Any]:
    """The newest message that a person wrote, by session."""
    found = db.execute(_LAST, {"ids": [session.id for session in sessions]})
    return {message.session_id: message for message in found}


def unread_counts(db: Reader, sessions: Sequence[Any], reader_id: int | None) -> Mapping[int, int]:
    """How many of the customer's messages this admin has not had on screen, by session."""
    asked = {"ids": [session.id for session in sessions], "reader": reader_id or 0}
    read = {row[0]: row[1] for row in db.execute(_READ, asked)}
    return {
        session.id: max(0, session.customer_count - read.get(session.id, 0)) for session in sessions
    }


def blocked_guests(db: Reader, sessions: Sequence[Any]) -> set[int]:
    """Those of the sessions' guests whose messages are refused."""
    ids = {session.guest_id for session in sessions}
    if not ids:
        return set()
    query = select(Guest.id).where(Guest.id.in_(ids), Guest.blocked_at.is_not(None))
    return set(db.execute(query).scalars())
