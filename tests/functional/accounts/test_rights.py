"""The table of permissions holds at every entry point, for every role: on the web, in the command line, in automatic
assignment and in what customers are told; and when a right is withdrawn while it is used."""

import re
from pathlib import Path

import pytest

import livechat
from livechat.accounts import admins
from livechat.actors import CUSTOMER, Actor
from livechat.conversation import assignment, notes, tags
from livechat.db.session import transaction
from livechat.desk import auto_assignment
from livechat.desk.presence import Team, ready_to_answer
from livechat.exceptions import NotAllowed
from livechat.models import Admin as AdminRow
from livechat.models import ChatSession, now
from livechat.permissions import GRANTS, Permission, Role, may, roles_that_may

from ...cli.conftest import forking, shell  # noqa: F401 - fixtures
from ...databases import rows
from ...factories import new_id

ROLES = [role.value for role in Role]
ANSWERS, READS = Permission.ANSWER, Permission.READ_DESK


@pytest.fixture
def becomes(engine):
    """A function that sets an admin's role."""

    def becomes(one, role):
        with transaction(engine) as db:
            admins.set_role(db, db.get_one(AdminRow, one.row.id), role)

    return becomes


@pytest.fixture(params=ROLES)
def role(request):
    """Every role."""
    return request.param


@pytest.fixture
def zoe(admin, new_admin, becomes, role):
    """An admin with this role."""
    zoe = new_admin("zoe", "Zoe Zettel")
    becomes(zoe, role)
    return zoe


@pytest.fixture
def number(admin, customer):
    return admin.number_of(customer)


@pytest.fixture
def here(wsgi, engine):
    """A function that puts an admin at the desk."""

    def here(one):
        pages = wsgi.registry["livechat.realtime"].open_pages
        pages.arrive("admin", one.row.id)
        pages.write(engine)

    return here


def holder(admin, number):
    return admin.opens(number).json["session"]["assignee"]


def written(engine):
    return rows(engine, "SELECT sender, body FROM chat_messages WHERE sender != 'system'")


def test_the_command_line_writes_only_for_admins_with_the_permission(
    shell, zoe, role, number, engine  # noqa: F811
):  # fmt: skip
    before = written(engine)
    for verb in ("reply", "note"):
        done = shell("sessions", verb, number, "said", "--as", "zoe")
        if may(role, ANSWERS):
            assert done.code == 0
        else:
            assert (done.code, done.out, done.err) == (1, "", "zoe can only read.\n")
            assert written(engine) == before
    shell("admins", "disable", "zoe")
    before = written(engine)
    for verb in ("reply", "note"):
        done = shell("sessions", verb, number, "said", "--as", "zoe")
        assert (done.code, done.err) == (1, "zoe is disabled.\n")
        assert "no admin 'nobody'" in shell("sessions", verb, number, "x", "--as", "nobody").err
    assert written(engine) == before


def test_without_a_name_the_command_line_answers_for_an_admin_with_the_permission(
    shell, admin, zoe, role, number, engine  # noqa: F811
):  # fmt: skip
    done = shell("sessions", "reply", number, "said")
    assert (done.code == 0) != may(role, ANSWERS)  # then it is Anna, the only one
    assert ("--as ADMIN (anna, zoe)" in done.err) == may(role, ANSWERS)
    with transaction(engine) as db:  # as in a database of an older version
        db.get_one(ChatSession, number).assignee_id = zoe.row.id
    assert (shell("sessions", "reply", number, "said").code == 0) == may(role, ANSWERS)
    assert shell("sessions", "note", number, "said").code == 0  # the shell itself


def test_every_entry_point_assigns_chats_only_to_admins_who_may_answer(
    shell, admin, zoe, role, number, here, engine  # noqa: F811
):  # fmt: skip
    good = may(role, ANSWERS)
    headers = admin.json | {"X-CSRF-Token": admin.csrf_token}

    def free_again(given):
        assert holder(admin, number) == ("zoe" if given else None)
        admin.assigns(number, None)

    admin.assigns(number, "zoe", status=200 if good else 422)
    free_again(good)
    admin.posts(number, "transfer", {"admin": "zoe", "note": "n"}, status=200 if good else 422)
    free_again(good)
    bulk = {"numbers": [number], "act": "assign", "admin": "zoe"}
    done = admin.app.post_json("/custom-admin/chat/bulk/", bulk, headers=headers).json
    assert done["done"] == ([number] if good else [])
    free_again(good)
    assert (shell("sessions", "assign", number, "zoe").code == 0) == good
    free_again(good)
    mine = {"X-CSRF-Token": zoe.csrf_token} | zoe.json
    zoe.app.post_json("/custom-admin/chat/take/", {}, headers=mine, status=200 if good else 403)
    free_again(good)
    here(zoe)
    with transaction(engine) as db:
        db.get_one(AdminRow, admin.row.id).away_since = now()
        assert auto_assignment.assign_waiting(db, 0) == good
    free_again(good)


def test_the_desk_offers_assignees_who_may_answer_and_only_permitted_acts(admin, zoe, role, number):
    path = "/custom-admin/chat/colleagues/"
    found = {one["username"]: one for one in admin.app.get(path, headers=admin.json).json["admins"]}
    assert (found["zoe"]["role"], found["zoe"]["may_answer"]) == (role, may(role, ANSWERS))
    offered = admin.page(f"{number}/").html.find("select", {"id": "assign-to"})
    assert ("zoe" in [one["value"] for one in offered.find_all("option")]) == may(role, ANSWERS)
    page = zoe.page(f"{number}/").html
    for box in ("body", "note-body", "assign-to", "tag-new", "reopen"):
        assert bool(page.find(id=box)) == may(role, ANSWERS), box
    assert set(page.find(id="desk")["data-may"].split()) == GRANTS[role]
    assert bool(page.find("a", href=re.compile("/team/"))) == may(role, Permission.MANAGE)
    assert bool(zoe.page("replies/").html.find("form", {"class": "reply-form"})) == may(
        role, ANSWERS
    )


def test_customers_see_the_team_as_online_only_if_somebody_may_answer(
    customer, zoe, role, here, wsgi, engine
):
    here(zoe)
    wsgi.registry["livechat.realtime"].team = Team()  # as it is now
    told = customer.reads().json["session"]["team"]["presence"]
    assert told == ("online" if may(role, ANSWERS) else "offline")
    with engine.connect() as db:  # nobody looks for a chat to assign while there is no assignee
        assert (zoe.row.id in ready_to_answer(db)) == may(role, ANSWERS)


def test_a_mention_reaches_only_admins_who_may_read_notes(admin, zoe, role, number):
    admin.posts(number, "note", {"body": "@zoe, look", "client_id": new_id()}, status=201)
    assert zoe.dashboard().json["news"]["mentions"] == may(role, READS)


def test_a_reopened_chat_keeps_its_assignee_only_if_they_may_still_answer(
    admin, customer, new_admin, becomes, role, number
):
    zoe = new_admin("zoe")
    zoe.takes(number)
    admin.closes(number)
    becomes(zoe, role)
    again = customer.reopens().json["session"]
    assert again["status"] == ("active" if may(role, ANSWERS) else "waiting")
    assert holder(admin, number) == ("zoe" if may(role, ANSWERS) else None)


def test_disabling_the_last_admin_who_may_answer_warns(shell, new_admin, becomes):  # noqa: F811
    anna, ben = new_admin("anna"), new_admin("ben")
    becomes(ben, "viewer")
    assert "No one can reply to customers anymore." in shell("admins", "disable", anna.username).err


def test_an_unknown_role_has_no_permissions(admin, new_admin, number, engine):
    zoe = new_admin("zoe")
    with transaction(engine) as db:
        db.get_one(AdminRow, zoe.row.id).role = "superuser"
    zoe.opens(number, status=403)
    zoe.sends(number, status=403)
    admin.assigns(number, "zoe", status=422)
    assert roles_that_may(Permission.NOBODY) == []


# Every act checks, whatever its entry point


@pytest.mark.parametrize("actor", [CUSTOMER, Actor("admin:1"), Actor("unheard-of")])
def test_no_desk_act_can_be_done_by_a_customer_or_by_nobody(number, engine, actor):
    for act in (
        lambda db, chat: notes.add_note(db, chat, actor, "x", new_id()),
        lambda db, chat: tags.change_tags(db, chat, actor, ["x"], []),
        lambda db, chat: assignment.assign(db, chat, actor, None),
    ):
        with pytest.raises(NotAllowed), transaction(engine) as db:
            act(db, db.get_one(ChatSession, number))


ELSEWHERE = re.compile(r"Role\.(OWNER|AGENT|VIEWER)\b|\brole\s*(===?|!==?)|(===?|!==?)\s*'viewer'")
NAMES = {  # where roles are named, stored or changed, but decide nothing
    "permissions.py": "the table",
    "desk/audit_trail.py": "their names in the audit log",
    "accounts/admins.py": "which one a new account gets",
    "models/staff.py": "what is stored for an account",
    "static/desk/desk.js": "the role has changed: say so",
}


def test_no_other_code_decides_by_role():
    folder = Path(livechat.__file__).parent
    files = [path for kind in ("py", "jinja2", "js") for path in folder.rglob(f"*.{kind}")]
    found = {
        str(path.relative_to(folder)): path
        for path in files
        if "migrations" not in path.parts and ELSEWHERE.search(path.read_text())
    }
    assert set(found) <= set(NAMES)
