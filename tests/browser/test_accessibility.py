"""axe finds nothing, not even a moderate nuisance, on any page in any state, on a desktop and on a phone."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from livechat import database, staff
from livechat.models import Admin as AdminRow
from livechat.opening import Product

from .chromium import until
from .seeds import add_chat, add_messages, close_chat

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OPTIONS = {
    "runOnly": {"type": "tag", "values": RULES},
    "resultTypes": ["violations"],
    "iframes": False,  # a frame is looked at by itself
}


def assert_accessible(place: Any) -> None:
    """What axe says of a page or a frame: nothing."""
    until(place, "!document.getAnimations().some(each => each.playState === 'running')")
    found = Axe().run(place, options=OPTIONS).response["violations"]
    told = [
        f"{each['id']} ({each['impact']}): {each['help']}\n    "
        + "\n    ".join(f"{node['target']} {node['html'][:160]}" for node in each["nodes"])
        for each in found
    ]
    assert not told, "\n".join(told)


def test_the_shop_with_the_button_and_the_open_chat(new_shopper, device):
    shopper = new_shopper(**device)
    for path in ("", "ember/", "delivery/", "contact/"):
        shopper.visits(path)
        expect(shopper.button).to_be_visible()
        assert_accessible(shopper.page)
    shopper.opens_the_chat()
    assert_accessible(shopper.page)
    assert_accessible(shopper.frame)


def test_the_conversation_in_its_states(new_shopper, desk, device):
    shopper = new_shopper(**device).visits("ember/").opens_the_chat()
    shopper.ear.expects("422", "ERR_FAILED")
    shopper.gives("Clara", "no address").writes("Hello")
    expect(shopper.chat.get_by_label("E-mail")).to_be_focused()
    assert_accessible(shopper.frame)
    shopper.gives(email="clara@example.com").box.press("Enter")
    shopper.sees_sent("Hello")
    add_messages(desk.engine, 1, desk.row, "Look: https://shop.example/a", "🎉")
    shopper.sees("🎉")
    assert_accessible(shopper.frame)

    shopper.context.route("**/chat/send/**", lambda route: route.abort())
    shopper.writes("Not now").sees_not_sent_yet("Not now")
    assert_accessible(shopper.frame)
    shopper.context.unroute_all()
    shopper.sees_sent("Not now")

    shopper.types("x" * 4001)
    assert_accessible(shopper.frame)
    shopper.types("")
    shopper.push("End chat").click()
    assert_accessible(shopper.frame)
    shopper.chat.get_by_role("region", name="End chat").get_by_role(
        "button", name="End chat"
    ).click()
    shopper.sees_status("This chat has ended")
    assert_accessible(shopper.frame)
    assert_accessible(shopper.page)


def test_unread_messages_and_the_pill(new_shopper, desk, device):
    shopper = new_shopper(**device).visits().opens_the_chat().sends("Hello")
    add_messages(desk.engine, 1, desk.row, *[f"Line {number}" for number in range(40)])
    expect(shopper.line("Line 39")).to_be_visible()
    shopper.scroller.evaluate("element => element.scrollTo(0, 0)")
    expect(shopper.line("Line 39")).not_to_be_in_viewport()
    add_messages(desk.engine, 1, desk.row, "News")
    expect(shopper.pill).to_be_visible()
    assert_accessible(shopper.frame)
    shopper.closes_the_chat()
    add_messages(desk.engine, 1, desk.row, "More news")
    shopper.hurries()
    expect(shopper.page).to_have_title("(1) Lamps made by hand – Amber & Oak")
    assert_accessible(shopper.page)


def test_a_chat_that_cannot_be_reached(new_shopper, server, device):
    shopper = new_shopper(**device).visits()
    shopper.ear.expects("ERR_CONNECTION_REFUSED")
    expect(shopper.button).to_be_visible()
    server.kill()
    shopper.button.click()
    expect(shopper.panel.get_by_text("The chat cannot be reached right now.")).to_be_visible()
    assert_accessible(shopper.page)


def test_the_full_page_chat(new_shopper, device):
    shopper = new_shopper(**device).visits_the_full_page_chat().sees_the_chat()
    assert_accessible(shopper.page)
    shopper.sends("Hello")
    assert_accessible(shopper.page)


def test_the_login_its_errors_and_the_invitation(new_desk, device):
    desk = new_desk(**device).visits()
    desk.ear.expects("422", "404")
    assert_accessible(desk.page)
    desk.signs_in("wrong")
    expect(desk.page.get_by_role("alert")).to_be_visible()
    assert_accessible(desk.page)
    with database.transaction(desk.engine) as db:
        token = staff.invite(db, db.get_one(AdminRow, desk.row.id))
    for each in (token, "used"):
        desk.page.goto(f"{desk.origin}/custom-admin/welcome/?token={each}")
        assert_accessible(desk.page)
    desk.page.goto(f"{desk.origin}/nothing/here/")
    assert_accessible(desk.page)
    desk.is_signed_in().visits("4711/")
    assert_accessible(desk.page)


def test_the_dashboard_in_its_states(new_desk, engine, device):
    desk = new_desk(**device).is_signed_in().visits().is_ready()
    assert_accessible(desk.page)
    product = Product(id="41", name="Ember table lamp", url="https://shop.example/", price="89 €")
    add_chat(engine, "Clara", "Hello", email="clara@example.com", product=product)
    add_messages(engine, add_chat(engine, None, "Hi"), desk.row, "Good day")
    close_chat(engine, add_chat(engine, "Emil"))
    desk.sees_counts(waiting=1, active=1, closed=1)
    assert_accessible(desk.page)
    for query in ("?status=waiting", "?status=closed&assignee=me", "?q=nobody"):
        desk.visits(query).is_ready()
        assert_accessible(desk.page)


def test_the_desks_conversation_in_its_states(new_desk, engine, device):
    product = Product(id="41", name="Ember table lamp", url="https://shop.example/", price="89 €")
    number = add_chat(engine, "Clara", "Hello", email="clara@example.com", product=product)
    add_chat(engine, None, "No name, nothing")
    desk = new_desk(**device).is_signed_in().visits(f"{number}/").is_ready()
    desk.ear.expects("ERR_FAILED", "403")
    assert_accessible(desk.page)
    desk.answers("Good day").sees_sent("Good day")
    if "has_touch" in device:
        desk.box.blur()  # while one types on a phone, the conversation has all the room
        desk.page.get_by_text("Details", exact=True).tap()
    assert_accessible(desk.page)
    desk.context.route("**/send/", lambda route: route.abort())
    desk.answers("Not now")
    expect(desk.line("Not now").get_by_text("Not sent yet")).to_be_visible()
    assert_accessible(desk.page)
    desk.context.unroute_all()
    desk.sees_sent("Not now")
    desk.push("Close chat").click()
    desk.sees_status("Closed")
    assert_accessible(desk.page)
    desk.visits("2/").is_ready()
    assert_accessible(desk.page)
    desk.loses_the_login()
    expect(desk.page.get_by_role("alert").filter(has_text="signed out")).to_be_visible()
    assert_accessible(desk.page)


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_what_opens_over_the_inbox(new_desk, engine, device, scheme):
    ember = Product(id="41", name="Ember table lamp")
    add_chat(engine, "Clara", "Hello", product=ember)
    add_messages(engine, add_chat(engine, "Dora"), None, "Still there?")
    desk = new_desk(**{**device, "color_scheme": scheme}).is_signed_in().visits().is_ready()
    assert_accessible(desk.page)
    desk.page.get_by_label("Select the chat with Dora").check()
    assert_accessible(desk.page)
    desk.visits("replies/").is_ready()
    assert_accessible(desk.page)
    desk.visits("1/").is_ready()
    for menu in ("assign", "snooze", "more"):
        desk.opens_menu(menu)
        assert_accessible(desk.page)
    desk.page.get_by_label("Priority").select_option("Urgent")
    desk.page.locator("[data-menu=own] > summary").click()
    assert_accessible(desk.page)
    desk.page.keyboard.press("Escape")
    desk.page.get_by_role("tab", name="Note").click()
    desk.page.locator("#note-body").fill("For colleagues")
    desk.page.locator("#note-body").press("Enter")
    expect(desk.page.locator(".line.note")).to_be_visible()
    assert_accessible(desk.page)
    desk.page.keyboard.press("Control+k")
    expect(desk.page.get_by_role("dialog")).to_be_visible()
    assert_accessible(desk.page)
    desk.page.keyboard.press("Escape")
    desk.page.locator("#heading").focus()
    desk.page.keyboard.press("?")
    expect(desk.page.get_by_role("dialog")).to_be_visible()
    assert_accessible(desk.page)


def test_axe_would_notice(shopper, own_shop):
    shopper.visits(own_shop.has('<img src="data:," width="9"><button></button>'))
    with pytest.raises(AssertionError, match="button-name"):
        assert_accessible(shopper.page)
