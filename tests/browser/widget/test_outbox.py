"""No message is lost or doubled, whatever happens between the browser and the database."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Route, expect
from sqlalchemy import text

from livechat.db.session import transaction

from ..seeds import close_chat, query, stored

CUT = (
    r"ERR_(CONNECTION_REFUSED|INTERNET_DISCONNECTED|FAILED|EMPTY_RESPONSE|CONNECTION_RESET"
    r"|INCOMPLETE_CHUNKED|CONTENT_LENGTH)"
)


def test_a_server_killed_while_somebody_writes_gets_the_message_once_when_it_is_back(
    shopper, server, engine
):
    shopper.ear.expects(CUT)
    shopper.visits().opens_the_chat().sends("Before the crash")
    server.kill()
    shopper.writes("During the crash").sees_not_sent_yet("During the crash")
    server.start()
    shopper.sees_sent("During the crash").sees_exactly("Before the crash", "During the crash")
    assert stored(engine) == ["Before the crash", "During the crash"]


def test_a_first_message_waits_for_the_server_too(shopper, server, engine):
    shopper.ear.expects(CUT)
    shopper.visits().opens_the_chat().gives("Clara")
    server.kill()
    shopper.writes("My very first").sees_not_sent_yet("My very first")
    server.start()
    shopper.sees_sent("My very first").sees_exactly("My very first")
    assert query(engine, "SELECT customer_name FROM chat_sessions") == [("Clara",)]
    assert stored(engine) == ["My very first"]


def test_an_unsent_message_survives_a_reload_and_is_sent_once(shopper, engine):
    shopper.ear.expects(CUT)
    shopper.visits().opens_the_chat().sends("One")
    shopper.context.route("**/chat/send/**", lambda route: route.abort())
    shopper.writes("Two").sees_not_sent_yet("Two")
    shopper.writes("Three").sees("Three")
    shopper.page.reload()
    shopper.sees_the_chat().sees("One", "Two", "Three")
    shopper.context.unroute("**/chat/send/**")
    shopper.sees_sent("Three").sees_exactly("One", "Two", "Three")
    assert stored(engine) == ["One", "Two", "Three"]


def test_an_impatient_customer_sends_again_at_once(shopper):
    shopper.ear.expects("503")
    shopper.visits().opens_the_chat().sends("One")
    busy = {"status": 503, "headers": {"Retry-After": "600"}, "body": "A proxy is busy."}
    shopper.context.route("**/chat/send/**", lambda route: route.fulfill(**busy))
    shopper.writes("Two").sees_not_sent_yet("Two")
    shopper.context.unroute_all()
    shopper.line("Two").get_by_role("button", name="Retry").click()
    shopper.sees_sent("Two").sees_exactly("One", "Two")


@pytest.mark.parametrize("verb", ["start", "send"])
def test_a_lost_answer_doubles_nothing(shopper, engine, verb):
    shopper.ear.expects(CUT)
    lost: list[int] = []

    def lose_the_first_answer(route: Route) -> None:
        answer = route.fetch()
        lost.append(answer.status)
        if len(lost) == 1:
            route.abort()
        else:
            route.fulfill(response=answer)

    shopper.visits().opens_the_chat()
    if verb == "send":
        shopper.sends("Hello")
    shopper.context.route(f"**/chat/{verb}/**", lose_the_first_answer)
    shopper.writes("Exactly once").sees_sent("Exactly once")
    # A client whose stream has shown the message need not ask again whether it arrived.
    assert lost == [201, 200] or (verb == "send" and lost == [201])
    expected = ["Hello", "Exactly once"] if verb == "send" else ["Exactly once"]
    shopper.sees_exactly(*expected)
    assert stored(engine) == expected
    shopper.context.unroute_all()


def test_two_tabs_with_unsent_messages_send_each_once(shopper, engine):
    shopper.ear.expects(CUT)
    shopper.visits().opens_the_chat().sends("Hello")
    second = shopper.opens_another_tab().opens_the_chat().sees_exactly("Hello")
    shopper.context.set_offline(True)
    shopper.writes("From one").sees_not_sent_yet("From one")
    second.writes("From two").sees("From two")
    shopper.context.set_offline(False)
    shopper.sees_exactly("Hello", "From one", "From two")
    second.sees_exactly("Hello", "From one", "From two")
    for tab in (shopper, second):
        tab.sees_sent("From one").sees_sent("From two")
    assert stored(engine) == ["Hello", "From one", "From two"]


def test_a_page_left_while_sending_still_delivers_once(shopper, engine):
    shopper.visits().opens_the_chat().sends("Hello")
    shopper.writes("And off to the next page")
    shopper.visits("delivery/").sees_the_chat().sees_sent("And off to the next page")
    shopper.sees_exactly("Hello", "And off to the next page")
    assert stored(engine) == ["Hello", "And off to the next page"]


def test_a_locked_database_delays_a_message_and_loses_nothing(shopper, engine):
    shopper.ear.expects("503")
    shopper.visits().opens_the_chat().sends("Before")
    with transaction(engine) as another_writer:
        another_writer.execute(text("DELETE FROM admins"))
        shopper.writes("While it was locked").sees_not_sent_yet("While it was locked")
    shopper.sees_sent("While it was locked").sees_exactly("Before", "While it was locked")
    assert stored(engine) == ["Before", "While it was locked"]


def test_too_many_messages_wait_as_long_as_the_server_asks_and_all_arrive(new_server, new_shopper):
    strict = new_server(demo_shop="true", limit_guest_sends="2/3second").start()
    shopper = new_shopper(server=strict)
    shopper.ear.expects("429")
    texts = ["one", "two", "three", "four"]
    shopper.visits().opens_the_chat()
    for each in texts:
        shopper.writes(each)
    for each in texts:
        shopper.sees_sent(each)
    shopper.sees_exactly(*texts)


def test_a_text_for_a_chat_that_was_just_closed_is_kept_for_the_customer_to_decide(shopper, engine):
    shopper.ear.expects("409")
    shopper.visits().opens_the_chat().sends("Before")
    close_chat(engine, 1)
    shopper.writes("Too late")
    expect(shopper.chat.get_by_text("to send your text.")).to_be_visible()
    expect(shopper.box).to_have_value("Too late")
    shopper.push("Reopen chat").click()
    shopper.sees_sent("Too late").sees_exactly("Before", "Too late")
    expect(shopper.box).to_have_value("")
    assert query(engine, "SELECT count(*), max(status) FROM chat_sessions") == [(1, "waiting")]


def test_an_invalid_email_address_is_asked_for_again_and_the_text_is_kept(shopper, engine):
    shopper.ear.expects("422")
    shopper.visits().opens_the_chat().gives("Clara", "not an address").writes("Hello there")
    field = shopper.chat.get_by_label("Email")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(
        shopper.chat.get_by_role("alert").filter(has_text=re.compile("email", re.I))
    ).to_be_visible()
    expect(shopper.box).to_have_value("Hello there")
    field.fill("clara@example.com")
    field.press("Enter")
    shopper.sees_sent("Hello there").sees_exactly("Hello there")
    assert query(engine, "SELECT customer_email FROM chat_sessions") == [("clara@example.com",)]


def test_details_that_a_shop_requires_are_asked_for_before_anything_is_sent(
    new_server, new_shopper
):
    strict = new_server(demo_shop="true", guest_name="required", guest_email="required").start()
    shopper = new_shopper(server=strict)
    shopper.visits().opens_the_chat().writes("Who am I?")
    expect(shopper.chat.get_by_text("Enter your name.")).to_be_visible()
    expect(shopper.chat.get_by_text("Enter your email.")).to_be_visible()
    expect(shopper.chat.get_by_label("Your name")).to_be_focused()
    shopper.gives("Clara", "clara@example.com").box.press("Enter")
    shopper.sees_sent("Who am I?")


def test_a_message_the_server_refuses_can_be_edited_and_sent_again(shopper, engine):
    shopper.ear.expects("422")
    shopper.visits().opens_the_chat().sends("Hello")
    shopper.types("With a\0 character contains a NUL character")
    assert "\0" in shopper.box.input_value()
    shopper.box.press("Enter")
    line = shopper.log.get_by_role("listitem").filter(has_text="contains a NUL character")
    expect(line.get_by_text(re.compile("^Not sent. "))).to_be_visible()
    shopper.page.reload()
    shopper.sees_the_chat()
    line.get_by_role("button", name="Edit").click()
    expect(shopper.box).to_be_focused()
    shopper.types("Without it").box.press("Enter")
    shopper.sees_sent("Without it").sees_exactly("Hello", "Without it")
    assert stored(engine) == ["Hello", "Without it"]


def test_text_typed_before_the_script_loaded_is_kept(shopper):
    held: list[Route] = []
    shopper.context.route("**/widget/frame.js*", lambda route: held.append(route))
    shopper.alone = True
    shopper.page.goto(f"{shopper.chat_origin}/chat/", wait_until="commit")
    shopper.types("Quick fingers")
    for route in held:
        route.continue_()
    shopper.context.unroute_all()
    shopper.sees_the_chat()
    expect(shopper.box).to_have_value("Quick fingers")
    shopper.page.reload()
    expect(shopper.box).to_have_value("Quick fingers")


def test_losing_and_regaining_the_connection_is_shown(shopper):
    shopper.ear.expects(CUT)
    shopper.visits().opens_the_chat().sends("Hello")
    shopper.context.set_offline(True)
    shopper.hurries()
    expect(shopper.chat.get_by_text("You're offline.")).to_be_visible()
    shopper.context.set_offline(False)
    expect(shopper.chat.get_by_text("You're offline.")).to_be_hidden()
