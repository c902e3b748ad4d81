"""The chat persists across pages, reloads and tabs, with its history, its draft and its unsent messages."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from ..chromium import until
from ..seeds import shell, stored

BLOCKED = """for (const name of ['localStorage', 'sessionStorage'])
  Object.defineProperty(window, name, {get() { throw new DOMException('denied', 'SecurityError') }})"""


def test_open_state_history_and_draft_follow_to_the_next_page(shopper):
    shopper.visits().opens_the_chat().gives("Clara").sends("First")
    shopper.types("half a sentence")
    shopper.page.get_by_role("link", name="Delivery").first.click()
    expect(shopper.page.get_by_role("heading", name="Delivery")).to_be_visible()
    shopper.sees_the_chat().sees_exactly("First")
    expect(shopper.box).to_have_value("half a sentence")


def test_open_state_history_and_draft_survive_a_reload(shopper):
    shopper.visits("ember/").opens_the_chat().sends("First").types("half a sentence")
    shopper.page.reload()
    shopper.sees_the_chat().sees_exactly("First")
    expect(shopper.box).to_have_value("half a sentence")


def test_a_closed_panel_stays_closed_but_counts_new_messages(shopper, desk):
    shopper.visits().opens_the_chat().gives("Clara").sends("First").closes_the_chat()
    shopper.visits("delivery/")
    expect(shopper.button).to_have_attribute("aria-expanded", "false")
    desk.visits().opens("Clara").answers("Here I am").sees_sent("Here I am")
    shopper.page.reload()
    shopper.sees_badge(1)
    shopper.opens_the_chat().sees_exactly("First", "Here I am")


def test_name_and_address_are_kept_before_the_first_message(shopper):
    shopper.visits().opens_the_chat().gives("Clara Kundin", "clara@example.com")
    shopper.page.reload()
    shopper.sees_the_chat()
    expect(shopper.chat.get_by_label("Your name")).to_have_value("Clara Kundin")
    expect(shopper.chat.get_by_label("Email")).to_have_value("clara@example.com")


def test_a_second_tab_shows_the_same_conversation_and_each_message_once(shopper, desk):
    shopper.visits().opens_the_chat().gives("Clara").sends("From the first tab")
    second = shopper.opens_another_tab("ember/").opens_the_chat()
    second.sees_exactly("From the first tab").sends("From the second tab")
    shopper.sees_exactly("From the first tab", "From the second tab")
    desk.visits().opens("Clara").answers("To both of you")
    everything = ("From the first tab", "From the second tab", "To both of you")
    shopper.sees_exactly(*everything)
    second.sees_exactly(*everything)
    desk.sees_exactly(*everything)


def test_a_conversation_begun_in_one_tab_appears_in_the_other(shopper):
    shopper.visits().opens_the_chat()
    second = shopper.opens_another_tab().opens_the_chat()
    shopper.sends("Only once")
    second.sees_exactly("Only once")


def test_two_customers_do_not_see_each_other(shopper, new_shopper):
    shopper.visits().opens_the_chat().sends("Mine")
    other = new_shopper().visits().opens_the_chat()
    expect(other.bodies).to_have_count(0)
    other.sends("Also mine").sees_exactly("Also mine")
    shopper.sees_exactly("Mine")


@pytest.mark.parametrize("way", ["Enter", "double click"])
def test_sending_twice_at_once_sends_once(shopper, engine, way):
    shopper.visits().opens_the_chat().types("Just one")
    if way == "Enter":
        shopper.box.press("Enter")
        shopper.box.press("Enter")
    else:
        shopper.push("Send").dblclick()
    shopper.sees_sent("Just one").sees_exactly("Just one")
    shopper.sends("And another").sees_exactly("Just one", "And another")
    assert stored(engine) == ["Just one", "And another"]


def test_without_storage_the_chat_works_for_as_long_as_the_page_lives(shopper):
    shopper.context.add_init_script(BLOCKED)
    shopper.visits().opens_the_chat().gives("Clara").sends("No storage here")
    shopper.closes_the_chat().opens_the_chat().sees_exactly("No storage here")
    shopper.sends("Still talking")
    shopper.page.reload()
    expect(shopper.button).to_be_visible()
    shopper.opens_the_chat()
    expect(shopper.bodies).to_have_count(0)


def test_the_sound_switch_is_remembered(shopper):
    shopper.visits().opens_the_chat()
    expect(shopper.push("Sound")).to_have_attribute("aria-pressed", "true")
    shopper.push("Sound").click()
    expect(shopper.push("Sound")).to_have_attribute("aria-pressed", "false")
    shopper.page.reload()
    expect(shopper.push("Sound")).to_have_attribute("aria-pressed", "false")


RINGS = """window.tones = 0
const make = AudioContext.prototype.createOscillator
AudioContext.prototype.createOscillator = function () { window.tones++; return make.call(this) }"""


@pytest.mark.parametrize("switch", ["on", "off"])
def test_an_answer_to_a_closed_chat_sounds_unless_that_is_switched_off(shopper, desk, switch):
    shopper.context.add_init_script(RINGS)
    shopper.visits().opens_the_chat().gives("Clara").sends("First")
    if switch == "off":
        shopper.push("Sound").click()
    shopper.closes_the_chat()
    desk.visits().opens("Clara").answers("Listen").sees_sent("Listen")
    shopper.hurries().sees_badge(1)
    if switch == "off":
        assert shopper.frame.evaluate("tones") == 0
    else:
        until(shopper.frame, "tones === 2")


def test_a_lost_identity_begins_a_new_chat_and_keeps_the_text(shopper, server):
    shopper.ear.expects("404")
    shopper.visits().opens_the_chat().sends("Before")
    shell(server, "sessions", "revoke", "1")
    shopper.writes("After")
    expect(shopper.box).to_have_value("After")
    expect(
        shopper.chat.get_by_text(re.compile("no longer available. Your text is saved"))
    ).to_be_visible()
    shopper.push("Start a new chat").click()
    shopper.sees_sent("After").sees_exactly("After")
