"""What is wrapped around every view."""

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
    """Nothing may follow a view's name: by itself Pyramid would answer ``/chat/start/1/what/ever`` with 200.
    Nor may a name be written ``@@name``, which would give every address a second one."""
    if info.exception_only:
        return view

    def wrapped(context: Any, request: Request) -> Response:
        # A static view, which has a route, takes its file's path from there.
        if request.matched_route is None and (request.subpath or "/@@" in request.path_info):
            raise HTTPNotFound()
        return view(context, request)

    return wrapped


def proven_origin(view: View, info: Any) -> View:
    """Unsafe requests prove where they come from: on the desk (``require_csrf``) by token and Origin, on the
    customer side (``customer_api=True``) by an allowed Origin; its cookies are ignored, so no token is needed."""
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
