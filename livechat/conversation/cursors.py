"""Cursors: where a reader stands, as an opaque text that only fits the list it was given for."""

from __future__ import annotations

import base64
import binascii
import json
import re
from datetime import UTC, datetime, timedelta

from ..exceptions import Invalid
from ..models import ChatSession

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def message_cursor(session: ChatSession, position: int, *, for_customer: bool) -> str:
    """The cursor after an entry. Customers and admins count differently, so their cursors differ."""
    return f"{'c' if for_customer else 'a'}{position}.{session.uuid.hex[:8]}"


def message_position(
    text: str | None, session: ChatSession, *, for_customer: bool, field: str = "after"
) -> tuple[int, bool]:
    """The position a cursor stands for, and whether the reader must load anew.

    Anew: the cursor belongs to another list, or to a future this database does not know (it was put back
    to a backup). Then the position is 0. Raises Invalid for what was never a cursor.
    """
    if not text:
        return 0, False
    match = re.fullmatch(r"([ac])(\d{1,9})\.([0-9a-f]{8})", text, re.ASCII)
    if match is None:
        raise Invalid(field, "This cursor is not valid. Use one from an earlier response, or none.")
    newest = session.public_seq if for_customer else session.seq
    position = int(match[2])
    fits = match[1] == ("c" if for_customer else "a") and match[3] == session.uuid.hex[:8]
    return (position, False) if fits and position <= newest else (0, True)


def list_cursor(moment: datetime, number: int) -> str:
    """The cursor after a session in a list by newest activity."""
    # By whole numbers: a float of this size is off by a millisecond now and then, and a page would miss rows.
    text = json.dumps([(moment - EPOCH) // timedelta(milliseconds=1), number])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def list_position(text: str) -> tuple[int, int]:
    """Milliseconds since 1970 and the session's number. Raises Invalid."""
    try:
        if len(text) > 100:
            raise ValueError
        decoded = json.loads(
            base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        )
        moment, number = decoded
        if not (
            type(moment) is int
            and type(number) is int
            and abs(moment) < 2**43
            and 0 <= number < 2**31
        ):
            raise ValueError
    except (ValueError, TypeError, binascii.Error):
        raise Invalid(
            "before", "This cursor is not valid. Use “next” from an earlier response, or none."
        ) from None
    return moment, number
