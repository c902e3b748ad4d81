"""Notes are for colleagues: no answer to a customer contains one."""

import json

import pytest

from livechat.db.session import transaction
from tests.factories import new_id

SECRET = "between us: sie-ist-die-Schwester"  # in no answer to a customer


def writes_note(admin, number, body=SECRET, *, status=201, client_id=None, **more):
    data = {"body": body, "client_id": client_id or new_id()} | more
    return admin.posts(number, "note", data, status=status)


@pytest.fixture
def number(customer, admin):
    return admin.number_of(customer)


@pytest.fixture
def ben(new_admin):
    return new_admin("ben", "Ben Berater")


def test_colleagues_read_a_note_where_it_was_written(admin, ben, customer, number):
    note = writes_note(admin, number).json["message"]
    assert (note["from"], note["body"], note["author"]) == ("note", SECRET, admin.name)
    assert note["public_seq"] is None
    assert admin.reads(number).json["messages"][-1] == note
    del note["client_id"]  # for its author only
    assert ben.reads(number).json["messages"][-1] == note


def test_no_answer_to_a_customer_contains_a_note(admin, customer, number, listens):
    before = customer.reads().json
    hears = listens(customer)
    cursor = before["cursor"]
    writes_note(admin, number)
    admin.posts(number, "tags", {"add": ["sie-ist-die-schwester"]})
    answers = [
        customer.reads(),
        customer.reads(cursor),
        customer.starts("again"),
        customer.has_seen(99),
        customer.sends("and this"),
        customer.closes(),
        customer.reopens(),
    ]
    hears.hears("and this")
    heard = json.dumps([event.data for event in hears.events])
    for text in [answer.text for answer in answers] + [heard]:
        assert "schwester" not in text.casefold()
    numbers = [message["seq"] for message in customer.reads().json["messages"]]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_note_changes_nothing_that_the_customer_sees(admin, customer, number):
    before = customer.reads().json
    writes_note(admin, number)
    after = customer.reads().json
    assert after == before


def test_a_note_does_not_count_as_an_answer(admin, customer, number):
    before = admin.opens(number).json["session"]
    writes_note(admin, number)
    after = admin.opens(number).json["session"]
    for name in ("status", "assignee", "waiting_since", "last_message", "seen_seq"):
        assert after[name] == before[name]


def test_a_note_sent_twice_is_stored_once(admin, number):
    first = writes_note(admin, number, client_id="n1")
    again = writes_note(admin, number, client_id="n1", status=200)
    assert first.json == again.json
    assert writes_note(admin, number, "else", client_id="n1", status=409).json["error"]["code"] == (
        "client_id_reused"
    )


def test_a_note_may_be_written_into_a_closed_chat(admin, customer, number):
    customer.closes()
    writes_note(admin, number)
    assert admin.opens(number).json["session"]["status"] == "closed"


@pytest.mark.parametrize(
    "forged",
    [{"from": "customer"}, {"kind": "note"}, {"sender": "note"}, {"public": True}, {"note": True}],
)
def test_the_address_alone_decides_the_kind_of_a_message(admin, customer, number, forged):
    data = {"body": "x", "client_id": new_id()} | forged
    assert customer.posts("send", data, status=201).json["message"]["from"] == "customer"
    answer = {"body": "y", "client_id": new_id()} | forged
    assert admin.posts(number, "send", answer, status=201).json["message"]["from"] == "admin"
    note = writes_note(admin, number, **forged).json["message"]
    assert note["from"] == "note"
    assert SECRET not in customer.reads().text


def test_a_customer_cannot_write_a_note(admin, customer, number):
    customer.posts("note", {"body": "x", "client_id": "1"}, status=404)
    path = f"/custom-admin/chat/{number}/note/"
    customer.app.post_json(path, {"body": "x", "client_id": "1"}, headers=customer.who, status=403)


def test_a_mention_notifies_a_colleague_until_they_have_looked(admin, ben, number, listens):
    hears = listens(ben)
    writes_note(admin, number, "@ben, can you? Not @nobody, not me@ben.example, and not @anna.")
    hears.next("news", lambda news: news["mentions"] == 1)
    headers = ben.json
    found = ben.app.get("/custom-admin/chat/mentions/", headers=headers).json["mentions"]
    assert [(one["number"], one["author"], one["seen"]) for one in found] == [
        (number, admin.name, False)
    ]
    assert [one["number"] for one in ben.dashboard(view="mentions").json["sessions"]] == [number]
    assert admin.opens(number).json["news"]["mentions"] == 0
    ben.has_seen(number, ben.opens(number).json["session"]["seq"])
    assert ben.opens(number).json["news"]["mentions"] == 0
    assert ben.dashboard(view="mentions").json["sessions"] == []


def test_a_note_does_not_count_in_the_report(admin, customer, number, engine):
    from datetime import UTC, datetime

    from livechat.statistics.report import By, report

    writes_note(admin, number)
    today = datetime.now(UTC).date()
    with transaction(engine) as db:
        total = report(db, today, today, By.DAY).total
    assert (total.admin_messages, total.first_answer) == (0, None)
