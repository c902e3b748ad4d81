"""A conversation at the desk: reading it, and what its admin does with it, as a page, as JSON and as a stream."""

from __future__ import annotations

import uuid
from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from ... import validation
from ...conversation import assignment, lifecycle, read_receipts
from ...conversation.cursors import message_cursor, message_position
from ...desk import inbox, presence
from ...exceptions import Conflict, Invalid
from ...realtime.feeds import AdminLog
from ...resources import AdminSession
from ...security import login_token
from ...serializers import admin_message
from ...web.accept import wants_json
from ...web.rate_limits import network
from ...web.request_body import json_object
from ..streaming import STREAMED, resume_from, say_typing, streamed
from .common import (
    act_view,
    admin_named,
    answered,
    done,
    fields_of,
    news_shape,
    own_view,
    read_view,
    row_shaper,
    session_of,
)
from .history import asked_for, newest, shown_page
from .inbox import dashboard

CONVERSATION_PAGE = "livechat:templates/desk/conversation.jinja2"


@read_view(renderer=CONVERSATION_PAGE)
@read_view(accept="text/html", renderer=CONVERSATION_PAGE)
@read_view(accept="application/json", renderer="json")
def show(context: AdminSession, request: Request) -> dict[str, Any]:
    """The newest page of the conversation, and its customer."""
    data = newest(context, request)
    data["links"] = {"presence": request.resource_url(context.__parent__, "presence", "")}
    if wants_json(request):
        return data
    return _page(request, data) | shown_page(context, request, data)


@read_view(name="messages", renderer="json")
@read_view(name="messages", accept="application/json", renderer="json")
def messages(context: AdminSession, request: Request) -> dict[str, Any]:
    """A page of what came since ``after``; the page that ends at ``before``; or the page around the entry ``at``."""
    book, reader = request.realtime.book, request.identity.admin.id
    book.polled(presence.ADMIN, reader)
    book.polled(presence.looking_at(context.record.id), reader)
    return asked_for(context, request)


@read_view(name="messages", **STREAMED)
def stream(context: AdminSession, request: Request) -> Response:
    """The same as a stream that goes on."""
    record, admin = context.record, request.identity.admin
    position, anew = message_position(resume_from(request), record, for_customer=False)
    shape = row_shaper(request)
    log = AdminLog(
        request.realtime,
        record.id,
        login_token(request) or "",
        position,
        anew=anew,
        shape=lambda db, found: shape(inbox.row_of(db(), found, reader_id=admin.id)),
        translate=request.localizer.translate,
        reader=admin.actor,
        news=news_shape,
    )
    here = [(presence.ADMIN, admin.id), (presence.looking_at(record.id), admin.id)]
    return streamed(request, log, record.id, f"login {admin.login_id}", here, everything=True)


@act_view(name="typing")
def typing(context: AdminSession, request: Request) -> dict[str, Any]:
    """This admin begins or ends to type. Nothing is stored."""
    say_typing(request, context.record.id, request.identity.admin.id, json_object(request))
    return {}


@act_view(name="send", counts="sends")
def send(context: AdminSession, request: Request) -> Any:
    """Answer. A waiting conversation is taken by that."""
    data = fields_of(request)
    body, client_id = (
        validation.body_text(data.get("body")),
        validation.client_id(data.get("client_id")),
    )
    admin = request.identity.admin
    request.limits.count_send(network(request), f"admin {admin.id}")
    seen_seq = data.get("seen_seq")
    try:
        sent = lifecycle.send(
            request.dbsession,
            context.record,
            admin.actor,
            body,
            client_id,
            seen_seq=None if seen_seq is None else validation.whole_number(seen_seq, "seen_seq"),
        )
    except Conflict as refusal:
        shape, found = request.localizer.translate, refusal.more.get("messages", [])
        refusal.more = (
            {"messages": [admin_message(one, shape, reader=admin.actor) for one in found]}
            if found
            else {}
        )
        raise
    request.response.status_int = 201 if sent.created else 200
    answer = {
        "message": admin_message(sent.message, request.localizer.translate, reader=admin.actor),
        "cursor": message_cursor(context.record, sent.message.seq, for_customer=False),
    }
    return answered(context, request, answer)


@act_view(name="assign")
def assign(context: AdminSession, request: Request) -> Any:
    """Give the conversation to an admin, or back to those who wait (``{"admin": null}``)."""
    data = fields_of(request)
    if "admin" not in data:
        raise Invalid("admin", 'Give {"admin": "username"}, or null to unassign.')
    version = data.get("version")
    assignment.assign(
        request.dbsession,
        context.session,
        request.identity.admin.actor,
        admin_named(request, data["admin"]),
        None if version is None else validation.whole_number(version, "version"),
    )
    return answered(context, request, done(context, request))


@act_view(name="close")
def close(context: AdminSession, request: Request) -> Any:
    """Mark the conversation as done."""
    fields_of(request)
    lifecycle.close(request.dbsession, context.session, request.identity.admin.actor)
    return answered(context, request, done(context, request))


@act_view(name="reopen")
def reopen(context: AdminSession, request: Request) -> Any:
    """Go on with a closed conversation."""
    fields_of(request)
    lifecycle.reopen(request.dbsession, context.session, request.identity.admin.actor)
    return answered(context, request, session_of(context, request))


@own_view(name="seen")
def seen(context: AdminSession, request: Request) -> Any:
    """This admin has had everything up to ``seq`` on screen."""
    seq = validation.whole_number(fields_of(request).get("seq"), "seq")
    read_receipts.mark_read(request.dbsession, context.session, request.identity.admin.id, seq)
    return answered(context, request, session_of(context, request))


def _page(request: Request, data: dict[str, Any]) -> dict[str, Any]:
    """The conversation beside the inbox, with ids for what is written without a script."""
    page = dashboard(request.context.__parent__, request)
    inbox = {name: page[name] for name in ("counts", "next", "longest", "cursor", "links")}
    inbox["sessions"] = page["listed"]  # the rows want no more of the links
    return {
        **page,
        **data,
        "inbox": inbox,
        "client_id": str(uuid.uuid4()),
        "note_id": str(uuid.uuid4()),
    }
