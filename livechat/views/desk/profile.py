"""The current admin's account as a page and as JSON: name, e-mail address, password, logins. No script is needed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from pyramid.response import Response
from sqlalchemy import select

from ... import audit
from ...accounts import admins, logins, password_rules, passwords, profile, sign_in
from ...audit import Act
from ...db.session import give_back_reading
from ...exceptions import Invalid, Refused, WrongLogin
from ...models import Admin, rfc3339
from ...permissions import Permission
from ...resources import Login, Profile
from ...web.accept import wants_json
from ..login import accounts, attempt_of, destination, translated
from .common import fields_of, page_again, page_or_json, post_view, wants_page
from .layout import desk_page

PAGE = "livechat:templates/desk/profile.jinja2"
NAME_PAGE = "livechat:templates/desk/name.jinja2"

_ = TranslationStringFactory("livechat")
DONE = {
    "name": _("Your display name was changed."),
    "email": _("Your email was saved."),
    "password": _("Your password was changed. You were signed out everywhere else."),
    "end": _("That browser was signed out."),
    "sign-out-others": _("You were signed out everywhere else."),
}
WRONG_PASSWORD = _("Incorrect current password.")
SAME_PASSWORD = _("This is already your password. Choose a different one.")

profile_view: Callable[..., Any] = partial(post_view, Profile, Permission.OWN_ACCOUNT)


@page_or_json(Profile, PAGE, Permission.OWN_ACCOUNT)
def show_profile(context: Profile, request: Request) -> dict[str, Any]:
    """The current admin's account."""
    return _shape(context, request) if wants_json(request) else _page(context, request)


@profile_view(name="name", request_method="GET", renderer=NAME_PAGE)
def name_page(context: Profile, request: Request) -> dict[str, Any]:
    """What the first sign-in asks: the name that customers read."""
    return _name_page(context, request)


@profile_view(name="name")
def change_name(context: Profile, request: Request) -> Any:
    """Choose the name that customers read."""
    db, admin = request.dbsession, request.identity.admin
    return _act(
        *(context, request, "name"),
        lambda data: profile.rename(db, admin.id, data.get("name"), admin.actor),
    )


@profile_view(name="email")
def change_email(context: Profile, request: Request) -> Any:
    """Set or remove one's e-mail address."""
    db, admin = request.dbsession, request.identity.admin
    return _act(
        *(context, request, "email"),
        lambda data: profile.change_email(db, admin.id, data.get("email"), admin.actor),
    )


@profile_view(name="password")
def change_password(context: Profile, request: Request) -> Any:
    """Choose a password; all other logins end, this one goes on."""
    return _act(context, request, "password", partial(_change_password, request))


@profile_view(name="sign-out-others")
def sign_out_others(context: Profile, request: Request) -> Any:
    """End all of one's logins but this one."""
    admin = request.identity.admin

    def do(_data: dict[str, Any]) -> None:
        if logins.end_others(request.dbsession, admin.id, admin.login_id):
            audit.record(request.dbsession, admin.actor, Act.SIGNED_OUT, target=admin.username)

    return _act(context, request, "sign-out-others", do)


@post_view(Login, Permission.OWN_ACCOUNT, name="end")
def end_login(context: Login, request: Request) -> Any:
    """End one of one's logins."""
    admin, record = request.identity.admin, context.record

    def do(_data: dict[str, Any]) -> None:
        admins.sign_out(request.dbsession, record.id)
        details = {"device": record.device or "?"}
        audit.record(
            *(request.dbsession, admin.actor, Act.LOGIN_ENDED),
            target=admin.username,
            details=details,
        )

    return _act(request.root["custom-admin"]["chat"]["profile"], request, "end", do)


def _change_password(request: Request, data: dict[str, Any]) -> None:
    """Everything slow comes before the transaction, in which a writer holds SQLite's lock."""
    admin, current, wanted = request.identity.admin, data.get("current"), data.get("password")
    if not isinstance(current, str) or not isinstance(wanted, str):
        raise Invalid("current", "Enter the current password and the new one.")
    before = _confirmed(request, current)
    if wanted == current:
        raise Invalid("password", SAME_PASSWORD)
    email = request.db.execute(select(Admin.email).where(Admin.id == admin.id)).scalar_one()
    known = (admin.username, admin.name, email, request.livechat.shop_name)
    give_back_reading(request)  # nothing slow with a connection in hand
    with passwords.pool.place():
        after = passwords.hashed(password_rules.check_in_pool(wanted, *known))
    profile.change_password(request.dbsession, admin.id, before, after, admin.login_id, admin.actor)


def _confirmed(request: Request, password: str) -> str:
    """The hash of the current password, if this is it."""
    attempt = attempt_of(request, request.identity.admin.username)
    try:
        return sign_in.confirm(*accounts(request), attempt, password)
    except WrongLogin:
        raise Invalid("current", WRONG_PASSWORD) from None


def _act(
    context: Profile, request: Request, name: str, do: Callable[[dict[str, Any]], None]
) -> dict[str, Any] | Response:
    """Do it; answer with JSON, or for a form with the way back to the page, which says what is done or wrong."""
    data = fields_of(request)
    plain = wants_page(request)
    try:
        do(data)
    except Refused as refused:
        if not plain:
            raise
        return _again(context, request, name, refused, data)
    if not plain:
        return _shape(context, request)
    if "next" in data:  # the first sign-in goes on to where it wanted to go
        return HTTPSeeOther(destination(request.root["custom-admin"], request))
    return HTTPSeeOther(request.resource_url(context, query={"done": name}))


def _again(
    context: Profile, request: Request, name: str, refused: Refused, data: dict[str, Any]
) -> Response:
    message = translated(request, refused)
    problem = {"message": message, "field": refused.field, "act": name}
    first = "next" in data
    page = _name_page(context, request) if first else _page(context, request)
    shown = page | {"problem": problem, "given": data, "done": None}
    return page_again(NAME_PAGE if first else PAGE, shown, refused, request)


def _shape(context: Profile, request: Request) -> dict[str, Any]:
    admin = request.dbsession.get_one(Admin, request.identity.admin.id)
    found = logins.logins_of(request.db, admin.id)
    return {
        "profile": {
            "username": admin.username,
            "name": admin.name,
            "named": profile.is_named(admin),
            "email": admin.email,
            "role": admin.role,
        },
        "logins": [_login(context, request, one) for one in found],
    }


def _login(context: Profile, request: Request, login: Any) -> dict[str, Any]:
    return {
        "id": login.id,
        "current": login.id == request.identity.admin.login_id,
        "device": login.device,
        "network": login.network,
        "created_at": rfc3339(login.created_at),
        "seen_at": rfc3339(login.seen_at),
        "expires_at": rfc3339(login.expires_at),
        "links": {"end": request.resource_url(context, str(login.id), "end", "")},
    }


def _page(context: Profile, request: Request) -> dict[str, Any]:
    done = DONE.get(request.GET.get("done", ""))
    names = ("name", "email", "password", "sign-out-others")
    return {
        **desk_page(request),
        **_shape(context, request),
        "urls": {name: request.resource_url(context, name, "") for name in names},
        "shop_name": request.livechat.shop_name,
        "shortest_password": password_rules.SHORTEST_PASSWORD,
        "suggestion": password_rules.suggestion(),
        "done": request.localizer.translate(done) if done else None,
        "problem": None,
        "given": {},
    }


def _name_page(context: Profile, request: Request) -> dict[str, Any]:
    page = _page(context, request)
    own = page["profile"]
    name = own["name"] if own["named"] else profile.suggested_name(own["username"])
    wanted = request.params.get("next", "")
    return page | {"name": name, "next": wanted if isinstance(wanted, str) else ""}
