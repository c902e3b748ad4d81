"""Resume tickets: a browser that has lost its token continues its conversation, once for each ticket."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from sqlalchemy import select

from livechat.accounts import guests, resume_tickets
from livechat.db.session import transaction
from livechat.models import ChatSession, GuestToken, ResumeTicket, now

from ...databases import rows
from ...factories import Customer
from ...streams import until
from ..conversation.test_exactly_once import at_once

SHOP = "https://shop.example"
OTHER = "https://a.shops.example"
KEY, OTHER_KEY = "first-attempt-at-this-one", "somebody-elses-attempt-12"


@pytest.fixture
def wsgi(boot):
    return boot(allowed_sites=(SHOP, "https://*.shops.example"))


def gets_ticket(customer, site=SHOP, *, status=200):
    """Ask for a ticket as the chat's frame does."""
    answer = customer.app.post_json(
        "/chat/ticket/", {"site": site}, headers=customer.who, status=status
    )
    return answer.json.get("ticket")


def shows(wsgi, ticket, key=None, site=SHOP, *, status=200, **headers):
    """Exchange a ticket from a browser without a token."""
    data = {"ticket": ticket, "site": site} | ({} if key is None else {"exchange_key": key})
    stranger = Customer(wsgi)
    return stranger.app.post_json("/chat/resume/", data, headers=headers, status=status).json


def with_token(wsgi, customer, token):
    """The customer in a browser with this token."""
    again = Customer(wsgi)
    again.token, again.id = token, customer.id
    return again


def test_a_ticket_gives_a_token_the_next_ticket_and_the_conversation(wsgi, customer):
    answer = shows(wsgi, gets_ticket(customer))
    assert answer["session"]["id"] == customer.id
    again = with_token(wsgi, customer, answer["token"])
    assert again.sees() == ["hello"]
    again.sends("back again")
    assert customer.sees() == ["hello", "back again"]
    assert shows(wsgi, answer["ticket"])["session"]["id"] == customer.id


def test_a_ticket_is_not_a_token_and_a_token_is_not_a_ticket(wsgi, customer):
    ticket = gets_ticket(customer)
    thief = with_token(wsgi, customer, ticket)
    thief.reads(status=404)
    thief.sends(status=404)
    gets_ticket(thief, status=404)
    shows(wsgi, customer.token, status=404)
    assert thief.starts().status_int == 201
    assert thief.id != customer.id


def test_a_ticket_is_stored_only_as_a_hash(customer, engine):
    ticket = gets_ticket(customer)
    assert len(ticket) == 43
    assert ticket not in str(rows(engine, "SELECT * FROM resume_tickets"))


def test_a_second_use_revokes_the_ticket_and_all_that_followed(wsgi, customer, engine, caplog):
    first = gets_ticket(customer)
    second = shows(wsgi, first)
    third = shows(wsgi, second["ticket"])
    with caplog.at_level(logging.WARNING):
        shows(wsgi, first, status=404)
    assert "used twice" in caplog.text
    for secret in (first, second["ticket"], third["ticket"], second["token"], third["token"]):
        assert secret not in caplog.text
    shows(wsgi, third["ticket"], status=404)
    for answer in (second, third):
        with_token(wsgi, customer, answer["token"]).reads(status=404)
    # Tokens from elsewhere are still valid.
    assert customer.sees() == ["hello"]
    assert shows(wsgi, gets_ticket(customer))["token"]


def test_what_preceded_a_reused_ticket_stays_valid(wsgi, customer):
    second = shows(wsgi, gets_ticket(customer))
    third = shows(wsgi, second["ticket"])
    shows(wsgi, second["ticket"], status=404)
    with_token(wsgi, customer, third["token"]).reads(status=404)
    assert with_token(wsgi, customer, second["token"]).sees() == ["hello"]


def test_an_exchange_whose_answer_was_lost_is_repeated_under_its_key(wsgi, customer, engine):
    ticket = gets_ticket(customer)
    first = shows(wsgi, ticket, KEY)
    assert shows(wsgi, ticket, KEY) == first
    with transaction(engine) as db:
        used = db.scalars(select(ResumeTicket).order_by(ResumeTicket.id)).first()
        used.used_at = now() - timedelta(days=3)
    assert shows(wsgi, ticket, KEY) == first
    assert with_token(wsgi, customer, first["token"]).sees() == ["hello"]
    assert len(rows(engine, "SELECT id FROM guest_tokens")) == 2
    assert shows(wsgi, first["ticket"], OTHER_KEY)["token"]


@pytest.mark.parametrize("key", [None, OTHER_KEY])
def test_without_its_key_a_repetition_counts_as_a_second_use(wsgi, customer, key):
    ticket = gets_ticket(customer)
    first = shows(wsgi, ticket, KEY)
    shows(wsgi, ticket, key, status=404)
    shows(wsgi, first["ticket"], status=404)


def test_a_late_repetition_gets_nothing_and_a_later_one_is_a_second_use(wsgi, customer, engine):
    ticket = gets_ticket(customer)
    first = shows(wsgi, ticket, KEY)
    second = shows(wsgi, first["ticket"], OTHER_KEY)
    shows(wsgi, ticket, KEY, status=404)
    assert with_token(wsgi, customer, second["token"]).sees() == ["hello"]
    with transaction(engine) as db:
        used = db.scalars(select(ResumeTicket).order_by(ResumeTicket.id)).first()
        used.used_at = now() - timedelta(minutes=3)
    shows(wsgi, ticket, KEY, status=404)
    with_token(wsgi, customer, second["token"]).reads(status=404)


def test_concurrent_repetitions_of_an_exchange_happen_once(wsgi, customer, engine):
    ticket = gets_ticket(customer)
    answers = at_once(*[lambda: shows(wsgi, ticket, KEY)] * 4)
    assert all(answer == answers[0] for answer in answers)
    assert len(rows(engine, "SELECT id FROM guest_tokens")) == 2


def test_of_two_concurrent_exchanges_with_different_keys_neither_keeps_its_token(wsgi, customer):
    ticket = gets_ticket(customer)
    answers = at_once(
        lambda: shows(wsgi, ticket, KEY, status=[200, 404]),
        lambda: shows(wsgi, ticket, OTHER_KEY, status=[200, 404]),
    )
    (won,) = [answer for answer in answers if "token" in answer]
    with_token(wsgi, customer, won["token"]).reads(status=404)
    shows(wsgi, won["ticket"], status=404)


def test_a_ticket_is_valid_only_for_its_site(wsgi, customer):
    ticket = gets_ticket(customer)
    for site in (OTHER, "https://evil.example", None, 7, "x" * 400):
        shows(wsgi, ticket, site=site, status=404)
    shows(wsgi, ticket, status=404, Origin=OTHER)
    shows(wsgi, ticket, status=403, Origin="https://evil.example")
    assert shows(wsgi, ticket, site=None, Origin=SHOP)["token"]


@pytest.mark.parametrize(
    ("site", "status"), [("https://evil.example", 422), (None, 422), ([], 422), (OTHER, 200)]
)
def test_tickets_are_given_to_allowed_sites_only(customer, site, status):
    gets_ticket(customer, site, status=status)


@pytest.mark.parametrize("ticket", [None, 7, "", "short", "x" * 43, "x" * 5000, ["x"], "ä" * 43])
def test_an_invalid_ticket_is_not_found(wsgi, ticket):
    shows(wsgi, ticket, status=404)
    shows(wsgi, ticket, ["no", "key"], status=404)


def test_a_ticket_expires_and_is_deleted(wsgi, customer, engine):
    ticket = gets_ticket(customer)
    with transaction(engine) as db:
        (kept,) = db.scalars(select(ResumeTicket))
        assert timedelta(days=29) < kept.expires_at - now() <= timedelta(days=30)
        kept.expires_at = now() - timedelta(seconds=1)
    shows(wsgi, ticket, status=404)
    with transaction(engine) as db:
        resume_tickets.delete_expired(db)
        assert db.scalars(select(ResumeTicket)).all() == []
        assert len(db.scalars(select(GuestToken)).all()) == 1


def test_revoking_the_tokens_revokes_the_tickets(wsgi, customer, engine):
    ticket = gets_ticket(customer)
    answer = shows(wsgi, ticket, KEY)
    with transaction(engine) as db:
        guests.revoke_tokens(db, db.get_one(ChatSession, 1))
    shows(wsgi, ticket, KEY, status=404)
    shows(wsgi, answer["ticket"], status=404)
    gets_ticket(customer, status=404)


def test_a_guests_tickets_are_bounded(wsgi, customer, engine):
    for _ in range(resume_tickets.MOST_UNUSED + 3):
        ticket = gets_ticket(customer)
    unused = "SELECT id FROM resume_tickets WHERE used_at IS NULL"
    assert len(rows(engine, unused)) == resume_tickets.MOST_UNUSED
    for _ in range(resume_tickets.MOST_USED + 3):
        answer = shows(wsgi, ticket)
        ticket = answer["ticket"]
    assert len(rows(engine, "SELECT id FROM resume_tickets")) <= 1 + sum(
        (resume_tickets.MOST_USED, resume_tickets.MOST_UNUSED)
    )
    assert len(rows(engine, "SELECT id FROM guest_tokens")) == resume_tickets.MOST_USED + 1
    assert with_token(wsgi, customer, answer["token"]).sees() == ["hello"]


def test_exchanging_tickets_is_rate_limited(boot):
    hasty = boot(limit_network_starts="2/minute")
    for status in (404, 404, 429):
        shows(hasty, "x" * 43, status=status)


def test_a_ticket_finds_the_open_conversation_or_else_a_closed_one(wsgi, customer):
    first = customer.id
    customer.closes()
    answer = shows(wsgi, gets_ticket(customer))
    assert (answer["session"]["id"], answer["session"]["status"]) == (first, "closed")
    customer.starts("another")
    assert shows(wsgi, answer["ticket"])["session"]["id"] == customer.id


def test_streams_end_when_their_tokens_ticket_is_used_twice(wsgi, customer, listens):
    ticket = gets_ticket(customer)
    thief = with_token(wsgi, customer, shows(wsgi, ticket)["token"])
    theirs, own = listens(thief), listens(customer)
    theirs.next("session")
    own.next("session")
    shows(wsgi, ticket, status=404)
    until(lambda: theirs.ended)
    assert not own.ended
    customer.sends("still here")
    own.next("message", lambda data: data["body"] == "still here")


def test_a_start_returns_a_ticket_for_the_surrounding_page(wsgi, stranger):
    answer = stranger.starts("hi", site=SHOP).json
    assert shows(wsgi, answer["ticket"])["session"]["id"] == stranger.id
    assert "ticket" not in stranger.starts().json


@pytest.mark.parametrize("site", ["https://evil.example", None, 7, ["x"], "x" * 1000])
def test_a_wrong_site_prevents_no_start(stranger, site):
    assert "ticket" not in stranger.starts("hi", site=site).json


def test_a_token_revoked_a_moment_ago_brings_no_ticket(engine, customer):
    with transaction(engine) as db:
        session = db.get_one(ChatSession, 1)
        guests.revoke_tokens(db, session)
    with transaction(engine) as db:
        site = "https://shop.example"
        assert resume_tickets.give_ticket(db, session.guest_id, customer.token, site) is None
