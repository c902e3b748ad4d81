"""The way in and out of the desk: login, logout, and the one-time invitation."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from pyramid.csrf import get_csrf_token
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import forget, remember
from pyramid.view import view_config

from .. import password_rules, staff
from ..actors import admin_actor
from ..inputs import form_text
from ..limits import network
from ..logins import device_of
from ..models import Admin as AdminRow
from ..password_rules import StrongPassword
from ..permissions import Permission
from ..profile import is_named
from ..refusals import Invalid, Refused, TooMany
from ..resources import Admin
from .desk import wants_json

# Pages that the browser keeps, to go back to, are gone after signing out. "storage" would empty the storage of the
# whole origin: the customer's conversation of somebody who has tried their own shop in this browser as well. The desk
# removes its own (static/desk/leaving.js).
CLEARED = '"cache"'
LOGIN_PAGE = "livechat:templates/desk/login.jinja2"
WELCOME_PAGE = "livechat:templates/desk/welcome.jinja2"


@view_config(context=Admin, request_method="GET", permission=Permission.VISIT)
def entrance(context: Admin, request: Request) -> HTTPSeeOther:
    """To the dashboard, or to the login page."""
    if request.identity.admin:
        return HTTPSeeOther(request.resource_url(context["chat"]))
    return HTTPSeeOther(request.resource_url(context, "login", ""))


@view_config(
    context=Admin,
    name="login",
    request_method="GET",
    permission=Permission.VISIT,
    renderer=LOGIN_PAGE,
)
def login_page(context: Admin, request: Request) -> Any:
    """The form; who is signed in already goes on."""
    if request.identity.admin:
        return HTTPSeeOther(destination(context, request))
    return login_form(request)


@view_config(
    context=Admin,
    name="login",
    request_method="POST",
    permission=Permission.VISIT,
    renderer=LOGIN_PAGE,
)
def login(context: Admin, request: Request) -> Any:
    """Check name and password; begin a login."""
    username, password = form_text(request, "username"), form_text(request, "password")
    try:
        request.limits.check_login(network(request), staff.fold_username(username))
    except TooMany as refused:
        return _again(request, refused.message, 429, {"Retry-After": str(refused.retry_after)})
    # In a session of its own, which only reads: argon2 is slow on purpose, and who writes holds SQLite's lock.
    with request.registry["livechat.dbsession_factory"]() as reading:
        known = staff.check_password(reading, username, password)
    if known is None:
        request.limits.count_login_failure(network(request), staff.fold_username(username))
        return _again(request, request.localizer.translate(staff.WRONG_LOGIN), 422)
    admin = request.dbsession.get_one(AdminRow, known.id)
    staff.renew_hash(admin, password)
    return _signed_in(request, admin, destination(context, request))


@view_config(context=Admin, name="logout", request_method="POST", permission=Permission.SIGN_OUT)
def logout(context: Admin, request: Request) -> Response:
    """End this login. The page's script (static/desk/leaving.js) removes what was typed from the browser."""
    staff.sign_out(request.dbsession, request.identity.admin.login_id)
    headers = [*forget(request), ("Clear-Site-Data", CLEARED)]
    if wants_json(request):
        return Response(json={}, headerlist=[("Content-Type", "application/json"), *headers])
    return HTTPSeeOther(request.resource_url(context, "login", ""), headers=headers)


@view_config(
    context=Admin,
    name="welcome",
    request_method="GET",
    permission=Permission.VISIT,
    renderer=WELCOME_PAGE,
)
def welcome_page(context: Admin, request: Request) -> dict[str, Any]:
    """Where an invitation leads: choose a password. The token is in the query, for this one use."""
    token = request.GET.get("token", "")
    # The address holds the token. "no-referrer" would make browsers send the form with "Origin: null".
    request.response.headers["Referrer-Policy"] = "strict-origin"
    return _welcome(request, token, staff.invited(request.dbsession, token))


@view_config(
    context=Admin,
    name="welcome",
    request_method="POST",
    permission=Permission.VISIT,
    renderer=WELCOME_PAGE,
)
def welcome(context: Admin, request: Request) -> Any:
    """Set the password and sign in."""
    token, password = form_text(request, "token"), form_text(request, "password")
    # Before the transaction: a password is judged for up to a second, and who writes holds SQLite's lock.
    with request.registry["livechat.dbsession_factory"]() as reading:
        known = staff.invited(reading, token)
    try:
        strong = new_password(request, known, password) if known else None
    except Invalid as refused:
        request.response.status_int = 422
        return _welcome(request, token, known) | {"problem": translated(request, refused)}
    admin = staff.invited(request.dbsession, token)
    if admin is None or strong is None:
        request.response.status_int = 422
        return _welcome(request, token, None)
    actor = admin_actor(admin.id, admin.name)
    staff.set_password(request.dbsession, admin, strong, actor)
    return _signed_in(request, admin, request.resource_url(context["chat"]))


def new_password(request: Request, admin: AdminRow, password: str) -> StrongPassword:
    """A password that an admin has chosen. Raises Invalid."""
    known = (admin.username, admin.name, admin.email, request.livechat.shop_name)
    return password_rules.check_aside(password, *known)


def translated(request: Request, refused: Refused) -> str:
    """What a refusal says, in the reader's language."""
    words: str = request.localizer.translate(refused.message)
    return words


def login_form(request: Request) -> dict[str, Any]:
    """What the login page shows. `kept` is a text that could not be sent because the login had ended."""
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


def _again(
    request: Request, problem: str, status: int, headers: dict[str, str] | None = None
) -> dict[str, Any]:
    request.response.status_int = status
    request.response.headers.update(headers or {})
    return login_form(request) | {"problem": problem, "username": form_text(request, "username")}


def _signed_in(request: Request, admin: AdminRow, url: str) -> HTTPSeeOther:
    token = staff.sign_in(
        request.dbsession,
        admin,
        request.livechat.login_hours,
        device=device_of(request.user_agent or ""),
        network=network(request),
    )
    if not is_named(admin):
        own = request.root["custom-admin"]["chat"]["profile"]
        url = request.resource_url(own, "name", "", query={"next": urlsplit(url).path})
    return HTTPSeeOther(url, headers=remember(request, token))


def _welcome(request: Request, token: str, admin: AdminRow | None) -> dict[str, Any]:
    return {
        "welcome_url": request.resource_url(request.root["custom-admin"], "welcome", ""),
        "csrf_token": get_csrf_token(request),
        "token": token,
        "invited": {"username": admin.username, "name": admin.name} if admin else None,
        "shortest_password": password_rules.SHORTEST_PASSWORD,
        "suggestion": password_rules.suggestion(),
        "problem": None,
    }


def destination(context: Admin, request: Request) -> str:
    """The page one wanted before the login, if it is one of the desk's."""
    desk: str = request.resource_url(context["chat"])
    below = request.resource_path(context["chat"])
    wanted = request.params.get("next", "")
    if not isinstance(wanted, str) or not wanted.startswith(below) or "\\" in wanted:
        return desk
    return request.host_url + wanted if wanted.isascii() and wanted.isprintable() else desk
