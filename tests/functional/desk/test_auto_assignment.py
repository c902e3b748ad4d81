"""Automatic assignment, when it is switched on: who gets which chat, and which chats are unassigned again."""

from datetime import timedelta

import pytest

from livechat.accounts import admins as staff
from livechat.db.session import transaction
from livechat.desk import auto_assignment
from livechat.models import Admin as AdminRow
from livechat.models import ChatSession, now


@pytest.fixture
def ben(new_admin):
    return new_admin("ben", "Ben Berater")


@pytest.fixture
def acts(engine):
    """A function that runs something in a transaction."""

    def acts(what, *arguments):
        with transaction(engine) as db:
            return what(db, *arguments)

    return acts


@pytest.fixture
def here(wsgi, engine):
    """A function that puts admins at the desk."""
    book = wsgi.registry["livechat.realtime"].book

    def here(*admins):
        for admin in admins:
            book.arrive("admin", admin.row.id)
        book.write(engine)

    return here


def holder(admin, customer):
    return admin.opens(admin.number_of(customer)).json["session"]["assignee"]


def test_without_anybody_at_the_desk_no_chat_is_assigned(acts, customer):
    assert acts(auto_assignment.assign_waiting, 0) == 0


def test_the_admin_with_the_fewest_chats_gets_the_next(
    acts, here, admin, ben, customer, new_customer
):
    admin.takes(admin.number_of(customer))
    here(admin, ben)
    other = new_customer()
    other.starts("hello")
    assert acts(auto_assignment.assign_waiting, 0) == 1
    assert holder(admin, other) == "ben"


def test_among_equals_the_admin_longest_without_a_chat_is_next(
    acts, here, admin, ben, customer, new_customer
):
    here(admin, ben)
    for expected in ("anna", "ben", "anna"):
        one = new_customer()
        one.starts("hello")
        if expected == "anna":
            customer.closes()
        acts(auto_assignment.assign_waiting, 0)
        assert holder(admin, one) == expected
        one.closes()


def test_nobody_is_assigned_more_than_the_limit(acts, here, admin, customer, new_customer):
    here(admin)
    for _ in range(3):
        new_customer().starts("hello")
    assert acts(auto_assignment.assign_waiting, 2) == 2
    assert acts(auto_assignment.assign_waiting, 2) == 0


def test_a_returning_customer_gets_the_admin_they_know(acts, here, admin, ben, customer):
    ben.takes(ben.number_of(customer))
    customer.closes()
    customer.starts("me again")
    here(admin, ben)
    acts(auto_assignment.assign_waiting, 0)
    assert holder(admin, customer) == "ben"


def test_viewers_and_absent_admins_get_none(acts, here, engine, admin, ben, customer):
    with transaction(engine) as db:
        staff.set_role(db, db.get_one(AdminRow, ben.row.id), "viewer")
        db.get_one(AdminRow, admin.row.id).away_since = now()
    here(admin, ben)
    assert acts(auto_assignment.assign_waiting, 0) == 0


def test_an_unanswered_chat_is_unassigned_and_assigned_to_somebody_else(
    acts, here, engine, admin, ben, customer
):
    number = ben.number_of(customer)
    ben.takes(number)
    patience = timedelta(minutes=5)
    assert acts(auto_assignment.take_back, patience) == 0
    with transaction(engine) as db:
        session = db.get_one(ChatSession, number)
        session.waiting_since = session.assigned_at = now() - timedelta(minutes=6)
    assert acts(auto_assignment.take_back, patience) == 1
    assert holder(admin, customer) is None
    here(admin, ben)
    acts(auto_assignment.assign_waiting, 0)
    assert holder(admin, customer) == "anna"


def test_an_answered_chat_stays_assigned(acts, engine, ben, customer):
    number = ben.number_of(customer)
    ben.sends(number, "one moment")
    assert acts(auto_assignment.take_back, timedelta(0)) == 0
