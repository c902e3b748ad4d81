"""Messages appear on the other side at once, and none is missed or doubled when the connection breaks."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import APIResponse, Page, Route, expect

from ..admin import Desk
from ..chromium import until
from ..seeds import add_chat, add_messages, shell, stored
from ..wire import FOLLOWED, STREAM, Wire, only_streams, refused
from .test_outbox import CUT

TOO_MANY = {
    "status": 503,
    "headers": {"Retry-After": "1", "Content-Type": "application/json"},
    "body": json.dumps({"error": {"code": "too_many_streams", "message": "Too many streams."}}),
}


@contextmanager
def asleep(page: Page) -> Iterator[None]:
    """The tab is frozen without notice, as when a phone or a laptop suspends it."""
    debugger = page.context.new_cdp_session(page)
    debugger.send("Debugger.enable")
    debugger.send("Debugger.pause")
    yield
    debugger.send("Debugger.resume")
    debugger.send("Debugger.disable")


def tell(page: Page, event: str) -> None:
    """Dispatch the event of a tab that is about to freeze (``freeze``) or has thawed (``resume``)."""
    page.evaluate(f"document.dispatchEvent(new Event('{event}'))")


def at_rest(desk: Desk) -> Wire:
    """Wait until the desk is open and its list has a stream; returns the requests from now on."""
    wire = Wire(desk.context)
    desk.visits().is_ready()
    wire.has_streams(1)
    return wire.rests()


# With streams


def test_messages_come_by_stream_both_ways_without_polling(shopper, desk):
    at_customer, at_desk = Wire(shopper.context), Wire(desk.context)
    shopper.visits().opens_the_chat().gives("Clara").sends("Hello")
    desk.visits().opens("Clara").answers("Good morning").sees_sent("Good morning")
    shopper.sees("Good morning")
    at_customer.has_streams(1)
    at_desk.has_streams(2)  # the list and the conversation
    at_customer.rests()
    at_desk.rests()
    for number in range(5):
        desk.answers(f"Answer {number}")
        shopper.sees(f"Answer {number}").writes(f"Question {number}")
        desk.sees(f"Question {number}")
    assert (at_customer.polls, at_desk.polls) == ([], [])
    assert (at_customer.streams, at_desk.streams) == ([], [])


def test_a_new_chat_appears_on_the_dashboard_without_polling(desk, new_shopper):
    wire = at_rest(desk)
    clara = new_shopper().visits().opens_the_chat().gives("Clara").sends("Hello")
    desk.sees_chats("Clara").sees_counts(waiting=1)
    new_shopper().visits().opens_the_chat().gives("Dora").sends("Good morning")
    desk.sees_chats("Dora", "Clara").sees_counts(waiting=2)
    clara.sends("Me again")
    desk.sees_chats("Clara", "Dora")
    expect(desk.row_of("Clara")).to_contain_text("Me again")
    assert wire.polls == []


def test_the_dashboard_follows_colleagues_acts_and_its_filter(desk, new_desk, engine, server):
    berta = new_desk("berta", "Berta Beispiel").is_signed_in()
    for name in ("Clara", "Dora"):
        add_chat(engine, name)
    berta.visits("?status=waiting").is_ready().sees_chats("Dora", "Clara")
    desk.visits("1/").is_ready().push("Assign to me").click()
    berta.sees_chats("Dora").sees_counts(waiting=1, active=1)
    shell(server, "sessions", "close", "2")
    berta.sees_chats().sees_counts(waiting=0, active=1, closed=1)


# Without streams


def test_without_streams_everything_is_polled(new_server, new_shopper):
    server = new_server(demo_shop="true", streams="off").start()
    shopper = new_shopper(server=server)
    shopper.ear.expects("503", "404", "406")
    shopper.visits().opens_the_chat().gives("Clara").sends("Hello")
    shell(server, "admins", "add", "anna", "--invite")
    shell(server, "sessions", "reply", "--as", "anna", "1", "Good morning")
    shopper.sees_exactly("Hello", "Good morning")
    expect(shopper.chat.locator("#offline")).to_be_empty()


def test_refused_streams_are_replaced_by_polling_and_come_back(shopper, desk, engine):
    shopper.ear.expects("503")
    wire = Wire(shopper.context)
    with refused(shopper.context, TOO_MANY):
        shopper.visits().opens_the_chat().gives("Clara").sends("Hello")
        wire.waits_for(lambda: len(wire.streams) > 1, "a second try")
        add_messages(engine, 1, desk.row, "By a question")
        shopper.sees_exactly("Hello", "By a question")
        expect(shopper.chat.locator("#offline")).to_be_empty()
    wire.has_streams(1)
    wire.rests()
    add_messages(engine, 1, desk.row, "By the stream")
    shopper.sees("By the stream")
    assert wire.polls == []


def test_a_poll_that_is_never_answered_blocks_nothing(shopper, desk, engine):
    shopper.ear.expects("503")
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if "after=" in route.request.url and not held:
            held.append(route)
        else:
            route.fallback()

    with refused(shopper.context, TOO_MANY):
        shopper.visits().opens_the_chat().gives("Clara").sends("Hello")
        shopper.context.route("**/messages/**", hold_the_first)
        Wire(shopper.context).waits_for(lambda: held, "a question")
        add_messages(engine, 1, desk.row, "Anybody there?")
        shopper.sees_exactly("Hello", "Anybody there?")
    shopper.context.unroute_all()


def test_a_stream_that_begins_with_an_unread_count_shows_it(shopper, desk, engine):
    shopper.visits().opens_the_chat().gives("Clara").sends("Hello").closes_the_chat()
    with only_streams(shopper.context):
        shopper.context.set_offline(True)
        add_messages(engine, 1, desk.row, "One", "Two")
        shopper.context.set_offline(False)
        shopper.sees_badge(2)


def test_a_list_without_a_stream_is_polled(desk, engine):
    desk.ear.expects("503")
    with refused(desk.context, TOO_MANY):
        desk.visits().is_ready()
        add_chat(engine, "Clara")
        desk.sees_chats("Clara").sees_counts(waiting=1)


def test_changes_during_the_loading_of_the_list_stay_when_it_arrives(desk, engine):
    wire = at_rest(desk)
    on_their_way: list[tuple[Route, APIResponse]] = []

    def hold(route: Route) -> None:
        if route.request.headers.get("accept") == STREAM:
            route.fallback()
        else:
            on_their_way.append((route, route.fetch()))

    desk.context.route(FOLLOWED, hold)
    tell(desk.page, "visibilitychange")
    wire.waits_for(lambda: on_their_way, "the list, without Clara")
    add_chat(engine, "Clara")
    desk.sees_chats("Clara").sees_counts(waiting=1)
    (route, without_clara), *_more = on_their_way
    with desk.page.expect_response(route.request.url):
        route.fulfill(response=without_clara)
    desk.page.wait_for_timeout(200)
    desk.sees_chats("Clara").sees_counts(waiting=1)
    assert len(wire.polls) == 1
    desk.context.unroute_all()


# When the connection breaks


def test_after_a_network_outage_everything_is_shown_once_and_in_order(shopper, desk, engine):
    shopper.ear.expects(CUT)
    shopper.visits().opens_the_chat().gives("Clara").sends("Before")
    desk.visits().opens("Clara")
    texts = ["Before"]
    for turn in range(3):
        shopper.context.set_offline(True)
        desk.answers(f"While away {turn}").sees_sent(f"While away {turn}")
        shopper.writes(f"Into the void {turn}").sees_not_sent_yet(f"Into the void {turn}")
        expect(shopper.chat.get_by_text("You're offline.")).to_be_visible()
        shopper.context.set_offline(False)
        texts += [f"While away {turn}", f"Into the void {turn}"]
        shopper.sees_exactly(*texts)
        expect(shopper.chat.get_by_text("You're offline.")).to_be_hidden()
    desk.sees_exactly(*texts)
    assert stored(engine) == texts


def test_a_desk_catches_up_after_an_outage(shopper, desk):
    desk.ear.expects(CUT)
    shopper.visits().opens_the_chat().gives("Clara").sends("Before")
    desk.visits().opens("Clara")
    desk.context.set_offline(True)
    expect(desk.page.get_by_text("You're offline.")).to_be_visible()
    shopper.sends("While away")
    desk.answers("Written offline")
    desk.context.set_offline(False)
    desk.sees_exactly("Before", "While away", "Written offline").sees_sent("Written offline")
    expect(desk.page.get_by_text("You're offline.")).to_be_hidden()
    shopper.sees_exactly("Before", "While away", "Written offline")


def test_the_stream_reconnects_to_a_restarted_server(shopper, desk, server):
    shopper.ear.expects(CUT)
    desk.ear.expects(CUT)
    wire = Wire(shopper.context)
    shopper.visits().opens_the_chat().gives("Clara").sends("Before")
    desk.visits().opens("Clara")
    wire.has_streams(1)
    server.kill()
    expect(shopper.chat.get_by_text("Reconnecting…")).to_be_visible()
    expect(desk.page.get_by_text("Reconnecting…")).to_be_visible()
    server.start()
    expect(shopper.chat.get_by_text("Reconnecting…")).to_be_hidden()
    wire.has_streams(1)
    desk.answers("Here again")
    shopper.sees_exactly("Before", "Here again")


@pytest.mark.parametrize("told", [True, False])
def test_a_tab_that_was_frozen_shows_everything_once_and_in_order(shopper, desk, engine, told):
    wire = Wire(shopper.context)
    shopper.visits_the_full_page_chat().sees_the_chat().sends("Before")
    wire.has_streams(1)
    texts = [f"While asleep {number}" for number in range(3)]
    if told:
        tell(shopper.page, "freeze")
        wire.has_streams(0)
    with asleep(shopper.page):
        add_messages(engine, 1, desk.row, *texts)
        time.sleep(1)
    if told:
        tell(shopper.page, "resume")
    shopper.sees_exactly("Before", *texts)
    wire.has_streams(1)
    add_messages(engine, 1, desk.row, "Awake")
    shopper.sees_exactly("Before", *texts, "Awake")


# Many tabs


def test_all_tabs_share_one_stream_and_another_one_takes_it_over(shopper, desk, engine):
    wire = Wire(shopper.context)
    shopper.visits().opens_the_chat().sends("Hello")
    tabs = [shopper, shopper.opens_another_tab("ember/"), shopper.opens_another_tab("halo/")]
    for tab in tabs[1:]:
        tab.opens_the_chat().sees_exactly("Hello")
    shopper.page.wait_for_timeout(500)
    assert len(wire.streams) == 1
    wire.forgets()
    add_messages(engine, 1, desk.row, "To all tabs")
    for tab in tabs:
        tab.sees_exactly("Hello", "To all tabs")
    assert wire.polls == []

    shopper.page.close()
    wire.waits_for(lambda: len(wire.streams) == 1, "another tab has the stream")
    wire.has_streams(1)
    add_messages(engine, 1, desk.row, "To those who are left")
    for tab in tabs[1:]:
        tab.sees_exactly("Hello", "To all tabs", "To those who are left")


def test_a_tab_about_to_freeze_gives_the_stream_to_one_that_is_awake(shopper, desk, engine):
    wire = Wire(shopper.context)
    shopper.visits_the_full_page_chat().sees_the_chat().sends("Hello")
    second = shopper.opens_another_tab().visits_the_full_page_chat().sees_exactly("Hello")
    assert len(wire.streams) == 1
    tell(shopper.page, "freeze")
    wire.waits_for(lambda: len(wire.streams) == 2, "the other tab has the stream")
    wire.has_streams(1)
    add_messages(engine, 1, desk.row, "Who is awake?")
    second.sees_exactly("Hello", "Who is awake?")
    tell(shopper.page, "resume")
    shopper.sees_exactly("Hello", "Who is awake?")
    shopper.page.wait_for_timeout(500)
    assert len(wire.streams) == 2


def test_a_stream_is_taken_from_a_frozen_tab(shopper, desk, engine):
    wire = Wire(shopper.context)
    shopper.visits_the_full_page_chat().sees_the_chat().sends("Hello")
    second = shopper.opens_another_tab().visits_the_full_page_chat().sees_exactly("Hello")
    with asleep(shopper.page):
        add_messages(engine, 1, desk.row, "Who is awake?")
        # Looking at the second tab makes it ask the first, which does not answer.
        second.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        second.sees_exactly("Hello", "Who is awake?")
        wire.waits_for(lambda: len(wire.streams) == 2, "the other tab has the stream", second.page)
        wire.rests(second.page)
        add_messages(engine, 1, desk.row, "At once?")
        second.sees_exactly("Hello", "Who is awake?", "At once?")
        assert wire.polls == []
    shopper.sees_exactly("Hello", "Who is awake?", "At once?")
    wire.has_streams(1)
    add_messages(engine, 1, desk.row, "To both")
    for tab in (shopper, second):
        tab.sees_exactly("Hello", "Who is awake?", "At once?", "To both")


def test_tabs_that_cannot_agree_have_a_stream_each(shopper, desk, engine):
    shopper.context.add_init_script("delete window.BroadcastChannel")
    wire = Wire(shopper.context)
    shopper.visits().opens_the_chat().sends("Hello")
    second = shopper.opens_another_tab("ember/").opens_the_chat().sees_exactly("Hello")
    wire.has_streams(2)
    add_messages(engine, 1, desk.row, "To both")
    for tab in (shopper, second):
        tab.sees_exactly("Hello", "To both")


def test_many_tabs_of_the_desk_leave_connections_for_everything_else(desk, engine):
    wire = Wire(desk.context)
    for number in range(1, 8):
        add_chat(engine, f"Customer {number}", f"Question {number}")
    tabs = [desk.visits("1/").is_ready()]
    tabs += [desk.opens_another_tab(f"{number}/").is_ready() for number in range(2, 8)]
    wire.waits_for(lambda: len(wire.open_streams) <= 4, "no more than four streams")
    for number, tab in enumerate(tabs, start=1):
        add_messages(engine, number, None, "One more thing")
        tab.sees_exactly(f"Question {number}", "One more thing")
        tab.answers("Yes?").sees_sent("Yes?")


def rings_once(page: Page, tones: Callable[[], int], expected: int) -> None:
    """Wait until all tabs together have played so many sounds, and a moment longer for one too many."""
    for _ in range(300):
        if tones() >= expected:
            break
        page.wait_for_timeout(100)
    page.wait_for_timeout(700)
    assert tones() == expected


RINGS = """window.tones = 0
const make = AudioContext.prototype.createOscillator
AudioContext.prototype.createOscillator = function () { window.tones++; return make.call(this) }"""


def test_one_of_a_customers_tabs_plays_the_sound_once(shopper, desk, engine):
    shopper.context.add_init_script(RINGS)
    shopper.visits().opens_the_chat().sends("Hello").closes_the_chat()
    tabs = [shopper, shopper.opens_another_tab("ember/"), shopper.opens_another_tab("halo/")]
    for tab in tabs[1:]:
        expect(tab.button).to_be_visible()
        expect(tab.chat.locator(".text")).to_have_count(1)  # behind the closed panel
    for count in (1, 2):
        add_messages(engine, 1, desk.row, f"Answer {count}")
        for tab in tabs:
            tab.sees_badge(count)
        rings_once(
            shopper.page, lambda: sum(tab.frame.evaluate("tones") for tab in tabs), 2 * count
        )


def test_one_of_an_admins_tabs_plays_the_sound_once(desk, engine):
    desk.context.add_init_script(RINGS)
    add_chat(engine, "Clara")
    desk.visits().is_ready()
    tabs = [desk, desk.opens_another_tab().is_ready(), desk.opens_another_tab("1/").is_ready()]
    for tab in tabs:
        tab.customer.first.click(force=True)  # browsers play sounds only after a user gesture
    add_chat(engine, "Dora")
    until(desk.page, "document.title.startsWith('(')")
    rings_once(desk.page, lambda: sum(tab.page.evaluate("tones") for tab in tabs), 2)


# The parser


def test_a_stream_is_parsed_however_it_is_split(shopper):
    shopper.visits_the_full_page_chat().sees_the_chat()
    text = (
        ": hello\n\nretry: 2000\n\nid: c1\nevent: message\ndata: {\"body\": \"a: b\\n\"}\n\n"
        "event:typing\r\ndata:{\"typing\":\r\ndata: true}\r\n\r\n:\nid: c2\nevent: session\ndata: {}\n\n"
        "event: nothing\n\n"
    )  # fmt: skip
    expected = [
        ["message", {"body": "a: b\n"}, "c1"],
        ["typing", {"typing": True}, None],
        ["session", {}, "c2"],
    ]
    results = shopper.frame.evaluate(
        """async (text) => {
          const links = [...document.querySelectorAll('link[rel=modulepreload]')]
          const { createParser } = await import(links.find((each) => each.href.includes('/http.js')).href)
          const results = []
          for (let size = 1; size <= text.length; size++) {
            const events = []
            const parse = createParser((type, data, id) => events.push([type, data, id ?? null]))
            for (let i = 0; i < text.length; i += size) parse(text.slice(i, i + size))
            results.push(events)
          }
          return results
        }""",
        text,
    )
    assert all(events == expected for events in results)


def test_a_line_that_is_cut_one_way_is_detected(shopper, desk, engine):
    # The stream is open and silent for good: only the occasional polls reveal what is missing.
    shopper.page.clock.install()
    wire = Wire(shopper.context)
    shopper.visits_the_full_page_chat().sees_the_chat().sends("Hello")
    wire.has_streams(1)
    shopper.page.evaluate("BroadcastChannel.prototype.postMessage = () => {}")
    started = time.monotonic()
    wire.forgets()
    shopper.page.clock.run_for(61_000)
    wire.waits_for(lambda: wire.polls, "a question although the stream is there")
    assert time.monotonic() - started < 55  # by the page's clock, not by a real minute
