"""What the desk's pages show beside the JSON: addresses, names, words, times."""

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


def desk_page(request: Request, news: dict[str, Any] | None = None) -> dict[str, Any]:
    """What every page of a signed-in admin needs. `news`: what `news_of` gives, if it has been read already."""
    entrance = request.root["custom-admin"]
    desk = entrance["chat"]
    return {
        "admin": request.identity.admin,
        "news": news or news_of(request),
        "may": sorted(GRANTS.get(request.identity.admin.role, ())),
        "preferences": preferences.preferences_of(request.db, request.identity.admin.id),
        "words": script_texts.translated(script_texts.DESK, request.localizer.translate),
        "teller": formats_of(request),
        "desk_url": request.resource_url(desk),
        "places": {place: request.resource_url(desk, place, "") for place in PLACES},
        "logout_url": request.resource_url(entrance, "logout", ""),
        "login_url": request.resource_url(entrance, "login", "", query={"next": request.path_qs}),
    }


def paging(
    context: Any, request: Request, *place: str, query: dict[str, str], following: str | None
) -> dict[str, str | None]:
    """The links of a list by pages: ``newest_url``, unless this is the first page, and ``next_url``, if there is one.

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
    """Numbers and times in the language of this request, as of now."""
    return Formats(request.locale_name or "en", request.localizer.translate, now())
