"""The figures of the statistics page: chats, messages and first answers, today and in the last thirty days.

The figures of a past day change only if one of its chats gets its first answer later. So a process counts each past
day once and caches it. Each request counts today, and those past days that have had a late answer since.
"""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from ..conversation.records import SESSIONS
from ..conversation.waiting import IS_OPEN, UNANSWERED
from ..db.dialects import Reader
from ..db.engine import LONG
from ..models import Admin, ChatMessage, ChatSession, Sender, table_of
from .report import day_of, first_answerer, midnight, quantile, seconds_to_answer

DAYS = 30
# After this time, the rows of a day are all there, even from the last transactions and from machines with slow clocks.
SETTLED = timedelta(minutes=5)

_ADMINS = table_of(Admin)


@dataclass(frozen=True)
class Figures:
    """The figures of a period. The keys of mappings are admins' ids; None is an unknown author."""

    chats: int
    """The chats that began."""
    customer_messages: int
    admin_messages: int
    written: Mapping[int | None, int]
    """The number of admins' messages, by author."""
    waits: Mapping[int | None, Sequence[float]]
    """Sorted seconds from the beginning of chats to their first answers, by the answer's author."""
    all_waits: Sequence[float]
    """The same for all authors together, sorted."""

    @property
    def messages(self) -> int:
        """The number of messages of customers and admins."""
        return self.customer_messages + self.admin_messages

    def first_answer(self, part: float = 0.5) -> float | None:
        """The seconds within which this fraction of the answered chats had their first answer: 0.5 is the median."""
        return quantile(self.all_waits, part)


@dataclass(frozen=True)
class AdminFigures:
    """The figures of one admin: `messages` in the last thirty days, `open_chats` now."""

    username: str
    name: str
    open_chats: int
    messages: int
    first_answer: float | None
    """Median seconds to the first answer, in the chats where this admin gave it; None without any."""


@dataclass(frozen=True)
class Statistics:
    """The figures by day, the oldest first, and their total. The last day is today."""

    days: Sequence[tuple[date, Figures]]
    total: Figures

    @property
    def today(self) -> Figures:
        """Today's figures so far."""
        return self.days[-1][1]


def count(db: Reader, day: date) -> Figures:
    """Count the figures of a day in UTC."""
    first, end = midnight(day), midnight(day + timedelta(days=1))
    chats = select(first_answerer(), seconds_to_answer(db)).where(
        ChatSession.created_at >= first, ChatSession.created_at < end
    )
    messages = (
        select(ChatMessage.sender, ChatMessage.admin_id, func.count())
        .where(ChatMessage.created_at >= first, ChatMessage.created_at < end)
        .group_by(ChatMessage.sender, ChatMessage.admin_id)
    )
    begun = db.execute(chats.execution_options(**LONG)).all()
    waits: dict[int | None, list[float]] = {}
    for admin_id, seconds in begun:
        if seconds is not None:
            waits.setdefault(admin_id, []).append(max(0.0, seconds))
    sent: Counter[str] = Counter()
    written: Counter[int | None] = Counter()
    for sender, admin_id, number in db.execute(messages.execution_options(**LONG)):
        sent[sender] += number  # includes notes and system messages, which are not used below
        if sender == Sender.ADMIN:
            written[admin_id] += number
    return _figures(len(begun), sent[Sender.CUSTOMER], sent[Sender.ADMIN], written, waits)


def _figures(
    chats: int,
    customers: int,
    admins: int,
    written: Mapping[int | None, int],
    waits: Mapping[int | None, list[float]],
) -> Figures:
    everybody = list(itertools.chain.from_iterable(waits.values()))
    for some in (everybody, *waits.values()):
        some.sort()
    return Figures(chats, customers, admins, written, waits, everybody)


def added(parts: Sequence[Figures]) -> Figures:
    """Add up the figures of several periods."""
    written: Counter[int | None] = Counter()
    waits: dict[int | None, list[float]] = {}
    for part in parts:
        written.update(part.written)
        for admin_id, some in part.waits.items():
            waits.setdefault(admin_id, []).extend(some)
    return _figures(
        sum(part.chats for part in parts),
        sum(part.customer_messages for part in parts),
        sum(part.admin_messages for part in parts),
        written,
        waits,
    )


class FinishedDays:
    """The cache of past days in a process."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._days: dict[date, Figures] = {}
        self._sum = added([])
        self._looked: datetime | None = None

    def statistics(self, db: Reader, moment: datetime) -> Statistics:
        """The statistics of the thirty days up to today. `moment` is the current time."""
        today = moment.date()
        days = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
        with self._turn:  # concurrent requests count the past days only once
            self._refresh(db, days[:-1], moment)
            finished = [(day, self._days[day]) for day in days[:-1]]
            past = self._sum
            if moment - midnight(today) < SETTLED:
                self._days.pop(days[-2])  # yesterday may still change, so it is not cached yet
        latest = count(db, today)
        return Statistics([*finished, (today, latest)], added([past, latest]))

    def _refresh(self, db: Reader, days: Sequence[date], moment: datetime) -> None:
        stale = set(self._days) - set(days)
        if self._looked is not None:
            stale |= _answered_late(db, days, self._looked - SETTLED)
        missing = [day for day in days if day in stale or day not in self._days]
        counted = {day: count(db, day) for day in missing}
        if stale or counted:
            kept = {day: figures for day, figures in self._days.items() if day not in stale}
            self._days = kept | counted
            self._sum = added([self._days[day] for day in days])
        self._looked = moment


def _answered_late(db: Reader, days: Sequence[date], since: datetime) -> set[date]:
    """The days with chats that have had their first answer since `since`."""
    query = select(day_of(db, ChatSession.created_at)).where(
        ChatSession.created_at >= midnight(days[0]),
        ChatSession.created_at < midnight(days[-1] + timedelta(days=1)),
        ChatSession.first_answer_at >= since,
    )
    found = db.execute(query.distinct().execution_options(**LONG)).scalars()
    return {date.fromisoformat(text) for text in found}


def unanswered(db: Reader) -> int:
    """The number of customers with an open chat who wait for an answer now."""
    return int(db.execute(select(func.count()).where(UNANSWERED)).scalar_one())


def open_chats(db: Reader) -> Counter[int]:
    """The number of open chats of each admin, by the admin's id."""
    query = select(SESSIONS.c.assignee_id, func.count()).where(
        IS_OPEN, SESSIONS.c.assignee_id.is_not(None)
    )
    found = db.execute(query.group_by(SESSIONS.c.assignee_id))
    return Counter({row[0]: row[1] for row in found})


def by_admin(db: Reader, total: Figures) -> list[AdminFigures]:
    """The figures of each admin, sorted by name. Disabled admins are included only if they have any figures."""
    have = open_chats(db)
    query = select(_ADMINS.c.id, _ADMINS.c.username, _ADMINS.c.name, _ADMINS.c.disabled_at)
    return [
        AdminFigures(
            row.username,
            row.name,
            have[row.id],
            total.written.get(row.id, 0),
            quantile(total.waits.get(row.id, ()), 0.5),
        )
        for row in db.execute(query.order_by(func.lower(_ADMINS.c.name), _ADMINS.c.id))
        if row.disabled_at is None or have[row.id] or row.id in total.written
    ]


def includeme(config: Any) -> None:
    config.registry["livechat.finished_days"] = FinishedDays()
