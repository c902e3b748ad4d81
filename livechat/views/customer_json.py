"""The JSON for customers: their session, and pages of its messages in either direction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyramid.request import Request

from ..conversation import history, records
from ..conversation.cursors import message_cursor, message_position
from ..conversation.history import Page
from ..resources import VERBS, CustomerSession
from ..serializers import customer_message, customer_session


def session_shape(request: Request, session: Any) -> dict[str, Any]:
    """Return the session as its customer sees it. It is read again, because an act may have changed it."""
    return session_shaper(request)(
        lambda: request.db, records.customer_record_by_id(request.db, session.id)
    )


def session_shaper(request: Request) -> Callable[[Callable[[], Any], Any], dict[str, Any]]:
    """Return a function that makes a customer's session from a function that gives a connection, and a row.

    The function may outlive the request.
    """
    base, team = request.resource_url(request.root["chat"]), request.realtime.team
    translate = request.localizer.translate

    def shape(db: Callable[[], Any], session: Any) -> dict[str, Any]:
        name = str(session.uuid)
        shown = customer_session(session, team.shape(db), translate)
        return shown | {"links": {verb: f"{base}{verb}/{name}/" for verb in VERBS}}

    return shape


def newest(request: Request, session: Any) -> dict[str, Any]:
    """Return the newest page: ``{messages, session, cursor}``, and ``before`` if there is a page before it.

    `session` is a row as `records.customer_record_by_id` returns it; ``before`` is a cursor.
    """
    page = _newest(request, session)
    before = {"before": _cursor(session, page.start)} if page.more else {}
    return _shape(request, session, page) | {"cursor": _cursor(session, page.end)} | before


def since(request: Request, session: Any, position: int) -> dict[str, Any]:
    """Return the page after a position: ``{messages, session, cursor}``, and ``more`` if newer messages follow it."""
    page = Page([], position, position, False)
    if session.public_seq > position:
        page = history.page_after(request.db, session.id, position, for_customer=True)
    more = {"more": True} if page.more else {}
    return _shape(request, session, page) | {"cursor": _cursor(session, page.end)} | more


def earlier(request: Request, session: Any, position: int | None) -> dict[str, Any]:
    """Return the page that ends at a position, or at the newest message (None).

    ``cursor`` leads to the page before it, ``after`` to the page after it.
    """
    if position is None:
        page = _newest(request, session)
    else:
        page = history.page_before(request.db, session.id, position, for_customer=True)
    ends = {"cursor": _cursor(session, page.start), "after": _cursor(session, page.end)}
    return _shape(request, session, page) | ends | ({"more": True} if page.more else {})


def position_of(
    context: CustomerSession, request: Request, cursor: str | None, field: str = "after"
) -> tuple[int, bool]:
    """Return the position of a cursor, and whether the client must load the conversation again. Raises Invalid."""
    position, lost = message_position(cursor, context.record, for_customer=True, field=field)
    if lost:
        # The cached session may be older than what the client has just read.
        fresh = records.customer_record_by_id(request.db, context.record.id)
        if fresh is not None:
            context.record = fresh
            position, lost = message_position(cursor, fresh, for_customer=True, field=field)
    return position, lost


def _newest(request: Request, session: Any) -> Page:
    position = session.public_seq
    return history.page_before(
        request.db, session.id, position, for_customer=True, most=history.FIRST
    )


def _shape(request: Request, session: Any, page: Page) -> dict[str, Any]:
    translate = request.localizer.translate
    return {
        "session": session_shaper(request)(lambda: request.db, session),
        "messages": [customer_message(entry, translate) for entry in page.entries],
    }


def _cursor(session: Any, position: int) -> str:
    return message_cursor(session, position, for_customer=True)
