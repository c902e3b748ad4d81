"""The inbox: three panes, no reload between conversations, stable rows, views, appearance, notifications."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import text

from ..chromium import PHONE, until
from ..seeds import add_chat, add_messages, close_chat
from ..wire import Wire

NEW_PAGE = "window.same = true"


def test_from_one_conversation_to_the_next_and_back_without_a_reload(desk, engine):
    add_chat(engine, "Clara", "Hello")
    add_chat(engine, "Dora", "Good day")
    desk.visits().is_ready()
    expect(desk.customer).to_have_text("Inbox")
    desk.page.evaluate(NEW_PAGE)
    desk.opens("Clara").sees_exactly("Hello")
    expect(desk.box).to_be_focused()
    expect(desk.page).to_have_url(f"{desk.url}1/")
    expect(desk.page.locator("#fact-number")).to_have_text("1")
    expect(desk.page).to_have_title(re.compile("Clara – "))
    expect(desk.row_of("Clara").get_by_role("link")).to_have_attribute("aria-current", "page")
    desk.box.fill("Half a draft for Clara")
    desk.opens("Dora").sees_exactly("Good day")
    expect(desk.box).to_have_value("")
    expect(desk.page).to_have_title(re.compile("Dora – "))
    desk.page.go_back()
    expect(desk.customer).to_have_text("Clara")
    expect(desk.box).to_have_value("Half a draft for Clara")
    desk.page.go_back()
    expect(desk.customer).to_have_text("Inbox")
    desk.page.go_forward()
    expect(desk.customer).to_have_text("Clara")
    assert desk.page.evaluate("window.same")


def test_a_wide_screen_shows_list_conversation_and_customer_by_a_link_too(desk, engine):
    add_chat(engine, "Clara", "Hello", email="clara@example.com")
    add_chat(engine, "Dora")
    desk.visits("1/").is_ready().sees_chats("Dora", "Clara")
    expect(desk.log).to_be_visible()
    expect(desk.page.get_by_role("complementary")).to_contain_text("clara@example.com")


def test_a_phone_shows_one_pane_at_a_time(new_desk, engine):
    add_chat(engine, "Clara", "Hello")
    desk = new_desk(**PHONE).is_signed_in().visits().is_ready()
    expect(desk.row_of("Clara")).to_be_visible()
    desk.opens("Clara")
    expect(desk.row_of("Clara")).to_be_hidden()
    desk.page.get_by_role("link", name="All chats").tap()
    expect(desk.row_of("Clara")).to_be_visible()
    expect(desk.page).to_have_url(desk.url)


def test_fifty_conversations_one_after_the_other_leave_two_streams(desk, engine):
    add_chat(engine, "Clara", "Hello")
    add_chat(engine, "Dora", "Good day")
    wire = Wire(desk.context)
    desk.visits().is_ready()
    for _ in range(25):
        for name in ("Clara", "Dora"):
            desk.row_of(name).get_by_role("link").click()
            expect(desk.customer).to_have_text(name)
    wire.has_streams(2)
    add_messages(engine, 2, None, "Once only")
    expect(desk.line("Once only")).to_have_count(1)
    add_messages(engine, 1, None, "Elsewhere")
    expect(desk.row_of("Clara")).to_contain_text("Elsewhere")


def test_an_answer_being_sent_survives_the_change_to_another_conversation(desk, engine):
    add_chat(engine, "Clara", "Hello")
    add_chat(engine, "Dora", "Good day")
    desk.ear.expects("ERR_FAILED")
    desk.visits("1/").is_ready()
    desk.context.route("**/send/", lambda route: route.abort())
    desk.answers("For Clara")
    expect(desk.line("For Clara").get_by_text("Not sent yet")).to_be_visible()
    desk.opens("Dora").sees_exactly("Good day")
    expect(desk.page.get_by_text("1 reply wasn't sent")).to_be_visible()
    desk.context.unroute_all()
    expect(desk.page.get_by_text("1 reply wasn't sent")).to_be_hidden()
    desk.opens("Clara").sees_exactly("Hello", "For Clara")


def test_a_row_keeps_the_focus_and_its_place_while_others_move(desk, engine):
    for number in range(1, 31):
        add_chat(engine, f"Customer {number}")
    desk.visits().is_ready()
    link = desk.row_of("Customer 10").get_by_role("link")
    link.focus()
    top = link.bounding_box()["y"]
    add_messages(engine, 1, None, "Up I go")
    expect(desk.rows.first).to_contain_text("Customer 1")
    expect(link).to_be_focused()
    assert abs(link.bounding_box()["y"] - top) < 2


@pytest.mark.parametrize(
    ("view", "names"),
    [
        ("Mine", ["Dora"]),
        ("Unassigned", ["Clara"]),
        ("Waiting", ["Clara"]),
        ("Closed", ["Emil"]),
        ("Unread", ["Clara"]),
    ],
)
def test_views_narrow_the_list_and_keep_the_open_conversation(desk, engine, view, names):
    add_chat(engine, "Clara")
    add_messages(engine, add_chat(engine, "Dora"), desk.row, "Hello Dora")
    close_chat(engine, add_chat(engine, "Emil"))
    for number in (2, 3):
        desk.visits(f"{number}/").is_ready()
        desk.sees_title_count(1)
    desk.visits("2/").is_ready()
    desk.page.get_by_role("navigation", name=re.compile("views")).get_by_role(
        "link", name=re.compile(f"^{view}")
    ).click()
    desk.is_ready().sees_chats(*names)
    expect(desk.customer).to_have_text("Dora")


def test_a_view_is_saved_used_and_removed(desk, engine):
    add_chat(engine, "Clara")
    add_messages(engine, add_chat(engine, "Dora"), desk.row, "Hello Dora")
    desk.visits("?view=mine&q=dora").is_ready()
    desk.page.get_by_label("View name").fill("My Doras")
    desk.push("Save view").click()
    views = desk.page.get_by_role("navigation", name=re.compile("views"))
    expect(views.get_by_role("link", name="My Doras")).to_be_visible()
    desk.visits().is_ready()
    views.get_by_role("link", name="My Doras").click()
    desk.sees_chats("Dora")
    views.get_by_role("button", name="Remove view My Doras").click()
    expect(views.get_by_role("link", name="My Doras")).to_have_count(0)


def test_appearance_settings_are_chosen_and_kept(desk):
    desk.visits().is_ready()
    desk.page.locator("[data-menu=own] > summary").click()
    with desk.page.expect_response("**/preferences/"):
        desk.page.get_by_label("Theme").select_option("Light")
    with desk.page.expect_response("**/preferences/"):
        desk.page.get_by_label("Density").select_option("Compact")
    expect(desk.page.locator("body")).to_have_css("background-color", "rgb(250, 248, 242)")
    desk.page.reload()
    desk.is_ready()
    expect(desk.page.locator("html")).to_have_attribute("data-theme", "light")
    expect(desk.page.locator("html")).to_have_attribute("data-density", "compact")


def test_the_icon_shows_the_number_of_unread_messages(desk, engine):
    icon = desk.page.locator("#favicon")
    desk.visits().is_ready()
    plain = icon.get_attribute("href")
    add_chat(engine, "Clara", "Hello")
    expect(icon).not_to_have_attribute("href", plain)
    desk.opens("Clara")
    expect(icon).to_have_attribute("href", plain)


def test_one_message_makes_one_notification_in_all_tabs(new_desk, engine):
    desk = new_desk(permissions=["notifications"])
    desk.context.add_init_script(
        """window.Notification = class { static permission = 'granted'
          static requestPermission() { return Promise.resolve('granted') }
          constructor(title, given) {
            const told = JSON.parse(localStorage.getItem('test.told') ?? '[]')
            localStorage.setItem('test.told', JSON.stringify([...told, [title, given.body]]))
          }
        }
        Document.prototype.hasFocus = () => false"""
    )
    desk.is_signed_in().visits().is_ready()
    desk.page.locator("[data-menu=own] > summary").click()
    desk.push("Turn on desktop notifications").click()
    desk.page.keyboard.press("Escape")
    desk.opens_another_tab().is_ready()
    add_chat(engine, "Clara", "Hello there")
    desk.sees_title_count(1)
    told = "JSON.parse(localStorage.getItem('test.told') ?? '[]')"
    until(desk.page, f"{told}.length")
    desk.page.wait_for_timeout(800)
    assert desk.page.evaluate(told) == [["New message from Clara", "Hello there"]]


def test_a_viewer_is_offered_nothing_but_reading(new_desk, engine):
    desk = new_desk()
    with engine.begin() as connection:
        connection.execute(text("UPDATE admins SET role = 'viewer'"))
    add_chat(engine, "Clara", "Hello")
    desk.is_signed_in().visits().is_ready().opens("Clara").sees_exactly("Hello")
    desk.sees_title_count(0)  # viewers have read receipts of their own
    for name in ("Assign to me", "Close chat", "Send Message", "Add"):
        expect(desk.push(name)).to_have_count(0)
    desk.page.keyboard.press("e")
    desk.page.keyboard.press("r")
    desk.sees_status("Waiting")
    add_messages(engine, 1, None, "Anybody?")
    desk.sees("Anybody?")


def test_a_link_to_a_message_opens_there(desk, engine):
    add_chat(engine, "Clara", *[f"Line {number}" for number in range(1, 81)])
    add_chat(engine, "Dora")
    desk.visits("1/?at=12#m12").is_ready()
    expect(desk.page.locator(".found")).to_contain_text("Line 12")
    expect(desk.line("Line 12")).to_be_in_viewport()
    desk.opens("Dora").page.go_back()
    expect(desk.line("Line 12")).to_be_in_viewport()
