"""Where requests may come from: Origin and CORS on the customer side, Origin and CSRF token on the desk."""

import pytest
from webob import Request

from livechat.security import CSRF_COOKIE, LOGIN_COOKIE

from ...factories import NOWHERE, Admin, new_id

ALLOWED = ["https://shop.example", "https://a.shops.example", "https://a.b.shops.example"]
ALLOWED += ["http://127.0.0.1:8000", "http://127.0.0.1"]
REFUSED = [
    "null",
    "https://evil.example",
    "http://shop.example",
    "https://shop.example:444",
    "https://shop.example.evil.example",
    "https://evil-shop.example",
    "https://shops.example",
    "https://x@shop.example",
    "https://a.shops.example.evil.example",
    "https://evil.example/.shops.example",
    "https://evil.example#.shops.example",
    "http://127.0.0.1.evil.example",
    "http://127.0.0.1:8000.evil.example",
    "https://shop.example https://evil.example",
    "file://",
    "",
    "\xff",
]


@pytest.mark.parametrize("origin", ["http://localhost", *ALLOWED])
def test_the_chats_own_pages_and_the_allowed_sites_may_call(customer, origin):
    customer.headers = {"Origin": origin}
    for answer in (customer.starts("hi"), customer.sends(), customer.reads(), customer.closes()):
        allowed = answer.headers.get("Access-Control-Allow-Origin")
        assert allowed == (None if origin == "http://localhost" else origin)
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert "Origin" in answer.headers["Vary"]


@pytest.mark.parametrize("origin", REFUSED)
def test_any_other_origin_is_refused_and_changes_nothing(customer, app, origin):
    before = customer.sees()
    customer.headers = {"Origin": origin}
    for refusal in (
        customer.sends(status=403),
        customer.reads(status=403),
        customer.closes(status=403),
        customer.reopens(status=403),
        customer.has_seen(1, status=403),
        customer.starts(status=403),
    ):
        assert refusal.json["error"]["code"] == "origin_refused"
        assert "Access-Control-Allow-Origin" not in refusal.headers
    customer.headers = {}
    assert customer.sees() == before


def test_a_refusal_does_not_reveal_to_another_site_whether_a_session_exists(customer, app):
    headers = {"Origin": "https://evil.example"}
    foreign = app.get(f"/chat/messages/{customer.id}/", headers=headers, status=404)
    missing = app.get(f"/chat/messages/{NOWHERE}/", headers=headers, status=404)
    assert (foreign.body, foreign.headers) == (missing.body, missing.headers)


@pytest.mark.parametrize("path", ["send", "messages", "close"])
@pytest.mark.parametrize("origin", ["https://shop.example", "https://evil.example", "null"])
def test_a_preflight_gets_the_same_answer_whether_the_session_exists_or_not(
    customer, app, path, origin
):
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type",
    }
    existing = app.options(f"/chat/{path}/{customer.id}/", headers=headers, status=204)
    missing = app.options(f"/chat/{path}/{NOWHERE}/", headers=headers, status=204)
    assert existing.headers == missing.headers
    allowed = origin == "https://shop.example"
    assert existing.headers.get("Access-Control-Allow-Origin") == (origin if allowed else None)
    names = existing.headers["Access-Control-Allow-Headers"].lower()
    assert "authorization" in names
    assert "content-type" in names
    assert "POST" in existing.headers["Access-Control-Allow-Methods"]


def test_allowed_sites_can_read_errors_too(customer):
    customer.headers = {"Origin": "https://shop.example"}
    refusal = customer.sends(" ", status=422)
    assert refusal.headers["Access-Control-Allow-Origin"] == "https://shop.example"


def test_cookies_are_ignored_on_the_customer_side(customer, admin):
    cookies = {"Cookie": f"{LOGIN_COOKIE}={admin.app.cookies[LOGIN_COOKIE]}"}
    admin.app.get(f"/chat/messages/{customer.id}/", headers=cookies, status=404)
    assert "Set-Cookie" not in customer.sends().headers


DESK_ORIGINS = [
    ("http://localhost", 201),
    ("HTTP://LOCALHOST", 201),
    ("https://localhost", 403),
    ("http://localhost:8080", 403),
    ("https://shop.example", 403),
    ("https://evil.example", 403),
    ("null", 403),
    ("", 403),
]


@pytest.mark.parametrize(("origin", "status"), DESK_ORIGINS)
def test_the_desk_accepts_only_its_own_origin(admin, customer, origin, status):
    headers = admin.json | {"X-CSRF-Token": admin.csrf_token, "Origin": origin}
    data = {"body": "hi", "client_id": new_id()}
    answer = admin.app.post_json("/custom-admin/chat/1/send/", data, headers=headers, status=status)
    if status == 403:
        assert answer.json["error"]["code"] == "origin_refused"
        assert customer.sees() == ["hello"]


@pytest.mark.parametrize(
    ("referer", "status"),
    [
        ("http://localhost/custom-admin/chat/1/", 201),
        ("https://evil.example/", 403),
        ("about:blank", 403),
        ("http://[::1", 403),
    ],
)
def test_without_an_origin_the_referer_counts(admin, customer, referer, status):
    headers = admin.json | {"X-CSRF-Token": admin.csrf_token, "Referer": referer}
    data = {"body": "hi", "client_id": new_id()}
    admin.app.post_json("/custom-admin/chat/1/send/", data, headers=headers, status=status)


def test_the_origin_is_compared_with_the_public_url_whatever_the_requests_scheme_and_host(
    boot, new_admin, customer, new_customer
):
    # A proxy ends TLS in front of us: the request says http, the browser https.
    wsgi = boot(public_url="https://chat.example:8443")
    anna = new_admin("anna", app=wsgi)
    for origin, status in (
        ("https://chat.example:8443", 201),
        ("http://chat.example:8443", 403),
        ("https://chat.example", 403),
        ("http://localhost", 403),
    ):
        headers = anna.json | {"X-CSRF-Token": anna.csrf_token, "Origin": origin}
        data = {"body": "hi", "client_id": new_id()}
        headers["Cookie"] = f"{LOGIN_COOKIE}={anna.app.cookies[LOGIN_COOKIE]}"
        anna.app.post_json("/custom-admin/chat/1/send/", data, headers=headers, status=status)
    ann = new_customer(wsgi, Origin="https://chat.example:8443")
    assert "Access-Control-Allow-Origin" not in ann.starts().headers
    new_customer(wsgi, Origin="http://localhost").starts(status=403)


def test_links_use_the_public_url_and_not_the_clients_host_header(boot, new_customer):
    ann = new_customer(boot(public_url="https://chat.example"), Host="evil.example")
    links = ann.starts().json["session"]["links"]
    assert all(link.startswith("https://chat.example/chat/") for link in links.values())
    page = ann.app.get("/chat/", headers={"Host": "evil.example"}, status=200)
    assert "evil.example" not in page.text
    moved = ann.app.get("/custom-admin/", headers={"Host": "evil.example"}, status=303)
    assert moved.location == "https://chat.example/custom-admin/login/"


@pytest.mark.parametrize("token", [None, "", "0" * 64, "ä", "x" * 5000])
def test_a_missing_or_wrong_csrf_token_is_refused(admin, customer, token):
    data = {"body": "hi", "client_id": new_id()}
    headers = admin.json | ({} if token is None else {"X-CSRF-Token": token})
    if token == "ä":
        headers["X-CSRF-Token"] = "\xe4"
    refusal = admin.app.post_json("/custom-admin/chat/1/send/", data, headers=headers, status=403)
    assert refusal.json["error"]["code"] == "csrf_failed"
    form = data | ({} if token is None else {"csrf_token": token})
    admin.app.post("/custom-admin/chat/1/send/", form, headers=admin.json, status=403)
    assert customer.sees() == ["hello"]


def test_a_csrf_token_of_another_login_is_refused(admin, new_admin, customer):
    ben = new_admin("ben")
    headers = admin.json | {"X-CSRF-Token": ben.csrf_token}
    data = {"body": "hi", "client_id": new_id()}
    admin.app.post_json("/custom-admin/chat/1/send/", data, headers=headers, status=403)


def test_a_csrf_token_sent_as_a_file_is_refused_and_breaks_nothing(admin, customer):
    answer = admin.app.post(
        "/custom-admin/chat/1/send/",
        {"body": "hi", "client_id": "1"},
        upload_files=[("csrf_token", "token.txt", admin.csrf_token.encode())],
        headers=admin.json,
        status=403,
    )
    assert answer.json["error"]["code"] == "csrf_failed"


def test_a_csrf_token_in_the_address_does_not_count(admin, customer):
    data = {"body": "hi", "client_id": "1"}
    path = f"/custom-admin/chat/1/send/?csrf_token={admin.csrf_token}"
    admin.app.post_json(path, data, headers=admin.json, status=403)


def test_the_csrf_token_belongs_to_the_login_and_is_masked_on_each_page(admin, customer):
    found = [
        admin.page(path).html.find("input", {"name": "csrf_token"})["value"]
        for path in ("1/", "1/")
    ]
    assert found[0] != found[1]
    assert all(admin.csrf_token not in token for token in found)
    for token in found:
        form = {"csrf_token": token, "body": "hello", "client_id": token[:20]}
        admin.app.post("/custom-admin/chat/1/send/", form, status=303)
    wrong = {"csrf_token": found[0][:-1] + ("0" if found[0][-1] != "0" else "1"), "body": "x"}
    admin.app.post("/custom-admin/chat/1/send/", wrong, status=403)


@pytest.mark.parametrize(
    ("path", "accept", "encoding"),
    [
        ("1/", "text/html", "gzip"),
        ("", "application/json", "gzip"),
        ("views/", "application/json", None),  # too small to be worth it
    ],
)
def test_large_answers_of_the_desk_are_compressed(wsgi, admin, customer, path, accept, encoding):
    cookie = f"{LOGIN_COOKIE}={admin.app.cookies[LOGIN_COOKIE]}"
    headers = {"Accept": accept, "Accept-Encoding": "gzip", "Cookie": cookie}
    answer = Request.blank(f"/custom-admin/chat/{path}", headers=headers).get_response(wsgi)
    assert (answer.status_int, answer.content_encoding) == (200, encoding)
    assert "Accept-Encoding" in (answer.vary or ()) or encoding is None


def test_no_answer_to_customers_is_compressed(wsgi, customer):
    customer.sends("x" * 4000)
    headers = {**customer.who, "Accept-Encoding": "gzip"}
    answer = Request.blank(f"/chat/messages/{customer.id}/", headers=headers).get_response(wsgi)
    assert (answer.status_int, answer.content_encoding) == (200, None)


def test_the_csrf_token_from_before_the_login_is_worthless_after_it(wsgi, admin, engine):
    ben = Admin(wsgi, engine, admin.row)
    ben.username = "anna"
    page = ben.app.get("/custom-admin/login/")
    before = page.html.find("input", {"name": "csrf_token"})["value"]
    ben.signs_in()
    assert ben.csrf_token != before
    refusal = ben.app.post(
        "/custom-admin/logout/", {"csrf_token": before}, headers=ben.json, status=403
    )
    assert refusal.json["error"]["code"] == "csrf_failed"
    ben.app.post("/custom-admin/logout/", {"csrf_token": ben.csrf_token}, status=303)


def test_a_login_form_needs_the_csrf_token_of_its_own_browser(app, wsgi, new_admin):
    new_admin("anna")
    page = app.get("/custom-admin/login/")
    token = page.html.find("input", {"name": "csrf_token"})["value"]
    form = {"username": "anna", "password": "a few words in a row", "csrf_token": token}
    stolen = app.cookies[CSRF_COOKIE]
    app.reset()
    app.post("/custom-admin/login/", form, status=403)
    app.set_cookie(CSRF_COOKIE, stolen.strip('"'))
    app.post("/custom-admin/login/", form, headers={"Origin": "https://evil.example"}, status=403)
    app.post("/custom-admin/login/", form, headers={"Origin": "http://localhost"}, status=303)
