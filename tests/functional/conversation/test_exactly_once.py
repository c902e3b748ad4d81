"""The promise: acknowledged means stored, exactly once, in one order, with one winner; real threads and commits."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from livechat.db.session import transaction

from ...databases import rows
from ...factories import Customer, new_id, new_start_key


def at_once(*acts):
    """Run functions in threads that start together; returns the results in order."""
    together = threading.Barrier(len(acts))

    def begin(act):
        together.wait(10)
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [future.result(30) for future in [pool.submit(begin, act) for act in acts]]


def twin(customer):
    """The same guest in another tab."""
    other = Customer(customer.app.app)
    other.token, other.id = customer.token, customer.id
    return other


def test_the_same_send_again_returns_the_same_message(customer):
    first = customer.sends("once", "c2", status=201)
    again = customer.sends("once", "c2", status=200)
    assert again.json == first.json
    assert twin(customer).sends(" once\r\n", "c2", status=200).json == first.json
    assert customer.sees() == ["hello", "once"]


def test_the_same_client_id_with_another_body_is_refused(customer):
    customer.sends("once", "c2")
    refusal = customer.sends("twice", "c2", status=409)
    assert refusal.json["error"]["code"] == "client_id_reused"
    assert customer.sees() == ["hello", "once"]


def test_a_client_id_belongs_to_its_author_and_session(customer, admin, new_customer):
    customer.sends("mine", "c2")
    admin.sends(1, "the admin's", "c2")
    other = new_customer()
    other.starts()
    other.sends("another's", "c2")
    assert customer.sees()[-1] == "the admin's"


def test_concurrent_repetitions_of_a_send_make_one_message(customer):
    answers = at_once(*[lambda: twin(customer).sends("once", "same", status=[200, 201])] * 6)
    assert sorted(answer.status_int for answer in answers) == [200] * 5 + [201]
    assert len({answer.json["message"]["id"] for answer in answers}) == 1
    assert customer.sees() == ["hello", "once"]


def test_concurrent_sends_of_two_bodies_under_one_client_id_make_one_message_and_one_refusal(
    customer,
):
    answers = at_once(
        lambda: twin(customer).sends("one", "same", status=[201, 409]),
        lambda: twin(customer).sends("two", "same", status=[201, 409]),
    )
    assert sorted(answer.status_int for answer in answers) == [201, 409]
    assert len(customer.sees()) == 2


def test_many_concurrent_writers_get_one_order_without_gaps(customer, admin, new_admin, engine):
    ben = new_admin("ben")
    admin.takes(1)
    each, tabs = 8, [twin(customer) for _ in range(3)]
    acts = [lambda t=tab: [t.sends(new_id()).json["message"] for _ in range(each)] for tab in tabs]
    acts += [
        lambda a=who: [a.sends(1, new_id()).json["message"] for _ in range(each)]
        for who in (admin, ben)
    ]
    acknowledged = [message for messages in at_once(*acts) for message in messages]
    shown = customer.reads().json["messages"]
    assert [message["seq"] for message in shown] == list(range(1, len(shown) + 1))
    known = admin.opens(1).json["messages"]
    assert [message["seq"] for message in known] == list(range(1, len(known) + 1))
    assert [m["body"] for m in shown] == [m["body"] for m in known]
    assert sorted(m["body"] for m in acknowledged) == sorted(
        m["body"] for m in shown if m["from"] != "system" and m["body"] != "hello"
    )
    # Each number was assigned at the acknowledgement and stays.
    number = {m["body"]: m["seq"] for m in shown}
    for messages in (acknowledged[: each * 3],):
        assert all(number[message["body"]] == message["seq"] for message in messages)
    times = [message["created_at"] for message in shown]
    assert times == sorted(times)
    stored = rows(engine, "SELECT seq, public_seq FROM chat_messages ORDER BY seq")
    assert [tuple(row) for row in stored] == [(n, n) for n in range(1, len(shown) + 1)]


def test_readers_see_no_gap_while_others_write(customer, admin):
    admin.takes(1)
    writers = [twin(customer) for _ in range(2)]
    done = threading.Event()

    def write(tab):
        for _ in range(15):
            tab.sends(new_id())

    def write_and_tell():
        try:
            at_once(*[lambda t=tab: write(t) for tab in writers])
        finally:
            done.set()

    def follow():
        cursor, numbers = None, []
        while True:
            last = done.is_set()
            answer = customer.reads(cursor).json
            numbers += [message["seq"] for message in answer["messages"]]
            cursor = answer["cursor"]
            if last:
                return numbers

    _, numbers = at_once(write_and_tell, follow)
    assert numbers == list(range(1, 33))


def test_two_clicks_on_start_with_a_token_make_one_conversation(customer, engine):
    customer.closes()
    message = {"message": "again", "client_id": "same"}
    answers = at_once(*[lambda: twin(customer).starts(**message)] * 4)
    assert sorted(answer.status_int for answer in answers) == [200, 200, 200, 201]
    assert len({answer.json["session"]["id"] for answer in answers}) == 1
    assert len({answer.json["token"] for answer in answers}) == 1
    assert len(rows(engine, "SELECT id FROM chat_sessions")) == 2


def first_letter(**more):
    """Return a first message as the widget sends it: it can be repeated without a token."""
    return {"message": "hello?", "client_id": new_id(), "start_key": new_start_key()} | more


def test_a_start_whose_answer_was_lost_can_be_repeated_without_a_token(new_customer, engine):
    letter = first_letter()
    first, again = new_customer(), new_customer()
    assert first.starts(**letter).status_int == 201
    assert again.starts(**letter).status_int == 200
    assert again.id == first.id
    assert again.token != first.token
    assert first.sees() == again.sees() == ["hello?"]
    assert len(rows(engine, "SELECT id FROM guests")) == 1


def test_concurrent_starts_without_a_token_make_one_conversation(new_customer, engine):
    letter = first_letter()
    people = [new_customer() for _ in range(5)]
    answers = at_once(*[lambda c=each: c.starts(**letter) for each in people])
    assert sorted(answer.status_int for answer in answers) == [200] * 4 + [201]
    assert len({each.id for each in people}) == 1
    assert people[0].sees() == ["hello?"]
    assert len(rows(engine, "SELECT id FROM chat_sessions")) == 1


def test_a_repeated_start_with_another_text_is_refused(new_customer):
    letter = first_letter()
    new_customer().starts(**letter)
    refusal = new_customer().starts(**(letter | {"message": "other"}), status=409)
    assert refusal.json["error"]["code"] == "client_id_reused"
    assert "token" not in refusal.json


@pytest.mark.parametrize("start_key", [{}, {"start_key": "another-secret-of-22-chars"}])
def test_the_message_and_its_client_id_do_not_open_anothers_conversation(new_customer, start_key):
    letter = first_letter()
    first, other = new_customer(), new_customer()
    first.starts(**letter)
    del letter["start_key"]
    assert other.starts(**letter, **start_key).status_int == 201
    assert other.id != first.id
    first.sends()
    other.id = first.id
    other.reads(status=404)


@pytest.mark.parametrize(
    "start_key", ["", "short", "x" * 21, "x" * 201, "with spaces in it, and many", 7, ["x" * 22]]
)
def test_a_guessable_start_key_is_refused(new_customer, start_key):
    refusal = new_customer().starts("hello?", start_key=start_key, status=422)
    assert refusal.json["error"]["field"] == "start_key"


def test_a_client_id_does_not_work_as_a_start_key(new_customer):
    client_id = new_id()
    refusal = new_customer().starts("hi", client_id=client_id, start_key=client_id, status=422)
    assert refusal.json["error"]["field"] == "start_key"


def test_after_a_revocation_the_start_cannot_be_repeated(new_customer, engine):
    from livechat.accounts import guests
    from livechat.models import ChatSession

    letter = first_letter()
    first, again = new_customer(), new_customer()
    first.starts(**letter)
    with transaction(engine) as db:
        guests.revoke_tokens(db, db.get_one(ChatSession, 1))
    assert again.starts(**letter).status_int == 201
    assert again.id != first.id


def test_after_a_day_a_start_is_not_a_repetition(new_customer, engine):
    from datetime import timedelta

    from livechat.models import Guest, now

    message = first_letter()
    first, other = new_customer(), new_customer()
    first.starts(**message)
    with transaction(engine) as db:
        db.query(Guest).one().created_at = now() - timedelta(hours=25)
    assert other.starts(**message).status_int == 201
    assert other.id != first.id


def test_a_repeated_start_finds_its_conversation_even_after_it_was_closed(customer):
    first = customer.starts(message="again", client_id="s1")
    customer.closes()
    again = customer.starts(message="again", client_id="s1", product="42")
    assert again.status_int == 200
    assert again.json["session"]["id"] == first.json["session"]["id"]
    assert again.json["session"]["status"] == "closed"
    assert again.json["session"]["product"] is None


@pytest.mark.parametrize("versioned", [False, True])
def test_of_two_admins_who_take_at_once_one_succeeds_and_the_other_is_told_who(
    customer, admin, new_admin, versioned
):
    ben = new_admin("ben", "Ben Bereit")
    more = {"version": admin.opens(1).json["session"]["version"]} if versioned else {}
    answers = at_once(
        lambda: admin.takes(1, status=[200, 409], **more),
        lambda: ben.takes(1, status=[200, 409], **more),
    )
    assert sorted(answer.status_int for answer in answers) == [200, 409]
    won, lost = sorted(answers, key=lambda answer: answer.status_int)
    winner = won.json["session"]["assignee"]
    assert lost.json["error"]["code"] == "taken"
    assert f"({winner})" in lost.json["error"]["message"]
    assert admin.opens(1).json["session"]["assignee"] == winner
    assert [m.get("event") for m in admin.opens(1).json["messages"]] == [None, "taken"]


def test_of_two_admins_who_close_at_once_one_succeeds_and_the_other_is_told_who(
    customer, admin, new_admin
):
    ben = new_admin("ben", "Ben Bereit")
    answers = at_once(
        lambda: admin.closes(1, status=[200, 409]), lambda: ben.closes(1, status=[200, 409])
    )
    assert sorted(answer.status_int for answer in answers) == [200, 409]
    lost = max(answers, key=lambda answer: answer.status_int)
    assert lost.json["error"]["code"] == "closed"
    won = "Ben" if answers[1].status_int == 200 else "Anna"
    assert won in lost.json["error"]["message"]
    assert [m.get("event") for m in admin.opens(1).json["messages"]] == [None, "closed"]


def test_closing_while_somebody_writes_loses_no_text(customer, admin):
    answers = at_once(
        lambda: admin.closes(1), lambda: twin(customer).sends("late", "c2", status=[201, 409])
    )
    shown = customer.sees()
    if answers[1].status_int == 201:
        assert shown == ["hello", "late", "Anna Antwort closed the chat."]
    else:
        assert shown == ["hello", "Anna Antwort closed the chat."]


def test_concurrent_reopen_and_start_leave_one_open_conversation(customer, engine):
    customer.closes()
    tab, other = twin(customer), twin(customer)
    at_once(lambda: tab.reopens(status=[200, 409]), lambda: other.starts("new"))
    open_ones = rows(engine, "SELECT id FROM chat_sessions WHERE status != 'closed'")
    assert len(open_ones) == 1


def test_two_concurrent_answers_to_a_waiting_session_are_both_stored_and_one_takes_it(
    customer, admin, new_admin
):
    ben = new_admin("ben", "Ben Bereit")
    at_once(lambda: admin.sends(1, "from anna"), lambda: ben.sends(1, "from ben"))
    shown = customer.reads().json["messages"]
    assert [message["seq"] for message in shown] == [1, 2, 3, 4]
    assert [message.get("event") for message in shown].count("taken") == 1
    assert {"from anna", "from ben"} <= {message["body"] for message in shown}


def test_two_concurrent_first_reads_do_not_conflict(customer, admin):
    from ...factories import Admin

    other_tab = Admin(admin.app.app, admin.engine, admin.row).is_signed_in()
    at_once(lambda: admin.has_seen(1, 1), lambda: other_tab.has_seen(1, 1))
    assert admin.opens(1).json["session"]["unread"] == 0
