"""The feed of the inbox, which its stream reads."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from ..conversation.cursors import activity_cursor
from ..desk.filters import Filters
from ..desk.inbox import changed_since, matching, rows_of
from .feeds import DatabaseFeed, Shape, is_signed_in
from .hub import Listener
from .refresh_budget import RefreshBudget
from .service import Realtime
from .sse import event


class InboxFeed(DatabaseFeed):
    """The filtered inbox of one admin.

    Parameters: `after` is the id of the entry after which the backlog begins, or None for no backlog; `shape` makes
    a row's JSON; `summary` returns the JSON of each summary event by its name, and whether all figures are fresh.
    """

    pause, silent = 0.5, False

    def __init__(
        self,
        realtime: Realtime,
        filters: Filters,
        token: str,
        admin_id: int,
        *,
        after: int | None,
        shape: Callable[[Any], Shape],
        summary: Callable[[Connection, RefreshBudget], tuple[dict[str, Shape], bool]],
    ) -> None:
        super().__init__(realtime, token)
        self._after = after
        self._filters = filters
        self._admin_id = admin_id
        self._shape = shape
        self._summary = summary
        self._told: dict[str, Shape] = {}
        self._summed_at = 0.0
        self._owing = False

    def backlog(self, db: Connection) -> bytes | None:
        found = b""
        if self._after is not None:
            told = max(self._told_up_to(), self._after)
            changed = changed_since(db, self._after)
            found = event("reset", {}) if changed is None else self._rows(db, changed, told)
        return found + self._sum_up(db)

    def news(
        self, listener: Listener, *, urgent: bool, slow: bool, heartbeat: bool
    ) -> bytes | None:
        with self._realtime.reading_engine.connect() as db:
            found = self._changes(db, listener, heartbeat=heartbeat)
            return found if self.may_see(db) else None

    def _changes(self, db: Connection, listener: Listener, *, heartbeat: bool) -> bytes:
        told = self._told_up_to()  # first, so that it covers nothing that take_changed misses
        changed, overrun = listener.take_changed()
        if overrun:
            return event("reset", {}) + self._sum_up(db)
        parts = [self._rows(db, sorted(changed), told)] if changed else []
        if changed or heartbeat or self._owing:
            parts.append(self._sum_up(db, seldom=not heartbeat))
            # The next slow read sends the summary that was skipped now.
            listener.stirred = listener.stirred or self._owing
        return b"".join(parts)

    def _told_up_to(self) -> int:
        """The id of an entry. Listeners know of all entries up to it; the hints of later ones may be on their way."""
        return self._realtime.wakeup.told_up_to

    def _rows(self, db: Connection, numbers: list[int], told: int) -> bytes:
        records = matching(db, self._filters, numbers, reader_id=self._admin_id)
        shown = {record.id for record in records}
        parts = [
            ("session", self._shape(row)) for row in rows_of(db, records, reader_id=self._admin_id)
        ]
        parts += [("gone", {"number": number}) for number in numbers if number not in shown]
        # Only the last event carries the cursor, because only then everything up to it has been sent.
        last = len(parts) - 1
        return b"".join(
            event(*part, activity_cursor(told) if index == last else None)
            for index, part in enumerate(parts)
        )

    def _sum_up(self, db: Connection, *, seldom: bool = False) -> bytes:
        moment = time.monotonic()
        self._owing = seldom and moment - self._summed_at < 1.0
        if self._owing:
            return b""
        self._summed_at = moment
        parts = []
        summary, fresh = self._summary(db, self._realtime.figures)
        self._owing = not fresh
        for name, told in summary.items():
            if self._told.get(name) != told:
                self._told[name] = told
                parts.append(event(name, told))
        return b"".join(parts)

    def may_see(self, db: Connection) -> bool:
        return is_signed_in(db, self._token, self._admin_id)
