"""The figures of the statistics page: chats, messages and first answers, today and in the last thirty days.

Days that are over do not change, but for one thing: a chat of yesterday may have its first answer today. So a process
counts each such day once and remembers it, asks which of them have had a late answer since, and counts only today
and those anew.
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
# What was written in the last moments of a day, or by a machine whose clock is slow, is there by then.
SETTLED = timedelta(minutes=5)

_ADMINS = table_of(Admin)


@dataclass(frozen=True)
class Figures:
    """What happened in a time. Who wrote or answered is an admin's id; None is nobody we know."""

    chats: int
    """That began."""
    customer_messages: int
    admin_messages: int
    written: Mapping[int | None, int]
    """The admins' messages, by who wrote them."""
    waits: Mapping[int | None, Sequence[float]]
    """Seconds from the beginning of the chats to their first answers, in order, by who gave them."""
    all_waits: Sequence[float]
    """The same of all, in order."""

    @property
    def messages(self) -> int:
        """Of customers and admins."""
        return self.customer_messages + self.admin_messages

    def first_answer(self, part: float = 0.5) -> float | None:
        """Seconds within which this part of the chats had their first answer: 0.5 is the median."""
        return quantile(self.all_waits, part)


@dataclass(frozen=True)
class AdminFigures:
    """What one admin did in the last thirty days, and has now."""

    username: str
    name: str
    open_chats: int
    messages: int
    first_answer: float | None
    """Median seconds, of the chats in which they gave the first answer."""


@dataclass(frozen=True)
class Statistics:
    """All days, the oldest first; the last one is today."""

    days: Sequence[tuple[date, Figures]]
    total: Figures

    @property
    def today(self) -> Figures:
        """So far."""
        return self.days[-1][1]


def count(db: Reader, day: date) -> Figures:
    """What happened on a day of UTC."""
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
        sent[sender] += number  # entries of the system, and notes, are no messages
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
    """Several times as one."""
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
    """The days that are over, as far as this process has counted them."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._days: dict[date, Figures] = {}
        self._sum = added([])
        self._looked: datetime | None = None

    def statistics(self, db: Reader, moment: datetime) -> Statistics:
        """The thirty days that end with this moment's, which is now."""
        today = moment.date()
        days = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
        with self._turn:  # so that those who ask at the same time count once
            self._refresh(db, days[:-1], moment)
            finished = [(day, self._days[day]) for day in days[:-1]]
            past = self._sum
            if moment - midnight(today) < SETTLED:
                self._days.pop(days[-2])  # not remembered yet
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
    """The days with chats that have had their first answer since then."""
    query = select(day_of(db, ChatSession.created_at)).where(
        ChatSession.created_at >= midnight(days[0]),
        ChatSession.created_at < midnight(days[-1] + timedelta(days=1)),
        ChatSession.first_answer_at >= since,
    )
    found = db.execute(query.distinct().execution_options(**LONG)).scalars()
    return {date.fromisoformat(text) for text in found}


def unanswered(db: Reader) -> int:
    """How many customers with an open chat wait for an answer now."""
    return int(db.execute(select(func.count()).where(UNANSWERED)).scalar_one())


def open_chats(db: Reader) -> Counter[int]:
    """How many open chats each admin has, by the admin's id."""
    query = select(SESSIONS.c.assignee_id, func.count()).where(
        IS_OPEN, SESSIONS.c.assignee_id.is_not(None)
    )
    found = db.execute(query.group_by(SESSIONS.c.assignee_id))
    return Counter({row[0]: row[1] for row in found})


def by_admin(db: Reader, total: Figures) -> list[AdminFigures]:
    """Everybody who may sign in or has something to count, by name."""
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
