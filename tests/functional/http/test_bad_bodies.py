"""Bodies that are invalid JSON, too large, or of another content type, and invalid fields."""

import json

import pytest

from ...databases import rows
from ..raw import ask, said
from ..urls import POSTS, TICKETS, is_form_page

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
LARGEST = 64 * 1024
UNREADABLE = {
    "nothing": b"",
    "half an object": b"{",
    "no JSON": b"hello",
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"a": "b"}'.encode("utf-16"),
    "UTF-32": "{}".encode("utf-32"),
    "Latin-1": '{"body": "ä"}'.encode("latin-1"),
    "too deep a list": b"[" * 30_000,
    "too deep an object": b'{"a":' * 10_000,
    "too deep, in balance": b'{"a":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    "a long integer": b'{"seq": ' + b"9" * 5_000 + b"}",
    "NaN": b'{"seq": NaN}',
    "Infinity": b'{"seq": -Infinity}',
    "a lone surrogate": b'{"body": "\\ud800", "client_id": "a"}',
    "a lone surrogate in a key": b'{"\\udfff": 1}',
    "a lone surrogate deep down": b'{"page": {"x": ["\\ud800"]}}',
    "NUL in a key": b'{"a\\u0000": 1}',
    "a raw NUL": b'{"body": "\x00"}',
    "a key twice": b'{"body": "a", "body": "b"}',
    "a key twice below": b'{"page": {"url": "http://a", "url": "http://b"}}',
    "a list": b"[]",
    "a text": b'"text"',
    "null": b"null",
    "a number": b"7",
    "two objects": b"{}{}",
    "a comment": b"{/* */}",
    "single quotes": b"{'a': 1}",
    "a trailing comma": b'{"a": 1,}',
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_body_of_invalid_json_is_400(world, name):
    wsgi, where, headers = world
    for address in POSTS:
        if is_form_page(address):
            continue
        answer = ask(
            wsgi, "POST", address.at(**where), UNREADABLE[name], headers | {"Content-Type": JSON}
        )
        assert answer.status == 400, address.path
        assert said(answer) == "bad_request"


def test_json_at_the_limits_is_accepted(customer):
    deep = 0
    for _ in range(17):
        deep = [deep]
    customer.starts(unknown={"deep": deep}, status=200)
    customer.starts(unknown='[[[[[[[[[[[[[[[[[[[[[[[[[["\\', status=200)
    customer.starts(unknown=10**18, status=200)


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "text/json",
        FORM,
        "multipart/form-data; boundary=x",
        "multipart/form-data",
        "application/jsonx",
        "application/json; charset=utf-16",
        "application/json; charset=latin-1",
        "application/json; charset=bogus",
        'application/json; charset="utf-7"',
        "application/xml",
        "\xff",
    ],
)
def test_a_content_type_other_than_json_is_415_on_the_customer_side(world, content_type):
    wsgi, where, headers = world
    for address in POSTS:
        if not address.path.startswith("/chat/"):
            continue
        sent = headers | {"Content-Type": content_type}
        answer = ask(wsgi, "POST", address.at(**where), b"{}", sent)
        # A broken form is unreadable before its type is checked.
        unreadable = content_type == "multipart/form-data"
        assert answer.status == (400 if unreadable else 415), address.path
        assert said(answer) == ("bad_request" if unreadable else "unsupported_media_type")


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "APPLICATION/JSON",
        "application/json; charset=UTF-8",
        'application/json;charset="utf-8"',
        "application/json; charset=utf8; x=y",
    ],
)
def test_json_under_any_valid_content_type_is_accepted(app, content_type):
    app.post("/chat/start/", b"{}", headers={"Content-Type": content_type}, status=201)


def test_64_kib_are_accepted_and_one_byte_more_is_413(world):
    wsgi, where, headers = world
    for address in POSTS:
        if is_form_page(address) or address in TICKETS:
            continue
        body = json.dumps(address.methods["POST"] | {"unknown": ""}).encode()
        full = body[:-2] + b"x" * (LARGEST - len(body)) + body[-2:]
        assert len(full) == LARGEST
        sent = headers | {"Content-Type": JSON}
        assert ask(wsgi, "POST", address.at(**where), full, sent).status < 300, address.path
        answer = ask(wsgi, "POST", address.at(**where), full + b" ", sent)
        assert answer.status == 413
        assert said(answer) == "too_large"


@pytest.mark.parametrize(("declared", "status"), [("5", 400), ("", 413), ("99999999", 413)])
def test_the_length_is_measured_and_not_trusted(wsgi, declared, status):
    body = b'{"message": "' + b"x" * (2 * LARGEST) + b'", "client_id": "a"}'
    sent = {"Content-Type": JSON, "Content-Length": declared}
    # As a server passes on a chunked body: without a length, up to its end.
    answer = ask(wsgi, "POST", "/chat/start/", body, sent, **{"wsgi.input_terminated": True})
    assert answer.status == status


FIELDS = [
    ("send", {"client_id": "a"}, "body"),
    ("send", {"body": None, "client_id": "a"}, "body"),
    ("send", {"body": 7, "client_id": "a"}, "body"),
    ("send", {"body": ["x"], "client_id": "a"}, "body"),
    ("send", {"body": "", "client_id": "a"}, "body"),
    ("send", {"body": " \n\t\u00a0\u2028", "client_id": "a"}, "body"),
    ("send", {"body": "x" * 4001, "client_id": "a"}, "body"),
    ("send", {"body": "a\x00b", "client_id": "a"}, "body"),
    ("send", {"body": "x"}, "client_id"),
    ("send", {"body": "x", "client_id": ""}, "client_id"),
    ("send", {"body": "x", "client_id": 7}, "client_id"),
    ("send", {"body": "x", "client_id": "a b"}, "client_id"),
    ("send", {"body": "x", "client_id": "ä"}, "client_id"),
    ("send", {"body": "x", "client_id": "a\n"}, "client_id"),
    ("send", {"body": "x", "client_id": "a\x00"}, "client_id"),
    ("send", {"body": "x", "client_id": "x" * 101}, "client_id"),
    ("seen", {}, "seq"),
    ("seen", {"seq": "1"}, "seq"),
    ("seen", {"seq": -1}, "seq"),
    ("seen", {"seq": 2**31}, "seq"),
]
STARTS = [
    ({"name": 7}, "name"),
    ({"name": "x" * 101}, "name"),
    ({"name": "a\x00b"}, "name"),
    ({"name": "a\x1bb"}, "name"),
    ({"email": "nobody"}, "email"),
    ({"email": "a@b@c.example"}, "email"),
    ({"email": ["a@example.com"]}, "email"),
    ({"email": "x" * 250 + "@example.com"}, "email"),
    ({"email": "a\x00@example.com"}, "email"),
    ({"message": ""}, "message"),
    ({"message": 7}, "message"),
    ({"message": "x" * 4001}, "message"),
    ({"message": "x", "client_id": ""}, "client_id"),
    ({"client_id": 5}, "client_id"),
    ({"page": "x"}, "page"),
    ({"page": {"url": "javascript:alert(1)"}}, "page.url"),
    ({"page": {"url": "data:text/html,x"}}, "page.url"),
    ({"page": {"url": "http://"}}, "page.url"),
    ({"page": {"url": "http://[::1"}}, "page.url"),
    ({"page": {"url": "http://x\x00/"}}, "page.url"),
    ({"page": {"url": "http://x/" + "y" * 2000}}, "page.url"),
    ({"page": {"title": "x" * 201}}, "page.title"),
    ({"page": {"title": 1}}, "page.title"),
    ({"product": 7}, "product"),
    ({"product": {"name": "no id"}}, "product.id"),
    ({"product": {"id": ""}}, "product.id"),
    ({"product": {"id": True}}, "product.id"),
    ({"product": {"id": "x" * 101}}, "product.id"),
    ({"product": {"id": "1", "url": "javascript:1"}}, "product.url"),
    ({"product": {"id": "1", "name": "x" * 201}}, "product.name"),
    ({"product": {"id": "1", "price": {}}}, "product.price"),
    ({"product": {"id": "1", "price": "x" * 51}}, "product.price"),
    ({"customer": []}, "customer"),
]


@pytest.mark.parametrize(("verb", "data", "field"), FIELDS)
def test_an_invalid_field_is_422_and_named(customer, admin, verb, data, field):
    assert customer.posts(verb, data, status=422).json["error"]["field"] == field
    number = admin.number_of(customer)
    assert admin.posts(number, verb, data, status=422).json["error"]["field"] == field
    assert customer.sees() == ["hello"]


@pytest.mark.parametrize(("data", "field"), STARTS)
def test_an_invalid_field_of_a_start_is_422_and_named_and_nothing_is_stored(
    app, engine, data, field
):
    error = app.post_json("/chat/start/", data, status=422).json["error"]
    assert error["field"] == field
    assert rows(engine, "SELECT id FROM guests") == []


@pytest.mark.parametrize("price", ["1e999", "-1e999"])
def test_an_infinite_price_is_refused(app, price):
    body = f'{{"product": {{"id": "1", "price": {price}}}}}'
    app.post("/chat/start/", body, headers={"Content-Type": JSON}, status=[400, 422])


@pytest.mark.parametrize(
    ("path", "field"),
    [("/chat/start/%20/", "product.id"), ("/chat/start/" + "x" * 101 + "/", "product.id")],
)
def test_a_product_id_in_the_address_follows_the_same_rules(app, path, field):
    assert app.post_json(path, {}, status=422).json["error"]["field"] == field
    app.get(path, status=422)


@pytest.mark.parametrize(
    "after", ["x", "c1", "c-1.00000000", "c1.0000000g", "1", "c١.00000000", "é"]
)
def test_an_invalid_cursor_is_422(customer, admin, after):
    assert customer.reads(after, status=422).json["error"]["field"] == "after"
    number = admin.number_of(customer)
    assert admin.reads(number, after, status=422).json["error"]["field"] == "after"


def test_a_cursor_of_another_list_or_of_the_future_starts_over_and_says_so(
    customer, admin, new_customer
):
    other = new_customer()
    other.starts("foreign")
    number = admin.number_of(customer)
    own = customer.reads().json["cursor"]
    future = own.replace("c1.", "c99.")
    assert future != own
    for cursor in (other.cursor, future, admin.opens(number).json["cursor"]):
        answer = customer.reads(cursor).json
        assert answer["reset"] is True
        assert [message["body"] for message in answer["messages"]] == ["hello"]
    assert "reset" not in customer.reads(own).json
    for cursor in (own, "a99" + own[2:]):
        answer = admin.reads(number, cursor).json
        assert answer["reset"] is True
        assert [message["body"] for message in answer["messages"]] == ["hello"]
