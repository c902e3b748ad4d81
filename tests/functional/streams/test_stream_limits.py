"""Limits on streams: per reader, per network, in all, and where each takes a thread away from everybody."""

import json

import pytest

from ...factories import Customer
from ...streams import until


def refused(stream):
    """Whether it was refused, in a way that tells a client to poll."""
    stream.ends()
    assert stream.status == 503
    assert stream.header("Content-Type") == "application/json"
    error = json.loads(stream.raw)["error"]
    assert error["code"] == "too_many_streams"
    assert error["message"].endswith(".")
    assert 1 <= int(stream.header("Retry-After")) <= 3600
    return True


def slots(wsgi):
    """How many places are taken, by kind."""
    return dict(wsgi.registry["livechat.realtime"]._slots)


@pytest.fixture
def people(boot):
    """A function that lets customers begin chats where some settings hold: (wsgi, customers)."""

    def people(count, addresses=("203.0.113.7",), **settings):
        wsgi = boot(**settings)
        made = [Customer(wsgi, addresses[n % len(addresses)]) for n in range(count)]
        for one in made:
            one.starts("hello")
        return wsgi, made

    return people


def test_a_guest_has_so_many_streams_and_a_closed_one_makes_room(people, listens):
    _wsgi, (ann, bob) = people(2, limit_guest_streams=2)
    first, _second = listens(ann), listens(ann)
    assert refused(listens(ann))
    listens(bob).hears("hello")
    first.close()
    until(lambda: listens(ann).status == 200)


def test_a_login_has_so_many_streams_whatever_they_show(people, new_admin, listens):
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


def test_all_together_have_so_many_streams(people, listens):
    _wsgi, (ann, bob, cleo) = people(3, limit_all_streams=2)
    listens(ann).hears("hello")
    listens(bob).hears("hello")
    assert refused(listens(cleo))
    cleo.sends("polling works")
    assert cleo.sees() == ["hello", "polling works"]


def test_a_network_has_so_many_streams(people, listens):
    _wsgi, (ann, bob) = people(2, limit_network_streams=1)
    listens(ann).hears("hello")
    assert refused(listens(bob))


def test_streams_can_be_turned_off(people, listens):
    _wsgi, (ann,) = people(1, streams="off")
    assert refused(listens(ann))
    assert ann.sees() == ["hello"]


def test_a_server_with_threads_has_two_streams_and_stays_usable(people, listens):
    """This process is not patched: each stream takes a thread."""
    _wsgi, (ann, bob, cleo) = people(3, streams="auto")
    listens(ann).hears("hello")
    listens(bob).hears("hello")
    assert refused(listens(cleo))


def test_every_end_of_a_stream_gives_its_place_back(people, listens, monkeypatch):
    from livechat.realtime.feeds import CustomerFeed

    wsgi, (ann,) = people(1)
    streams = [listens(ann) for _ in range(5)]
    for stream in streams:
        stream.hears("hello")
    assert slots(wsgi)[("all", "")] == 5
    for stream in streams[:4]:
        stream.close()
        stream.close()  # a server may well close twice
    until(lambda: slots(wsgi)[("all", "")] == 1)
    monkeypatch.setattr(CustomerFeed, "may_see", lambda *_: False)
    ann.sends("the right is lost")
    streams[4].ends()
    never_read = listens(ann)  # ends before its first event
    never_read.ends()
    until(lambda: slots(wsgi) == {})
    assert wsgi.registry["livechat.realtime"].hub._listeners == {}


def test_a_stream_that_fails_gives_its_place_back(people, listens, monkeypatch):
    from sqlalchemy.exc import OperationalError

    from livechat.realtime.feeds import CustomerFeed

    def away(*_args, **_more):
        raise OperationalError("SELECT", {}, Exception("the database is away"))

    wsgi, (ann,) = people(1)
    stream = listens(ann)
    stream.hears("hello")
    monkeypatch.setattr(CustomerFeed, "news", away)
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
