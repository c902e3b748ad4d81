"""The desk: the dashboard, the conversation, and what an admin does with it, as pages and as JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from ... import validation
from ...conversation import assignment, lifecycle, read_receipts
from ...conversation.cursors import message_cursor, message_position
from ...desk import inbox, presence
from ...desk.filters import Filters, check_filters
from ...exceptions import Conflict, Invalid
from ...permissions import Permission
from ...realtime.feeds import AdminLog
from ...realtime.hub import EVERYTHING
from ...realtime.inbox_feed import ListLog
from ...realtime.refresh_budget import Sparing
from ...resources import AdminSession, Desk
from ...security import login_token
from ...serializers import admin_message
from ...web.rate_limits import network
from ...web.request_body import json_object
from ..streaming import STREAMED, resume_from, say_typing, streamed
from .common import (
    act_view,
    admin_named,
    answered,
    desk_view,
    done,
    fields_of,
    news_shape,
    own_view,
    read_view,
    row_shaper,
    session_of,
    wants_json,
)
from .history import asked_for, newest, shown_page
from .layout import conversation_page, dashboard_page

DASHBOARD_PAGE = "livechat:templates/desk/dashboard.jinja2"
CONVERSATION_PAGE = "livechat:templates/desk/conversation.jinja2"


@desk_view(renderer=DASHBOARD_PAGE)
@desk_view(accept="text/html", renderer=DASHBOARD_PAGE)
@desk_view(accept="application/json", renderer="json")
def dashboard(context: Desk, request: Request) -> dict[str, Any]:
    """The counts and the filtered list, newest activity first."""
    filters = _filters(request)
    cursor = inbox.activity_cursor(request.db)  # before the list: it may be newer, but not older
    reader = request.identity.admin.id
    page = inbox.find_sessions(request.db, filters, reader_id=reader)
    request.realtime.book.polled(presence.ADMIN, reader)
    shape = row_shaper(request)
    summary, _now = _summary(request)(request.db, Sparing())
    data = {
        **summary["counts"],
        "sessions": [shape(row) for row in page.rows],
        "next": page.next,
        "cursor": cursor,
        "news": summary["news"],
        "links": {
            "stream": request.resource_url(context, query=_query(filters)),
            "presence": request.resource_url(context, "presence", ""),
        },
    }
    return data if wants_json(request) else dashboard_page(context, request, data, filters)


@desk_view(**STREAMED)
def list_stream(context: Desk, request: Request) -> Response:
    """The list as a stream: what comes, changes or goes, and the counts."""
    admin, filters = request.identity.admin, _filters(request)
    check_filters(request.db, filters, reader_id=admin.id)
    log = ListLog(
        request.realtime,
        filters,
        login_token(request) or "",
        admin.id,
        after=inbox.activity_position(resume_from(request)),
        shape=row_shaper(request),
        summary=_summary(request),
    )
    here = [(presence.ADMIN, admin.id)]
    return streamed(request, log, EVERYTHING, f"login {admin.login_id}", here)


@view_config(
    context=Desk,
    name="presence",
    request_method="POST",
    permission=Permission.KEEP,
    renderer="json",
)
def be_here(context: Desk, request: Request) -> dict[str, Any]:
    """Whether this admin is at the keyboard: ``{"state": "online"}`` or ``away``."""
    state = validation.choice(json_object(request).get("state"), "state", ("online", "away"))
    presence.set_away(request.dbsession, request.identity.admin.id, away=state == "away")
    return {}


@read_view(renderer=CONVERSATION_PAGE)
@read_view(accept="text/html", renderer=CONVERSATION_PAGE)
@read_view(accept="application/json", renderer="json")
def show(context: AdminSession, request: Request) -> dict[str, Any]:
    """The newest page of the conversation, and its customer."""
    data = newest(context, request)
    data["links"] = {"presence": request.resource_url(context.__parent__, "presence", "")}
    if wants_json(request):
        return data
    return conversation_page(request, data) | shown_page(context, request, data)


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
        raise Invalid("admin", 'Say who: {"admin": "username"}, or null for nobody.')
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


def _summary(request: Request) -> Callable[..., tuple[dict[str, Any], bool]]:
    """What stands above the list, and whether it is as of now. It lives on without the request."""
    shape, reader = row_shaper(request), request.identity.admin.id

    def summary(db: Any, figures: Sparing) -> tuple[dict[str, Any], bool]:
        counts, counted = figures.get("counts", lambda: inbox.counts(db))
        news, read = figures.get(("news", reader), lambda: inbox.news(db, reader))
        longest = inbox.longest_wait(db)
        row = None if longest is None else inbox.row_of(db, longest, reader_id=reader)
        told = {
            "counts": {"counts": counts, "longest": shape(row) if row else None},
            "news": news_shape(news),
        }
        return told, counted and read

    return summary


def _filters(request: Request) -> Filters:
    return Filters(
        status=request.GET.get("status", ""),
        assignee=request.GET.get("assignee", ""),
        view=request.GET.get("view", ""),
        tag=request.GET.get("tag", ""),
        priority=request.GET.get("priority", ""),
        search=request.GET.get("q", ""),
        before=request.GET.get("before", ""),
    )


def _query(filters: Filters) -> dict[str, str]:
    query = {
        "status": filters.status,
        "assignee": filters.assignee,
        "view": filters.view,
        "tag": filters.tag,
        "priority": filters.priority,
        "q": filters.search,
    }
    return {key: value for key, value in query.items() if value}
