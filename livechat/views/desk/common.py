"""What the views of the desk have in common: what they are registered with, what they read and answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.renderers import render_to_response
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from ... import validation
from ...accounts import admins
from ...conversation import records, undo
from ...conversation.cursors import message_cursor
from ...conversation.records import Row
from ...desk import inbox
from ...exceptions import Invalid, Missing, Refused
from ...models import rfc3339
from ...permissions import Permission
from ...resources import AdminSession
from ...serializers import admin_message, admin_session
from ...web.accept import wants_json
from ...web.rate_limits import network
from ...web.request_body import form_text, json_object

VERBS = (
    "send",
    "messages",
    "close",
    "assign",
    "reopen",
    "seen",
    "typing",
    "note",
    "unread",
    "transfer",
    "tags",
    "priority",
    "snooze",
    "block",
    "draft",
    "earlier",
    "replies",
    "undo",
)


def page_or_json(
    context: type, page: str, permission: Permission = Permission.READ_DESK, **more: Any
) -> Callable[[Any], Any]:
    """Register a view that answers browsers with a page and programs with JSON. It handles GET by default.

    The page (the template `page`) is registered twice: for text/html, and for requests that name neither type.
    Without the former, a browser, whose Accept ends with */*, would get the JSON.
    """
    given: dict[str, Any] = {"request_method": "GET", **more, "_depth": 1}
    given |= {"context": context, "permission": permission}

    def register(view: Any) -> Any:
        view = view_config(renderer=page, **given)(view)
        view = view_config(renderer=page, accept="text/html", **given)(view)
        return view_config(renderer="json", accept="application/json", **given)(view)

    return register


def post_view(context: type, permission: Permission = Permission.ANSWER, **more: Any) -> Any:
    """Register a view that changes something and answers with JSON."""
    given = {"request_method": "POST", "renderer": "json", **more}
    return view_config(context=context, permission=permission, **given)


read_view: Callable[..., Any] = partial(
    view_config, context=AdminSession, request_method="GET", permission=Permission.READ_DESK
)
act_view: Callable[..., Any] = partial(post_view, AdminSession)
# For what belongs to the admin alone, such as read receipts: READ_DESK is enough.
own_view: Callable[..., Any] = partial(post_view, AdminSession, Permission.KEEP)


def row_shaper(request: Request) -> Callable[[Row], dict[str, Any]]:
    """What makes a session as admins see it from a row of a list. It lives on without the request."""
    desk = request.resource_url(request.root["custom-admin"]["chat"])
    translate = request.localizer.translate

    def shape(row: Row) -> dict[str, Any]:
        own = f"{desk}{row.session.id}/"
        links = {"self": own, **{verb: f"{own}{verb}/" for verb in VERBS}}
        return admin_session(row, translate) | {"links": links}

    return shape


def news_shape(news: inbox.News) -> dict[str, Any]:
    """What calls for an admin, on whatever page they are."""
    return {
        "unread": news.unread,
        "newest": rfc3339(news.newest),
        "mentions": news.mentions,
        "role": news.role,
    }


def news_of(request: Request) -> dict[str, Any]:
    """What calls for the current admin."""
    return news_shape(inbox.news(request.db, request.identity.admin.id))


def session_of(context: AdminSession, request: Request) -> dict[str, Any]:
    """The session as it is after an act: ``{"session": …}``."""
    record = records.record_by_id(request.db, context.record.id)  # as it is after the act
    row = inbox.row_of(request.db, record, reader_id=request.identity.admin.id)
    return {"session": row_shaper(request)(row)}


def done(context: AdminSession, request: Request) -> dict[str, Any]:
    """The session after an act that can be taken back: ``{"session": …, "undo": seq or null}``."""
    actor, since = request.identity.admin.actor, context.record.seq
    offered = undo.offered(request.dbsession, context.session, actor, since)
    return session_of(context, request) | {"undo": offered}


def messages_shape(request: Request, entries: Sequence[Any]) -> list[dict[str, Any]]:
    """The JSON of entries, as the current admin sees them."""
    translate, reader = request.localizer.translate, request.identity.admin.actor
    return [admin_message(entry, translate, reader=reader) for entry in entries]


def text_to_send(request: Request, body: Any, client_id: Any) -> tuple[str, str]:
    """Check the text of a message or a note, and the client's id of it, and count it towards the admin's limit.

    Raises Invalid and TooMany.
    """
    given = validation.body_text(body), validation.client_id(client_id)
    request.limits.count_send(network(request), f"admin {request.identity.admin.id}")
    return given


def answer_sent(context: AdminSession, request: Request, sent: Any) -> dict[str, Any] | Response:
    """The answer to what was sent: 201, or 200 when it had been sent before."""
    request.response.status_int = 201 if sent.created else 200
    cursor = message_cursor(context.record, sent.message.seq, for_customer=False)
    [message] = messages_shape(request, [sent.message])
    return answered(context, request, {"message": message, "cursor": cursor})


def fields_of(request: Request) -> dict[str, Any]:
    """The fields of an act, from JSON or from a plain form."""
    if not is_form(request):
        return json_object(request)
    data: dict[str, Any] = {name: form_text(request, name) for name in request.POST}
    for name in {"version", "seq", "seen_seq"} & set(data):
        data[name] = (
            int(data[name])
            if data[name].isascii() and data[name].isdigit() and len(data[name]) < 10
            else -1
        )
    return data | ({"admin": data["admin"] or None} if "admin" in data else {})


def answered(
    context: AdminSession, request: Request, answer: dict[str, Any]
) -> dict[str, Any] | Response:
    """JSON; for a plain form the way back to the conversation."""
    return HTTPSeeOther(request.resource_url(context)) if wants_page(request) else answer


def admin_named(request: Request, username: Any) -> Any:
    """The admin of this username; None for nobody. Raises Invalid."""
    if username is None:
        return None
    try:
        if not isinstance(username, str) or len(username) > 100 or "\x00" in username:
            raise Missing("")
        return admins.find_admin(request.dbsession, username)
    except Missing:
        raise Invalid("admin", "There is no admin with this username.") from None


def is_form(request: Request) -> bool:
    """Whether the fields come from a plain form."""
    return request.content_type in {"application/x-www-form-urlencoded", "multipart/form-data"}


def wants_page(request: Request) -> bool:
    """Whether a POST comes from a plain form of a page, which is answered with a redirect or the page again."""
    return is_form(request) and not wants_json(request)


def page_again(page: str, shown: dict[str, Any], refused: Refused, request: Request) -> Response:
    """The template `page` with what was typed and what is wrong with it."""
    response = render_to_response(page, shown, request=request)
    response.status_int = refused.status
    response.headers.update(refused.headers)
    return response
