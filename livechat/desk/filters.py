"""What a list of sessions is filtered by, and what that means to the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, tuple_

from ..accounts.admins import fold_username
from ..conversation.cursors import EPOCH, list_position
from ..conversation.read_receipts import unread
from ..conversation.records import SESSIONS
from ..conversation.tags import fold_tag
from ..conversation.waiting import IS_OPEN
from ..db.dialects import Reader
from ..exceptions import Invalid
from ..models import Admin, ChatRead, Mention, Priority, SessionTag, Status, Tag, table_of
from ..search.inbox_field import searched

PAGE = 50
LONGEST_SEARCH = 200
COMMON = 2000  # sessions with one tag
VIEWS = (
    "all",
    "mine",
    "unassigned",
    "waiting",
    "active",
    "closed",
    "unread",
    "snoozed",
    "mentions",
)
PRIORITIES = {priority.name.lower(): priority.value for priority in Priority}

_READS = table_of(ChatRead)


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What a list shows. `assignee` is a username, ``me``, ``none`` or empty; `view` one of VIEWS or empty;
    `before` a cursor."""

    status: str = ""
    assignee: str = ""
    view: str = ""
    tag: str = ""
    priority: str = ""
    search: str = ""
    before: str = ""
    limit: int = PAGE


def check_filters(db: Reader, filters: Filters, *, reader_id: int | None) -> None:
    """Raises Invalid for a filter that makes no sense."""
    conditions(db, filters, reader_id)


def conditions(db: Reader, filters: Filters, reader_id: int | None) -> list[Any]:
    """What a session has to be to stand in the list. Raises Invalid."""
    conditions: list[Any] = []
    if filters.status:
        if filters.status not in set(Status):
            raise Invalid("status", "status must be waiting, active or closed.")
        conditions.append(SESSIONS.c.status == filters.status)
    if filters.assignee == "none":
        conditions.append(SESSIONS.c.assignee_id.is_(None))
    elif filters.assignee == "me" and reader_id is not None:
        conditions.append(SESSIONS.c.assignee_id == reader_id)
    elif filters.assignee:
        username = fold_username(filters.assignee)
        admin_id = db.execute(select(Admin.id).where(Admin.username == username)).scalar()
        if admin_id is None:
            raise Invalid("assignee", "There is no admin with this username.")
        conditions.append(SESSIONS.c.assignee_id == admin_id)
    conditions += _more_conditions(db, filters, reader_id)
    if len(filters.search) > LONGEST_SEARCH:
        raise Invalid("q", f"The search is too long: at most {LONGEST_SEARCH} characters.")
    conditions += searched(db, filters.search)
    if filters.before:
        moment, number = list_position(filters.before)
        last = EPOCH + timedelta(milliseconds=moment)
        conditions.append(tuple_(SESSIONS.c.last_activity_at, SESSIONS.c.id) < (last, number))
    return conditions


def _more_conditions(db: Reader, filters: Filters, reader_id: int | None) -> list[Any]:
    conditions: list[Any] = []
    if filters.view:
        if filters.view not in VIEWS:
            raise Invalid("view", f"view must be {', '.join(VIEWS[:-1])} or {VIEWS[-1]}.")
        conditions += _view(filters.view, reader_id)
    if filters.tag:
        conditions.append(_tagged(db, fold_tag(filters.tag)))
    if filters.priority:
        if filters.priority not in PRIORITIES:
            raise Invalid("priority", "priority must be normal, high or urgent.")
        conditions.append(SESSIONS.c.priority == PRIORITIES[filters.priority])
    return conditions


def _tagged(db: Reader, name: str) -> Any:
    """A rare tag is looked up, and its sessions sorted. Of a common one those with the newest activity are soon
    found by going through them in that order, where sorting tens of thousands would take long."""
    tagged = (
        select(SessionTag.session_id).join(Tag, Tag.id == SessionTag.tag_id).where(Tag.name == name)
    )
    some = tagged.limit(COMMON).subquery()
    if (db.execute(select(func.count()).select_from(some)).scalar() or 0) < COMMON:
        return SESSIONS.c.id.in_(tagged)
    return tagged.where(SessionTag.session_id == SESSIONS.c.id).correlate(SESSIONS).exists()


def _view(view: str, reader_id: int | None) -> list[Any]:
    """The conditions of a view. What is put aside is in no view of open chats but its own."""
    awake = SESSIONS.c.snoozed_until.is_(None)
    reader = reader_id or 0
    match view:
        case "mine":
            return [SESSIONS.c.assignee_id == reader, IS_OPEN, awake]
        case "unassigned":
            return [SESSIONS.c.assignee_id.is_(None), IS_OPEN, awake]
        case "waiting" | "active":
            return [SESSIONS.c.status == view, awake]
        case "closed":
            return [SESSIONS.c.status == view]
        case "snoozed":
            return [IS_OPEN, SESSIONS.c.snoozed_until.is_not(None)]
        case "unread":
            read = (
                select(_READS.c.customer_count)
                .where(_READS.c.session_id == SESSIONS.c.id, _READS.c.admin_id == reader)
                .scalar_subquery()
            )
            return [IS_OPEN, unread(read) > 0]
        case "mentions":
            unseen_ones = select(Mention.session_id).where(
                Mention.admin_id == reader, Mention.seen_at.is_(None)
            )
            return [SESSIONS.c.id.in_(unseen_ones)]
    return []
