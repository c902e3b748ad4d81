"""The limits, in bytes, on the text of a conversation: for its customer on one day, and in total.

The sizes are columns of the session. The statement or transaction that stores a text reads and updates them while the
session's row is locked, so concurrent requests cannot exceed the limits together.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, case

from ..exceptions import Conflict, Refused, TooMany
from ..models import now, table_of
from ..models.chat import ChatSession

ENTRY = 100
"""The bytes that an entry counts in addition to its text."""
MOST_A_DAY = 2_000_000
"""The bytes that a customer can add to one conversation on one day (UTC)."""
MOST_BY_CUSTOMER = 20_000_000
"""The size in bytes of a conversation at which its customer can add nothing more."""
MOST = 40_000_000
"""The size in bytes of a conversation at which nobody can add text. The difference leaves room for answers."""

_SESSIONS = table_of(ChatSession)
BYTES: Any = bindparam("bytes")
DAY: Any = bindparam("day")
"""Parameters of the expressions below: `size_of` the text, and `today`."""
_SO_FAR = case((_SESSIONS.c.size_day == DAY, _SESSIONS.c.day_size), else_=0)

HAS_ROOM: ColumnElement[bool] = and_(
    _SO_FAR + BYTES <= MOST_A_DAY, _SESSIONS.c.size + BYTES <= MOST_BY_CUSTOMER
)
"""Whether a session has room for a customer's text of BYTES on DAY."""
COUNTED: dict[str, Any] = {
    "size": _SESSIONS.c.size + BYTES,
    "size_day": DAY,
    "day_size": _SO_FAR + BYTES,
}
"""The session's columns after the text is added."""


def size_of(text: str) -> int:
    """The bytes that an entry with this text counts."""
    return len(text.encode()) + ENTRY


def today() -> int:
    """Today's ordinal in UTC, as `date.toordinal` gives it."""
    return now().toordinal()


def counted(session: Any, text: str, *, by_customer: bool) -> dict[str, int]:
    """The values of COUNTED's columns for a session, a row or an object. Only a customer's text counts for the day."""
    size = size_of(text)
    if not by_customer:
        return {"size": session.size + size}
    return {
        "size": session.size + size,
        "size_day": today(),
        "day_size": _so_far(session) + size,
    }


def refusal(session: Any, text: str, *, by_customer: bool) -> Refused | None:
    """The reason why the locked session has no room for a text, or None when it has.

    Returns TooMany ``too_much_today``, with the seconds until the next day in UTC, or Conflict ``chat_full``.
    """
    size = size_of(text)
    if session.size + size > (MOST_BY_CUSTOMER if by_customer else MOST):
        return Conflict("chat_full", "This chat is full. Start a new one. Your text is saved.")
    if by_customer and _so_far(session) + size > MOST_A_DAY:
        refused = TooMany(
            "This chat has reached its limit for today. Your text is saved. Send it tomorrow.",
            _seconds_left(),
        )
        refused.code = "too_much_today"
        return refused
    return None


def check(session: Any, text: str, *, by_customer: bool) -> None:
    """Raise what `refusal` returns, if anything."""
    if refused := refusal(session, text, by_customer=by_customer):
        raise refused


def _so_far(session: Any) -> int:
    so_far: int = session.day_size if session.size_day == today() else 0
    return so_far


def _seconds_left() -> int:
    moment = now()
    midnight = datetime(moment.year, moment.month, moment.day, tzinfo=UTC) + timedelta(days=1)
    return max(1, int((midnight - moment).total_seconds()))
