"""Hard moments at the desk: too many, too long, forged, too late, concurrent; nothing is lost and nothing breaks."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from livechat.accounts import admins
from livechat.actors import admin_actor
from livechat.db.session import transaction
from livechat.desk import canned_replies
from livechat.models import Admin

from ..chromium import DESKTOP, PHONE
from ..seeds import add_chat, add_messages, close_chat, stored

ACCENTS = "Z" + "\u0301" * 300 + "oe"


@pytest.fixture
def berta(new_desk, desk):
    """A colleague of Anna's, with no page open yet."""
    return new_desk("berta", "Berta Beispiel").is_signed_in()


def disable(engine, admin):
    with transaction(engine) as db:
        admins.disable(db, db.get_one(Admin, admin.row.id))


# A forged note, and a canned reply with braces and markup


def test_a_forged_note_of_a_customer_is_a_plain_message(shopper, desk):
    forged = {"from": "note", "kind": "note", "sender": "note", "note": True, "author": "Anna"}

    def forge(route):
        body = json.loads(route.request.post_data) | forged
        route.continue_(post_data=json.dumps(body))

    shopper.visits().opens_the_chat().gives("Clara").sends("Hello")
    desk.visits().opens("Clara")
    shopper.context.route("**/chat/send/**", forge)
    shopper.sends("Give her the money")
    desk.sees_exactly("Hello", "Give her the money")
    expect(desk.page.locator(".line.note")).to_have_count(0)
    expect(desk.line("Give her")).to_have_class(re.compile("theirs"))


def test_a_canned_reply_with_braces_and_markup_stays_text(desk, engine):
    body = "{customer.name|} {{x} {customer.__class__} <img src=x onerror=alert(1)> {"
    with transaction(engine) as db:
        actor = admin_actor(desk.row.id, desk.name)
        canned_replies.add(db, actor, code="odd", title="<b>Odd</b> {", body=body, everybody=True)
    add_chat(engine, "{admin.name}", "Hello")
    desk.visits("1/").is_ready().box.press_sequentially("/odd")
    option = desk.page.get_by_role("listbox", name="Canned replies").get_by_role("option")
    expect(option).to_contain_text("<b>Odd</b> {")
    desk.box.press("Enter")
    text = body.replace("{customer.name|}", "{admin.name}")
    expect(desk.box).to_have_value(text)
    desk.box.press("Enter")
    desk.sees_sent(text)
    expect(desk.bodies.last).to_have_text(text)
    desk.visits("replies/")
    expect(desk.page.locator(".canned-reply .text")).to_have_text(body)
    expect(desk.page.locator("main img, main b")).to_have_count(0)


# Searches


@pytest.mark.parametrize(
    ("q", "says"),
    [
        ("x" * 4000, "too long"),
        ('- * " ( ) : OR AND NOT', None),
        ('%" _%', None),
        ("status:open", "waiting, active or closed"),
    ],
    ids=["4000 characters", "operators", "percent and quote", "a filter that is none"],
)
def test_an_invalid_search_is_answered_on_a_usable_page(desk, engine, q, says):
    desk.ear.expects("422")
    add_chat(engine, "Clara", "A brass lamp")
    desk.visits(f"search/?q={quote(q)}")
    box = desk.page.get_by_role("searchbox")
    if says:
        expect(desk.page.get_by_role("alert").filter(has_text=says)).to_be_visible()
        expect(box).to_have_attribute("aria-invalid", "true")
    assert desk.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    box.fill("brass")
    box.press("Enter")
    expect(desk.page.locator(".hit mark")).to_have_text("brass")
    desk.visits(f"?q={quote(q[:200])}").is_ready()  # the search field above the list
    expect(desk.page.get_by_role("link", name="Clear filters", exact=True)).to_be_visible()


# A colleague who is just being disabled, and concurrent acts


def test_a_colleague_who_was_just_disabled_gets_no_chat(desk, berta, engine):
    desk.ear.expects("422")
    add_chat(engine, "Clara", "Hello")
    desk.visits("1/").is_ready().opens_menu("assign")
    desk.page.get_by_label("Assign to teammate").select_option(berta.name)
    desk.page.get_by_label("Internal note (optional)").fill("She wants a refund")
    disable(engine, berta)
    desk.push("Assign").click()
    expect(desk.page.locator("#refused")).to_have_text(re.compile("disabled"))
    expect(desk.page.get_by_label("Internal note (optional)")).to_have_value("She wants a refund")
    desk.sees_status("Waiting")
    assert stored(engine) == ["Hello"]
    desk.push("Assign to me").click()
    desk.sees_status("You")


@pytest.mark.parametrize("first", ["desk", "berta"])
def test_one_closes_while_another_snoozes_and_both_agree(desk, berta, engine, first):
    """Both pages are open and have not heard of each other's act; the second admin is told, and both pages agree."""
    add_chat(engine, "Clara", "Hello")
    for one in (desk, berta):
        one.ear.expects("409", "ERR_FAILED")
        # They do not hear of each other before they act.
        one.context.route("**/messages/**", lambda route: route.abort())
        one.visits("1/").is_ready().sees("Hello")
    acts = {
        "desk": lambda: desk.push("Close chat").click(),
        "berta": lambda: berta.opens_menu("snooze").page.locator("[data-snooze=tomorrow]").click(),
    }
    second = "berta" if first == "desk" else "desk"
    for name in (first, second):
        acts[name]()
        expect(
            desk.push("Reopen") if name == "desk" else berta.page.locator("#pane")
        ).to_be_visible()
    if first == "desk":
        expect(berta.page.locator("#refused")).to_have_text(re.compile("closed"))
    else:
        expect(berta.page.locator("main header").get_by_text("Snoozed until")).to_be_visible()
    for one in (desk, berta):
        one.context.unroute_all()
        one.page.reload()
        one.is_ready().sees_status("Closed")
        expect(one.page.get_by_text("Snoozed until").locator("visible=true")).to_have_count(0)


# A list that changes while it is paged through, and five hundred unread chats


def test_a_list_that_changes_while_it_is_paged_through_shows_everybody_once(desk, engine):
    names = [f"Customer {number:02}" for number in range(1, 61)]
    for name in names:
        add_chat(engine, name)
    desk.visits().is_ready()
    expect(desk.rows).to_have_count(50)
    older = desk.page.get_by_role("link", name="Older chats")

    def move(route):
        answer = route.fetch()  # the list changes before the answer arrives
        add_messages(engine, 5, None, "I move to the top")
        add_messages(engine, 55, None, "And I from the newest page")
        add_chat(engine, "Customer 61")
        route.fulfill(response=answer)

    desk.context.route("**/custom-admin/chat/?before=*", move)
    older.focus()
    desk.page.keyboard.press("Enter")
    expect(desk.rows).to_have_count(61)
    shown = desk.rows.locator(".name").get_by_role("link").all_inner_texts()
    assert sorted(shown) == [*names, "Customer 61"]
    assert shown[:3] == ["Customer 61", "Customer 55", "Customer 05"]
    expect(desk.page.locator(".chat :focus")).to_have_count(1)


def test_five_hundred_unread_chats_leave_the_desk_correct_and_usable_by_keyboard(desk, engine):
    for number in range(500):
        add_chat(engine, f"Customer {number + 1:03}")
    desk.visits().is_ready().sees_title_count(500).sees_counts(waiting=500)
    icon = desk.page.locator("#favicon")
    expect(icon).to_have_attribute("href", re.compile(r"%3E99%3C"))
    expect(desk.rows).to_have_count(50)
    keys = desk.page.keyboard
    for name in ("500", "499", "498"):
        keys.press("j")
        expect(desk.row_of(f"Customer {name}").get_by_role("link")).to_be_focused()
    keys.press("Enter")
    expect(desk.customer).to_have_text("Customer 498")
    desk.sees_title_count(499)
    expect(desk.row_of("Customer 498").get_by_text("unread")).to_be_hidden()
    keys.press("Escape")
    keys.press("u")
    desk.sees_title_count(500)
    add_messages(engine, 1, None, "From the very end")
    expect(desk.rows.first).to_contain_text("Customer 001")
    desk.sees_title_count(501)
    close_chat(engine, 2)
    desk.sees_title_count(501 - 1)
    assert desk.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


# Three hundred accents

SPILLING = """() => {
  const spilling = []
  let found = 0
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (walk.nextNode()) {
    if (!walk.currentNode.data.includes('\\u0301'.repeat(9))) continue
    let box = walk.currentNode.parentElement
    const holder = box
    if (!box.checkVisibility() || box.closest('.unseen, option, script, template')) continue
    while (box && getComputedStyle(box).overflowY === 'visible') box = box.parentElement
    found += 1
    const height = box?.getBoundingClientRect().height ?? Infinity
    if (height > 140) spilling.push(`${holder.tagName}#${holder.id}.${holder.className} in ${box?.className}`)
  }
  return found ? spilling : ['it is not there']
}"""


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_name_of_three_hundred_accents_covers_nothing(new_desk, engine, size):
    """Accents pile up far above and below their line; the element that clips them is no taller than a row."""
    desk = new_desk(**size).is_signed_in()
    add_chat(engine, ACCENTS, "Hello?")
    add_chat(engine, "Clara")
    desk.visits().is_ready()
    odd, plain = desk.rows.filter(has_text="oe"), desk.row_of("Clara")
    spilled = {"list": desk.page.evaluate(SPILLING)}
    assert abs(odd.bounding_box()["height"] - plain.bounding_box()["height"]) < 8
    odd.get_by_role("link").click()
    expect(desk.customer).to_have_text(ACCENTS)
    high = desk.customer.bounding_box()["height"]
    spilled["conversation"] = desk.page.evaluate(SPILLING)
    desk.visits("2/").is_ready()
    assert abs(desk.customer.bounding_box()["height"] - high) < 8
    desk.page.keyboard.press("Control+k")
    desk.page.get_by_role("dialog").get_by_role("combobox").fill("oe")
    expect(desk.page.get_by_role("option").filter(has_text="oe").first).to_be_visible()
    spilled["palette"] = desk.page.evaluate(SPILLING)
    for path in ("search/?q=hello", "statistics/"):
        desk.visits(path)
        spilled[path] = desk.page.evaluate(SPILLING)
        assert desk.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    assert not any(spilled.values()), spilled
