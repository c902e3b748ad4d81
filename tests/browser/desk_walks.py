"""Walks through all pages and states of the desk, like those in walks.py."""

from __future__ import annotations

import re
from datetime import timedelta

from playwright.sync_api import expect

from livechat.accounts import admins
from livechat.actors import STAFF, admin_actor
from livechat.conversation import notes, tags, triage
from livechat.conversation.opening import Product
from livechat.db.session import transaction
from livechat.desk import canned_replies as replies
from livechat.desk import preferences
from livechat.models import Admin as AdminRow
from livechat.models import ChatSession
from livechat.models.chat import Priority

from .seeds import add_chat, add_messages, close_chat
from .walks import Look, World

EMBER = Product(id="41", name="Ember table lamp", url="https://shop.example/", price="89 €")


def the_list_in_its_states(world: World, look: Look) -> None:
    engine, desk = world.engine, world.desk().is_signed_in().visits().is_ready()
    look(desk.page)
    clara = add_chat(engine, "Clara", "Hello", email="clara@example.com", product=EMBER)
    add_messages(engine, add_chat(engine, None, "Hi"), desk.row, "Good day")
    close_chat(engine, add_chat(engine, "Emil"))
    with transaction(engine) as db:
        session = db.get_one(ChatSession, clara)
        assert session.waiting_since is not None
        session.waiting_since -= timedelta(minutes=40)
        triage.set_priority(db, session, STAFF, Priority.URGENT)
        tags.change_tags(db, session, STAFF, ["refund"], [])
        preferences.save_view(db, desk.row.id, "Refunds", {"tag": "refund"})
    desk.sees_counts(waiting=1, active=1, closed=1)
    look(desk.page)
    desk.visits("?tag=refund").is_ready()  # a saved view
    look(desk.page)
    for query in ("?status=waiting", "?status=closed&assignee=me", "?view=mine", "?view=snoozed"):
        desk.visits(query).is_ready()
        look(desk.page)
    desk.visits("?q=nobody").is_ready()
    look(desk.page)
    desk.visits().is_ready().page.get_by_label("Select the chat with Clara").check()
    expect(desk.page.get_by_role("form", name="Selected chats")).to_be_visible()
    look(desk.page)


def a_conversation_on_the_desk(world: World, look: Look) -> None:
    number = add_chat(world.engine, "Clara", "Hello", email="clara@example.com", product=EMBER)
    add_chat(world.engine, None, "No name, nothing")
    desk = world.desk().is_signed_in().visits(f"{number}/").is_ready()
    desk.ear.expects("ERR_FAILED", "403")
    look(desk.page)
    desk.answers("Good day").sees_sent("Good day")
    if world.phone:
        desk.box.blur()  # while the box has the focus on a phone, the conversation takes all the space
        desk.page.get_by_text("Details", exact=True).tap()
    look(desk.page)
    desk.context.route("**/send/", lambda route: route.abort())
    desk.answers("Not now")
    expect(desk.line("Not now").get_by_text("Not sent yet")).to_be_visible()
    look(desk.page)
    desk.context.unroute_all()
    desk.sees_sent("Not now")
    desk.push("Close chat").click()
    desk.sees_status("Closed")
    look(desk.page)
    desk.visits("2/").is_ready()
    look(desk.page)
    desk.loses_the_login()
    expect(desk.page.get_by_role("alert").filter(has_text="signed out")).to_be_visible()
    look(desk.page)


def notes_canned_replies_and_held_answers(world: World, look: Look) -> None:
    engine, desk = world.engine, world.desk().is_signed_in()
    berta = world.desk("berta", "Berta Beispiel").row
    desk.ear.expects("409", "ERR_FAILED")
    add_chat(engine, "Clara", "Hello", product=EMBER)
    with transaction(engine) as db:
        actor = admin_actor(desk.row.id, desk.row.name)
        for code in ("hours", "norway"):
            replies.add(db, actor, code=code, title=code, body="From 9 to 5.", everybody=True)
    desk.visits("1/").is_ready().page.get_by_role("tab", name="Note").click()
    desk.page.locator("#note-body").fill("For @berta")
    look(desk.page)
    desk.page.locator("#note-body").press("Enter")
    expect(desk.page.locator(".line.note")).to_be_visible()
    look(desk.page)
    desk.page.get_by_role("tab", name="Reply").click()
    desk.box.press_sequentially("/")
    expect(desk.page.get_by_role("listbox", name="Canned replies")).to_be_visible()
    look(desk.page)
    desk.box.fill("A text that is worth keeping.")
    desk.push("Save as canned reply").click()
    expect(desk.page.get_by_role("dialog")).to_be_visible()
    look(desk.page)
    # The page must not know of the colleague's answer yet when the admin sends.
    desk.context.route("**/messages/**", lambda route: route.abort())
    desk.visits("1/").is_ready().sees("Hello")
    add_messages(engine, 1, berta, "I am on it")
    desk.answers("Me, too")
    expect(desk.page.get_by_role("region", name="Reply not sent")).to_be_visible()
    look(desk.page)
    desk.context.unroute_all()


def the_menus_and_what_they_do(world: World, look: Look) -> None:
    add_chat(world.engine, "Clara", "Hello", product=EMBER)
    add_messages(world.engine, add_chat(world.engine, "Dora"), None, "Still there?")
    desk = world.desk().is_signed_in().visits("1/").is_ready()
    for menu in ("assign", "snooze", "more"):
        desk.opens_menu(menu)
        look(desk.page)
    desk.page.get_by_label("Priority").select_option("Urgent")
    expect(desk.page.locator("#urgency")).to_be_visible()
    desk.page.locator("[data-menu=own] > summary").click()
    look(desk.page)
    desk.page.keyboard.press("Escape")
    desk.opens_menu("snooze").page.get_by_role("button", name=re.compile("^Tomorrow")).click()
    expect(desk.page.locator("#snoozed")).to_be_visible()
    look(desk.page)
    desk.opens_menu("more").push("Block customer").click()
    desk.opens_menu("more")
    expect(desk.page.locator("#block")).not_to_have_text("Block customer")
    look(desk.page)
    viewer = world.desk("vera", "Vera Vonfern").is_signed_in()
    with transaction(world.engine) as db:
        admins.set_role(db, db.get_one(AdminRow, viewer.row.id), "viewer")
    viewer.visits("2/").is_ready()
    look(viewer.page)


def the_palette_and_the_sheet(world: World, look: Look) -> None:
    add_chat(world.engine, "Clara", "Hello", product=EMBER)
    desk = world.desk().is_signed_in().visits("1/").is_ready()
    for keys in ("Control+k", "?"):
        desk.page.locator("#heading").focus()
        desk.page.keyboard.press(keys)
        dialog = desk.page.get_by_role("dialog")
        expect(dialog).to_be_visible()
        look(desk.page)
        if keys != "?":
            desk.page.keyboard.type("zzzz")  # no match
            look(desk.page)
        desk.page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)


def the_search(world: World, look: Look) -> None:
    desk = world.desk().is_signed_in()
    desk.ear.expects("422")
    number = add_chat(world.engine, "Clara", "The blue lamp", product=EMBER)
    with transaction(world.engine) as db:
        actor = admin_actor(desk.row.id, desk.row.name)
        session = db.get_one(ChatSession, number)
        notes.add_note(db, session, actor, "A <lamp> for @berta", "a-note")
    for query in ("", "?q=lamp", "?q=nothing+of+it", "?q=before:soon"):
        desk.visits(f"search/{query}")
        look(desk.page)
    desk.page.get_by_text("Search filters").click()
    look(desk.page)


def figures_and_the_audit_log(world: World, look: Look) -> None:
    desk = world.desk("anna", "Anna <Antwort>").is_signed_in()
    for path in ("statistics/", "audit/"):
        desk.visits(path)
        look(desk.page)
    add_messages(world.engine, add_chat(world.engine, "Clara"), desk.row, "Good day")
    close_chat(world.engine, add_chat(world.engine, "Dora"))
    add_chat(world.engine, "Emil")
    for path in ("statistics/", "audit/", "audit/?act=role"):
        desk.visits(path)
        look(desk.page)
    for table in desk.visits("statistics/").page.locator("main details > summary").all():
        table.click()
    look(desk.page)


def canned_replies(world: World, look: Look) -> None:
    desk = world.desk().is_signed_in().visits("replies/").is_ready()
    desk.ear.expects("409", "422")
    look(desk.page)
    new = desk.page.locator("details.new")
    for code in ("hours", "hours"):
        if new.get_attribute("open") is None:
            new.locator("summary").click()
        new.get_by_label("Short code").fill(code)
        new.get_by_label("Text").fill("Dear {customer.name|friend}, from nine to five.")
        new.get_by_role("button", name="Save").click()
        desk.is_ready()
        look(desk.page)
    expect(desk.page.get_by_role("alert").filter(has_text="/hours")).to_be_visible()
    desk.page.locator(".change > summary").click()
    desk.page.locator(".remove > summary").click()
    look(desk.page)


def the_team(world: World, look: Look) -> None:
    desk = world.desk().is_signed_in()
    desk.ear.expects("409", "422")
    off = world.desk("otto", "Otto Offline").row
    with transaction(world.engine) as db:
        admins.disable(db, db.get_one(AdminRow, off.id))
    desk.visits("team/")
    for number in (1, 2):  # the second time is an error
        add = desk.page.get_by_role("region", name="Invite teammate")
        add.get_by_label("Username").fill("berta")
        add.get_by_role("button", name="Create invite link").click()
        expect(desk.page.locator(("#invitation", "#problem")[number - 1])).to_be_visible()
        look(desk.page)
    for person in desk.page.locator(".person > .change > summary").all():
        person.click()
    look(desk.page)


def the_account(world: World, look: Look) -> None:
    desk = world.desk().is_signed_in()
    desk.ear.expects("422")
    world.desk("berta", "Berta Beispiel")
    with transaction(world.engine) as db:
        row = db.get_one(AdminRow, desk.row.id)
        for device in ("Safari on iPhone", "Firefox on Windows"):
            admins.sign_in(db, row, 24, device=device, network="2001:db8:12:3456::/64")
    desk.visits("profile/").is_ready()
    look(desk.page)
    desk.page.get_by_label("Email (optional)").fill("anna@")
    desk.push("Save email").click()
    expect(desk.page.locator("#problem")).to_be_visible()
    look(desk.page)
    desk.push("Sign out everywhere else").click()
    expect(desk.page.get_by_text("You were signed out everywhere else.")).to_be_visible()
    look(desk.page)
    desk.visits("profile/name/").is_ready()
    look(desk.page)


DESK_WALKS = (
    the_list_in_its_states,
    a_conversation_on_the_desk,
    notes_canned_replies_and_held_answers,
    the_menus_and_what_they_do,
    the_palette_and_the_sheet,
    the_search,
    figures_and_the_audit_log,
    canned_replies,
    the_team,
    the_account,
)
