"""Roles: every address as every role, and that refusals reveal nothing."""

import json
import re
import uuid

import pytest

from livechat.accounts import admins
from livechat.db.session import transaction
from livechat.security import LOGIN_COOKIE

from ...factories import NOWHERE, hash_of
from ..raw import ask
from ..urls import CUSTOMERS, DESK, METHODS, PUBLIC, SIGN_OUT

JSON = {"Content-Type": "application/json", "Accept": "application/json"}
PAGE = {"Accept": "text/html", "Content-Type": "application/x-www-form-urlencoded"}
ROLES = [
    "stranger",
    "guest",
    "other guest",
    "guest with a revoked token",
    "admin",
    "signed-out admin",
    "disabled admin",
    "admin whose login has expired",
    "admin whose password was changed",
]


@pytest.fixture
def roles(wsgi, customer, new_customer, new_admin, engine):
    """Headers that authenticate each role, by its name."""
    from livechat.models import AdminLogin, now

    def cookie(admin):
        return {
            "Cookie": f"{LOGIN_COOKIE}={admin.app.cookies[LOGIN_COOKIE].strip(chr(34))}",
            "X-CSRF-Token": admin.csrf_token,
        }

    other, shut_out = new_customer(), new_customer()
    other.starts("other")
    shut_out.starts("shut out")
    people = {name: new_admin(name) for name in ("anna", "out", "disabled", "expired", "passwd")}
    roles = {
        "stranger": {},
        "guest": customer.who,
        "other guest": other.who,
        "guest with a revoked token": shut_out.who,
        "admin": cookie(people["anna"]),
        "signed-out admin": cookie(people["out"]),
        "disabled admin": cookie(people["disabled"]),
        "admin whose login has expired": cookie(people["expired"]),
        "admin whose password was changed": cookie(people["passwd"]),
    }
    people["out"].signs_out()
    with transaction(engine) as db:
        admins.disable(db, admins.find_admin(db, "disabled"))
        admins.store_password(db, admins.find_admin(db, "passwd"), hash_of("another password"))
        row = admins.find_admin(db, "expired")
        db.query(AdminLogin).filter_by(admin_id=row.id).one().expires_at = now()
        from livechat.accounts import guests
        from livechat.models import ChatSession

        gone = db.query(ChatSession).filter_by(uuid=uuid.UUID(shut_out.id)).one()
        guests.revoke_tokens(db, gone)
    return roles


def request(wsgi, method, path, headers, body=None):
    data = json.dumps(body).encode() if body is not None else b""
    return ask(wsgi, method, path, data, headers)


@pytest.mark.parametrize("role", ROLES)
def test_public_addresses_are_open_to_everybody(wsgi, roles, role):
    for address in PUBLIC:
        for method, body in address.methods.items():
            answer = request(wsgi, method, address.path, roles[role] | JSON, body)
            expected = {200, 201, 303}
            if method == "POST" and address.path.startswith("/custom-admin/"):
                # No field was valid, and without a login there was no CSRF token, either.
                expected = {422, 403}
            assert answer.status in expected, (role, method, address.path, answer.body)


@pytest.mark.parametrize("role", ROLES)
def test_a_conversation_is_open_to_its_guest_and_nobody_else(wsgi, customer, roles, role):
    for address in CUSTOMERS:
        for method, body in address.methods.items():
            answer = request(wsgi, method, address.at(id=customer.id), roles[role] | JSON, body)
            assert answer.status in ({200, 201} if role == "guest" else {404}), address


@pytest.mark.parametrize("role", ROLES)
def test_the_desk_is_open_to_admins_and_nobody_else(wsgi, roles, role):
    for address in DESK:
        for method, body in address.methods.items():
            answer = request(wsgi, method, address.at(number=1), roles[role] | JSON, body)
            assert answer.status in ({200, 201} if role == "admin" else {403}), address
            page = request(wsgi, method, address.at(number=1), roles[role] | PAGE)
            if role != "admin":
                assert page.status == 303
                assert page.header("Location").startswith("http://localhost/custom-admin/login/")


@pytest.mark.parametrize("role", ROLES)
def test_only_a_signed_in_admin_can_sign_out(wsgi, roles, role):
    answer = request(wsgi, "POST", SIGN_OUT.path, roles[role] | JSON, {})
    assert answer.status == (200 if role == "admin" else 403)


HEADERS = {
    "as a program": JSON,
    "as a browser": PAGE,
    "without a word": {},
    "with a wrong type": {"Content-Type": "text/plain"},
    "from an allowed site": JSON | {"Origin": "https://shop.example"},
    "from an evil site": JSON | {"Origin": "https://evil.example"},
    "from nowhere": JSON | {"Origin": "null"},
    "for a stream": {"Accept": "text/event-stream", "Last-Event-ID": "c1.00000000"},
    "for a preflight": {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"},
}
BODIES = {
    "a good body": json.dumps({"body": "hi", "client_id": "a", "seq": 1}).encode(),
    "no body": b"",
    "half a body": b"{",
    "a form": b"body=hi&client_id=a",
    "too much": b"x" * 70_000,
}


def asked_in_every_way():
    """Yield (method, headers, body, description): each method in each format, and each body as POST."""
    for how, headers in HEADERS.items():
        for method in METHODS if how == "as a program" else ("GET", "POST", "OPTIONS"):
            yield method, headers, BODIES["a good body"], f"{method} {how}"
    for what, body in BODIES.items():
        for how in ("as a program", "as a browser"):
            yield "POST", HEADERS[how], body, f"POST {how} with {what}"


@pytest.mark.parametrize("verb", ["send", "messages", "close", "reopen", "seen"])
@pytest.mark.parametrize("role", ["stranger", "other guest", "admin"])
def test_anothers_session_answers_byte_for_byte_like_a_missing_one(
    wsgi, customer, roles, verb, role
):
    query = "after=c1.00000000"
    for method, headers, body, how in asked_in_every_way():
        for rest in ("/", "/more/") if how.endswith("as a program") else ("/",):
            sent = roles[role] | headers
            foreign, missing = (
                ask(wsgi, method, f"/chat/{verb}/{each}{rest}", body, sent, query=query)
                for each in (customer.id, NOWHERE)
            )
            assert foreign.alike == missing.alike, how
            assert foreign.status == (204 if method == "OPTIONS" else 404)


@pytest.mark.parametrize(
    "verb", ["", "send/", "messages/", "close/", "assign/", "reopen/", "seen/", "nonsense/"]
)
def test_strangers_get_the_same_answer_everywhere_below_the_desk(wsgi, roles, verb):
    for role in ("stranger", "disabled admin"):
        for method, headers, body, how in asked_in_every_way():
            sent = roles[role] | headers
            existing, missing = (
                alike(ask(wsgi, method, f"/custom-admin/chat/{number}/{verb}", body, sent))
                for number in (1, 9)
            )
            assert existing == missing, how
            assert existing[0] in {303, 403}


def alike(answer):
    """Return an answer without the parts that must differ: the address to return to, and a form's CSRF token."""
    head = [(name, value.replace("chat%2F9", "chat%2F1")) for name, value in answer.headers]
    head = sorted(pair for pair in head if pair[0] != "Set-Cookie")
    body = re.sub(rb'value="[0-9a-f]{128}"', b"", answer.body)
    return answer.status, head, body.replace(b"chat%2F9", b"chat%2F1")


def test_a_stranger_creates_nothing_by_looking(wsgi, engine):
    for address in [*PUBLIC, *CUSTOMERS, *DESK]:
        if "GET" in address.methods:
            answer = ask(wsgi, "GET", address.at(id=NOWHERE, number=1))
            if not address.path.startswith(("/custom-admin/login", "/custom-admin/welcome")):
                assert answer.header("Set-Cookie") is None, address.path
    from ...databases import rows

    for table in ("guests", "guest_tokens", "chat_sessions", "chat_messages", "admin_logins"):
        assert rows(engine, f"SELECT * FROM {table}") == []


def test_customers_never_see_a_number_and_admins_never_a_token(wsgi, customer, admin):
    number = admin.number_of(customer)
    admin.sends(number, "hi")
    seen = customer.reads().json
    assert "number" not in seen["session"]
    assert all(str(message["id"]).startswith("m") for message in seen["messages"])
    for path in ("", f"{number}/", f"{number}/messages/"):
        text = admin.app.get(f"/custom-admin/chat/{path}", headers=admin.json).text
        assert customer.token not in text


def test_internal_entries_are_invisible_to_customers_and_leave_no_gap_in_their_numbers(
    customer, admin, new_admin
):
    number = admin.number_of(customer)
    admin.takes(number)
    admin.assigns(number, None)
    customer.sends("still there?")
    new_admin("ben").takes(number)
    shown = customer.reads().json["messages"]
    assert [message["seq"] for message in shown] == [1, 2, 3, 4]
    assert [message.get("event") for message in shown] == [None, "taken", None, "taken"]
    assert len({message["id"] for message in shown}) == 4
    known = admin.opens(number).json["messages"]
    assert [message["seq"] for message in known] == [1, 2, 3, 4, 5]
    assert known[2]["event"] == "unassigned"
    # A customer who reads step by step sees the same numbers.
    first = customer.reads(customer.reads().json["cursor"].replace("c4.", "c2.")).json
    assert [message["seq"] for message in first["messages"]] == [3, 4]
