"""The team as a page and as JSON: people, their roles and invitations. For owners; works without a script."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from pyramid.response import Response

from ... import validation
from ...accounts import admins
from ...cookies import cookie_name, set_cookie
from ...desk import audit_trail, team
from ...exceptions import Invalid, Missing, NotAllowed, Refused
from ...models import Admin as AdminRow
from ...models import Role, rfc3339
from ...permissions import Permission
from ...resources import Desk
from ...web.accept import wants_json
from .common import fields_of, page_again, page_or_json, post_view, wants_page
from .layout import desk_page

PAGE = "livechat:templates/desk/team.jinja2"
# Carries an invitation over the redirect to the page that shows it once.
COOKIE, COOKIE_LASTS = "livechat_invitation", 120

_ = TranslationStringFactory("livechat")
DONE = {
    "add": _("${name} was added."),
    "role": _("${name} has a new role."),
    "disable": _("${name} was disabled and signed out. Their open chats are now unassigned."),
    "enable": _("${name} can sign in again."),
    "invite": _("${name} has a new invite link. Earlier links no longer work."),
}
Done = tuple[AdminRow, str | None]
"""The admin, and the token of an invitation."""


@page_or_json(Desk, PAGE, Permission.MANAGE, name="team")
def members(context: Desk, request: Request) -> dict[str, Any]:
    """Everybody, with role, state, presence, last login and open chats."""
    if wants_json(request):
        return {"people": [_person(one) for one in team.people(request.db)]}
    return _page(context, request) | {"invitation": _just_made(context, request)}


@post_view(Desk, Permission.MANAGE, name="team")
def change_team(context: Desk, request: Request) -> Any:
    """Do what ``act`` says: add, role, disable, enable or invite."""
    data = fields_of(request)
    try:
        act = validation.choice(data.get("act"), "act", ACTS)
        admin, token = ACTS[act](request, data)
    except Refused as refused:
        if not wants_page(request) or isinstance(refused, NotAllowed):
            raise
        return _again(context, request, refused, data)
    return _answer(context, request, act, admin, token)


def _add(request: Request, data: dict[str, Any]) -> Done:
    db, actor = request.dbsession, request.identity.admin.actor
    username = validation.short_text(data.get("username"), "username", 64)
    if username is None:
        raise Invalid("username", "Enter a username.")
    email = validation.email_address(data.get("email"), "email")
    name, role = validation.short_text(data.get("name"), "name", 100), _role(data)
    admin = admins.add_admin(db, username, email=email, name=name, role=role, actor=actor)
    return admin, admins.invite(db, admin, actor)


def _change_role(request: Request, data: dict[str, Any]) -> Done:
    admin = _named(request, data)
    admins.set_role(request.dbsession, admin, _role(data), request.identity.admin.actor)
    return admin, None


def _disable(request: Request, data: dict[str, Any]) -> Done:
    admin = _named(request, data)
    admins.disable(request.dbsession, admin, request.identity.admin.actor)
    return admin, None


def _enable(request: Request, data: dict[str, Any]) -> Done:
    admin = _named(request, data)
    admins.enable(request.dbsession, admin, request.identity.admin.actor)
    return admin, None


def _invite(request: Request, data: dict[str, Any]) -> Done:
    admin = _named(request, data)
    return admin, admins.invite(request.dbsession, admin, request.identity.admin.actor)


ACTS: dict[str, Callable[[Request, dict[str, Any]], Done]] = {
    "add": _add,
    "role": _change_role,
    "disable": _disable,
    "enable": _enable,
    "invite": _invite,
}


def _role(data: dict[str, Any]) -> Role:
    return Role(validation.choice(data.get("role"), "role", Role))


def _named(request: Request, data: dict[str, Any]) -> AdminRow:
    username = validation.short_text(data.get("username"), "username", 200) or ""
    try:
        return admins.find_admin(request.dbsession, username)
    except Missing:
        raise Invalid("username", "There is no admin with this username.") from None


def _answer(
    context: Desk, request: Request, act: str, admin: AdminRow, token: str | None
) -> dict[str, Any] | Response:
    """JSON; for a form the way back to the page, which shows an invitation once."""
    if not wants_page(request):
        request.response.status_int = 201 if act == "add" else 200
        everybody = team.people(request.db)
        shown = next(_person(one) for one in everybody if one.username == admin.username)
        return {"person": shown, "invitation": _invitation(request, admin, token)}
    query = {"done": act, "who": admin.username}
    response = HTTPSeeOther(request.resource_url(context, "team", "", query=query))
    if token is not None:
        path = request.resource_path(context, "team", "")
        cookie = set_cookie(request, COOKIE, token, COOKIE_LASTS, path, samesite="Strict")
        response.headerlist.extend(cookie)
    return response


def _just_made(context: Desk, request: Request) -> dict[str, Any] | None:
    """The invitation that the page before this one has made; from now on nobody sees its link again."""
    token = request.cookies.get(cookie_name(request, COOKIE))
    if token is None:
        return None
    path = request.resource_path(context, "team", "")
    gone = set_cookie(request, COOKIE, "", 0, path, samesite="Strict")
    request.response.headerlist.extend(gone)
    admin = admins.invited(request.dbsession, token[:200])
    return _invitation(request, admin, token) if admin else None


def _page(context: Desk, request: Request) -> dict[str, Any]:
    everybody = team.people(request.db)
    name = {one.username: one.name for one in everybody}.get(request.GET.get("who", ""))
    done = DONE.get(request.GET.get("done", ""))
    return {
        **desk_page(request),
        "people": [_person(one) for one in everybody],
        "team_url": request.resource_url(context, "team", ""),
        "roles": [(role.value, audit_trail.ROLES[role]) for role in Role],
        "invitation": None,
        "done": request.localizer.translate(done % {"name": name}) if done and name else None,
        "problem": None,
        "given": {},
    }


def _again(context: Desk, request: Request, refused: Refused, data: dict[str, Any]) -> Response:
    field = "username" if refused.code == "username_taken" else refused.field
    problem = {"message": refused.message, "field": field, "act": data.get("act")}
    page = _page(context, request) | {"problem": problem, "given": data, "done": None}
    return page_again(PAGE, page, refused, request)


def _invitation(request: Request, admin: AdminRow, token: str | None) -> dict[str, Any] | None:
    if token is None:
        return None
    entrance = request.root["custom-admin"]
    return {
        "name": admin.name,
        "url": request.resource_url(entrance, "welcome", "", query={"token": token}),
        "expires_at": rfc3339(admin.invite_expires_at),
    }


def _person(one: team.Person) -> dict[str, Any]:
    times = ("last_login", "created_at", "disabled_at")
    return asdict(one) | {name: rfc3339(getattr(one, name)) for name in times}
