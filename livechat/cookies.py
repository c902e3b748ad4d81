"""The desk's cookies: their names, their scope, and the headers that set them.

Over https a cookie's name begins with ``__Host-`` (RFC 6265bis, section 4.1.3.2). Browsers accept it only from this
very host, over https, and for the whole host. So no subdomain, and no page over http, can plant a login or the seed of
CSRF tokens. Plain http, which is for development, does not allow the prefix.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from pyramid.request import Request
from pyramid.response import Response

LOGIN_COOKIE = "livechat_login"
CSRF_COOKIE = "livechat_csrf"
PREFIX = "__Host-"
Headers = list[tuple[str, str]]


def over_https(request: Request) -> bool:
    """Whether browsers reach the chat over https: by the public URL, in development by the request."""
    return str(request.livechat.public_url or request.host_url).startswith("https:")


def cookie_name(request: Request, name: str) -> str:
    """The name of a cookie on this site. Chats below several paths of one host use different names."""
    if not over_https(request):
        return name
    place = re.sub(r"[^A-Za-z0-9]+", "-", request.script_name).strip("-")
    return f"{PREFIX}{name}" + (f"-{place}" if place else "")


def read_cookie(cookies: Mapping[str, str], name: str) -> str:
    """The token in a cookie; an empty text if it is missing or malformed."""
    token = cookies.get(name, "")
    return token if re.fullmatch(r"[A-Za-z0-9_-]{20,100}", token) else ""


def set_cookie(
    request: Request,
    name: str,
    value: str,
    lasts: int,
    path: str,
    *,
    samesite: Literal["Lax", "Strict"] = "Lax",
) -> Headers:
    """Headers that set a cookie for `lasts` seconds; 0 removes it.

    `path`: where it is sent over plain http. A ``__Host-`` cookie is always sent to the whole host.
    """
    response, secure = Response(), over_https(request)
    response.set_cookie(
        cookie_name(request, name),
        value,
        max_age=lasts,
        path="/" if secure else path,
        httponly=True,
        samesite=samesite,
        secure=secure,
    )
    return _headers(response)


def remove_former(request: Request, name: str, path: str) -> Headers:
    """Headers that remove the cookie which versions without the prefix have set over https."""
    if not over_https(request):
        return []
    response = Response()
    response.set_cookie(name, "", max_age=0, path=path, httponly=True, samesite="Lax", secure=True)
    return _headers(response)


def _headers(response: Response) -> Headers:
    return [("Set-Cookie", header) for header in response.headers.getall("Set-Cookie")]
