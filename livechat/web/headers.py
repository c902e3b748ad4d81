"""Headers of every response: content policy, framing, caching, CORS. Also compression."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid.traversal import find_interface
from pyramid.tweens import EXCVIEW

from ..cookies import over_https
from ..resources import Chat, Desk
from ..security import own_origin
from ..settings import site_allowed

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'"
)
COMPRESSED = ("text/", "application/json")
LARGE = 2000  # bytes; compressing less is not worth the time


def add_headers(
    handler: Callable[[Request], Response], _registry: Any
) -> Callable[[Request], Response]:
    """A tween that adds the security headers which the view has not set, and compresses."""

    def tween(request: Request) -> Response:
        response = handler(request)
        headers = response.headers
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
        headers.setdefault("Content-Security-Policy", f"{PAGE_POLICY}; frame-ancestors 'none'")
        headers.setdefault("Cache-Control", "no-store")
        headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if on_desk(request):  # not for pages that shops frame or open
            headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        if request.livechat.hsts_seconds and over_https(request):
            lasts = f"max-age={request.livechat.hsts_seconds}"
            headers.setdefault("Strict-Transport-Security", lasts)
        _allow_site(request, response)
        _compress(request, response)
        return response

    return tween


def framed_by_sites(request: Request, response: Response) -> None:
    """Let the allowed sites and the chat's own pages show this page in a frame."""
    sites = " ".join(["'self'", *request.livechat.allowed_sites])
    response.headers["Content-Security-Policy"] = f"{PAGE_POLICY}; frame-ancestors {sites}"


def preflight(_request: Request) -> Response:
    """Return the answer to a browser that asks whether a page of another origin may call the customer side."""
    response = Response(status=204)
    response.headers.update(
        {
            "Access-Control-Allow-Methods": "GET, POST",
            "Access-Control-Allow-Headers": "Authorization, Content-Type, Last-Event-ID",
            "Access-Control-Max-Age": "600",
        }
    )
    return response


def on_customer_side(request: Request) -> bool:
    """Return whether a request is for a path below /chat/, even if traversal failed on the way."""
    context = getattr(request, "context", None)
    if context is None:
        first, _, rest = request.environ.get("PATH_INFO", "").lstrip("/").partition("/")
        return bool(first == "chat" and rest)
    return find_interface(context, Chat) is not None


def on_desk(request: Request) -> bool:
    """Return whether a request is for the desk or its login, even if traversal failed on the way."""
    first = request.environ.get("PATH_INFO", "").lstrip("/").partition("/")[0]
    return bool(first == "custom-admin")


def _allow_site(request: Request, response: Response) -> None:
    if not on_customer_side(request):
        return
    response.headers.add("Vary", "Origin")
    origin = request.headers.get("Origin")
    if (
        origin
        and origin != own_origin(request)
        and site_allowed(origin, request.livechat.allowed_sites)
    ):
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = "Retry-After"
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"


def _compress(request: Request, response: Response) -> None:
    # The compressed size of a secret together with a stranger's text reveals the secret (BREACH). Cacheable responses
    # have no secrets. On the desk, only our own pages can make the admin's browser send requests with its cookie
    # (SameSite), and the token of the forms looks different each time (security.py).
    private = "no-store" in response.headers["Cache-Control"]
    if private and not _large_on_desk(request, response):
        return
    if response.content_type.startswith(COMPRESSED):
        response.headers.add("Vary", "Accept-Encoding")
        # By the standard, a request without Accept-Encoding accepts any coding; in practice, it may know none.
        offers = request.accept_encoding.acceptable_offers(["gzip"])
        if "Accept-Encoding" in request.headers and offers:
            response.body = (gzip.compress if private else gzip_once)(response.body)
            response.content_encoding = "gzip"


@lru_cache(maxsize=256)
def gzip_once(body: bytes) -> bytes:
    """Compress a cacheable body, with a cache that has room for the static files and the loader."""
    return gzip.compress(body, mtime=0)


def _large_on_desk(request: Request, response: Response) -> bool:
    if response.content_type not in {"text/html", "application/json"}:
        return False
    if (response.content_length or 0) < LARGE:
        return False
    context = getattr(request, "context", None)
    return context is not None and find_interface(context, Desk) is not None


def includeme(config: Configurator) -> None:
    config.add_tween(
        "livechat.web.headers.add_headers", over=["pyramid_tm.tm_tween_factory", EXCVIEW]
    )
