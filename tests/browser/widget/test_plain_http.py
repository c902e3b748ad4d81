"""A desk and a shop over plain http: browsers offer no Web Locks, and only six connections to a server."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from ..admin import Desk
from ..seeds import add_chat, add_messages, stored
from ..wire import Wire

# What a page lacks over plain http from another machine.
PLAIN = """
delete Navigator.prototype.locks
delete Crypto.prototype.randomUUID
"""
TABS = 7
MOST = 4  # streams of the desk in one browser


@pytest.fixture
def plain_desk(desk):
    """A desk in such a browser."""
    desk.context.add_init_script(PLAIN)
    return desk


def tabs_of(desk: Desk, count: int = TABS) -> list[Desk]:
    """Open so many tabs, each with a different chat."""
    tabs = [desk.visits("1/").is_ready()]
    for number in range(2, count + 1):
        tabs.append(desk.opens_another_tab(f"{number}/").is_ready())
    return tabs


def test_seven_tabs_of_the_desk_answer_and_receive_news(plain_desk, engine):
    for number in range(1, TABS + 1):
        add_chat(engine, f"Customer {number}", f"Question {number}")
    wire = Wire(plain_desk.context)
    tabs = tabs_of(plain_desk)
    for number, tab in enumerate(tabs, 1):
        tab.page.bring_to_front()
        tab.sees_exactly(f"Question {number}")
        tab.answers(f"Answer {number}").sees_sent(f"Answer {number}")
    wire.waits_for(lambda: 1 <= len(wire.open_streams) <= MOST, f"at most {MOST} streams")
    for number, tab in enumerate(tabs, 1):
        add_messages(engine, number, None, f"Thanks {number}")
        tab.sees(f"Thanks {number}")
        expect(tab.row_of(f"Customer {number}")).to_contain_text(f"Thanks {number}")
    assert len(wire.open_streams) <= MOST


def test_a_row_opens_in_the_seventh_tab(plain_desk, engine):
    for number in range(1, TABS + 1):
        add_chat(engine, f"Customer {number}", f"Question {number}")
    last = tabs_of(plain_desk)[-1]
    last.opens("Customer 3").sees_exactly("Question 3")
    last.answers("Here I am").sees_sent("Here I am")


def test_tabs_on_the_same_list_share_a_stream_and_another_one_takes_over(plain_desk, engine):
    wire = Wire(plain_desk.context)
    first = plain_desk.visits().is_ready()
    wire.has_streams(1)
    second, third = (plain_desk.opens_another_tab().is_ready() for _ in range(2))
    add_chat(engine, "Clara", "Hello")
    for tab in (first, second, third):
        tab.sees_chats("Clara")
    wire.has_streams(1)
    first.page.close()
    wire.has_streams(1)
    add_chat(engine, "Dora", "Good day")
    for tab in (second, third):
        tab.sees_chats("Dora", "Clara")
    assert len(wire.open_streams) == 1


def test_the_tabs_of_a_customer_share_a_stream(new_shopper, desk, engine):
    shopper = new_shopper()
    shopper.context.add_init_script(PLAIN)
    wire = Wire(shopper.context)
    shopper.visits().opens_the_chat().gives("Clara").sends("Hello")
    tabs = [shopper]
    for _ in range(TABS - 1):
        tabs.append(shopper.opens_another_tab().opens_the_chat().sees_exactly("Hello"))
    wire.has_streams(1)
    add_messages(engine, 1, desk.row, "Good day")
    for tab in tabs:
        tab.sees("Good day")
    tabs[-1].sends("Thank you")
    assert stored(engine) == ["Hello", "Good day", "Thank you"]
    assert len(wire.open_streams) == 1


def test_an_unanswered_message_is_soon_marked_as_not_sent_and_can_be_tried_again(desk, engine):
    desk.ear.expects("ERR_FAILED", "ERR_ABORTED")
    add_chat(engine, "Clara", "Hello")
    desk.visits("1/").is_ready()
    lost = []

    def lose(route):
        if lost:
            route.continue_()
        else:
            lost.append(route)  # and never answered

    desk.context.route("**/send/", lose)
    desk.answers("Good day")
    expect(desk.line("Good day")).to_contain_text(re.compile("Not sent yet"))
    desk.line("Good day").get_by_role("button", name="Retry").click()
    desk.sees_sent("Good day").sees_exactly("Hello", "Good day")
    assert stored(engine) == ["Hello", "Good day"]
