"""The desk: signing in and out, the list that updates live, filters, colleagues, lost logins."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from livechat.conversation.opening import Product

from ..seeds import add_chat, add_messages, close_chat, query, shell, stored


def test_after_a_wrong_password_the_right_one_leads_to_the_page_asked_for(new_desk, engine):
    number = add_chat(engine, "Clara")
    desk = new_desk().visits(f"{number}/")
    desk.ear.expects("422")
    desk.signs_in("not the password")
    expect(desk.page.get_by_role("alert")).to_be_visible()
    expect(desk.page.get_by_label("Username")).to_have_value("anna")
    expect(desk.page.get_by_label("Password")).to_have_value("")
    desk.signs_in()
    expect(desk.customer).to_have_text("Clara")
    expect(desk.page).to_have_url(f"{desk.url}{number}/")


def test_signing_out_signs_out_the_other_tab_too(desk, engine):
    add_chat(engine, "Clara")
    desk.ear.expects("403")
    desk.visits().is_ready()
    other = desk.opens_another_tab().is_ready()
    desk.signs_out()
    expect(desk.page.get_by_label("Password")).to_be_visible()
    expect(other.page.get_by_label("Password")).to_be_visible()
    desk.visits()
    expect(desk.page.get_by_label("Password")).to_be_visible()


def test_an_invitation_leads_to_a_password_and_into_the_desk(new_desk, engine, server):
    told = shell(server, "admins", "add", "berta", "--name", "Berta Beispiel", "--invite")
    desk = new_desk()
    token = re.search(r"[?]token=\S+", told)[0]
    link = f"{desk.origin}/custom-admin/welcome/{token}"
    desk.page.goto(link)
    expect(desk.page.get_by_role("heading", level=1)).to_contain_text("Welcome")
    desk.page.get_by_label("New password").fill("words that nobody guesses")
    desk.push("Save and sign in").click()
    expect(desk.page).to_have_url(desk.url)
    desk.ear.expects("403")  # a request of the page that is being left
    desk.signs_out()
    desk.signs_in("words that nobody guesses", "berta").is_ready()
    desk.page.goto(link)
    expect(desk.page.get_by_text("no longer works")).to_be_visible()


def test_the_dashboard_updates_without_a_reload(desk, shopper, engine):
    desk.visits().is_ready().sees_counts(waiting=0, active=0, closed=0)
    expect(desk.page.get_by_text("No chats yet")).to_be_visible()
    desk.page.evaluate("window.same = true")

    shopper.visits("ember/").opens_the_chat().gives("Clara").sends("Hello?")
    desk.sees_counts(waiting=1).sees_chats("Clara").sees_title_count(1)
    expect(desk.row_of("Clara")).to_contain_text("Hello?")
    add_chat(engine, "Dora", "Me, too")
    desk.sees_counts(waiting=2).sees_chats("Dora", "Clara").sees_title_count(2)
    expect(desk.page.get_by_role("main")).to_contain_text(re.compile("Longest wait: *Clara"))

    shopper.sends("Still there?")
    desk.sees_chats("Clara", "Dora")
    expect(desk.row_of("Clara")).to_contain_text("Still there?")
    expect(desk.row_of("Clara").get_by_text("2 unread")).to_be_visible()
    close_chat(engine, 2)
    desk.sees_counts(waiting=1, closed=1)
    assert desk.page.evaluate("window.same")


def test_filters_search_and_assignee_narrow_the_list(desk, new_desk, engine):
    berta = new_desk("berta", "Berta Beispiel")
    ember = Product(id="41", name="Ember table lamp")
    add_chat(engine, "Clara Kundin", "Hello", email="clara@example.com", product=ember)
    number = add_chat(engine, "Dora Dorn", "Good day")
    add_messages(engine, number, desk.row, "Hello Dora")
    number = add_chat(engine, "Emil Ernst", "Servus")
    add_messages(engine, number, berta.row, "Servus Emil")
    close_chat(engine, add_chat(engine, "Fritz Fertig"))
    desk.visits().is_ready().sees_counts(waiting=1, active=2, closed=1)
    desk.sees_chats("Fritz Fertig", "Emil Ernst", "Dora Dorn", "Clara Kundin")

    statistics = desk.page.get_by_role("navigation", name=re.compile("Statistics"))
    for status, names in (
        ("Waiting", ["Clara Kundin"]),
        ("Active", ["Emil Ernst", "Dora Dorn"]),
        ("Closed", ["Fritz Fertig"]),
    ):
        statistics.get_by_role("link", name=re.compile(f"^{status}")).click()
        desk.sees_chats(*names)
    statistics.get_by_role("link", name=re.compile("^All")).click()

    desk.page.get_by_text("Filter this list").click()
    search = desk.page.get_by_role("searchbox")
    for words, names in (
        ("kundin", ["Clara Kundin"]),
        ("CLARA@example.com", ["Clara Kundin"]),
        ("ember table", ["Clara Kundin"]),
        ("%", []),
    ):
        search.fill(words)
        search.press("Enter")
        expect(desk.page).to_have_url(re.compile(r"q="))
        desk.sees_chats(*names)
    expect(desk.page.get_by_text("No results")).to_be_visible()
    desk.page.get_by_role("link", name="Show all chats").click()

    desk.page.get_by_text("Filter this list").click()
    chosen = desk.page.get_by_label("Assigned to")
    for option, names in (
        ("Me", ["Dora Dorn"]),
        ("Berta Beispiel", ["Emil Ernst"]),
        ("Unassigned", ["Fritz Fertig", "Clara Kundin"]),
    ):
        chosen.select_option(option)
        desk.push("Search").click()
        expect(desk.page).to_have_url(re.compile("assignee="))
        desk.sees_chats(*names)


def test_a_long_list_has_pages(desk, engine):
    for number in range(53):
        add_chat(engine, f"Customer {number}")
    desk.visits().is_ready()
    expect(desk.rows).to_have_count(50)
    desk.page.get_by_role("link", name="Older chats").click()
    expect(desk.rows).to_have_count(53)
    expect(desk.page.get_by_role("link", name="Older chats")).to_be_hidden()
    link = desk.row_of("Customer 2").get_by_role("link")
    expect(link).to_be_focused()
    add_chat(engine, "One more")
    expect(desk.rows).to_have_count(54)
    expect(link).to_be_focused()


def test_two_admins_who_take_one_chat_at_once_learn_who_won(desk, new_desk, engine):
    number = add_chat(engine, "Clara")
    berta = new_desk("berta", "Berta Beispiel").is_signed_in()
    berta.ear.expects("409")
    # Berta's page must not know of it yet when she clicks.
    berta.context.route("**/messages/**", lambda route: route.abort())
    berta.ear.expects("ERR_FAILED")
    desk.visits(f"{number}/").is_ready()
    berta.visits(f"{number}/").is_ready()
    desk.push("Assign to me").click()
    desk.sees_status("Active")
    berta.push("Assign to me").click()
    expect(berta.page.get_by_role("alert").filter(has_text="Anna Antwort")).to_be_visible()
    assert query(
        engine, "SELECT username FROM admins a JOIN chat_sessions s ON s.assignee_id = a.id"
    ) == [("anna",)]
    berta.context.unroute_all()
    expect(berta.page.locator("#held")).to_have_text("Anna Antwort")


def test_a_chat_is_assigned_to_a_colleague_and_unassigned(desk, new_desk, engine):
    berta = new_desk("berta", "Berta Beispiel").is_signed_in()
    add_chat(engine, "Clara")
    desk.visits("1/").is_ready()
    desk.opens_menu("assign").page.get_by_label("Assign to teammate").select_option(
        "Berta Beispiel"
    )
    desk.push("Assign").click()
    expect(desk.page.locator("#held")).to_have_text("Berta Beispiel")
    berta.visits("?assignee=me").is_ready().sees_chats("Clara")
    desk.opens_menu("assign").push("Unassign").click()
    expect(desk.page.locator("#held")).to_have_text("Unassigned")
    desk.sees_status("Waiting")
    berta.sees_chats()


def test_a_login_that_ends_during_typing_costs_no_text(desk, engine):
    add_chat(engine, "Clara")
    desk.ear.expects("403")
    desk.visits("1/").is_ready()
    desk.box.fill("A long and careful")
    desk.loses_the_login()
    desk.answers("A long and careful answer")
    notice = desk.page.get_by_role("alert").filter(has_text="You've been signed out")
    expect(notice).to_be_visible()
    notice.get_by_role("link", name="Sign in again").click()
    desk.signs_in()
    expect(desk.customer).to_have_text("Clara")
    desk.sees_sent("A long and careful answer")
    assert stored(engine) == ["Hello", "A long and careful answer"]


def test_a_draft_survives_the_end_of_a_login(desk, engine):
    add_chat(engine, "Clara")
    desk.ear.expects("403")
    desk.visits("1/").is_ready()
    desk.box.fill("Only half")
    desk.loses_the_login()
    notice = desk.page.get_by_role("alert").filter(has_text="You've been signed out")
    expect(notice).to_be_visible()
    expect(desk.box).to_have_value("Only half")
    notice.get_by_role("link", name="Sign in again").click()
    desk.signs_in().is_ready()
    expect(desk.box).to_have_value("Only half")


def test_an_answer_waits_for_the_server_and_arrives_once(desk, server, engine):
    add_chat(engine, "Clara")
    desk.ear.expects("ERR_")
    desk.visits("1/").is_ready()
    server.kill()
    desk.answers("Are you back?")
    expect(desk.line("Are you back?").get_by_text("Not sent yet")).to_be_visible()
    server.start()
    desk.sees_sent("Are you back?").sees_exactly("Hello", "Are you back?")
    assert stored(engine) == ["Hello", "Are you back?"]


def test_an_unsent_answer_is_sent_from_whatever_page_is_open_next(desk, engine):
    add_chat(engine, "Clara")
    desk.ear.expects("ERR_FAILED")
    desk.visits("1/").is_ready()
    desk.context.route("**/send/", lambda route: route.abort())
    desk.answers("On its way")
    expect(desk.line("On its way").get_by_text("Not sent yet")).to_be_visible()
    desk.page.get_by_role("link", name="Live Chat").click()
    desk.is_ready()
    expect(desk.page.get_by_text("1 reply wasn't sent")).to_be_visible()
    desk.context.unroute_all()
    expect(desk.page.get_by_text("1 reply wasn't sent")).to_be_hidden()
    desk.opens("Clara").sees_exactly("Hello", "On its way")
    assert stored(engine) == ["Hello", "On its way"]


def test_an_answer_to_a_chat_that_was_just_closed_is_kept(desk, engine):
    add_chat(engine, "Clara")
    desk.ear.expects("409", "ERR_FAILED")
    desk.context.route("**/messages/**", lambda route: route.abort())
    desk.visits("1/").is_ready()
    close_chat(engine, 1)
    desk.answers("A little late")
    desk.context.unroute_all()
    expect(desk.push("Reopen and send")).to_be_visible()
    desk.push("Reopen and send").click()
    desk.sees_sent("A little late")
    assert stored(engine) == ["Hello", "A little late"]


def test_closing_a_chat_that_a_colleague_has_closed_says_so_and_breaks_nothing(desk, engine):
    add_chat(engine, "Clara")
    desk.ear.expects("409", "ERR_FAILED")
    desk.context.route("**/messages/**", lambda route: route.abort())
    desk.visits("1/").is_ready()
    close_chat(engine, 1)
    desk.push("Close chat").click()
    desk.context.unroute_all()
    desk.sees_status("Closed")
    expect(desk.push("Reopen")).to_be_visible()


def test_sending_an_answer_twice_at_once_sends_it_once(desk, engine):
    add_chat(engine, "Clara")
    desk.visits("1/").is_ready()
    desk.box.fill("Only once")
    desk.push("Send Message").dblclick()
    desk.sees_sent("Only once")
    desk.answers("Then this").sees_sent("Then this")
    assert stored(engine) == ["Hello", "Only once", "Then this"]


def test_the_sound_switch_is_remembered(desk):
    desk.visits().is_ready()
    expect(desk.push("Sound")).to_have_attribute("aria-pressed", "true")
    desk.push("Sound").click()
    desk.page.reload()
    desk.is_ready()
    expect(desk.push("Sound")).to_have_attribute("aria-pressed", "false")


def test_unread_messages_count_in_the_title_until_they_are_read(desk, engine):
    add_chat(engine, "Clara", "One", "Two")
    add_chat(engine, "Dora", "Three")
    desk.visits().is_ready().sees_title_count(3)
    desk.opens("Clara").sees_title_count(1)
    desk.page.get_by_role("link", name="Live Chat").click()
    desk.is_ready().sees_title_count(1)
    expect(desk.row_of("Clara").get_by_text("unread")).to_be_hidden()
    expect(desk.row_of("Dora").get_by_text("1 unread")).to_be_visible()


def test_one_admins_reading_leaves_the_messages_unread_for_others(desk, new_desk, engine):
    add_chat(engine, "Clara", "One")
    berta = new_desk("berta", "Berta Beispiel").is_signed_in()
    desk.visits("1/").is_ready().sees_title_count(0)
    berta.visits().is_ready().sees_title_count(1)


@pytest.mark.parametrize("path", ["77/", "abc/", "../nothing/"])
def test_a_missing_page_says_so(desk, path):
    desk.ear.expects("404")
    desk.visits(path)
    expect(desk.page.get_by_role("heading", level=1)).to_have_text("Page not found")
