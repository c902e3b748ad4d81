"""The API for a shop's own scripts: window.livechat."""

from __future__ import annotations

from playwright.sync_api import expect

from ..chromium import until
from ..seeds import add_messages, query


def test_a_script_opens_closes_and_toggles_the_chat(shopper):
    shopper.visits()
    expect(shopper.button).to_be_visible()
    shopper.page.evaluate("livechat.open()")
    shopper.sees_the_chat()
    expect(shopper.box).to_be_focused()
    shopper.page.evaluate("livechat.close()")
    expect(shopper.panel).to_be_hidden()
    shopper.page.evaluate("livechat.toggle()")
    shopper.sees_the_chat()
    shopper.page.evaluate("livechat.toggle()")
    expect(shopper.panel).to_be_hidden()


def test_a_script_is_told_of_opening_closing_and_unread_messages(shopper, desk, engine):
    shopper.visits()
    expect(shopper.button).to_be_visible()
    shopper.page.evaluate(
        """() => { window.heard = []
          for (const name of ['open', 'close', 'unread'])
            livechat.on(name, value => heard.push(value === undefined ? name : [name, value])) }"""
    )
    shopper.opens_the_chat().sends("Hello").closes_the_chat()
    add_messages(engine, 1, desk.row, "One", "Two")
    shopper.hurries().sees_badge(2)
    shopper.opens_the_chat()
    until(shopper.page, "heard.length === 5")
    heard = shopper.page.evaluate("heard")
    assert heard == ["open", "close", ["unread", 2], "open", ["unread", 0]]

    shopper.page.evaluate(
        "() => { const hear = () => heard.push('late'); livechat.on('close', hear);"
        " livechat.off('close', hear); livechat.close() }"
    )
    assert shopper.page.evaluate("heard.at(-1)") == "close"


def test_a_script_sets_the_product(shopper, own_shop, engine):
    script = f'<script src="{shopper.chat_origin}/widget.js" async></script>'
    shopper.visits(own_shop.has(script))
    expect(shopper.button).to_be_visible()
    shopper.page.evaluate(
        "livechat.product({id: 'S-7', name: 'Spare wick', url: '/spare/', price: '3 €'})"
    )
    shopper.opens_the_chat()
    expect(shopper.chat.get_by_text("About: Spare wick")).to_be_visible()
    shopper.page.evaluate("livechat.product({id: 'S-8', name: 'Spare glass'})")
    expect(shopper.chat.get_by_text("About: Spare glass")).to_be_visible()
    shopper.sends("Do you have it?")
    assert query(engine, "SELECT product_id, product_name FROM chat_sessions") == [
        ("S-8", "Spare glass")
    ]


def test_invalid_data_from_a_shop_prevents_no_customer_from_writing(shopper, own_shop, engine):
    script = f"""<script src="{shopper.chat_origin}/widget.js" async data-product-id="{"9" * 300}"
      data-product-url="javascript:alert(1)" data-product-price="{"1" * 99}"
      data-product-name="&#1; <b>{"x" * 999}"></script>"""
    shopper.visits(own_shop.has(script, title="T" * 900)).opens_the_chat().sends(
        "Hello all the same"
    )
    assert query(engine, "SELECT product_url FROM chat_sessions") == [(None,)]


def test_the_customer_is_asked_for_an_email_address_that_the_shop_got_wrong(
    shopper, own_shop, engine
):
    script = f"""<script src="{shopper.chat_origin}/widget.js" async data-customer-name="Clara"
      data-customer-email="nobody at all"></script>"""
    shopper.ear.expects("422")
    shopper.visits(own_shop.has(script)).opens_the_chat()
    expect(shopper.chat.get_by_label("Your name")).to_be_hidden()
    shopper.writes("Hello")
    expect(shopper.chat.get_by_label("Email")).to_be_focused()
    expect(shopper.box).to_have_value("Hello")
    shopper.gives(email="clara@example.com").box.press("Enter")
    shopper.sees_sent("Hello")
    assert query(engine, "SELECT customer_name, customer_email FROM chat_sessions") == [
        ("Clara", "clara@example.com")
    ]


def test_a_chat_embedded_twice_appears_once(shopper, own_shop):
    script = f'<script src="{shopper.chat_origin}/widget.js"></script>'
    shopper.visits(own_shop.has(script * 2))
    expect(shopper.button).to_have_count(1)


def test_a_page_that_replaces_its_body_keeps_the_button(shopper, own_shop):
    script = f'<script src="{shopper.chat_origin}/widget.js"></script>'
    shopper.visits(own_shop.has(script))
    expect(shopper.button).to_be_visible()
    shopper.page.evaluate("document.body = document.createElement('body')")
    expect(shopper.button).to_be_visible()
    shopper.opens_the_chat()


def test_a_shops_ask_button_opens_the_chat_about_the_product(shopper):
    shopper.visits("wick/")
    expect(shopper.button).to_be_visible()
    shopper.page.get_by_role("link", name="Ask about this lamp").click()
    shopper.sees_the_chat()
    expect(shopper.chat.get_by_text("About: Wick lantern")).to_be_visible()


def test_the_frame_tells_the_shops_page_no_secret_and_obeys_no_other_page(shopper):
    shopper.visits()
    expect(shopper.button).to_be_visible()
    shopper.page.evaluate(
        """() => { window.told = []
          addEventListener('message', event => told.push(event.data)) }"""
    )
    shopper.opens_the_chat().gives("Clara", "clara@example.com").sends("A secret text")
    until(shopper.page, "told.some(each => each.session)")
    told = shopper.page.evaluate("JSON.stringify(told)")
    token = shopper.frame.evaluate("JSON.parse(localStorage['livechat.token'])")
    for secret in (token, "A secret text", "clara@example.com"):
        assert secret not in told
    assert query_keys(shopper) <= {"livechat"}


def query_keys(shopper) -> set[str]:
    """Return what the loader stores on the shop's own origin."""
    return set(
        shopper.page.evaluate("Object.keys(localStorage).concat(Object.keys(sessionStorage))")
    )
