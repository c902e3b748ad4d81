"""The desk as plain pages and forms, for a browser whose scripts are off or failed to load."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from ..seeds import add_chat, add_messages, close_chat, query, stored


@pytest.fixture
def plain(new_desk):
    """Anna, whose browser runs no scripts, not signed in."""
    return new_desk(java_script_enabled=False)


def test_an_admin_reads_answers_takes_closes_and_reopens(plain, engine):
    add_chat(engine, "Clara", "Hello?", "<b>Anybody?</b>", email="clara@example.com")
    plain.visits().signs_in().sees_counts(waiting=1, active=0, closed=0)
    plain.row_of("Clara").get_by_role("link", name="Clara").click()
    plain.sees_exactly("Hello?", "<b>Anybody?</b>")
    expect(plain.line("Hello?").get_by_text("CUSTOMER")).to_be_visible()
    expect(plain.page.get_by_role("complementary")).to_contain_text("clara@example.com")

    plain.push("Assign to me").click()
    plain.sees_status("Active")
    plain.box.fill("Yes,\nI am here.")
    plain.push("Send Message").click()
    plain.sees("I am here.")
    assert stored(engine)[-1] == "Yes,\nI am here."

    plain.push("Close chat").click()
    plain.sees_status("Closed")
    plain.push("Reopen").click()
    plain.sees_status("Active")
    plain.opens_menu("assign").push("Unassign").click()
    plain.sees_status("Waiting")
    plain.signs_out()
    expect(plain.page.get_by_label("Password")).to_be_visible()


def test_a_chat_is_assigned_to_a_colleague(plain, new_desk, engine):
    berta = new_desk("berta", "Berta Beispiel")
    add_chat(engine, "Clara")
    plain.is_signed_in().visits("1/")
    plain.opens_menu("assign").page.get_by_label("Assign to teammate").select_option(
        "Berta Beispiel"
    )
    plain.push("Assign").click()
    expect(plain.page.locator("main header")).to_contain_text(berta.name)
    assert query(engine, "SELECT assignee_id FROM chat_sessions") == [(berta.row.id,)]


def test_the_filters_and_the_search_are_plain_links_and_forms(plain, engine):
    add_chat(engine, "Clara")
    add_messages(engine, add_chat(engine, "Dora"), plain.row, "Hello Dora")
    plain.is_signed_in().visits().sees_chats("Dora", "Clara")
    statistics = plain.page.get_by_role("navigation", name=re.compile("Statistics"))
    statistics.get_by_role("link", name=re.compile("^Waiting")).click()
    plain.sees_chats("Clara")
    statistics.get_by_role("link", name=re.compile("^All")).click()
    plain.page.get_by_text("Filter this list").click()
    plain.page.get_by_role("searchbox").fill("dora")
    plain.push("Search").click()
    plain.sees_chats("Dora")


def test_of_two_admins_at_once_one_page_says_who_was_faster(plain, new_desk, engine):
    add_chat(engine, "Clara")
    berta = new_desk("berta", "Berta Beispiel", java_script_enabled=False).is_signed_in()
    berta.ear.expects("409")
    plain.is_signed_in().visits("1/")
    berta.visits("1/")
    plain.push("Assign to me").click()
    plain.sees_status("Active")
    berta.push("Assign to me").click()
    expect(berta.page.get_by_role("heading", level=1)).to_have_text("Already taken")
    expect(berta.page.get_by_text("Anna Antwort")).to_be_visible()
    berta.page.get_by_role("link", name="Back").click()
    expect(berta.customer).to_have_text("Clara")


def test_an_answer_written_while_the_login_ended_is_given_back(plain, engine):
    add_chat(engine, "Clara")
    plain.is_signed_in().visits("1/")
    plain.ear.expects("403")
    plain.box.fill("Written with care\nand two lines")
    plain.loses_the_login()
    plain.push("Send Message").click()
    kept = plain.page.get_by_label(re.compile("Your text wasn't sent"))
    expect(kept).to_have_value("Written with care\nand two lines")
    plain.signs_in()
    expect(plain.page.get_by_role("heading", level=1)).to_be_attached()
    assert stored(engine) == ["Hello"]


def test_an_answer_to_a_closed_chat_is_given_back(plain, engine):
    add_chat(engine, "Clara")
    plain.is_signed_in().visits("1/")
    plain.ear.expects("409")
    plain.box.fill("Too late")
    close_chat(engine, 1)
    plain.push("Send Message").click()
    expect(plain.page.get_by_label(re.compile("Your text wasn't sent"))).to_have_value("Too late")
    plain.page.get_by_role("link", name="Back").click()
    plain.sees_status("Closed")
