"""Everything works without a mouse."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from ..seeds import add_chat, stored


def test_a_customer_opens_writes_and_closes_with_the_keyboard_only(shopper, engine):
    shopper.visits("contact/")
    keys = shopper.page.keyboard
    shopper.page.get_by_role("button", name="Chat with us").focus()
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


def test_tab_moves_through_the_conversation_in_reading_order(shopper):
    shopper.visits().opens_the_chat()
    expect(shopper.box).to_be_focused()
    shopper.push("Sound").focus()
    order = [shopper.push("Hide chat"), shopper.scroller]
    order += [shopper.chat.get_by_label(name) for name in ("Your name", "Email")]
    for each in [*order, shopper.box]:
        shopper.page.keyboard.press("Tab")
        expect(each).to_be_focused()
    shopper.types("Something to send")
    shopper.page.keyboard.press("Tab")
    expect(shopper.push("Send")).to_be_focused()
    shopper.page.keyboard.press("Enter")
    shopper.sees_sent("Something to send")


def test_escape_dismisses_a_question_before_it_closes_the_chat(shopper):
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


def test_an_admin_signs_in_answers_and_closes_with_the_keyboard_only(new_desk, engine):
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
    expect(desk.page.get_by_role("link", name="Skip to content")).to_be_focused()
    keys.press("Enter")
    expect(desk.page.get_by_role("main")).to_be_focused()
    link = desk.row_of("Clara").get_by_role("link", name="Clara")
    for _ in range(40):
        keys.press("Tab")
        if link.evaluate("link => link === document.activeElement"):
            break
    keys.press("Enter")
    expect(desk.customer).to_have_text("Clara")
    expect(desk.box).to_be_focused()
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


def test_the_focus_is_visible(desk, shopper):
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


def test_every_act_on_a_chat_has_a_single_key(desk, new_desk, engine):
    new_desk("berta", "Berta Beispiel")
    add_chat(engine, "Clara", "Hello")
    add_chat(engine, "Dora", "Good day")
    desk.visits().is_ready()
    keys = desk.page.keyboard
    keys.press("j")
    expect(desk.row_of("Dora").get_by_role("link")).to_be_focused()
    keys.press("j")
    expect(desk.row_of("Clara").get_by_role("link")).to_be_focused()
    keys.press("k")
    keys.press("ArrowDown")
    keys.press("Enter")
    expect(desk.customer).to_have_text("Clara")
    expect(desk.box).to_be_focused()
    keys.type("jk?")  # in a text box, keys are letters
    expect(desk.box).to_have_value("jk?")
    desk.box.fill("")
    keys.press("Escape")
    expect(desk.row_of("Clara").get_by_role("link")).to_be_focused()
    keys.press("a")
    expect(desk.page.locator("#held")).to_have_text("You")
    expect(desk.box).to_be_focused()
    keys.press("Escape")
    keys.press("n")
    expect(
        desk.page.get_by_role("textbox", name="Internal note (customers never see it)")
    ).to_be_focused()
    keys.press("Escape")
    keys.press("s")
    expect(desk.page.get_by_role("button", name=re.compile("^Later today"))).to_be_focused()
    keys.press("Escape")
    expect(desk.page.locator("[data-menu=snooze] > summary")).to_be_focused()
    keys.press("t")
    expect(desk.page.get_by_label("Assign to teammate")).to_be_focused()
    keys.press("Escape")
    keys.press("r")
    expect(desk.box).to_be_focused()
    keys.press("Escape")
    keys.press("u")
    desk.sees_title_count(2)
    keys.press("e")
    desk.sees_status("Closed")


def test_keys_work_by_their_position_in_any_layout(desk, engine):
    add_chat(engine, "Clara", "Hello")
    desk.visits("1/").is_ready()
    desk.page.evaluate(
        """document.body.dispatchEvent(new KeyboardEvent('keydown',
          {key: 'ф', code: 'KeyA', bubbles: true, cancelable: true}))"""
    )
    expect(desk.page.locator("#held")).to_have_text("You")


def test_the_palette_finds_acts_views_people_and_conversations(desk, new_desk, engine):
    new_desk("berta", "Berta Beispiel")
    add_chat(engine, "Clara", "Hello")
    add_chat(engine, "Dora", "Good day")
    desk.visits("1/").is_ready()
    keys = desk.page.keyboard
    box = desk.page.get_by_role("combobox", name=re.compile("Type a command"))
    for words, found in (("assign me", None), ("assign berta", "Berta Beispiel"), ("dora", None)):
        keys.press("Control+k")
        expect(box).to_be_focused()
        box.fill(words)
        options = desk.page.get_by_role("dialog").get_by_role("option")
        expect(options.first).to_be_visible()
        if found:
            expect(options.filter(has_text=found).first).to_be_visible()
        keys.press("Enter")
        expect(box).to_have_count(0)
        if words == "assign me":
            expect(desk.page.locator("#held")).to_have_text("You")
        elif found:
            expect(desk.page.locator("#held")).to_have_text(found)
    expect(desk.customer).to_have_text("Dora")
    keys.press("Control+k")
    box.fill("unassigned")
    keys.press("Enter")
    expect(desk.page).to_have_url(re.compile("view=unassigned"))
    desk.is_ready()
    keys.press("Control+k")
    keys.press("Escape")
    expect(box).to_have_count(0)


def test_the_help_lists_all_shortcuts_and_they_can_be_switched_off(desk, engine):
    add_chat(engine, "Clara", "Hello")
    desk.visits().is_ready()
    keys = desk.page.keyboard
    keys.press("?")
    sheet = desk.page.get_by_role("dialog", name="Shortcuts")
    expect(sheet).to_contain_text("Mark as unread")
    keys.press("Escape")
    expect(sheet).to_have_count(0)
    desk.page.locator("[data-menu=own] > summary").click()
    with desk.page.expect_response("**/preferences/"):
        desk.page.get_by_label("Single-key shortcuts").uncheck()
    keys.press("Escape")
    keys.press("?")
    expect(sheet).to_have_count(0)
    keys.press("Control+k")
    expect(desk.page.get_by_role("dialog")).to_be_visible()
