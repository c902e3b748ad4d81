"""Cookies over https: names that no other site can plant, older logins, and the desk's security headers."""

from __future__ import annotations

import pytest
from webtest import TestApp

from livechat.accounts import admins, logins
from livechat.cookies import CSRF_COOKIE, LOGIN_COOKIE
from livechat.db.session import transaction
from livechat.models import Admin as AdminRow
from livechat.web import devices

from ...databases import rows
from ...factories import PASSWORD, add_admin

JSON = {"Accept": "application/json"}
DESK = "/custom-admin/chat/"
COOKIES = (LOGIN_COOKIE, CSRF_COOKIE, devices.COOKIE)
HTTPS = "https://chat.example"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"


class Browser:
    """A browser over https that keeps cookies as browsers do: WebTest's own cookie jar would not send secure ones."""

    def __init__(self, wsgi):
        self.app = TestApp(wsgi, extra_environ={"REMOTE_ADDR": "198.51.100.9"})
        self.kept = {}
        self.attributes = {}

    def asks(self, method, path, data=None, status=None, **headers):
        if self.kept:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.kept.items())
        ask = getattr(TestApp(self.app.app, extra_environ=self.app.extra_environ), method)
        answer = (
            ask(path, data, headers=headers, status=status)
            if data is not None
            else ask(path, headers=headers, status=status)
        )
        for header in answer.headers.getall("Set-Cookie"):
            pair, *attributes = (part.strip() for part in header.split(";"))
            name, _, value = pair.partition("=")
            self.attributes[name] = {one.lower() for one in attributes}
            self.kept.pop(name, None) if "max-age=0" in self.attributes[name] else self.kept.update(
                {name: value}
            )
        return answer

    def signs_in(self):
        page = self.asks("get", "/custom-admin/login/")
        token = page.html.find("input", {"name": "csrf_token"})["value"]
        form = {"csrf_token": token, "username": "anna", "password": PASSWORD}
        return self.asks("post", "/custom-admin/login/", form, 303, **{"User-Agent": FIREFOX})


@pytest.fixture
def anna(engine):
    return add_admin(engine, "anna", "Anna Antwort")


@pytest.fixture
def https(boot, anna):
    return Browser(boot(public_url=HTTPS))


def begin_login(engine, anna, **more):
    with transaction(engine) as db:
        return admins.sign_in(db, db.get_one(AdminRow, anna.id), 24, **more)


def test_over_https_cookies_belong_to_this_host_only(https):
    answer = https.signs_in()
    assert answer.location == f"{HTTPS}/custom-admin/chat/"
    assert set(https.kept) == {f"__Host-{name}" for name in COOKIES}
    for name in https.kept:
        assert {"secure", "httponly", "samesite=lax", "path=/"} <= https.attributes[name]
        assert not any(one.startswith("domain") for one in https.attributes[name])
    https.asks("get", DESK, status=200, **JSON)


def test_below_a_path_cookies_have_the_prefix_and_separate_names(boot, anna):
    browser = Browser(boot(public_url="https://shop.example/support/"))
    browser.signs_in()
    names = {f"__Host-{name}-support" for name in COOKIES}
    assert set(browser.kept) == names
    assert all("path=/" in browser.attributes[name] for name in names)
    browser.asks("get", DESK, status=200, **JSON)
    # Another chat on the same host does not accept it.
    other = Browser(boot(public_url="https://shop.example/other/"))
    other.kept = browser.kept
    other.asks("get", DESK, status=403, **JSON)


def test_an_older_login_continues_under_the_new_name(https, engine, anna):
    token = begin_login(engine, anna)
    https.kept = {LOGIN_COOKIE: token}
    page = https.asks("get", DESK, status=200, Accept="text/html")
    assert https.kept == {f"__Host-{LOGIN_COOKIE}": token}
    assert "path=/custom-admin/" in https.attributes[LOGIN_COOKIE]  # the path of the old cookie
    csrf = page.html.find(id="desk")["data-csrf-token"]
    https.asks("post", f"{DESK}presence/", status=403, **JSON)
    headers = {**JSON, "X-CSRF-Token": csrf, "Content-Type": "application/json"}
    https.asks("post", f"{DESK}presence/", '{"state": "online"}', 200, **headers)


def test_a_newer_login_under_the_old_name_is_refused(https, engine, anna):
    https.kept = {LOGIN_COOKIE: begin_login(engine, anna, device="Firefox on Windows")}
    https.asks("get", DESK, status=403, **JSON)


def test_a_planted_csrf_seed_is_refused(https):
    https.kept = {CSRF_COOKIE: "s" * 43}
    https.asks("get", "/custom-admin/login/")
    assert f"__Host-{CSRF_COOKIE}" in https.kept


def test_signing_out_removes_both_names(https, engine, anna):
    https.kept = {LOGIN_COOKIE: begin_login(engine, anna)}
    page = https.asks("get", DESK, status=200, Accept="text/html")
    csrf = page.html.find(id="desk")["data-csrf-token"]
    https.kept[LOGIN_COOKIE] = "another"
    answer = https.asks("post", "/custom-admin/logout/", {"csrf_token": csrf}, 303)
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert https.kept == {}
    assert rows(engine, "SELECT count(*) FROM admin_logins WHERE revoked_at IS NULL") == [(0,)]


def test_a_script_can_sign_out_too(admin):
    headers = admin.json | {"X-CSRF-Token": admin.csrf_token}
    answer = admin.app.post_json("/custom-admin/logout/", {}, headers=headers, status=200)
    assert (answer.json, answer.headers["Clear-Site-Data"]) == ({}, '"cache"')
    admin.dashboard(must=403)


def test_the_desk_shares_no_browsing_context_with_other_sites(app, admin, customer):
    for answer in (
        app.get("/custom-admin/login/"),
        app.get("/custom-admin/welcome/"),
        app.get("/custom-admin/nothing/", status=404),
        app.get(DESK, status=303),
        admin.page(),
        admin.dashboard(),
    ):
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    for path in ("/chat/", "/widget.js", "/", "/health/", "/custom-administration/"):
        answer = app.get(path, expect_errors=True)
        assert "Cross-Origin-Opener-Policy" not in answer.headers, path


def test_browsers_are_told_to_use_https_only_when_configured(boot):
    told = "Strict-Transport-Security"
    for path in ("/chat/", "/custom-admin/login/", "/widget.js", "/nothing"):
        app = TestApp(boot(public_url=HTTPS, hsts_seconds=31_536_000))
        assert app.get(path, expect_errors=True).headers[told] == "max-age=31536000"
        assert told not in TestApp(boot(public_url=HTTPS)).get(path, expect_errors=True).headers
        plain = TestApp(boot(hsts_seconds=31_536_000))
        assert told not in plain.get(path, expect_errors=True).headers


def test_a_login_records_its_device_and_network(https, engine):
    https.signs_in()
    assert rows(engine, "SELECT device, network FROM admin_logins") == [
        ("Firefox on Windows", "198.51.100.9")
    ]


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        (FIREFOX, "Firefox on Windows"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
            "Version/18.0 Mobile/15E148 Safari/604.1",
            "Safari on iPhone",
        ),
        (
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 "
            "Mobile Safari/537.36",
            "Chrome on Android",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
            "Edge on Windows",
        ),
        ("curl/8.14", "Another program"),
        ("", "Another program"),
        ("<script>Firefox/\x00" * 5000, "Firefox"),
    ],
)
def test_a_user_agent_is_named_by_browser_and_device(user_agent, device):
    assert logins.device_of(user_agent) == device
