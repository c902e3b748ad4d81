"""An admin's account in the browser, the first sign-in, and what the browser keeps after signing out."""

from __future__ import annotations

import json

from playwright.sync_api import Page, expect

from livechat.accounts import admins
from livechat.db.session import transaction
from livechat.models import Draft

from ...factories import PASSWORD
from ..seeds import add_chat

NEW = "kettle orbit nine maple"
SECRET_TEXT = "a text that nobody else may find"


def storage(page: Page) -> str:
    """Return everything that this origin stores in the browser, as text."""
    kept = page.evaluate(
        """async () => ({
            local: {...localStorage}, session: {...sessionStorage},
            databases: (await indexedDB.databases()).map(({name}) => name),
            caches: await caches.keys(),
        })"""
    )
    return json.dumps(kept)


def sign_out(desk):
    desk.page.locator("[data-menu=own] > summary").click()
    desk.push("Sign out").click()


def drafts(engine):
    with transaction(engine, write=False) as db:
        return [draft.body for draft in db.query(Draft)]


def test_the_preview_follows_the_typing_and_the_new_name_is_shown_at_once(shopper, desk, new_desk):
    shopper.visits().opens_the_chat().gives("Clara").sends("Hello")
    desk.visits().opens("Clara").answers("Good day").sees_sent("Good day")
    shopper.sees("Good day").sees_status("Talking with Anna Antwort")
    berta = new_desk("berta", "Berta").is_signed_in().visits("1/").is_ready()
    expect(berta.page.locator("#held")).to_have_text("Anna Antwort")
    profile = desk.opens_another_tab("profile/").is_ready().page
    box, preview = profile.get_by_label("Display name"), profile.locator(".preview")
    box.fill("Anna <b>Berg</b>")
    expect(preview).to_contain_text("Talking with Anna <b>Berg</b>")
    box.fill("  ")
    expect(preview).to_contain_text("Talking with Your name")
    box.fill("Anna Berg")
    box.press("Enter")
    expect(profile.get_by_text("Your display name was changed")).to_be_visible()
    expect(profile.locator(".me")).to_contain_text("Anna Berg")
    shopper.sees_status("Talking with Anna Berg")
    expect(berta.page.locator("#held")).to_have_text("Anna Berg")


def test_the_profile_is_reached_from_the_menu_and_the_palette(desk):
    desk.visits().is_ready().page.locator("[data-menu=own] > summary").click()
    desk.page.get_by_role("link", name="Your profile").click()
    heading = desk.page.get_by_role("heading", name="Your profile")
    expect(heading).to_be_visible()
    desk.visits("search/").is_ready().page.locator("h1").click()
    desk.page.keyboard.press("Control+k")
    desk.page.get_by_role("combobox").fill("your profile")
    desk.page.keyboard.press("Enter")
    expect(heading).to_be_visible()


def test_a_new_password_signs_out_the_other_browser(new_desk):
    here, there = new_desk().is_signed_in(), new_desk("berta", "Berta")
    there.row = here.row
    there.is_signed_in().visits().is_ready()
    here.ear.expects("422")
    page = here.visits("profile/").is_ready().page
    for password, said in ((" 12345678", "too easy to guess"), (NEW, "Your password was changed")):
        page.get_by_label("Current password").fill(PASSWORD)
        page.get_by_label("New password").fill(password)
        here.push("Change password").click()
        expect(page.get_by_text(said)).to_be_visible()
    there.visits()
    expect(there.page.get_by_label("Password")).to_be_visible()
    there.signs_in(NEW, "anna").is_ready()


def test_the_first_sign_in_asks_for_the_name(new_desk, engine, shopper):
    desk = new_desk("ina", "ina")
    desk.visits().signs_in()
    box = desk.page.get_by_label("Display name")
    expect(box).to_be_focused()
    expect(box).to_have_value("Ina")
    box.fill("Ina Neu")
    box.press("Enter")
    desk.is_ready()
    expect(desk.page.locator(".me")).to_contain_text("Ina Neu")
    expect(desk.page).to_have_url(desk.url)


def test_an_invitation_leads_to_the_name_and_then_to_the_desk(new_desk, engine):
    desk = new_desk()
    with transaction(engine) as db:
        token = admins.invite(db, admins.add_admin(db, "ina.neu"))
    desk.ear.expects("422")
    page = desk.page
    page.goto(f"{desk.origin}/custom-admin/welcome/?token={token}")
    page.get_by_label("New password").fill("inaneu2026")
    desk.push("Save and sign in").click()
    expect(page.get_by_role("alert").filter(has_text="too easy to guess")).to_be_visible()
    page.get_by_label("New password").fill(page.locator(".suggestion").inner_text())
    desk.push("Save and sign in").click()
    expect(page.get_by_label("Display name")).to_have_value("Ina Neu")
    desk.push("Save and continue").click()
    desk.is_ready()


def test_no_typed_text_stays_in_the_browser_after_signing_out(desk, engine):
    number = add_chat(engine, "Clara", "Hello")
    add_chat(engine, "Dora", "Hi")
    desk.visits(f"{number}/").is_ready().box.fill(SECRET_TEXT)
    other = desk.opens_another_tab("2/").is_ready()
    other.box.fill(f"{SECRET_TEXT} in another tab")
    desk.page.wait_for_function(
        "text => JSON.stringify({...localStorage}).includes(text)", arg=SECRET_TEXT
    )
    desk.page.bring_to_front()
    desk.visits("search/").is_ready()
    sign_out(desk)
    expect(desk.page.get_by_label("Password")).to_be_visible()
    expect(other.page.get_by_label("Password")).to_be_visible()
    for page in (desk.page, other.page):
        assert SECRET_TEXT not in storage(page)
    # Going back to the chat does not show it, either.
    desk.page.go_back()
    expect(desk.page.get_by_label("Password")).to_be_visible()
    assert SECRET_TEXT not in desk.page.content()
    assert SECRET_TEXT not in storage(desk.page)
    # It is Anna's, on the server, and there again when she signs in.
    assert SECRET_TEXT in drafts(engine)
    desk.is_signed_in().visits(f"{number}/").is_ready()
    expect(desk.box).to_have_value(SECRET_TEXT)


def test_a_customers_chat_in_the_same_browser_continues(desk, server):
    page = desk.context.new_page()
    page.goto(f"{desk.origin}/chat/")
    box = page.get_by_role("textbox", name="Message")
    box.fill("I try my own shop")
    box.press("Enter")
    expect(page.get_by_role("log")).to_contain_text("I try my own shop")
    desk.visits().is_ready()
    sign_out(desk)
    expect(desk.page.get_by_label("Password")).to_be_visible()
    page.reload()
    expect(page.get_by_role("log")).to_contain_text("I try my own shop")


def test_signing_out_asks_about_unsent_text(desk, engine):
    desk.ear.expects("ERR_FAILED", "ERR_INTERNET_DISCONNECTED")
    number = add_chat(engine, "Clara", "Hello")
    desk.visits(f"{number}/").is_ready()
    desk.context.route("**/send/", lambda route: route.abort())
    desk.answers(SECRET_TEXT)
    expect(desk.line(SECRET_TEXT).get_by_text("Not sent yet")).to_be_visible()
    asked = []

    def stays(dialog):
        asked.append(dialog.message)
        dialog.dismiss()

    desk.page.once("dialog", stays)
    with desk.page.expect_event("dialog"):  # the draft goes to the server before the question
        sign_out(desk)
    expect(desk.line(SECRET_TEXT)).to_be_visible()
    assert "Sign out and delete it?" in asked[0]
    desk.page.once("dialog", lambda dialog: dialog.accept())
    desk.push("Sign out").click()
    expect(desk.page.get_by_label("Password")).to_be_visible()
    assert SECRET_TEXT not in storage(desk.page)


def test_without_a_connection_nothing_is_deleted(desk, engine):
    desk.ear.expects("ERR_FAILED")
    number = add_chat(engine, "Clara", "Hello")
    desk.visits(f"{number}/").is_ready().box.fill(SECRET_TEXT)
    desk.context.route("**/logout/", lambda route: route.abort())
    sign_out(desk)
    expect(desk.page.locator("#connection")).to_contain_text("Something went wrong")
    expect(desk.box).to_have_value(SECRET_TEXT)
    assert SECRET_TEXT in storage(desk.page)


def test_signing_out_without_javascript_leaves_nothing_to_go_back_to(new_desk, engine):
    plain = new_desk(java_script_enabled=False).is_signed_in()
    add_chat(engine, "Clara", "Hello")
    plain.visits("1/")
    sign_out(plain)
    expect(plain.page.get_by_label("Password")).to_be_visible()
    plain.page.go_back()
    expect(plain.page.get_by_label("Password")).to_be_visible()


def test_an_earlier_chat_of_the_same_address_is_called_unverified(desk, engine):
    for _ in range(2):
        add_chat(engine, "Clara", "Hello", email="clara@example.com")
    desk.visits("2/").is_ready()
    expect(desk.page.locator("#unverified")).to_contain_text("only share an email address")
    expect(desk.page.locator("#earlier-list")).to_contain_text("Unverified")
