"""An admin's own account: display name, e-mail address, password, logins; for every role."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from livechat.accounts import admins, logins
from livechat.db.session import transaction
from livechat.models import AdminLogin, now

from ...databases import rows
from ...factories import PASSWORD, Admin, add_admin, has_password, hash_of

PATH = "/custom-admin/chat/profile/"
NEW = "kettle orbit nine maple"


def shown(admin, status=200):
    return admin.app.get(PATH, headers=admin.json, status=status).json


def posts(admin, verb, data, status=200):
    headers = admin.json | {"X-CSRF-Token": admin.csrf_token}
    return admin.app.post_json(f"{PATH}{verb}/", data, headers=headers, status=status).json


def told(admin):
    log = admin.app.get("/custom-admin/chat/audit/", headers=admin.json).json
    return [entry["sentence"] for entry in log["entries"]]


@pytest.fixture
def elsewhere(admin):
    """Another browser in which Anna is signed in."""
    return Admin(admin.app.app, admin.engine, admin.row).is_signed_in()


def test_customers_and_colleagues_read_the_new_name(admin, customer, new_admin):
    number = admin.number_of(customer)
    admin.sends(number, "under the old name")
    version = customer.reads().json["cursor"]
    assert posts(admin, "name", {"name": "  Anna \n Berg "})["profile"]["name"] == "Anna Berg"
    assert customer.reads(version).json["session"]["admin"] == {"name": "Anna Berg"}
    ben = new_admin("ben", "Ben")
    assert ben.opens(number).json["session"]["admin"] == {"name": "Anna Berg"}
    admin.sends(number, "under the new name")
    authors = {each["body"]: each["author"] for each in customer.reads().json["messages"]}
    assert authors["under the old name"] == "Anna Antwort"
    assert authors["under the new name"] == "Anna Berg"
    assert "Anna Antwort changed the display name from Anna Antwort to Anna Berg." in told(admin)


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "anna", "a\x07b", None, 7, ["x"]])
def test_an_invalid_name_is_refused(admin, name):
    assert posts(admin, "name", {"name": name}, 422)["error"]["field"] == "name"
    assert shown(admin)["profile"]["name"] == "Anna Antwort"


def test_customers_do_not_see_a_username_in_place_of_a_chosen_name(wsgi, engine, customer):
    root = Admin(wsgi, engine, add_admin(engine, "admin")).is_signed_in()
    root.takes(root.number_of(customer))
    assert customer.reads().json["session"]["admin"] == {"name": "Support"}
    root.sends(root.number_of(customer), "Good morning")
    assert "admin" not in [message["author"] for message in customer.reads().json["messages"]]
    assert "Support joined the chat." in customer.sees()
    assert "Customers see you as “admin”" in root.page().text
    posts(root, "name", {"name": "Zoe"})
    assert customer.reads().json["session"]["admin"] == {"name": "Zoe"}
    assert "Customers see you as “" not in root.page().text


def test_the_address_is_set_and_removed(admin):
    assert posts(admin, "email", {"email": "anna@Shop.Example"})["profile"]["email"] == (
        "anna@shop.example"
    )
    assert posts(admin, "email", {"email": "nonsense"}, 422)["error"]["field"] == "email"
    assert posts(admin, "email", {"email": ""})["profile"]["email"] is None
    assert told(admin)[0] == "Anna Antwort changed their email."
    assert "anna@shop.example" not in str(told(admin))


def test_a_new_password_ends_the_other_logins_and_keeps_this_one(admin, elsewhere, engine):
    posts(admin, "password", {"current": PASSWORD, "password": NEW})
    admin.dashboard()
    elsewhere.dashboard(must=403)
    assert told(admin)[0] == "Anna Antwort changed their password."
    Admin(admin.app.app, engine, admin.row).signs_in(NEW)
    Admin(admin.app.app, engine, admin.row).signs_in(PASSWORD, status=422)
    assert rows(engine, "SELECT invite_hash FROM admins") == [(None,)]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"current": "wrong", "password": NEW}, "current"),
        ({"current": "", "password": NEW}, "current"),
        ({"password": NEW}, "current"),
        ({"current": PASSWORD}, "current"),
        ({"current": PASSWORD, "password": ["x"]}, "current"),
        ({"current": PASSWORD, "password": "short"}, "password"),
        ({"current": PASSWORD, "password": "12345678"}, "password"),
        ({"current": PASSWORD, "password": "annaantwort1"}, "password"),
        ({"current": PASSWORD, "password": PASSWORD}, "password"),
        ({"current": PASSWORD, "password": "x" * 1001}, "password"),
    ],
)
def test_an_invalid_password_change_is_refused(admin, elsewhere, engine, given, field):
    assert posts(admin, "password", given, 422)["error"]["field"] == field
    elsewhere.dashboard()
    with transaction(engine) as db:
        assert has_password(db, "anna", PASSWORD)


def test_guessing_the_current_password_is_limited_like_the_login(boot, new_admin, engine):
    app = boot(limit_login_failures="3/15minutes")
    anna = new_admin("anna", "Anna Antwort", app=app)
    for _ in range(3):
        posts(anna, "password", {"current": "wrong", "password": NEW}, 422)
    posts(anna, "password", {"current": PASSWORD, "password": NEW}, 429)
    page = anna.submits("profile/password/", status=429, current=PASSWORD, password=NEW)
    assert int(page.headers["Retry-After"]) > 0
    Admin(app, engine, anna.row, address="198.51.100.9").signs_in(PASSWORD, status=429)


def test_of_two_concurrent_password_changes_one_is_refused(admin, engine):
    from livechat.accounts import profile
    from livechat.exceptions import Conflict

    [(before,)] = rows(engine, "SELECT password_hash FROM admins")
    with transaction(engine) as db:
        row = admins.find_admin(db, "anna")
        row.password_hash = hash_of(NEW)
    with pytest.raises(Conflict, match="just changed"), transaction(engine) as db:
        profile.change_password(db, admin.row.id, before, "another hash", 1, admin_actor(admin))
    with transaction(engine) as db:
        assert has_password(db, "anna", NEW)


def admin_actor(admin):
    from livechat.actors import admin_actor

    return admin_actor(admin.row.id, admin.name)


def test_logins_are_listed_and_this_one_is_marked(admin, elsewhere, engine):
    with transaction(engine) as db:
        first, second = db.query(AdminLogin).order_by(AdminLogin.id)
        first.device, first.network = "Firefox on Windows", "198.51.100.9"
        second.seen_at = now() - timedelta(hours=3)
    listed = shown(admin)["logins"]
    assert [(one["current"], one["device"], one["network"]) for one in listed] == [
        (True, "Firefox on Windows", "198.51.100.9"),
        (False, None, None),
    ]
    page = admin.page("profile/").html
    assert page.select_one(".login.current h3").get_text().split() == (
        ["Firefox", "on", "Windows", "This", "device"]
    )
    assert len(page.select(".login form")) == 1


def test_one_login_is_ended_and_the_others_continue(admin, elsewhere, engine):
    third = Admin(admin.app.app, engine, admin.row).is_signed_in()
    other = next(one for one in shown(admin)["logins"] if one["id"] == 2)
    answer = posts(admin, "2/end", {})
    assert [one["id"] for one in answer["logins"]] == [3, 1]
    assert other["links"]["end"].endswith("/profile/2/end/")
    elsewhere.dashboard(must=403)
    third.dashboard()
    assert told(admin)[0] == "Anna Antwort signed out another of their browsers (?)."
    posts(admin, "2/end", {}, 404)


def test_all_other_logins_are_ended(admin, elsewhere):
    assert [one["current"] for one in posts(admin, "sign-out-others", {})["logins"]] == [True]
    elsewhere.dashboard(must=403)
    assert told(admin)[0] == "Anna Antwort signed out of all their other browsers."
    posts(admin, "sign-out-others", {})
    assert sum("all their other" in sentence for sentence in told(admin)) == 1


def test_nobody_can_end_another_admins_login(admin, new_admin):
    ben = new_admin("ben", "Ben")
    [own] = shown(ben)["logins"]
    posts(admin, f"{own['id']}/end", {}, 404)
    posts(admin, "999/end", {}, 404)
    posts(admin, "0/end", {}, 404)
    ben.dashboard()


def test_the_last_use_of_a_login_is_written_every_few_minutes(admin, engine):
    seen = admin.app.app.registry["livechat.logins_seen"]
    before = rows(engine, "SELECT seen_at FROM admin_logins")
    admin.dashboard()
    seen.write()
    assert rows(engine, "SELECT seen_at FROM admin_logins") == before
    with transaction(engine) as db:
        db.query(AdminLogin).one().seen_at = now() - timedelta(minutes=6)
    admin.dashboard()
    seen.write()
    assert rows(engine, "SELECT seen_at FROM admin_logins")[0] >= before[0]


def test_the_forms_work_without_a_script(admin, elsewhere):
    page = admin.page("profile/").html
    assert {form["action"].partition("/profile/")[2] for form in page.main.select("form")} == {
        *("name/", "email/", "password/", "sign-out-others/", "2/end/")
    }
    for verb, fields, words in (
        ("name", {"name": "Anna <Berg>"}, "Your display name was changed"),
        ("email", {"email": "anna@shop.example"}, "email was saved"),
        ("2/end", {}, "That browser was signed out"),
        ("sign-out-others", {}, "signed out everywhere else"),
        ("password", {"current": PASSWORD, "password": NEW}, "Your password was changed"),
    ):
        answer = admin.submits(f"profile/{verb}/", **fields)
        assert words in admin.app.get(answer.location, headers={"Accept": "text/html"}).text
    assert admin.page("profile/").html.find(id="name")["value"] == "Anna <Berg>"


def test_a_refused_form_gives_the_reason_and_keeps_what_may_be_kept(admin):
    page = admin.submits("profile/email/", status=422, email="anna@").html
    assert "valid email" in page.find(id="problem").get_text()
    assert page.find(id="email")["value"] == "anna@"
    assert page.find(id="name")["value"] == "Anna Antwort"
    page = admin.submits("profile/password/", status=422, current=PASSWORD, password="password")
    assert "too easy to guess" in page.html.find(id="problem").get_text()
    assert PASSWORD not in page.text
    assert page.html.find(id="password").get("aria-invalid") == "true"


def test_every_act_needs_a_csrf_token(admin):
    for verb in ("name", "email", "password", "sign-out-others", "1/end"):
        admin.app.post_json(f"{PATH}{verb}/", {}, headers=admin.json, status=403)
    admin.dashboard()


def test_an_admin_without_a_display_name_is_asked_for_one_after_signing_in(wsgi, engine):
    ina = Admin(wsgi, engine, add_admin(engine, "ina.neu"))
    answer = ina.signs_in(next="/custom-admin/chat/search/")
    assert "/custom-admin/chat/profile/name/" in answer.location
    page = answer.follow(headers={"Accept": "text/html"}).html
    assert page.find(id="name")["value"] == "Ina Neu"
    form = {"next": page.find("input", {"name": "next"})["value"]}
    wrong = ina.submits("profile/name/", status=422, name="ina.neu", **form).html
    assert "your username" in wrong.find(id="problem").get_text()
    assert wrong.find("input", {"name": "next"})["value"] == form["next"]
    done = ina.submits("profile/name/", name="Ina", **form)
    assert done.location == "http://localhost/custom-admin/chat/search/"
    ina.signs_out()
    assert ina.signs_in().location == "http://localhost/custom-admin/chat/"


def test_the_first_sign_in_leads_nowhere_outside_the_desk(wsgi, engine):
    ina = Admin(wsgi, engine, add_admin(engine, "ina")).is_signed_in()
    for wanted in ("https://evil.example/", "//evil.example", "/demo/", ""):
        done = ina.submits("profile/name/", name="Ina", next=wanted)
        assert done.location == "http://localhost/custom-admin/chat/"


def test_a_shared_username_suggests_no_name(wsgi, engine):
    root = Admin(wsgi, engine, add_admin(engine, "admin")).is_signed_in()
    assert root.page("profile/name/").html.find(id="name")["value"] == ""


def test_device_names_come_from_our_own_list():
    assert logins.device_of("Chrome/1 on <b>") == "Chrome"


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_logins_used_at_the_same_time_do_not_wait_for_each_other(boot, new_admin, engine):
    app = boot(busy_timeout_ms=60_000)  # a deadlock would last this long
    seen = app.registry["livechat.logins_seen"]
    for name in ("anna", "ben", "eva"):
        new_admin(name, app=app).is_signed_in().dashboard()
    for (number,) in rows(engine, "SELECT id FROM admin_logins"):
        seen.note(number, None)
    began = time.monotonic()
    seen.write()
    assert time.monotonic() - began < 50
    assert (None,) not in rows(engine, "SELECT seen_at FROM admin_logins")
