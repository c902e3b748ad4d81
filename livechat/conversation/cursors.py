"""Cursors: a reader's position in a list, as an opaque text that is valid only for that list.

a12.0f3c9d21   after an entry of a conversation, by admins' `seq` (c…: by the customer's `public_seq`)
WzE3Njk…       after a session in the inbox: milliseconds and number, base64 of JSON
l345           after an entry of any conversation: a position in the desk's activity
h345.67        search: before an entry and before a session
e89            before an entry of the audit log
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from datetime import UTC, datetime, timedelta

from ..exceptions import Invalid
from ..models import ChatSession

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
END = 2**31 - 1  # above every number
_WRONG = "This cursor is not valid. Use one from an earlier response, or none."


def message_cursor(session: ChatSession, position: int, *, for_customer: bool) -> str:
    """The cursor after an entry. Customers and admins have different numberings, so their cursors differ."""
    return f"{'c' if for_customer else 'a'}{position}.{session.uuid.hex[:8]}"


def message_position(
    text: str | None, session: ChatSession, *, for_customer: bool, field: str = "after"
) -> tuple[int, bool]:
    """The position of a cursor, and whether the reader must load the conversation again from the start.

    A reader must start again, with position 0, when the cursor belongs to another list or lies after the newest entry
    (the database was restored from a backup). `field` is the parameter that an error names.

    Raises Invalid for a text that is not a cursor.
    """
    if not text:
        return 0, False
    match = _matched(r"([ac])(\d{1,9})\.([0-9a-f]{8})", text, field)
    newest = session.public_seq if for_customer else session.seq
    position = int(match[2])
    fits = match[1] == ("c" if for_customer else "a") and match[3] == session.uuid.hex[:8]
    return (position, False) if fits and position <= newest else (0, True)


def list_cursor(moment: datetime, number: int) -> str:
    """The cursor after a session in a list by newest activity."""
    # Integer division: a float of this size is sometimes off by a millisecond, and a page would miss rows.
    text = json.dumps([(moment - EPOCH) // timedelta(milliseconds=1), number])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def list_position(text: str) -> tuple[int, int]:
    """The milliseconds since 1970 and the session's number in a cursor. Raises Invalid."""
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
        raise Invalid("before", _WRONG) from None
    return moment, number


def activity_cursor(entry_id: int) -> str:
    """The cursor after an entry of any conversation."""
    return f"l{entry_id}"


def activity_position(text: str | None) -> int | None:
    """The id of the entry in a cursor; None without one. Raises Invalid."""
    return int(_matched(r"l(\d{1,9})", text, "after")[1]) if text else None


def search_cursor(message_id: int, session_id: int) -> str:
    """The cursor for hits in older entries and in older sessions."""
    return f"h{message_id}.{session_id}"


def search_position(text: str) -> tuple[int, int]:
    """The ids of the entry and the session below which a page begins; END for both without a cursor. Raises Invalid."""
    if not text:
        return END, END
    match = _matched(r"h(\d{1,10})\.(\d{1,10})", text, "before")
    if max(int(match[1]), int(match[2])) > END:
        raise Invalid("before", _WRONG)
    return int(match[1]), int(match[2])


def audit_cursor(entry_id: int | None) -> str | None:
    """The cursor for older entries of the audit log; None when there are none."""
    return f"e{entry_id}" if entry_id else None


def audit_position(text: str) -> int | None:
    """The id of the audit log's entry in a cursor; None without one. Raises Invalid."""
    return int(_matched(r"e([1-9]\d{0,8})", text, "before")[1]) if text else None


def _matched(form: str, text: str, field: str) -> re.Match[str]:
    match = re.fullmatch(form, text, re.ASCII)
    if match is None:
        raise Invalid(field, _WRONG)
    return match
