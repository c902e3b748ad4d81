"""The search as a page and as JSON: hits in all messages, names, e-mail addresses, products and tags."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request

from ...exceptions import Invalid
from ...models import Status, rfc3339
from ...resources import Desk
from ...search import engine, index
from ...search.query import LONGEST_QUERY
from ...search.results import Hit
from ...web.accept import wants_json
from .common import page_or_json
from .layout import desk_page, paging

PAGE = "livechat:templates/desk/search.jinja2"


@page_or_json(Desk, PAGE, name="search")
def search(context: Desk, request: Request) -> dict[str, Any]:
    """One page of hits, newest first. The page shows above the field what is wrong with a search."""
    text, before = request.GET.get("q", "").strip(), request.GET.get("before", "")
    if wants_json(request):
        return _found(context, request, text, before)
    try:
        data, problem = _found(context, request, text, before), None
    except Invalid as refused:
        request.response.status_int = refused.status
        data, problem = {"hits": [], "next": None, "upto": None}, refused.message
    return _page(context, request, data, text[:LONGEST_QUERY], problem)


def _found(context: Desk, request: Request, text: str, before: str) -> dict[str, Any]:
    me = request.identity.admin.username
    index.catch_up(request.registry["livechat.engine"])
    found = engine.find(request.db, text, before=before, me=me)
    return {
        "hits": [_hit(context, request, hit) for hit in found.hits],
        "next": found.next,
        "upto": rfc3339(found.upto),
    }


def _hit(context: Desk, request: Request, hit: Hit) -> dict[str, Any]:
    to = {"query": {"at": hit.seq}, "anchor": f"m{hit.seq}"} if hit.seq else {}
    return hit.shape | {"link": request.resource_url(context, str(hit.number), "", **to)}


def _page(
    context: Desk, request: Request, data: dict[str, Any], text: str, problem: str | None
) -> dict[str, Any]:
    return {
        **desk_page(request),
        **data,
        "q": text,
        "problem": problem,
        "statuses": [status.value for status in Status],
        "longest": LONGEST_QUERY,
        **paging(context, request, "search", "", query={"q": text}, following=data["next"]),
    }
