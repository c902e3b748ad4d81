"""Signing in to the desk and out: the form, its cookie, invitations, and how a login ends."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest

from livechat.accounts import admins
from livechat.db.session import transaction
from livechat.models import AdminLogin, now
from livechat.security import LOGIN_COOKIE

from ...databases import rows
from ...factories import PASSWORD, Admin, add_admin, hash_of


@pytest.fixture
def anna(wsgi, engine):
    """Anna, not signed in."""
    return Admin(wsgi, engine, add_admin(engine, "anna", "Anna Antwort"))


def cookie_of(answer, name=LOGIN_COOKIE):
    """Return the lower-cased attributes of a cookie that is set, and its value."""
    header = next(h for h in answer.headers.getall("Set-Cookie") if h.startswith(name + "="))
    value, *attributes = [part.strip() for part in header.split(";")]
    return value.partition("=")[2], {attribute.lower() for attribute in attributes}


def test_the_login_page_is_a_form_with_csrf_token_username_and_password(app):
    page = app.get("/custom-admin/login/", status=200).html
    form = page.find("input", {"name": "password"}).find_parent("form")
    assert form["method"].lower() == "post"
    names = {field.get("name") for field in form.find_all("input")}
    assert {"csrf_token", "username", "password"} <= names
    assert form.find("input", {"name": "password"})["type"] == "password"


def test_username_and_password_lead_to_the_dashboard(anna):
    answer = anna.signs_in()
    assert answer.location == "http://localhost/custom-admin/chat/"
    anna.dashboard()
    anna.app.get("/custom-admin/login/", status=303)


def test_an_old_weak_password_still_signs_in(anna, engine):
    with transaction(engine) as db:
        admins.find_admin(db, "anna").password_hash = hash_of("password")
    anna.signs_in("password")
    anna.dashboard()


@pytest.mark.parametrize("spelling", ["ANNA", " anna ", "ａnna"])
def test_a_username_is_case_insensitive(anna, spelling):
    anna.username = spelling
    anna.signs_in()
    anna.dashboard()


def test_the_cookie_is_hidden_from_scripts_and_other_sites(anna):
    token, attributes = cookie_of(anna.signs_in())
    assert {"httponly", "samesite=lax", "path=/custom-admin/"} <= attributes
    assert "secure" not in attributes
    assert any(attribute.startswith("max-age=") for attribute in attributes)
    assert len(token) >= 43


def test_the_database_stores_only_hashes_of_logins_and_passwords(anna, engine):
    token, _ = cookie_of(anna.signs_in())
    [[stored, _password]] = rows(
        engine, "SELECT token_hash, password_hash FROM admin_logins, admins"
    )
    assert token not in stored
    assert _password.startswith("$argon2id$")


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("anna", "wrong password"),
        ("anna", ""),
        ("anna", PASSWORD + " "),
        ("anna", PASSWORD.upper()),
        ("nobody", PASSWORD),
        ("", ""),
        ("' OR 1=1 --", "x"),
        ("x" * 5000, "y" * 5000),
        ("disabled", PASSWORD),
        ("invited", ""),
        ("invited", PASSWORD),
    ],
)
def test_every_failed_login_gets_the_same_answer(anna, engine, username, password):
    add_admin(engine, "disabled")
    with transaction(engine) as db:
        admins.disable(db, admins.find_admin(db, "disabled"))
        admins.add_admin(db, "invited")
    anna.username = username
    answer = anna.signs_in(password, status=422)
    assert LOGIN_COOKIE not in "".join(answer.headers.getall("Set-Cookie"))
    assert "Incorrect username or password." in answer.html.get_text()
    field = answer.html.find("input", {"name": "username"})
    assert field.get("value", "") == username
    assert not answer.html.find("input", {"name": "password"}).get("value")
    assert rows(engine, "SELECT id FROM admin_logins") == []


def test_signing_out_ends_this_login_and_no_other(anna):
    anna.signs_in()
    other = Admin(anna.app.app, anna.engine, anna.row)
    other.signs_in()
    old = anna.app.cookies[LOGIN_COOKIE]
    answer = anna.signs_out()
    assert answer.location.endswith("/custom-admin/login/")
    assert "max-age=0" in cookie_of(answer)[1]
    anna.app.set_cookie(LOGIN_COOKIE, old.strip('"'))
    anna.dashboard(must=403)
    other.dashboard()


def test_signing_out_without_a_csrf_token_is_refused(anna):
    anna.signs_in()
    anna.app.post("/custom-admin/logout/", {}, headers=anna.json, status=403)
    anna.app.get("/custom-admin/logout/", headers=anna.json, status=405)
    anna.dashboard()


@pytest.mark.parametrize("how", ["disable", "password", "expiry", "revoke"])
def test_a_login_ends_at_once(anna, engine, how):
    anna.signs_in()
    anna.dashboard()
    with transaction(engine) as db:
        row = admins.find_admin(db, "anna")
        if how == "disable":
            admins.disable(db, row)
        elif how == "password":
            admins.store_password(db, row, hash_of("another password"))
        elif how == "revoke":
            assert admins.sign_out_everywhere(db, row) == 1
        else:
            db.query(AdminLogin).one().expires_at = now() - timedelta(milliseconds=1)
    anna.dashboard(must=403)
    anna.sends(1, status=403)


def test_a_login_lasts_as_long_as_the_setting(boot, anna, engine):
    anna.app.app = boot(login_hours=2)
    _, attributes = cookie_of(anna.signs_in())
    assert "max-age=7200" in attributes
    [[lasts]] = [
        [login.expires_at - login.created_at]
        for login in database_of(engine, lambda db: db.query(AdminLogin).all())
    ]
    assert lasts == timedelta(hours=2)


def database_of(engine, read):
    with transaction(engine, write=False) as db:
        return read(db)


def test_an_admin_who_is_enabled_again_can_sign_in(anna, engine):
    anna.signs_in()
    with transaction(engine) as db:
        admins.disable(db, admins.find_admin(db, "anna"))
    with transaction(engine) as db:
        admins.enable(db, admins.find_admin(db, "anna"))
    anna.dashboard(must=403)
    anna.app.reset()
    anna.signs_in()
    anna.dashboard()


def test_the_login_leads_to_the_page_that_was_asked_for(anna):
    moved = anna.app.get("/custom-admin/chat/7/?after=x", headers={"Accept": "text/html"})
    assert moved.status_int == 303
    page = moved.follow()
    wanted = page.html.find("input", {"name": "next"})["value"]
    assert wanted == "/custom-admin/chat/7/?after=x"
    answer = anna.signs_in(next=wanted)
    assert answer.location == "http://localhost/custom-admin/chat/7/?after=x"


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example/custom-admin/chat/",
        "/\\evil.example",
        "\\\\evil.example",
        "/custom-admin/chat/\\..\\..\\evil.example",
        "javascript:alert(1)//custom-admin/chat/",
        "http:evil.example",
        "/custom-admin/chat/\r\nSet-Cookie: a=b",
        "/custom-admin/chat/\tx",
        "/custom-admin/chat/ü",
        "@evil.example/custom-admin/chat/",
        ".evil.example/custom-admin/chat/",
        "/demo/",
        "/custom-admin/logout/",
        "",
        "x" * 5000,
    ],
)
def test_the_login_leads_nowhere_outside_the_desk(anna, wanted):
    answer = anna.signs_in(next=wanted)
    assert answer.location == "http://localhost/custom-admin/chat/"
    again = anna.app.get("/custom-admin/login/?" + urlencode({"next": wanted}), status=303)
    assert again.location == "http://localhost/custom-admin/chat/"


def test_a_file_in_place_of_a_field_counts_as_an_empty_field(app, anna):
    page = app.get("/custom-admin/login/")
    token = page.html.find("input", {"name": "csrf_token"})["value"]
    files = [(name, "x.txt", b"anna") for name in ("username", "password", "next")]
    app.post("/custom-admin/login/", {"csrf_token": token}, upload_files=files, status=422)


def csrf_of(app):
    page = app.get("/custom-admin/login/")
    return page.html.find("input", {"name": "csrf_token"})["value"]


def test_a_new_database_has_no_admin_and_accepts_no_password(app, engine):
    assert rows(engine, "SELECT id FROM admins") == []
    for name, password in (("admin", "admin"), ("root", "root"), ("admin", "password")):
        form = {"csrf_token": csrf_of(app), "username": name, "password": password}
        app.post("/custom-admin/login/", form, status=422)
