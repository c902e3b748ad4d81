"""Text that is typed or sent before the script has loaded is sent by it, or is still in the box after a reload."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from ..seeds import stored


@pytest.fixture
def slow(shopper):
    """The full-page chat, whose script does not load before `slow.comes()`."""

    class Slow:
        held = []

        def comes(self):
            while self.held:
                self.held.pop().continue_()
            shopper.context.unroute("**/widget/frame.js")

    slow = Slow()
    shopper.context.route("**/widget/frame.js", lambda route: slow.held.append(route))
    shopper.alone = True
    shopper.page.goto(f"{shopper.chat_origin}/chat/", wait_until="commit")
    expect(shopper.box).to_be_visible()
    return slow


@pytest.mark.parametrize("way", ["Enter", "the button"])
def test_a_message_sent_too_early_is_sent_when_the_script_loads(shopper, slow, engine, way):
    shopper.types("Too early")
    if way == "Enter":
        shopper.box.press("Enter")
    else:
        shopper.push("Send").click()
    expect(shopper.box).to_have_value("Too early")
    slow.comes()
    shopper.sees_sent("Too early")
    expect(shopper.box).to_have_value("")
    assert stored(engine) == ["Too early"]


@pytest.mark.parametrize("sent", [True, False])
def test_text_typed_too_early_is_in_the_box_after_a_reload(shopper, slow, engine, sent):
    shopper.types("Too early")
    if sent:
        shopper.box.press("Enter")
    slow.held.clear()  # the script never loads
    shopper.page.reload(wait_until="commit")
    expect(shopper.box).to_be_visible()
    slow.comes()
    expect(shopper.box).to_have_value("Too early")
    shopper.box.press("Enter")
    shopper.sees_sent("Too early")
    assert stored(engine) == ["Too early"]


def test_text_typed_afterwards_is_not_sent_automatically(shopper, slow, engine):
    shopper.types("Too early")
    shopper.box.press("Enter")
    shopper.box.press_sequentially(", and more")
    slow.comes()
    shopper.sees_the_chat()
    expect(shopper.box).to_have_value("Too early, and more")
    assert stored(engine) == []


def test_an_earlier_draft_is_there_before_the_script_and_can_be_continued(shopper, slow):
    slow.comes()
    shopper.sees_the_chat().types("half a")
    shopper.context.route("**/widget/frame.js", lambda route: slow.held.append(route))
    shopper.page.reload(wait_until="commit")
    shopper.box.focus()
    expect(shopper.box).to_have_value("half a")
    shopper.box.press("End")
    shopper.box.press_sequentially(" sentence")
    slow.comes()
    shopper.sees_the_chat()
    expect(shopper.box).to_have_value("half a sentence")


def test_a_name_typed_too_early_stays(shopper, slow):
    slow.comes()
    shopper.sees_the_chat().gives("Clara")
    shopper.page.reload()
    shopper.sees_the_chat()
    expect(shopper.chat.get_by_label("Your name")).to_have_value("Clara")
