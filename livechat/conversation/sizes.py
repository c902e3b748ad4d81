"""How much text a conversation takes: a bound in bytes for its customer's day, and bounds for all of it.

The sizes are columns of the session. They are read and counted while its row is locked, by the same statement or
transaction that stores the text, so requests at the same moment cannot pass the bounds together.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, case

from ..exceptions import Conflict, Refused, TooMany
from ..models import now, table_of
from ..models.chat import ChatSession

ENTRY = 100
"""What an entry counts besides the bytes of its text."""
MOST_A_DAY = 2_000_000
"""Bytes that a customer adds to one conversation on one day (UTC)."""
MOST_BY_CUSTOMER = 20_000_000
"""The size of a conversation at which its customer can add nothing more."""
MOST = 40_000_000
"""The size of a conversation at which nobody can add text. The difference keeps room for answers."""

_SESSIONS = table_of(ChatSession)
BYTES: Any = bindparam("bytes")
DAY: Any = bindparam("day")
"""Parameters of the expressions below: `size_of` the text, and `today`."""
_SO_FAR = case((_SESSIONS.c.size_day == DAY, _SESSIONS.c.day_size), else_=0)

HAS_ROOM: ColumnElement[bool] = and_(
    _SO_FAR + BYTES <= MOST_A_DAY, _SESSIONS.c.size + BYTES <= MOST_BY_CUSTOMER
)
"""Whether a session takes a customer's text of BYTES on DAY."""
COUNTED: dict[str, Any] = {
    "size": _SESSIONS.c.size + BYTES,
    "size_day": DAY,
    "day_size": _SO_FAR + BYTES,
}
"""The session's columns after that text."""


def size_of(text: str) -> int:
    """The bytes that an entry with this text counts."""
    return len(text.encode()) + ENTRY


def today() -> int:
    """The number of the present day in UTC."""
    return now().toordinal()


def counted(session: Any, text: str, *, by_customer: bool) -> dict[str, int]:
    """The same columns as COUNTED, for a session as a row or an object. Only a customer's text counts for the day."""
    size = size_of(text)
    if not by_customer:
        return {"size": session.size + size}
    return {
        "size": session.size + size,
        "size_day": today(),
        "day_size": _so_far(session) + size,
    }


def refusal(session: Any, text: str, *, by_customer: bool) -> Refused | None:
    """Why the locked session does not take a text, or None when it does.

    The refusal is a TooMany ``too_much_today`` until the next day begins, or a Conflict ``chat_full``.
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
    """Raises what `refusal` gives."""
    if refused := refusal(session, text, by_customer=by_customer):
        raise refused


def _so_far(session: Any) -> int:
    so_far: int = session.day_size if session.size_day == today() else 0
    return so_far


def _seconds_left() -> int:
    moment = now()
    midnight = datetime(moment.year, moment.month, moment.day, tzinfo=UTC) + timedelta(days=1)
    return max(1, int((midnight - moment).total_seconds()))
