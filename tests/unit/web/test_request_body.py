"""The strict input layer in detail: JSON, fields, cursors."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livechat import validation
from livechat.conversation.cursors import (
    EPOCH,
    list_cursor,
    list_position,
    message_cursor,
    message_position,
)
from livechat.exceptions import Invalid, Unreadable
from livechat.views.customer import product_of
from livechat.web.request_body import DEEPEST_JSON, parse_object

QUICK = settings(max_examples=150, derandomize=True, database=None, deadline=None)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
SESSION = SimpleNamespace(uuid=UUID("0123abcd-0000-4000-8000-000000000000"), seq=9, public_seq=7)


def nested(depth):
    value = b"1"
    for _ in range(depth - 1):
        value = b"[" + value + b"]"
    return b'{"a":' + value + b"}"


def test_json_may_be_as_deep_as_the_limit_and_no_deeper():
    assert parse_object(nested(DEEPEST_JSON))
    with pytest.raises(Unreadable, match="deep"):
        parse_object(nested(DEEPEST_JSON + 1))


def test_brackets_in_strings_do_not_count_as_depth():
    body = json.dumps({"a": "[" * 500 + '\\"' + "{" * 500, "[[": '"'}).encode()
    assert parse_object(body)["a"].startswith("[[[")


@QUICK
@given(
    st.dictionaries(
        TEXTS,
        st.recursive(
            st.none() | st.booleans() | st.integers(-(10**18), 10**18) | TEXTS,
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
            max_leaves=8,
        ),
        max_size=5,
    )
)
def test_valid_json_is_read_as_python_reads_it(value):
    assert parse_object(json.dumps(value).encode()) == value
    assert parse_object(json.dumps(value, ensure_ascii=False).encode()) == value


@QUICK
@given(st.binary(max_size=60))
def test_bytes_are_an_object_or_are_refused(data):
    try:
        value = parse_object(data)
    except Unreadable:
        return
    assert isinstance(value, dict)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" a ", "a"),
        ("a\r\nb", "a\nb"),
        ("a\rb", "a\nb"),
        ("\n\na\n\nb\n", "a\n\nb"),
        ("x" * 4000, "x" * 4000),
        (" " * 9000 + "x", "x"),
    ],
)
def test_a_text_is_trimmed_and_keeps_its_lines(typed, kept):
    assert validation.body_text(typed) == kept


@pytest.mark.parametrize("value", [None, 1, True, [], {}, "", " \n", "x" * 4001, "a\x00"])
def test_an_invalid_message_text_is_refused(value):
    with pytest.raises(Invalid) as refused:
        validation.body_text(value)
    assert (refused.value.status, refused.value.field) == (422, "body")


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("ann@example.com", "ann@example.com"),
        (" Ann@EXAMPLE.com ", "Ann@example.com"),
        ("ann+tag@sub.example.co", "ann+tag@sub.example.co"),
        ("jörg@exämple.com", "jörg@exämple.com"),
        ("ann@shop.test", "ann@shop.test"),
        ("", None),
        ("  ", None),
        (None, None),
    ],
)
def test_valid_email_addresses_are_accepted_and_normalised(address, kept):
    assert validation.email_address(address, "email") == kept


@pytest.mark.parametrize(
    "address",
    [
        *("ann", "ann@", "@example.com", "a b@example.com", "ann@example", "ann@@example.com"),
        *("ann@exam ple.com", "ann\n@example.com\nBcc: x@example.com", "x" * 300 + "@example.com"),
        *("ann@example..com", "<ann@example.com>", 7, ["ann@example.com"]),
    ],
)
def test_invalid_email_addresses_are_refused(address):
    with pytest.raises(Invalid) as refused:
        validation.email_address(address, "email")
    assert refused.value.field == "email"


@pytest.mark.parametrize(
    "url", ["https://shop.example/ä?b=c#d", "http://localhost:8000/", "HTTPS://SHOP.EXAMPLE"]
)
def test_web_addresses_are_accepted_unchanged(url):
    assert validation.web_address(url, "page.url") == url


@pytest.mark.parametrize(
    "url",
    [
        *("javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "//shop.example", "/x"),
        *("ftp://x.example", "http://", "http:///x", "http://a b/", "vbscript:x", "http://[", 5),
    ],
)
def test_dangerous_links_are_refused(url):
    with pytest.raises(Invalid):
        validation.web_address(url, "page.url")


def test_a_link_with_a_javascript_scheme_after_control_characters_is_refused():
    for url in ("java\tscript:alert(1)", "\x01javascript:alert(1)", " javascript:alert(1)"):
        with pytest.raises(Invalid):
            validation.web_address(url, "page.url")


@pytest.mark.parametrize(
    ("price", "shown"), [(12.5, "12.5"), (12, "12"), ("12 €", "12 €"), (None, None)]
)
def test_a_price_may_be_a_number_or_a_text(price, shown):
    assert product_of({"id": 42, "price": price}, None).price == shown


@pytest.mark.parametrize("price", [True, [], {}, float("inf"), float("nan")])
def test_an_invalid_price_is_refused(price):
    with pytest.raises(Invalid) as refused:
        product_of({"id": "1", "price": price}, None)
    assert refused.value.field == "product.price"


def test_a_missing_product_is_none():
    assert product_of(None, None) is None
    assert product_of({}, None) is None


@QUICK
@given(st.integers(0, 7))
def test_a_cursor_decodes_to_its_position(position):
    text = message_cursor(SESSION, position, for_customer=True)
    assert message_position(text, SESSION, for_customer=True) == (position, False)
    assert message_position(text, SESSION, for_customer=False) == (0, True)


@QUICK
@given(st.text(max_size=15))
def test_a_text_is_a_cursor_or_is_refused(text):
    try:
        position, _anew = message_position(text, SESSION, for_customer=True)
    except Invalid:
        return
    assert 0 <= position <= SESSION.public_seq


@QUICK
@given(st.integers(0, 2**31 - 1), st.datetimes(datetime(1990, 1, 1), datetime(2200, 1, 1)))
def test_a_list_cursor_decodes_to_its_place(number, moment):
    moment = moment.replace(tzinfo=UTC, microsecond=moment.microsecond // 1000 * 1000)
    milliseconds, found = list_position(list_cursor(moment, number))
    assert found == number
    assert EPOCH + timedelta(milliseconds=milliseconds) == moment


@QUICK
@given(st.text(max_size=120) | st.binary(max_size=60).map(lambda data: data.decode("latin-1")))
def test_a_text_is_a_list_cursor_or_is_refused(text):
    try:
        milliseconds, number = list_position(text)
    except Invalid:
        return
    assert EPOCH + timedelta(milliseconds=milliseconds)
    assert 0 <= number < 2**31
