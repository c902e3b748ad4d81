"""The JSON of sessions and messages. Only this module makes what customers receive."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from translationstring import TranslationStringFactory

from .accounts.profile import NO_NAMES
from .actors import CUSTOMER, Actor
from .conversation.records import LONGEST_QUEUE, Row
from .conversation.system_messages import wording
from .models import Priority, Sender, rfc3339

_ = TranslationStringFactory("livechat")
Translate = Callable[[Any], str]
_SUPPORT = _("Support")


def _interpolated(text: Any) -> str:
    return str(text.interpolate())


def public_name(name: str | None, translate: Translate = _interpolated) -> str | None:
    """An admin's name as customers see it: “Support” replaces a placeholder name."""
    return translate(_SUPPORT) if name in NO_NAMES else name


def customer_session(
    session: Any, team: dict[str, Any], translate: Translate = _interpolated
) -> dict[str, Any]:
    """A session as its customer may see it. `session` is a row of `customer_record`; `team`: see `presence.Team`."""
    before, common = session.before, _common(session)
    if session.admin_name:
        common["admin"] = {"name": public_name(session.admin_name, translate)}
    return {
        "id": str(session.uuid),
        **common,
        "unread": session.unread,
        "seen_seq": session.staff_seen,
        "position": None if before is None or before >= LONGEST_QUEUE else before + 1,
        "team": team,
    }


def admin_session(row: Row, translate: Translate = _interpolated) -> dict[str, Any]:
    """A session as an admin sees it. `unread` counts the customer's messages that this admin has not read."""
    session = row.session
    return {
        "id": str(session.uuid),
        "number": session.id,
        "version": session.version,
        **_common(session),
        "assignee": session.admin_username,
        "last_message": admin_message(row.last_message, translate) if row.last_message else None,
        "page": {"url": session.page_url, "title": session.page_title}
        if session.page_url
        else None,
        "unread": row.unread,
        "tags": list(row.tags),
        "priority": Priority(session.priority).name.lower(),
        "snoozed_until": rfc3339(session.snoozed_until),
        "assigned_at": rfc3339(session.assigned_at),
        "blocked": row.blocked,
        "presence": "here" if row.here else "left",
        "verified": session.customer_verified,
        "seq": session.seq,
        "seen_seq": session.customer_seen,
        "waiting_since": rfc3339(session.waiting_since),
        "last_activity_at": rfc3339(session.last_activity_at),
    }


def customer_message(message: Any, translate: Translate = _interpolated) -> dict[str, Any]:
    """An entry, an object or a row, as the customer may see it.

    Raises ValueError for a note or another entry without a public_seq: a caller must never pass one.
    """
    if message.sender == Sender.NOTE or message.public_seq is None:
        raise ValueError("an internal entry must not reach a customer")
    return _message(message, message.public_seq, translate, CUSTOMER)


def admin_message(
    message: Any, translate: Translate = _interpolated, *, reader: Actor | None = None
) -> dict[str, Any]:
    """An entry, an object or a row, as admins see it. `public_seq` is its number for the customer, or None.

    `reader` is the admin who receives it. Only the author of a message receives its `client_id`, so without a reader
    it is left out.
    """
    shape = _message(message, message.seq, translate, reader)
    return shape | {"public_seq": message.public_seq}


def _common(session: Any) -> dict[str, Any]:
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
        "admin": {"name": session.admin_name} if session.admin_name else None,
        "created_at": rfc3339(session.created_at),
        "closed_at": rfc3339(session.closed_at),
    }


def _message(message: Any, seq: int, translate: Translate, reader: Actor | None) -> dict[str, Any]:
    for_customer = reader is CUSTOMER
    details, author = message.details or {}, message.author_name
    if for_customer and message.sender != Sender.CUSTOMER:
        author = public_name(author, translate)
        details = details | {
            key: public_name(details[key], translate) for key in ("admin", "by") if key in details
        }
    shape: dict[str, Any] = {
        "id": str(message.id) if not for_customer else f"m{seq}",
        "seq": seq,
        "from": message.sender,
        "author": author,
        "body": message.body,
        "created_at": rfc3339(message.created_at),
    }
    if reader is not None and message.author_key == reader.key:
        shape["client_id"] = message.client_id
    if message.sender == Sender.SYSTEM and message.event is not None:
        shape["event"] = message.event
        shape["body"] = translate(wording(message.event, details, for_customer=for_customer))
    return shape
