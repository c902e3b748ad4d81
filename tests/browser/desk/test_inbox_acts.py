"""Acts on chats in the inbox: tag, snooze, transfer, take, bulk acts; and who else has a chat open."""

from __future__ import annotations

from playwright.sync_api import expect

from ..seeds import add_chat


def test_several_chats_are_tagged_assigned_and_closed_at_once(desk, new_desk, engine):
    new_desk("berta", "Berta Beispiel")
    for name in ("Clara", "Dora", "Emil"):
        add_chat(engine, name)
    desk.visits().is_ready()
    for name in ("Clara", "Emil"):
        desk.page.get_by_label(f"Select the chat with {name}").check()
    bar = desk.page.get_by_role("form", name="Selected chats")
    expect(bar).to_contain_text("2 chats selected")
    bar.get_by_label("Add a tag").fill("refund")
    bar.get_by_role("button", name="Tag").click()
    expect(bar).to_be_hidden()
    expect(desk.row_of("Clara").get_by_text("refund")).to_be_visible()
    expect(desk.row_of("Dora").get_by_text("refund")).to_have_count(0)
    for name in ("Clara", "Emil"):
        desk.page.get_by_label(f"Select the chat with {name}").check()
    bar.get_by_label("Assign to").select_option("Berta Beispiel")
    bar.get_by_role("button", name="Assign").click()
    expect(desk.row_of("Emil")).to_contain_text("Berta Beispiel")
    desk.page.get_by_label("Select the chat with Dora").check()
    bar.get_by_role("button", name="Close").click()
    desk.sees_counts(waiting=0, active=2, closed=1)


def test_tags_priority_snooze_and_block_are_shown_in_header_and_row(desk, engine):
    add_chat(engine, "Clara", "Hello")
    desk.visits("1/").is_ready()
    desk.page.get_by_label("New tag").fill("refund")
    desk.page.get_by_label("New tag").press("Enter")
    expect(desk.row_of("Clara").get_by_text("refund")).to_be_visible()
    desk.opens_menu("more").page.get_by_label("Priority").select_option("Urgent")
    expect(desk.row_of("Clara").get_by_text("Urgent")).to_be_visible()
    desk.opens_menu("snooze").page.locator("[data-snooze=tomorrow]").click()
    expect(desk.page.locator("main header").get_by_text("Snoozed until")).to_be_visible()
    desk.opens_menu("snooze").push("Unsnooze").click()
    expect(desk.page.locator("main header").get_by_text("Snoozed until")).to_be_hidden()
    desk.push("Remove tag refund").click()
    expect(desk.row_of("Clara").get_by_text("refund")).to_have_count(0)
    desk.opens_menu("more").push("Block customer").click()
    desk.opens_menu("more")
    expect(desk.push("Unblock customer")).to_be_visible()


def test_a_chat_marked_unread_stays_unread_while_it_is_open(desk, engine):
    add_chat(engine, "Clara", "Hello")
    desk.visits("1/").is_ready().sees_title_count(0)
    desk.opens_menu("more").push("Mark as unread").click()
    desk.sees_title_count(1)
    expect(desk.row_of("Clara").get_by_text("1 unread")).to_be_visible()
    desk.page.wait_for_timeout(500)
    desk.sees_title_count(1)


def test_a_chat_is_transferred_with_a_note(desk, new_desk, engine):
    berta = new_desk("berta", "Berta Beispiel").is_signed_in()
    add_chat(engine, "Clara", "Hello")
    desk.visits("1/").is_ready().opens_menu("assign")
    desk.page.get_by_label("Assign to teammate").select_option("Berta Beispiel")
    desk.page.get_by_label("Internal note (optional)").fill("She wants a refund")
    desk.push("Assign").click()
    expect(desk.page.locator("#held")).to_have_text("Berta Beispiel")
    berta.visits("1/").is_ready()
    expect(berta.page.locator(".note")).to_contain_text("She wants a refund")


def test_the_next_waiting_chat_is_taken(desk, engine):
    add_chat(engine, "Clara", "First")
    add_chat(engine, "Dora", "Second")
    desk.visits().is_ready().push("Take next chat").click()
    expect(desk.customer).to_have_text("Clara")
    desk.sees_status("You")


def test_other_viewers_of_the_chat_are_shown_next_to_the_box(desk, new_desk, engine):
    berta = new_desk("berta", "Berta Beispiel").is_signed_in()
    add_chat(engine, "Clara", "Hello")
    desk.visits("1/").is_ready()
    berta.visits("1/").is_ready()
    expect(desk.page.locator("#viewers")).to_contain_text("Berta Beispiel is also viewing")
    berta.visits().is_ready()
    expect(desk.page.locator("#viewers")).to_be_empty(timeout=60_000)


def test_five_hundred_unread_chats_and_a_name_of_accents_break_nothing(desk, engine):
    accents = "Z" + "\u0301" * 300 + "oe"
    add_chat(engine, accents, *["Hello?"] * 500)
    add_chat(engine, "Clara")
    desk.visits("2/").is_ready()
    row = desk.rows.filter(has_text="oe")
    expect(row.get_by_text("500 unread")).to_be_visible()
    assert row.bounding_box()["height"] < 140
    desk.sees_title_count(500)
    row.get_by_role("link").click()
    expect(desk.customer).to_have_text(accents)
    assert desk.customer.bounding_box()["height"] < 50
    desk.sees_title_count(0)
