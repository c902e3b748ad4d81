"""Live signals between both sides: typing, seen, presence, the current page, and the place in the queue."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import expect

from ..wire import Wire

# Typing


def test_the_customer_sees_who_is_typing_until_the_answer_arrives(shopper, desk):
    shopper.visits().opens_the_chat().gives("Clara").sends("Hello")
    desk.visits().opens("Clara")
    desk.box.press_sequentially("Good mor")
    expect(shopper.typing).to_have_text("Anna Antwort is typing")
    desk.box.press_sequentially("ning")
    desk.box.press("Enter")
    shopper.sees("Good morning")
    expect(shopper.typing).to_be_hidden()


def test_the_desk_and_colleagues_see_who_is_typing(shopper, desk, new_desk):
    berta = new_desk("berta", "Berta Beispiel").is_signed_in()
    shopper.visits().opens_the_chat().gives("Clara").sends("Hello")
    for admin in (desk, berta):
        wire = Wire(admin.context)
        admin.visits("1/").is_ready()
        wire.has_streams(2)
    shopper.box.press_sequentially("And")
    for admin in (desk, berta):
        expect(admin.typing).to_have_text("Clara is typing")
    desk.box.press_sequentially("Let me")
    expect(berta.typing).to_have_text(re.compile("Clara.*Anna Antwort.* are typing"))
    expect(desk.typing).to_have_text("Clara is typing")  # not the admin's own typing
    shopper.box.press("Enter")
    expect(desk.typing).to_be_hidden()


@pytest.mark.parametrize("way", ["empties the box", "leaves the box", "stops"])
def test_the_typing_indicator_disappears_when_somebody_stops(shopper, desk, way):
    shopper.visits().opens_the_chat().gives("Clara").sends("Hello")
    wire = Wire(desk.context)
    desk.visits("1/").is_ready()
    wire.has_streams(2)
    shopper.box.press_sequentially("Well")
    expect(desk.typing).to_be_visible()
    if way == "empties the box":
        shopper.types("")
    elif way == "leaves the box":
        shopper.scroller.focus()
    expect(desk.typing).to_be_hidden()


def test_typing_is_sent_every_few_seconds_and_not_with_every_key(shopper, desk):
    shopper.visits().opens_the_chat().gives("Clara").sends("Hello")
    told = []
    shopper.context.on(
        "request", lambda each: "/typing/" in each.url and told.append(each.post_data)
    )
    began = time.monotonic()
    shopper.box.press_sequentially("a quick brown fox", delay=20)
    Wire(shopper.context).waits_for(lambda: told, "a telling")
    shopper.page.wait_for_timeout(300)
    # Every three seconds again while somebody types; not with every letter.
    assert set(told) == {'{"typing":true}'}
    assert len(told) <= 1 + (time.monotonic() - began) / 3


def test_typing_interrupts_no_screen_reader_and_respects_reduced_motion(new_shopper, desk):
    shopper = new_shopper(reduced_motion="reduce")
    shopper.visits().opens_the_chat().gives("Clara").sends("Hello")
    desk.visits().opens("Clara")
    desk.box.press_sequentially("Hm")
    expect(shopper.typing).to_be_visible()
    assert not shopper.typing.evaluate("element => !!element.closest('[aria-live], [role=status]')")
    dot = shopper.typing.locator("i").first
    expect(dot).to_have_css("animation-name", "none")


# Seen


def test_the_customer_sees_which_message_an_admin_has_read(shopper, desk):
    shopper.visits().opens_the_chat().gives("Clara").sends("One")
    shopper.sends("Two")
    expect(shopper.log.get_by_text("Seen", exact=True)).to_have_count(0)
    desk.visits().opens("Clara")
    expect(shopper.line("Two").get_by_text("Seen", exact=True)).to_be_visible()
    shopper.sends("Three")
    expect(shopper.line("Three").get_by_text("Seen", exact=True)).to_be_visible()
    expect(shopper.log.get_by_text("Seen", exact=True)).to_have_count(1)


def test_the_desk_sees_what_the_customer_has_read(shopper, desk):
    shopper.visits().opens_the_chat().gives("Clara").sends("Hello").closes_the_chat()
    desk.visits().opens("Clara").answers("Good morning").sees_sent("Good morning")
    desk.page.wait_for_timeout(500)
    expect(desk.line("Good morning").get_by_text("Seen", exact=True)).to_have_count(0)
    shopper.opens_the_chat()
    expect(desk.line("Good morning").get_by_text("Seen", exact=True)).to_be_visible()


# Presence


def test_the_customer_sees_whether_the_desk_is_online(shopper, desk, engine):
    shopper.visits().opens_the_chat().gives("Clara").sends("Hello")
    shopper.sees_status("Away · Awaiting reply")
    desk.page.clock.install()
    desk.visits().is_ready()
    shopper.sees_status("Online · Awaiting reply")
    desk.page.clock.run_for(6 * 60 * 1000)
    shopper.sees_status("Away · Awaiting reply")
    desk.page.mouse.move(300, 300)
    desk.page.clock.run_for(2000)
    desk.page.mouse.move(310, 300)
    shopper.sees_status("Online · Awaiting reply")


def test_the_desk_sees_whether_the_customer_is_online_and_on_which_page(shopper, desk):
    shopper.visits("ember/").opens_the_chat().gives("Clara").sends("Hello")
    desk.visits().is_ready()
    expect(desk.row_of("Clara").get_by_text("Online")).to_be_attached()
    desk.opens("Clara")
    facts = desk.page.get_by_role("complementary")
    expect(facts.get_by_text("Online")).to_be_visible()
    expect(facts.get_by_role("link", name=re.compile("^Ember table lamp –"))).to_be_visible()
    shopper.visits("halo/").sees_the_chat()
    expect(facts.get_by_role("link", name=re.compile("^Halo pendant –"))).to_be_visible()
    shopper.page.evaluate("history.pushState({}, '', '/demo/delivery/')")
    expect(facts.locator("#fact-page a")).to_have_attribute("href", re.compile("delivery/$"))
    shopper.page.close()
    expect(facts.get_by_text("Offline")).to_be_visible(timeout=60_000)
    expect(facts.get_by_text("Last viewed")).to_be_visible()


# The queue


def test_a_waiting_customer_sees_their_place_in_the_queue_move(new_shopper, desk):
    first = new_shopper().visits().opens_the_chat().gives("Clara").sends("Hello")
    second = new_shopper().visits().opens_the_chat().gives("Dora").sends("Hello")
    expect(first.queue).to_have_text("You're next in the queue.")
    expect(second.queue).to_have_text("You're 2nd in the queue.")
    desk.visits().opens("Clara").push("Assign to me").click()
    expect(first.queue).to_be_hidden()
    first.sees_status("Talking with Anna Antwort")
    expect(second.queue).to_have_text("You're next in the queue.")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, ""),
        (40, "We usually reply in a few minutes."),
        (17 * 60, "We usually reply in about 20 minutes."),
        (55 * 60, "We usually reply in about an hour."),
        (2.2 * 3600, "We usually reply in about 2 hours."),
        (23 * 3600, "We usually reply in a day."),
        (60 * 3600, "We usually reply in a few days."),
    ],
)
def test_the_expected_time_to_an_answer_is_worded_naturally(shopper, seconds, said):
    def tell(route):
        answer = route.fetch()
        data = answer.json()
        data["session"]["team"] = {"presence": "online", "answers_within": seconds}
        route.fulfill(response=answer, json=data)

    for verb in ("start", "messages"):
        shopper.context.route(f"**/chat/{verb}/**", tell)
    shopper.ear.expects(".")
    shopper.visits().opens_the_chat().sends("Hello")
    expect(shopper.queue).to_have_text(f"You're next in the queue. {said}".strip())


def test_a_customer_who_has_not_written_yet_sees_whether_the_desk_is_online(new_shopper, desk):
    clara = new_shopper().visits().opens_the_chat().sees_status("Away").gives("Clara")
    clara.sends("Hello")
    desk.visits().is_ready()
    clara.sees_status("Online · Awaiting reply")
    new_shopper().visits().opens_the_chat().sees_status("Online")
