"""Every view as every role: permitted requests succeed, others are refused and change nothing."""

import json

import pytest
from sqlalchemy import text

from livechat.accounts import admins
from livechat.db.session import transaction
from livechat.models import Base
from livechat.permissions import GRANTS, may
from livechat.resources import CustomerSession
from livechat.security import LOGIN_COOKIE

from ...databases import rows
from ...factories import PASSWORD
from ..http.test_views import views  # noqa: F401 - a fixture
from ..raw import ask

JSON = {"Content-Type": "application/json", "Accept": "application/json"}
PAGE = {"Accept": "text/html", "Content-Type": "application/x-www-form-urlencoded"}

OWNERS = {"owner"}
AGENTS = {"owner", "agent"}
ADMINS = {"owner", "agent", "viewer"}
GUEST = {"guest"}
ROLES = ["owner", "agent", "viewer", "guest", "other guest", "stranger"]
ANYBODY = set(ROLES)

REPLY = {"code": "bye", "title": "Bye", "body": "Goodbye", "scope": "all"}
SEND = {"body": "hi", "client_id": "a"}
NOTE = {"body": "for us", "client_id": "n"}
SET_ROLE = {"act": "role", "username": "ben", "role": "agent"}
NEW_PASSWORD = {"current": PASSWORD, "password": "kettle orbit nine maple"}
# A second login of each admin, by id, as `people` makes them.
LOGINS = {"owner": 1, "agent": 2, "viewer": 3}
BULK = {"numbers": [1], "act": "tag", "tag": "x"}
DESK, ONE = "/custom-admin/chat/", "/custom-admin/chat/1/"

# (context, name, method, address, body, roles), in an order in which each can be done.
MATRIX = [
    ("Root", "", "GET", "/", None, ANYBODY),
    ("Root", "health", "GET", "/health", None, ANYBODY),
    ("Root", "widget.js", "GET", "/widget.js", None, ANYBODY),
    ("DemoShop", "", "GET", "/demo/", None, ANYBODY),
    *(
        ("DemoShop", name, "GET", f"/demo/{name}/", None, ANYBODY)
        for name in ("contact", "delivery", "ember", "halo", "wick")
    ),
    ("Chat", "", "GET", "/chat/", None, ANYBODY),
    ("Start", "", "GET", "/chat/start/", None, ANYBODY),
    ("Start", "", "POST", "/chat/start/", {}, ANYBODY),
    ("Ticket", "", "POST", "/chat/ticket/", {}, ANYBODY),
    ("Resume", "", "POST", "/chat/resume/", {"ticket": "nobody's"}, ANYBODY),
    ("CustomerSession", "messages", "GET", "/chat/messages/{id}/", None, GUEST),
    ("CustomerSession", "send", "POST", "/chat/send/{id}/", SEND, GUEST),
    ("CustomerSession", "seen", "POST", "/chat/seen/{id}/", {"seq": 1}, GUEST),
    ("CustomerSession", "typing", "POST", "/chat/typing/{id}/", {"typing": True}, GUEST),
    ("CustomerSession", "page", "POST", "/chat/page/{id}/", {"page": {"url": "http://a/"}}, GUEST),
    ("CustomerSession", "close", "POST", "/chat/close/{id}/", {}, GUEST),
    ("CustomerSession", "reopen", "POST", "/chat/reopen/{id}/", {}, GUEST),
    ("Admin", "", "GET", "/custom-admin/", None, ANYBODY),
    ("Admin", "login", "GET", "/custom-admin/login/", None, ANYBODY),
    ("Admin", "login", "POST", "/custom-admin/login/", {}, ANYBODY),
    ("Admin", "welcome", "GET", "/custom-admin/welcome/", None, ANYBODY),
    ("Admin", "welcome", "POST", "/custom-admin/welcome/", {}, ANYBODY),
    ("Desk", "", "GET", DESK, None, ADMINS),
    ("Desk", "take", "POST", f"{DESK}take/", {}, AGENTS),
    ("Desk", "bulk", "POST", f"{DESK}bulk/", BULK, AGENTS),
    ("Desk", "colleagues", "GET", f"{DESK}colleagues/", None, ADMINS),
    ("Desk", "tag-names", "GET", f"{DESK}tag-names/", None, ADMINS),
    ("Desk", "mentions", "GET", f"{DESK}mentions/", None, ADMINS),
    ("Desk", "preferences", "POST", f"{DESK}preferences/", {"theme": "dark"}, ADMINS),
    ("Desk", "presence", "POST", f"{DESK}presence/", {"state": "online"}, ADMINS),
    ("Desk", "search", "GET", f"{DESK}search/", None, ADMINS),
    ("Desk", "statistics", "GET", f"{DESK}statistics/", None, ADMINS),
    ("Desk", "team", "GET", f"{DESK}team/", None, OWNERS),
    ("Desk", "team", "POST", f"{DESK}team/", SET_ROLE, OWNERS),
    ("Desk", "audit", "GET", f"{DESK}audit/", None, OWNERS),
    ("Profile", "", "GET", f"{DESK}profile/", None, ADMINS),
    ("Profile", "name", "GET", f"{DESK}profile/name/", None, ADMINS),
    ("Profile", "name", "POST", f"{DESK}profile/name/", {"name": "Somebody"}, ADMINS),
    ("Profile", "email", "POST", f"{DESK}profile/email/", {"email": "a@shop.example"}, ADMINS),
    ("Login", "end", "POST", f"{DESK}profile/{{login}}/end/", {}, ADMINS),
    ("Profile", "password", "POST", f"{DESK}profile/password/", NEW_PASSWORD, ADMINS),
    ("Profile", "sign-out-others", "POST", f"{DESK}profile/sign-out-others/", {}, ADMINS),
    ("Views", "", "GET", f"{DESK}views/", None, ADMINS),
    ("Views", "", "POST", f"{DESK}views/", {"name": "v", "query": {"view": "mine"}}, ADMINS),
    ("View", "remove", "POST", f"{DESK}views/1/remove/", {}, ADMINS),
    ("Replies", "", "GET", f"{DESK}replies/", None, ADMINS),
    ("Replies", "", "POST", f"{DESK}replies/", REPLY, AGENTS),
    ("Reply", "used", "POST", f"{DESK}replies/1/used/", {}, AGENTS),
    ("Reply", "", "POST", f"{DESK}replies/1/", REPLY | {"code": "hello"}, AGENTS),
    ("Reply", "remove", "POST", f"{DESK}replies/1/remove/", {}, AGENTS),
    ("AdminSession", "", "GET", ONE, None, ADMINS),
    ("AdminSession", "messages", "GET", f"{ONE}messages/", None, ADMINS),
    ("AdminSession", "earlier", "GET", f"{ONE}earlier/", None, ADMINS),
    ("AdminSession", "replies", "GET", f"{ONE}replies/", None, ADMINS),
    ("AdminSession", "draft", "GET", f"{ONE}draft/", None, ADMINS),
    ("AdminSession", "draft", "POST", f"{ONE}draft/", {"body": "d", "note": False}, ADMINS),
    ("AdminSession", "seen", "POST", f"{ONE}seen/", {"seq": 1}, ADMINS),
    ("AdminSession", "unread", "POST", f"{ONE}unread/", {}, ADMINS),
    ("AdminSession", "send", "POST", f"{ONE}send/", SEND, AGENTS),
    ("AdminSession", "note", "POST", f"{ONE}note/", NOTE, AGENTS),
    ("AdminSession", "typing", "POST", f"{ONE}typing/", {"typing": True}, AGENTS),
    ("AdminSession", "assign", "POST", f"{ONE}assign/", {"admin": None}, AGENTS),
    ("AdminSession", "transfer", "POST", f"{ONE}transfer/", {"admin": "ben", "note": "x"}, AGENTS),
    ("AdminSession", "tags", "POST", f"{ONE}tags/", {"add": ["y"]}, AGENTS),
    ("AdminSession", "priority", "POST", f"{ONE}priority/", {"priority": "high"}, AGENTS),
    ("AdminSession", "snooze", "POST", f"{ONE}snooze/", {"until": None}, AGENTS),
    ("AdminSession", "block", "POST", f"{ONE}block/", {"blocked": True}, AGENTS),
    ("AdminSession", "undo", "POST", f"{ONE}undo/", {"seq": 1}, AGENTS),
    ("AdminSession", "close", "POST", f"{ONE}close/", {}, AGENTS),
    ("AdminSession", "reopen", "POST", f"{ONE}reopen/", {}, AGENTS),
    ("Admin", "logout", "POST", "/custom-admin/logout/", {}, ADMINS),
]
# Looking may change who is signed in and who is online.
KEPT = {one.name for one in Base.metadata.sorted_tables} - {"admin_logins", "presences", "workers"}


@pytest.fixture
def wsgi(boot):
    """With the demo shop, because it has views too."""
    return boot(demo_shop=True)


def test_the_matrix_lists_every_view(views):  # noqa: F811
    there = set()
    for view, _permissions in views:
        if view["route_name"]:
            continue
        kind, name = view["context"], view["name"]
        of_customer = issubclass(kind, CustomerSession)
        named = view["request_methods"]
        for method in {named} if isinstance(named, str) else set(named) - {"HEAD"}:
            there.add(
                ("CustomerSession", kind.verb, method)
                if of_customer
                else (kind.__name__, name, method)
            )
    known = [(kind, name, method) for kind, name, method, *_rest in MATRIX]
    assert len(known) == len(set(known))
    assert set(known) == there


def test_the_matrix_agrees_with_the_table_of_permissions(views):  # noqa: F811
    wanted = {(kind, name, method): who for kind, name, method, *_rest, who in MATRIX}
    compared = 0
    for view, (permission,) in views:
        named = view["request_methods"]
        for method in {named} if isinstance(named, str) else set(named or ()):
            who = wanted.get(
                (getattr(view["context"], "__name__", ""), view["name"], method), GUEST
            )
            if who in (OWNERS, AGENTS, ADMINS):
                assert {role for role in GRANTS if may(role, permission)} == who, view["name"]
                compared += 1
    assert compared > 40


@pytest.fixture
def people(customer, new_customer, new_admin, engine):
    """Headers that authenticate each role. Chat 1 belongs to the guest, reply 1 is shared, each admin has a view 1."""

    def proof(admin):
        cookie = admin.app.cookies[LOGIN_COOKIE].strip('"')
        return {"Cookie": f"{LOGIN_COOKIE}={cookie}", "X-CSRF-Token": admin.csrf_token}

    anna, ben, vera = (new_admin(name) for name in ("anna", "ben", "vera"))
    for admin in (anna, ben, vera):
        admin.is_signed_in()
    with transaction(engine) as db:
        admins.set_role(db, admins.find_admin(db, "vera"), "viewer")
    headers = anna.json | {"X-CSRF-Token": anna.csrf_token}
    anna.app.post_json(f"{DESK}replies/", REPLY | {"code": "hi"}, headers=headers, status=201)
    other = new_customer()
    other.starts("other")
    return {
        "owner": proof(anna),
        "agent": proof(ben),
        "viewer": proof(vera),
        "guest": customer.who,
        "other guest": other.who,
        "stranger": {},
    }


def ids(engine, table):
    return [number for (number,) in rows(engine, f"SELECT id FROM {table} ORDER BY id")]


def snapshot(engine):
    """Return everything that a request could change."""
    with engine.connect() as connection:
        return {
            table: sorted(map(repr, connection.execute(text(f"SELECT * FROM {table}")).all()))
            for table in sorted(KEPT)
        }


def refusal(path, admin, page):
    """Return the status of a refusal: another's conversation does not exist; strangers are sent to the login."""
    if path.startswith("/chat/"):
        return 404
    return 303 if page and not admin else 403


@pytest.mark.parametrize("role", ROLES)
def test_each_role_is_refused_what_it_may_not_do_and_nothing_changes(
    wsgi, people, customer, engine, role
):
    before = snapshot(engine)
    refused = [row for row in MATRIX if role not in row[-1]]
    assert len(refused) >= len(GUEST)
    for _kind, _name, method, path, body, _who in refused:
        address = path.format(id=customer.id, login=1)
        for headers in (JSON, PAGE):
            page = headers is PAGE
            data = b"" if body is None or page else json.dumps(body).encode()
            answer = ask(wsgi, method, address, data, people[role] | headers)
            wanted = refusal(path, role in ADMINS, page)
            assert answer.status == wanted, (method, path, headers)
            if not page and role in ADMINS and wanted == 403:
                assert json.loads(answer.body)["error"]["field"] == "role"  # and not: sign in again
            if wanted == 303:
                assert "/custom-admin/login/" in (answer.header("Location") or "")
            assert b"hello" not in answer.body, path  # the customer's message
    assert snapshot(engine) == before


@pytest.mark.parametrize("role", ROLES)
def test_each_role_may_do_what_the_matrix_says(wsgi, people, customer, engine, role):
    for kind, name, method, path, body, who in MATRIX:
        if role not in who:
            continue
        address = path.format(id=customer.id, login=LOGINS.get(role))
        if kind == "View":
            address = address.replace("/1/", f"/{ids(engine, 'saved_views')[-1]}/")
        data = b"" if body is None else json.dumps(body).encode()
        answer = ask(wsgi, method, address, data, people[role] | JSON)
        good = {200, 201, 303}
        if (kind, name) in {("Admin", "login"), ("Admin", "welcome")} and method == "POST":
            good = {403, 422}  # the fields were invalid, and there was no CSRF token
        if kind in {"Ticket", "Resume"}:
            good = {404, 422}  # these need a ticket, or a token and a site, and got neither
        elif name == "undo":
            good = {409}  # the request is permitted, but this entry cannot be undone
        assert answer.status in good, (kind, name, method, answer.status, answer.body)
        if method == "GET" and path.startswith(DESK):
            page = ask(wsgi, method, address, b"", people[role] | PAGE)
            assert page.status == 200, path
