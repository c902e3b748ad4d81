"""One admin's acts appear at another's desk, and on their own other device, without a reload."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from livechat.actors import admin_actor
from livechat.conversation import triage
from livechat.db.session import transaction
from livechat.models import ChatSession, now

from ..seeds import add_chat, add_messages

SAME = "window.same = true"  # lost by a reload


@pytest.fixture
def berta(new_desk, desk):
    """A colleague of Anna's, with no page open yet."""
    return new_desk("berta", "Berta Beispiel").is_signed_in()


@pytest.fixture
def sofa(desk, new_context):
    """Anna's other device."""
    return type(desk)(new_context(), desk.server, desk.engine, desk.row).is_signed_in()


def opened(path, *desks):
    """Open a path on all desks, and mark the pages to detect a reload."""
    for one in desks:
        one.visits(path).is_ready().page.evaluate(SAME)


def nothing_was_reloaded(*desks):
    for one in desks:
        assert one.page.evaluate("window.same === true")


def view(desk, name):
    """A view above the list."""
    views = desk.page.get_by_role("navigation", name=re.compile("views"))
    return views.get_by_role("link", name=re.compile(f"^{name}"))


def test_tags_priority_snooze_and_block_appear_at_the_other_desk(desk, berta, engine):
    add_chat(engine, "Clara", "Hello")
    opened("1/", desk, berta)
    row, page = berta.row_of("Clara"), berta.page
    head = page.locator("main header")
    desk.page.get_by_label("New tag").fill("refund")
    desk.page.get_by_label("New tag").press("Enter")
    expect(row.get_by_text("refund")).to_be_visible()
    expect(page.locator("#tags")).to_have_text(re.compile("refund"))
    desk.opens_menu("more").page.get_by_label("Priority").select_option("Urgent")
    expect(row.get_by_text("Urgent")).to_be_visible()
    expect(page.locator("#priority")).to_have_value("urgent")
    desk.opens_menu("snooze").page.locator("[data-snooze=tomorrow]").click()
    expect(row.get_by_text("Snoozed until")).to_be_visible()
    expect(head.get_by_text("Snoozed until")).to_be_visible()
    berta.opens_menu("snooze").push("Unsnooze").click()
    expect(desk.page.locator("main header").get_by_text("Snoozed until")).to_be_hidden()
    expect(desk.row_of("Clara").get_by_text("Snoozed until")).to_be_hidden()
    desk.opens_menu("more").push("Block customer").click()
    expect(row.get_by_text("Blocked")).to_be_visible()
    expect(head.get_by_text("Blocked")).to_be_visible()
    berta.opens_menu("more")
    berta.push("Unblock customer").click()
    expect(desk.row_of("Clara").get_by_text("Blocked")).to_be_hidden()
    expect(desk.page.locator("main header").get_by_text("Blocked")).to_be_hidden()
    berta.push("Remove tag refund").click()
    expect(desk.row_of("Clara").get_by_text("refund")).to_have_count(0)
    expect(desk.page.locator("#tags").get_by_text("refund")).to_have_count(0)
    nothing_was_reloaded(desk, berta)


def test_a_snoozed_chat_is_back_at_both_desks_when_its_time_has_come(desk, berta, engine):
    add_chat(engine, "Clara", "Hello")
    opened("1/", desk)
    opened("", berta)
    with transaction(engine) as db:
        actor = admin_actor(desk.row.id, desk.name)
        triage.snooze(db, db.get_one(ChatSession, 1), actor, now() + timedelta(hours=1))
    for one in (desk, berta):
        expect(one.row_of("Clara").get_by_text("Snoozed until")).to_be_visible()
    with transaction(engine) as db:
        db.get_one(ChatSession, 1).snoozed_until = now() - timedelta(seconds=1)
    for one in (desk, berta):
        expect(one.row_of("Clara").get_by_text("Snoozed until")).to_be_hidden()
    desk.sees_line(re.compile("no longer snoozed"))
    nothing_was_reloaded(desk, berta)


def test_a_blocked_customer_is_told_and_the_desk_gets_nothing_more(shopper, desk):
    shopper.visits().opens_the_chat().gives("Clara").sends("Hello")
    shopper.ear.expects("409")
    desk.visits().opens("Clara").opens_menu("more").push("Block customer").click()
    desk.sees_line(re.compile("blocked"))
    shopper.writes("One more thing")
    expect(shopper.line("One more thing")).to_contain_text("You can't send messages here anymore")
    desk.sees_exactly("Hello")
    desk.opens_menu("more").push("Unblock customer").click()
    expect(desk.page.locator("[data-menu=more]")).not_to_have_attribute("open", "")
    shopper.sends("Thank you")
    desk.sees("Thank you")


def test_a_transferred_chat_moves_from_one_desk_to_the_other(desk, berta, engine):
    add_messages(engine, add_chat(engine, "Clara", "Hello"), desk.row, "Good day")
    desk.visits("1/?view=mine").is_ready().sees_chats("Clara")
    berta.visits("?view=mine").is_ready().sees_chats()
    for one in (desk, berta):
        one.page.evaluate(SAME)
    desk.opens_menu("assign").page.get_by_label("Assign to teammate").select_option(berta.name)
    desk.page.get_by_label("Internal note (optional)").fill("She wants a refund")
    desk.push("Assign").click()
    berta.sees_chats("Clara")
    berta.opens("Clara").sees_exactly("Hello", "Good day", "She wants a refund")
    berta.sees_status("You")
    expect(desk.page.locator("#held")).to_have_text(berta.name)
    desk.sees_chats()
    nothing_was_reloaded(desk, berta)


def test_two_who_take_the_next_chat_get_different_ones(desk, berta, engine):
    for name in ("Clara", "Dora"):
        add_chat(engine, name, "Hello")
    opened("", desk, berta)
    for one in (desk, berta):
        one.push("Take next chat").click()
    for one in (desk, berta):
        one.sees_status("You")
    assert {one.customer.inner_text() for one in (desk, berta)} == {"Clara", "Dora"}
    for one, other in ((desk, berta), (berta, desk)):
        expect(one.row_of(other.customer.inner_text())).to_contain_text(other.name)
        one.sees_counts(waiting=0, active=2)
    desk.ear.expects("409")
    desk.page.keyboard.press("Escape")  # out of the box
    desk.page.keyboard.press("g")
    expect(desk.page.get_by_text("No waiting chats")).to_be_visible()


def test_a_mention_counts_at_the_colleagues_desk_until_they_look(desk, berta, engine):
    add_chat(engine, "Clara", "Hello")
    opened("1/", desk)
    opened("", berta)
    desk.page.get_by_role("tab", name="Note").click()
    desk.page.locator("#note-body").fill("Look here, @berta")
    desk.page.locator("#note-body").press("Enter")
    expect(view(berta, "Mentions")).to_have_text(re.compile("1$"))
    expect(view(desk, "Mentions")).to_have_text(re.compile("Mentions *$"))
    berta.opens("Clara")
    expect(view(berta, "Mentions")).to_have_text(re.compile("Mentions *$"))
    nothing_was_reloaded(desk, berta)


def test_reading_is_synced_to_the_admins_other_device_only(desk, berta, sofa, engine):
    add_chat(engine, "Clara", "Hello", "Are you there?")
    opened("", desk, sofa, berta)
    for one in (desk, sofa, berta):
        one.sees_title_count(2)
    desk.opens("Clara")
    for one in (desk, sofa):
        one.sees_title_count(0)
        expect(one.row_of("Clara").get_by_text("unread")).to_be_hidden()
    berta.sees_title_count(2)
    expect(berta.row_of("Clara").get_by_text("2 unread")).to_be_visible()
    desk.opens_menu("more").push("Mark as unread").click()
    for one in (desk, sofa):
        one.sees_title_count(1)
        expect(one.row_of("Clara").get_by_text("1 unread")).to_be_visible()
    berta.sees_title_count(2)
    add_messages(engine, 1, berta.row, "I am here")  # an answer is unread for nobody
    sofa.sees_title_count(1)
    nothing_was_reloaded(desk, sofa, berta)


def test_a_view_saved_on_one_device_is_on_the_other(desk, berta, sofa, engine):
    add_chat(engine, "Clara")
    add_chat(engine, "Dora")
    desk.visits("?view=waiting&q=dora").is_ready()
    desk.page.get_by_label("View name").fill("My Doras")
    desk.push("Save view").click()
    expect(view(desk, "My Doras")).to_be_visible()
    sofa.visits().is_ready().sees_chats("Dora", "Clara")
    view(sofa, "My Doras").click()
    sofa.sees_chats("Dora")
    berta.visits().is_ready().sees_chats("Dora", "Clara")
    expect(view(berta, "My Doras")).to_have_count(0)


def test_a_customers_latest_message_is_found_and_opened_in_place(shopper, desk, engine):
    shopper.visits().opens_the_chat().gives("Clara").sends("Hello")
    add_messages(engine, 1, desk.row, *[f"Line {number}" for number in range(60)])
    shopper.sends("Do you ship to Zanzíbar?")
    add_messages(engine, 1, desk.row, *[f"More {number}" for number in range(60)])
    desk.visits("search/").page.get_by_label(re.compile("^Messages, names")).fill("zanzibar")
    desk.page.keyboard.press("Enter")
    hit = desk.page.locator(".hit")
    expect(hit).to_have_count(1)
    expect(hit.locator("mark")).to_have_text("Zanzíbar")
    hit.get_by_role("link", name="Clara").click()
    desk.is_ready()
    expect(desk.page.locator(".found")).to_contain_text("Do you ship to Zanzíbar?")
    expect(desk.line("Zanzíbar")).to_be_in_viewport()


def test_the_statistics_include_the_latest_events(shopper, desk, berta):
    desk.visits("statistics/")
    expect(desk.page.get_by_text("No statistics yet")).to_be_visible()
    shopper.visits().opens_the_chat().gives("Clara").sends("Hello")
    berta.visits().opens("Clara").answers("Good morning").sees_sent("Good morning")
    desk.page.reload()
    for figure, count in (("chats-today", "1"), ("messages-today", "2"), ("unanswered", "0")):
        expect(desk.page.locator(f"#{figure}")).to_have_text(count)
    expect(desk.page.get_by_role("row", name=re.compile(berta.name))).to_contain_text("1")
    shopper.sends("And now?")
    desk.page.reload()
    expect(desk.page.locator("#messages-today")).to_have_text("3")
    expect(desk.page.locator("#unanswered")).to_have_text("1")


def test_a_shared_canned_reply_is_at_once_in_a_colleagues_picker(desk, berta, engine):
    add_chat(engine, "Clara", "Hello")
    opened("1/", desk, berta)
    for code, scope in (("ours", "all"), ("mine", "mine")):
        desk.box.fill(f"Dear {{customer.name|friend}}, this is {code}.")
        desk.push("Save as canned reply").click()
        dialog = desk.page.get_by_role("dialog")
        dialog.get_by_label(re.compile("Short code")).fill(code)
        dialog.get_by_role("combobox").select_option(scope)
        dialog.get_by_role("button", name="Save").click()
        expect(dialog).to_have_count(0)
    berta.box.press_sequentially("/")
    options = berta.page.get_by_role("listbox", name="Canned replies").get_by_role("option")
    expect(options).to_have_count(1)
    berta.box.press("Enter")
    expect(berta.box).to_have_value("Dear Clara, this is ours.")


def test_the_waiting_time_is_shown_in_words_and_colour_until_a_colleague_answers(
    desk, berta, engine
):
    for name, minutes in (("Clara", 0), ("Dora", 5), ("Emil", 20)):
        number = add_chat(engine, name, "Hello")
        with transaction(engine) as db:
            session = db.get_one(ChatSession, number)
            session.waiting_since = now() - timedelta(minutes=minutes, seconds=5)
    opened("", desk, berta)
    told = {"Clara": ("calm", "<1 min"), "Dora": ("soon", "5 min"), "Emil": ("late", "20 min")}
    for name, (urgency, words) in told.items():
        wait = desk.row_of(name).locator(".wait")
        expect(wait).to_have_attribute("data-urgency", urgency)
        expect(wait).to_contain_text(f"Waiting {words}")
    colours = {
        desk.row_of(name).locator(".wait").evaluate("wait => getComputedStyle(wait).color")
        for name in told
    }
    assert len(colours) == 3
    expect(desk.page.locator("#longest-name")).to_have_text("Emil")
    berta.opens("Emil").answers("Sorry to keep you").sees_sent("Sorry to keep you")
    expect(desk.row_of("Emil").locator(".wait")).to_be_hidden()
    expect(desk.row_of("Emil")).to_contain_text("Berta Beispiel: Sorry to keep you")
    expect(desk.page.locator("#longest-name")).to_have_text("Dora")
    nothing_was_reloaded(desk, berta)


def test_appearance_settings_of_one_device_apply_to_the_other(desk, berta, sofa):
    for one in (desk, berta):
        one.visits().is_ready()
    desk.page.locator("[data-menu=own] > summary").click()
    with desk.page.expect_response("**/preferences/"):
        desk.page.get_by_label("Theme").select_option("Light")
    sofa.visits().is_ready()
    expect(sofa.page.locator("html")).to_have_attribute("data-theme", "light")
    berta.page.reload()
    berta.is_ready()
    expect(berta.page.locator("html")).not_to_have_attribute("data-theme", "light")
