"""Pages of a conversation at the desk, in either direction and around one entry, as JSON and on the page."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request

from ...conversation import history
from ...conversation.cursors import message_cursor, message_position
from ...conversation.history import PAGE, Page
from ...desk import presence
from ...exceptions import Invalid
from ...resources import AdminSession
from .common import messages_shape, news_of, session_of


def newest(context: AdminSession, request: Request) -> dict[str, Any]:
    """The newest page; ``before`` is the cursor of the page before it, if there is one."""
    page = _newest(context, request)
    before = {"before": _cursor(context, page.start)} if page.more else {}
    return _shape(context, request, page) | {"cursor": _cursor(context, page.end)} | before


def asked_for(context: AdminSession, request: Request) -> dict[str, Any]:
    """The page that the query asks for by ``after``, ``before`` or ``at``. Raises Invalid."""
    asked = [name for name in ("at", "before", "after") if name in request.GET]
    if len(asked) > 1:
        raise Invalid(asked[0], "Give only one of after, before and at.")
    if asked == ["at"]:
        page, lost = _page_around(context, request, _entry(request.GET["at"])), False
        shape = _ends(context, page)
    elif asked == ["before"]:
        position, lost = _position(context, request.GET["before"], "before")
        if lost or not request.GET["before"]:
            page = _newest(context, request)
        else:
            page = _page_before(context, request, position)
        shape = _ends(context, page)
    else:
        position, lost = _position(context, request.GET.get("after"), "after")
        if lost:
            return newest(context, request) | {"reset": True}
        page = _page_after(context, request, position)
        shape = {"cursor": _cursor(context, page.end)}
    more = {"more": True} if page.more else {}
    return _shape(context, request, page) | shape | more | ({"reset": True} if lost else {})


def shown_page(context: AdminSession, request: Request, data: dict[str, Any]) -> dict[str, Any]:
    """What a page without a script shows: ``shown``, and the links ``earlier_url`` and ``later_url``.

    `data` is the newest page. The query asks for another page by ``at`` (as the links of a search do), ``earlier``
    or ``later``; the last two are cursors. Raises Invalid.
    """
    page = _shown(context, request)
    if page is None:
        shown, before = data["messages"], data.get("before")
        later = None
    else:
        shown = messages_shape(request, page.entries)
        before = _cursor(context, page.start) if page.start else None
        later = _cursor(context, page.end) if page.end < context.record.seq else None

    def link(name: str, cursor: str | None) -> str | None:
        return request.resource_url(context, query={name: cursor}) if cursor else None

    return {
        "shown": shown,
        "earlier_url": link("earlier", before),
        "later_url": link("later", later),
    }


def _shown(context: AdminSession, request: Request) -> Page | None:
    query = request.GET
    if at := query.get("at"):
        return _page_around(context, request, _entry(at))
    if cursor := query.get("earlier"):
        position, lost = _position(context, cursor, "earlier")
        return None if lost else _page_before(context, request, position)
    if cursor := query.get("later"):
        position, lost = _position(context, cursor, "later")
        return None if lost else _page_after(context, request, position)
    return None


def _page_around(context: AdminSession, request: Request, seq: int) -> Page:
    """The page around an entry; `more` when there are older ones."""
    db, number, half = request.db, context.record.id, PAGE // 2
    seq = min(seq, context.record.seq)
    older = history.page_before(db, number, seq, for_customer=False, most=half)
    newer = history.page_after(db, number, seq, for_customer=False, most=half)
    return Page([*older.entries, *newer.entries], older.start, newer.end, older.more)


def _entry(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Invalid("at", "at must be the seq of an entry.")
    return int(text)


def _position(context: AdminSession, cursor: str | None, field: str) -> tuple[int, bool]:
    return message_position(cursor, context.record, for_customer=False, field=field)


def _newest(context: AdminSession, request: Request) -> Page:
    record = context.record
    return history.page_before(
        request.db, record.id, record.seq, for_customer=False, most=history.FIRST
    )


def _page_before(context: AdminSession, request: Request, position: int) -> Page:
    return history.page_before(request.db, context.record.id, position, for_customer=False)


def _page_after(context: AdminSession, request: Request, position: int) -> Page:
    return history.page_after(request.db, context.record.id, position, for_customer=False)


def _ends(context: AdminSession, page: Page) -> dict[str, str]:
    return {"cursor": _cursor(context, page.start), "after": _cursor(context, page.end)}


def _cursor(context: AdminSession, position: int) -> str:
    return message_cursor(context.record, position, for_customer=False)


def _shape(context: AdminSession, request: Request, page: Page) -> dict[str, Any]:
    reader = request.identity.admin.id
    return {
        **session_of(context, request),
        "messages": messages_shape(request, page.entries),
        "news": news_of(request),
        "viewers": presence.who_looks(request.db, context.record.id, reader),
    }
