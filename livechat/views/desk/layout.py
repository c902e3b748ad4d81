"""What the desk's pages show beside the JSON: addresses, names, words, times."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request

from ...accounts import admins as staff
from ...desk import preferences
from ...desk.filters import Filters
from ...models import Admin, Status, now
from ...permissions import GRANTS, Permission
from ...resources import Desk
from ...web import script_texts
from ...web.time_format import Teller

_ = TranslationStringFactory("livechat")

# Views of the list by the parameter that chooses them, in the order in which they stand above it.
VIEWS = (
    ("all", "", _("All")),
    ("mine", "view", _("Mine")),
    ("unassigned", "view", _("Unassigned")),
    ("waiting", "status", _("Waiting")),
    ("active", "status", _("Active")),
    ("closed", "status", _("Closed")),
    ("unread", "view", _("Unread")),
    ("snoozed", "view", _("Snoozed")),
    ("mentions", "view", _("Mentions")),
)
# What the desk's scripts ask beside the conversations: name and path beneath the desk.
PLACES = (
    "take",
    "bulk",
    "views",
    "colleagues",
    "tag-names",
    "mentions",
    "preferences",
    "replies",
    "search",
    "statistics",
    "team",
    "audit",
    "profile",
)


def desk_page(request: Request) -> dict[str, Any]:
    """What every page of a signed-in admin needs."""
    entrance = request.root["custom-admin"]
    desk = entrance["chat"]
    return {
        "admin": request.identity.admin,
        "may": sorted(GRANTS.get(request.identity.admin.role, ())),
        "preferences": preferences.preferences_of(request.db, request.identity.admin.id),
        "words": script_texts.translated(script_texts.DESK, request.localizer.translate),
        "teller": Teller(request, now()),
        "desk_url": request.resource_url(desk),
        "places": {place: request.resource_url(desk, place, "") for place in PLACES},
        "logout_url": request.resource_url(entrance, "logout", ""),
        "login_url": request.resource_url(entrance, "login", "", query={"next": request.path_qs}),
    }


def dashboard_page(
    context: Desk, request: Request, data: dict[str, Any], filters: Filters
) -> dict[str, Any]:
    """The inbox: each view leads to its chats and keeps the other filters and the open conversation."""
    from .statistics import today_strip  # it imports this module

    view = request.GET.get("view", "") or filters.status or "all"
    query = _query(request)
    next_query = {**query, "before": data["next"] or ""}
    return {
        **desk_page(request),
        **data,
        "figures": today_strip(request) if request.context is context else None,
        "listed": [{**each, "links": {"self": each["links"]["self"]}} for each in data["sessions"]],
        "filters": filters,
        "filtered": bool(query),
        "list_query": query,
        "view": view,
        "cards": [_card(request, data["counts"], view, *each) for each in VIEWS],
        "admins": _names(staff.all_admins(request.dbsession, enabled=True)),
        "assignees": _names(staff.admins_who_may(request.dbsession, Permission.ANSWER)),
        "newest_url": request.resource_url(context, query=query) if filters.before else None,
        "next_url": request.resource_url(context, query=next_query) if data["next"] else None,
        "widget_url": request.resource_url(request.root, "widget.js"),
        "demo_url": request.resource_url(request.root["demo"])
        if request.livechat.demo_shop
        else None,
    }


def conversation_page(request: Request, data: dict[str, Any]) -> dict[str, Any]:
    """The conversation beside the inbox, with ids for what is written without a script."""
    from .conversation import dashboard  # it imports this module

    page = dashboard(request.context.__parent__, request)
    inbox = {name: page[name] for name in ("counts", "next", "longest", "cursor", "links")}
    inbox["sessions"] = page["listed"]  # the rows want no more of the links
    return {
        **page,
        **data,
        "inbox": inbox,
        "client_id": str(uuid.uuid4()),
        "note_id": str(uuid.uuid4()),
    }


def _names(admins: Sequence[Admin]) -> list[dict[str, str]]:
    return [{"username": admin.username, "name": admin.name} for admin in admins]


def _card(
    request: Request, counts: dict[str, int], chosen: str, name: str, parameter: str, label: Any
) -> dict[str, Any]:
    count = counts.get(name) if parameter == "status" else None
    query = {key: value for key, value in _query(request).items() if key not in {"view", "status"}}
    query |= {parameter: name} if parameter else {}
    return {
        "name": name,
        "label": request.localizer.translate(label),
        "count": sum(counts[each] for each in Status) if name == "all" else count,
        "url": request.resource_url(request.context, query=query)
        if query
        else request.resource_url(request.context),
        "chosen": chosen == name,
    }


def _query(request: Request) -> dict[str, str]:
    names = ("view", "status", "assignee", "q", "tag", "priority")
    return {name: request.GET[name] for name in names if request.GET.get(name)}
