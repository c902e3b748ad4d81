"""A long conversation: the newest page comes first, earlier messages after scrolling up or on request."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from ..pages.test_accessibility import assert_accessible
from ..seeds import add_chat, add_messages, fill_chat

SEQS = "list => [...list.querySelectorAll('[data-entry]')].map(each => Number(each.dataset.entry))"
TOP = "element => element.getBoundingClientRect().top"


@pytest.fixture
def reader(request, shopper, desk, engine):
    """The customer or an admin, with a conversation of a thousand entries open."""
    if request.param == "customer":
        shopper.visits().opens_the_chat().gives("Clara").sends("First")
        fill_chat(engine, 1, 1000)
        shopper.page.reload()
        who = shopper
    else:
        add_chat(engine, "Clara", "First")
        fill_chat(engine, 1, 1000)
        who = desk.visits("1/").is_ready()
    expect(who.line("Entry 1001")).to_be_in_viewport(ratio=1)
    return who


def seqs(who) -> list[int]:
    """Return the entries in the list, from top to bottom."""
    return who.scroller.locator("#list").evaluate(SEQS)


def edge(who):
    """The element that loads earlier messages."""
    return who.scroller.get_by_role("button", name="Load earlier messages")


both = pytest.mark.parametrize("reader", ["customer", "admin"], indirect=True)


@both
def test_the_newest_page_comes_first(reader):
    assert seqs(reader) == list(range(952, 1002))


@both
def test_scrolling_up_loads_earlier_messages_and_keeps_the_position(reader):
    expect(reader.scroller.locator(".day")).to_have_count(1)
    reader.scroller.evaluate("element => element.scrollTo(0, 300)")
    expect(reader.scroller.locator("[data-entry='752']")).to_be_attached()
    place = reader.line("Entry 952").evaluate(TOP)
    box = reader.scroller.bounding_box()
    assert -600 < place - box["y"] < box["height"]  # 300 of it were above the visible edge
    assert seqs(reader) == list(range(752, 1002))
    expect(reader.scroller.locator(".day")).to_have_count(1)
    for first in (552, 352, 152, 1):
        reader.scroller.evaluate("element => element.scrollTo(0, 0)")
        expect(reader.scroller.locator(f"[data-entry='{first}']")).to_be_attached()
    assert seqs(reader) == list(range(1, 1002))
    expect(edge(reader)).to_have_count(0)
    expect(reader.scroller.locator(".day")).to_have_count(1)


@both
def test_a_button_loads_earlier_messages_and_keeps_the_focus(reader):
    edge(reader).evaluate("element => element.focus({preventScroll: true})")
    reader.page.keyboard.press("Enter")
    expect(reader.scroller.locator("[data-entry='752']")).to_be_attached()
    expect(edge(reader)).to_be_focused()


def test_a_button_that_failed_tries_again(desk, engine):
    add_chat(engine, "Clara", "First")
    fill_chat(engine, 1, 400)
    desk.visits("1/").is_ready()
    desk.page.context.ear.expects("net::ERR_FAILED")
    desk.page.route("**/messages/?before=*", lambda route: route.abort())
    edge(desk).evaluate("element => element.click()")
    again = desk.scroller.get_by_role("button", name="Couldn't load")
    expect(again).to_be_attached()
    desk.page.unroute("**/messages/?before=*")
    again.evaluate("element => element.click()")
    expect(desk.scroller.locator("[data-entry='152']")).to_be_attached()


def test_earlier_messages_are_not_announced_but_new_ones_are(desk, engine):
    add_chat(engine, "Clara", "First")
    fill_chat(engine, 1, 400)
    desk.visits("1/").is_ready()
    expect(desk.log).to_have_attribute("aria-live", "polite")
    desk.page.evaluate(
        """() => {
          window.readOut = [];
          const log = document.querySelector('#log');
          new MutationObserver((all) => {
            if (log.getAttribute('aria-live') === 'polite') window.readOut.push(all.length);
          }).observe(document.querySelector('#list'), { childList: true });
        }"""
    )
    edge(desk).evaluate("element => element.click()")
    expect(desk.scroller.locator("[data-entry='152']")).to_be_attached()
    assert desk.page.evaluate("window.readOut") == []
    expect(desk.log).to_have_attribute("aria-live", "polite")


def test_a_link_to_a_distant_message_shows_it_in_its_place(desk, engine):
    add_chat(engine, "Clara", "First")
    fill_chat(engine, 1, 1000)
    desk.visits("1/?at=300#m300")
    expect(desk.line("Entry 300")).to_be_in_viewport()
    assert seqs(desk) == [*range(201, 401), *range(952, 1002)]
    # Missing messages above and below load when they are reached.
    desk.line("Entry 400").scroll_into_view_if_needed()
    expect(desk.scroller.locator("[data-entry='752']")).to_be_attached()
    for first in ("752", "552"):
        desk.scroller.locator(f"[data-entry='{first}']").scroll_into_view_if_needed()
        expect(desk.scroller.locator(f"[data-entry='{int(first) - 200}']")).to_be_attached()
    expect(desk.scroller.locator("[data-entry='401']")).to_be_attached()
    found = seqs(desk)
    assert found == list(range(found[0], 1002))
    desk.answers("Still at the end").sees_sent("Still at the end")


def test_a_reader_who_was_away_for_long_gets_the_newest_page(shopper, desk, engine):
    shopper.visits().opens_the_chat().gives("Clara").sends("First")
    fill_chat(engine, 1, 1500)
    add_messages(engine, 1, desk.row, "The newest")
    expect(shopper.line("The newest")).to_be_in_viewport(ratio=1)
    found = seqs(shopper)
    assert found == list(range(found[0], 1504))


def test_the_desk_shows_everything_without_a_script(new_desk, engine):
    plain = new_desk(java_script_enabled=False).is_signed_in()
    add_chat(engine, "Clara", "First")
    fill_chat(engine, 1, 500)
    plain.visits("1/")
    expect(plain.line("Entry 501")).to_be_visible()
    page = plain.page
    page.get_by_role("link", name="Earlier messages").click()
    expect(plain.line("Entry 451")).to_be_visible()
    page.get_by_role("link", name="Earlier messages").click()
    expect(plain.line("Entry 251")).to_be_visible()
    page.get_by_role("link", name="Earlier messages").click()
    expect(plain.line("First")).to_be_attached()
    expect(page.get_by_role("link", name="Earlier messages")).to_have_count(0)
    page.get_by_role("link", name="Later messages").click()
    expect(plain.line("Entry 251")).to_be_visible()


@pytest.mark.parametrize("side", ["customer", "admin"])
def test_axe_finds_nothing_where_earlier_messages_can_be_loaded(
    side, new_shopper, new_desk, engine, device
):
    if side == "customer":
        who = new_shopper(**device).visits().opens_the_chat().gives("Clara").sends("First")
        fill_chat(engine, 1, 100)
        who.page.reload()
    else:
        add_chat(engine, "Clara", "First")
        fill_chat(engine, 1, 100)
        who = new_desk(**device).is_signed_in().visits("1/").is_ready()
    expect(who.line("Entry 101")).to_be_in_viewport()
    who.page.context.ear.expects("net::ERR_FAILED")
    who.page.context.route(re.compile(r"/messages/.*before=[ac]"), lambda route: route.abort())
    who.scroller.evaluate("element => element.scrollTo(0, 0)")
    expect(who.scroller.get_by_role("button", name="Couldn't load")).to_be_in_viewport()
    assert_accessible(who.frame if side == "customer" else who.page)
