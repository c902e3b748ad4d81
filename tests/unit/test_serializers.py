"""What clients receive: system messages, times, networks, and that internal entries never reach a customer."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from livechat.conversation.system_messages import INTERNAL, Event, wording
from livechat.models import ChatMessage, Sender, rfc3339
from livechat.security import client_address, network_of, signature_holds
from livechat.serializers import customer_message

SOMEBODY = {"admin": "Anna", "by": "Ben", "product": "Lamp"}


@pytest.mark.parametrize("event", Event)
@pytest.mark.parametrize("for_customer", [True, False])
@pytest.mark.parametrize("details", [SOMEBODY, {"by": None, "admin": "Anna", "product": "Lamp"}])
def test_every_system_message_is_a_complete_sentence(event, for_customer, details):
    said = wording(event, details, for_customer=for_customer).interpolate()
    assert "${" not in said
    assert "None" not in said
    assert said[0].isupper()


def test_system_messages_name_the_actor_and_address_the_customer():
    def said(event, for_customer, **details):
        return wording(event, details, for_customer=for_customer).interpolate()

    assert said(Event.TAKEN, True, admin="Anna", by="Anna") == "Anna joined the chat."
    assert said(Event.CLOSED, True, by_customer=True) == "You ended the chat."
    assert said(Event.CLOSED, False, by_customer=True) == "The customer ended the chat."
    assert said(Event.CLOSED, True, by="Anna") == "Anna closed the chat."
    assert said(Event.REOPENED, True, by_customer=True) == "You reopened the chat."
    assert said(Event.PRODUCT, True, product="<b>${admin}") == "Switched to <b>${admin}"


def test_an_entry_without_a_public_number_cannot_be_shown_to_a_customer():
    assert Event.UNASSIGNED in INTERNAL
    entry = ChatMessage(
        id=1, seq=3, public_seq=None, sender=Sender.SYSTEM, event="unassigned", body="x", details={}
    )
    with pytest.raises(ValueError, match="internal"):
        customer_message(entry)


def test_times_are_utc_with_milliseconds():
    assert rfc3339(datetime(2026, 1, 31, 12, 0, 0, 5000, UTC)) == "2026-01-31T12:00:00.005Z"
    assert rfc3339(datetime(2026, 1, 31, 12, tzinfo=UTC)) == "2026-01-31T12:00:00.000Z"
    assert rfc3339(None) is None


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("::1", "::/64"),
        ("203.0.113.7:4711", "203.0.113.7"),
        ("[2001:db8:1:2::5]:4711", "2001:db8:1:2::/64"),
        ("", "unknown"),
        ("unix:", "unknown"),
        ("nonsense, 1.2.3.4", "unknown"),
    ],
)
def test_a_network_is_an_ipv4_address_or_an_ipv6_household(address, network):
    assert network_of(address) == network


@pytest.mark.parametrize(
    ("trusted", "forwarded", "address"),
    [
        (0, "198.51.100.1", "127.0.0.1"),
        (1, "", "127.0.0.1"),
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "6.6.6.6, 198.51.100.1", "198.51.100.1"),
        (2, "6.6.6.6, 198.51.100.1, 10.0.0.1", "198.51.100.1"),
        (2, "198.51.100.1", "127.0.0.1"),
        (1, " , ,", "127.0.0.1"),
    ],
)
def test_forwarded_addresses_are_trusted_as_far_as_our_own_proxies_wrote_them(
    trusted, forwarded, address
):
    request = SimpleNamespace(
        environ={"REMOTE_ADDR": "127.0.0.1"},
        livechat=SimpleNamespace(trusted_proxies=trusted),
        headers={"X-Forwarded-For": forwarded},
    )
    assert client_address(request) == address


def test_a_signature_fits_one_address_and_one_secret():
    import hashlib
    import hmac

    signed = hmac.new(b"s", b"ann@example.com", hashlib.sha256).hexdigest()
    assert signature_holds("s", "ann@example.com", signed)
    assert signature_holds("s", "ann@example.com", signed.upper())
    assert not signature_holds("s", "bob@example.com", signed)
    assert not signature_holds("t", "ann@example.com", signed)
    assert not signature_holds("s", "ann@example.com", "")
    assert not signature_holds("s", "ann@example.com", "ä")
