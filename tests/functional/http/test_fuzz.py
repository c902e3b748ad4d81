"""Whatever hypothesis generates: never a 5xx, for customers, admins and strangers."""

import json
import os
import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from livechat.security import LOGIN_COOKIE

from ..raw import ask
from ..urls import EVERYTHING, SIGN_OUT

ANY_TEXT = st.text(st.characters(), max_size=30)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
    max_leaves=12,
)
KEYS = st.sampled_from(
    [
        "body",
        "client_id",
        "seq",
        "admin",
        "version",
        "name",
        "email",
        "message",
        "page",
        "product",
        "customer",
        "url",
        "title",
        "id",
        "price",
        "signature",
    ]
)
OBJECTS = st.dictionaries(
    KEYS | ANY_TEXT, VALUES | st.dictionaries(KEYS, VALUES, max_size=4), max_size=6
)
JSON_BODIES = OBJECTS.map(lambda value: json.dumps(value).encode())
BODIES = JSON_BODIES | st.binary(max_size=80) | VALUES.map(lambda value: json.dumps(value).encode())
LATIN = st.text(
    st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=40
)
HEADER_NAMES = st.sampled_from(
    [
        "Accept",
        "Accept-Encoding",
        "Accept-Language",
        "Cookie",
        "Authorization",
        "Origin",
        "Referer",
        "Host",
        "X-Forwarded-For",
        "X-Vhm-Root",
        "X-CSRF-Token",
        "If-None-Match",
        "Range",
        "If-Modified-Since",
        "Content-Type",
        "Content-Length",
        "Last-Event-ID",
        "X-Http-Method-Override",
    ]
)
PERCENT = st.text(
    string.ascii_letters + string.digits + "%/.@*&=+;~-_!'\"<>[]{}|\\^` ", max_size=40
)
# The same examples in every run, so that a failure comes from a change. For a long, random search:
# LIVECHAT_TEST_EXAMPLES=5000 pytest tests/functional/http/test_fuzz.py
EXAMPLES = int(os.environ.get("LIVECHAT_TEST_EXAMPLES", "0"))
RELAXED = settings(
    max_examples=EXAMPLES or 100,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
ADDRESSES = st.sampled_from([address for address in EVERYTHING if address is not SIGN_OUT])
PAGES = {"/custom-admin/login/", "/custom-admin/welcome/"}
METHODS = st.sampled_from(["GET", "POST", "POST", "POST", "HEAD", "OPTIONS", "PUT"])


@pytest.fixture
def world(wsgi, customer, admin):
    """(application, names for paths, the headers of a caller who may do everything)."""
    cookie = admin.app.cookies[LOGIN_COOKIE].strip('"')
    headers = {
        "Authorization": f"Bearer {customer.token}",
        "Cookie": f"{LOGIN_COOKIE}={cookie}",
        "X-CSRF-Token": admin.csrf_token,
        "Content-Type": "application/json",
        "Accept": "application/json",
    }
    return wsgi, {"id": customer.id, "number": 1}, headers


@RELAXED
@given(address=ADDRESSES, body=BODIES)
def test_no_body_breaks_anything(world, address, body):
    wsgi, where, headers = world
    if "POST" not in address.methods:
        return
    answer = ask(wsgi, "POST", address.at(**where), body, headers)
    assert answer.status < 500, answer.body
    if answer.status >= 400 and address.path not in PAGES:
        assert json.loads(answer.body)["error"]["message"]


@RELAXED
@given(address=ADDRESSES, body=st.dictionaries(KEYS, ANY_TEXT, max_size=5), method=METHODS)
def test_no_form_breaks_anything(world, address, body, method):
    from urllib.parse import urlencode

    wsgi, where, headers = world
    form = urlencode(body, errors="surrogatepass").encode()
    kind = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"}
    assert ask(wsgi, method, address.at(**where), form, headers | kind).status < 500


@RELAXED
@given(path=PERCENT, query=PERCENT, method=METHODS)
def test_no_address_breaks_anything(world, path, query, method):
    wsgi, _, headers = world
    for start in ("/", "/chat/", "/chat/start/", "/custom-admin/chat/", "/static/"):
        assert ask(wsgi, method, start + path, b"{}", headers, query=query).status < 500


@RELAXED
@given(address=ADDRESSES, odd=st.dictionaries(HEADER_NAMES, LATIN, max_size=4), method=METHODS)
def test_no_header_breaks_anything(world, address, odd, method):
    wsgi, where, headers = world
    assert ask(wsgi, method, address.at(**where), b"{}", headers | odd).status < 500


@RELAXED
@given(
    body=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=200)
)
def test_every_text_comes_back_as_it_was_typed(customer, body):
    typed = body.replace("\r\n", "\n").replace("\r", "\n").strip()
    answer = customer.sends(body, status=[201, 422])
    if typed:
        assert answer.json["message"]["body"] == typed
        assert customer.reads(customer.cursor).json["messages"][-1]["body"] == typed
        customer.cursor = answer.json["cursor"]
    else:
        assert answer.json["error"]["field"] == "body"
