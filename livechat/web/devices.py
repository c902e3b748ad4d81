"""Device cookies: they prove that somebody has signed in to an account with this browser before.

Guesses from all over the world may exhaust an account's allowance for unknown browsers. A known browser has its own
allowance, so guesses do not lock the owner out. The cookie holds a random name for the browser and, for each of its
last accounts, a signature over both; it signs nobody in. After OWASP's "Device cookies"
(https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets

from pyramid.request import Request
from pyramid.response import Response

from ..cookies import cookie_name, set_cookie

COOKIE = "livechat_device"
LASTS = 180 * 24 * 3600  # seconds after the last login
ACCOUNTS = 5  # accounts in one cookie: several people may share a browser
_FORM = re.compile(rf"[\w-]{{22}}(\.[\w-]{{22}}){{1,{ACCOUNTS}}}", re.ASCII)


def of_request(request: Request, username: str) -> str | None:
    """Return the name of the client's browser if it knows this account, else None."""
    return known_device(
        request.livechat.secret, request.cookies.get(cookie_name(request, COOKIE), ""), username
    )


def remember_here(request: Request, response: Response, username: str) -> None:
    """Set the cookie by which the browser that has signed in knows the account."""
    before = request.cookies.get(cookie_name(request, COOKIE), "")
    value = remember_account(request.livechat.secret, before, username)
    path = request.resource_path(request.root["custom-admin"])
    response.headerlist.extend(set_cookie(request, COOKIE, value, LASTS, path))


def known_device(secret: str, cookie: str, username: str) -> str | None:
    """Return the browser's name if its cookie proves an earlier login to this account, else None.

    `username` is folded, as `admins.fold_username` makes it.
    """
    device, marks = _parts(cookie)
    expected = _mark(secret, device, username)
    # All are compared, so that the time taken does not tell which one matches.
    return device if sum(hmac.compare_digest(mark, expected) for mark in marks) else None


def remember_account(secret: str, cookie: str, username: str) -> str:
    """Return the cookie after a login: this account, then the accounts that it already knew, at most ACCOUNTS."""
    device, marks = _parts(cookie)
    device = device or secrets.token_urlsafe(16)
    mine = _mark(secret, device, username)
    others = [mark for mark in marks if mark != mine]
    return ".".join([device, mine, *others][: ACCOUNTS + 1])


def _parts(cookie: str) -> tuple[str, list[str]]:
    device, *marks = cookie.split(".") if _FORM.fullmatch(cookie) else [""]
    return device, marks


def _mark(secret: str, device: str, username: str) -> str:
    text = f"device {device} {username}".encode()
    digest = hmac.new(secret.encode(), text, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:16]).decode().rstrip("=")
