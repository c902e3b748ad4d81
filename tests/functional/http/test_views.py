"""Every registered view, listed by the introspector: none is public by accident, none unsafe without a check."""

import pytest
from pyramid.config import Configurator
from pyramid.interfaces import IExceptionResponse
from pyramid.request import Request
from webtest import TestApp

from livechat.permissions import Permission
from livechat.resources import (
    VERBS,
    AdminSession,
    Chat,
    CustomerSession,
    Desk,
    Login,
    Profile,
    Resume,
    Root,
    Start,
    Ticket,
    of_verb,
)

# The public views, by context and name. Adding one is a decision.
PUBLIC = {
    ("Root", ""),
    ("Root", "health"),
    ("Root", "widget.js"),
    ("Chat", ""),
    ("Start", ""),
    ("Admin", ""),
    ("Admin", "login"),
    ("Admin", "welcome"),
    ("DemoShop", ""),
    ("static", ""),
}
OF_VERB = {of_verb(verb) for verb in VERBS}
SAFE = {"GET", "HEAD", "OPTIONS"}


@pytest.fixture
def views(wsgi):
    """The introspection data of each view that does not answer an exception."""
    found = []
    introspector = wsgi.registry.introspector
    for item in introspector.get_category("views"):
        view = item["introspectable"]
        context = view["context"]
        if isinstance(context, type) and issubclass(context, Exception):
            continue
        if context is IExceptionResponse or getattr(context, "__name__", "") in {
            "IExceptionResponse",
            "IDefaultRootFactory",
        }:
            continue
        permissions = [
            related["value"]
            for related in item["related"]
            if related.category_name == "permissions"
        ]
        found.append((view, permissions))
    assert len(found) > 25
    return found


def called(view):
    """Return (context, name) as in PUBLIC."""
    if view["route_name"]:
        return ("static", "") if "static" in view["route_name"] else ("route", view["route_name"])
    return view["context"].__name__, view["name"]


def methods_of(view):
    named = view["request_methods"]
    if named is None:
        return None
    return {named} if isinstance(named, str) else set(named)


def test_every_view_has_a_known_permission(views):
    for view, permissions in views:
        assert len(permissions) == 1, called(view)
        assert permissions[0] in set(Permission), called(view)
        assert permissions[0] != Permission.NOBODY, called(view)


def test_only_the_listed_views_are_public(views):
    open_to_all = {Permission.VISIT, Permission.START}
    for view, permissions in views:
        if permissions[0] in open_to_all:
            assert called(view) in PUBLIC or called(view)[0] == "DemoShop", called(view)


def test_every_view_of_a_conversation_requires_its_permission(views):
    wanted = {
        CustomerSession: {Permission.CONVERSE},
        Desk: {Permission.READ_DESK, Permission.KEEP, Permission.ANSWER, Permission.MANAGE},
        Profile: {Permission.OWN_ACCOUNT},
        Login: {Permission.OWN_ACCOUNT},
        AdminSession: {Permission.READ_DESK, Permission.KEEP, Permission.ANSWER},
    }
    seen = set()
    for view, permissions in views:
        kind = CustomerSession if view["context"] in OF_VERB else view["context"]
        if kind in wanted:
            assert permissions[0] in wanted[kind], called(view)
            if not methods_of(view) <= SAFE:
                assert permissions[0] != Permission.READ_DESK, called(view)
            seen.add(kind)
    assert seen == set(wanted)


def test_every_view_lists_its_methods(views):
    for view, _ in views:
        assert methods_of(view), called(view)


def test_every_unsafe_view_checks_its_origin(views):
    unsafe = [view for view, _ in views if not (methods_of(view) or SAFE) <= SAFE]
    assert len(unsafe) > 10
    for view in unsafe:
        customer_side = view["context"] in {Start, Resume, Ticket, *OF_VERB}
        if customer_side:
            assert view.get("customer_api") is True, called(view)
            assert view["require_csrf"] is False, called(view)
        else:
            # The default, True, applies; nobody has switched it off.
            assert view["require_csrf"] is not False, called(view)
            assert not view.get("customer_api"), called(view)


def test_csrf_is_required_unless_a_view_says_otherwise(wsgi):
    from pyramid.interfaces import IDefaultCSRFOptions

    options = wsgi.registry.getUtility(IDefaultCSRFOptions)
    assert options.require_csrf is True
    assert options.safe_methods == frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


def test_only_the_customers_api_works_without_a_csrf_token(views):
    for view, _ in views:
        if view["require_csrf"] is False:
            assert view["context"] in {Start, Resume, Ticket, *OF_VERB}, called(view)


@pytest.fixture
def forgetful(settings):
    """The application with views whose author forgot something."""
    config = Configurator()
    config.registry["livechat.settings"] = settings
    config.include("livechat")

    def shown(context, request: Request):
        return {"shown": True}

    config.add_view(shown, context=Root, name="forgot", renderer="json")
    config.add_view(shown, context=Chat, name="forgot", renderer="json", request_method="GET")
    config.add_view(
        shown, context=Root, name="unsafe", renderer="json", permission=Permission.VISIT
    )
    app = config.make_wsgi_app()
    yield TestApp(app)
    app.registry["livechat.engine"].dispose()


def test_a_view_without_a_permission_is_shown_to_nobody(forgetful, new_admin):
    forgetful.get("/forgot", headers={"Accept": "application/json"}, status=403)
    forgetful.get("/chat/forgot", headers={"Accept": "application/json"}, status=403)
    admin = new_admin("anna", app=forgetful.app)
    admin.app.get("/forgot", headers=admin.json, status=403)


def test_a_view_without_csrf_options_is_protected(forgetful):
    assert forgetful.get("/unsafe", status=200).json == {"shown": True}
    forgetful.post("/unsafe", headers={"Accept": "application/json"}, status=403)


def test_a_view_does_not_answer_for_segments_after_its_name(forgetful):
    forgetful.get("/unsafe/", status=200)
    forgetful.get("/unsafe/x", status=404)
    forgetful.get("/@@unsafe", status=404)


def test_the_chat_can_be_included_in_another_application(settings):
    from livechat.settings import DEVELOPMENT_SECRET

    config = Configurator(
        settings={
            "livechat.development": "true",
            "livechat.secret": DEVELOPMENT_SECRET,
            "livechat.database_url": settings.database_url,
        }
    )
    config.include("livechat")
    app = config.make_wsgi_app()
    assert TestApp(app).post_json("/chat/start/", {}, status=201).json["token"]
    assert TestApp(app).get("/health").json == {"status": "ok"}
    app.registry["livechat.engine"].dispose()
