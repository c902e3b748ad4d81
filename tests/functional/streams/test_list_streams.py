"""The desk's list as a stream: rows that appear, change and leave, the counts, and resuming."""

import json
from itertools import pairwise

import pytest
from sqlalchemy import text

from livechat.desk import inbox

from ...factories import Customer


def number(wanted):
    return lambda data: data["number"] == wanted


def counted(**wanted):
    return lambda data: wanted.items() <= data["counts"].items()


def test_the_list_begins_with_counts_and_news_and_no_existing_rows(customer, admin, listens):
    stream = listens(admin)
    stream.next("news", lambda news: news["unread"] == 1)
    assert [event.name for event in stream.events] == ["counts", "news"]
    assert stream.events[0].id is None
    dashboard = admin.dashboard().json
    assert stream.events[0].data == {name: dashboard[name] for name in ("counts", "longest")}
    assert stream.events[0].data["longest"]["id"] == customer.id
    assert stream.events[1].data == dashboard["news"]


def test_a_new_session_has_the_same_shape_as_in_the_list(new_customer, admin, listens):
    stream = listens(admin)
    stream.next("counts", counted(waiting=0))
    ann = new_customer()
    ann.starts("hello", name="Ann")
    event = stream.next("session", lambda session: session["last_message"])
    shown = admin.dashboard().json
    assert event.data == shown["sessions"][0]
    assert event.data["customer"]["name"] == "Ann"
    assert int(event.id[1:]) <= int(shown["cursor"][1:])
    counts = stream.next("counts", counted(waiting=1)).data
    assert counts["longest"]["number"] == event.data["number"]
    stream.next("news", lambda news: news["unread"] == 1)


def test_only_changed_rows_are_sent(customer, new_customer, admin, listens):
    other = new_customer()
    other.starts("quiet")
    mine = admin.number_of(customer)
    stream = listens(admin)
    stream.next("counts")
    customer.sends("again")
    stream.next("session", lambda session: session["last_message"]["body"] == "again")
    admin.takes(mine)
    stream.next("session", lambda session: session["assignee"] == "anna")
    stream.next("counts", counted(waiting=1, active=1))
    admin.closes(mine)
    stream.next("session", lambda session: session["status"] == "closed")
    stream.next("counts", counted(active=0, closed=1))
    customer.reopens()
    stream.next("session", lambda session: session["status"] == "active")
    assert {session["number"] for session in stream.all("session")} == {mine}
    told = stream.all("counts")
    assert all(one != other for one, other in pairwise(told))


def test_a_session_that_no_longer_matches_the_filters_is_gone(customer, admin, listens):
    mine = admin.number_of(customer)
    waiting, theirs = listens(admin, status="waiting"), listens(admin, assignee="me")
    for stream in (waiting, theirs):
        stream.next("counts")
    customer.sends("again")
    waiting.next("session", number(mine))
    admin.takes(mine)
    theirs.next("session", number(mine))
    gone = waiting.next("gone")
    assert gone.data == {"number": mine}
    admin.assigns(mine, None)
    waiting.next("session", number(mine))
    theirs.next("gone", number(mine))


def test_the_search_applies_to_the_stream_as_to_the_list(new_customer, admin, listens):
    stream = listens(admin, q="oak")
    stream.next("counts")
    other, ann = new_customer(), new_customer()
    other.starts("hello", name="Bob")
    ann.starts("hello", name="Ann Oakley")
    told = stream.next("session", lambda session: session["id"] == ann.id).data
    assert told["customer"]["name"] == "Ann Oakley"
    assert {session["id"] for session in stream.all("session")} == {ann.id}


@pytest.mark.parametrize(
    ("filters", "field"),
    [
        ({"status": "odd"}, "status"),
        ({"assignee": "nobody-of-that-name"}, "assignee"),
        ({"q": "x" * 201}, "q"),
        ({"before": "!"}, "before"),
        ({"after": "nonsense"}, "after"),
        ({"after": "c1.00000000"}, "after"),
    ],
)
def test_invalid_filters_are_refused(admin, listens, filters, field):
    refused = listens(admin, **filters)
    refused.ends()
    assert (refused.status, refused.is_stream) == (422, False)
    assert json.loads(refused.raw)["error"]["field"] == field


@pytest.mark.parametrize("by", ["since", "after"])
def test_a_reader_who_comes_back_is_told_what_has_changed(
    customer, new_customer, admin, listens, by
):
    other = new_customer()
    other.starts("quiet")
    cursor = admin.dashboard().json["cursor"]
    customer.sends("missed")
    stream = listens(admin, **{by: cursor})
    missed = stream.next("session", lambda session: session["id"] == customer.id)
    assert missed.data["last_message"]["body"] == "missed"
    assert not stream.all("reset")
    customer.sends("live")
    live = stream.next("session", lambda session: session["last_message"]["body"] == "live")
    again = listens(admin, since=live.id)
    customer.sends("after all that")
    again.next("session", lambda session: session["last_message"]["body"] == "after all that")


def test_a_session_that_left_the_filters_in_between_is_gone(customer, admin, listens):
    mine = admin.number_of(customer)
    cursor = admin.dashboard(status="waiting").json["cursor"]
    admin.takes(mine)
    stream = listens(admin, status="waiting", since=cursor)
    stream.next("gone", number(mine))


def test_a_cursor_that_cannot_be_resumed_says_so(
    customer, new_customer, admin, listens, monkeypatch
):
    stream = listens(admin, since="l999999999")
    stream.next("counts")
    assert stream.events[0].name == "reset"
    cursor = admin.dashboard().json["cursor"]
    monkeypatch.setattr(inbox, "MOST_CHANGED", 2)
    for _ in range(3):
        new_customer().starts("hi")
    stream = listens(admin, since=cursor)
    stream.next("counts")
    assert stream.events[0].name == "reset"


def test_more_concurrent_changes_than_are_remembered_cause_a_reset(customer, admin, listens, wsgi):
    stream = listens(admin)
    stream.next("counts")
    wsgi.registry["livechat.realtime"].hub.wake_all()
    assert stream.next("reset").data == {}
    customer.sends("and on it goes")
    stream.next("session", lambda session: session["last_message"]["body"] == "and on it goes")


def test_many_changes_of_one_session_are_combined_and_the_last_is_never_lost(
    customer, admin, listens
):
    stream = listens(admin)
    stream.next("counts")
    for n in range(30):
        customer.sends(f"message {n}")
    stream.next("session", lambda session: session["last_message"]["body"] == "message 29")
    stream.next("news", lambda news: news["unread"] == 31)
    assert len(stream.all("session")) <= 30


def test_names_and_texts_arrive_unchanged(new_customer, admin, listens):
    stream = listens(admin)
    stream.next("counts")
    ann: Customer = new_customer()
    body = "first\nsecond\u2028third\r\n\n✓ <b>"
    ann.starts(body, name="Ann\u2029Ö")
    told = stream.next("session", lambda session: session["last_message"]).data
    assert told == admin.dashboard().json["sessions"][0]
    hers = listens(ann)
    assert hers.next("message").data == ann.reads().json["messages"][0]


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
def test_a_session_committed_late_is_included_in_the_changes(
    customer, new_customer, admin, engine, listens
):
    """PostgreSQL assigns numbers before it commits: the cursor may already be past a late one."""
    late = new_customer()
    late.starts("early")
    with engine.connect() as other, other.begin() as slow:
        row = "SELECT nextval('chat_messages_id_seq')"
        reserved = other.execute(text(row)).scalar()
        customer.sends("later number, earlier commit")
        cursor = admin.dashboard().json["cursor"]
        other.execute(
            text(
                "INSERT INTO chat_messages (id, session_id, seq, public_seq, sender, author_key,"
                " client_id, body, created_at) SELECT :id, id, seq + 1, public_seq + 1, 'customer',"
                " 'customer', 'late', 'late', now() FROM chat_sessions WHERE uuid = :uuid"
            ),
            {"id": reserved, "uuid": late.id},
        )
        slow.commit()
    stream = listens(admin, since=cursor)
    stream.next("session", lambda session: session["id"] == late.id)
