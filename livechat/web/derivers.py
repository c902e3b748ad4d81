"""View derivers, which wrap every view: they check paths and origins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from pyramid.response import Response

from ..permissions import Permission
from ..security import check_own_origin, check_site

View = Callable[[Any, Request], Response]
SAFE = {"GET", "HEAD", "OPTIONS"}


def strict_path(view: View, info: Any) -> View:
    """Refuse a path that continues after the view's name: Pyramid would answer ``/chat/start/1/what/ever`` with 200.

    Also refuse ``@@name``, which would give every view a second URL.
    """
    if info.exception_only:
        return view

    def wrapped(context: Any, request: Request) -> Response:
        # A view with a route, such as that of static files, takes a path from it.
        if request.matched_route is None and (request.subpath or "/@@" in request.path_info):
            raise HTTPNotFound()
        return view(context, request)

    return wrapped


def proven_origin(view: View, info: Any) -> View:
    """Check the origin of unsafe requests.

    The desk (``require_csrf``) needs a token and its own Origin. The customer side (``customer_api=True``) needs an
    allowed Origin; it ignores cookies, so it needs no token.
    """
    if info.exception_only:
        return view
    customer_api = info.options.get("customer_api", False)

    def wrapped(context: Any, request: Request) -> Response:
        if customer_api:
            check_site(request)
        elif request.method not in SAFE:
            check_own_origin(request)
        return view(context, request)

    return wrapped


strict_path.options = ()  # type: ignore[attr-defined]
proven_origin.options = ("customer_api",)  # type: ignore[attr-defined]


def includeme(config: Configurator) -> None:
    config.add_view_deriver(strict_path, under="secured_view", over="csrf_view")
    config.add_view_deriver(proven_origin)
    config.set_default_permission(Permission.NOBODY)
