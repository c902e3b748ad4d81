"""Canned replies: their page, their JSON, and the picker's list with the variables filled in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request

from ... import validation
from ...desk import canned_replies
from ...exceptions import Refused
from ...permissions import Permission
from ...resources import AdminSession, Folder, Replies, Reply
from ...web.accept import wants_json
from .common import fields_of, page_or_json, post_view, read_view, wants_page
from .layout import desk_page

PAGE = "livechat:templates/desk/replies.jinja2"
LONGEST_SEARCH = 100


@page_or_json(Replies, PAGE)
def listed(context: Replies, request: Request) -> dict[str, Any]:
    """The replies that this admin may use."""
    data = {"replies": _listed(context, request)}
    return data if wants_json(request) else _page(request, data)


@page_or_json(Replies, PAGE, Permission.ANSWER, request_method="POST")
def add(context: Replies, request: Request) -> Any:
    """Add a reply: ``{code, title, body, scope}``."""
    given = fields_of(request)
    try:
        reply = canned_replies.add(request.dbsession, request.identity.admin.actor, **_reply(given))
    except Refused as refusal:
        return _refused(context, request, refusal, given)
    if wants_page(request):
        return HTTPSeeOther(request.resource_url(context) + f"#reply-{reply.id}")
    request.response.status_int = 201
    return {"reply": _shape(context, request, reply)}


@page_or_json(Reply, PAGE, Permission.ANSWER, request_method="POST")
def change(context: Reply, request: Request) -> Any:
    """Change a reply."""
    given, folder = fields_of(request), context.__parent__
    actor = request.identity.admin.actor
    try:
        reply = canned_replies.change(request.dbsession, actor, context.record.id, **_reply(given))
    except Refused as refusal:
        return _refused(folder, request, refusal, given | {"id": context.record.id})
    if wants_page(request):
        return HTTPSeeOther(request.resource_url(folder) + f"#reply-{reply.id}")
    return {"reply": _shape(folder, request, reply)}


@post_view(Reply, name="remove")
def remove(context: Reply, request: Request) -> Any:
    """Remove a reply."""
    fields_of(request)
    canned_replies.remove(request.dbsession, request.identity.admin.actor, context.record.id)
    if wants_page(request):
        return HTTPSeeOther(request.resource_url(context.__parent__))
    return {}


@post_view(Reply, name="used")
def used(context: Reply, request: Request) -> dict[str, Any]:
    """Count that the reply has been inserted into an answer."""
    fields_of(request)
    canned_replies.used(request.dbsession, request.identity.admin.actor, context.record.id)
    return {}


@read_view(name="replies", renderer="json")
def for_session(context: AdminSession, request: Request) -> dict[str, Any]:
    """Return the replies that match the text typed after the slash, with this conversation's values filled in."""
    search = request.GET.get("q", "")[:LONGEST_SEARCH].replace("\x00", "")
    found = canned_replies.offered(request.db, request.identity.admin.id, search)
    return {"replies": [_filled(context, request, reply) for reply in found]}


def _filled(context: AdminSession, request: Request, reply: Any) -> dict[str, Any]:
    folder, admin = context.__parent__["replies"], request.identity.admin
    return {
        "id": reply.id,
        "code": reply.code,
        "title": reply.title,
        "text": canned_replies.fill(reply.body, context.record, admin.name),
        "uses": reply.uses,
        "links": {"used": request.resource_url(folder, str(reply.id), "used", "")},
    }


def _reply(given: Mapping[str, Any]) -> dict[str, Any]:
    code = validation.short_text(given.get("code"), "code", 200)
    scope = validation.choice(given.get("scope", "mine"), "scope", ("mine", "all"))
    body = validation.body_text(given.get("body"), what="reply")
    title = validation.short_text(given.get("title"), "title", 100) or body.partition("\n")[0][:60]
    return {"code": code or "", "title": title, "body": body, "everybody": scope == "all"}


def _shape(context: Folder, request: Request, reply: Any) -> dict[str, Any]:
    own = request.resource_url(context, str(reply.id), "")
    return {
        "id": reply.id,
        "code": reply.code,
        "title": reply.title,
        "body": reply.body,
        "scope": "all" if reply.scope == canned_replies.EVERYBODY else "mine",
        "uses": reply.uses,
        "links": {"self": own, "remove": f"{own}remove/", "used": f"{own}used/"},
    }


def _listed(context: Folder, request: Request) -> list[dict[str, Any]]:
    found = canned_replies.replies_of(request.db, request.identity.admin.id)
    return [_shape(context, request, reply) for reply in found]


def _page(request: Request, data: dict[str, Any]) -> dict[str, Any]:
    return {
        **desk_page(request),
        "given": {},
        "refused": None,
        **data,
        "variables": list(canned_replies.VARIABLES),
    }


def _refused(
    context: Folder, request: Request, refusal: Refused, given: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the page again, with what was typed and what is wrong with it."""
    if not wants_page(request):
        raise refusal
    request.response.status_int = refusal.status
    kept = {"replies": _listed(context, request), "given": given, "refused": refusal.message}
    return _page(request, kept)
