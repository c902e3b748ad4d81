"""Undo at the desk: a message offers it after closing, unassigning and blocking one chat or several."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from livechat.actors import admin_actor
from livechat.conversation import assignment, lifecycle
from livechat.db.session import transaction
from livechat.models import Admin, ChatSession

from ..chromium import PHONE
from ..seeds import add_chat, add_messages, query


@pytest.fixture
def taken(desk, engine):
    """Clara's chat, assigned to Anna and open at her desk."""
    add_messages(engine, add_chat(engine, "Clara", "Hello"), desk.row, "Good day")
    return desk.visits("1/").is_ready().sees_exactly("Hello", "Good day")


def undo(desk):
    return desk.page.locator("#undo")


def state(engine, number=1):
    sql = (
        "SELECT s.status, s.assignee_id, g.blocked_at IS NOT NULL FROM chat_sessions s "
        "JOIN guests g ON g.id = s.guest_id WHERE s.id = :number"
    )
    return tuple(query(engine, sql, number=number)[0])


def closes(desk):
    desk.push("Close chat").click()
    desk.sees_status("Closed")


def unassigns(desk):
    desk.opens_menu("assign").push("Unassign").click()
    expect(desk.page.locator("#held")).to_have_text("Unassigned")


def blocks(desk):
    desk.opens_menu("more").push("Block customer").click()
    expect(desk.page.locator("#blocked")).to_be_visible()


ACTS = {
    "closes": (closes, "You closed the chat with Clara."),
    "unassigns": (unassigns, "You unassigned the chat with Clara."),
    "blocks": (blocks, "You blocked Clara."),
}


@pytest.mark.parametrize("act", ACTS)
def test_an_act_is_undone_by_a_click(taken, engine, act):
    does, says = ACTS[act]
    before = state(engine)
    does(taken)
    expect(undo(taken)).to_contain_text(says)
    taken.push("Undo").click()
    expect(taken.page.get_by_text("Undone.")).to_be_visible()
    expect(taken.page.locator("#held")).to_have_text("You")
    taken.sees_status("Active")
    expect(taken.page.locator("#blocked")).to_be_hidden()
    expect(undo(taken)).to_be_empty()
    assert state(engine) == before


def test_a_key_undoes_it_even_when_another_chat_is_on_screen(taken, engine):
    add_chat(engine, "Dora", "Good day")
    closes(taken)
    taken.opens("Dora")
    taken.page.keyboard.press("Escape")
    taken.page.keyboard.press("z")
    expect(taken.page.get_by_text("Undone.")).to_be_visible()
    expect(taken.customer).to_have_text("Dora")
    assert state(engine) == ("active", taken.row.id, False)
    assert state(engine, 2) == ("waiting", None, False)


@pytest.mark.parametrize("how", ["reopens and takes", "takes"])
def test_a_colleagues_later_act_stays_and_the_admin_is_told(taken, new_desk, engine, how):
    berta = new_desk("berta", "Berta Beispiel")
    taken.ear.expects("409")
    (closes if how == "reopens and takes" else unassigns)(taken)
    with transaction(engine) as db:
        session, actor = db.get_one(ChatSession, 1), admin_actor(berta.row.id, berta.name)
        if how == "reopens and takes":
            lifecycle.reopen(db, session, actor)
            assignment.assign(db, session, actor, None, session.version)
        assignment.assign(db, session, actor, db.get_one(Admin, berta.row.id))
    taken.push("Undo").click()
    expect(taken.page.get_by_text("This chat has changed since")).to_be_visible()
    assert state(engine) == ("active", berta.row.id, False)


def test_a_bulk_close_is_undone_together(desk, engine):
    for name in ("Clara", "Dora", "Emil"):
        add_chat(engine, name)
    desk.visits().is_ready()
    for name in ("Clara", "Emil"):
        desk.page.get_by_label(f"Select the chat with {name}").check()
    bar = desk.page.get_by_role("form", name="Selected chats")
    bar.get_by_role("button", name="Close").click()
    desk.sees_counts(waiting=1, closed=2)
    expect(undo(desk)).to_contain_text("You closed 2 chats.")
    desk.push("Undo").click()
    desk.sees_counts(waiting=3, closed=0)


def test_the_message_stays_while_it_has_the_focus_and_then_returns_it(taken):
    taken.page.clock.install()
    closes(taken)
    box = taken.page.get_by_role("button", name="Reopen")
    expect(box).to_be_focused()
    taken.push("Undo").focus()
    taken.page.clock.run_for(60_000)
    expect(taken.push("Undo")).to_be_focused()
    box.focus()
    taken.page.clock.run_for(7_000)
    expect(taken.push("Undo")).to_be_visible()
    taken.page.clock.run_for(2_000)
    expect(undo(taken)).to_be_empty()
    taken.page.keyboard.press("z")
    taken.sees_status("Closed")


def test_it_is_announced_politely_and_usable_on_a_phone(new_desk, engine):
    desk = new_desk(**PHONE).is_signed_in()
    add_messages(engine, add_chat(engine, "Clara", "Hello"), desk.row, "Good day")
    desk.visits("1/").is_ready()
    closes(desk)
    expect(undo(desk)).to_have_attribute("role", "status")
    button = desk.push("Undo")
    expect(button).to_be_in_viewport()
    assert button.bounding_box()["height"] >= 44
    expect(undo(desk)).to_contain_text(re.compile("You closed the chat with Clara"))
    button.tap()
    desk.sees_status("Active")
