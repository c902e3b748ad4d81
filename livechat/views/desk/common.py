"""What the views of the desk have in common: what they are registered with, what they read and answer."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from ...accounts import admins
from ...conversation import records, undo
from ...conversation.records import Row
from ...desk import inbox
from ...exceptions import Invalid, Missing
from ...models import rfc3339
from ...permissions import Permission
from ...resources import AdminSession, Desk
from ...serializers import admin_session
from ...web.accept import wants_json
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
# What is only one's own, such as read marks: whoever may read may keep it.
own_view: Callable[..., Any] = partial(
    view_config,
    context=AdminSession,
    request_method="POST",
    permission=Permission.KEEP,
    renderer="json",
)


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
    if is_form(request) and not wants_json(request):
        return HTTPSeeOther(request.resource_url(context))
    return answer


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
