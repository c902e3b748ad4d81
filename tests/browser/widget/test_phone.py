"""The chat on a phone, zoomed in, and with reduced motion."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from ..chromium import PHONE, ZOOMED
from ..seeds import add_chat

FINGER = 44  # CSS pixels: the smallest target that a finger can hit
TOO_SMALL = """(root, finger) => {
  const small = []
  for (const element of root.querySelectorAll('a, button, input, select, summary, textarea')) {
    const all = getComputedStyle(element, '::after') // may stretch a link over its row
    const row = all.content !== 'none' && all.position === 'absolute' && element.offsetParent
    const box = (row || element).getBoundingClientRect()
    const style = getComputedStyle(element)
    if (!box.width || style.visibility === 'hidden' || element.closest('[hidden], .unseen, .skip'))
      continue
    if (element.matches('p a, dd a, td a, code a') && style.display === 'inline') continue
    if (box.width < finger - 0.5 || box.height < finger - 0.5)
      small.push(`${element.outerHTML.slice(0, 90)} is ${box.width} x ${box.height}`)
  }
  return small
}"""
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
MOVING = """() => {
  const moving = []
  const look = (root) => {
    for (const element of root.querySelectorAll('*')) {
      const style = getComputedStyle(element)
      if ((style.animationName !== 'none' && !/^0s(, 0s)*$/.test(style.animationDuration)) ||
          !/^0s(, 0s)*$/.test(style.transitionDuration) || style.scrollBehavior === 'smooth')
        moving.push(element.outerHTML.slice(0, 90))
      if (element.shadowRoot) look(element.shadowRoot)
    }
  }
  look(document)
  return moving
}"""


def assert_big_enough(root: Locator) -> None:
    """Assert that everything clickable in an element can be hit with a finger; links within a text are exempt."""
    assert root.evaluate(TOO_SMALL, FINGER) == []


def test_the_chat_fills_a_phones_screen_and_the_box_stays_visible(new_shopper):
    shopper = new_shopper(**PHONE).visits()
    shopper.button.tap()
    shopper.sees_the_chat()
    assert shopper.panel.bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 844}
    expect(shopper.button).to_be_hidden()
    expect(shopper.box).to_be_in_viewport(ratio=1)
    shopper.gives("Clara").sends("From the sofa")
    shopper.sends("line\n" * 30 + "end")
    expect(shopper.box).to_be_in_viewport(ratio=1)
    expect(shopper.push("Send")).to_be_in_viewport(ratio=1)
    shopper.types("a long draft\n" * 40)
    expect(shopper.box).to_be_in_viewport(ratio=1)
    expect(shopper.push("Send")).to_be_in_viewport(ratio=1)
    shopper.push("Hide chat").tap()
    expect(shopper.panel).to_be_hidden()
    expect(shopper.button).to_be_in_viewport(ratio=1)


def test_a_phones_keyboard_does_not_hide_the_box(new_shopper):
    shopper = new_shopper(**PHONE).visits()
    shopper.button.tap()
    shopper.sees_the_chat().sends("Hello")
    shopper.box.tap()
    shopper.page.set_viewport_size(
        {"width": 390, "height": 420}
    )  # the height that a keyboard leaves
    expect(shopper.box).to_be_in_viewport(ratio=1)
    expect(shopper.line("Hello")).to_be_in_viewport()
    shopper.page.set_viewport_size({"width": 390, "height": 844})
    expect(shopper.box).to_be_in_viewport(ratio=1)


def test_everything_a_customer_can_press_is_big_enough_for_a_finger(new_shopper):
    shopper = new_shopper(**PHONE).visits("ember/")
    assert shopper.button.bounding_box()["width"] >= FINGER
    shopper.button.tap()
    shopper.sees_the_chat()
    body = shopper.chat.locator("body")
    assert_big_enough(body)
    shopper.sends("Hello")
    assert_big_enough(body)
    shopper.push("End chat").tap()
    assert_big_enough(body)
    shopper.chat.get_by_role("region", name="End chat").get_by_role("button", name="End chat").tap()
    shopper.sees_status("This chat has ended")
    assert_big_enough(body)


def test_everything_an_admin_can_press_is_big_enough_for_a_finger(new_desk, engine):
    number = add_chat(engine, "Clara", "Hello")
    desk = new_desk(**PHONE).visits()
    body = desk.page.locator("body")
    assert_big_enough(body)
    desk.is_signed_in().visits().is_ready()
    assert_big_enough(body)
    desk.visits(f"{number}/").is_ready()
    assert_big_enough(body)
    desk.page.get_by_text("Details", exact=True).tap()
    assert_big_enough(body)


def test_a_chat_opens_from_anywhere_in_its_row(new_desk, engine):
    add_chat(engine, "Clara", "Hello")
    desk = new_desk(**PHONE).is_signed_in().visits().is_ready()
    box = desk.row_of("Clara").bounding_box()
    desk.page.touchscreen.tap(box["x"] + box["width"] - 12, box["y"] + box["height"] - 8)
    expect(desk.customer).to_have_text("Clara")


def test_an_admin_answers_on_a_phone(new_desk, engine):
    number = add_chat(engine, "Clara", "Hello")
    desk = new_desk(**PHONE).is_signed_in().visits(f"{number}/").is_ready()
    expect(desk.box).to_be_in_viewport(ratio=1)
    expect(desk.line("Hello")).to_be_in_viewport(ratio=1)
    desk.box.fill("Hello from the train")
    desk.push("Send Message").tap()
    desk.sees_sent("Hello from the train")
    expect(desk.line("Hello from the train")).to_be_in_viewport(ratio=1)
    desk.page.set_viewport_size({"width": 390, "height": 420})
    expect(desk.box).to_be_in_viewport(ratio=1)
    expect(desk.push("Send Message")).to_be_in_viewport(ratio=1)


def test_nothing_scrolls_sideways_on_a_phone_or_at_double_size(new_shopper, new_desk, engine):
    add_chat(engine, "Maximiliane Wolkenstein-Trostburg", "https://shop.example/" + "x" * 200)
    for number, device in enumerate((PHONE, ZOOMED)):
        shopper = new_shopper(**device)
        for path in ("", "ember/", "delivery/", "contact/"):
            assert shopper.visits(path).page.evaluate(SIDEWAYS) <= 0, path
        shopper.opens_the_chat().sends("W" * 300)
        assert shopper.frame.evaluate(SIDEWAYS) <= 0
        expect(shopper.box).to_be_in_viewport(ratio=1)
        desk = new_desk(f"anna{number}", "Anna Antwort", **device).visits()
        assert desk.page.evaluate(SIDEWAYS) <= 0, "login"
        for path in ("", "1/", "?status=closed", "99/"):
            desk.ear.expects("404")
            desk.is_signed_in().visits(path)
            assert desk.page.evaluate(SIDEWAYS) <= 0, path


def test_at_double_size_writing_and_reading_still_work(new_shopper, new_desk, engine):
    shopper = new_shopper(**ZOOMED).visits().opens_the_chat()
    shopper.sends("Everything is big")
    expect(shopper.line("Everything is big")).to_be_in_viewport()
    expect(shopper.box).to_be_in_viewport(ratio=1)
    desk = new_desk(**ZOOMED).is_signed_in().visits("1/").is_ready()
    desk.box.scroll_into_view_if_needed()
    expect(desk.box).to_be_in_viewport(ratio=1)
    desk.answers("Here, too").sees_sent("Here, too")


def test_reduced_motion_stops_all_motion(new_shopper, new_desk, engine):
    shopper = new_shopper(reduced_motion="reduce").visits()
    shopper.button.click()
    shopper.sees_the_chat().writes("Still")
    assert shopper.frame.evaluate(MOVING) == []
    shopper.sees_sent("Still")
    assert shopper.frame.evaluate(MOVING) == []
    assert shopper.page.evaluate(MOVING) == []
    desk = new_desk(reduced_motion="reduce").is_signed_in().visits()
    assert desk.page.evaluate(MOVING) == []
    desk.visits("1/").is_ready().answers("Stiller")
    assert desk.page.evaluate(MOVING) == []


def test_the_widget_moves_without_reduced_motion(shopper):
    """Otherwise the test above would prove nothing."""
    shopper.visits().opens_the_chat()
    assert shopper.page.evaluate(MOVING) != []
