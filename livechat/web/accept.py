"""Whether a client wants a page or JSON."""

from __future__ import annotations

from pyramid.request import Request


def wants_json(request: Request) -> bool:
    """Return whether the client wants JSON rather than a page."""
    # The same order of offers as that in which Pyramid chooses a view.
    offers = request.accept.acceptable_offers(["text/html", "application/json"])
    return bool(offers) and offers[0][0] == "application/json"
