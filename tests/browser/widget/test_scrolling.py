"""The scroll position: at the newest message, further up, and from day to day."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from sqlalchemy import text

from ..seeds import add_chat, add_messages

GAP = "element => element.scrollHeight - element.scrollTop - element.clientHeight"
MANY = [f"Message number {number}" for number in range(1, 61)]


def at_end(scroller) -> bool:
    """Return whether the newest message is visible."""
    return scroller.evaluate(GAP) < 40


def scrolls_up(who) -> None:
    """Scroll up once the newest message has arrived."""
    expect(who.line("Message number 60")).to_be_in_viewport(ratio=1)
    who.scroller.hover()
    who.page.mouse.wheel(0, -900)
    expect(who.line("Message number 60")).not_to_be_in_viewport()


def test_the_list_follows_the_newest(shopper, desk, engine):
    shopper.visits().opens_the_chat().gives("Clara").sends("First")
    add_messages(engine, 1, desk.row, *MANY)
    expect(shopper.line("Message number 60")).to_be_in_viewport(ratio=1)
    desk.visits("1/").is_ready()
    expect(desk.line("Message number 60")).to_be_in_viewport(ratio=1)
    desk.answers("And one more").sees_sent("And one more")
    expect(desk.line("And one more")).to_be_in_viewport(ratio=1)
    expect(shopper.line("And one more")).to_be_in_viewport(ratio=1)
    shopper.page.reload()
    expect(shopper.line("And one more")).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("side", ["customer", "admin"])
def test_a_reader_further_up_stays_there_and_is_told_of_new_messages(shopper, desk, engine, side):
    shopper.visits().opens_the_chat().gives("Clara").sends("First")
    add_messages(engine, 1, desk.row, *MANY)
    who = shopper
    if side == "admin":
        who = desk.visits("1/").is_ready()
    scrolls_up(who)
    before = who.scroller.evaluate("element => element.scrollTop")

    add_messages(engine, 1, desk.row if side == "customer" else None, "News", "More news")
    expect(who.pill).to_have_text("2 new messages")
    assert who.scroller.evaluate("element => element.scrollTop") == before
    who.pill.click()
    expect(who.pill).to_be_hidden()
    expect(who.line("More news")).to_be_in_viewport(ratio=1)


def test_the_pill_disappears_after_scrolling_down(shopper, desk, engine):
    shopper.visits().opens_the_chat().sends("First")
    add_messages(engine, 1, desk.row, *MANY)
    scrolls_up(shopper)
    add_messages(engine, 1, desk.row, "News")
    expect(shopper.pill).to_have_text("1 new message")
    shopper.scroller.hover()
    shopper.page.mouse.wheel(0, 9000)
    expect(shopper.pill).to_be_hidden()


def test_messages_below_are_not_seen_until_they_are_scrolled_to(shopper, desk, engine):
    shopper.visits().opens_the_chat().sends("First")
    add_messages(engine, 1, desk.row, *MANY)
    scrolls_up(shopper)
    add_messages(engine, 1, desk.row, "News")
    expect(shopper.pill).to_be_visible()
    with shopper.page.expect_response(lambda answer: "?after=" in answer.url) as poll:
        shopper.hurries()
    assert poll.value.json()["session"]["unread"] == 1
    with shopper.page.expect_response(lambda answer: "/chat/seen/" in answer.url) as seen:
        shopper.pill.click()
    assert seen.value.json()["session"]["unread"] == 0


def test_sending_scrolls_to_the_newest(shopper, desk, engine):
    shopper.visits().opens_the_chat().sends("First")
    add_messages(engine, 1, desk.row, *MANY)
    expect(shopper.line("Message number 60")).to_be_in_viewport(ratio=1)
    shopper.scroller.evaluate("element => element.scrollTo(0, 0)")
    expect(shopper.line("Message number 60")).not_to_be_in_viewport()
    shopper.sends("Back down")
    expect(shopper.line("Back down")).to_be_in_viewport(ratio=1)


def test_days_are_shown_between_messages_and_times_on_them(shopper, desk, engine):
    add_chat(engine, "Clara", "Long ago", "The day before", "Now")
    with engine.begin() as connection:
        for seq, ago in ((1, "-400 days"), (2, "-1 day")):
            connection.execute(
                text(
                    "UPDATE chat_messages SET created_at = datetime(created_at, :ago) || '.000000' "
                    "WHERE seq = :seq"
                ),
                {"ago": ago, "seq": seq},
            )
    desk.visits("1/").is_ready()
    days = desk.log.locator(".day")
    expect(days).to_have_count(3)
    expect(days.nth(1)).to_have_text("Yesterday")
    expect(days.nth(2)).to_have_text("Today")
    for day in days.all():
        assert day.locator("time").get_attribute("datetime")
    expect(desk.line("Now").get_by_role("time")).to_have_count(1)


def test_many_messages_load_and_typing_stays_quick(shopper, desk, engine):
    shopper.visits().opens_the_chat().sends("First")
    add_messages(engine, 1, desk.row, *[f"Line {number}" for number in range(500)])
    shopper.page.reload()
    expect(shopper.bodies.last).to_be_in_viewport()
    shopper.sends("Still quick")
    expect(shopper.line("Still quick")).to_be_in_viewport(ratio=1)
