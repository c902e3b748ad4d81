"""Guests: tokens, required fields, and customers whom the shop has signed."""

import hashlib
import hmac

import pytest

from livechat.db.session import transaction

from ...factories import NOWHERE


def test_a_token_opens_only_the_conversations_of_its_guest(new_customer):
    ann, bob = new_customer(), new_customer()
    ann.starts("mine")
    bob.starts("his")
    bob.id = ann.id
    bob.reads(status=404)
    bob.sends(status=404)
    bob.closes(status=404)
    bob.id = NOWHERE
    bob.reads(status=404)


def test_a_revoked_token_opens_nothing(customer, engine):
    from livechat.accounts import guests
    from livechat.models import ChatSession

    with transaction(engine) as db:
        assert guests.revoke_tokens(db, db.get_one(ChatSession, 1)) == 1
    customer.reads(status=404)
    customer.sends(status=404)
    old, old_token = customer.id, customer.token
    assert customer.starts().status_int == 201
    assert customer.id != old
    assert customer.token != old_token


def test_a_new_page_replaces_or_clears_the_title(customer, admin):
    here = {"url": "https://shop.example/a", "title": "A"}
    customer.starts(page=here)
    assert admin.opens(1).json["session"]["page"] == here
    there = {"url": "https://shop.example/b"}
    customer.starts(page=there)
    assert admin.opens(1).json["session"]["page"] == {"title": None, **there}


def test_required_fields_are_asked_for_once(boot, new_customer):
    ann = new_customer(boot(guest_name="required", guest_email="required"))
    assert ann.starts(status=422).json["error"]["field"] == "name"
    assert ann.starts(name="  ", status=422).json["error"]["field"] == "name"
    assert ann.starts(name="Ann", status=422).json["error"]["field"] == "email"
    assert ann.starts(name="Ann", email="ann@example.com").status_int == 201
    assert ann.starts().status_int == 200


SHOPS_SECRET = "s" * 40


def signature_of(email):
    """Sign as a shop does (docs/embedding.md)."""
    return hmac.new(SHOPS_SECRET.encode(), email.encode(), hashlib.sha256).hexdigest()


def test_a_customer_signed_in_to_the_shop_is_verified_by_its_signature(boot, new_customer, admin):
    secret, signed = SHOPS_SECRET, signature_of("ann@example.com")
    ann = new_customer(boot(identity_secret=secret))
    ann.starts(email="ann@example.com", customer={"signature": signed})
    assert admin.opens(1).json["session"]["verified"] is True
    refused = ann.starts(email="bob@example.com", customer={"signature": signed}, status=422)
    assert refused.json["error"]["field"] == "customer.signature"
    ann.starts(email="bob@example.com")
    assert admin.opens(1).json["session"]["verified"] is False


@pytest.mark.parametrize("email", ["Ann@Example.COM", " ann@example.com ", "ann@büro.example"])
def test_the_shop_signs_the_address_in_its_own_spelling(email, boot, new_customer, admin):
    ann = new_customer(boot(identity_secret=SHOPS_SECRET))
    ann.starts(email=email, customer={"signature": signature_of(email)})
    assert admin.opens(1).json["session"]["verified"] is True
    other = new_customer(boot(identity_secret=SHOPS_SECRET))
    other.starts(email="b" + email.strip(), customer={"signature": signature_of(email)}, status=422)


@pytest.mark.parametrize(
    ("signs_before", "signs_now"), [(False, False), (True, False), (False, True), (True, True)]
)
def test_an_earlier_chat_with_only_the_same_address_is_unverified(
    signs_before, signs_now, boot, new_customer, admin
):
    app, email = boot(identity_secret=SHOPS_SECRET), "ann@example.com"
    for signs in (signs_before, signs_now):
        signature = {"signature": signature_of(email)} if signs else {}
        new_customer(app).starts("hello", email=email, customer=signature)
    answer = admin.app.get("/custom-admin/chat/2/earlier/", headers=admin.json)
    (earlier,) = answer.json["sessions"]
    assert earlier["number"] == 1
    assert earlier["unverified"] is not (signs_before and signs_now)
