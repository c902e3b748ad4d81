"""The desk: the dashboard, the conversation, and what an admin does with it, as pages and as JSON."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from .. import conversation, fields, listing, staff
from ..cursors import message_cursor, message_position
from ..inputs import form_text, json_object
from ..limits import network
from ..listing import Filters
from ..models import ChatSession
from ..permissions import Permission
from ..refusals import Invalid, Missing
from ..resources import AdminSession, Desk
from ..shapes import admin_message, admin_session, rfc3339
from .pages import conversation_page, dashboard_page

DASHBOARD_PAGE = "livechat:templates/desk/dashboard.jinja2"
CONVERSATION_PAGE = "livechat:templates/desk/conversation.jinja2"

# A page is registered for text/html and for what names no type we have. Without the former a browser, whose
# Accept ends with */*, would get the JSON.
desk_view: Callable[..., Any] = partial(view_config, context=Desk, permission=Permission.READ_DESK)
read_view: Callable[..., Any] = partial(
    view_config, context=AdminSession, request_method="GET", permission=Permission.READ_DESK
)
act_view: Callable[..., Any] = partial(
    view_config,
    context=AdminSession,
    request_method="POST",
    permission=Permission.ANSWER,
    renderer="json",
)


@desk_view(request_method="GET", renderer=DASHBOARD_PAGE)
@desk_view(request_method="GET", accept="text/html", renderer=DASHBOARD_PAGE)
@desk_view(request_method="GET", accept="application/json", renderer="json")
def dashboard(context: Desk, request: Request) -> dict[str, Any]:
    """The counts and the filtered list, newest activity first."""
    filters = Filters(
        status=request.GET.get("status", ""),
        assignee=request.GET.get("assignee", ""),
        search=request.GET.get("q", ""),
        before=request.GET.get("before", ""),
    )
    page = listing.find_sessions(request.dbsession, filters, reader_id=request.identity.admin.id)
    data = {
        "counts": listing.counts(request.dbsession),
        "sessions": [session_shape(request, row) for row in page.rows],
        "next": page.next,
        "longest": _longest(request),
        "news": _news(request),
    }
    return data if _wants_json(request) else dashboard_page(context, request, data, filters)


@read_view(renderer=CONVERSATION_PAGE)
@read_view(accept="text/html", renderer=CONVERSATION_PAGE)
@read_view(accept="application/json", renderer="json")
def show(context: AdminSession, request: Request) -> dict[str, Any]:
    """The conversation and its customer."""
    data = _listing(context, request, 0)
    return data if _wants_json(request) else conversation_page(request, data)


@read_view(name="messages", renderer="json")
def messages(context: AdminSession, request: Request) -> dict[str, Any]:
    """Everything since the cursor, in order."""
    position, anew = message_position(request.GET.get("after"), context.session, for_customer=False)
    return _listing(context, request, position) | ({"reset": True} if anew else {})


@act_view(name="send")
def send(context: AdminSession, request: Request) -> Any:
    """Answer. A waiting conversation is taken by that."""
    data = _data(request)
    body, client_id = fields.body_text(data.get("body")), fields.client_id(data.get("client_id"))
    admin = request.identity.admin
    request.limits.count_send(network(request), f"admin {admin.id}")
    sent = conversation.send(request.dbsession, context.session, admin.actor, body, client_id)
    request.response.status_int = 201 if sent.created else 200
    answer = {
        "message": admin_message(sent.message, request.localizer.translate),
        "cursor": message_cursor(context.session, sent.message.seq, for_customer=False),
    }
    return _answer(context, request, answer)


@act_view(name="assign")
def assign(context: AdminSession, request: Request) -> Any:
    """Give the conversation to an admin, or back to those who wait (``{"admin": null}``)."""
    data = _data(request)
    if "admin" not in data:
        raise Invalid("admin", 'Say who: {"admin": "username"}, or null for nobody.')
    version = data.get("version")
    conversation.assign(
        request.dbsession,
        context.session,
        request.identity.admin.actor,
        _admin_named(request, data["admin"]),
        None if version is None else fields.whole_number(version, "version"),
    )
    return _answer(context, request, _session(context, request))


@act_view(name="close")
def close(context: AdminSession, request: Request) -> Any:
    """Mark the conversation as done."""
    _data(request)
    conversation.close(request.dbsession, context.session, request.identity.admin.actor)
    return _answer(context, request, _session(context, request))


@act_view(name="reopen")
def reopen(context: AdminSession, request: Request) -> Any:
    """Go on with a closed conversation."""
    _data(request)
    conversation.reopen(request.dbsession, context.session, request.identity.admin.actor)
    return _answer(context, request, _session(context, request))


@act_view(name="seen")
def seen(context: AdminSession, request: Request) -> Any:
    """This admin has had everything up to ``seq`` on screen."""
    seq = fields.whole_number(_data(request).get("seq"), "seq")
    conversation.mark_read(request.dbsession, context.session, request.identity.admin.id, seq)
    return _answer(context, request, _session(context, request))


def session_shape(request: Request, row: listing.Row) -> dict[str, Any]:
    """A session as admins see it, with the addresses of what can be done with it."""
    desk = request.root["custom-admin"]["chat"]
    number = str(row.session.id)
    verbs = ("send", "messages", "close", "assign", "reopen", "seen")
    links = {verb: request.resource_url(desk, number, verb, "") for verb in verbs}
    links["self"] = request.resource_url(desk, number, "")
    return admin_session(row, request.localizer.translate) | {"links": links}


def _shape(request: Request, session: ChatSession) -> dict[str, Any]:
    row = listing.row_of(request.dbsession, session, reader_id=request.identity.admin.id)
    return session_shape(request, row)


def _session(context: AdminSession, request: Request) -> dict[str, Any]:
    return {"session": _shape(request, context.session)}


def _listing(context: AdminSession, request: Request, after: int) -> dict[str, Any]:
    entries = conversation.read_since(request.dbsession, context.session, after, for_customer=False)
    last = entries[-1].seq if entries else after
    return {
        **_session(context, request),
        "messages": [admin_message(entry, request.localizer.translate) for entry in entries],
        "cursor": message_cursor(context.session, last, for_customer=False),
        "news": _news(request),
    }


def _longest(request: Request) -> dict[str, Any] | None:
    """Who has been waiting for an answer longest, whatever the list shows."""
    session = listing.longest_wait(request.dbsession)
    return None if session is None else _shape(request, session)


def _news(request: Request) -> dict[str, Any]:
    """What calls for this admin, on whatever page they are."""
    news = listing.news(request.dbsession, request.identity.admin.id)
    return {"unread": news.unread, "newest": rfc3339(news.newest)}


def _wants_json(request: Request) -> bool:
    # In the order in which Pyramid chooses among the views above.
    offers = request.accept.acceptable_offers(["text/html", "application/json"])
    return bool(offers) and offers[0][0] == "application/json"


def _is_form(request: Request) -> bool:
    return request.content_type in {"application/x-www-form-urlencoded", "multipart/form-data"}


def _data(request: Request) -> dict[str, Any]:
    """The fields of an act, from JSON or from a plain form."""
    if not _is_form(request):
        return json_object(request)
    data: dict[str, Any] = {name: form_text(request, name) for name in request.POST}
    for name in {"version", "seq"} & set(data):
        data[name] = (
            int(data[name])
            if data[name].isascii() and data[name].isdigit() and len(data[name]) < 10
            else -1
        )
    return data | ({"admin": data["admin"] or None} if "admin" in data else {})


def _answer(
    context: AdminSession, request: Request, answer: dict[str, Any]
) -> dict[str, Any] | Response:
    """JSON; for a plain form the way back to the conversation."""
    if _is_form(request) and not _wants_json(request):
        return HTTPSeeOther(request.resource_url(context))
    return answer


def _admin_named(request: Request, username: Any) -> Any:
    if username is None:
        return None
    try:
        if not isinstance(username, str) or len(username) > 100 or "\x00" in username:
            raise Missing("")
        return staff.find_admin(request.dbsession, username)
    except Missing:
        raise Invalid("admin", "There is no admin of that name.") from None
