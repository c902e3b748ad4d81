"""What the desk's pages show beside the JSON: addresses, names, words, times."""

from __future__ import annotations

import uuid
from typing import Any

from pyramid.request import Request

from .. import staff, words
from ..listing import Filters
from ..models import Status, now
from ..resources import Desk
from ..telling import Teller


def desk_page(request: Request) -> dict[str, Any]:
    """What every page of a signed-in admin needs."""
    entrance = request.root["custom-admin"]
    return {
        "admin": request.identity.admin,
        "words": words.translated(words.DESK, request.localizer.translate),
        "teller": Teller(request, now()),
        "desk_url": request.resource_url(entrance["chat"]),
        "logout_url": request.resource_url(entrance, "logout", ""),
        "login_url": request.resource_url(entrance, "login", "", query={"next": request.path_qs}),
    }


def dashboard_page(
    context: Desk, request: Request, data: dict[str, Any], filters: Filters
) -> dict[str, Any]:
    """The dashboard: each card leads to its status and keeps the other filters."""
    cards = [_card(context, request, data["counts"], filters, status) for status in ("", *Status)]
    newer = _list_url(context, request, filters, filters.status)
    query = {**_query(filters, filters.status), "before": data["next"] or ""}
    return {
        **desk_page(request),
        **data,
        "filters": filters,
        "filtered": bool(filters.status or filters.assignee or filters.search),
        "cards": cards,
        "admins": admin_names(request),
        "newest_url": newer if filters.before else None,
        "next_url": request.resource_url(context, query=query) if data["next"] else None,
        "widget_url": request.resource_url(request.root, "widget.js"),
        "demo_url": request.resource_url(request.root["demo"])
        if request.livechat.demo_shop
        else None,
    }


def conversation_page(request: Request, data: dict[str, Any]) -> dict[str, Any]:
    """The conversation, with an id for the answer written without a script."""
    return {
        **desk_page(request),
        **data,
        "admins": admin_names(request),
        "client_id": str(uuid.uuid4()),
    }


def admin_names(request: Request) -> list[dict[str, str]]:
    """Who a conversation can be given to."""
    return [
        {"username": admin.username, "name": admin.name}
        for admin in staff.all_admins(request.dbsession, enabled=True)
    ]


def _card(
    context: Desk, request: Request, counts: dict[str, int], filters: Filters, status: str
) -> dict[str, Any]:
    return {
        "status": status or "all",
        "count": counts[status] if status else sum(counts.values()),
        "url": _list_url(context, request, filters, status),
        "chosen": filters.status == status,
    }


def _list_url(context: Desk, request: Request, filters: Filters, status: str) -> str:
    query = _query(filters, status)
    return str(
        request.resource_url(context, query=query) if query else request.resource_url(context)
    )


def _query(filters: Filters, status: str) -> dict[str, str]:
    query = {"status": status, "assignee": filters.assignee, "q": filters.search}
    return {key: value for key, value in query.items() if value}
