"""A conversation's entries in pages.

Each page is bounded in entries and in bytes, so the work for one request does not grow with the conversation.

A position is a number in the reader's own numbering: `public_seq` for customers, `seq` for admins. It names
the gap after the entry with that number; 0 is the beginning.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select

from ..db.dialects import Reader
from .records import MESSAGES

PAGE = 200
"""The maximum number of entries in a page."""
FIRST = 50
"""The maximum number of entries in the page that opens a conversation: more than fits a screen, and quick to make."""
PAGE_BYTES = 256 * 1024
"""A page ends with the entry that brings its texts to this many bytes of UTF-8 or more."""

_NUMBERS = ((True, MESSAGES.c.public_seq), (False, MESSAGES.c.seq))
_AFTER = {
    for_customer: select(MESSAGES)
    .where(MESSAGES.c.session_id == bindparam("id"), number > bindparam("position"))
    .order_by(number)
    .limit(bindparam("most"))
    for for_customer, number in _NUMBERS
}
_BEFORE = {
    for_customer: select(MESSAGES)
    .where(MESSAGES.c.session_id == bindparam("id"), number <= bindparam("position"))
    .order_by(number.desc())
    .limit(bindparam("most"))
    for for_customer, number in _NUMBERS
}


@dataclass(frozen=True)
class Page:
    """A page of entries."""

    entries: Sequence[Any]
    """Rows, the oldest first."""
    start: int
    """The position before the first entry."""
    end: int
    """The position after the last entry."""
    more: bool
    """Whether there are more entries in the direction in which the page was read."""


def page_after(
    db: Reader, session_id: int, position: int, *, for_customer: bool, most: int = PAGE
) -> Page:
    """The oldest entries after a position.

    `most` is the maximum number of entries. The `end` of a page that is not empty is always greater than `position`.
    """
    statement = _AFTER[for_customer]
    found = db.execute(statement, {"id": session_id, "position": position, "most": most + 1})
    entries, more = _bounded(found, most)
    end = _number(entries[-1], for_customer) if entries else position
    return Page(entries, position, end, more)


def page_before(
    db: Reader, session_id: int, position: int, *, for_customer: bool, most: int = PAGE
) -> Page:
    """The newest entries up to a position, the oldest first. `most` is the maximum number of entries."""
    statement = _BEFORE[for_customer]
    found = db.execute(statement, {"id": session_id, "position": position, "most": most + 1})
    entries, more = _bounded(found, most)
    entries.reverse()
    start = _number(entries[0], for_customer) - 1 if entries else position
    return Page(entries, start, position, more)


def _bounded(found: Iterable[Any], most: int) -> tuple[list[Any], bool]:
    """The rows that fit a page, and whether any are left."""
    entries: list[Any] = []
    size = 0
    for entry in found:
        if len(entries) >= most or size >= PAGE_BYTES:
            return entries, True
        entries.append(entry)
        size += len(entry.body.encode())
    return entries, False


def _number(entry: Any, for_customer: bool) -> int:
    number: int = entry.public_seq if for_customer else entry.seq
    return number
