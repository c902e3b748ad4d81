"""Permissions while pages are open: changed roles, possible assignees, and what customers never receive."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from livechat.accounts import admins
from livechat.db.engine import make_engine
from livechat.db.session import transaction
from livechat.models import Admin as AdminRow

from ...factories import add_admin
from ..admin import Desk
from ..seeds import add_chat, add_messages, stored
from ..shopper import Shopper
from ..wire import Wire

RIGHTS = 15_000  # milliseconds within which a withdrawn role takes effect


@pytest.fixture
def berta(new_desk, desk):
    """A colleague of Anna, who is the owner; with no page open yet."""
    return new_desk("berta", "Berta Beispiel").is_signed_in()


def opens_the_team(desk, username):
    """Open the team page at an admin's acts."""
    desk.visits("team/")
    person = desk.page.locator(f"#person-{username}")
    person.locator(".change > summary").click()
    return person


def test_a_disabled_admin_sees_nothing_more(desk, berta, engine):
    add_chat(engine, "Clara", "Hello")
    add_chat(engine, "Dora", "Good day")
    berta.ear.expects("403")
    wire = Wire(berta.context)
    berta.visits("1/").is_ready().sees("Hello")
    wire.has_streams(2)
    berta.box.fill("Half an answer")
    opens_the_team(desk, "berta").get_by_role("button", name="Disable account").click()
    expect(desk.page.get_by_role("status").first).to_be_visible()
    add_messages(engine, 1, None, "Not for Berta")
    add_messages(engine, 2, None, "Nor this")
    add_chat(engine, "Emil", "Nor me")
    expect(berta.page.get_by_text("You've been signed out")).to_be_visible(timeout=RIGHTS)
    wire.has_streams(0)
    for secret in ("Not for Berta", "Nor this", "Nor me", "Emil"):
        assert secret not in berta.page.content()
    expect(berta.box).to_have_value("Half an answer")  # nothing is lost
    berta.page.reload()
    expect(berta.page.get_by_label("Password")).to_be_visible()
    assert "Clara" not in berta.page.content()


def test_a_viewer_is_nowhere_offered_as_an_assignee(desk, berta, new_desk, engine):
    vera = new_desk("vera", "Vera Vonfern")
    with transaction(engine) as db:
        admins.set_role(db, db.get_one(AdminRow, vera.row.id), "viewer")
    add_chat(engine, "Clara", "Hello")
    desk.visits("1/").is_ready()
    desk.page.get_by_label("Select the chat with Clara").check()
    bar = desk.page.get_by_role("form", name="Selected chats").get_by_label("Assign to")
    for offered in (desk.page.locator("#assign-to option"), bar.locator("option")):
        expect(offered.filter(has_text="Berta Beispiel")).to_have_count(1)
        expect(offered.filter(has_text="Vera Vonfern")).to_have_count(0)
    desk.page.keyboard.press("Control+k")
    choices = desk.page.get_by_role("dialog").get_by_role("option")
    for name in ("Berta Beispiel", "Vera Vonfern"):
        expect(choices.filter(has_text=f"Chats assigned to {name}")).to_have_count(1)
    expect(choices.filter(has_text="Assign to Berta Beispiel")).to_have_count(1)
    expect(choices.filter(has_text="Assign to Vera Vonfern")).to_have_count(0)


def test_an_agent_who_becomes_a_viewer_is_told_and_keeps_the_text(desk, berta, engine):
    add_chat(engine, "Clara", "Hello")
    berta.ear.expects("403")
    berta.visits("1/").is_ready().sees("Hello")
    person = opens_the_team(desk, "berta")
    person.get_by_label("Role").select_option("viewer")
    person.get_by_role("button", name="Save role").click()
    expect(desk.page.locator("#person-berta .role")).to_have_text("Viewer")
    berta.answers("May I still?")
    line = berta.line("May I still?")
    expect(line).to_contain_text("You don't have permission.")
    expect(line.get_by_role("button", name="Edit")).to_be_visible()
    expect(berta.page.get_by_text("You've been signed out")).to_have_count(0)
    berta.push("Close chat").click()
    expect(berta.page.locator("#refused")).to_contain_text("You don't have permission.")
    add_messages(engine, 1, None, "Still here")
    berta.sees("Still here")  # viewers can still read
    assert stored(engine) == ["Hello", "Still here"]
    expect(berta.page.get_by_text("Your permissions have changed")).to_be_visible(timeout=RIGHTS)
    berta.page.get_by_role("link", name="Reload page").click()
    expect(berta.box).to_have_count(0)
    berta.is_ready()
    expect(berta.push("Close chat")).to_have_count(0)
    expect(berta.page.get_by_text("Your permissions have changed")).to_have_count(0)
    expect(berta.line("May I still?")).to_be_visible()  # the text is not lost


def test_a_demoted_owner_no_longer_sees_the_team(desk, berta, engine):
    person = opens_the_team(desk, "berta")
    person.get_by_label("Role").select_option("owner")
    person.get_by_role("button", name="Save role").click()
    berta.ear.expects("403")
    berta.visits("audit/")
    expect(berta.page.get_by_role("heading", level=1)).to_have_text(re.compile("log", re.I))
    person = opens_the_team(desk, "berta")
    person.get_by_label("Role").select_option("agent")
    person.get_by_role("button", name="Save role").click()
    expect(desk.page.locator("#person-berta .role")).to_have_text("Agent")
    berta.page.reload()
    expect(berta.page.get_by_text("You don't have permission")).to_be_visible()
    berta.visits("team/")
    expect(berta.page.get_by_text("You don't have permission")).to_be_visible()
    berta.visits().is_ready()


def test_a_chat_is_assigned_automatically_to_an_admin_at_the_desk(new_server, new_context):
    server = new_server(assignment="automatic", demo_shop="true").start()
    engine = make_engine(server.database_url)
    try:
        people = [
            Desk(new_context(), server, engine, add_admin(engine, name, name.title()))
            for name in ("anna", "berta")
        ]
        anna, berta = people
        berta.is_signed_in().visits().is_ready()
        berta.sees_chats()
        shopper = Shopper(new_context(), server)
        shopper.visits().opens_the_chat().gives("Clara").sends("Hello")
        expect(berta.row_of("Clara").locator(".assignee")).to_have_text("You")
        shopper.sees_line(re.compile("Berta joined the chat"))
        anna.is_signed_in().visits().is_ready()
        expect(anna.row_of("Clara").locator(".assignee")).to_have_text("Berta")
        # The next one goes to the admin with fewer chats.
        other = Shopper(new_context(), server)
        other.visits().opens_the_chat().gives("Dora").sends("Good day")
        expect(anna.row_of("Dora").locator(".assignee")).to_have_text("You")
        expect(berta.row_of("Dora").locator(".assignee")).to_have_text("Anna")
    finally:
        engine.dispose()


SECRET = "nur-unter-uns"
HEAR = """
const own = window.fetch
window.heard = []
window.fetch = async (...given) => {
  const answer = await own(...given)
  if (!answer.body) return answer
  const [mine, theirs] = answer.body.tee()
  const { status, statusText, headers } = answer
  ;(async () => {
    const reader = mine.pipeThrough(new TextDecoderStream()).getReader()
    for (;;) {
      const { done, value } = await reader.read().catch(() => ({ done: true }))
      if (done) return
      window.heard.push(value)
    }
  })()
  return new Response(theirs, { status, statusText, headers })
}
"""


def test_no_answer_stream_or_storage_of_the_customers_browser_contains_a_note(
    shopper, desk, berta, engine
):
    pages = []
    shopper.context.add_init_script(HEAR)

    def reads(route):
        answer = route.fetch()
        pages.append(answer.text())
        route.fulfill(response=answer)

    shopper.context.route(re.compile(r"/chat/$|/demo/|widget\.js|\.js\?"), reads)
    shopper.visits().opens_the_chat().gives("Clara").sends("Hello")
    desk.visits("1/").is_ready()
    note = desk.page.locator("#note-body")

    def writes_note(text):
        desk.page.get_by_role("tab", name="Note").click()
        note.fill(text)
        note.press("Enter")
        expect(desk.page.locator(".line.note", has_text=text)).to_be_visible()

    writes_note(f"{SECRET} one, @berta")
    note.press_sequentially(f"{SECRET} as a draft")
    desk.page.get_by_label("New tag").fill(SECRET)
    desk.page.get_by_label("New tag").press("Enter")
    desk.opens_menu("assign").page.get_by_label("Assign to teammate").select_option(berta.name)
    desk.page.get_by_label("Internal note (optional)").fill(f"{SECRET} two")
    desk.push("Assign").click()
    expect(desk.page.locator("#held")).to_have_text(berta.name)
    note.fill("")
    desk.page.get_by_role("tab", name="Reply").click()
    desk.answers("Good morning").sees_sent("Good morning")
    shopper.sees("Good morning")
    desk.push("Close chat").click()
    writes_note(f"{SECRET} three")
    shopper.sees_status("This chat has ended")
    heard = shopper.frame.evaluate("window.heard.join('')")
    shopper.page.reload()
    shopper.sees_the_chat().sees("Hello", "Good morning")
    desk.page.get_by_role("button", name="Reopen").click()
    desk.page.get_by_role("tab", name="Reply").click()
    desk.answers("One thing more").sees_sent("One thing more")
    shopper.sees("One thing more")
    heard += shopper.frame.evaluate("window.heard.join('')")
    kept = shopper.frame.evaluate("JSON.stringify({...localStorage, ...sessionStorage})")
    shown = shopper.page.content() + shopper.frame.content()
    assert any("<html" in page for page in pages)
    shown += "".join(pages)
    assert "event: message" in heard
    assert all(answer in heard for answer in ("Good morning", "One thing more"))
    assert "Good morning" in shown
    for text in (heard, kept, shown):
        assert SECRET not in text
    desk.visits("1/").is_ready()
    expect(desk.page.locator(".line.note")).to_have_count(3)
