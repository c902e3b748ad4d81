"""A whole conversation between a customer's browser, an admin's browser and a colleague in the shell."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from ..seeds import query, shell


def test_a_customer_and_an_admin_talk_from_the_gold_button_to_the_end(shopper, new_desk):
    shopper.visits("ember/")
    expect(shopper.button).to_be_visible()
    shopper.opens_the_chat().gives("Clara Kundin", "clara@example.com")
    shopper.sends("Is the Ember lamp dimmable?")
    shopper.sees_status("Awaiting reply")

    anna = new_desk("anna", "Anna Antwort").visits().signs_in()
    anna.sees_counts(waiting=1, active=0, closed=0)
    row = anna.row_of("Clara Kundin")
    for part in ("Is the Ember lamp dimmable?", "Ember table lamp", "Waiting", "Unassigned"):
        expect(row).to_contain_text(part)

    anna.opens("Clara Kundin")
    expect(anna.customer).to_have_css("color", "rgb(212, 175, 55)")
    expect(anna.line("Is the Ember lamp dimmable?").get_by_text("CUSTOMER")).to_be_visible()
    facts = anna.page.get_by_role("complementary")
    for part in ("clara@example.com", "Ember table lamp", "89 €"):
        expect(facts).to_contain_text(part)

    anna.answers("Yes, with any dimmer.").sees_sent("Yes, with any dimmer.")
    anna.sees_status("Active")
    shopper.sees("Yes, with any dimmer.").sees_status("Talking with Anna Antwort")
    expect(shopper.line("Yes, with any dimmer.").get_by_text("Anna Antwort")).to_be_visible()

    shopper.sends("Thank you!")
    anna.sees("Thank you!")
    anna.push("Close chat").click()
    anna.sees_status("Closed")
    shopper.sees_status("This chat has ended")
    expect(shopper.push("Reopen chat")).to_be_visible()

    shopper.push("Reopen chat").click()
    shopper.sees_status("Talking with Anna Antwort")
    shopper.sends("One more thing.")
    anna.sees("One more thing.").sees_status("Active")


def test_an_answer_to_a_closed_panel_shows_as_a_badge_and_in_the_title(shopper, desk):
    shopper.visits().opens_the_chat().gives("Clara").sends("Hello?")
    shopper.closes_the_chat()
    desk.visits().opens("Clara").answers("Good morning!").answers("How can we help?")
    desk.sees_sent("How can we help?")
    shopper.hurries().sees_badge(2)

    shopper.opens_the_chat().sees("Good morning!", "How can we help?")
    shopper.closes_the_chat().sees_badge(0)


def test_a_customer_starts_a_new_chat_after_the_old_one_was_closed(shopper, desk, engine):
    shopper.visits().opens_the_chat().gives("Clara").sends("First question")
    desk.visits().opens("Clara").push("Close chat").click()
    desk.sees_status("Closed")

    shopper.sees_status("This chat has ended").push("Start a new chat").click()
    expect(shopper.box).to_be_focused()
    shopper.sends("Second question").sees_exactly("Second question")
    assert query(engine, "SELECT status FROM chat_sessions ORDER BY id") == [
        ("closed",),
        ("waiting",),
    ]
    desk.visits().sees_counts(waiting=1, active=0, closed=1)


def test_a_customer_ends_the_chat_after_being_asked(shopper, desk):
    shopper.visits().opens_the_chat().gives("Clara").sends("Never mind")
    desk.visits().opens("Clara")
    shopper.push("End chat").click()
    shopper.push("Cancel").click()
    shopper.sees_status("Awaiting reply")
    shopper.push("End chat").click()
    shopper.chat.get_by_role("region", name="End chat").get_by_role(
        "button", name="End chat"
    ).click()
    shopper.sees_status("This chat has ended")
    desk.sees_status("Closed")


def test_acts_of_a_colleague_in_the_shell_appear_in_both_browsers(shopper, desk, server):
    shopper.visits().opens_the_chat().gives("Clara").sends("Anybody there?")
    desk.visits().opens("Clara")
    number = re.search(r"/chat/(\d+)/", desk.page.url)[1]

    shell(server, "sessions", "reply", number, "Greetings from the shell")
    shopper.sees("Greetings from the shell")
    desk.sees("Greetings from the shell")

    shell(server, "sessions", "close", number)
    shopper.sees_status("This chat has ended")
    desk.sees_status("Closed")


def test_the_product_of_another_page_joins_the_same_conversation(shopper, desk):
    shopper.visits("ember/").opens_the_chat()
    expect(shopper.chat.get_by_text("About: Ember table lamp")).to_be_visible()
    shopper.gives("Clara").sends("How tall is it?")

    shopper.visits("halo/").sees_the_chat().sees("How tall is it?")
    expect(shopper.chat.get_by_text("About: Halo pendant")).to_be_visible()
    shopper.sends("And this one?").sees_line(re.compile("Halo pendant"))
    desk.visits().opens("Clara").sees("How tall is it?", "And this one?")
    expect(desk.page.get_by_role("complementary")).to_contain_text("Halo pendant")


def test_a_product_can_be_removed(shopper, engine):
    shopper.visits("halo/").opens_the_chat()
    shopper.push("Remove product").click()
    shopper.sends("A question about something else")
    assert query(engine, "SELECT product_id FROM chat_sessions") == [(None,)]


def test_the_full_page_chat_works_without_a_shop(shopper, desk):
    shopper.visits_the_full_page_chat().sees_the_chat().gives("Clara").sends("No shop around me")
    desk.visits().opens("Clara").answers("We see you all the same.")
    shopper.sees("We see you all the same.")


def test_a_plain_link_leads_to_a_chat_about_a_product(shopper, engine):
    shopper.alone = True
    shopper.visits(f"{shopper.chat_origin}/chat/start/42/").sees_the_chat()
    expect(shopper.chat.get_by_text("About product 42")).to_be_visible()
    shopper.sends("Is it in stock?")
    assert query(engine, "SELECT product_id FROM chat_sessions") == [("42",)]
