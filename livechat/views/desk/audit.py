"""The audit log as a page and as JSON, newest entry first. For owners."""

from __future__ import annotations

import re
from itertools import groupby
from typing import Any

from pyramid.request import Request

from ...conversation.cursors import audit_cursor, audit_position
from ...desk import audit_trail
from ...desk.audit_trail import People
from ...exceptions import Invalid
from ...models import Audit
from ...permissions import Permission
from ...resources import Desk
from ...web.accept import wants_json
from .common import page_or_json
from .layout import desk_page, paging

PAGE = "livechat:templates/desk/audit.jinja2"
FILTERS = ("actor", "act", "session")


@page_or_json(Desk, PAGE, Permission.MANAGE, name="audit")
def audit_log(context: Desk, request: Request) -> dict[str, Any]:
    """One page of the entries that match the filters."""
    db, asked = request.dbsession, {name: request.GET.get(name, "").strip() for name in FILTERS}
    found, following = audit_trail.page(
        db,
        before=audit_position(request.GET.get("before", "")),
        actor=audit_trail.actor_key(db, asked["actor"][:200]),
        act=audit_trail.check_act(asked["act"]),
        session=_number(asked["session"]),
    )
    people = audit_trail.people_now(db)
    data = {
        "entries": [_entry(context, request, entry, people) for entry in found],
        "next": audit_cursor(following),
    }
    return data if wants_json(request) else _page(context, request, data, asked, people)


def _entry(context: Desk, request: Request, entry: Audit, people: People) -> dict[str, Any]:
    chat = entry.session_id
    link = request.resource_url(context, str(chat), "") if chat else None
    return audit_trail.shape(entry, people, request.localizer.translate) | {"link": link}


def _page(
    context: Desk,
    request: Request,
    data: dict[str, Any],
    asked: dict[str, str],
    people: People,
) -> dict[str, Any]:
    query = {name: text for name, text in asked.items() if text}
    return {
        **desk_page(request),
        **data,
        "by_day": [
            (day, list(some))
            for day, some in groupby(data["entries"], lambda entry: entry["created_at"][:10])
        ],
        "asked": asked,
        "filtered": bool(query),
        "acts": [(act.value, name) for act, name in audit_trail.NAMES.items()],
        "admins": sorted(people.names.items(), key=lambda item: item[1].casefold()),
        "command_line": audit_trail.COMMAND_LINE,
        "audit_url": request.resource_url(context, "audit", ""),
        **paging(context, request, "audit", "", query=query, following=data["next"]),
    }


def _number(text: str) -> int | None:
    if not text:
        return None
    match = re.fullmatch(r"#?([1-9]\d{0,8})", text, re.ASCII)
    if match is None:
        raise Invalid("session", "A chat number has at most nine digits.")
    return int(match[1])
