"""All input gets the contract's error, never a 5xx: paths, queries, headers, methods."""

import json

import pytest

from ...factories import new_id
from ..raw import ask, said
from ..urls import ADDRESSES, EVERYTHING, METHODS, names

JSON = "application/json"
PATH_JUNK = [
    "%ff",
    "%00",
    "%ed%a0%80",
    "..",
    ".",
    "//",
    "@@",
    "%2f",
    "*",
    "%0a",
    "a" * 3000,
    "%F0%9F%98%80",
    "'",
    "<script>",
]
QUERIES = [
    "q=%ff",
    "%ff=1",
    "q=%00",
    "after=%ff",
    "after=%00",
    "product=%ff",
    "product=%00",
    "product=",
    "product=" + "x" * 101,
    "next=%ff",
    "token=%ff",
    "token=%00",
    "_LOCALE_=%ff",
    "_LOCALE_=../../etc",
    "_LOCALE_=%00",
    "=",
    "&&&",
    "a=1&a=2",
    "%",
    "q=%zz",
    "before=%F0%9F%98%80",
]
HEADERS = [
    {"Accept": "nonsense"},
    {"Accept": ""},
    {"Accept": ";;;q=x"},
    {"Accept": "text/html;q=99"},
    {"Accept": "*/*"},
    {"Accept": "text/event-stream"},
    {"Accept": "\xff\xfe"},
    {"Accept-Language": "\xff;q=x"},
    {"Accept-Encoding": "gzip;q=x"},
    {"Accept-Charset": "\xff"},
    {"Cookie": "\xff"},
    {"Cookie": "livechat_login=\xff; livechat_csrf=\xed\xa0\x80"},
    {"Cookie": "livechat_login=" + "x" * 5000},
    {"Cookie": 'livechat_login="\\377\\000"; livechat_csrf="\\377\\000"'},
    {"Cookie": "_LOCALE_=\xff"},
    {"Cookie": "_LOCALE_=../../x; =; ;;"},
    {"Authorization": "Bearer"},
    {"Authorization": "Bearer \xff\xff"},
    {"Authorization": "Bearer " + "x" * 9000},
    {"Authorization": "Basic OjphOg=="},
    {"Authorization": "\x7f"},
    {"Origin": "\xff"},
    {"Origin": "http://[::1"},
    {"Referer": "http://[::1"},
    {"Referer": "\xff"},
    {"Host": ""},
    {"Host": "\xff"},
    {"Host": "[::1"},
    {"Host": "a b:c:d"},
    {"X-Forwarded-For": "\xff, , 1.2.3.4.5"},
    {"X-Vhm-Root": "/custom-admin"},
    {"X-Vhm-Root": "\xff"},
    {"X-CSRF-Token": "\xff"},
    {"If-None-Match": "\xff"},
    {"If-Modified-Since": "yesterday"},
    {"Range": "bytes=9-1"},
    {"Content-Length": "-5"},
    {"Content-Length": "abc"},
    {"Content-Length": "99999999999999999999"},
    {"Content-Length": "\xb2"},
    {"Content-Type": "\xff"},
    {"Last-Event-ID": "\xff"},
]


def every_address(function):
    return pytest.mark.parametrize("address", ADDRESSES, ids=names(ADDRESSES))(function)


@every_address
def test_junk_after_a_path_is_404_or_400_and_never_an_answer(world, address):
    wsgi, where, headers = world
    for number, junk in enumerate(PATH_JUNK):
        headers["Accept"] = (JSON, "text/html", "*/*")[number % 3]
        for method, body in address.methods.items():
            path = address.at(**where).rstrip("/") + "/" + junk
            data = json.dumps(body).encode() if method == "POST" else b""
            answer = ask(wsgi, method, path, data, headers | {"Content-Type": JSON})
            if junk in {".", "..", "//", "%2f"} or address.path == "/chat/start/":
                assert answer.status < 500, (method, path)  # the same address, or a product's
            else:
                assert answer.status in {400, 404}, (method, path)


@every_address
def test_an_additional_path_segment_is_not_found(world, address):
    wsgi, where, headers = world
    for method, body in address.methods.items():
        path = address.at(**where).rstrip("/") + "/what/ever/"
        answer = ask(
            wsgi,
            method,
            path,
            json.dumps(body).encode() if method == "POST" else b"",
            headers | {"Content-Type": JSON, "Accept": JSON},
        )
        assert answer.status == 404, (method, path)
        assert said(answer) == "not_found"


@every_address
def test_an_invalid_query_is_ignored_or_refused(world, address):
    wsgi, where, headers = world
    for number, query in enumerate(QUERIES):
        for method, body in address.methods.items():
            data = json.dumps(body).encode() if method == "POST" else b""
            sent = headers | {"Content-Type": JSON, "Accept": (JSON, "text/html")[number % 2]}
            answer = ask(wsgi, method, address.at(**where), data, sent, query=query)
            assert answer.status < 500, (method, address.path, query)
            if "%ff" in query or "%00" in query:
                assert answer.status == 400, (method, address.path, query)


@every_address
def test_invalid_headers_never_break_anything(world, address):
    wsgi, where, good = world
    for odd in HEADERS:
        for method, body in address.methods.items():
            data = json.dumps(body).encode() if method == "POST" else b""
            sent = good | {"Content-Type": JSON} | odd
            answer = ask(wsgi, method, address.at(**where), data, sent)
            assert answer.status < 500, (method, address.path, odd)


@every_address
def test_an_unsupported_method_is_405_and_lists_the_supported_ones(world, address):
    wsgi, where, headers = world
    takes = set(address.methods) | ({"HEAD"} if "GET" in address.methods else set())
    for method in METHODS:
        if method in takes:
            continue
        answer = ask(wsgi, method, address.at(**where), b"", headers | {"Accept": JSON})
        if method == "OPTIONS" and address.path.startswith("/chat/"):
            assert answer.status == 204  # a preflight
            continue
        assert answer.status == 405, (method, address.path)
        assert {name.strip() for name in answer.header("Allow").split(",")} == takes
        assert method == "HEAD" or said(answer) == "method_not_allowed"


@every_address
def test_head_answers_like_get_without_a_body(world, address):
    if "GET" not in address.methods:
        return
    wsgi, where, headers = world
    get = ask(wsgi, "GET", address.at(**where), b"", headers)
    head = ask(wsgi, "HEAD", address.at(**where), b"", headers)
    assert (head.status, head.body) == (get.status, b"")
    assert head.header("Content-Type") == get.header("Content-Type")


def test_a_header_cannot_change_the_traversed_path(wsgi, world):
    _, _, headers = world
    for root in ("/custom-admin", "/custom-admin/chat", "/chat"):
        odd = {"X-Vhm-Root": root, "Accept": JSON}
        assert ask(wsgi, "GET", "/login/", b"", odd).status == 404
        assert ask(wsgi, "GET", "/1/", b"", headers | odd).status == 404


def test_an_unknown_language_is_not_cached(wsgi):
    from pyramid.interfaces import ILocalizer

    def known():
        return len(list(wsgi.registry.getUtilitiesFor(ILocalizer)))

    ask(wsgi, "GET", "/chat/")
    before = known()
    for n in range(20):
        ask(wsgi, "GET", "/chat/", query=f"_LOCALE_=x{n}")
        ask(wsgi, "GET", "/chat/", headers={"Cookie": f"_LOCALE_=y{n}"})
    assert known() == before


@pytest.mark.parametrize(
    "path", ["/", "/nope", "/chat/nope", "/custom-admin/nope/", "/favicon.ico"]
)
def test_every_error_is_a_page_for_browsers_and_json_for_programs(app, path):
    if path != "/":
        page = app.get(path, headers={"Accept": "text/html,*/*;q=0.8"}, status=404)
        assert page.content_type == "text/html"
        assert page.html.find("h1")
        assert page.html.find("html")["lang"]
    told = app.post_json(path, {}, headers={"Accept": JSON}, status=[404, 405])
    assert set(told.json["error"]) == {"code", "message"}


def test_every_answer_has_the_safe_headers(world):
    wsgi, where, headers = world
    for address in EVERYTHING:
        for given in ({}, headers):
            for method in ("GET", "POST", "PUT"):
                answer = ask(wsgi, method, address.at(**where), b"", given)
                assert answer.header("X-Content-Type-Options") == "nosniff"
                policy = answer.header("Content-Security-Policy")
                assert policy.startswith("default-src 'none'")
                assert "frame-ancestors" in policy
                assert answer.header("Cache-Control")


def test_a_body_of_a_hundred_kilobytes_reveals_nothing_to_a_stranger(wsgi, customer):
    # An oversized body must not reveal whether a session exists, either.
    body = b'{"body": "' + b"x" * 100_000 + b'"}'
    sent = {"Content-Type": JSON}
    foreign = ask(wsgi, "POST", f"/chat/send/{customer.id}/", body, sent)
    missing = ask(wsgi, "POST", f"/chat/send/{new_id()}/", body, sent)
    assert foreign.status == 404
    assert foreign.alike == missing.alike
