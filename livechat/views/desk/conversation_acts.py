"""What an admin does with a conversation beside answering: notes, tags, priority, putting aside, handing on."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request

from ... import validation
from ...conversation import notes, read_receipts, tags, triage, undo
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
    """Write a note for colleagues. ``@username`` in it calls one of them."""
    data, actor = fields_of(request), request.identity.admin.actor
    body, client_id = text_to_send(request, data.get("body"), data.get("client_id"))
    sent = notes.add_note(request.dbsession, context.session, actor, body, client_id)
    return answer_sent(context, request, sent)


@own_view(name="unread")
def unread(context: AdminSession, request: Request) -> Any:
    """The customer's last message is unread again, for this admin."""
    fields_of(request)
    read_receipts.mark_unread(request.dbsession, context.session, request.identity.admin.id)
    return answered(context, request, session_of(context, request))


@act_view(name="transfer")
def transfer(context: AdminSession, request: Request) -> Any:
    """Hand the conversation on, with a note for whoever has it then."""
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
    """Put tags on and take others off: ``{"add": […], "remove": […]}``."""
    data = fields_of(request)
    add, remove = (validation.texts(data.get(name), name) for name in ("add", "remove"))
    actor = request.identity.admin.actor
    tags.change_tags(request.dbsession, context.session, actor, add, remove)
    return answered(context, request, session_of(context, request))


@act_view(name="priority")
def priority(context: AdminSession, request: Request) -> Any:
    """How much it matters: ``normal``, ``high`` or ``urgent``."""
    wanted = validation.choice(fields_of(request).get("priority"), "priority", filters.PRIORITIES)
    chosen = Priority(filters.PRIORITIES[wanted])
    actor = request.identity.admin.actor
    triage.set_priority(request.dbsession, context.session, actor, chosen)
    return answered(context, request, session_of(context, request))


@act_view(name="snooze")
def snooze(context: AdminSession, request: Request) -> Any:
    """Put it aside until a time, or take it back (``{"until": null}``)."""
    until = validation.moment(fields_of(request).get("until"), "until")
    triage.snooze(request.dbsession, context.session, request.identity.admin.actor, until)
    return answered(context, request, session_of(context, request))


@act_view(name="block")
def block(context: AdminSession, request: Request) -> Any:
    """Refuse what this customer writes from now on, or no more."""
    blocked = validation.flag(fields_of(request).get("blocked"), "blocked")
    actor = request.identity.admin.actor
    triage.block(request.dbsession, context.session, actor, blocked=blocked)
    return answered(context, request, done(context, request))


@act_view(name="undo")
def undo_act(context: AdminSession, request: Request) -> Any:
    """Take back what this admin has just done: ``{"seq": …}``, as the act's answer gave it."""
    seq = validation.whole_number(fields_of(request).get("seq"), "seq")
    undo.undo(request.dbsession, context.session, request.identity.admin.actor, seq)
    return answered(context, request, session_of(context, request))


@read_view(name="draft", renderer="json")
def draft(context: AdminSession, request: Request) -> dict[str, Any]:
    """What this admin has begun to write here."""
    found = triage.draft_of(request.db, context.record.id, request.identity.admin.id)
    if found is None:
        return {"draft": None}
    return {
        "draft": {"body": found.body, "note": found.note, "updated_at": rfc3339(found.updated_at)}
    }


@own_view(name="draft")
def keep_draft(context: AdminSession, request: Request) -> dict[str, Any]:
    """Keep it, so that another device goes on."""
    data = fields_of(request)
    body = validation.text(data.get("body"), "body", triage.LONGEST_DRAFT)
    is_note = validation.flag(data.get("note", False), "note")
    admin = request.identity.admin
    triage.keep_draft(request.dbsession, context.record.id, admin.id, body, note=is_note)
    return {}


@read_view(name="earlier", renderer="json")
def earlier(context: AdminSession, request: Request) -> dict[str, Any]:
    """Other conversations of the same customer."""
    found = triage.earlier(request.db, context.record)
    rows = inbox.rows_of(request.db, found, reader_id=request.identity.admin.id)
    shape = row_shaper(request)
    return {
        "sessions": [
            shape(row) | {"unverified": triage.is_unverified(context.record, row.session)}
            for row in rows
        ]
    }
