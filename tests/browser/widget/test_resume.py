"""The conversation continues when the browser gives the chat's frame no storage, clears it, or has no space left."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from ..chromium import ARGUMENTS, DESKTOP, Ear, find_chromium, until
from ..seeds import query, shell, stored
from ..shopper import Shopper

IN_THE_FRAME = "if (location.pathname.startsWith('/chat/')) {%s}"
BLOCKED = """for (const name of ['localStorage', 'sessionStorage'])
  Object.defineProperty(window, name, {get() { throw new DOMException('denied', 'SecurityError') }})"""
EMPTIED = "localStorage.clear()"
FULL = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') }"
ALONE = "Object.defineProperty(Navigator.prototype, 'locks', {get() {}})"
UNSENT = re.compile("can't save unsent text")
NOTHING = re.compile("can't save this chat")


def limits(shopper: Any, how: str) -> Any:
    """Make the browser restrict the frame's storage from now on."""
    shopper.context.add_init_script(IN_THE_FRAME % how)
    return shopper


def conversations(engine: Any) -> int:
    """Return how many conversations there are."""
    return int(query(engine, "SELECT count(*) FROM chat_sessions")[0][0])


def revoked(engine: Any) -> int:
    """Return how many tickets were used twice or revoked."""
    return int(
        query(engine, "SELECT count(*) FROM resume_tickets WHERE revoked_at IS NOT NULL")[0][0]
    )


def has_a_ticket(shopper: Any) -> Any:
    """Wait until the shop's page keeps a ticket."""
    until(shopper.page, "(localStorage.livechat || '').split(' ').length === 2")
    return shopper


def ticket_of(shopper: Any) -> str:
    """Return the ticket that the shop's page keeps."""
    return str(has_a_ticket(shopper).page.evaluate("localStorage.livechat.split(' ')[1]"))


@pytest.mark.parametrize("how", [BLOCKED, EMPTIED, FULL], ids=["blocked", "emptied", "full"])
def test_the_conversation_continues_from_page_to_page(shopper, desk, engine, how):
    limits(shopper, how).visits().opens_the_chat().gives("Clara").sends("First")
    has_a_ticket(shopper).page.get_by_role("link", name="Delivery").first.click()
    expect(shopper.page.get_by_role("heading", name="Delivery")).to_be_visible()
    shopper.sees_the_chat().sees_exactly("First").sends("Second")
    has_a_ticket(shopper).page.reload()
    shopper.sees_exactly("First", "Second")
    desk.visits().opens("Clara").answers("Here I am")
    shopper.sees_exactly("First", "Second", "Here I am")
    assert conversations(engine) == 1
    assert revoked(engine) == 0


def test_a_closed_panel_still_counts_new_messages(shopper, desk):
    limits(shopper, BLOCKED).visits().opens_the_chat().gives("Clara").sends("First")
    has_a_ticket(shopper).closes_the_chat().visits("delivery/")
    desk.visits().opens("Clara").answers("Here I am").sees_sent("Here I am")
    shopper.page.reload()
    shopper.sees_badge(1)


def test_a_full_storage_after_the_conversation_has_begun(shopper, engine):
    shopper.visits().opens_the_chat().sends("First")
    limits(shopper, FULL).page.reload()
    shopper.sees_exactly("First").sends("Second")
    assert conversations(engine) == 1
    # The frame could still read its token, so it needed no ticket.
    assert query(engine, "SELECT count(*) FROM resume_tickets WHERE used_at IS NOT NULL") == [(0,)]


def test_storage_cleared_in_the_middle_is_written_again(shopper, engine):
    shopper.visits().opens_the_chat().sends("First").types("half a sentence")
    shopper.frame.evaluate("localStorage.clear()")
    expect(shopper.box).to_have_value("half a sentence")
    shopper.box.press("Enter")
    shopper.sees_sent("half a sentence").sees_exactly("First", "half a sentence")
    shopper.page.reload()
    shopper.sees_exactly("First", "half a sentence")
    assert conversations(engine) == 1
    assert query(engine, "SELECT count(*) FROM resume_tickets WHERE used_at IS NOT NULL") == [(0,)]


def test_storage_cleared_by_another_tab_is_written_again(shopper, engine):
    shopper.visits().opens_the_chat().sends("First")
    second = shopper.opens_another_tab().opens_the_chat()
    second.sees_exactly("First").frame.evaluate("localStorage.clear()")
    shopper.sends("Second")
    second.sends("Third").sees_exactly("First", "Second", "Third")
    assert conversations(engine) == 1


def test_a_message_sent_by_another_tab_does_not_come_back(shopper, engine):
    shopper.visits().opens_the_chat().sends("First")
    second = shopper.opens_another_tab().opens_the_chat().types("once")
    expect(shopper.box).to_have_value("once")
    second.box.press("Enter")
    second.sees_sent("once")
    shopper.sees_exactly("First", "once")
    expect(shopper.box).to_have_value("")
    shopper.page.reload()
    expect(shopper.box).to_have_value("")
    assert stored(engine) == ["First", "once"]


@pytest.mark.parametrize("locks", ["with locks", "without locks"])
def test_two_tabs_that_resume_at_once_do_not_revoke_each_other(shopper, engine, locks):
    limits(shopper, EMPTIED)
    if locks == "without locks":
        shopper.context.add_init_script(ALONE)
    shopper.visits().opens_the_chat().sends("First")
    second = has_a_ticket(shopper).opens_another_tab()
    second.opens_the_chat().sees_exactly("First")
    for _ in range(3):
        for tab in (shopper, second):
            tab.page.evaluate("() => void setTimeout(() => location.reload())")
        for tab in (shopper, second):
            tab.sees_exactly("First")
    assert revoked(engine) == 0
    second.sends("Second")
    shopper.sees_exactly("First", "Second")


def test_an_exchange_whose_answer_was_lost_is_repeated(shopper, engine):
    shopper.ear.expects("ERR_FAILED")
    limits(shopper, BLOCKED).visits().opens_the_chat().sends("First")
    lost = []

    def lose(route: Route) -> None:
        if not lost:
            lost.append(route.fetch().status)  # the server has answered, but the answer is lost
            route.abort()
        else:
            route.continue_()

    has_a_ticket(shopper).context.route("**/chat/resume/", lose)
    shopper.page.reload()
    shopper.sees_exactly("First").sends("Second")
    assert lost == [200]
    assert (conversations(engine), revoked(engine)) == (1, 0)


def test_a_page_left_in_the_middle_of_an_exchange_loses_nothing(shopper, engine):
    limits(shopper, BLOCKED).visits().opens_the_chat().sends("First")
    has_a_ticket(shopper)
    asked = []

    def leave(route: Route) -> None:
        asked.append(route.fetch().status)
        route.abort()

    shopper.ear.expects("ERR_FAILED")
    shopper.context.route("**/chat/resume/", leave)
    shopper.page.reload()
    until(shopper.page, "localStorage.livechat.split(' ').length === 3")
    shopper.context.wait_for_event("requestfailed")
    shopper.visits("delivery/")
    shopper.context.unroute("**/chat/resume/")
    shopper.page.reload()
    shopper.sees_exactly("First")
    assert revoked(engine) == 0


def test_a_message_written_while_resuming_goes_into_the_same_conversation(shopper, engine):
    limits(shopper, BLOCKED).visits().opens_the_chat().sends("First")
    held: list[Route] = []
    has_a_ticket(shopper).context.route("**/chat/resume/", lambda route: held.append(route))
    shopper.page.reload()
    shopper.sees_the_chat().writes("Second")
    expect(shopper.line("Second")).to_be_visible()
    expect(shopper.chat.get_by_text("Reconnecting…")).to_be_visible()
    held[0].continue_()
    shopper.sees_sent("Second").sees_exactly("First", "Second")
    assert conversations(engine) == 1


def test_a_ticket_that_somebody_else_has_used_resumes_nothing(shopper, engine, server):
    limits(shopper, BLOCKED).visits().opens_the_chat().sends("First")
    data = {"ticket": ticket_of(shopper), "site": shopper.page.evaluate("location.origin")}
    stolen = shopper.context.request.post(f"{shopper.chat_origin}/chat/resume/", data=data)
    assert stolen.ok
    shopper.ear.expects("404")
    shopper.page.reload()
    shopper.sees_the_chat().sends("Again")
    assert conversations(engine) == 2
    assert revoked(engine) == 2
    again = shopper.context.request.get(
        stolen.json()["session"]["links"]["messages"],
        headers={"Authorization": f"Bearer {stolen.json()['token']}"},
    )
    assert again.status == 404
    assert ticket_of(shopper) != data["ticket"]


def test_a_revoked_customer_does_not_come_back(shopper, engine, server):
    limits(shopper, BLOCKED).visits().opens_the_chat().sends("First")
    has_a_ticket(shopper)
    shell(server, "sessions", "revoke", "1")
    shopper.ear.expects("404")
    shopper.page.reload()
    shopper.sees_the_chat()
    expect(shopper.bodies).to_have_count(0)
    until(shopper.page, "!localStorage.livechat")


def test_a_shop_that_empties_its_own_storage_gets_a_new_ticket(shopper, engine):
    shopper.visits().opens_the_chat().sends("First")
    has_a_ticket(shopper).page.evaluate("localStorage.clear()")
    shopper.page.reload()
    has_a_ticket(shopper).sees_exactly("First")
    assert query(engine, "SELECT count(*) FROM guests") == [(1,)]


def test_an_old_ticket_is_renewed(shopper, engine):
    shopper.visits().opens_the_chat().sends("First")
    first = ticket_of(shopper)
    shopper.page.evaluate(
        """() => { const [at, ticket] = localStorage.livechat.split(' ')
          localStorage.livechat = `${at - 8 * 24 * 3600 * 1000} ${ticket}` }"""
    )
    shopper.page.reload()
    until(shopper.page, f"!localStorage.livechat.includes('{first}')")
    assert ticket_of(shopper) != first


def test_without_a_conversation_there_is_no_ticket(shopper, engine):
    shopper.visits().opens_the_chat().types("I am only thinking")
    shopper.page.reload()
    shopper.sees_the_chat()
    assert shopper.page.evaluate("localStorage.length") == 0
    assert query(engine, "SELECT count(*) FROM resume_tickets") == [(0,)]


def test_the_full_page_chat_needs_no_ticket(shopper, engine):
    shopper.visits_the_full_page_chat().sees_the_chat().sends("First")
    assert query(engine, "SELECT count(*) FROM resume_tickets") == [(0,)]


def test_the_page_around_the_frame_gets_a_ticket_and_no_token(shopper):
    shopper.visits()
    expect(shopper.button).to_be_visible()
    shopper.page.evaluate(
        "() => { window.told = []; addEventListener('message', event => told.push(event.data)) }"
    )
    shopper.opens_the_chat().sends("First")
    ticket = ticket_of(shopper)
    told = shopper.page.evaluate("JSON.stringify(told)")
    assert ticket in told
    assert shopper.frame.evaluate("JSON.parse(localStorage['livechat.token'])") not in told
    answer = shopper.context.request.post(
        f"{shopper.chat_origin}/chat/ticket/",
        data={"site": shopper.page.evaluate("location.origin")},
        headers={"Authorization": f"Bearer {ticket}"},
    )
    assert answer.status == 404


def test_the_customer_is_told_what_the_browser_does_not_keep(shopper):
    limits(shopper, BLOCKED).visits().opens_the_chat()
    expect(shopper.chat.get_by_text(UNSENT)).to_be_visible()
    expect(shopper.chat.get_by_text("Your chat stays open")).to_be_hidden()


@pytest.mark.parametrize("where", ["widget", "full page"])
def test_without_any_storage_the_customer_is_warned_before_anything_is_lost(shopper, where):
    shopper.context.add_init_script(BLOCKED)
    if where == "widget":
        shopper.visits().opens_the_chat()
    else:
        shopper.visits_the_full_page_chat().sees_the_chat()
    expect(shopper.chat.get_by_text(NOTHING)).to_be_visible()
    expect(shopper.chat.get_by_text("Your chat stays open")).to_be_hidden()
    shopper.sends("First")
    expect(shopper.chat.get_by_text(NOTHING)).to_be_visible()


def test_a_browser_with_storage_shows_no_warning(shopper):
    shopper.visits().opens_the_chat().sends("First")
    expect(shopper.chat.locator("#keeping")).to_be_empty()


def test_the_conversation_continues_in_a_browser_that_blocks_third_party_storage(
    browser, server, engine
):
    strict = browser.browser_type.launch(
        executable_path=find_chromium(), args=[*ARGUMENTS, "--test-third-party-cookie-phaseout"]
    )
    context = strict.new_context(**DESKTOP)
    context.ear = Ear(context)
    shopper = Shopper(context, server).visits().opens_the_chat().sends("First")
    has_a_ticket(shopper).visits("delivery/").sees_exactly("First").sends("Second")
    assert conversations(engine) == 1
    assert context.ear.problems() == []
    strict.close()
