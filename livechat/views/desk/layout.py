"""What every page of the desk needs besides its JSON: URLs, permissions, texts, formats."""

from __future__ import annotations

from typing import Any

from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request

from ...desk import preferences
from ...formats import Formats
from ...models import now
from ...permissions import GRANTS
from ...web import script_texts
from .common import news_of

_ = TranslationStringFactory("livechat")

# Paths below the desk that its scripts call, besides those of conversations.
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


def desk_page(request: Request, news: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return what every page of a signed-in admin needs. `news`: the result of `news_of`, if it has been read
    already."""
    entrance = request.root["custom-admin"]
    desk = entrance["chat"]
    return {
        "admin": request.identity.admin,
        "news": news or news_of(request),
        "may": sorted(GRANTS.get(request.identity.admin.role, ())),
        "preferences": preferences.preferences_of(request.db, request.identity.admin.id),
        "words": script_texts.translated(script_texts.DESK, request.localizer.translate),
        "formats": formats_of(request),
        "desk_url": request.resource_url(desk),
        "places": {place: request.resource_url(desk, place, "") for place in PLACES},
        "logout_url": request.resource_url(entrance, "logout", ""),
        "login_url": request.resource_url(entrance, "login", "", query={"next": request.path_qs}),
    }


def paging(
    context: Any, request: Request, *place: str, query: dict[str, str], following: str | None
) -> dict[str, str | None]:
    """Return a list's links ``newest_url``, None on the first page, and ``next_url``, None on the last.

    `place`: the path of the list below `context`; `query`: its filters; `following`: the cursor of the next page.
    """

    def link(**more: str) -> str:
        url: str = request.resource_url(context, *place, query=query | more)
        return url

    return {
        "newest_url": link() if request.GET.get("before") else None,
        "next_url": link(before=following) if following else None,
    }


def formats_of(request: Request) -> Formats:
    """Return the formats of numbers and times for this request's language and the current time."""
    return Formats(request.locale_name or "en", request.localizer.translate, now())
