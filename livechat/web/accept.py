"""Which of a page and JSON a request asks for."""

from __future__ import annotations

from pyramid.request import Request


def wants_json(request: Request) -> bool:
    """Whether JSON is asked for, and not a page."""
    # In the order in which Pyramid chooses among the views above.
    offers = request.accept.acceptable_offers(["text/html", "application/json"])
    return bool(offers) and offers[0][0] == "application/json"
