"""From the click on a row until its chat is on screen: typed text belongs to the opening chat, and no act hits
another chat, however slow the server is."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from ..chromium import until
from ..seeds import add_chat, add_messages, close_chat, query, stored

# The delay of each request for a conversation that the page sends; the test's own requests are not delayed.
SLOW = """(() => {
  const plain = window.fetch
  window.latency = 0
  window.fetch = async (url, options = {}) => {
    const slow = /\\/chat\\/(\\d+|take)\\/$/.test(url) && !/event-stream/.test(options.headers?.Accept)
    if (slow) await new Promise((done) => setTimeout(done, window.latency))
    return plain(url, options)
  }
})()"""
FOREVER = 1_000_000


@pytest.fixture
def three(desk, engine):
    """Three chats, Clara's open, at a desk whose requests can be delayed."""
    for name in ("Clara", "Dora", "Emil"):
        add_chat(engine, name, f"I am {name}")
    desk.page.add_init_script(SLOW)
    desk.visits("1/").is_ready().sees("I am Clara")
    return desk


@pytest.fixture
def held(three):
    """The same, with the server's answers for Dora's and Emil's chats held until the test releases them."""
    return three, Held(three)


class Held:
    """Held requests for chats."""

    def __init__(self, desk):
        self.desk, self.routes, self.open = desk, {}, False
        desk.context.route(re.compile(r"/custom-admin/chat/([23]|take)/$"), self._keep)

    def _keep(self, route):
        name = route.request.url.rstrip("/").rsplit("/", 1)[-1]
        self.routes.setdefault(name, []).append(route)
        if self.open:
            self.lets_go(name)

    def waits_for(self, name):
        """Wait until the page has sent its request."""
        for _ in range(300):
            if self.routes.get(name):
                return self
            self.desk.page.wait_for_timeout(20)
        raise AssertionError(f"Nobody asked for {name}.")

    def lets_go(self, name):
        """Send the request to the server and deliver the answer."""
        self.waits_for(name)
        for route in self.routes.pop(name):
            route.continue_()
        return self

    def refuses(self, name, **answer):
        self.waits_for(name)
        for route in self.routes.pop(name):
            route.fulfill(**answer) if answer else route.abort("internetdisconnected")
        return self

    def ends(self):
        """Hold nothing from now on."""
        self.open = True
        for name in list(self.routes):
            self.lets_go(name)


def latency(desk, milliseconds):
    desk.page.evaluate(f"window.latency = {milliseconds}")


def clicks(desk, name):
    """Click, without waiting for the result."""
    desk.row_of(name).get_by_role("link", name=name).click()


def types(desk, text):
    desk.page.keyboard.type(text)


def states(engine):
    """Return number, status, assignee and blocked of every chat, to show whether an act changed anything."""
    return [tuple(row) for row in query(engine, (
        "SELECT s.id, s.status, s.assignee_id, s.snoozed_until IS NOT NULL, g.blocked_at IS NOT NULL "
        "FROM chat_sessions s JOIN guests g ON g.id = s.guest_id ORDER BY s.id"
    ))]  # fmt: skip


UNTOUCHED = [(number, "waiting", None, 0, 0) for number in (1, 2, 3)]


@pytest.mark.parametrize("milliseconds", [0, 150, 400, 900])
def test_text_typed_at_once_is_in_the_box_of_the_clicked_chat(three, engine, milliseconds):
    latency(three, milliseconds)
    clicks(three, "Dora")
    types(three, "hello there, a snug jacket exists")
    expect(three.customer).to_have_text("Dora")
    three.sees_exactly("I am Dora")
    expect(three.box).to_have_value("hello there, a snug jacket exists")
    expect(three.box).to_be_focused()
    assert states(engine) == UNTOUCHED
    three.opens("Clara")
    expect(three.box).to_have_value("")
    three.opens("Dora")
    expect(three.box).to_have_value("hello there, a snug jacket exists")


@pytest.mark.parametrize("before", range(6))
def test_an_answer_that_arrives_between_two_keystrokes_changes_nothing(held, engine, before):
    desk, wire = held
    clicks(desk, "Dora")
    types(desk, "aegsu"[:before])
    wire.lets_go("2")
    types(desk, "aegsu"[before:])
    desk.sees_exactly("I am Dora")
    expect(desk.box).to_have_value("aegsu")
    assert states(engine) == UNTOUCHED


def test_an_opening_chat_shows_its_name_above_an_empty_box_and_nothing_else_is_usable(held):
    desk, wire = held
    desk.box.fill("Half a draft for Clara")
    clicks(desk, "Dora")
    expect(desk.customer).to_have_text("Dora")
    expect(desk.box).to_be_focused()
    expect(desk.box).to_have_value("")
    expect(desk.page).to_have_url(f"{desk.url}2/")
    expect(desk.page).to_have_title(re.compile("Dora – "))
    expect(desk.row_of("Dora").get_by_role("link")).to_have_attribute("aria-current", "page")
    expect(desk.page.locator("#pane")).to_have_attribute("aria-busy", "true")
    expect(desk.page.get_by_text("I am Clara").locator("visible=true")).to_have_count(1)  # the row
    for name in ("Close chat", "Assign to me"):
        expect(desk.push(name)).to_have_count(0)  # neither visible nor focusable
    wire.lets_go("2")
    desk.sees_exactly("I am Dora")
    expect(desk.push("Close chat")).to_be_visible()
    expect(desk.page.locator("#pane")).not_to_have_attribute("aria-busy", "true")


def test_escape_while_opening_returns_to_the_list_where_keys_act_on_neither_chat(held, engine):
    desk, wire = held
    clicks(desk, "Dora")
    desk.page.keyboard.press("Escape")
    types(desk, "eatusnm")
    wire.lets_go("2")
    desk.sees_exactly("I am Dora")
    expect(desk.row_of("Dora").get_by_role("link")).to_be_focused()  # nothing has moved the focus
    assert states(engine) == UNTOUCHED


def test_of_two_clicks_the_last_one_counts_and_gets_the_text(held, engine):
    desk, wire = held
    clicks(desk, "Dora")
    types(desk, "for dora")
    clicks(desk, "Emil")
    types(desk, "for emil")
    wire.lets_go("3")
    desk.sees_exactly("I am Emil")
    expect(desk.box).to_have_value("for emil")
    wire.lets_go("2")  # too late
    types(desk, ", all")
    expect(desk.customer).to_have_text("Emil")
    expect(desk.box).to_have_value("for emil, all")
    assert states(engine) == UNTOUCHED
    wire.ends()
    desk.opens("Dora").sees_exactly("I am Dora")
    expect(desk.box).to_have_value("for dora")


def test_a_double_click_sends_one_request_and_keeps_the_text(held):
    desk, wire = held
    desk.row_of("Dora").get_by_role("link").dblclick()
    types(desk, "hello")
    assert len(wire.waits_for("2").routes["2"]) == 1
    wire.lets_go("2")
    desk.sees_exactly("I am Dora")
    expect(desk.box).to_have_value("hello")


def test_back_while_opening_returns_to_the_previous_chat(held, engine):
    desk, wire = held
    clicks(desk, "Dora")
    types(desk, "for dora")
    desk.page.go_back()
    expect(desk.customer).to_have_text("Clara")
    desk.sees_exactly("I am Clara")
    types(desk, "for clara")
    expect(desk.box).to_have_value("for clara")
    wire.lets_go("2")
    desk.page.go_forward()
    wire.lets_go("2")
    desk.sees_exactly("I am Dora")
    expect(desk.box).to_have_value("for dora")
    assert states(engine) == UNTOUCHED


def test_enter_while_opening_sends_to_the_clicked_chat_and_to_no_other(held, engine):
    desk, wire = held
    clicks(desk, "Dora")
    types(desk, "hello there")
    desk.page.keyboard.press("Enter")
    types(desk, "and more")
    desk.sees_sent("hello there")
    wire.lets_go("2")
    desk.sees_exactly("I am Dora", "hello there")
    expect(desk.box).to_have_value("and more")
    assert stored(engine) == ["I am Clara", "I am Dora", "hello there", "I am Emil"]


def test_enter_while_opening_is_held_when_a_colleague_has_already_answered(held, new_desk, engine):
    desk, wire = held
    desk.ear.expects("409")
    berta = new_desk("berta", "Berta Beispiel")
    desk.context.route(re.compile("event-stream"), lambda route: route.abort())
    clicks(desk, "Dora")
    add_messages(engine, 2, berta.row, "I answer")
    types(desk, "hello there")
    desk.page.keyboard.press("Enter")
    wire.lets_go("2")
    expect(desk.page.locator("#collisions")).to_contain_text("hello there")
    assert "hello there" not in stored(engine)


def test_a_closed_chat_accepts_typed_text_too(held, engine):
    desk, wire = held
    close_chat(engine, 2)
    expect(desk.row_of("Dora")).to_contain_text("Closed")
    clicks(desk, "Dora")
    types(desk, "ungrammatical")
    wire.lets_go("2")
    desk.sees_status("Closed")
    expect(desk.box).to_have_value("ungrammatical")
    assert [row[1] for row in states(engine)] == ["waiting", "closed", "waiting"]


def test_an_input_method_keeps_composing_when_the_chat_arrives(held):
    desk, wire = held
    clicks(desk, "Dora")
    expect(desk.box).to_be_focused()
    keyboard = desk.context.new_cdp_session(desk.page)
    compose = {"selectionStart": 1, "selectionEnd": 1}
    keyboard.send("Input.imeSetComposition", {"text": "に", **compose})
    wire.lets_go("2")
    desk.sees_exactly("I am Dora")
    keyboard.send("Input.imeSetComposition", {"text": "日本", **compose})
    keyboard.send("Input.insertText", {"text": "日本"})
    expect(desk.box).to_have_value("日本")


def test_the_next_waiting_chat_gets_the_text_typed_after_the_key_that_takes_it(held, engine):
    desk, wire = held
    desk.page.keyboard.press("g")
    types(desk, "hello, a nice lamp exists")
    wire.lets_go("take")
    expect(desk.customer).to_have_text("Clara")  # the customer with the longest wait
    desk.sees_status("You")
    expect(desk.box).to_have_value("hello, a nice lamp exists")
    assert states(engine) == [(1, "active", desk.row.id, 0, 0), *UNTOUCHED[1:]]


def test_with_no_waiting_chat_the_previous_chat_is_shown(desk, engine):
    desk.ear.expects("409")
    add_messages(engine, add_chat(engine, "Clara", "Hello"), desk.row, "Good day")
    desk.visits("1/").is_ready()
    desk.page.keyboard.press("g")
    expect(desk.page.get_by_text("No waiting chats")).to_be_visible()
    expect(desk.customer).to_have_text("Clara")
    desk.sees_exactly("Hello", "Good day")


def test_an_admin_who_takes_a_chat_can_write_at_once(three, engine):
    routes = []
    three.context.route("**/assign/", lambda route: routes.append(route))
    three.page.keyboard.press("a")
    types(three, "see you")
    expect(three.box).to_have_value("see you")
    for route in routes:
        route.continue_()
    three.sees_status("You")
    expect(three.box).to_have_value("see you")
    assert states(engine) == [(1, "active", three.row.id, 0, 0), *UNTOUCHED[1:]]


def test_the_palette_takes_keys_as_soon_as_it_is_opened_even_without_a_connection(three, engine):
    three.ear.expects("ERR_INTERNET_DISCONNECTED", "Failed to fetch")
    three.context.set_offline(True)
    three.page.keyboard.press("Control+k")
    types(three, "ease")
    box = three.page.get_by_role("combobox", name=re.compile("Type a command"))
    expect(box).to_have_value("ease")
    three.page.keyboard.press("Escape")
    three.context.set_offline(False)
    assert states(engine) == UNTOUCHED


def test_the_palette_of_a_chat_closes_with_the_chat(three):
    clicks(three, "Dora")
    three.sees_exactly("I am Dora")
    three.page.keyboard.press("Control+k")
    expect(three.page.get_by_role("dialog")).to_be_visible()
    three.page.evaluate("history.back()")
    expect(three.customer).to_have_text("Clara")
    expect(three.page.get_by_role("dialog")).to_have_count(0)


def test_text_typed_before_the_page_was_ready_stays_in_its_chat(desk, engine):
    for name in ("Clara", "Dora"):
        add_chat(engine, name, f"I am {name}")
    routes = []
    desk.context.route("**/desk/inbox.js", lambda route: routes.append(route))
    desk.page.goto(f"{desk.url}1/", wait_until="commit")
    desk.box.fill("For Clara alone")
    for route in routes:
        route.continue_()
    desk.is_ready()
    expect(desk.box).to_have_value("For Clara alone")
    desk.opens("Dora").sees_exactly("I am Dora")
    expect(desk.box).to_have_value("")


# When the chat does not arrive


def json_refusal(status, code, message):
    body = f'{{"error": {{"code": "{code}", "message": "{message}"}}}}'
    return {"status": status, "content_type": "application/json", "body": body}


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({}, "can't be opened right now"),
        (json_refusal(503, "database_away", "The database is away."), "The database is away."),
        (json_refusal(404, "missing", "There is no such chat."), "There is no such chat."),
        (json_refusal(403, "not_allowed", "You may not see this."), "You may not see this."),
        ({"status": 502, "content_type": "text/html", "body": "<h1>Bad gateway</h1>"}, "can't be opened"),
    ],
    ids=["offline", "503", "404", "403", "a proxy's page"],
)  # fmt: skip
def test_a_chat_that_cannot_be_opened_keeps_the_text_says_so_and_can_be_tried_again(
    held, answer, says
):
    desk, wire = held
    desk.ear.expects(r"\b(403|404|502|503)\b", "ERR_INTERNET_DISCONNECTED")
    desk.page.evaluate("window.same = true")
    clicks(desk, "Dora")
    types(desk, "hello there")
    wire.refuses("2", **answer)
    expect(desk.page.get_by_role("alert").filter(has_text=says)).to_be_visible()
    expect(desk.box).to_have_value("hello there")
    expect(desk.box).to_be_focused()
    expect(desk.customer).to_have_text("Dora")
    wire.ends()
    desk.push("Try again").click()
    desk.sees_exactly("I am Dora")
    expect(desk.box).to_be_focused()
    expect(desk.box).to_have_value("hello there")
    assert desk.page.evaluate("window.same")


def test_a_click_without_a_connection_stays_on_the_page_and_continues_afterwards(three, engine):
    three.ear.expects("ERR_INTERNET_DISCONNECTED", "Failed to fetch")
    three.page.evaluate("window.same = true")
    three.context.set_offline(True)
    clicks(three, "Dora")
    types(three, "hello there")
    expect(three.page.get_by_text("can't be opened right now")).to_be_visible()
    three.context.set_offline(False)
    three.sees_exactly("I am Dora")
    expect(three.box).to_have_value("hello there")
    assert three.page.evaluate("window.same")


def test_no_other_link_of_the_desk_leads_to_the_browsers_error_page(three, engine):
    three.ear.expects("ERR_INTERNET_DISCONNECTED", "Failed to fetch")
    three.page.evaluate("window.same = true")
    three.context.set_offline(True)
    views = three.page.get_by_role("navigation", name=re.compile("views"))
    for link in (
        views.get_by_role("link", name="Mine"),
        three.page.get_by_role("link", name="Statistics").first,
    ):
        link.click()
        expect(
            three.page.get_by_text("You're offline. Reconnect to leave this page")
        ).to_be_visible()
    three.page.keyboard.press("Control+k")
    types(three, "audit")
    three.page.keyboard.press("Enter")
    until(three.page, "window.same")
    assert three.page.url == f"{three.url}1/"
    three.context.set_offline(False)
    views.get_by_role("link", name="Mine").click()
    expect(three.page).to_have_url(re.compile("view=mine"))


def test_an_answer_in_the_previous_chat_arrives_while_the_next_one_opens(held, engine):
    desk, wire = held
    routes = []
    desk.context.route("**/1/send/", lambda route: routes.append(route))
    desk.answers("For Clara")
    clicks(desk, "Dora")
    types(desk, "for dora")
    for route in routes:
        route.continue_()
    wire.lets_go("2")
    desk.sees_exactly("I am Dora")
    expect(desk.box).to_have_value("for dora")
    wire.ends()
    desk.opens("Clara").sees_exactly("I am Clara", "For Clara")
    assert stored(engine) == ["I am Clara", "For Clara", "I am Dora", "I am Emil"]
