"""Notes, canned replies, drafts on other devices, and held answers."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from ..seeds import add_chat, add_messages, stored


def test_a_note_is_for_colleagues_only(shopper, desk, new_desk, engine):
    berta = new_desk("berta", "Berta Beispiel").is_signed_in()
    shopper.visits().opens_the_chat().gives("Clara").sends("Hello")
    berta.visits("1/").is_ready()
    desk.visits("1/").is_ready()
    desk.page.get_by_role("tab", name="Note").click()
    note = desk.page.get_by_role("textbox", name="Internal note (customers never see it)")
    expect(note).to_be_focused()
    note.fill("She is a friend of @berta")
    note.press("Enter")
    for admin in (desk, berta):
        line = admin.page.locator(".line.note")
        expect(line).to_contain_text("She is a friend of @berta")
        expect(line).to_contain_text("Internal note")
    desk.page.get_by_role("tab", name="Reply").click()
    desk.answers("Good morning").sees_sent("Good morning")
    shopper.sees_exactly("Hello", "Good morning")
    desk.page.reload()
    desk.is_ready()
    expect(desk.page.locator(".line.note")).to_have_count(1)


def test_the_customer_is_not_told_that_somebody_types_a_note(shopper, desk):
    shopper.visits().opens_the_chat().gives("Clara").sends("Hello")
    desk.visits("1/").is_ready()
    told = []
    desk.page.on("request", lambda each: "/typing/" in each.url and told.append(each.url))
    desk.page.get_by_role("tab", name="Note").click()
    note = desk.page.locator("#note-body")
    note.press_sequentially("She is a friend")
    note.press("Enter")
    expect(desk.page.locator(".line.note")).to_be_visible()
    assert told == []
    expect(shopper.typing).to_be_hidden()


def test_a_mention_notifies_the_colleague(desk, new_desk, engine):
    berta = new_desk("berta", "Berta Beispiel").is_signed_in()
    add_chat(engine, "Clara")
    berta.visits().is_ready()
    desk.visits("1/").is_ready().page.get_by_role("tab", name="Note").click()
    desk.page.locator("#note-body").fill("Look here, @berta")
    desk.page.locator("#note-body").press("Enter")
    expect(desk.page.locator(".line.note")).to_be_visible()
    views = berta.page.get_by_role("navigation", name=re.compile("views"))
    expect(views.get_by_role("link", name=re.compile("Mentions"))).to_contain_text("1")
    views.get_by_role("link", name=re.compile("Mentions")).click()
    berta.sees_chats("Clara")


def test_canned_replies_are_found_by_a_slash_filled_in_and_saved(desk, engine):
    add_chat(engine, "Clara Kundin", "Hello")
    desk.visits("1/").is_ready()
    desk.box.fill("Dear {customer.name|friend}, we ship to Norway, too.")
    desk.push("Save as canned reply").click()
    dialog = desk.page.get_by_role("dialog")
    dialog.get_by_label(re.compile("Short code")).fill("norway")
    dialog.get_by_label("Title").fill("Shipping to Norway")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    desk.box.fill("")
    desk.box.press_sequentially("/norw")
    options = desk.page.get_by_role("listbox", name="Canned replies").get_by_role("option")
    expect(options).to_have_count(1)
    expect(options.first).to_have_attribute("aria-selected", "true")
    desk.box.press("Enter")
    expect(desk.box).to_have_value("Dear Clara Kundin, we ship to Norway, too.")
    assert stored(engine) == ["Hello"]
    desk.box.press("Enter")
    desk.sees_sent("Dear Clara Kundin")


def test_a_draft_continues_on_another_device(desk, new_context, engine):
    add_chat(engine, "Clara")
    desk.visits("1/").is_ready()
    with desk.page.expect_response("**/draft/"):
        desk.box.fill("Begun at the desk")
    other = type(desk)(new_context(), desk.server, engine, desk.row).is_signed_in()
    other.visits("1/").is_ready()
    expect(other.box).to_have_value("Begun at the desk")
    with other.page.expect_response(
        lambda answer: "/draft/" in answer.url and answer.request.method == "POST"
    ):
        other.answers("Begun at the desk, sent from the sofa")
    other.sees_sent("sent from the sofa")
    desk.context.clear_cookies()
    third = type(desk)(new_context(), desk.server, engine, desk.row).is_signed_in()
    third.visits("1/").is_ready()
    third.page.wait_for_timeout(300)
    expect(third.box).to_have_value("")


def test_an_answer_is_held_when_a_colleague_was_faster(desk, new_desk, engine):
    berta = new_desk("berta", "Berta Beispiel")
    add_chat(engine, "Clara", "Hello")
    desk.ear.expects("409", "ERR_FAILED")
    desk.visits("1/").is_ready().sees("Hello")
    # Anna's page must not know of Berta's answer yet when she sends.
    desk.context.route("**/messages/**", lambda route: route.abort())
    desk.visits("1/").is_ready().sees("Hello")
    add_messages(engine, 1, berta.row, "I am on it")
    desk.answers("Let me look")
    held = desk.page.get_by_role("region", name="Reply not sent")
    desk.context.unroute_all()
    expect(held).to_contain_text("A teammate just replied")
    expect(held).to_contain_text("I am on it")
    expect(held).to_contain_text("Let me look")
    assert stored(engine) == ["Hello", "I am on it"]
    held.get_by_role("button", name="Edit").click()
    expect(held).to_be_hidden()
    expect(desk.box).to_have_value("Let me look")
    desk.answers("As Berta says").sees_sent("As Berta says")
    assert stored(engine) == ["Hello", "I am on it", "As Berta says"]


def test_a_held_answer_is_sent_after_confirmation(desk, new_desk, engine):
    berta = new_desk("berta", "Berta Beispiel")
    add_chat(engine, "Clara", "Hello")
    desk.ear.expects("409", "ERR_FAILED")
    desk.context.route("**/messages/**", lambda route: route.abort())
    desk.visits("1/").is_ready().sees("Hello")
    add_messages(engine, 1, berta.row, "I am on it")
    desk.answers("Me, too")
    desk.context.unroute_all()
    desk.push("Send anyway").click()
    desk.sees_sent("Me, too")
    assert stored(engine) == ["Hello", "I am on it", "Me, too"]


def test_earlier_conversations_are_listed_next_to_the_new_one(shopper, desk):
    shopper.visits().opens_the_chat().gives("Clara").sends("First question")
    desk.visits().opens("Clara").push("Close chat").click()
    shopper.sees_status("This chat has ended").push("Start a new chat").click()
    shopper.sends("Second question")
    desk.visits("2/").is_ready()
    earlier = desk.page.get_by_role("list", name="Previous chats")
    expect(earlier).to_contain_text("First question")
    earlier.get_by_role("link").click()
    desk.sees("First question")
    expect(desk.page).to_have_url(f"{desk.url}1/")


def test_canned_replies_have_a_page(new_desk):
    desk = new_desk(java_script_enabled=False).is_signed_in().visits("replies/")
    desk.ear.expects("409", "422")
    new = desk.page.locator("details.new")
    for code, text in (("hours", "We are here from nine to five."), ("hours", "Twice")):
        if new.get_attribute("open") is None:
            new.locator("summary").click()
        new.get_by_label("Short code").fill(code)
        new.get_by_label("Text").fill(text)
        new.get_by_role("button", name="Save").click()
    expect(desk.page.locator("#problem")).to_contain_text("/hours")
    expect(new.get_by_label("Text")).to_have_value("Twice")  # the text is kept
    reply = desk.page.locator(".canned-reply")
    expect(reply).to_have_count(1)
    reply.locator(".change > summary").click()
    reply.get_by_label("Text").fill("We are here from nine to six.")
    reply.get_by_role("button", name="Save").click()
    expect(reply.locator(".text")).to_have_text("We are here from nine to six.")
    reply.locator(".change > summary").click()
    reply.locator(".remove > summary").click()
    reply.get_by_role("button", name="Yes, remove").click()
    expect(desk.page.get_by_text("No canned replies yet")).to_be_visible()
