"""Texts of every kind arrive as they were typed and are shown as text."""

import pytest

TEXTS = {
    "emoji": "👩‍👩‍👧‍👦 ☕️ 🇩🇪 👍🏽",
    "right to left": "שלום עולם! مرحبا 123 \u202eabc\u202c",
    "one long word": "x" * 4000,
    "4,000 emoji": "😀" * 4000,
    "lines": "one\n\n  two\tand\n three",
    "markup": "<b>bold</b> &amp; <script>alert('1')</script> {{7*7}} ${x} %s",
    "quotes": "'\"\\ ; DROP TABLE guests; -- \\u0000 \\",
    "combining": "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G",
    "other spaces": "a\u00a0b\u2003c\u200bd\ufeffe",
    "controls": "a\x07b\x1b[31mc\x7f",
    "not a character": "a\ufffe\U0010ffffb",
    "decomposed": "e\u0301",
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_arrives_as_it_was_typed(customer, admin, name):
    typed = TEXTS[name]
    assert customer.sends(typed).json["message"]["body"] == typed
    assert customer.sees()[-1] == typed
    assert admin.opens(1).json["messages"][-1]["body"] == typed
    answered = admin.sends(1, typed).json["message"]["body"]
    assert answered == customer.sees()[-1] == typed
    assert admin.dashboard().json["sessions"][0]["last_message"]["body"] == typed


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_shown_on_the_desk_and_is_never_markup(customer, admin, name):
    customer.sends(TEXTS[name])
    shown = admin.page("1/").html
    assert shown.find("b", string="bold") is None
    scripts = [
        script for script in shown.find_all("script") if script.get("type") != "application/json"
    ]
    assert not any(script.string for script in scripts)
    assert all("src" in script.attrs for script in scripts)
    words = TEXTS[name].split()[0][:200].replace("\x07", "").replace("\x1b", "")
    if name not in {"controls", "not a character"}:
        assert words in shown.get_text()
    admin.page("")


def test_surrounding_spaces_are_trimmed_and_line_breaks_normalised(customer):
    assert customer.sends(" \n a\r\nb\rc \u00a0\n").json["message"]["body"] == "a\nb\nc"
    assert customer.sends(" " * 500 + "x" * 4000 + "\n" * 500).json["message"]["seq"] == 3


def test_4001_characters_are_refused_with_the_limit(customer):
    error = customer.sends("😀" * 4001, status=422).json["error"]
    assert error["field"] == "body"
    assert "4,001" in error["message"]
    assert "4,000" in error["message"]


def test_names_of_every_kind_are_shown_as_text(new_customer, admin):
    ann = new_customer()
    ann.starts("hi", name="<i>Ann</i> 😀 שרה", email="ann+x@exämple.com")
    for path in ("", "1/"):
        page = admin.page(path).html
        assert "<i>Ann</i> 😀 שרה" in page.get_text()
        assert page.find("i", string="Ann") is None


def test_an_answer_with_markup_in_its_product_does_no_harm(app, admin):
    product = {"name": "<img src=x>", "url": "https://shop.example/?a=1&b=<x>", "price": "<b>1"}
    app.post_json("/chat/start/%3Cu%3E/", {"product": product, "message": "x", "client_id": "1"})
    page = admin.page("1/").html
    assert not page.find_all("img", src="x")
    assert "<img src=x>" in page.get_text()
