"""Limits on streams: per reader, per network, in total, and on servers where each stream occupies a thread."""

import json

import pytest

from ...factories import Customer
from ...streams import until


def refused(stream):
    """Return whether a stream was refused in a way that tells a client to poll."""
    stream.ends()
    assert stream.status == 503
    assert stream.header("Content-Type") == "application/json"
    error = json.loads(stream.raw)["error"]
    assert error["code"] == "too_many_streams"
    assert error["message"].endswith(".")
    assert 1 <= int(stream.header("Retry-After")) <= 3600
    return True


def slots(wsgi):
    """Return how many places are taken, by kind."""
    return dict(wsgi.registry["livechat.realtime"]._slots)


@pytest.fixture
def people(boot):
    """A function that starts chats of customers under some settings; returns (wsgi, customers)."""

    def people(count, addresses=("203.0.113.7",), **settings):
        wsgi = boot(**settings)
        made = [Customer(wsgi, addresses[n % len(addresses)]) for n in range(count)]
        for one in made:
            one.starts("hello")
        return wsgi, made

    return people


def test_a_guest_has_a_limit_of_streams_and_closing_one_frees_a_place(people, listens):
    _wsgi, (ann, bob) = people(2, limit_guest_streams=2)
    first, _second = listens(ann), listens(ann)
    assert refused(listens(ann))
    listens(bob).hears("hello")
    first.close()
    until(lambda: listens(ann).status == 200)


def test_a_login_has_a_limit_of_streams_whatever_they_show(people, new_admin, listens):
    wsgi, (ann,) = people(1, limit_guest_streams=2)
    anna = new_admin("anna", app=wsgi)
    number = anna.number_of(ann)
    listens(anna).next("counts")
    listens(anna, number).next("news")
    assert refused(listens(anna))
    assert refused(listens(anna, number))
    assert anna.dashboard().json["counts"] == {"waiting": 1, "active": 0, "closed": 0}
    ben = new_admin("ben", app=wsgi)
    listens(ben).next("counts")


def test_all_readers_together_have_a_limit_of_streams(people, listens):
    _wsgi, (ann, bob, cleo) = people(3, limit_all_streams=2)
    listens(ann).hears("hello")
    listens(bob).hears("hello")
    assert refused(listens(cleo))
    cleo.sends("polling works")
    assert cleo.sees() == ["hello", "polling works"]


def test_a_network_has_a_limit_of_streams(people, listens):
    _wsgi, (ann, bob) = people(2, limit_network_streams=1)
    listens(ann).hears("hello")
    assert refused(listens(bob))


def test_streams_can_be_turned_off(people, listens):
    _wsgi, (ann,) = people(1, streams="off")
    assert refused(listens(ann))
    assert ann.sees() == ["hello"]


def test_a_threaded_server_has_two_streams_and_stays_usable(people, listens):
    """This process does not run gevent: each stream occupies a thread."""
    _wsgi, (ann, bob, cleo) = people(3, streams="auto")
    listens(ann).hears("hello")
    listens(bob).hears("hello")
    assert refused(listens(cleo))


def test_a_stream_frees_its_place_however_it_ends(people, listens, monkeypatch):
    from livechat.realtime.feeds import CustomerLog

    wsgi, (ann,) = people(1)
    streams = [listens(ann) for _ in range(5)]
    for stream in streams:
        stream.hears("hello")
    assert slots(wsgi)[("all", "")] == 5
    for stream in streams[:4]:
        stream.close()
        stream.close()  # a server may close twice
    until(lambda: slots(wsgi)[("all", "")] == 1)
    monkeypatch.setattr(CustomerLog, "may_see", lambda *_: False)
    ann.sends("the right is lost")
    streams[4].ends()
    never_read = listens(ann)  # ends before its first event
    never_read.ends()
    until(lambda: slots(wsgi) == {})
    assert wsgi.registry["livechat.realtime"].hub._listeners == {}


def test_a_failing_stream_frees_its_place(people, listens, monkeypatch):
    from sqlalchemy.exc import OperationalError

    from livechat.realtime.feeds import CustomerLog

    def away(*_args, **_more):
        raise OperationalError("SELECT", {}, Exception("the database is away"))

    wsgi, (ann,) = people(1)
    stream = listens(ann)
    stream.hears("hello")
    monkeypatch.setattr(CustomerLog, "news", away)
    ann.sends("now")
    stream.ends()
    assert slots(wsgi) == {}
    monkeypatch.undo()
    again = listens(ann, since=stream.events[-1].id)
    again.hears("now")


def test_streams_end_when_the_server_does_and_no_new_one_begins(people, listens):
    wsgi, (ann,) = people(1)
    stream = listens(ann)
    stream.hears("hello")
    wsgi.registry["livechat.realtime"].stop()
    stream.ends(within=2)
    assert refused(listens(ann))
