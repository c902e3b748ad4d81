"""The report on a period: chats, messages and waiting times, by day, admin or product."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Float, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from ..db.dialects import Reader, on_postgresql
from ..models import Admin, ChatMessage, ChatSession, Sender, Status


class By(StrEnum):
    """The grouping of a report's lines."""

    DAY = "day"
    ADMIN = "admin"
    PRODUCT = "product"


@dataclass(frozen=True)
class Line:
    """One line of a report. Every chat and every message of the period is in exactly one line, so that lines add up.

    `key` is a day (``2026-01-31``), a username or a product's id; None collects chats and messages without an admin or
    a product. `name` is the admin's or the product's name.
    """

    key: str | None
    name: str | None
    chats: int
    """Chats that began in the period. By admin: those assigned to them now."""
    customer_messages: int
    """Customers' messages. By admin: in chats assigned to them now."""
    admin_messages: int
    """Admins' messages. By admin: those that they wrote themselves, in any chat."""
    closed: int
    """Chats that were closed in the period and still are. By admin: those assigned to them now."""
    first_answer: float | None
    """Median seconds from the beginning of a chat that began in the period to its first answer; None
    without any. By admin: in chats where they gave that answer."""
    first_answer_90: float | None
    """The 90th percentile of these times, in seconds."""


@dataclass(frozen=True)
class Report:
    """The lines of a report, and their total."""

    lines: Sequence[Line]
    total: Line


@dataclass
class _Sums:
    counts: dict[str, Counter[Any]] = field(default_factory=lambda: defaultdict(Counter))
    answers: dict[Any, list[float]] = field(default_factory=lambda: defaultdict(list))

    def keys(self) -> set[Any]:
        return {key for counter in self.counts.values() for key in counter} | set(self.answers)


def report(db: Session, since: date, until: date, by: By) -> Report:
    """Make the report from the beginning of the day `since` to the end of the day `until`, both in UTC.

    By day, there is a line for every day, the oldest first. Otherwise there is a line for each admin or product with
    anything to count, the most chats first.
    """
    first, end = midnight(since), midnight(until + timedelta(days=1))
    sums = _Sums()
    for what, key, count in _counts(db, by, first, end):
        sums.counts[what][key] += count
    for key, seconds in _answers(db, by, first, end):
        sums.answers[key].append(seconds)
    keys, names = _keys_and_names(db, by, since, until, sums)
    lines = [_line(sums, key, *names.get(key, (key, None))) for key in keys]
    if by is not By.DAY:
        lines.sort(key=lambda line: (-line.chats, -line.customer_messages, line.key or ""))
    return Report(lines, _total(sums))


def midnight(day: date) -> datetime:
    """The beginning of a day in UTC."""
    return datetime.combine(day, time(), UTC)


def day_of(db: Reader, moment: InstrumentedAttribute[Any]) -> ColumnElement[str]:
    """The day of a moment in UTC, as SQL that gives ``2026-01-31``."""
    if on_postgresql(db):
        return func.to_char(func.timezone("UTC", moment), "YYYY-MM-DD")
    return func.substr(moment, 1, 10)  # SQLite stores UTC times as text


def seconds_to_answer(db: Reader) -> ColumnElement[float]:
    """Seconds from the beginning of a chat to its first answer, as SQL; NULL without one. Negative if a clock was set
    back."""
    began, answered = ChatSession.created_at, ChatSession.first_answer_at
    if on_postgresql(db):
        return func.date_part("epoch", answered - began, type_=Float)
    # julianday gives fractions of days; rounding restores the whole milliseconds.
    passed = (func.julianday(answered) - func.julianday(began)) * 86400
    return func.round(passed, 3, type_=Float)


def first_answerer() -> Any:
    """The id of the admin who gave a chat's first answer, as a subquery for a SELECT from `ChatSession`."""
    answer = select(ChatMessage.admin_id).where(
        ChatMessage.session_id == ChatSession.id, ChatMessage.sender == Sender.ADMIN
    )
    return answer.order_by(ChatMessage.seq).limit(1).scalar_subquery()


def quantile(ordered: Sequence[float], part: float) -> float | None:
    """The quantile of sorted numbers, rounded to three decimals; None without numbers.

    `part` is a fraction: 0.5 gives the median, 0.9 the 90th percentile. Between two numbers the result is interpolated
    linearly, as PERCENTILE.INC does in spreadsheets.
    """
    if not ordered:
        return None
    place = (len(ordered) - 1) * part
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return round(ordered[below] + (ordered[above] - ordered[below]) * (place - below), 3)


def _counts(db: Session, by: By, first: datetime, end: datetime) -> Iterator[tuple[str, Any, int]]:
    """The name of a figure, the key of its line, and the count."""

    def within(moment: InstrumentedAttribute[Any]) -> tuple[ColumnElement[bool], ...]:
        return moment >= first, moment < end

    def key(moment: InstrumentedAttribute[Any]) -> Any:
        if by is By.DAY:
            return day_of(db, moment).label("key")
        column = ChatSession.assignee_id if by is By.ADMIN else ChatSession.product_id
        return column.label("key")

    chats: dict[str, tuple[Any, Any]] = {
        "chats": (ChatSession.created_at, True),
        "closed": (ChatSession.closed_at, ChatSession.status == Status.CLOSED),
    }
    for what, (moment, condition) in chats.items():
        found = select(key(moment), func.count()).where(*within(moment), condition)
        for row in db.execute(found.group_by("key")):
            yield what, row[0], row[1]
    for sender in (Sender.CUSTOMER, Sender.ADMIN):
        own = by is By.ADMIN and sender is Sender.ADMIN
        whose = ChatMessage.admin_id.label("key") if own else key(ChatMessage.created_at)
        found = (
            select(whose, func.count())
            .select_from(ChatMessage)
            .where(*within(ChatMessage.created_at), ChatMessage.sender == sender)
        )
        if not own and by is not By.DAY:
            found = found.join(ChatSession, ChatSession.id == ChatMessage.session_id)
        for row in db.execute(found.group_by("key")):
            yield f"{sender}_messages", row[0], row[1]


def _answers(db: Session, by: By, first: datetime, end: datetime) -> Iterator[tuple[Any, float]]:
    """The key of a line, and the seconds to the first answer of one of its chats."""
    key: Any = ChatSession.product_id
    if by is By.DAY:
        key = day_of(db, ChatSession.created_at)
    elif by is By.ADMIN:
        key = first_answerer()
    query = select(key, seconds_to_answer(db)).where(
        ChatSession.created_at >= first,
        ChatSession.created_at < end,
        ChatSession.first_answer_at.is_not(None),
    )
    for row in db.execute(query):
        yield row[0], max(0.0, row[1])


def _keys_and_names(
    db: Session, by: By, since: date, until: date, sums: _Sums
) -> tuple[list[Any], dict[Any, tuple[str | None, str | None]]]:
    """The keys of all lines in the sums, and for each its key and name in the report."""
    if by is By.DAY:
        days = (until - since).days + 1
        return [(since + timedelta(days=number)).isoformat() for number in range(days)], {}
    keys = list(sums.keys())
    if by is By.ADMIN:
        admins = db.execute(select(Admin.id, Admin.username, Admin.name))
        return keys, {row[0]: (row[1], row[2]) for row in admins}
    newest = select(func.max(ChatSession.id)).where(ChatSession.product_name.is_not(None))
    products = db.execute(
        select(ChatSession.product_id, ChatSession.product_name).where(
            ChatSession.id.in_(newest.group_by(ChatSession.product_id))
        )
    )
    return keys, {row[0]: (row[0], row[1]) for row in products}


def _line(sums: _Sums, key: Any, shown: str | None, name: str | None) -> Line:
    numbers = {what: counter[key] for what, counter in sums.counts.items()}
    return _made(shown, name, numbers, sums.answers.get(key, []))


def _total(sums: _Sums) -> Line:
    numbers = {what: counter.total() for what, counter in sums.counts.items()}
    return _made(
        None, None, numbers, [seconds for some in sums.answers.values() for seconds in some]
    )


def _made(
    key: str | None, name: str | None, numbers: dict[str, int], answers: Sequence[float]
) -> Line:
    ordered = sorted(answers)
    return Line(
        key,
        name,
        chats=numbers.get("chats", 0),
        customer_messages=numbers.get("customer_messages", 0),
        admin_messages=numbers.get("admin_messages", 0),
        closed=numbers.get("closed", 0),
        first_answer=quantile(ordered, 0.5),
        first_answer_90=quantile(ordered, 0.9),
    )
