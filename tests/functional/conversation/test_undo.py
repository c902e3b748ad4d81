"""Undo: an admin can undo closing, unassigning or blocking until anybody acts again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ...factories import new_id
from .test_at_once import desk_posts
from .test_exactly_once import at_once

KEPT = (
    "status",
    "assignee",
    "assigned_at",
    "waiting_since",
    "snoozed_until",
    "blocked",
    "priority",
)


@pytest.fixture
def ben(new_admin):
    """Another admin."""
    return new_admin("ben", "Ben Bereit")


@pytest.fixture
def number(admin, customer):
    """The number of the customer's conversation."""
    return admin.number_of(customer)


def state(admin, number):
    session = admin.opens(number).json["session"]
    return {name: session.get(name) for name in KEPT}


def undoes(admin, number, seq, status=200):
    return admin.posts(number, "undo", {"seq": seq}, status=status)


def tomorrow():
    return (datetime.now(UTC) + timedelta(days=1)).isoformat()


ACTS = {
    "close": ("close", {}),
    "unassign": ("assign", {"admin": None}),
    "block": ("block", {"blocked": True}),
}
SITUATIONS = {
    "waiting": [],
    "taken": [("assign", {"admin": "anna"})],
    "a colleague's": [("assign", {"admin": "ben"})],
    "snoozed": [("snooze", {"until": tomorrow()})],
    "taken and snoozed": [("assign", {"admin": "anna"}), ("snooze", {"until": tomorrow()})],
    "answered": [("send", {"body": "Good day", "client_id": new_id()})],
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("situation", SITUATIONS)
def test_undo_restores_the_previous_state_of_the_chat(admin, ben, customer, number, situation, act):
    for name, data in SITUATIONS[situation]:
        admin.posts(number, name, data, status=[200, 201])
    before = state(admin, number)
    offered = admin.posts(number, *ACTS[act]).json["undo"]
    if act == "unassign" and before["assignee"] is None:
        assert offered is None  # nothing was done
        return
    assert state(admin, number) != before
    answer = undoes(admin, number, offered).json["session"]
    assert {name: answer.get(name) for name in KEPT} == before
    assert state(admin, number) == before
    customer.sends("I can still write")


@pytest.mark.parametrize("act", ACTS)
def test_an_act_is_undone_once_and_only_by_its_author(admin, ben, number, act):
    admin.takes(number)
    offered = admin.posts(number, *ACTS[act]).json["undo"]
    done = state(admin, number)
    assert undoes(ben, number, offered, 409).json["error"]["code"] == "stale"
    assert state(admin, number) == done
    undoes(admin, number, offered)
    assert undoes(admin, number, offered, 409).json["error"]["code"] == "stale"


@pytest.mark.parametrize(
    ("act", "theirs"),
    [
        ("close", [("reopen", {})]),
        ("close", [("reopen", {}), ("assign", {"admin": None}), ("assign", {"admin": "ben"})]),
        ("close", [("reopen", {}), ("close", {})]),
        ("unassign", [("assign", {"admin": "ben"})]),
        ("unassign", [("assign", {"admin": "ben"}), ("assign", {"admin": None})]),
        ("unassign", [("send", {"body": "I am here", "client_id": new_id()})]),
        ("unassign", [("close", {})]),
        ("block", [("block", {"blocked": False})]),
        ("block", [("block", {"blocked": False}), ("block", {"blocked": True})]),
    ],
    ids=lambda value: value if isinstance(value, str) else "+".join(name for name, _ in value),
)
def test_undo_never_overrides_a_colleagues_later_act(admin, ben, number, act, theirs):
    admin.takes(number)
    offered = admin.posts(number, *ACTS[act]).json["undo"]
    for name, data in theirs:
        ben.posts(number, name, data, status=[200, 201])
    since = state(admin, number)
    refusal = undoes(admin, number, offered, 409).json["error"]
    assert refusal == {
        "code": "stale",
        "message": "This chat has changed since. Nothing was undone.",
    }
    assert state(admin, number) == since


def test_a_customers_message_in_between_stays_and_keeps_waiting(admin, customer, number):
    admin.takes(number)
    admin.posts(number, "send", {"body": "Good day", "client_id": new_id()}, status=201)
    offered = admin.assigns(number, None).json["undo"]
    customer.sends("Are you still there?")
    waiting = state(admin, number)["waiting_since"]
    assert waiting is not None
    undoes(admin, number, offered)
    assert state(admin, number)["assignee"] == "anna"
    assert state(admin, number)["waiting_since"] == waiting


def test_undo_does_not_reopen_a_chat_when_the_customer_has_a_newer_one(admin, customer, number):
    offered = admin.closes(number).json["undo"]
    customer.starts("Something else")
    assert undoes(admin, number, offered, 409).json["error"]["code"] == "another_open"


def test_undo_does_not_reassign_a_chat_to_a_colleague_who_cannot_take_it(
    admin, ben, number, engine
):
    admin.assigns(number, "ben")
    offered = admin.assigns(number, None).json["undo"]
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE admins SET role = 'viewer' WHERE username = 'ben'")
    assert undoes(admin, number, offered, 422).json["error"]["field"] == "admin"
    assert state(admin, number)["assignee"] is None


def test_customers_see_nothing_of_an_undone_unassignment(admin, customer, number):
    admin.takes(number)
    before = customer.reads().json["messages"]
    offered = admin.assigns(number, None).json["undo"]
    undoes(admin, number, offered)
    assert customer.reads().json["messages"] == before
    lines = [entry["body"] for entry in admin.opens(number).json["messages"]]
    assert lines[-1] == "The chat was reassigned to Anna Antwort."


@pytest.mark.parametrize("seq", [None, "1", -1, 1.5, True, 2**31, [], {}])
def test_an_invalid_number_is_refused(admin, number, seq):
    undoes(admin, number, seq, 422)


@pytest.mark.parametrize("seq", [0, 1, 99])
def test_messages_and_missing_entries_cannot_be_undone(admin, number, seq):
    undoes(admin, number, seq, 409)


def test_two_concurrent_undos_act_once(admin, number):
    admin.takes(number)
    offered = admin.closes(number).json["undo"]
    found = at_once(*[lambda: undoes(admin, number, offered, "*") for _ in range(2)])
    assert sorted(answer.status_int for answer in found) == [200, 409]
    assert state(admin, number)["assignee"] == "anna"


@pytest.mark.parametrize("act", [{"act": "close"}, {"act": "assign", "admin": None}])
def test_a_bulk_undo_leaves_chats_alone_that_have_changed(admin, ben, new_customer, act):
    numbers = []
    for _ in range(3):
        one = new_customer()
        one.starts("hello")
        numbers.append(admin.number_of(one))
        admin.takes(numbers[-1])
    before = [state(admin, number) for number in numbers]
    answer = desk_posts(admin, "bulk", {**act, "numbers": numbers}).json
    assert answer["done"] == numbers
    assert [each["number"] for each in answer["undo"]] == numbers
    if act["act"] == "close":
        ben.reopens(numbers[1])
        ben.assigns(numbers[1], None)
    ben.takes(numbers[1])
    undone = desk_posts(
        admin, "bulk", {"act": "undo", "numbers": numbers, "undo": answer["undo"]}
    ).json
    assert undone["done"] == [numbers[0], numbers[2]]
    assert [each["number"] for each in undone["refused"]] == [numbers[1]]
    now = [state(admin, number) for number in numbers]
    assert now[0] == before[0]
    assert now[2] == before[2]
    assert now[1]["assignee"] == "ben"


@pytest.mark.parametrize(
    "undo",
    ["x", {"number": 1}, ["x"], [{"number": "1", "seq": 1}], [{"number": 1}], [[]], [{}] * 101],
)
def test_an_invalid_list_is_refused(admin, number, undo):
    body = {"act": "undo", "numbers": [number], "undo": undo}
    assert desk_posts(admin, "bulk", body).status_int == 422


def test_a_bulk_act_without_its_number_is_not_undone(admin, number):
    admin.closes(number)
    answer = desk_posts(admin, "bulk", {"act": "undo", "numbers": [number], "undo": []}).json
    assert answer["done"] == []
    assert answer["refused"][0]["number"] == number
    assert state(admin, number)["status"] == "closed"
