"""The list of sessions that admins see: filters, search, pages, and what stands in each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, and_, func, or_, select, tuple_
from sqlalchemy.orm import Session

from .cursors import EPOCH, list_cursor, list_position
from .models import Admin, ChatMessage, ChatRead, ChatSession, Sender, Status
from .refusals import Invalid
from .staff import fold_username

PAGE = 50
LONGEST_SEARCH = 200
OPEN = (Status.WAITING, Status.ACTIVE)  # named one by one, so that the index on status serves


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What a list shows. `assignee` is a username, ``me``, ``none`` or empty; `before` a cursor."""

    status: str = ""
    assignee: str = ""
    search: str = ""
    before: str = ""
    limit: int = PAGE


@dataclass(frozen=True)
class Row:
    """A session in a list, with its newest message of a person and how much this admin has not read."""

    session: ChatSession
    last_message: ChatMessage | None
    unread: int


@dataclass(frozen=True)
class News:
    """What calls for one admin: of open sessions that are theirs or nobody's, the customers' messages they have
    not read, and when the newest of these was written."""

    unread: int
    newest: datetime | None


@dataclass(frozen=True)
class Page:
    """Some rows, newest activity first, and the cursor for the rows after them, if there are any."""

    rows: Sequence[Row]
    next: str | None


def counts(db: Session) -> dict[str, int]:
    """How many sessions there are of each status."""
    found = db.execute(select(ChatSession.status, func.count()).group_by(ChatSession.status)).all()
    return {status.value: 0 for status in Status} | {row[0]: row[1] for row in found}


def find_sessions(db: Session, filters: Filters, *, reader_id: int | None) -> Page:
    """One page of sessions. `reader_id` is the admin who looks; None (the command line) has read nothing.

    Raises Invalid for a filter that makes no sense.
    """
    query = _filtered(db, filters, reader_id)
    newest_first = (ChatSession.last_activity_at.desc(), ChatSession.id.desc())
    sessions = db.scalars(query.order_by(*newest_first).limit(filters.limit + 1)).unique().all()
    more = len(sessions) > filters.limit
    sessions = sessions[: filters.limit]
    messages, unread = last_messages(db, sessions), unread_counts(db, sessions, reader_id)
    rows = [
        Row(session, messages.get(session.id), unread.get(session.id, 0)) for session in sessions
    ]
    return Page(rows, list_cursor(sessions[-1].last_activity_at, sessions[-1].id) if more else None)


def row_of(db: Session, session: ChatSession, *, reader_id: int | None) -> Row:
    """One session as it would stand in the list."""
    unread = unread_counts(db, [session], reader_id)
    return Row(session, last_messages(db, [session]).get(session.id), unread.get(session.id, 0))


def longest_wait(db: Session) -> ChatSession | None:
    """The session whose customer has been without an answer for the longest time."""
    query = select(ChatSession).where(
        ChatSession.status.in_(OPEN), ChatSession.waiting_since.is_not(None)
    )
    return db.scalars(query.order_by(ChatSession.waiting_since, ChatSession.id).limit(1)).first()


def news(db: Session, reader_id: int) -> News:
    """What calls for this admin, on whatever page they are."""
    mine = or_(ChatSession.assignee_id == reader_id, ChatSession.assignee_id.is_(None))
    read = and_(ChatRead.session_id == ChatMessage.session_id, ChatRead.admin_id == reader_id)
    query = (
        select(func.count(), func.max(ChatMessage.created_at))
        .select_from(ChatSession)
        .join(ChatMessage, ChatMessage.session_id == ChatSession.id)
        .outerjoin(ChatRead, read)
        .where(
            ChatSession.status.in_(OPEN),
            mine,
            ChatMessage.sender == Sender.CUSTOMER,
            ChatMessage.seq > func.coalesce(ChatRead.seq, 0),
        )
    )
    unread, newest = db.execute(query).one()
    return News(unread, newest)


def _filtered(db: Session, filters: Filters, reader_id: int | None) -> Select[ChatSession]:
    query = select(ChatSession)
    if filters.status:
        if filters.status not in set(Status):
            raise Invalid("status", "status is waiting, active or closed.")
        query = query.where(ChatSession.status == filters.status)
    if filters.assignee == "none":
        query = query.where(ChatSession.assignee_id.is_(None))
    elif filters.assignee == "me" and reader_id is not None:
        query = query.where(ChatSession.assignee_id == reader_id)
    elif filters.assignee:
        username = fold_username(filters.assignee)
        admin_id = db.scalar(select(Admin.id).where(Admin.username == username))
        if admin_id is None:
            raise Invalid("assignee", "There is no admin of that name.")
        query = query.where(ChatSession.assignee_id == admin_id)
    if len(filters.search) > LONGEST_SEARCH:
        raise Invalid("q", f"The search is too long: {LONGEST_SEARCH} characters fit.")
    for word in filters.search.casefold().split():
        query = query.where(ChatSession.search_text.contains(word, autoescape=True))
    if filters.before:
        moment, number = list_position(filters.before)
        last = EPOCH + timedelta(milliseconds=moment)
        query = query.where(tuple_(ChatSession.last_activity_at, ChatSession.id) < (last, number))
    return query


def last_messages(db: Session, sessions: Sequence[ChatSession]) -> Mapping[int, ChatMessage]:
    """The newest message that a person wrote, by session."""
    query = select(ChatMessage).join(
        ChatSession,
        and_(
            ChatSession.id == ChatMessage.session_id,
            ChatSession.last_message_seq == ChatMessage.seq,
        ),
    )
    found = db.scalars(query.where(ChatSession.id.in_([session.id for session in sessions])))
    return {message.session_id: message for message in found}


def unread_counts(
    db: Session, sessions: Sequence[ChatSession], reader_id: int | None
) -> Mapping[int, int]:
    """How many of the customer's messages this admin has not had on screen, by session."""
    query = (
        select(ChatMessage.session_id, func.count())
        .outerjoin(
            ChatRead,
            and_(
                ChatRead.session_id == ChatMessage.session_id, ChatRead.admin_id == (reader_id or 0)
            ),
        )
        .where(
            ChatMessage.session_id.in_([session.id for session in sessions]),
            ChatMessage.sender == Sender.CUSTOMER,
            ChatMessage.seq > func.coalesce(ChatRead.seq, 0),
        )
        .group_by(ChatMessage.session_id)
    )
    return {row[0]: row[1] for row in db.execute(query)}
