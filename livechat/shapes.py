"""The JSON of sessions and messages. What customers get is made here and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from .lines import line
from .listing import Row
from .models import ChatMessage, ChatSession, Sender

Translate = Callable[[Any], str]


def rfc3339(moment: datetime | None) -> str | None:
    """``2026-01-31T12:00:00.000Z``"""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None


def _interpolated(text: Any) -> str:
    return str(text.interpolate())


def customer_session(session: ChatSession, unread: int) -> dict[str, Any]:
    """A session as its customer may see it. `unread`: messages of admins not yet on the customer's screen."""
    return {
        "id": str(session.uuid),
        **_common(session),
        "unread": unread,
    }


def admin_session(row: Row, translate: Translate = _interpolated) -> dict[str, Any]:
    """A session as admins see it. `unread` counts the customer's messages that this admin has not seen."""
    session = row.session
    return {
        "id": str(session.uuid),
        "number": session.id,
        "version": session.version,
        **_common(session),
        "assignee": session.assignee.username if session.assignee else None,
        "last_message": admin_message(row.last_message, translate) if row.last_message else None,
        "page": {"url": session.page_url, "title": session.page_title}
        if session.page_url
        else None,
        "unread": row.unread,
        "verified": session.customer_verified,
        "seq": session.seq,
        "seen_seq": session.customer_seen,
        "waiting_since": rfc3339(session.waiting_since),
        "last_activity_at": rfc3339(session.last_activity_at),
    }


def customer_message(message: ChatMessage, translate: Translate = _interpolated) -> dict[str, Any]:
    """An entry of the list as the customer may see it. Only entries with a public_seq have one."""
    if message.public_seq is None:
        raise ValueError("an internal entry must not reach a customer")
    return _message(message, message.public_seq, translate, for_customer=True)


def admin_message(message: ChatMessage, translate: Translate = _interpolated) -> dict[str, Any]:
    """An entry of the list as admins see it."""
    return _message(message, message.seq, translate, for_customer=False)


def _common(session: ChatSession) -> dict[str, Any]:
    product = None
    if session.product_id is not None:
        product = {
            "id": session.product_id,
            "name": session.product_name,
            "url": session.product_url,
            "price": session.product_price,
        }
    return {
        "status": session.status,
        "customer": {"name": session.customer_name, "email": session.customer_email},
        "product": product,
        "admin": {"name": session.assignee.name} if session.assignee else None,
        "created_at": rfc3339(session.created_at),
        "closed_at": rfc3339(session.closed_at),
    }


def _message(
    message: ChatMessage, seq: int, translate: Translate, *, for_customer: bool
) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "id": str(message.id) if not for_customer else f"m{seq}",
        "seq": seq,
        "from": message.sender,
        "author": message.author_name,
        "body": message.body,
        "client_id": message.client_id,
        "created_at": rfc3339(message.created_at),
    }
    if message.sender == Sender.SYSTEM and message.event is not None:
        shape["event"] = message.event
        shape["body"] = translate(
            line(message.event, message.details or {}, for_customer=for_customer)
        )
    return shape
