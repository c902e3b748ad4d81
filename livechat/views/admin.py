"""The desk: the dashboard, the conversation, and what an admin does with it, as pages and as JSON."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from .. import conversation, fields, listing, presence, reading, staff
from ..cursors import message_cursor, message_position
from ..inputs import form_text, json_object
from ..limits import network
from ..listing import Filters
from ..permissions import Permission
from ..realtime.hub import EVERYTHING
from ..realtime.logs import AdminLog, ListLog
from ..realtime.sparing import Sparing
from ..refusals import Invalid, Missing
from ..resources import AdminSession, Desk
from ..security import login_token
from ..shapes import admin_message, admin_session, rfc3339
from .pages import conversation_page, dashboard_page
from .streaming import STREAMED, resume_from, say_typing, streamed

VERBS = ("send", "messages", "close", "assign", "reopen", "seen", "typing")
DASHBOARD_PAGE = "livechat:templates/desk/dashboard.jinja2"
CONVERSATION_PAGE = "livechat:templates/desk/conversation.jinja2"

# A page is registered for text/html and for what names no type we have. Without the former a browser, whose
# Accept ends with */*, would get the JSON.
desk_view: Callable[..., Any] = partial(
    view_config, context=Desk, request_method="GET", permission=Permission.READ_DESK
)
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


@desk_view(renderer=DASHBOARD_PAGE)
@desk_view(accept="text/html", renderer=DASHBOARD_PAGE)
@desk_view(accept="application/json", renderer="json")
def dashboard(context: Desk, request: Request) -> dict[str, Any]:
    """The counts and the filtered list, newest activity first."""
    filters = _filters(request)
    cursor = listing.activity_cursor(request.db)  # before the list: it may be newer, but not older
    reader = request.identity.admin.id
    page = listing.find_sessions(request.db, filters, reader_id=reader)
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
    return data if _wants_json(request) else dashboard_page(context, request, data, filters)


@desk_view(**STREAMED)
def list_stream(context: Desk, request: Request) -> Response:
    """The list as a stream: what comes, changes or goes, and the counts."""
    admin, filters = request.identity.admin, _filters(request)
    listing.check_filters(request.db, filters, reader_id=admin.id)
    log = ListLog(
        request.realtime,
        filters,
        login_token(request) or "",
        admin.id,
        after=listing.activity_position(resume_from(request)),
        shape=row_shaper(request),
        summary=_summary(request),
    )
    here = (presence.ADMIN, admin.id)
    return streamed(request, log, EVERYTHING, f"login {admin.login_id}", here)


@view_config(
    context=Desk,
    name="presence",
    request_method="POST",
    permission=Permission.ANSWER,
    renderer="json",
)
def be_here(context: Desk, request: Request) -> dict[str, Any]:
    """Whether this admin is at the keyboard: ``{"state": "online"}`` or ``away``."""
    state = json_object(request).get("state")
    if state not in {"online", "away"}:
        raise Invalid("state", "state is online or away.")
    presence.set_away(request.dbsession, request.identity.admin.id, away=state == "away")
    return {}


@read_view(renderer=CONVERSATION_PAGE)
@read_view(accept="text/html", renderer=CONVERSATION_PAGE)
@read_view(accept="application/json", renderer="json")
def show(context: AdminSession, request: Request) -> dict[str, Any]:
    """The conversation and its customer."""
    data = _listing(context, request, 0)
    data["links"] = {"presence": request.resource_url(context.__parent__, "presence", "")}
    return data if _wants_json(request) else conversation_page(request, data)


@read_view(name="messages", renderer="json")
@read_view(name="messages", accept="application/json", renderer="json")
def messages(context: AdminSession, request: Request) -> dict[str, Any]:
    """Everything since the cursor, in order."""
    position, anew = message_position(request.GET.get("after"), context.record, for_customer=False)
    request.realtime.book.polled(presence.ADMIN, request.identity.admin.id)
    return _listing(context, request, position) | ({"reset": True} if anew else {})


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
        shape=lambda db, found: shape(listing.row_of(db(), found, reader_id=admin.id)),
        translate=request.localizer.translate,
        admin_id=admin.id,
        news=news_shape,
    )
    here = (presence.ADMIN, admin.id)
    return streamed(request, log, record.id, f"login {admin.login_id}", here, everything=True)


@act_view(name="typing")
def typing(context: AdminSession, request: Request) -> dict[str, Any]:
    """This admin begins or ends to type. Nothing is stored."""
    say_typing(request, context.record.id, request.identity.admin.id, json_object(request))
    return {}


@act_view(name="send")
def send(context: AdminSession, request: Request) -> Any:
    """Answer. A waiting conversation is taken by that."""
    data = _data(request)
    body, client_id = fields.body_text(data.get("body")), fields.client_id(data.get("client_id"))
    admin = request.identity.admin
    request.limits.count_send(network(request), f"admin {admin.id}")
    sent = conversation.send(request.dbsession, context.record, admin.actor, body, client_id)
    request.response.status_int = 201 if sent.created else 200
    answer = {
        "message": admin_message(sent.message, request.localizer.translate),
        "cursor": message_cursor(context.record, sent.message.seq, for_customer=False),
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


def row_shaper(request: Request) -> Callable[[listing.Row], dict[str, Any]]:
    """What makes a session as admins see it from a row of a list. It lives on without the request."""
    desk = request.resource_url(request.root["custom-admin"]["chat"])
    translate = request.localizer.translate

    def shape(row: listing.Row) -> dict[str, Any]:
        own = f"{desk}{row.session.id}/"
        links = {"self": own, **{verb: f"{own}{verb}/" for verb in VERBS}}
        return admin_session(row, translate) | {"links": links}

    return shape


def news_shape(news: listing.News) -> dict[str, Any]:
    """What calls for an admin, on whatever page they are."""
    return {"unread": news.unread, "newest": rfc3339(news.newest)}


def _summary(request: Request) -> Callable[..., tuple[dict[str, Any], bool]]:
    """What stands above the list, and whether it is as of now. It lives on without the request."""
    shape, reader = row_shaper(request), request.identity.admin.id

    def summary(db: Any, figures: Sparing) -> tuple[dict[str, Any], bool]:
        counts, counted = figures.get("counts", lambda: listing.counts(db))
        news, read = figures.get(("news", reader), lambda: listing.news(db, reader))
        longest = listing.longest_wait(db)
        row = None if longest is None else listing.row_of(db, longest, reader_id=reader)
        told = {
            "counts": {"counts": counts, "longest": shape(row) if row else None},
            "news": news_shape(news),
        }
        return told, counted and read

    return summary


def _session(context: AdminSession, request: Request) -> dict[str, Any]:
    record = reading.record_by_id(request.db, context.record.id)  # as it is after the act
    row = listing.row_of(request.db, record, reader_id=request.identity.admin.id)
    return {"session": row_shaper(request)(row)}


def _listing(context: AdminSession, request: Request, after: int) -> dict[str, Any]:
    record = context.record
    entries = reading.entries_after(request.db, record.id, after, for_customer=False)
    return {
        **_session(context, request),
        "messages": [admin_message(entry, request.localizer.translate) for entry in entries],
        "cursor": message_cursor(record, entries[-1].seq if entries else after, for_customer=False),
        "news": news_shape(listing.news(request.db, request.identity.admin.id)),
    }


def _filters(request: Request) -> Filters:
    return Filters(
        status=request.GET.get("status", ""),
        assignee=request.GET.get("assignee", ""),
        search=request.GET.get("q", ""),
        before=request.GET.get("before", ""),
    )


def _query(filters: Filters) -> dict[str, str]:
    query = {"status": filters.status, "assignee": filters.assignee, "q": filters.search}
    return {key: value for key, value in query.items() if value}


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
