"""The audit log: its entries and sentences, its filters and pages, and that only owners see it."""

import pytest

from livechat import audit
from livechat.accounts import admins
from livechat.actors import STAFF, admin_actor, shell_actor
from livechat.audit import Act
from livechat.db.session import transaction
from livechat.desk import audit_trail
from livechat.desk.auto_assignment import AUTOMATIC
from livechat.models import Audit, now

PATH = "/custom-admin/chat/audit/"


def log(admin, status=200, **filters):
    return admin.app.get(PATH, filters, headers=admin.json, status=status).json


def sentences(admin, **filters):
    return [entry["sentence"] for entry in log(admin, **filters)["entries"]]


def with_role(engine, admin, role):
    with transaction(engine) as db:
        admins.find_admin(db, admin.username).role = role
    return admin


@pytest.fixture
def busy_day(admin, new_admin, customer, engine):
    """Anna takes the customer's chat and assigns it to Ben, who unassigns and closes it."""
    ben = new_admin("ben", "Ben")
    number = admin.number_of(customer)
    admin.takes(number)
    admin.assigns(number, "ben")
    ben.assigns(number, None)
    ben.closes(number)
    return number


def test_every_act_is_logged_as_a_sentence_newest_first(admin, busy_day):
    assert sentences(admin, session=str(busy_day)) == [
        "Ben closed chat #1.",
        "Ben unassigned chat #1.",
        "Anna Antwort assigned chat #1 to Ben.",
        "Anna Antwort took chat #1.",
    ]
    newest = log(admin)["entries"][0]
    assert newest["link"] == "http://localhost/custom-admin/chat/1/"
    assert newest | {"id": "", "created_at": "", "link": ""} == {
        "id": "",
        "created_at": "",
        "actor": "Ben",
        "actor_kind": "admin",
        "act": "closed",
        "number": 1,
        "target": None,
        "details": {},
        "sentence": "Ben closed chat #1.",
        "link": "",
    }


def test_customers_acts_are_not_logged(admin, customer):
    before = len(log(admin)["entries"])
    customer.closes()
    customer.reopens()
    assert len(log(admin)["entries"]) == before


def test_filters(admin, busy_day):
    assert sentences(admin, actor="ben", session="1")[0] == "Ben closed chat #1."
    assert len(sentences(admin, actor="ANNA", session="#1")) == 2
    assert sentences(admin, act="taken") == ["Anna Antwort took chat #1."]
    assert sentences(admin, actor="none", act="admin_added") == [
        "The command line added Ben (agent).",
        "The command line added Anna Antwort (owner).",
    ]
    assert sentences(admin, session="999999999") == []
    page = admin.page("audit/?actor=ben&act=closed&session=1").html
    assert page.find("option", value="ben").has_attr("selected")
    assert page.find("option", value="closed").has_attr("selected")
    assert page.find("input", {"name": "session"})["value"] == "1"
    assert "No results" in admin.page("audit/?act=invited").text


def test_every_act_has_a_name_and_a_sentence(engine, admin):
    assert set(audit_trail.NAMES) == set(Act)
    actor = admin_actor(admin.row.id, admin.name)
    with transaction(engine) as db:
        for act in Act:
            details = {"role": "viewer", "from": "viewer", "to": "agent", "device": "Firefox"}
            audit.record(db, actor, act, session_id=None, target="zoe", details=details)
        audit.record(db, STAFF, Act.PASSWORD, target="anna")
    told = sentences(admin)
    assert "Anna Antwort changed the role of zoe from viewer to agent." in told
    assert "The command line set a new password for Anna Antwort." in told
    assert len(set(told)) == len(told)
    assert not any("$" in sentence for sentence in told)


def test_names_of_people_do_not_change_the_sentences(engine, admin):
    nasty = "${target} <b>%s</b> {actor}"
    with transaction(engine) as db:
        audit.record(db, admin_actor(admin.row.id, nasty), Act.BLOCKED, target="${actor}")
        db.add(Audit(created_at=now(), actor_key="x", act="new_in_a_later_version", target="t"))
    assert sentences(admin)[:2] == [
        "livechat: new_in_a_later_version t",
        f"{nasty} blocked the customer of chat #None.",
    ]
    page = admin.page("audit/")
    assert nasty in page.html.main.get_text()
    assert "<b>%s" not in page.text


def test_an_act_of_the_command_line_on_behalf_of_an_admin_is_not_theirs(admin, engine):
    with transaction(engine) as db:
        actor = shell_actor(admin.row.id, admin.name)
        audit.record(db, actor, Act.PASSWORD, target="anna")
        audit.record(db, actor, Act.WROTE, target=None)
    entries = log(admin, actor="none")["entries"][:2]
    assert [entry["sentence"] for entry in entries] == [
        "Anna Antwort (command line) replied in chat #None.",
        "Anna Antwort (command line) set a new password for Anna Antwort.",
    ]
    assert {(entry["actor"], entry["actor_kind"]) for entry in entries} == {
        ("Anna Antwort", "shell")
    }
    assert sentences(admin, actor="anna") == []
    assert "Anna Antwort (command line) replied" in admin.page("audit/").text


def test_an_automatic_act_is_not_the_command_lines(admin, engine):
    with transaction(engine) as db:
        audit.record(db, AUTOMATIC, Act.ASSIGNED, target="anna")
    entry = log(admin)["entries"][0]
    assert (entry["actor_kind"], entry["sentence"]) == (
        "system",
        "livechat assigned chat #None to Anna Antwort.",
    )


def test_pages(admin, engine):
    with transaction(engine) as db:
        for number in range(120):
            audit.record(db, STAFF, Act.REPLY_ADDED, target=f"/{number}")
    seen, cursor = [], None
    while True:
        answer = log(admin, act="reply_added", **({"before": cursor} if cursor else {}))
        seen += [entry["target"] for entry in answer["entries"]]
        cursor = answer["next"]
        if cursor is None:
            break
    assert seen == [f"/{number}" for number in reversed(range(120))]
    older = admin.page("audit/?act=reply_added").html.select(".pager a")[-1]["href"]
    second = admin.app.get(older, headers={"Accept": "text/html"})
    assert "the canned reply /69 for everyone" in second.text
    assert second.html.select(".pager a")[0]["href"].endswith("audit/?act=reply_added")
    assert "reached the end" in admin.page("audit/?act=reply_added&before=e1").text


@pytest.mark.parametrize(
    "wrong",
    [
        {"act": "nonsense"},
        {"act": "taken'--"},
        {"actor": "nobody-of-that-name"},
        {"actor": "x" * 5000},
        {"session": "-1"},
        {"session": "0"},
        {"session": "1e3"},
        {"session": "٧"},
        {"session": "9" * 30},
        {"before": "e0"},
        {"before": "7"},
        {"before": "e99999999999999999999"},
        {"before": "e1 OR 1=1"},
    ],
)
def test_invalid_filters_are_refused(admin, wrong):
    error = log(admin, status=422, **wrong)["error"]
    assert error["field"] in wrong
    assert admin.app.get(PATH, wrong, headers={"Accept": "text/html"}, status=422)


def test_a_character_that_no_text_may_contain_is_refused(admin):
    for name in ("actor", "act", "session", "before"):
        admin.app.get(f"{PATH}?{name}=%00", headers=admin.json, status=400)
        admin.app.get(f"{PATH}?{name}=%ff", headers=admin.json, status=400)


def test_only_owners_see_it(admin, new_admin, engine, app, customer):
    for role in ("agent", "viewer"):
        someone = with_role(engine, new_admin(f"some-{role}"), role)
        assert log(someone, status=403)["error"]["code"] == "forbidden"
        assert "An owner can change" in someone.page("audit/", status=403).text
    log(with_role(engine, new_admin("second"), "owner"))
    app.get(PATH, headers={"Accept": "text/html"}, status=303)
    app.get(PATH, headers=admin.json, status=403)
    customer.app.get(PATH, headers=customer.who | admin.json, status=403)
    admin.signs_out()
    log(admin, status=403)


def test_withdrawing_the_role_closes_it_at_once(admin, new_admin, engine):
    second = with_role(engine, new_admin("second"), "owner")
    log(second)
    admin.submits("team/", act="role", username="second", role="agent")
    log(second, status=403)
    second.page("audit/", status=403)


def test_nobody_can_write_or_change_it(admin):
    headers = admin.json | {"X-CSRF-Token": admin.csrf_token}
    for method in ("post_json", "put_json", "delete_json"):
        getattr(admin.app, method)(PATH, {}, headers=headers, status=405)


def test_an_admins_act_stays_theirs_after_a_change_of_name(admin, engine):
    with transaction(engine) as db:
        audit.record(db, admin_actor(admin.row.id, "anna"), Act.PASSWORD, target="anna")
    assert sentences(admin)[0] == "anna changed their password."
