"""The customer side of the contract, row by row, over HTTP."""

import re
import uuid

import pytest

from ...databases import rows
from ...factories import new_id

SESSION_KEYS = {
    "id",
    "status",
    "customer",
    "product",
    "admin",
    "unread",
    "created_at",
    "closed_at",
    "links",
    "seen_seq",
    "position",
    "team",
}
MESSAGE_KEYS = {"id", "seq", "from", "author", "body", "client_id", "created_at"}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def test_a_start_creates_a_session_and_returns_its_token(stranger):
    response = stranger.starts(
        "Is the lamp in stock?", client_id="c1", name=" Ann  Lee ", email="ann@example.com"
    )
    assert response.status_int == 201
    assert set(response.json) == {"session", "messages", "cursor", "token"}
    session = response.json["session"]
    assert set(session) == SESSION_KEYS
    assert uuid.UUID(session["id"]).version == 4
    assert session["status"] == "waiting"
    assert session["customer"] == {"name": "Ann Lee", "email": "ann@example.com"}
    assert session["product"] is None
    assert session["admin"] is None
    assert session["unread"] == 0
    assert session["closed_at"] is None
    assert TIME.fullmatch(session["created_at"])
    assert len(response.json["token"]) >= 43
    [message] = response.json["messages"]
    assert set(message) == MESSAGE_KEYS
    assert TIME.fullmatch(message.pop("created_at"))
    assert message.pop("id")
    assert message == {
        "seq": 1,
        "from": "customer",
        "author": "Ann Lee",
        "body": "Is the lamp in stock?",
        "client_id": "c1",
    }


def test_a_start_needs_nothing_but_an_empty_object(stranger):
    response = stranger.starts()
    assert response.status_int == 201
    assert response.json["messages"] == []
    assert response.json["session"]["customer"] == {"name": None, "email": None}


def test_a_start_with_the_token_of_an_open_session_continues_it(customer):
    before = customer.id
    again = customer.starts()
    assert again.status_int == 200
    assert again.json["session"]["id"] == before
    assert again.json["token"] == customer.token
    assert [message["body"] for message in again.json["messages"]] == ["hello"]


def test_a_start_with_the_token_of_a_closed_session_creates_a_new_one_for_the_same_guest(customer):
    old, token = customer.id, customer.token
    customer.closes()
    response = customer.starts("again")
    assert response.status_int == 201
    assert response.json["session"]["id"] != old
    assert response.json["token"] == token
    assert [message["body"] for message in response.json["messages"]] == ["again"]


def test_a_start_with_an_unknown_token_creates_a_new_guest(stranger):
    stranger.token = "x" * 43
    assert stranger.starts().status_int == 201
    assert stranger.token != "x" * 43


def test_the_token_is_stored_only_as_a_hash(customer, engine):
    [[stored]] = rows(engine, "SELECT token_hash FROM guest_tokens")
    assert customer.token not in stored
    assert re.fullmatch("[0-9a-f]{64}", stored)


def test_a_start_shows_the_page_to_admins_but_not_to_the_customer(stranger, admin):
    page = {"url": "https://shop.example/lamps?x=1", "title": "Lamps"}
    assert "page" not in stranger.starts(page=page).json["session"]
    assert admin.opens(admin.number_of(stranger)).json["session"]["page"] == page


def test_a_start_about_a_product_carries_it(stranger):
    product = {"name": "Lamp", "url": "https://shop.example/42", "price": "12.50 €"}
    session = stranger.starts(product="42").json["session"]
    assert session["product"] == {"id": "42", "name": None, "url": None, "price": None}
    more = stranger.app.post_json("/chat/start/42/", {"product": product}, headers=stranger.who)
    assert more.json["session"]["product"] == {"id": "42", **product}
    assert more.json["messages"] == []


def test_a_product_in_the_body_works_like_one_in_the_address(app):
    body = {"product": {"id": "42", "name": "Lamp", "price": 12.5}}
    session = app.post_json("/chat/start/", body, status=201).json["session"]
    assert session["product"] == {"id": "42", "name": "Lamp", "url": None, "price": "12.5"}


def test_a_product_in_the_address_takes_precedence_over_one_in_the_body(app):
    body = {"product": {"id": "43", "name": "Lamp"}}
    session = app.post_json("/chat/start/42/", body, status=201).json["session"]
    assert session["product"]["id"] == "42"


def test_coming_from_another_product_keeps_the_conversation_and_adds_a_system_message(customer):
    before = customer.id
    body = {"product": {"name": "Chair"}}
    response = customer.app.post_json("/chat/start/7/", body, headers=customer.who, status=200)
    assert response.json["session"]["id"] == before
    assert response.json["session"]["product"]["name"] == "Chair"
    line = response.json["messages"][-1]
    assert line["from"] == "system"
    assert line["event"] == "product"
    assert line["author"] is None
    assert "Chair" in line["body"]
    assert line["seq"] == 2


def test_the_same_product_again_adds_no_system_message(customer):
    customer.starts(product="7")
    customer.starts(product="7")
    assert len(customer.sees()) == 2


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/chat/start/", "/chat/"),
        ("/chat/start", "/chat/"),
        ("/chat/start/42/", "/chat/?product=42"),
        ("/chat/start/a%20b%26c/", "/chat/?product=a+b%26c"),
        ("/chat/start/%C3%A4/", "/chat/?product=%C3%A4"),
    ],
)
def test_a_link_to_start_leads_to_the_conversation_page_with_that_product(app, path, target):
    response = app.get(path, status=303)
    assert response.location == f"http://localhost{target}"


def test_a_link_to_start_creates_nothing(app, engine):
    app.get("/chat/start/42/", status=303)
    app.get("/chat/?product=42", status=200)
    assert rows(engine, "SELECT id FROM guests UNION ALL SELECT id FROM chat_sessions") == []


def test_the_conversation_page_sets_no_cookie_and_may_be_framed_by_the_allowed_sites(app):
    response = app.get("/chat/", status=200)
    assert response.content_type == "text/html"
    assert "Set-Cookie" not in response.headers
    policy = response.headers["Content-Security-Policy"]
    assert "frame-ancestors 'self' https://shop.example https://*.shops.example" in policy
    assert "unsafe" not in policy


def test_the_conversation_page_shows_a_product_as_text(app):
    page = app.get("/chat/", {"product": '"><b>7'}).html
    assert page.find(id="chat")["data-product-id"] == '"><b>7'


def test_a_send_is_stored_and_numbered(customer):
    response = customer.sends("two", "c2")
    assert set(response.json) == {"message", "cursor"}
    assert response.json["message"]["seq"] == 2
    assert customer.sends("three").json["message"]["seq"] == 3
    assert customer.sees() == ["hello", "two", "three"]


def test_reading_after_the_cursor_of_a_send_returns_what_came_later(customer):
    cursor = customer.sends("two").json["cursor"]
    customer.sends("three")
    assert [m["body"] for m in customer.reads(cursor).json["messages"]] == ["three"]


def test_messages_after_a_cursor_come_in_order_and_from_the_beginning_without_one(customer):
    first = customer.reads().json
    assert set(first) == {"messages", "session", "cursor"}
    for body in "abc":
        customer.sends(body)
    later = customer.reads(first["cursor"]).json
    assert [m["body"] for m in later["messages"]] == ["a", "b", "c"]
    assert customer.reads(later["cursor"]).json["messages"] == []
    assert customer.reads(later["cursor"]).json["cursor"] == later["cursor"]
    assert [m["seq"] for m in customer.reads().json["messages"]] == [1, 2, 3, 4]
    assert customer.reads("").json == customer.reads().json


def test_closing_returns_the_session_and_repeating_it_is_no_error(customer):
    response = customer.closes()
    assert set(response.json) == {"session"}
    assert response.json["session"]["status"] == "closed"
    assert TIME.fullmatch(response.json["session"]["closed_at"])
    assert customer.closes().json == response.json
    assert customer.sees() == ["hello", "You ended the chat."]


def test_writing_into_a_closed_session_is_refused_until_it_is_reopened(customer):
    customer.closes()
    refusal = customer.sends("late", "c9", status=409)
    assert refusal.json["error"]["code"] == "session_closed"
    reopened = customer.reopens()
    assert reopened.json["session"]["status"] == "waiting"
    assert reopened.json["session"]["closed_at"] is None
    assert customer.reopens().json["session"]["status"] == "waiting"
    customer.sends("late", "c9", status=201)
    assert customer.sees() == ["hello", "You ended the chat.", "You reopened the chat.", "late"]


def test_a_message_sent_before_the_close_can_be_repeated_after_it(customer):
    first = customer.sends("in time", "c5")
    customer.closes()
    assert customer.sends("in time", "c5", status=200).json["message"] == first.json["message"]


def test_an_old_session_cannot_be_reopened_while_a_newer_one_is_open(customer):
    old = customer.id
    customer.closes()
    customer.starts("new")
    customer.id = old
    assert customer.reopens(status=409).json["error"]["code"] == "another_open"


def test_a_closed_session_can_still_be_read(customer):
    old = customer.id
    customer.closes()
    customer.starts("new")
    customer.id = old
    assert customer.sees() == ["hello", "You ended the chat."]


def test_a_closed_session_does_not_change_when_its_product_is_started_again(customer):
    old = customer.id
    customer.closes()
    customer.starts("new", product="9")
    customer.id = old
    assert customer.reads().json["session"]["product"] is None


def test_unread_counts_admins_messages_and_seen_resets_it(customer, admin):
    number = admin.number_of(customer)
    admin.sends(number, "one")
    admin.sends(number, "two")
    answer = customer.reads().json
    assert answer["session"]["unread"] == 2
    assert customer.has_seen(3).json["session"]["unread"] == 1
    assert customer.has_seen(answer["messages"][-1]["seq"]).json["session"]["unread"] == 0
    assert customer.has_seen(1).json["session"]["unread"] == 0
    assert customer.has_seen(2**31 - 1).json["session"]["unread"] == 0
    admin.sends(number, "three")
    assert customer.reads().json["session"]["unread"] == 1


def test_the_links_of_a_session_work(customer):
    links = customer.reads().json["session"]["links"]
    assert set(links) == {"send", "messages", "close", "reopen", "seen", "typing", "page"}
    data = {"body": "by link", "client_id": new_id()}
    customer.app.post_json(links["send"], data, headers=customer.who, status=201)
    customer.app.get(links["messages"], headers=customer.who, status=200)
    customer.app.post_json(links["seen"], {"seq": 1}, headers=customer.who, status=200)
    customer.app.post_json(links["typing"], {"typing": True}, headers=customer.who, status=200)
    page = {"page": {"url": "https://shop.example/p", "title": "P"}}
    customer.app.post_json(links["page"], page, headers=customer.who, status=200)
    customer.app.post_json(links["close"], {}, headers=customer.who, status=200)
    customer.app.post_json(links["reopen"], {}, headers=customer.who, status=200)


def test_the_customer_sees_the_answering_admins_name_but_no_number_or_username(customer, admin):
    number = admin.number_of(customer)
    admin.sends(number, "hi")
    answer = customer.reads()
    assert answer.json["session"]["admin"] == {"name": "Anna Antwort"}
    assert answer.json["session"]["status"] == "active"
    assert answer.json["messages"][-1]["author"] == "Anna Antwort"
    assert '"anna"' not in answer.text
    assert "number" not in answer.text
    assert "version" not in answer.text
