"""Typing indicators: sent at once to the other side, to nobody else, and stored nowhere."""

import pytest

from ...databases import rows
from ...factories import NOWHERE


@pytest.fixture
def both(customer, admin, listens):
    """(the conversation's number, the customer's stream, the admin's stream), both open."""
    number = admin.number_of(customer)
    streams = listens(customer), listens(admin, number)
    for stream in streams:
        stream.hears("hello")
    return number, *streams


def test_the_admin_is_told_that_the_customer_types(customer, both):
    _number, hers, his = both
    for typing in (True, False):
        assert customer.posts("typing", {"typing": typing}).json == {}
        event = his.next("typing")
        assert event.data == {"from": "customer", "author": "Ann Customer", "typing": typing}
        assert event.id is None
    customer.sends("done")
    hers.hears("done")
    assert not hers.all("typing")


def test_the_customer_is_told_the_name_of_the_admin_who_types(admin, both):
    number, hers, his = both
    for typing in (True, False):
        assert admin.posts(number, "typing", {"typing": typing}).json == {}
        event = hers.next("typing")
        assert event.data == {"from": "admin", "author": "Anna Antwort", "typing": typing}
    admin.sends(number, "done")
    his.hears("done")
    assert not his.all("typing")


def test_colleagues_see_each_other_type(admin, new_admin, both, listens):
    number, _hers, his = both
    ben = new_admin("ben", "Ben Berater")
    bens = listens(ben, number)
    bens.hears("hello")
    admin.posts(number, "typing", {"typing": True})
    assert bens.next("typing").data["author"] == "Anna Antwort"
    ben.posts(number, "typing", {"typing": True})
    assert his.next("typing").data["author"] == "Ben Berater"
    assert len(bens.all("typing")) == 1


def test_the_same_customer_in_another_tab_is_not_told(customer, both, listens):
    tab = listens(customer)
    tab.hears("hello")
    customer.posts("typing", {"typing": True})
    customer.sends("done")
    tab.hears("done")
    assert not tab.all("typing")


def test_other_conversations_and_the_list_are_not_told(
    customer, new_customer, admin, both, listens
):
    number, _hers, his = both
    other = new_customer()
    other.starts("other")
    others, the_list = listens(other), listens(admin)
    others.hears("other")
    the_list.next("counts")
    customer.posts("typing", {"typing": True})
    admin.posts(number, "typing", {"typing": True})
    his.next("typing")
    other.sends("more")
    others.hears("more")
    the_list.next("session", lambda session: session["id"] == other.id)
    assert not others.all("typing")
    assert not the_list.all("typing")


def test_typing_is_stored_nowhere_and_not_sent_again(customer, admin, both, listens, engine):
    number, _hers, his = both
    before = (
        rows(engine, "SELECT * FROM chat_sessions"),
        rows(engine, "SELECT * FROM chat_messages"),
    )
    customer.posts("typing", {"typing": True})
    his.next("typing")
    after = rows(engine, "SELECT * FROM chat_sessions"), rows(engine, "SELECT * FROM chat_messages")
    assert after == before
    again = listens(admin, number)
    customer.sends("done")
    again.hears("done")
    assert not again.all("typing")


def test_typing_says_true_or_false(customer, admin, both):
    number, _hers, _his = both
    for wrong in ("yes", 1, None, []):
        assert customer.posts("typing", {"typing": wrong}, status=422).json["error"]["field"]
        assert admin.posts(number, "typing", {"typing": wrong}, status=422).json["error"]["field"]


def test_strangers_and_other_guests_cannot_send_typing(customer, new_customer, stranger, both):
    _number, _hers, his = both
    other = new_customer()
    other.starts("other")
    other.id = stranger.id = customer.id
    refused = [other.posts("typing", {"typing": True}, status=404)]
    refused.append(stranger.posts("typing", {"typing": True}, status=404))
    other.id = NOWHERE
    nothing = other.posts("typing", {"typing": True}, status=404)
    assert {answer.body for answer in refused} == {nothing.body}
    customer.sends("done")
    his.hears("done")
    assert not his.all("typing")
