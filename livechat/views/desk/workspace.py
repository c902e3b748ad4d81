"""What admins do with the desk as a whole: taking the next one, many at once, colleagues, views, preferences."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from pyramid.request import Request
from pyramid.view import view_config
from sqlalchemy.orm import Session

from ... import rights, validation
from ...conversation import assignment, lifecycle, mentions, tags, undo
from ...desk import inbox, preferences, presence
from ...exceptions import Invalid, Missing, Refused
from ...models import Admin, ChatSession, rfc3339
from ...permissions import Permission
from ...resources import Desk, View, Views
from .common import admin_named, fields_of, post_view, row_shaper

MOST_AT_ONCE = 100

get_view: Callable[..., Any] = partial(
    view_config,
    context=Desk,
    request_method="GET",
    permission=Permission.READ_DESK,
    renderer="json",
)


@post_view(Desk, name="take")
def take(context: Desk, request: Request) -> dict[str, Any]:
    """Take whoever is next: the most urgent, then who has waited longest."""
    fields_of(request)
    db, identity = request.dbsession, request.identity.admin
    session = assignment.take_next(db, identity.actor, db.get_one(Admin, identity.id))
    row = inbox.row_of(db, session, reader_id=identity.id)
    return {"session": row_shaper(request)(row)}


@post_view(Desk, name="bulk")
def bulk(context: Desk, request: Request) -> dict[str, Any]:
    """Assign, close or tag several, or undo that. What is refused for one does not stop the others."""
    data = fields_of(request)
    numbers = validation.numbers(data.get("numbers"), "numbers", MOST_AT_ONCE, "chats")
    act = _act(request, data)
    done, refused, offered = [], [], []
    for number in numbers:
        try:
            seq = _act_on(request, number, act)
        except Refused as refusal:
            refused.append({"number": number, "message": refusal.message})
        else:
            done.append(number)
            offered += [{"number": number, "seq": seq}] if seq else []
    return {"done": done, "refused": refused, "undo": offered}


def _act_on(
    request: Request, number: int, act: Callable[[Session, ChatSession], Any]
) -> int | None:
    """Act on one session; returns what `undo` takes to undo it, if it can be undone. Raises Refused."""
    db, actor = request.dbsession, request.identity.admin.actor
    with db.begin_nested():
        session = db.get(ChatSession, number)
        if session is None:
            raise Missing("There is no such chat.")
        since = session.seq
        act(db, session)
    return undo.offered(db, session, actor, since)


def _act(request: Request, data: dict[str, Any]) -> Callable[[Session, ChatSession], Any]:
    """What is done to each. All admins whom it is about are locked first: see rights.py."""
    actor, dbsession = request.identity.admin.actor, request.dbsession
    match validation.choice(data.get("act"), "act", ("assign", "close", "tag", "undo")):
        case "assign":
            admin = admin_named(request, data.get("admin"))
            others = [admin.id] if admin else []
            rights.check(dbsession, actor, Permission.ANSWER, others=others)
            return lambda db, session: assignment.assign(
                db, session, actor, admin, None if admin is None else session.version
            )
        case "close":
            rights.check(dbsession, actor, Permission.ANSWER)
            return lambda db, session: lifecycle.close(db, session, actor)
        case "undo":
            seqs = _seqs(data.get("undo"))
            others = undo.holders(dbsession, actor, seqs)
            rights.check(dbsession, actor, Permission.ANSWER, others=others)
            return lambda db, session: undo.undo(db, session, actor, seqs.get(session.id, 0))
    names = validation.texts(data.get("tag"), "tag")
    if not names:
        raise Invalid("tag", "Enter a tag.")
    rights.check(dbsession, actor, Permission.ANSWER)
    return lambda db, session: tags.change_tags(db, session, actor, names, [])


def _seqs(value: Any) -> dict[int, int]:
    if not isinstance(value, list) or len(value) > MOST_AT_ONCE:
        raise Invalid("undo", "undo must be the list from the response to undo.")
    pairs = [validation.mapping(each, "undo") for each in value]
    return {
        validation.whole_number(pair.get("number"), "number"): validation.whole_number(
            pair.get("seq"), "seq"
        )
        for pair in pairs
    }


@get_view(name="colleagues")
def colleagues(context: Desk, request: Request) -> dict[str, Any]:
    """Who works at this desk, and whether they are here."""
    return {"admins": presence.desk_of(request.db)}


@get_view(name="tag-names")
def tag_names(context: Desk, request: Request) -> dict[str, Any]:
    """All tags there are."""
    return {"tags": tags.tag_names(request.db)}


@get_view(name="mentions")
def mentioned(context: Desk, request: Request) -> dict[str, Any]:
    """Where this admin was mentioned, the newest first."""
    found = mentions.mentions_of(request.db, request.identity.admin.id)
    return {"mentions": [_mention(context, request, row) for row in found]}


def _mention(context: Desk, request: Request, row: Any) -> dict[str, Any]:
    return {
        "number": row.session_id,
        "seq": row.seq,
        "name": row.customer_name,
        "author": row.author_name,
        "body": row.body,
        "created_at": rfc3339(row.created_at),
        "seen": row.seen_at is not None,
        "link": request.resource_url(context, str(row.session_id), ""),
    }


@post_view(Desk, Permission.KEEP, name="preferences")
def prefer(context: Desk, request: Request) -> dict[str, Any]:
    """How the desk looks and behaves for this admin."""
    wanted = fields_of(request)
    chosen = preferences.prefer(request.dbsession, request.identity.admin.id, wanted)
    return {"preferences": chosen}


@get_view(context=Views)
def saved_views(context: Views, request: Request) -> dict[str, Any]:
    """The views that this admin has saved."""
    found = preferences.views_of(request.db, request.identity.admin.id)
    return {"views": [_view(context, request, view) for view in found]}


@post_view(Views, Permission.KEEP)
def save_view(context: Views, request: Request) -> dict[str, Any]:
    """Save filters of the list under a name."""
    data = fields_of(request)
    name = validation.short_text(data.get("name"), "name", 60)
    if name is None:
        raise Invalid("name", "Enter a name for the view.")
    query = validation.short_texts(data.get("query"), "query", preferences.FILTERS, 200)
    view = preferences.save_view(request.dbsession, request.identity.admin.id, name, query)
    request.response.status_int = 201
    return {"view": _view(context, request, view)}


@post_view(View, Permission.KEEP, name="remove")
def remove_view(context: View, request: Request) -> dict[str, Any]:
    """Forget a saved view."""
    fields_of(request)
    preferences.remove_view(request.dbsession, context.record.id)
    return {}


def _view(context: Views, request: Request, view: Any) -> dict[str, Any]:
    return {
        "id": view.id,
        "name": view.name,
        "query": view.query,
        "links": {
            "self": request.resource_url(context.__parent__, query=view.query),
            "remove": request.resource_url(context, str(view.id), "remove", ""),
        },
    }
