"""A conversation as a stream: its format, resuming, nothing missed, nothing twice."""

import re
import threading
from itertools import pairwise

import pytest

from livechat.realtime import sse as stream_module
from livechat.realtime.feeds import CustomerLog
from livechat.realtime.hub import Hub
from livechat.realtime.service import Realtime

from ...factories import new_id
from ...streams import EVENTS, until

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def test_a_stream_begins_with_retry_time_session_and_list(customer, listens):
    customer.sends("two")
    stream = listens(customer)
    stream.hears("two")
    assert stream.header("Content-Type") == "text/event-stream; charset=utf-8"
    assert stream.header("Cache-Control") == "no-store"
    assert stream.header("X-Accel-Buffering") == "no"
    assert stream.header("Content-Length") is None
    assert stream.retry == 2000
    assert [event.name for event in stream.events] == ["session", "message", "message"]
    assert stream.events[0].data == customer.reads().json["session"]
    assert stream.all("message") == customer.reads().json["messages"]
    lines = stream.raw.decode().split("\n")
    assert all(re.match(r"(retry|id|event|data): |$", line) for line in lines)


def test_an_event_id_is_the_cursor_after_it(customer, listens):
    for body in ("two", "three"):
        customer.sends(body)
    stream = listens(customer)
    stream.hears("three")
    for event in stream.events:
        if event.name == "message":
            rest = customer.reads(event.id).json["messages"]
            assert [m["seq"] for m in rest] == list(range(event.data["seq"] + 1, 4))
    # The session comes first; a reader who gets only that resumes from the very beginning.
    session = stream.events[0]
    assert session.name == "session"
    assert stream.events[-1].id == customer.reads().json["cursor"]


@pytest.mark.parametrize("by", ["since", "after"])
def test_a_stream_resumes_where_it_ended(customer, listens, by):
    first = listens(customer)
    cursor = first.hears("hello").id
    first.close()
    customer.sends("missed")
    again = listens(customer, **{by: cursor})
    again.hears("missed")
    customer.sends("live")
    again.hears("live")
    assert again.bodies == ["missed", "live"]
    assert not again.all("reset")


def test_the_last_event_id_header_takes_precedence_over_the_address(customer, listens):
    begun_at = customer.cursor
    customer.sends("two")
    customer.sends("three")
    at_two = customer.reads(begun_at).json["cursor"]
    stream = listens(customer, since=at_two, after=begun_at)
    customer.sends("four")
    stream.hears("four")
    assert stream.bodies == ["four"]


def test_a_cursor_of_another_list_or_of_the_future_starts_over(
    customer, new_customer, admin, listens
):
    other = new_customer()
    other.starts("other")
    number = admin.number_of(customer)
    future = customer.cursor.replace("c1.", "c7.")
    assert future != customer.cursor
    for foreign in (other.cursor, future, admin.reads(number).json["cursor"]):
        stream = listens(customer, since=foreign)
        stream.hears("hello")
        assert [event.name for event in stream.events] == ["reset", "session", "message"]
        assert stream.events[0].data == {}
        assert stream.events[0].id is None


def test_an_invalid_cursor_is_refused(customer, admin, listens):
    for who, number in ((customer, None), (admin, admin.number_of(customer))):
        refused = listens(who, number, after="nonsense")
        refused.ends()
        assert refused.status == 422
        assert refused.header("Content-Type") == "application/json"


def test_a_message_between_listening_and_reading_comes_once(customer, listens, monkeypatch):
    listen = Hub.listen

    def and_then(self, topic, **more):
        listener = listen(self, topic, **more)
        customer.sends("in between")
        return listener

    monkeypatch.setattr(Hub, "listen", and_then)
    stream = listens(customer)
    stream.hears("in between")
    monkeypatch.undo()
    customer.sends("after")
    stream.hears("after")
    assert stream.bodies == ["hello", "in between", "after"]


def test_a_message_between_reading_and_waiting_comes_at_once(customer, listens, monkeypatch):
    begin = CustomerLog.begin

    def and_then(self):
        backlog = begin(self)
        customer.sends("in between")
        return backlog

    monkeypatch.setattr(CustomerLog, "begin", and_then)
    monkeypatch.setattr(Realtime, "_keep", lambda self: None)  # nothing else wakes it
    stream = listens(customer)
    told = stream.next(
        "message", lambda m: m["body"] == "in between", within=8
    )  # not by a heartbeat
    assert told.data["seq"] == 2
    assert stream.bodies == ["hello", "in between"]


def test_a_reader_who_joins_during_many_writes_receives_everything_once_in_order(customer, listens):
    bodies = [f"message {n}" for n in range(25)]
    writer = threading.Thread(target=lambda: [customer.sends(body) for body in bodies])
    writer.start()
    streams = []
    while writer.is_alive():
        streams.append(listens(customer))
        streams[-1].hears("hello")
        if len(streams) == 15:
            break
    writer.join()
    for stream in streams:
        stream.hears(bodies[-1])
        assert stream.bodies == ["hello", *bodies]
        assert [m["seq"] for m in stream.all("message")] == list(range(1, 27))


def test_both_sides_receive_messages_at_once(customer, admin, listens):
    number = admin.number_of(customer)
    hers, his = listens(customer), listens(admin, number)
    his.hears("hello")
    customer.sends("from the customer")
    assert his.hears("from the customer").data == admin.reads(number).json["messages"][-1]
    admin.sends(number, "from the admin")
    told = hers.hears("from the admin").data
    assert told == customer.reads().json["messages"][-1]
    assert (told["from"], told["author"]) == ("admin", "Anna Antwort")


def test_the_session_is_sent_when_it_changes_and_only_then(customer, admin, listens):
    number = admin.number_of(customer)
    stream = listens(customer)
    first = stream.next("session").data
    assert (first["status"], first["admin"], first["seen_seq"]) == ("waiting", None, 0)
    admin.takes(number)
    taken = stream.next("session", lambda session: session["admin"]).data
    assert (taken["status"], taken["admin"]) == ("active", {"name": "Anna Antwort"})
    admin.has_seen(number, 1)
    stream.next("session", lambda session: session["seen_seq"] == 1)
    admin.sends(number, "an answer")
    stream.next("session", lambda session: session["unread"] == 1)
    customer.has_seen(customer.reads().json["messages"][-1]["seq"])
    stream.next("session", lambda session: session["unread"] == 0)
    admin.closes(number)
    stream.next("session", lambda session: session["status"] == "closed")
    customer.reopens()
    stream.next("session", lambda session: session["status"] == "active")
    admin.posts(number, "typing", {"typing": True})  # wakes it, but changes nothing
    stream.next("typing")
    told = stream.all("session")
    assert all(one != other for one, other in pairwise(told))


def test_an_admin_sees_the_customers_page_and_read_receipts(customer, admin, listens):
    number = admin.number_of(customer)
    admin.sends(number, "an answer")
    stream = listens(admin, number)
    answer = stream.hears("an answer").data
    customer.posts("page", {"page": {"url": "https://shop.example/oak", "title": "Oak table"}})
    page = {"url": "https://shop.example/oak", "title": "Oak table"}
    stream.next("session", lambda session: session["page"] == page)
    customer.has_seen(answer["public_seq"])
    stream.next("session", lambda session: session["seen_seq"] == answer["public_seq"])


def test_an_admin_in_one_conversation_is_told_of_unread_messages_in_others(
    customer, new_customer, admin, listens
):
    number = admin.number_of(customer)
    admin.has_seen(number, 1)
    stream = listens(admin, number)
    news = stream.next("news").data
    assert (news["unread"], news["newest"]) == (0, None)
    other = new_customer()
    other.starts("over here")
    news = stream.next("news", lambda news: news["unread"] == 1)
    assert news.id is None
    assert news.data["newest"] == other.reads().json["messages"][0]["created_at"]
    assert stream.bodies == ["hello"]
    assert not listens(other).all("news")


def test_internal_data_never_reaches_a_customer(customer, admin, new_admin, listens):
    ben = new_admin("ben", "Ben Berater")
    number = admin.number_of(customer)
    hers, his = listens(customer), listens(admin, number)
    admin.takes(number)
    admin.assigns(number, "ben")
    admin.assigns(number, None)
    ben.sends(number, "public")
    hers.hears("public")
    his.hears("public")
    again = listens(customer)
    again.hears("public")
    internal = [m for m in his.all("message") if m["public_seq"] is None]
    assert internal
    for stream in (hers, again):
        seqs = [m["seq"] for m in stream.all("message")]
        assert seqs == list(range(1, len(seqs) + 1))
        assert not {m["body"] for m in internal} & set(stream.bodies)
        for word in ("anna", "ben", "version", "assignee", "public_seq", "page"):
            assert f'"{word}"' not in re.sub(r'"links":\{[^}]*\}', "", stream.raw.decode())


@pytest.mark.parametrize("accept", ["*/*", "text/*", BROWSER, "application/json", "text/plain", ""])
def test_only_a_request_for_a_stream_gets_one(customer, admin, listens, accept):
    number = admin.number_of(customer)
    for who, where in ((customer, None), (admin, number), (admin, None)):
        answer = listens(who, where, accept=accept)
        answer.ends()
        assert answer.status in {200, 406}
        assert not answer.is_stream


def test_head_is_answered_without_starting_a_stream(wsgi, customer, admin, listens):
    for who, where in ((customer, None), (admin, 1), (admin, None)):
        for _ in range(3):
            answer = listens(who, where, method="HEAD")
            answer.ends()
            assert (answer.status, answer.raw) == (200, b"")
            assert answer.header("Content-Type").startswith(EVENTS)
    realtime = wsgi.registry["livechat.realtime"]
    assert not realtime._slots
    assert realtime._keeper is None


def test_silence_is_broken_by_a_comment(customer, listens, monkeypatch):
    monkeypatch.setattr(stream_module, "BEAT", (0.2, 0.3))
    stream = listens(customer)
    stream.hears("hello")
    until(lambda: stream.comments >= 2)
    assert stream.raw.endswith(b":\n\n")
    customer.sends("after the silence")
    stream.hears("after the silence")


def test_a_stream_and_polls_return_the_same_with_the_same_cursors(customer, admin, listens):
    number = admin.number_of(customer)
    admin.sends(number, "one")
    cursor = customer.reads().json["cursor"]
    admin.sends(number, "two")
    stream = listens(customer, since=cursor)
    event = stream.hears("two")
    assert customer.reads(event.id).json["messages"] == []
    admin.sends(number, "three")
    assert [m["body"] for m in customer.reads(event.id).json["messages"]] == ["three"]


def test_a_repeated_send_is_not_sent_to_streams_again(customer, listens):
    stream = listens(customer)
    name = new_id()
    for status in (201, 200, 200):
        customer.sends("once", name, status=status)
    customer.sends("after")
    stream.hears("after")
    assert stream.bodies == ["hello", "once", "after"]
