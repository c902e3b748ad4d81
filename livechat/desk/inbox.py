"""The inbox: pages of sessions, what each row shows, and what is new for an admin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, func, or_, select

from ..conversation.cursors import list_cursor
from ..conversation.mentions import unseen
from ..conversation.read_receipts import unread
from ..conversation.records import MESSAGES, RECORD, SESSIONS, Row, record_by_id
from ..conversation.tags import tags_of
from ..conversation.waiting import IS_OPEN, OPEN, QUEUE_ORDER
from ..db.dialects import Reader, id_overlap
from ..db.engine import LONG
from ..models import Admin, ChatRead, Guest, Status, table_of
from .counts import count_all
from .filters import Filters, conditions
from .presence import customers_here

MOST_CHANGED = 500  # changed sessions that are sent one by one after a reconnect
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
    .order_by(*QUEUE_ORDER)
    .limit(1)
)
_MINE = or_(SESSIONS.c.assignee_id == bindparam("reader"), SESSIONS.c.assignee_id.is_(None))
_UNREAD = unread(_READS.c.customer_count)
_HAS_READ = and_(_READS.c.session_id == SESSIONS.c.id, _READS.c.admin_id == bindparam("reader"))
_NEWS = (
    select(
        func.sum(_UNREAD).label("unread"),
        func.max(SESSIONS.c.customer_wrote_at).label("newest"),
    )
    .select_from(SESSIONS)
    .outerjoin(_READS, _HAS_READ)
    .where(IS_OPEN, _MINE, _UNREAD > 0)
    .execution_options(**LONG)
)


@dataclass(frozen=True)
class News:
    """What needs an admin's attention."""

    unread: int
    """Customers' messages that they have not read, in open sessions that are theirs or unassigned."""
    newest: datetime | None
    """When the newest of these messages was written."""
    mentions: int
    """Mentions of them that they have not seen."""
    role: str | None


@dataclass(frozen=True)
class Page:
    """A page of rows, newest activity first, and the cursor of the next page (None on the last page)."""

    rows: Sequence[Row]
    next: str | None


def counts(db: Reader) -> dict[str, int]:
    """Return the number of sessions by status."""
    found = dict.fromkeys(Status, 0)
    for status in OPEN:
        found[status] = db.execute(_OF_STATUS, {"of": status.value}).scalar_one()
    # Open sessions are few and counted above; all others are closed.
    found[Status.CLOSED] = count_all(db) - found[Status.WAITING] - found[Status.ACTIVE]
    return {status.value: count for status, count in found.items()}


def find_sessions(db: Reader, filters: Filters, *, reader_id: int | None) -> Page:
    """Return one page of sessions.

    `reader_id`: the admin who reads; None (the command line) has read nothing. Raises Invalid for a filter value that
    is not allowed.
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
    """Return the list's rows for sessions, which are objects or database rows."""
    messages, unread_by_id = last_messages(db, sessions), unread_counts(db, sessions, reader_id)
    ids = [session.id for session in sessions]
    here, tags, blocked = customers_here(db, ids), tags_of(db, ids), blocked_guests(db, sessions)
    return [
        Row(
            session,
            messages.get(session.id),
            unread_by_id[session.id],
            session.id in here,
            tags.get(session.id, ()),
            session.guest_id in blocked,
        )
        for session in sessions
    ]


def row_of(db: Reader, session: Any, *, reader_id: int | None) -> Row:
    """Return the list's row for one session."""
    return rows_of(db, [session], reader_id=reader_id)[0]


def longest_wait(db: Reader) -> Any | None:
    """Return the session whose customer has waited longest for an answer, as a database row; None if nobody waits."""
    longest = None
    for status in OPEN:  # a query for each, so that each is one index lookup
        found = db.execute(_LONGEST, {"of": status.value}).first()
        if found and (longest is None or found < longest):
            longest = found
    return None if longest is None else record_by_id(db, longest.id)


def news(db: Reader, reader_id: int) -> News:
    """Return what needs this admin's attention."""
    found = db.execute(_NEWS, {"reader": reader_id}).one()
    role = db.execute(select(Admin.role).where(Admin.id == reader_id)).scalar()
    return News(found.unread or 0, found.newest, unseen(db, reader_id), role)


def newest_entry(db: Reader) -> int:
    """Return the highest id of any session's entries: a position for `changed_since`."""
    return db.execute(select(func.max(MESSAGES.c.id))).scalar() or 0


def changed_since(db: Reader, position: int) -> list[int] | None:
    """Return the ids of sessions with entries after a position.

    Returns None when there are too many, or when the position is not from this database.
    """
    if position > newest_entry(db):
        return None
    floor = position - id_overlap(db)
    query = select(MESSAGES.c.session_id).where(MESSAGES.c.id > floor).distinct()
    found = list(db.execute(query.limit(MOST_CHANGED + 1)).scalars())
    return sorted(found) if len(found) <= MOST_CHANGED else None


def matching(
    db: Reader, filters: Filters, numbers: Sequence[int], *, reader_id: int | None
) -> Sequence[Any]:
    """Return those of the sessions, as database rows, that match the filters, on any page."""
    shown = conditions(db, replace(filters, before=""), reader_id)
    return db.execute(RECORD.where(SESSIONS.c.id.in_(numbers), *shown)).all()


def last_messages(db: Reader, sessions: Sequence[Any]) -> Mapping[int, Any]:
    """Return each session's newest message from a person, by session id."""
    found = db.execute(_LAST, {"ids": [session.id for session in sessions]})
    return {message.session_id: message for message in found}


def unread_counts(db: Reader, sessions: Sequence[Any], reader_id: int | None) -> Mapping[int, int]:
    """Return how many of the customer's messages this admin has not read, by session id."""
    asked = {"ids": [session.id for session in sessions], "reader": reader_id or 0}
    read = {row[0]: row[1] for row in db.execute(_READ, asked)}
    return {
        session.id: max(0, session.customer_count - read.get(session.id, 0)) for session in sessions
    }


def blocked_guests(db: Reader, sessions: Sequence[Any]) -> set[int]:
    """Return the ids of those guests of the sessions who are blocked."""
    ids = {session.guest_id for session in sessions}
    if not ids:
        return set()
    query = select(Guest.id).where(Guest.id.in_(ids), Guest.blocked_at.is_not(None))
    return set(db.execute(query).scalars())
