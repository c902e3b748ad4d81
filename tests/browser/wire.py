"""The requests that a browser sends to follow a conversation or the list."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import BrowserContext, Page, Request, Route

STREAM = "text/event-stream"
FOLLOWED = re.compile(r"/messages/|/custom-admin/chat/(\?|$)")


class Wire:
    """Records the requests of all tabs of a browser from now on."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.streams: list[Request] = []
        self.polls: list[Request] = []
        self._open: set[Request] = set()
        context.on("request", self._asked)
        context.on("requestfinished", lambda request: self._open.discard(request))
        context.on("requestfailed", lambda request: self._open.discard(request))

    def forgets(self) -> Wire:
        """Count from here."""
        self.streams.clear()
        self.polls.clear()
        return self

    @property
    def open_streams(self) -> list[str]:
        """Return the addresses of the open streams."""
        return sorted(request.url for request in self._going_on())

    def waits_for(
        self, condition: Callable[[], object], what: str, page: Page | None = None
    ) -> Wire:
        """Wait until a condition is true; `page` is one that is awake."""
        page = page or self.context.pages[-1]
        for _ in range(900):
            if condition():
                return self
            page.wait_for_timeout(50)
        raise AssertionError(f"It never came true: {what}")

    def rests(self, page: Page | None = None) -> Wire:
        """Wait until no page of the context has asked for news for a while, then count from here."""
        page = page or self.context.pages[-1]
        for _ in range(60):
            self.forgets()
            page.wait_for_timeout(500)
            if not self.streams and not self.polls:
                return self
        raise AssertionError("The browser does not stop asking.")

    def has_streams(self, count: int) -> Wire:
        """Wait until so many streams are open."""
        return self.waits_for(lambda: len(self._going_on()) == count, f"{count} open streams")

    def _going_on(self) -> list[Request]:
        # A closed tab does not report the end of its requests.
        return [request for request in self._open if not request.frame.page.is_closed()]

    def _asked(self, request: Request) -> None:
        if not FOLLOWED.search(request.url) or request.is_navigation_request():
            return
        if request.headers.get("accept") == STREAM:
            self.streams.append(request)
            self._open.add(request)
        else:
            self.polls.append(request)


@contextmanager
def refused(context: BrowserContext, answer: dict[str, Any]) -> Any:
    """Refuse streams, like a proxy or the server; everything else continues."""

    def handle(route: Route) -> None:
        if route.request.headers.get("accept") == STREAM:
            route.fulfill(**answer)
        else:
            route.continue_()

    context.route("**/*", handle)
    yield
    context.unroute("**/*", handle)


@contextmanager
def only_streams(context: BrowserContext) -> Any:
    """Answer no polls, only streams."""

    def handle(route: Route) -> None:
        if route.request.headers.get("accept") == STREAM:
            route.continue_()

    context.route("**/messages/**", handle)
    yield
    context.unroute_all()
