"""Assignment: taking, assigning, unassigning, and what happens when an admin is disabled."""

import pytest

from livechat.accounts import admins
from livechat.db.session import transaction


@pytest.fixture
def ben(new_admin):
    """Another admin."""
    return new_admin("ben", "Ben Bereit")


@pytest.fixture
def number(admin, customer):
    """The number of the customer's conversation."""
    return admin.number_of(customer)


def test_the_second_to_take_a_session_is_told_who_was_first(admin, ben, number):
    assert admin.takes(number).json["session"]["assignee"] == "anna"
    refusal = ben.takes(number, status=409).json["error"]
    assert refusal["code"] == "taken"
    assert "Anna Antwort (anna)" in refusal["message"]
    assert admin.takes(number).json["session"]["assignee"] == "anna"


def test_assigning_depends_on_the_version_when_one_is_given(admin, ben, number):
    version = admin.opens(number).json["session"]["version"]
    admin.takes(number, version=version)
    refusal = ben.assigns(number, "ben", version=version, status=409).json["error"]
    assert refusal["code"] == "taken"
    newer = admin.opens(number).json["session"]["version"]
    assert ben.takes(number, version=newer).json["session"]["assignee"] == "ben"
    later = admin.assigns(number, None).json["session"]
    assert (later["assignee"], later["status"]) == (None, "waiting")
    assert admin.takes(number, version=newer, status=409).json["error"]["code"] == "stale"


def test_a_session_can_be_assigned_to_a_colleague_and_unassigned(admin, ben, customer, number):
    admin.takes(number)
    given = admin.assigns(number, "ben").json["session"]
    assert (given["assignee"], given["status"], given["admin"]) == (
        "ben",
        "active",
        {"name": "Ben Bereit"},
    )
    back = ben.assigns(number, None).json["session"]
    assert (back["assignee"], back["status"], back["admin"]) == (None, "waiting", None)
    events = [m.get("event") for m in admin.opens(number).json["messages"]]
    assert events == [None, "taken", "assigned", "unassigned"]
    assert [m.get("event") for m in customer.reads().json["messages"]] == [
        None,
        "taken",
        "assigned",
    ]


@pytest.mark.parametrize("username", ["nobody", "", " ", "x" * 5000, 7, [], {}, True, "a\x00b"])
def test_assigning_to_an_unknown_admin_is_refused(admin, number, username):
    error = admin.assigns(number, username, status=422).json["error"]
    assert error["field"] == "admin"


def test_assigning_without_an_assignee_is_refused(admin, number):
    assert admin.posts(number, "assign", {}, status=422).json["error"]["field"] == "admin"


@pytest.mark.parametrize("version", [-1, 1.5, "1", True, 2**31, 10**19, []])
def test_an_invalid_version_is_refused(admin, number, version):
    error = admin.takes(number, version=version, status=422).json["error"]
    assert error["field"] == "version"


def test_a_disabled_admin_cannot_be_assigned(admin, ben, number, engine):
    disable(engine, "ben")
    assert admin.assigns(number, "ben", status=422).json["error"]["field"] == "admin"


def test_disabling_an_admin_unassigns_their_open_chats(admin, ben, customer, number, engine):
    ben.takes(number)
    disable(engine, "ben")
    session = admin.opens(number).json["session"]
    assert (session["status"], session["assignee"]) == ("waiting", None)
    assert session["waiting_since"]


def disable(engine, username):
    """Disable an admin, as the command line does."""
    with transaction(engine) as db:
        admins.disable(db, admins.find_admin(db, username))
