"""The team: adding admins, roles, invitations, disabling; by forms and JSON, for owners only, each act audited."""

import threading

import pytest

from livechat.accounts import admins
from livechat.db.session import transaction
from livechat.desk import team as people
from livechat.models import Admin, Audit

from ...factories import add_admin

PATH = "/custom-admin/chat/team/"
FORM = "application/x-www-form-urlencoded"
PAGE = {"Accept": "text/html"}
MARK = "welcome/?token="


@pytest.fixture
def ben(engine):
    return add_admin(engine, "ben", "Ben")


def team(admin, status=200):
    return admin.app.get(PATH, headers=admin.json, status=status).json


def person(admin, username):
    return next(one for one in team(admin)["people"] if one["username"] == username)


def does(admin, act, status=200, **data):
    headers = admin.json | {"X-CSRF-Token": admin.csrf_token}
    return admin.app.post_json(PATH, {"act": act} | data, headers=headers, status=status).json


def acts(engine):
    with transaction(engine, write=False) as db:
        return [
            (entry.actor_name, str(entry.act), entry.target)
            for entry in db.query(Audit).order_by(Audit.id)
            if entry.actor_name
        ]


def role_of(engine, username):
    with transaction(engine, write=False) as db:
        return admins.find_admin(db, username).role


def becomes(engine, admin, role):
    with transaction(engine) as db:
        admins.find_admin(db, admin.username).role = role
    return admin


def test_it_shows_everybody(admin, ben, customer):
    admin.takes(admin.number_of(customer))
    assert team(admin)["people"][0] | {"created_at": "", "last_login": ""} == {
        "username": "anna",
        "name": "Anna Antwort",
        "email": None,
        "role": "owner",
        "state": "enabled",
        "presence": "offline",
        "open_chats": 1,
        "last_login": "",
        "created_at": "",
        "disabled_at": None,
    }
    assert person(admin, "anna")["last_login"]
    assert person(admin, "ben")["last_login"] is None
    page = admin.page("team/").html
    assert [heading.bdi.string for heading in page.select(".person h2")] == ["Anna Antwort", "Ben"]


def test_an_admin_is_added_and_the_link_is_shown_once(admin, engine, app):
    fields = {"username": "Clara", "name": "Clara  Rossi", "email": "clara@example.com"}
    sent = admin.submits("team/", act="add", role="viewer", **fields)
    assert "token" not in sent.location
    cookie = sent.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Path=/custom-admin/chat/team/" in cookie
    page = sent.follow(headers=PAGE)
    assert "Clara Rossi was added." in page.text
    link = page.html.find(id="invitation")["value"]
    assert MARK in link
    assert MARK not in admin.page("team/?done=add&who=clara").text
    assert "Clara Rossi" in app.get(link).text
    shown = person(admin, "clara")
    assert (shown["role"], shown["state"], shown["email"]) == (
        "viewer",
        "invited",
        "clara@example.com",
    )
    assert acts(engine) == [
        ("Anna Antwort", "admin_added", "clara"),
        ("Anna Antwort", "invited", "clara"),
    ]


def test_a_refused_form_keeps_its_fields(admin, ben, engine):
    for wrong, field in (
        ({"username": "an na"}, "username"),
        ({"username": ""}, "username"),
        ({"username": "me"}, "username"),
        ({"email": "nonsense"}, "email"),
        ({"role": "emperor"}, "role"),
        ({"role": ""}, "role"),
        ({"name": "x" * 101}, "name"),
    ):
        fields = {"username": "clara", "name": "Clara", "email": "c@example.com", "role": "agent"}
        page = admin.submits("team/", act="add", status=422, **fields | wrong).html
        assert page.find(id=field)["aria-invalid"] == "true"
        assert page.find(id="problem").get_text(strip=True)
        if "username" not in wrong:
            assert page.find(id="username")["value"] == "clara"
    page = admin.submits("team/", act="add", status=409, username="BEN", role="agent")
    assert "An admin with the username ben already exists." in page.text
    assert page.html.find(id="username")["aria-invalid"] == "true"
    assert len(team(admin)["people"]) == 2
    assert acts(engine) == []


def test_roles_change_at_once(admin, new_admin, customer, engine):
    ben = new_admin("ben", "Ben")
    number = admin.number_of(customer)
    ben.takes(number)
    page = admin.submits("team/", act="role", username="ben", role="viewer").follow(headers=PAGE)
    assert "Ben has a new role." in page.text
    ben.opens(number)
    ben.sends(number, "hi", status=403)
    assert admin.opens(number).json["session"]["assignee"] is None
    admin.submits("team/", act="role", username="ben", role="owner")
    assert team(ben)["people"]
    assert ("Anna Antwort", "role", "ben") in acts(engine)


def test_disable_and_enable(admin, new_admin, customer, engine):
    ben = new_admin("ben", "Ben")
    ben.takes(admin.number_of(customer))
    admin.submits("team/", act="disable", username="ben")
    ben.dashboard(must=403)
    assert person(admin, "ben")["state"] == "disabled"
    assert person(admin, "ben")["open_chats"] == 0
    page = admin.submits("team/", act="invite", username="ben", status=409)
    assert "Enable the account first" in page.text
    admin.submits("team/", act="enable", username="ben")
    assert person(admin, "ben")["state"] == "enabled"
    told = [act for _who, act, _whom in acts(engine)]
    assert told.count("admin_disabled") == told.count("admin_enabled") == 1


def test_a_new_invitation_replaces_the_previous_one(admin, ben, app):
    first = does(admin, "invite", username="ben")["invitation"]
    second = does(admin, "invite", username="ben")["invitation"]
    assert MARK in first["url"]
    assert "no longer works" in app.get(first["url"]).text
    assert "Ben" in app.get(second["url"]).text


def test_one_owner_always_remains(admin, ben, engine):
    for act, more in (("role", {"role": "agent"}), ("role", {"role": "viewer"}), ("disable", {})):
        error = does(admin, act, status=409, username="anna", **more)["error"]
        assert error["code"] == "last_owner"
        page = admin.submits("team/", act=act, username="anna", status=409, **more)
        assert "is the only owner" in page.html.find(id="problem").get_text()
    assert role_of(engine, "anna") == "owner"
    # A disabled owner does not count.
    does(admin, "role", username="ben", role="owner")
    does(admin, "disable", username="ben")
    does(admin, "role", status=409, username="anna", role="agent")
    does(admin, "enable", username="ben")
    assert does(admin, "role", username="anna", role="agent")["person"]["role"] == "agent"
    team(admin, status=403)


def test_of_two_owners_who_disable_each_other_one_stays(admin, new_admin, engine):
    second = becomes(engine, new_admin("second"), "owner")
    does(admin, "disable", username="second")
    does(second, "disable", status=403, username="anna")
    assert person(admin, "anna")["state"] == "enabled"


def test_of_two_who_add_the_same_admin_at_once_one_is_refused(admin, engine):
    answers = []
    with transaction(engine) as db:
        admins.add_admin(db, "clara", role="agent")

        def add():
            headers = admin.json | {"X-CSRF-Token": admin.csrf_token}
            data = {"act": "add", "username": "clara", "role": "owner"}
            answers.append(admin.app.post_json(PATH, data, headers=headers, expect_errors=True))

        second = threading.Thread(target=add)
        second.start()
        second.join(0.5)
        assert not answers  # it waits for the first one
    second.join(10)
    assert answers[0].status_int == 409
    assert answers[0].json["error"]["code"] == "username_taken"
    assert role_of(engine, "clara") == "agent"


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"act": None},
        {"act": ["add"]},
        {"act": "remove", "username": "ben"},
        {"act": "role", "username": "ben"},
        {"act": "role", "username": "ben", "role": ["owner"]},
        {"act": "role", "username": "ben", "role": "Owner"},
        {"act": "role", "username": "nobody", "role": "agent"},
        {"act": "role", "username": 7, "role": "agent"},
        {"act": "disable"},
        {"act": "disable", "username": {"x": 1}},
        {"act": "disable", "username": "b" * 10_000},
        {"act": "invite", "username": "ben\x00"},
        {"act": "add", "role": "agent"},
        {"act": "add", "username": -1, "role": "agent"},
        {"act": "add", "username": "c\x00", "role": "agent"},
        {"act": "add", "username": "clara", "name": "\x1b[2J", "role": "agent"},
        {"act": "add", "username": "clara", "name": 1e308, "role": "agent"},
        {"act": "add", "username": "clara", "email": ["x"], "role": "agent"},
    ],
)
def test_invalid_requests_are_refused_and_change_nothing(admin, ben, data, engine):
    headers = admin.json | {"X-CSRF-Token": admin.csrf_token}
    admin.app.post_json(PATH, data, headers=headers, status=422)
    assert role_of(engine, "ben") == "agent"
    assert len(team(admin)["people"]) == 2
    assert acts(engine) == []


def test_invalid_forms_are_refused(admin, ben):
    token = f"csrf_token={admin.csrf_token}&"
    for body in ("act=role&username=ben&role=%00", "act=%ff", "username=%00&act=add"):
        admin.app.post(PATH, token + body, headers=PAGE | {"Content-Type": FORM}, status=400)
    for body in ("", "act=", "act=add", "act=role&username=ben&role=x"):
        admin.app.post(PATH, token + body, headers=PAGE | {"Content-Type": FORM}, status=422)


def test_a_name_with_markup_or_accents_is_shown_as_it_is(admin):
    for index, name in enumerate(("<img src=x onerror=alert(1)>", "a" + "\u0301" * 99)):
        does(admin, "add", status=201, username=f"p{index}", name=name, role="agent")
        assert name in admin.page("team/").html.main.get_text()
    assert "<img" not in admin.page("team/").text


def test_only_owners_may_look_and_act(admin, ben, new_admin, engine, app, customer):
    for role in ("agent", "viewer"):
        someone = becomes(engine, new_admin(f"some-{role}"), role)
        team(someone, status=403)
        someone.page("team/", status=403)
        for act in ("add", "role", "disable", "enable", "invite"):
            does(someone, act, status=403, username="ben", role="owner")
            someone.submits("team/", act=act, username="ben", role="owner", status=403)
    app.get(PATH, headers=PAGE, status=303)
    app.post_json(PATH, {"act": "disable", "username": "ben"}, headers=admin.json, status=403)
    headers = customer.who | admin.json
    customer.app.get(PATH, headers=headers, status=403)
    customer.app.post_json(PATH, {"act": "disable", "username": "ben"}, headers=headers, status=403)
    assert role_of(engine, "ben") == "agent"


def test_a_page_that_was_open_when_the_role_was_withdrawn_does_nothing_more(admin, ben, engine):
    token = admin.csrf_token
    with transaction(engine) as db:
        admins.set_role(db, admins.find_admin(db, "ben"), "owner")
        admins.set_role(db, admins.find_admin(db, "anna"), "agent")
    form = {"csrf_token": token, "act": "role", "username": "anna", "role": "owner"}
    admin.app.post(PATH, form, headers=PAGE, status=403)
    assert role_of(engine, "anna") == "agent"


def test_a_forged_form_does_nothing(admin, ben, engine):
    form = {"act": "role", "username": "ben", "role": "owner"}
    admin.app.post(PATH, form, headers=PAGE, status=403)
    proven = form | {"csrf_token": admin.csrf_token}
    admin.app.post(PATH, proven, headers=PAGE | {"Origin": "https://evil.example"}, status=403)
    assert role_of(engine, "ben") == "agent"


def test_a_cookie_that_is_not_an_invitation_shows_nothing(admin):
    for value in ("nonsense", "x" * 3000, "<b>"):
        admin.app.set_cookie("livechat_invitation", value)
        assert MARK not in admin.page("team/?done=add&who=<b>&done=x").text


def test_presence_shows_who_is_online_and_who_is_away(admin, ben, engine, wsgi):
    admin.dashboard()
    wsgi.registry["livechat.realtime"].open_pages.write(engine)
    assert person(admin, "anna")["presence"] == "online"
    with transaction(engine) as db:
        db.get_one(Admin, admin.row.id).away_since = people.now()
    assert person(admin, "anna")["presence"] == "away"
    assert person(admin, "ben")["presence"] == "offline"
