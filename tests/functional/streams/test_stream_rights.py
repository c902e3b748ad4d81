"""Permissions of streams: who may listen, what others learn (nothing), and that a lost right ends the stream."""

import time
import uuid

import pytest

from livechat.accounts import admins, guests
from livechat.db.session import transaction
from livechat.models import AdminLogin, ChatSession, now
from livechat.realtime import feeds
from livechat.realtime import sse as stream_module
from livechat.security import LOGIN_COOKIE

from ...databases import rows
from ...factories import NOWHERE, hash_of
from ...streams import until
from ..raw import ask

STREAM = {"Accept": "text/event-stream"}


@pytest.fixture
def quick_beats(monkeypatch):
    """Very frequent heartbeats, and with them very frequent permission checks."""
    monkeypatch.setattr(stream_module, "BEAT", (0.1, 0.2))


def asked(wsgi, path, who=None):
    """Return the complete answer to a request for a stream."""
    return ask(wsgi, "GET", path, headers=STREAM | (who or {})).alike


def test_anothers_conversation_is_like_one_that_does_not_exist(wsgi, customer, new_customer, admin):
    other = new_customer()
    other.starts("other")
    cookie = {"Cookie": f"{LOGIN_COOKIE}={admin.app.cookies[LOGIN_COOKIE].strip(chr(34))}"}
    nothing = asked(wsgi, f"/chat/messages/{NOWHERE}/", other.who)
    assert nothing[0] == 404
    for who in (None, other.who, cookie, other.who | cookie):
        assert asked(wsgi, f"/chat/messages/{customer.id}/", who) == nothing
    assert asked(wsgi, f"/chat/messages/{customer.id}/", customer.who)[0] == 200


def test_all_streams_of_the_desk_look_the_same_to_strangers(wsgi, customer, admin):
    number = admin.number_of(customer)
    for who in (None, customer.who):
        answers = {
            repr(asked(wsgi, f"/custom-admin/chat/{path}", who))
            for path in ("", f"{number}/messages/", "4711/messages/")
        }
        assert len(answers) == 1
        assert asked(wsgi, "/custom-admin/chat/", who)[0] == 403


def test_an_admin_is_told_that_there_is_no_such_conversation(admin, listens):
    missing = listens(admin, 4711)
    missing.ends()
    assert missing.status == 404


def test_a_site_that_may_not_embed_the_chat_gets_no_stream(wsgi, customer):
    answer = asked(
        wsgi, f"/chat/messages/{customer.id}/", customer.who | {"Origin": "https://evil.example"}
    )
    assert answer[0] == 403
    allowed = customer.who | {"Origin": "https://shop.example"}
    status, headers, _body = asked(wsgi, f"/chat/messages/{customer.id}/", allowed)
    assert (status, dict(headers)["Access-Control-Allow-Origin"]) == (200, "https://shop.example")


def test_a_revoked_token_ends_the_stream_at_once(customer, wsgi, engine, listens):
    stream = listens(customer)
    stream.hears("hello")
    until(lambda: rows(engine, "SELECT 1 FROM presences"))  # nothing else wakes it now
    wakeup = wsgi.registry["livechat.realtime"].wakeup
    with transaction(engine, wakeup=wakeup) as db:
        assert guests.revoke_tokens(db, db.query(ChatSession).one()) == 1
    assert stream.ends() < 5  # long before the next heartbeat
    assert listens(customer).status == 404


def test_messages_after_a_revocation_are_not_received(customer, admin, wsgi, engine, listens):
    stream = listens(customer)
    stream.hears("hello")
    with transaction(engine) as db:  # without any notification
        guests.revoke_tokens(db, db.query(ChatSession).one())
    admin.sends(admin.number_of(customer), "not for you")
    stream.ends()
    assert stream.bodies == ["hello"]


def shut_out(engine, how):
    """End Anna's right to see, bypassing the running application."""
    with transaction(engine) as db:
        anna = admins.find_admin(db, "anna")
        if how == "disabled":
            anna.disabled_at = now()
        elif how == "password changed":
            admins.store_password(db, anna, hash_of("another password"))
        elif how == "login expired":
            db.query(AdminLogin).one().expires_at = now()
        else:
            admins.sign_out(db, db.query(AdminLogin).one().id)


@pytest.mark.parametrize("how", ["disabled", "password changed", "login expired", "signed out"])
def test_an_admin_who_is_shut_out_receives_nothing_more(
    customer, admin, engine, listens, quick_beats, how
):
    number = admin.number_of(customer)
    streams = listens(admin, number), listens(admin)
    for stream in streams:
        stream.next("news")
    shut_out(engine, how)
    customer.sends("not for you")
    for stream in streams:
        stream.ends()
        assert "not for you" not in stream.raw.decode()
    refused = listens(admin)
    refused.ends()
    assert refused.status == 403


@pytest.mark.parametrize("of_the_list", [False, True])
def test_nothing_written_between_the_permission_check_and_the_read_is_shown(
    customer, admin, engine, listens, quick_beats, monkeypatch, of_the_list
):
    number, real, late = admin.number_of(customer), feeds.admin_by_login, []
    stream = listens(admin) if of_the_list else listens(admin, number)
    stream.next("news")

    def signs_out_just_after(db, token):
        found = real(db, token)
        if late:
            late.pop()()
        return found

    def ends():
        shut_out(engine, "signed out")
        customer.sends("not for you")

    monkeypatch.setattr(feeds, "admin_by_login", signs_out_just_after)
    late.append(ends)
    stream.ends()
    assert not late
    assert "not for you" not in stream.raw.decode()


def test_another_login_in_the_same_browser_is_another_reader(
    customer, admin, new_admin, listens, quick_beats
):
    """Signing in as somebody else does not continue an old stream under the new name."""
    stream = listens(admin, admin.number_of(customer))
    stream.next("news")
    admin.signs_out()
    new_admin("ben")
    stream.ends()


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_heartbeats_and_permission_checks_come_every_fifteen_seconds(
    customer, new_customer, engine, listens
):
    """The only test that really waits for heartbeats."""
    other = new_customer()
    other.starts("other")
    staying, leaving = listens(customer), listens(other)
    until(lambda: len(rows(engine, "SELECT 1 FROM presences")) == 2)  # nothing else wakes them now
    with transaction(engine) as db:  # without any notification
        guests.revoke_tokens(db, db.query(ChatSession).filter_by(uuid=uuid.UUID(other.id)).one())
    begun = time.monotonic()
    leaving.ends(within=15)
    until(lambda: staying.comments, within=begun + 15 - time.monotonic())
