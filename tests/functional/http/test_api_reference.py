"""The published API description and the running application agree."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema
import openapi_spec_validator
import yaml

from livechat.resources import (
    Admin,
    AdminSession,
    Chat,
    CustomerSession,
    Desk,
    Login,
    Profile,
    Replies,
    Reply,
    Resume,
    Root,
    Start,
    Ticket,
    View,
    Views,
)

from ...factories import Admin as AdminInTests
from ...factories import new_id

DOCS = Path(__file__).parents[3] / "docs"
DESCRIPTION: dict[str, Any] = yaml.safe_load((DOCS / "openapi.yaml").read_text())
PREFIX = {
    Root: "/",
    Chat: "/chat/",
    Resume: "/chat/resume/",
    Ticket: "/chat/ticket/",
    Admin: "/custom-admin/",
    Desk: "/custom-admin/chat/",
    AdminSession: "/custom-admin/chat/{number}/",
    Views: "/custom-admin/chat/views/",
    View: "/custom-admin/chat/views/{id}/",
    Profile: "/custom-admin/chat/profile/",
    Login: "/custom-admin/chat/profile/{login}/",
    Replies: "/custom-admin/chat/replies/",
    Reply: "/custom-admin/chat/replies/{id}/",
}


def described(path: str, method: str, status: int) -> dict[str, Any]:
    """Return the schema of an answer."""
    responses = DESCRIPTION["paths"][path][method]["responses"]
    answer = responses.get(str(status), responses.get("default"))
    if "$ref" in answer:
        answer = DESCRIPTION["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    schema: dict[str, Any] = answer["content"]["application/json"]["schema"]
    return schema


def fits(answer: Any, path: str) -> None:
    """Check that an answer has the described shape and nothing else."""
    schema = described(path, answer.request.method.lower(), answer.status_int)
    validator = jsonschema.Draft202012Validator({**schema, "components": DESCRIPTION["components"]})
    problems = [
        f"{error.json_path}: {error.message}" for error in validator.iter_errors(answer.json)
    ]
    assert not problems, f"{path} answered {answer.status}: {problems}"


def test_the_description_is_valid_openapi() -> None:
    openapi_spec_validator.validate(DESCRIPTION)


def registered(wsgi: Any) -> set[tuple[str, str]]:
    """Return method and path of every view."""
    found = set()
    for item in wsgi.registry.introspector.get_category("views"):
        view = item["introspectable"]
        methods = view["request_methods"]
        for method in [methods] if isinstance(methods, str) else methods or ():
            kind, name = view["context"], view["name"]
            if kind is Start:
                found |= {(method, "/chat/start/"), (method, "/chat/start/{product_id}/")}
            elif isinstance(kind, type) and issubclass(kind, CustomerSession):
                found.add((method, f"/chat/{kind.verb}/{{session_id}}/"))
            elif kind in PREFIX:
                end = "" if name == "" or "." in name else "/"
                found.add((method, PREFIX[kind] + name + end))
    return {(method, path) for method, path in found if method != "HEAD"}


def test_every_address_is_described_and_every_description_exists(wsgi: Any) -> None:
    promised = {
        (method.upper(), path)
        for path, item in DESCRIPTION["paths"].items()
        for method in item
        if method in {"get", "post"}
    }
    assert registered(wsgi) == promised


def test_every_address_is_in_the_reference() -> None:
    text = (DOCS / "api.md").read_text()
    for path in DESCRIPTION["paths"]:
        if path.startswith(("/chat/", "/custom-admin/")):
            short = path.replace("{session_id}", "<session_id>").replace(
                "{product_id}", "<product_id>"
            )
            short = re.sub(r"^/custom-admin/chat/\{number\}/(?=.)", "…/<number>/", short)
            assert short.replace("{number}", "<number>") in text


def test_every_error_code_is_in_the_reference() -> None:
    source = "\n".join(path.read_text() for path in (DOCS.parent / "livechat").rglob("*.py"))
    codes = set(
        re.findall(r'(?:Conflict|NotAllowed|Unreadable|TooLarge|WrongType)\(\s*"(\w+)"', source)
    )
    codes |= set(re.findall(r'answer\(\s*request, \d+, "(\w+)"', source))
    text = (DOCS / "api.md").read_text()
    # These do not occur over HTTP, or are our own errors that no client can cause.
    missing = {code for code in codes if f"`{code}`" not in text}
    assert missing <= {"username_taken", "disabled", "internal"}


def test_answers_to_customers_match_the_description(app: Any, customer: Any, admin: Any) -> None:
    number = admin.number_of(customer)
    fits(customer.starts("hi", product="42"), "/chat/start/{product_id}/")
    fits(customer.starts("hi", email="nonsense", status=422), "/chat/start/")
    admin.sends(number, "hello", status=201)
    client_id = new_id()
    send = "/chat/send/{session_id}/"
    fits(customer.sends("once", client_id), send)
    fits(customer.sends("once", client_id, status=200), send)
    fits(customer.sends("other", client_id, status=409), send)
    fits(customer.sends("", status=422), send)
    fits(customer.reads(), "/chat/messages/{session_id}/")
    fits(customer.reads("c99.00000000"), "/chat/messages/{session_id}/")
    fits(customer.reads("nonsense", status=422), "/chat/messages/{session_id}/")
    fits(customer.has_seen(3), "/chat/seen/{session_id}/")
    asks = {"site": "http://localhost"}
    ticket = customer.app.post_json("/chat/ticket/", asks, headers=customer.who)
    fits(ticket, "/chat/ticket/")
    shown = asks | {"ticket": ticket.json["ticket"]}
    for status in (200, 404):
        fits(customer.app.post_json("/chat/resume/", shown, status=status), "/chat/resume/")
    fits(customer.closes(), "/chat/close/{session_id}/")
    fits(customer.reopens(), "/chat/reopen/{session_id}/")
    fits(app.get("/health/"), "/health/")


def test_answers_to_the_desk_match_the_description(
    customer: Any, admin: Any, new_admin: Any
) -> None:
    one = "/custom-admin/chat/{number}/"
    number = admin.number_of(customer)
    fits(admin.dashboard(), "/custom-admin/chat/")
    fits(admin.dashboard(must=422, before="nonsense"), "/custom-admin/chat/")
    fits(admin.opens(number), one)
    fits(admin.takes(number), f"{one}assign/")
    fits(new_admin("ben").takes(number, status=409), f"{one}assign/")
    fits(admin.sends(number, "hello"), f"{one}send/")
    fits(admin.reads(number), f"{one}messages/")
    fits(admin.has_seen(number, 2), f"{one}seen/")
    fits(admin.closes(number), f"{one}close/")
    fits(admin.opens(number), one)
    fits(admin.reopens(number), f"{one}reopen/")
    fits(admin.assigns(number, None), f"{one}assign/")


def test_answers_of_collaboration_match_the_description(
    customer: Any, admin: Any, new_admin: Any
) -> None:
    one, desk = "/custom-admin/chat/{number}/", "/custom-admin/chat/"
    number = admin.number_of(customer)
    ben = new_admin("ben")
    headers = admin.json | {"X-CSRF-Token": admin.csrf_token}

    def posts(path: str, data: Any, status: Any = "2*") -> Any:
        return admin.app.post_json(f"{desk}{path}", data, headers=headers, status=status)

    fits(posts("take/", {}), f"{desk}take/")
    fits(posts("take/", {}, 409), f"{desk}take/")
    note = {"body": "@ben look", "client_id": new_id()}
    fits(admin.posts(number, "note", note, status=201), f"{one}note/")
    fits(admin.posts(number, "note", note, status=200), f"{one}note/")
    fits(ben.app.get(f"{desk}mentions/", headers=ben.json), f"{desk}mentions/")
    ben.sends(number, "first")
    answer = {"body": "second", "client_id": new_id(), "seen_seq": 1}
    fits(admin.posts(number, "send", answer, status=409), f"{one}send/")
    acts: dict[str, Any] = {
        "unread": {},
        "transfer": {"admin": "ben", "note": "yours"},
        "tags": {"add": ["refund"]},
        "priority": {"priority": "urgent"},
        "snooze": {"until": None},
        "block": {"blocked": True},
        "draft": {"body": "Dear", "note": False},
    }
    for verb, data in acts.items():
        fits(admin.posts(number, verb, data), f"{one}{verb}/")
    fits(customer.sends("x", status=409), "/chat/send/{session_id}/")
    for verb in ("draft", "earlier"):
        answer = admin.app.get(f"{desk}{number}/{verb}/", headers=admin.json)
        fits(answer, f"{one}{verb}/")
    fits(admin.opens(number), one)
    fits(posts("views/", {"name": "x", "query": {"view": "mine"}}), f"{desk}views/")
    for name in ("colleagues", "tag-names", "views"):
        fits(admin.app.get(f"{desk}{name}/", headers=admin.json), f"{desk}{name}/")
    fits(posts("preferences/", {"theme": "dark"}), f"{desk}preferences/")
    bulk = {"numbers": [number, 999], "act": "close"}
    fits(posts("bulk/", bulk), f"{desk}bulk/")


def test_answers_of_the_own_account_match_the_description(admin: Any) -> None:
    own, proof = "/custom-admin/chat/profile/", admin.json | {"X-CSRF-Token": admin.csrf_token}
    AdminInTests(admin.app.app, admin.engine, admin.row).is_signed_in()
    fits(admin.app.get(own, headers=admin.json), own)
    for verb, data, status in (
        ("name", {"name": "Anna"}, 200),
        ("name", {"name": ""}, 422),
        ("email", {"email": "anna@shop.example"}, 200),
        ("password", {"current": "wrong", "password": "kettle orbit nine"}, 422),
        ("sign-out-others", {}, 200),
    ):
        answer = admin.app.post_json(f"{own}{verb}/", data, headers=proof, status=status)
        fits(answer, f"{own}{verb}/")
    answer = admin.app.post_json(f"{own}2/end/", {}, headers=proof, status=404)
    fits(answer, f"{own}{{login}}/end/")


def test_answers_to_owners_match_the_description(customer: Any, admin: Any) -> None:
    desk, json = "/custom-admin/chat/", admin.json
    proof = json | {"X-CSRF-Token": admin.csrf_token}
    admin.takes(admin.number_of(customer))
    fits(admin.app.get(f"{desk}statistics/", headers=json), f"{desk}statistics/")
    for query, status in (
        ("", 200),
        ("?q=customer", 200),
        ("?q=status:waiting", 200),
        ("?q=status:x", 422),
    ):
        found = admin.app.get(f"{desk}search/{query}", headers=json, status=status)
        fits(found, f"{desk}search/")
    fits(admin.app.get(f"{desk}audit/", headers=json), f"{desk}audit/")
    fits(admin.app.get(f"{desk}audit/?act=x", headers=json, status=422), f"{desk}audit/")
    fits(admin.app.get(f"{desk}team/", headers=json), f"{desk}team/")
    for act, status in (("add", 201), ("add", 409), ("invite", 200), ("role", 200), ("x", 422)):
        data = {"act": act, "username": "ben", "role": "agent"}
        fits(
            admin.app.post_json(f"{desk}team/", data, headers=proof, status=status), f"{desk}team/"
        )
