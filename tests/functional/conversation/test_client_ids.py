"""A client_id is shown to the author of its message and to nobody else."""

from __future__ import annotations

import json

import pytest

from livechat.accounts import admins
from livechat.db.session import transaction

from ...factories import Customer, new_id, new_start_key

THEIRS, MINE = "the-customers-own-id", "the-admins-own-id"


@pytest.fixture
def both_have_written(customer, admin):
    """A conversation with a message from each side, and a note."""
    customer.sends("from the customer", THEIRS)
    admin.sends(1, "from the admin", MINE)
    admin.posts(1, "note", {"body": "psst", "client_id": MINE + "-note"}, status=201)


def ids(messages):
    """Return the client_id of each text."""
    return {message["body"]: message.get("client_id") for message in messages}


def test_each_author_reads_only_their_own(both_have_written, customer, admin, new_admin):
    told = ids(customer.reads().json["messages"])
    assert (told["from the customer"], told["from the admin"]) == (THEIRS, None)
    told = ids(admin.opens(1).json["messages"])
    assert (told["from the customer"], told["from the admin"]) == (None, MINE)
    assert told["psst"] == MINE + "-note"
    told = ids(new_admin("ben").opens(1).json["messages"])
    assert set(told.values()) == {None}


def test_streams_reveal_no_more(both_have_written, customer, admin, new_admin, listens):
    for who, number, own in (
        (customer, None, THEIRS),
        (admin, 1, MINE),
        (new_admin("ben"), 1, None),
    ):
        stream = listens(who, number)
        told = {}
        while "from the admin" not in told:
            event = stream.next("message")
            told[event.data["body"]] = event.data.get("client_id")
        assert {one for one in told.values() if one in {THEIRS, MINE}} == ({own} - {None})


@pytest.mark.parametrize("path", ["", "1/", "1/messages/", "search/?q=customer", "1/earlier/"])
def test_the_desk_does_not_show_a_customers_client_id(both_have_written, admin, path):
    for answer in (
        admin.app.get(f"/custom-admin/chat/{path}", headers=admin.json),
        admin.app.get(f"/custom-admin/chat/{path}", headers={"Accept": "text/html"}, status="*"),
    ):
        assert THEIRS not in answer.text


def test_a_held_answer_does_not_show_the_colleagues_client_id(both_have_written, admin, new_admin):
    late = {"body": "late", "client_id": new_id(), "seen_seq": 1}
    held = new_admin("ben").posts(1, "send", late, status=409)
    assert held.json["error"]["code"] == "answered_meanwhile"
    assert ids(held.json["messages"]) == {"from the admin": None}


def test_a_viewer_cannot_become_the_customer(wsgi, new_customer, admin, new_admin, engine):
    customer = new_customer()
    letter = {"message": "my secret", "client_id": new_id(), "start_key": new_start_key()}
    customer.starts(**letter)
    viewer = new_admin("vera")
    with transaction(engine) as db:
        admins.set_role(db, admins.find_admin(db, "vera"), "viewer")
    seen = viewer.opens(1).json
    assert letter["start_key"] not in json.dumps(seen)
    assert letter["client_id"] not in json.dumps(seen)
    # Not even with values that an older version or a backup shows.
    thief = Customer(wsgi)
    del letter["start_key"]
    assert thief.starts(**letter).status_int == 201
    assert thief.id != customer.id
    thief.id = customer.id
    thief.reads(status=404)
