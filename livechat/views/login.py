"""Signing in to the desk and out of it, and the one-time invitation."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from pyramid.csrf import get_csrf_token
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import forget, remember
from pyramid.view import view_config

from ..accounts import admins, password_rules, sign_in
from ..accounts.login_limits import Attempt, LoginLimits
from ..accounts.logins import device_of
from ..db.session import apart
from ..exceptions import Busy, Invalid, Refused, TooMany, WrongLogin
from ..models import Admin as AdminRow
from ..permissions import Permission
from ..resources import Admin
from ..web import devices
from ..web.accept import wants_json
from ..web.rate_limits import network
from ..web.request_body import form_text

# Signing out removes the pages that the browser keeps for its back button. "storage" would empty the storage of the
# whole origin, and with it a conversation that the admin has begun as a customer. The desk removes its own part
# (static/desk/sign_out.js).
CLEARED = '"cache"'
LOGIN_PAGE = "livechat:templates/desk/login.jinja2"
WELCOME_PAGE = "livechat:templates/desk/welcome.jinja2"
visit_view: Callable[..., Any] = partial(view_config, context=Admin, permission=Permission.VISIT)


@visit_view(request_method="GET")
def entrance(context: Admin, request: Request) -> HTTPSeeOther:
    """Redirect to the dashboard, or to the login page."""
    if request.identity.admin:
        return HTTPSeeOther(request.resource_url(context["chat"]))
    return HTTPSeeOther(request.resource_url(context, "login", ""))


@visit_view(name="login", request_method="GET", renderer=LOGIN_PAGE)
def login_page(context: Admin, request: Request) -> Any:
    """The form. An admin who is signed in is redirected."""
    if request.identity.admin:
        return HTTPSeeOther(destination(context, request))
    return login_form(request)


@visit_view(name="login", request_method="POST", renderer=LOGIN_PAGE)
def login(context: Admin, request: Request) -> Any:
    """Check username and password, and begin a login."""
    username = admins.fold_username(form_text(request, "username"))
    attempt = attempt_of(request, username)
    password, hours = form_text(request, "password"), request.livechat.login_hours
    try:
        login = sign_in.sign_in(*accounts(request), attempt, password, hours)
    except (WrongLogin, TooMany, Busy) as refused:
        return _again(request, refused)
    return _signed_in(request, login, destination(context, request))


@view_config(context=Admin, name="logout", request_method="POST", permission=Permission.SIGN_OUT)
def logout(context: Admin, request: Request) -> Response:
    """End this login. The page's script (static/desk/sign_out.js) removes typed text from the browser."""
    admins.sign_out(request.dbsession, request.identity.admin.login_id)
    headers = [*forget(request), ("Clear-Site-Data", CLEARED)]
    if wants_json(request):
        return Response(json={}, headerlist=[("Content-Type", "application/json"), *headers])
    return HTTPSeeOther(request.resource_url(context, "login", ""), headers=headers)


@visit_view(name="welcome", request_method="GET", renderer=WELCOME_PAGE)
def welcome_page(context: Admin, request: Request) -> dict[str, Any]:
    """The page that an invitation links to, to choose a password. The one-time token is in the query."""
    token = request.GET.get("token", "")
    # The URL holds the token. "no-referrer" would make browsers send the form with "Origin: null".
    request.response.headers["Referrer-Policy"] = "strict-origin"
    return _welcome(request, token, admins.invited(request.dbsession, token))


@visit_view(name="welcome", request_method="POST", renderer=WELCOME_PAGE)
def welcome(context: Admin, request: Request) -> Any:
    """Set the password and sign in."""
    token, attempt = form_text(request, "token"), attempt_of(request, None)
    password, settings = form_text(request, "password"), request.livechat
    hours, shop_name = settings.login_hours, settings.shop_name
    try:
        login = sign_in.accept(*accounts(request), attempt, token, password, hours, shop_name)
    except (Invalid, TooMany, Busy) as refused:
        return _welcome(request, token, admins.invited(request.dbsession, token), refused)
    if login is None:
        request.response.status_int = 422
        return _welcome(request, token, None)
    return _signed_in(request, login, request.resource_url(context["chat"]))


def translated(request: Request, refused: Refused) -> str:
    """Return the message of a refusal in the reader's language."""
    words: str = request.localizer.translate(refused.message)
    return words


def login_form(request: Request) -> dict[str, Any]:
    """Return what the login page shows. `kept` is a text that could not be sent because the login had ended."""
    return {
        "login_url": request.resource_url(request.root["custom-admin"], "login", ""),
        "csrf_token": get_csrf_token(request),
        "username": "",
        "next": request.params.get("next", "")
        if isinstance(request.params.get("next", ""), str)
        else "",
        "problem": None,
        "kept": "",
    }


def attempt_of(request: Request, username: str | None) -> Attempt:
    """Return an attempt to sign in: the account, the network, the browser. `username`: folded; None for an
    invitation."""
    device = devices.of_request(request, username) if username else None
    return Attempt(network(request), username, device, device_of(request.user_agent or ""))


def accounts(request: Request) -> tuple[sign_in.Unit, LoginLimits]:
    """Return what `sign_in` works with: short transactions of its own, and the limits."""
    return partial(apart, request), request.registry["livechat.login_limits"]


def _refuse(request: Request, refused: Refused) -> str:
    """Give the response the status and headers of a refusal; returns its message."""
    request.response.status_int = refused.status
    request.response.headers.update(refused.headers)
    return translated(request, refused)


def _again(request: Request, refused: Refused) -> dict[str, Any]:
    problem = _refuse(request, refused)
    return login_form(request) | {"problem": problem, "username": form_text(request, "username")}


def _signed_in(request: Request, login: sign_in.Login, url: str) -> HTTPSeeOther:
    if not login.named:
        own = request.root["custom-admin"]["chat"]["profile"]
        wanted = urlunsplit(urlsplit(url)._replace(scheme="", netloc=""))
        url = request.resource_url(own, "name", "", query={"next": wanted})
    response = HTTPSeeOther(url, headers=remember(request, login.token))
    devices.remember_here(request, response, login.username)
    return response


def _welcome(
    request: Request, token: str, admin: AdminRow | None, refused: Refused | None = None
) -> dict[str, Any]:
    return {
        "welcome_url": request.resource_url(request.root["custom-admin"], "welcome", ""),
        "csrf_token": get_csrf_token(request),
        "token": token,
        "invited": {"username": admin.username, "name": admin.name} if admin else None,
        "shortest_password": password_rules.SHORTEST_PASSWORD,
        "suggestion": password_rules.suggestion(),
        "problem": _refuse(request, refused) if refused else None,
    }


def destination(context: Admin, request: Request) -> str:
    """Return the page that was asked for before the login, if it is one of the desk's; else the dashboard."""
    desk: str = request.resource_url(context["chat"])
    below = request.resource_path(context["chat"])
    wanted = request.params.get("next", "")
    if not isinstance(wanted, str) or not wanted.startswith(below) or "\\" in wanted:
        return desk
    return request.host_url + wanted if wanted.isascii() and wanted.isprintable() else desk
