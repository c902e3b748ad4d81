"""Text stays text, whatever it looks like, for the customer and at the desk."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from ..seeds import add_chat, add_messages, stored

TRICKS = [
    "<b>bold</b>",
    "<img src=x onerror=\"document.title='broken'\">",
    "<script>document.title = 'broken'</script>",
    "&lt;b&gt; &amp; \"quotes\" 'single' {{ 7 * 7 }} ${7 * 7} %s {name}",
    "</script><!-- open",
]


def both(shopper, desk, *texts):
    """The customer writes these texts and the admin answers with the same."""
    shopper.visits().opens_the_chat().gives("<i>Clara</i>")
    for text in texts:
        shopper.writes(text)
    shopper.sees_exactly(*texts)
    expect(shopper.log.get_by_text("Sent", exact=True)).to_have_count(len(texts))
    desk.visits().opens("<i>Clara</i>").sees_exactly(*texts)


def test_markup_is_shown_as_it_was_typed(shopper, desk, engine):
    both(shopper, desk, *TRICKS)
    for text in TRICKS:
        desk.answers(text)
    everything = TRICKS * 2
    desk.sees_exactly(*everything)
    shopper.sees_exactly(*everything)
    assert stored(engine) == everything
    for who in (shopper, desk):
        expect(who.log.locator("b, img, script")).to_have_count(0)
    desk.page.reload()
    desk.is_ready().sees_exactly(*everything)
    desk.visits()
    expect(desk.row_of("<i>Clara</i>")).to_contain_text(TRICKS[-1])
    expect(desk.page).not_to_have_title("broken")


def test_a_javascript_address_is_not_a_link_and_a_web_address_is_a_safe_one(shopper, desk):
    both(
        shopper,
        desk,
        "javascript:alert(1) data:text/html,x ftp://a.example vbscript:x",
        "See https://shop.example/a?b=(c)&d=ü, and http://other.example.",
        "https://javascript:alert(1)@evil.example/<b>",
    )
    for who in (shopper, desk):
        expect(who.line("javascript:alert(1) data").get_by_role("link")).to_have_count(0)
        links = who.line("See https").get_by_role("link")
        expect(links).to_have_text(["https://shop.example/a?b=(c)&d=ü", "http://other.example"])
        for link in links.all():
            assert "noopener" in (link.get_attribute("rel") or "").split()
            expect(link).to_have_attribute("target", "_blank")


def test_line_breaks_and_spaces_are_kept(shopper, desk):
    both(shopper, desk, "one\n\n  two   three")
    for who in (shopper, desk):
        text = who.bodies.first
        assert text.evaluate("element => element.innerText") == "one\n\n  two   three"


def test_emoji_and_writing_from_right_to_left(shopper, desk):
    both(shopper, desk, "👩🏽‍🚀🎉", "שלום, כמה עולה Ember?", "Ça coûte 89 €? 价格 ٣")
    for who in (shopper, desk):
        hebrew = who.log.locator(".text").nth(1)
        assert hebrew.evaluate("element => getComputedStyle(element).direction") == "rtl"
        assert who.bodies.nth(2).evaluate("element => getComputedStyle(element).direction") == "ltr"


def test_four_thousand_characters_in_one_word_fit_and_one_more_does_not(shopper, desk, engine):
    word = "ß" * 4000
    shopper.visits().opens_the_chat().gives("Clara").types(word + "x")
    expect(shopper.chat.get_by_text("1 character over the limit")).to_be_visible()
    shopper.box.press("Enter")
    expect(shopper.bodies).to_have_count(0)
    shopper.writes(word)
    expect(shopper.log.get_by_text("Sent", exact=True)).to_have_count(1)
    desk.visits().opens("Clara").answers("W" * 4000)
    expect(desk.bodies).to_have_count(2)
    expect(shopper.bodies).to_have_count(2)
    assert stored(engine) == [word, "W" * 4000]
    for who in (shopper, desk):
        for element in (who.scroller, who.bodies.first, who.bodies.last):
            assert element.evaluate("each => each.scrollWidth - each.clientWidth") <= 1
    desk.visits()
    assert (
        desk.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        <= 0
    )


@pytest.mark.parametrize("name", ["N" * 100, "مريم العربية", "  Clara \u202e reversed"])
def test_any_name_leaves_the_page_intact(desk, engine, name):
    number = add_chat(engine, name.strip(), "Hello")
    add_messages(engine, number, desk.row, "Good day")
    desk.visits(f"{number}/").is_ready()
    expect(desk.customer).to_have_text(name.strip())
    assert (
        desk.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        <= 0
    )
    expect(desk.line("Good day").get_by_text("Anna Antwort")).to_be_visible()
