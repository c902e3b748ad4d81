"""The system messages of a conversation, stored as events and worded for customers or admins."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from translationstring import TranslationString, TranslationStringFactory

_ = TranslationStringFactory("livechat")


class Event(StrEnum):
    """The event that a system message reports."""

    TAKEN = "taken"
    ASSIGNED = "assigned"
    UNASSIGNED = "unassigned"
    PRODUCT = "product"
    CLOSED = "closed"
    REOPENED = "reopened"
    SNOOZED = "snoozed"
    WOKEN = "woken"
    BLOCKED = "blocked"
    UNBLOCKED = "unblocked"
    RESTORED = "restored"


PUBLIC = {Event.TAKEN, Event.ASSIGNED, Event.PRODUCT, Event.CLOSED, Event.REOPENED}
"""The events that customers see; the others are for admins only. A CHECK constraint on chat_messages names the same
events, so adding one here needs a migration."""
INTERNAL = set(Event) - PUBLIC


def wording(event: str, details: dict[str, Any], *, for_customer: bool) -> TranslationString:
    """The text of a system message, to be translated.

    `details` may have the keys admin, product, by (a name or None) and by_customer (bool). Other keys are ignored.
    """
    by, by_customer = details.get("by"), details.get("by_customer", False)
    match event:
        case Event.TAKEN:
            text = _("${admin} joined the chat.")
        case Event.ASSIGNED:
            text = _("${admin} took over the chat.")
        case Event.UNASSIGNED:
            text = _("${by} unassigned the chat.") if by else _("The chat was unassigned.")
        case Event.PRODUCT:
            text = _("Switched to ${product}")
        case Event.CLOSED if by_customer:
            text = _("You ended the chat.") if for_customer else _("The customer ended the chat.")
        case Event.CLOSED:
            text = _("${by} closed the chat.") if by else _("The chat was closed.")
        case Event.RESTORED:
            text = _("The chat was reassigned to ${admin}.")
        case Event.SNOOZED:
            text = _("${by} snoozed the chat.") if by else _("The chat was snoozed.")
        case Event.WOKEN:
            text = _("The chat is no longer snoozed.")
        case Event.BLOCKED:
            text = _("${by} blocked the customer.") if by else _("The customer was blocked.")
        case Event.UNBLOCKED:
            text = _("${by} unblocked the customer.") if by else _("The customer was unblocked.")
        case _ if by_customer:
            text = (
                _("You reopened the chat.")
                if for_customer
                else _("The customer reopened the chat.")
            )
        case _:
            text = _("${by} reopened the chat.") if by else _("The chat was reopened.")
    return text % {key: str(value) for key, value in details.items() if value is not None}
