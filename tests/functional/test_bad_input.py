"""Anything a client can send gets the contract's error, never a 500: every address, every kind of nonsense."""

import json

import pytest

from ..factories import new_id
from .raw import ask
from .urls import EVERYTHING, METHODS, SIGN_OUT, names

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
LARGEST = 64 * 1024
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


@pytest.fixture
def world(wsgi, customer, admin):
    """What is needed to reach every address as one who may: (wsgi, path names, headers)."""
    from livechat.security import LOGIN_COOKIE

    cookie = admin.app.cookies[LOGIN_COOKIE].strip('"')
    headers = {
        "Authorization": f"Bearer {customer.token}",
        "Cookie": f"{LOGIN_COOKIE}={cookie}",
        "X-CSRF-Token": admin.csrf_token,
    }
    return wsgi, {"id": customer.id, "number": admin.number_of(customer)}, headers


def said(answer):
    """The code of a JSON error, whose shape is checked by the way."""
    assert answer.header("Content-Type") == JSON
    error = json.loads(answer.body)["error"]
    assert set(error) <= {"code", "message", "field"}
    assert error["message"][0].isupper()
    assert error["message"][-1] in ".?!}"
    return error["code"]


# Signing out once is signing out for the requests after it; test_login.py has its cases.
ADDRESSES = [address for address in EVERYTHING if address is not SIGN_OUT]
JSON_POSTS = [address for address in ADDRESSES if "POST" in address.methods]


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
def test_a_path_segment_more_is_not_found(world, address):
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
def test_a_query_of_nonsense_is_an_answer_or_the_clients_fault(world, address):
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
def test_headers_of_nonsense_never_break_anything(world, address):
    wsgi, where, good = world
    for odd in HEADERS:
        for method, body in address.methods.items():
            data = json.dumps(body).encode() if method == "POST" else b""
            sent = good | {"Content-Type": JSON} | odd
            answer = ask(wsgi, method, address.at(**where), data, sent)
            assert answer.status < 500, (method, address.path, odd)


@every_address
def test_a_method_that_an_address_does_not_take_is_405_and_says_which_it_takes(world, address):
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


def is_form_page(address):
    return address.path.startswith("/custom-admin/") and address.path.count("/") == 3


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_body_that_is_no_sound_json_is_400(world, name):
    wsgi, where, headers = world
    for address in JSON_POSTS:
        if is_form_page(address):
            continue
        answer = ask(
            wsgi, "POST", address.at(**where), UNREADABLE[name], headers | {"Content-Type": JSON}
        )
        assert answer.status == 400, address.path
        assert said(answer) == "bad_request"


def test_json_at_the_edge_of_what_is_allowed_is_taken(customer):
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
def test_what_is_not_called_json_is_415_on_the_customer_side(world, content_type):
    wsgi, where, headers = world
    for address in JSON_POSTS:
        if not address.path.startswith("/chat/"):
            continue
        sent = headers | {"Content-Type": content_type}
        answer = ask(wsgi, "POST", address.at(**where), b"{}", sent)
        # A form that is no form is unreadable before anybody asks what it is.
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
def test_json_by_any_lawful_name_is_taken(app, content_type):
    app.post("/chat/start/", b"{}", headers={"Content-Type": content_type}, status=201)


def test_64_kib_are_taken_and_one_byte_more_is_413(world):
    wsgi, where, headers = world
    for address in JSON_POSTS:
        if is_form_page(address):
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
def test_the_length_is_counted_and_not_believed(wsgi, declared, status):
    body = b'{"message": "' + b"x" * (2 * LARGEST) + b'", "client_id": "a"}'
    sent = {"Content-Type": JSON, "Content-Length": declared}
    # As a server hands on a body that came in chunks: without a length, up to its end.
    answer = ask(wsgi, "POST", "/chat/start/", body, sent, **{"wsgi.input_terminated": True})
    assert answer.status == status


def test_a_form_that_is_too_large_is_413_too(world):
    wsgi, where, headers = world
    body = b"client_id=1&body=" + b"x" * LARGEST
    path = f"/custom-admin/chat/{where['number']}/send/"
    answer = ask(wsgi, "POST", path, body, headers | {"Content-Type": FORM})
    assert answer.status == 413


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
def test_a_wrong_field_is_422_and_named(customer, admin, verb, data, field):
    assert customer.posts(verb, data, status=422).json["error"]["field"] == field
    number = admin.number_of(customer)
    assert admin.posts(number, verb, data, status=422).json["error"]["field"] == field
    assert customer.sees() == ["hello"]


@pytest.mark.parametrize(("data", "field"), STARTS)
def test_a_wrong_field_of_a_start_is_422_and_named_and_nothing_is_stored(app, engine, data, field):
    from ..databases import rows

    error = app.post_json("/chat/start/", data, status=422).json["error"]
    assert error["field"] == field
    assert rows(engine, "SELECT id FROM guests") == []


@pytest.mark.parametrize("price", ["1e999", "-1e999"])
def test_a_price_without_end_is_refused(app, price):
    body = f'{{"product": {{"id": "1", "price": {price}}}}}'
    app.post("/chat/start/", body, headers={"Content-Type": JSON}, status=[400, 422])


@pytest.mark.parametrize(
    ("path", "field"),
    [("/chat/start/%20/", "product.id"), ("/chat/start/" + "x" * 101 + "/", "product.id")],
)
def test_a_product_id_in_the_address_obeys_the_same_rules(app, path, field):
    assert app.post_json(path, {}, status=422).json["error"]["field"] == field
    app.get(path, status=422)


@pytest.mark.parametrize(
    "after", ["x", "c1", "c-1.00000000", "c1.0000000g", "1", "c١.00000000", "é"]
)
def test_what_was_never_a_cursor_is_422(customer, admin, after):
    assert customer.reads(after, status=422).json["error"]["field"] == "after"
    number = admin.number_of(customer)
    assert admin.reads(number, after, status=422).json["error"]["field"] == "after"


def test_a_cursor_of_another_list_or_of_a_future_starts_anew_and_says_so(
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


MULTIPART = {
    "a token as a file": b'--x\r\nContent-Disposition: form-data; name="csrf_token"; filename="a"\r\n'
    b"\r\nabc\r\n--x--\r\n",
    "a field as a file": b'--x\r\nContent-Disposition: form-data; name="body"; filename="a"\r\n'
    b'\r\nabc\r\n--x\r\nContent-Disposition: form-data; name="client_id"; filename="b"\r\n\r\n1\r\n--x--\r\n',
    "no end": b'--x\r\nContent-Disposition: form-data; name="body"\r\n\r\nabc',
    "no name": b"--x\r\nContent-Disposition: form-data\r\n\r\nabc\r\n--x--\r\n",
    "no head": b"--x\r\n\r\nabc\r\n--x--\r\n",
    "an odd encoding": b'--x\r\nContent-Disposition: form-data; name="body"\r\n'
    b"Content-Transfer-Encoding: bogus\r\nContent-Type: text/plain; charset=bogus\r\n\r\n\xff\r\n--x--\r\n",
    "base64": b'--x\r\nContent-Disposition: form-data; name="body"\r\n'
    b"Content-Transfer-Encoding: base64\r\n\r\n!!!\r\n--x--\r\n",
    "a part in a part": b'--x\r\nContent-Disposition: form-data; name="body"\r\n'
    b"Content-Type: multipart/mixed; boundary=y\r\n\r\n--y\r\n\r\nz\r\n--y--\r\n--x--\r\n",
    "not UTF-8": b'--x\r\nContent-Disposition: form-data; name="body"\r\n\r\n\xff\xfe\r\n--x--\r\n',
    "a length": b'--x\r\nContent-Length: 9999999\r\nContent-Disposition: form-data; name="body"\r\n'
    b"\r\nabc\r\n--x--\r\n",
    "a length of nonsense": b"--x\r\nContent-Length: -7x\r\n"
    b'Content-Disposition: form-data; name="body"\r\n\r\nabc\r\n--x--\r\n',
    "nothing": b"",
}
FORMS = [b"body=%ff", b"%ff=1", b"body=%00", b"&&&=", b"body", b"=", b"a=1;b=2", b"\xff\xfe\x00"]
FORMS += [
    b"a=1&" * 10_000,
    b"csrf_token=%ff",
    b"next=%ff&username=a",
    b"token=%ff",
    b"_LOCALE_=%ff",
]
CHARSETS = [
    "bogus",
    "utf-16",
    "utf-7",
    "unicode_escape",
    "idna",
    "base64",
    "rot13",
    "\xff",
    "utf-8",
]


@pytest.mark.parametrize("accept", [JSON, "text/html"])
def test_forms_of_nonsense_never_break_anything(world, accept):
    wsgi, where, headers = world
    for address in JSON_POSTS:
        sent = {"Accept": accept} | (
            headers if address.path.startswith("/custom-admin/chat") else {}
        )
        for boundary in ("; boundary=x", "; boundary=", "", "; boundary=\xff", '; boundary="'):
            bodies = MULTIPART.items() if boundary == "; boundary=x" else [*MULTIPART.items()][:2]
            for name, body in bodies:
                kind = {"Content-Type": "multipart/form-data" + boundary}
                answer = ask(wsgi, "POST", address.at(**where), body, sent | kind)
                assert answer.status < 500, (address.path, boundary, name, answer.body)
        for body in FORMS:
            for kind in ({"Content-Type": FORM}, {"Content-Type": ""}):
                answer = ask(wsgi, "POST", address.at(**where), body, sent | kind)
                assert answer.status < 500, (address.path, kind, body[:50], answer.body)
        for charset in CHARSETS:
            for body in (b"username=%5Cud800&password=%5Cud800", b"username=+2AA-&password=+2AA-"):
                kind = {"Content-Type": f"{FORM}; charset={charset}"}
                answer = ask(wsgi, "POST", address.at(**where), body, sent | kind)
                assert answer.status < 500, (address.path, charset, body[:50], answer.body)


def test_a_form_that_is_no_text_is_400(world):
    wsgi, where, headers = world
    path = f"/custom-admin/chat/{where['number']}/send/"
    for body in (b"body=%ff&client_id=1", b"%ff=1", b"body=%00&client_id=1"):
        answer = ask(wsgi, "POST", path, body, headers | {"Content-Type": FORM, "Accept": JSON})
        assert answer.status == 400, body
        assert said(answer) == "bad_request"


def test_a_header_cannot_move_a_client_through_the_tree(wsgi, world):
    _, _, headers = world
    for root in ("/custom-admin", "/custom-admin/chat", "/chat"):
        odd = {"X-Vhm-Root": root, "Accept": JSON}
        assert ask(wsgi, "GET", "/login/", b"", odd).status == 404
        assert ask(wsgi, "GET", "/1/", b"", headers | odd).status == 404


def test_a_language_that_nobody_speaks_is_not_remembered(wsgi):
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


def test_a_body_of_a_hundred_kilobytes_does_not_reach_a_strangers_eyes(wsgi, customer):
    # Also what is too large must not tell whether a session exists.
    body = b'{"body": "' + b"x" * 100_000 + b'"}'
    sent = {"Content-Type": JSON}
    foreign = ask(wsgi, "POST", f"/chat/send/{customer.id}/", body, sent)
    missing = ask(wsgi, "POST", f"/chat/send/{new_id()}/", body, sent)
    assert foreign.status == 404
    assert foreign.alike == missing.alike
