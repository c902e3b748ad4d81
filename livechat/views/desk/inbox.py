"""The inbox: the list with its filters and counts, as a page, as JSON and as a stream."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from ... import validation
from ...accounts import admins
from ...conversation.cursors import activity_cursor, activity_position
from ...desk import inbox, presence
from ...desk.filters import Filters, check_filters
from ...models import Admin, Status
from ...permissions import Permission
from ...realtime.hub import EVERYTHING
from ...realtime.inbox_feed import InboxFeed
from ...realtime.refresh_budget import RefreshBudget
from ...resources import Desk
from ...security import login_token
from ...web.accept import wants_json
from ...web.request_body import json_object
from ..streaming import STREAMED, resume_from, streamed
from .common import news_shape, page_or_json, post_view, row_shaper
from .layout import desk_page, paging
from .statistics import today_strip

_ = TranslationStringFactory("livechat")
DASHBOARD_PAGE = "livechat:templates/desk/dashboard.jinja2"
# Views of the list with the parameter that selects them, in the order in which the page shows them.
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


@page_or_json(Desk, DASHBOARD_PAGE)
def dashboard(context: Desk, request: Request) -> dict[str, Any]:
    """The counts and the filtered list, newest activity first."""
    filters = _filters(request)
    data = _list(context, request, filters)
    return data if wants_json(request) else dashboard_page(context, request, data, filters)


def _list(context: Desk, request: Request, filters: Filters) -> dict[str, Any]:
    cursor = activity_cursor(
        inbox.newest_entry(request.db)
    )  # before the list: it may be newer, but not older
    reader = request.identity.admin.id
    page = inbox.find_sessions(request.db, filters, reader_id=reader)
    request.realtime.open_pages.polled(presence.ADMIN, reader)
    shape = row_shaper(request)
    summary, _now = _summary(request)(request.db, RefreshBudget())
    return {
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


@view_config(context=Desk, request_method="GET", permission=Permission.READ_DESK, **STREAMED)
def list_stream(context: Desk, request: Request) -> Response:
    """Stream the list: sessions that appear, change or leave it, and the counts."""
    admin, filters = request.identity.admin, _filters(request)
    check_filters(request.db, filters, reader_id=admin.id)
    feed = InboxFeed(
        request.realtime,
        filters,
        login_token(request) or "",
        admin.id,
        after=activity_position(resume_from(request)),
        shape=row_shaper(request),
        summary=_summary(request),
    )
    here = [(presence.ADMIN, admin.id)]
    return streamed(request, feed, EVERYTHING, f"login {admin.login_id}", here)


@post_view(Desk, Permission.KEEP, name="presence")
def set_presence(context: Desk, request: Request) -> dict[str, Any]:
    """Set whether this admin is at the keyboard: ``{"state": "online"}`` or ``away``."""
    state = validation.choice(json_object(request).get("state"), "state", ("online", "away"))
    presence.set_away(request.dbsession, request.identity.admin.id, away=state == "away")
    return {}


def _summary(request: Request) -> Callable[..., tuple[dict[str, Any], bool]]:
    """Return a function that makes the figures above the list, and tells whether they are current.

    The function may outlive the request.
    """
    shape, reader = row_shaper(request), request.identity.admin.id

    def summary(db: Any, figures: RefreshBudget) -> tuple[dict[str, Any], bool]:
        counts, counted = figures.get("counts", lambda: inbox.counts(db))
        news, read = figures.get(("news", reader), lambda: inbox.news(db, reader))
        longest = inbox.longest_wait(db)
        row = None if longest is None else inbox.row_of(db, longest, reader_id=reader)
        told = {
            "counts": {"counts": counts, "longest": shape(row) if row else None},
            "news": news_shape(news),
        }
        return told, counted and read

    return summary


def _filters(request: Request) -> Filters:
    return Filters(
        status=request.GET.get("status", ""),
        assignee=request.GET.get("assignee", ""),
        view=request.GET.get("view", ""),
        tag=request.GET.get("tag", ""),
        priority=request.GET.get("priority", ""),
        search=request.GET.get("q", ""),
        before=request.GET.get("before", ""),
    )


def _query(filters: Filters) -> dict[str, str]:
    query = {
        "view": filters.view,
        "status": filters.status,
        "assignee": filters.assignee,
        "q": filters.search,
        "tag": filters.tag,
        "priority": filters.priority,
    }
    return {key: value for key, value in query.items() if value}


def dashboard_page(
    context: Desk, request: Request, data: dict[str, Any], filters: Filters
) -> dict[str, Any]:
    """Return what the inbox shows. Each view's link keeps the other filters and the open conversation."""
    view = request.GET.get("view", "") or filters.status or "all"
    query = _query(filters)
    return {
        **desk_page(request, data["news"]),
        **data,
        "figures": today_strip(request) if request.context is context else None,
        "listed": [{**each, "links": {"self": each["links"]["self"]}} for each in data["sessions"]],
        "filters": filters,
        "filtered": bool(query),
        "list_query": query,
        "view": view,
        "cards": [_card(request, data["counts"], query, view, *each) for each in VIEWS],
        "admins": _names(admins.all_admins(request.dbsession, enabled=True)),
        "assignees": _names(admins.admins_who_may(request.dbsession, Permission.ANSWER)),
        **paging(context, request, query=query, following=data["next"]),
        "widget_url": request.resource_url(request.root, "widget.js"),
        "demo_url": request.resource_url(request.root["demo"])
        if request.livechat.demo_shop
        else None,
    }


def _names(found: Sequence[Admin]) -> list[dict[str, str]]:
    return [{"username": admin.username, "name": admin.name} for admin in found]


def _card(
    request: Request,
    counts: dict[str, int],
    kept: dict[str, str],
    chosen: str,
    name: str,
    parameter: str,
    label: Any,
) -> dict[str, Any]:
    count = counts.get(name) if parameter == "status" else None
    query = {key: value for key, value in kept.items() if key not in {"view", "status"}}
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
