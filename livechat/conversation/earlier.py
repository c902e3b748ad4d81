"""The customer's other conversations, as an admin sees them next to one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import or_

from ..db.dialects import Reader
from .records import RECORD, SESSIONS

MOST_EARLIER = 20


def other_conversations(db: Reader, record: Any) -> Sequence[Any]:
    """Other conversations of the same customer, the newest first, as rows, at most MOST_EARLIER.

    They come from the same browser or have the same email address.
    """
    same = [SESSIONS.c.guest_id == record.guest_id]
    if record.customer_email:
        same.append(SESSIONS.c.customer_email == record.customer_email)
    query = RECORD.where(or_(*same), SESSIONS.c.id != record.id)
    return db.execute(query.order_by(SESSIONS.c.id.desc()).limit(MOST_EARLIER)).all()


def is_unverified(record: Any, other: Any) -> bool:
    """Whether an unverified email address is the only evidence that two conversations have the same customer.

    Anyone can type another person's address. The same browser is better evidence, and so is the shop's signature if
    both conversations have it.
    """
    signed = record.customer_verified and other.customer_verified
    return record.guest_id != other.guest_id and not signed
