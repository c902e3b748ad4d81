"""A right that is withdrawn while it is used: between the permission check and the act, or concurrently."""

import json

import pytest

from livechat.accounts import admins
from livechat.db.session import transaction
from livechat.models import Admin as AdminRow
from livechat.permissions import Permission
from livechat.security import LOGIN_COOKIE, SecurityPolicy

from ...databases import rows
from ..conversation.test_exactly_once import at_once
from ..raw import ask
from .test_rights import ANSWERS, holder
from .test_role_matrix import AGENTS, JSON, MATRIX, OWNERS, REPLY, snapshot


@pytest.fixture
def becomes(engine):
    """A function that sets an admin's role."""

    def becomes(one, role):
        with transaction(engine) as db:
            admins.set_role(db, db.get_one(AdminRow, one.row.id), role)

    return becomes


LOSSES = {
    "an agent becomes a viewer": (ANSWERS, lambda db, row: admins.set_role(db, row, "viewer")),
    "an agent is disabled": (ANSWERS, admins.disable),
    "an owner becomes an agent": (
        Permission.MANAGE,
        lambda db, row: admins.set_role(db, row, "agent"),
    ),
    "an owner is disabled": (Permission.MANAGE, admins.disable),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_a_right_withdrawn_during_a_request_is_gone_for_that_request(
    wsgi, admin, new_admin, customer, engine, monkeypatch, loss
):
    permission, lose = LOSSES[loss]
    ben = new_admin("ben")
    headers = admin.json | {"X-CSRF-Token": admin.csrf_token}
    admin.app.post_json("/custom-admin/chat/replies/", REPLY | {"code": "hi"}, headers=headers)
    permits, state = SecurityPolicy.permits, {}

    def permits_and_then_loses(self, request, context, asked):
        allowed = permits(self, request, context, asked)
        if allowed and asked == permission and not state:
            with transaction(engine) as db:
                lose(db, db.get_one(AdminRow, ben.row.id))
            state["before"] = snapshot(engine)
        return allowed

    monkeypatch.setattr(SecurityPolicy, "permits", permits_and_then_loses)
    acts = [
        (path, body)
        for _kind, name, method, path, body, who in MATRIX
        if method == "POST" and who == (AGENTS if permission == ANSWERS else OWNERS)
        and name != "typing"  # stores nothing
    ]  # fmt: skip
    for path, body in acts:
        with transaction(engine) as db:
            row = db.get_one(AdminRow, ben.row.id)
            admins.enable(db, row)
            admins.set_role(db, row, "agent" if permission == ANSWERS else "owner")
        ben.is_signed_in()
        state.clear()
        login = ben.app.cookies[LOGIN_COOKIE].strip('"')
        who = {"Cookie": f"{LOGIN_COOKIE}={login}", "X-CSRF-Token": ben.csrf_token}
        answer = ask(wsgi, "POST", path, json.dumps(body).encode(), who | JSON)
        assert state, f"{path}: the right did not go"
        assert (answer.status, json.loads(answer.body)["error"]["code"]) == (403, "forbidden"), path
        assert snapshot(engine) == state["before"], path
    assert len(acts) >= (15 if permission == ANSWERS else 1)


def test_concurrently_either_the_assignment_or_the_new_role_comes_first(
    admin, new_admin, new_customer, becomes, engine
):
    ben = new_admin("ben", "Ben")
    for turn in range(6):
        becomes(ben, "agent")
        one = new_customer()
        one.starts("hello")
        number = admin.number_of(one)
        acts = [
            lambda number=number: admin.assigns(number, "ben", status=[200, 422]),
            lambda number=number: ben.sends(number, "mine", status=[201, 403, 409]),
            lambda number=number: ben.takes(number, status=[200, 403, 409, 422]),
        ]
        at_once(acts[turn % 3], lambda: becomes(ben, "viewer"))
        assert holder(admin, number) is None


def test_a_chat_is_not_reopened_for_an_admin_who_concurrently_loses_the_right(
    admin, new_admin, new_customer, becomes, engine
):
    ben = new_admin("ben", "Ben")
    for turn in range(6):
        becomes(ben, "agent")
        one = new_customer()
        one.starts("hello")
        ben.takes(number := admin.number_of(one))
        one.closes()
        act = [one.reopens, lambda number=number: admin.reopens(number)][turn % 2]
        at_once(act, lambda: becomes(ben, "viewer"))
        assert (holder(admin, number), one.reads().json["session"]["status"]) == (None, "waiting")


def test_two_owners_who_demote_each_other_leave_one(admin, new_admin, becomes, engine):
    for turn in range(3):
        ben = new_admin(f"ben{turn}")
        becomes(ben, "owner")
        becomes(admin, "owner")

        def demotes(one, other):
            data = {"act": "role", "username": other.username, "role": "agent"}
            headers = one.json | {"X-CSRF-Token": one.csrf_token}
            path = "/custom-admin/chat/team/"
            return one.app.post_json(path, data, headers=headers, status="*").status_int

        found = at_once(lambda: demotes(admin, ben), lambda: demotes(ben, admin))  # noqa: B023
        assert sorted(found) == [200, 403]
        assert len(rows(engine, "SELECT 1 FROM admins WHERE role = 'owner'")) == 1
        with transaction(engine) as db:  # as at the start
            admins.set_role(db, admins.find_admin(db, "anna"), "owner")
            admins.set_role(db, admins.find_admin(db, ben.username), "agent")
