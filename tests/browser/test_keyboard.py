"""Everything works without a mouse."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from .seeds import add_chat, stored


def test_a_customer_opens_writes_and_closes_with_the_keyboard_alone(shopper, engine):
    shopper.visits("contact/")
    keys = shopper.page.keyboard
    shopper.page.get_by_role("button", name="Write to us").focus()
    keys.press("Tab")
    expect(shopper.button).to_be_focused()
    keys.press("Enter")
    shopper.sees_the_chat()
    expect(shopper.box).to_be_focused()

    keys.type("First line")
    keys.press("Shift+Enter")
    keys.type("second line")
    keys.press("Enter")
    shopper.sees_sent("First line")
    assert stored(engine) == ["First line\nsecond line"]
    expect(shopper.box).to_be_focused()
    expect(shopper.box).to_have_value("")

    keys.press("Escape")
    expect(shopper.panel).to_be_hidden()
    expect(shopper.button).to_be_focused()
    keys.press("Space")
    expect(shopper.box).to_be_focused()


def test_tab_goes_through_the_conversation_in_the_order_of_reading(shopper):
    shopper.visits().opens_the_chat()
    expect(shopper.box).to_be_focused()
    shopper.push("Sound").focus()
    order = [shopper.push("Close chat"), shopper.scroller]
    order += [shopper.chat.get_by_label(name) for name in ("Your name", "E-mail")]
    for each in [*order, shopper.box]:
        shopper.page.keyboard.press("Tab")
        expect(each).to_be_focused()
    shopper.types("Something to send")
    shopper.page.keyboard.press("Tab")
    expect(shopper.push("Send")).to_be_focused()
    shopper.page.keyboard.press("Enter")
    shopper.sees_sent("Something to send")


def test_escape_takes_back_a_question_before_it_closes_the_chat(shopper):
    shopper.visits().opens_the_chat().sends("Hello")
    shopper.push("End chat").press("Enter")
    sure = shopper.chat.get_by_role("region", name="End chat")
    expect(sure.get_by_role("button", name="End chat")).to_be_focused()
    shopper.page.keyboard.press("Escape")
    expect(sure).to_be_hidden()
    expect(shopper.push("End chat")).to_be_focused()
    expect(shopper.panel).to_be_visible()
    shopper.page.keyboard.press("Escape")
    expect(shopper.panel).to_be_hidden()


def test_keys_typed_elsewhere_on_the_shops_page_do_not_close_the_chat(shopper):
    shopper.visits().opens_the_chat()
    shopper.page.get_by_role("link", name="Delivery").first.focus()
    shopper.page.keyboard.press("Escape")
    expect(shopper.panel).to_be_visible()


def test_an_empty_message_is_not_sent(shopper, engine):
    shopper.visits().opens_the_chat().types("   \n ")
    shopper.box.press("Enter")
    expect(shopper.push("Send")).to_have_attribute("aria-disabled", "true")
    shopper.sends("A real one").sees_exactly("A real one")
    assert stored(engine) == ["A real one"]


def test_enter_that_ends_a_composition_does_not_send(shopper):
    shopper.visits().opens_the_chat().types("にほん")
    shopper.box.evaluate(
        """box => box.dispatchEvent(new KeyboardEvent('keydown',
          {key: 'Enter', isComposing: true, bubbles: true, cancelable: true}))"""
    )
    expect(shopper.box).to_have_value("にほん")
    expect(shopper.bodies).to_have_count(0)


def test_an_admin_signs_in_answers_and_closes_with_the_keyboard_alone(new_desk, engine):
    add_chat(engine, "Clara", "Is anybody there?")
    desk = new_desk().visits()
    keys = desk.page.keyboard
    expect(desk.page.get_by_label("Username")).to_be_focused()
    keys.type("anna")
    keys.press("Tab")
    keys.type("a few words in a row")
    keys.press("Enter")
    expect(desk.row_of("Clara")).to_be_visible()

    keys.press("Tab")
    expect(desk.page.get_by_role("link", name="Skip to the content")).to_be_focused()
    keys.press("Enter")
    expect(desk.page.get_by_role("main")).to_be_focused()
    link = desk.row_of("Clara").get_by_role("link", name="Clara")
    for _ in range(20):
        keys.press("Tab")
        if link.evaluate("link => link === document.activeElement"):
            break
    keys.press("Enter")
    expect(desk.customer).to_have_text("Clara")
    desk.is_ready()

    for _ in range(20):
        keys.press("Tab")
        if desk.box.evaluate("box => box === document.activeElement"):
            break
    keys.type("Yes,")
    keys.press("Shift+Enter")
    keys.type("I am.")
    keys.press("Enter")
    desk.sees_sent("Yes,")
    assert stored(engine)[-1] == "Yes,\nI am."

    desk.push("Close chat").focus()
    keys.press("Enter")
    desk.sees_status("Closed")
    expect(desk.push("Reopen")).to_be_focused()
    keys.press("Enter")
    desk.sees_status("Active")
    expect(desk.box).to_be_focused()


def test_what_has_the_focus_can_be_seen(desk, shopper):
    rings = (
        "element => getComputedStyle(element).outlineStyle + getComputedStyle(element).boxShadow"
    )
    desk.visits()
    desk.page.keyboard.press("Tab")
    desk.page.keyboard.press("Tab")
    focused = desk.page.locator(":focus-visible")
    assert not re.fullmatch("none ?none", focused.evaluate(rings))
    shopper.visits()
    shopper.button.focus()
    assert "none" not in shopper.button.evaluate(rings).replace("auto", "")[:4]
