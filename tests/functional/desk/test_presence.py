"""Presence: the customer's on the desk, the desk's for the customer, and the place in the queue."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import text

from livechat.db.session import transaction
from livechat.desk import presence
from livechat.models import Admin, ChatSession, Presence, Worker, now
from livechat.realtime import sse as stream_module

from ...databases import rows
from ...factories import add_admin
from ...streams import until


@pytest.fixture
def quick(monkeypatch):
    """Shorten all intervals of presence, except for the duties of each second."""
    monkeypatch.setattr(presence, "GRACE", 0.2)
    monkeypatch.setattr(presence, "POLLED", 0.2)
    monkeypatch.setattr(stream_module, "HEARTBEAT_EVERY", (0.2, 0.3))


def team(customer):
    """Return what the customer is told about the desk, bypassing the cache."""
    customer.app.app.registry["livechat.realtime"].team = presence.Team()
    return customer.reads().json["session"]["team"]


def desk(customer):
    """Return the desk's presence."""
    return team(customer)["presence"]


def test_a_customer_is_online_while_the_chat_is_open_and_offline_afterwards(
    customer, admin, listens, quick
):
    number = admin.number_of(customer)
    assert admin.opens(number).json["session"]["presence"] == "left"
    on_desk, the_list = listens(admin, number), listens(admin)
    the_list.next("counts")
    stream = listens(customer)
    on_desk.next("session", lambda session: session["presence"] == "here")
    the_list.next("session", lambda session: session["presence"] == "here")
    assert admin.dashboard().json["sessions"][0]["presence"] == "here"
    stream.close()
    on_desk.next("session", lambda session: session["presence"] == "left")
    the_list.next("session", lambda session: session["presence"] == "left")
    assert admin.opens(number).json["session"]["presence"] == "left"


def test_navigating_to_the_next_page_does_not_count_as_leaving(
    customer, admin, listens, monkeypatch
):
    monkeypatch.setattr(presence, "GRACE", 60.0)
    monkeypatch.setattr(presence, "HEARTBEAT_EVERY", 0.0)
    number = admin.number_of(customer)
    on_desk = listens(admin, number)
    listens(customer).close()
    on_desk.next("session", lambda session: session["presence"] == "here")
    listens(customer).close()
    customer.sends("still here")
    on_desk.hears("still here")
    assert [session["presence"] for session in on_desk.all("session")][-1] == "here"


def test_two_tabs_are_one_customer(customer, admin, listens, quick):
    number = admin.number_of(customer)
    on_desk = listens(admin, number)
    tabs = listens(customer), listens(customer)
    on_desk.next("session", lambda session: session["presence"] == "here")
    tabs[0].close()
    customer.sends("one is left")
    on_desk.hears("one is left")
    until(lambda: tabs[1].comments >= 2)
    assert on_desk.all("session")[-1]["presence"] == "here"
    tabs[1].close()
    on_desk.next("session", lambda session: session["presence"] == "left")


def test_a_polling_customer_is_online_too(customer, admin, listens):
    number = admin.number_of(customer)
    on_desk = listens(admin, number)
    on_desk.hears("hello")
    customer.reads()
    on_desk.next("session", lambda session: session["presence"] == "here")


def test_a_dead_process_keeps_nobody_online(customer, admin, engine):
    number = admin.number_of(customer)
    with transaction(engine) as db:
        worker = Worker(id="dead" * 8, alive_at=now())
        db.add(worker)
        db.flush()
        db.add(Presence(worker_id=worker.id, kind=presence.CUSTOMER, ref=number))
        db.add(Presence(worker_id=worker.id, kind=presence.ADMIN, ref=admin.row.id))
    assert admin.opens(number).json["session"]["presence"] == "here"
    with transaction(engine) as db:
        db.get_one(Worker, "dead" * 8).alive_at = now() - presence.ALIVE_FOR
    assert admin.opens(number).json["session"]["presence"] == "left"
    assert desk(customer) == "offline"


def test_living_processes_remove_the_presences_of_dead_ones(customer, engine, listens):
    with transaction(engine) as db:
        db.add(Worker(id="dead" * 8, alive_at=now() - timedelta(minutes=5)))
        db.flush()
        db.add(Presence(worker_id="dead" * 8, kind=presence.CUSTOMER, ref=1))
    listens(customer).hears("hello")  # starts the process's own count
    until(lambda: rows(engine, "SELECT 1 FROM presences WHERE kind = 'customer'"))
    until(lambda: not rows(engine, "SELECT 1 FROM workers WHERE id LIKE 'dead%'"))
    assert not rows(engine, "SELECT 1 FROM presences WHERE worker_id LIKE 'dead%'")


def test_a_process_removes_its_presences_when_it_ends(customer, engine, listens, wsgi):
    listens(customer).hears("hello")
    until(lambda: rows(engine, "SELECT 1 FROM presences"))
    wsgi.registry["livechat.realtime"].stop()
    assert not rows(engine, "SELECT 1 FROM presences")
    assert not rows(engine, "SELECT 1 FROM workers")


def test_the_customer_sees_whether_somebody_is_at_the_desk(customer, admin, listens, quick):
    assert desk(customer) == "offline"
    stream = listens(customer)
    on_desk = listens(admin)
    stream.next("session", lambda session: session["team"]["presence"] == "online")
    for state, seen in (("away", "away"), ("away", "away"), ("online", "online")):
        answer = admin.app.post_json(
            "/custom-admin/chat/presence/",
            {"state": state},
            headers=admin.json | {"X-CSRF-Token": admin.csrf_token},
        )
        assert answer.json == {}
        until(lambda seen=seen: desk(customer) == seen)
    on_desk.close()
    stream.next("session", lambda session: session["team"]["presence"] == "offline")


def test_the_desk_is_online_while_one_admin_is(customer, admin, new_admin, listens, quick):
    ben = new_admin("ben")
    listens(ben).next("counts")
    listens(admin).next("counts")
    until(lambda: desk(customer) == "online")
    for one, seen in ((admin, "online"), (ben, "away")):
        one.app.post_json(
            "/custom-admin/chat/presence/",
            {"state": "away"},
            headers=one.json | {"X-CSRF-Token": one.csrf_token},
        )
        until(lambda seen=seen: desk(customer) == seen)


def test_an_invalid_state_is_refused(admin):
    headers = admin.json | {"X-CSRF-Token": admin.csrf_token}
    for wrong in ({"state": "asleep"}, {"state": True}, {}):
        answer = admin.app.post_json(
            "/custom-admin/chat/presence/", wrong, headers=headers, status=422
        )
        assert answer.json["error"]["field"] == "state"


def old_session(guest_id, began, status):
    """Return a chat from the past that is not yet in the database."""
    times = {"created_at": began, "last_activity_at": began}
    return ChatSession(uuid=uuid.uuid4(), guest_id=guest_id, status=status, **times)


@pytest.fixture
def answered(engine, customer):
    """A function that adds chats which were answered after so many seconds, so many days ago."""

    def answered(*waits, days=1):
        with transaction(engine) as db:
            like = db.query(ChatSession).first()
            for wait in waits:
                began = now() - timedelta(days=days)
                row = old_session(like.guest_id, began, "closed")
                row.first_answer_at = began + timedelta(seconds=wait)
                db.add(row)

    return answered


def test_the_usual_time_to_an_answer_is_shown_only_with_enough_data(engine, answered):
    def usual():
        with engine.connect() as db:
            return presence.typical_answer_time(db)

    assert usual() is None
    answered(*[60] * 19)
    answered(*[5] * 30, days=29)  # too long ago to count
    assert usual() is None
    answered(60)
    assert usual() == 60
    answered(*[1] * 5, *[3600] * 40)
    assert usual() == 3600


def test_the_customer_is_told_the_usual_time_to_an_answer(customer, answered):
    answered(*range(100, 121))
    assert team(customer)["answers_within"] == 110


def test_waiting_customers_know_their_place_and_are_told_when_it_changes(
    customer, new_customer, admin, listens
):
    second, third = new_customer(), new_customer()
    for one in (second, third):
        one.starts("hello")
    streams = [listens(one) for one in (customer, second, third)]
    places = [stream.next("session").data["position"] for stream in streams]
    assert places == [1, 2, 3]
    admin.takes(admin.number_of(customer))
    streams[0].next("session", lambda session: session["position"] is None)
    streams[1].next("session", lambda session: session["position"] == 1)
    streams[2].next("session", lambda session: session["position"] == 2)
    second.closes()
    streams[2].next("session", lambda session: session["position"] == 1)
    assert third.reads().json["session"]["position"] == 1


def test_customers_far_back_in_the_queue_are_told_no_place(customer, new_customer, engine):
    with transaction(engine) as db:
        like = db.query(ChatSession).one()
        began = now() - timedelta(hours=1)
        for _ in range(100):
            row = old_session(like.guest_id, began, "waiting")
            row.waiting_since = began
            db.add(row)
    assert customer.reads().json["session"]["position"] is None
    with transaction(engine) as db:
        db.execute(text("UPDATE chat_sessions SET status = 'closed' WHERE id = 2"))
    assert customer.reads().json["session"]["position"] == 100


def test_a_disabled_admin_is_not_at_the_desk(customer, engine, quick):
    anna = add_admin(engine)
    with transaction(engine) as db:
        db.add(Worker(id="w" * 32, alive_at=now()))
        db.flush()
        db.add(Presence(worker_id="w" * 32, kind=presence.ADMIN, ref=anna.id))
    assert desk(customer) == "online"
    with transaction(engine) as db:
        db.get_one(Admin, anna.id).disabled_at = now()
    until(lambda: desk(customer) == "offline")
