"""A conversation on the desk as a page, as JSON and as a stream: reading, answering, assigning, closing."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from ... import validation
from ...conversation import assignment, lifecycle, messages, read_receipts
from ...conversation.cursors import message_position
from ...desk import inbox, presence
from ...exceptions import Conflict, Invalid
from ...realtime.feeds import AdminFeed
from ...resources import AdminSession
from ...security import login_token
from ...web.accept import wants_json
from ...web.request_body import json_object
from ..streaming import STREAMED, resume_from, say_typing, streamed
from .common import (
    act_view,
    admin_named,
    answer_sent,
    answered,
    done,
    fields_of,
    messages_shape,
    news_shape,
    own_view,
    page_or_json,
    read_view,
    row_shaper,
    session_of,
    text_to_send,
)
from .history import asked_for, newest, shown_page
from .inbox import dashboard

CONVERSATION_PAGE = "livechat:templates/desk/conversation.jinja2"


@page_or_json(AdminSession, CONVERSATION_PAGE)
def show(context: AdminSession, request: Request) -> dict[str, Any]:
    """The newest page of the conversation, with its customer."""
    data = newest(context, request)
    data["links"] = {"presence": request.resource_url(context.__parent__, "presence", "")}
    if wants_json(request):
        return data
    return _page(request, data) | shown_page(context, request, data)


@read_view(name="messages", renderer="json")
@read_view(name="messages", accept="application/json", renderer="json")
def read(context: AdminSession, request: Request) -> dict[str, Any]:
    """Return the page after ``after``, the page that ends at ``before``, or the page around the entry ``at``."""
    pages, reader = request.realtime.open_pages, request.identity.admin.id
    pages.polled(presence.ADMIN, reader)
    pages.polled(presence.viewer_kind(context.record.id), reader)
    return asked_for(context, request)


@read_view(name="messages", **STREAMED)
def stream(context: AdminSession, request: Request) -> Response:
    """Stream entries and changes as they happen."""
    record, admin = context.record, request.identity.admin
    feed = AdminFeed(
        request.realtime,
        record.id,
        login_token(request) or "",
        message_position(resume_from(request), record, for_customer=False),
        shape=_live_shaper(request),
        translate=request.localizer.translate,
        reader=admin.actor,
        news=news_shape,
    )
    here = [(presence.ADMIN, admin.id), (presence.viewer_kind(record.id), admin.id)]
    return streamed(request, feed, record.id, f"login {admin.login_id}", here, everything=True)


def _live_shaper(request: Request) -> Callable[..., dict[str, Any]]:
    """Return a function that makes an admin's session from a function that gives a connection, and a row.

    The function may outlive the request.
    """
    shape, reader = row_shaper(request), request.identity.admin.id
    return lambda db, found: shape(inbox.row_of(db(), found, reader_id=reader))


@act_view(name="typing")
def typing(context: AdminSession, request: Request) -> dict[str, Any]:
    """Signal that this admin begins or stops typing. Nothing is stored."""
    say_typing(request, context.record.id, request.identity.admin.id, json_object(request))
    return {}


@act_view(name="send", counts="sends")
def send(context: AdminSession, request: Request) -> Any:
    """Answer the customer. Answering a waiting conversation takes it."""
    data, actor = fields_of(request), request.identity.admin.actor
    given = text_to_send(request, data.get("body"), data.get("client_id"))
    seen = validation.optional_number(data.get("seen_seq"), "seen_seq")
    try:
        sent = messages.send(request.dbsession, context.record, actor, *given, seen_seq=seen)
    except Conflict as refusal:
        if missed := refusal.more.get("messages"):
            refusal.more = {"messages": messages_shape(request, missed)}
        raise
    return answer_sent(context, request, sent)


@act_view(name="assign")
def assign(context: AdminSession, request: Request) -> Any:
    """Assign the conversation to an admin, or unassign it (``{"admin": null}``)."""
    data = fields_of(request)
    if "admin" not in data:
        raise Invalid("admin", 'Give {"admin": "username"}, or null to unassign.')
    assignment.assign(
        request.dbsession,
        context.session,
        request.identity.admin.actor,
        admin_named(request, data["admin"]),
        validation.optional_number(data.get("version"), "version"),
    )
    return answered(context, request, done(context, request))


@act_view(name="close")
def close(context: AdminSession, request: Request) -> Any:
    """Close the conversation."""
    fields_of(request)
    lifecycle.close(request.dbsession, context.session, request.identity.admin.actor)
    return answered(context, request, done(context, request))


@act_view(name="reopen")
def reopen(context: AdminSession, request: Request) -> Any:
    """Reopen a closed conversation."""
    fields_of(request)
    lifecycle.reopen(request.dbsession, context.session, request.identity.admin.actor)
    return answered(context, request, session_of(context, request))


@own_view(name="seen")
def seen(context: AdminSession, request: Request) -> Any:
    """Record that this admin has had everything up to ``seq`` on screen."""
    seq = validation.whole_number(fields_of(request).get("seq"), "seq")
    read_receipts.mark_read(request.dbsession, context.session, request.identity.admin.id, seq)
    return answered(context, request, session_of(context, request))


def _page(request: Request, data: dict[str, Any]) -> dict[str, Any]:
    """Return what the conversation's page shows next to the inbox, with client ids for forms that work without a
    script."""
    page = dashboard(request.context.__parent__, request)
    listed = {name: page[name] for name in ("counts", "next", "longest", "cursor", "links")}
    listed["sessions"] = page["listed"]  # with fewer links, all that the rows need
    return {
        **page,
        **data,
        "inbox": listed,
        "client_id": str(uuid.uuid4()),
        "note_id": str(uuid.uuid4()),
    }
