"""Acts on a conversation besides answering: notes, tags, priority, snooze, block, transfer, drafts, undo."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request

from ... import validation
from ...conversation import drafts, notes, read_receipts, tags, triage, undo
from ...conversation.earlier import is_unverified, other_conversations
from ...desk import filters, inbox
from ...exceptions import Invalid
from ...models import Priority, rfc3339
from ...resources import AdminSession
from .common import (
    act_view,
    admin_named,
    answer_sent,
    answered,
    done,
    fields_of,
    own_view,
    read_view,
    row_shaper,
    session_of,
    text_to_send,
)


@act_view(name="note", counts="sends")
def note(context: AdminSession, request: Request) -> Any:
    """Write an internal note. ``@username`` in it mentions a teammate."""
    data, actor = fields_of(request), request.identity.admin.actor
    body, client_id = text_to_send(request, data.get("body"), data.get("client_id"))
    sent = notes.add_note(request.dbsession, context.session, actor, body, client_id)
    return answer_sent(context, request, sent)


@own_view(name="unread")
def unread(context: AdminSession, request: Request) -> Any:
    """Mark the customer's last message as unread for this admin."""
    fields_of(request)
    read_receipts.mark_unread(request.dbsession, context.session, request.identity.admin.id)
    return answered(context, request, session_of(context, request))


@act_view(name="transfer")
def transfer(context: AdminSession, request: Request) -> Any:
    """Transfer the conversation to another admin, with an optional note."""
    data = fields_of(request)
    admin = admin_named(request, data.get("admin"))
    if admin is None:
        raise Invalid("admin", 'Give {"admin": "username"}.')
    text = data.get("note")
    triage.transfer(
        request.dbsession,
        context.session,
        request.identity.admin.actor,
        admin,
        validation.body_text(text, "note", "note") if text else None,
        validation.optional_number(data.get("version"), "version"),
    )
    return answered(context, request, session_of(context, request))


@act_view(name="tags")
def change_tags(context: AdminSession, request: Request) -> Any:
    """Add and remove tags: ``{"add": […], "remove": […]}``."""
    data = fields_of(request)
    add, remove = (validation.texts(data.get(name), name) for name in ("add", "remove"))
    actor = request.identity.admin.actor
    tags.change_tags(request.dbsession, context.session, actor, add, remove)
    return answered(context, request, session_of(context, request))


@act_view(name="priority")
def priority(context: AdminSession, request: Request) -> Any:
    """Set the priority: ``normal``, ``high`` or ``urgent``."""
    wanted = validation.choice(fields_of(request).get("priority"), "priority", filters.PRIORITIES)
    chosen = Priority(filters.PRIORITIES[wanted])
    actor = request.identity.admin.actor
    triage.set_priority(request.dbsession, context.session, actor, chosen)
    return answered(context, request, session_of(context, request))


@act_view(name="snooze")
def snooze(context: AdminSession, request: Request) -> Any:
    """Snooze the conversation until a time, or end the snooze (``{"until": null}``)."""
    until = validation.moment(fields_of(request).get("until"), "until")
    triage.snooze(request.dbsession, context.session, request.identity.admin.actor, until)
    return answered(context, request, session_of(context, request))


@act_view(name="block")
def block(context: AdminSession, request: Request) -> Any:
    """Block or unblock the customer; a blocked customer's messages are refused."""
    blocked = validation.flag(fields_of(request).get("blocked"), "blocked")
    actor = request.identity.admin.actor
    triage.block(request.dbsession, context.session, actor, blocked=blocked)
    return answered(context, request, done(context, request))


@act_view(name="undo")
def undo_act(context: AdminSession, request: Request) -> Any:
    """Undo this admin's last act: ``{"seq": …}``, as the act's answer gave it."""
    seq = validation.whole_number(fields_of(request).get("seq"), "seq")
    undo.undo(request.dbsession, context.session, request.identity.admin.actor, seq)
    return answered(context, request, session_of(context, request))


@read_view(name="draft", renderer="json")
def draft(context: AdminSession, request: Request) -> dict[str, Any]:
    """Return this admin's draft in the conversation."""
    found = drafts.draft_of(request.db, context.record.id, request.identity.admin.id)
    if found is None:
        return {"draft": None}
    return {
        "draft": {"body": found.body, "note": found.note, "updated_at": rfc3339(found.updated_at)}
    }


@own_view(name="draft")
def keep_draft(context: AdminSession, request: Request) -> dict[str, Any]:
    """Keep a draft, so that the admin can continue on another device."""
    data = fields_of(request)
    body = validation.text(data.get("body"), "body", drafts.LONGEST_DRAFT)
    is_note = validation.flag(data.get("note", False), "note")
    admin = request.identity.admin
    drafts.keep_draft(request.dbsession, context.record.id, admin.id, body, note=is_note)
    return {}


@read_view(name="earlier", renderer="json")
def earlier(context: AdminSession, request: Request) -> dict[str, Any]:
    """Return other conversations of the same customer."""
    found = other_conversations(request.db, context.record)
    rows = inbox.rows_of(request.db, found, reader_id=request.identity.admin.id)
    shape = row_shaper(request)
    return {
        "sessions": [
            shape(row) | {"unverified": is_unverified(context.record, row.session)} for row in rows
        ]
    }
