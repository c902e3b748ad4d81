"""The audit log as a page and as JSON: who did what, the newest first. For owners."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from itertools import groupby
from typing import Any

from pyramid.request import Request
from pyramid.view import view_config

from ...desk import audit_trail, inbox
from ...desk.audit_trail import People
from ...exceptions import Invalid
from ...models import Audit
from ...permissions import Permission
from ...resources import Desk
from ...web.accept import wants_json
from .common import news_shape
from .layout import desk_page

PAGE = "livechat:templates/desk/audit.jinja2"
FILTERS = ("actor", "act", "session")

audit_view: Callable[..., Any] = partial(
    view_config, context=Desk, name="audit", request_method="GET", permission=Permission.MANAGE
)


@audit_view(renderer=PAGE)
@audit_view(accept="text/html", renderer=PAGE)
@audit_view(accept="application/json", renderer="json")
def audit_log(context: Desk, request: Request) -> dict[str, Any]:
    """One page of entries that fit the filters."""
    db, asked = request.dbsession, {name: request.GET.get(name, "").strip() for name in FILTERS}
    found, following = audit_trail.page(
        db,
        before=_number(request.GET.get("before", ""), "before", r"e([1-9]\d{0,8})"),
        actor=audit_trail.actor_key(db, asked["actor"][:200]),
        act=audit_trail.check_act(asked["act"]),
        session=_number(asked["session"], "session", r"#?([1-9]\d{0,8})"),
    )
    people = audit_trail.people_now(db)
    data = {
        "entries": [_entry(context, request, entry, people) for entry in found],
        "next": f"e{following}" if following else None,
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
    own = request.resource_url(context, "audit", "")
    following = query | {"before": data["next"]}
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
        "audit_url": own,
        "newest_url": request.resource_url(context, "audit", "", query=query)
        if request.GET.get("before")
        else None,
        "next_url": request.resource_url(context, "audit", "", query=following)
        if data["next"]
        else None,
        "news": news_shape(inbox.news(request.db, request.identity.admin.id)),
    }


def _number(text: str, field: str, form: str) -> int | None:
    if not text:
        return None
    match = re.fullmatch(form, text, re.ASCII)
    if match is None:
        what = {
            "before": "This cursor is not valid. Leave it out.",
            "session": "A chat number has at most nine digits.",
        }
        raise Invalid(field, what[field])
    return int(match[1])
