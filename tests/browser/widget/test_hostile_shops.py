"""No data and no behaviour of a shop's scripts disturbs the chat."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from ..chromium import until
from ..seeds import add_messages, query

# What a shop passes to livechat.product(), and the resulting id and name.
PRODUCTS = {
    "a proxy": ("new Proxy({id: 'S-1', name: 'Lamp'}, {})", ("S-1", "Lamp")),
    "an object with a method": ("({id: 'S-1', name: 'Lamp', buy() {}, el: document.body})", ("S-1", "Lamp")),
    "a proxy within": ("({id: 'S-1', name: 'Lamp', price: new Proxy({}, {})})", ("S-1", "Lamp")),
    "getters": ("new (class { get id() { return 'S-1' } get name() { return 'Lamp' } })", ("S-1", "Lamp")),
    "a getter that throws": ("({id: 'S-1', get name() { throw new Error('not yet') }})", ("S-1", None)),
    "itself within": ("(() => { const it = {id: 'S-1', name: 'Lamp'}; it.it = it; return it })()", ("S-1", "Lamp")),
    "symbols": ("({id: 'S-1', name: Symbol('Lamp'), [Symbol.toPrimitive]: 1})", ("S-1", None)),
    "a number": ("({id: 7, name: 'Lamp'})", ("7", "Lamp")),
    "much too much": ("({id: 'S-1', name: 'x'.repeat(2 ** 26)})", ("S-1", "x" * 200)),
}  # fmt: skip
NO_PRODUCTS = {
    "a proxy that is revoked": "(() => { const it = Proxy.revocable({}, {}); it.revoke(); return it.proxy })()",
    "a proxy that throws": "new Proxy({}, {get() { throw new Error('no') }})",
    "a text": "'S-1'",
    "a function": "() => 'S-1'",
    "a symbol": "Symbol('S-1')",
    "an object without an id": "({name: 'Lamp'})",
    "an id that is none": "({id: {}, name: 'Lamp'})",
    "a promise": "Promise.resolve({id: 'S-1'})",
    "nothing": "undefined",
}
PATCHES = {
    "Array.prototype": """for (const name of ['map', 'filter', 'forEach', 'includes', 'join', 'find'])
      Array.prototype[name] = () => { throw new Error('patched') }; Array.prototype.toJSON = () => 'x'""",
    "JSON": "JSON.stringify = JSON.parse = () => { throw new Error('patched') }",
    "Promise": "window.Promise = class { constructor() { throw new Error('patched') } }",
    "Object.prototype": """Object.prototype.ticket = Object.prototype.used = 'x'
      Object.prototype.extend = function () {}; Object.prototype['not a name'] = 1""",
    "console": "console.warn = undefined",
    "elements": """for (const name of ['title', 'navigation', 'livechat', 'crypto', 'name']) {
      const form = document.createElement('form'); form.name = form.id = name
      document.documentElement.append(form, form.cloneNode()) }""",
}  # fmt: skip


def widget(shopper, own_shop, before=""):
    """A separate shop with the chat; `before` runs before the chat's script."""
    return own_shop.has(
        f'<script>{before}</script><script src="{shopper.chat_origin}/widget.js" async></script>'
    )


@pytest.mark.parametrize("given", PRODUCTS)
@pytest.mark.parametrize("when", ["before", "while"])
def test_the_chat_works_with_any_data_for_a_product(shopper, own_shop, engine, given, when):
    product, wanted = PRODUCTS[given]
    shopper.visits(widget(shopper, own_shop))
    expect(shopper.button).to_be_visible()
    if when == "while":
        shopper.opens_the_chat()
    shopper.page.evaluate(f"livechat.product({product})")
    if when == "before":
        shopper.opens_the_chat()
    shopper.sends("Hello")
    assert query(engine, "SELECT product_id, product_name FROM chat_sessions") == [wanted]


@pytest.mark.parametrize("given", NO_PRODUCTS)
def test_an_invalid_product_is_ignored(shopper, own_shop, engine, given):
    shopper.visits(widget(shopper, own_shop))
    expect(shopper.button).to_be_visible()
    shopper.page.evaluate(f"livechat.product({NO_PRODUCTS[given]})")
    shopper.opens_the_chat().sends("Hello")
    assert query(engine, "SELECT product_id FROM chat_sessions") == [(None,)]
    if given != "nothing":
        shopper.ear.hears_warning("livechat: a product needs an id")
    assert not any("allowed_sites" in warning for warning in shopper.ear.warnings)


def test_the_console_reports_what_was_ignored_and_nothing_else(shopper, own_shop):
    shopper.visits(widget(shopper, own_shop))
    expect(shopper.button).to_be_visible()
    shopper.page.evaluate("livechat.product({id: 1, price: {amount: 3}})")
    shopper.ear.hears_warning("livechat: product.price is no text")
    shopper.opens_the_chat()
    assert not any("allowed_sites" in warning for warning in shopper.ear.warnings)


def test_listeners_that_throw_disturb_neither_the_chat_nor_each_other(
    shopper, own_shop, desk, engine
):
    shopper.ear.expects("uncaught: .*a mistake of the shop")
    shopper.visits(widget(shopper, own_shop))
    expect(shopper.button).to_be_visible()
    shopper.page.evaluate(
        """() => { window.heard = []
          for (const name of ['open', 'close', 'unread']) {
            livechat.on(name, () => { throw new Error('a mistake of the shop') })
            livechat.on(name, async () => { throw new Error('a mistake of the shop') })
            livechat.on(name, () => heard.push(name)) } }"""
    )
    shopper.opens_the_chat().gives("Clara").sends("Hello").closes_the_chat()
    add_messages(engine, 1, desk.row, "One")
    shopper.hurries().sees_badge(1)
    shopper.opens_the_chat().sees_exactly("Hello", "One")
    until(shopper.page, "heard.join() === 'open,close,unread,open,unread'")


def test_a_listener_that_closes_the_opening_chat_leaves_it_working(shopper, own_shop, desk, engine):
    shopper.visits(widget(shopper, own_shop)).opens_the_chat().gives("Clara").sends("Hello")
    shopper.page.evaluate(
        """() => { livechat.close(); const once = () => { livechat.off('open', once); livechat.close() }
          livechat.on('open', once); livechat.open() }"""
    )
    expect(shopper.panel).to_be_hidden()
    add_messages(engine, 1, desk.row, "One")
    shopper.hurries().sees_badge(1)


def test_listeners_that_call_each_other_do_not_freeze_the_page(shopper, own_shop):
    shopper.visits(widget(shopper, own_shop)).opens_the_chat()
    shopper.page.evaluate(
        """() => { window.rounds = 0
          livechat.on('close', () => rounds++ < 50 && livechat.open())
          livechat.on('open', () => rounds < 50 && livechat.close())
          livechat.close() }"""
    )
    until(shopper.page, "rounds >= 50")
    shopper.page.evaluate("livechat.open()")
    shopper.sees_the_chat().sends("Hello")


@pytest.mark.parametrize(
    "call",
    [
        "livechat.on('open', 'alert(1)')",
        "livechat.on('open')",
        "livechat.on('constructor', () => {})",
        "livechat.on('__proto__', () => {})",
        "livechat.on(Symbol('open'), () => {})",
        "livechat.on()",
        "livechat.off('toString', null)",
        "livechat.off()",
    ],
)
def test_an_invalid_listener_is_ignored(shopper, own_shop, call):
    shopper.visits(widget(shopper, own_shop))
    expect(shopper.button).to_be_visible()
    shopper.page.evaluate(f"() => {{ {call} }}")
    shopper.opens_the_chat().sends("Hello")


@pytest.mark.parametrize("what", PATCHES)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_shop_that_changes_built_in_objects_still_has_a_chat(
    shopper, own_shop, engine, what, when
):
    shopper.visits(
        own_shop.has(
            f"""<script>function patch() {{ {PATCHES[what]} }}</script>
            <button onclick="patch()">Patch</button>
            <button onclick="window.livechat.product({{id: 'S-1'}}); window.livechat.open()">Ask</button>
            <script>if ('{when}' === 'before') patch()</script>
            <script src="{shopper.chat_origin}/widget.js" async></script>"""
        )
    )
    expect(shopper.button).to_be_visible()
    if when == "after":
        shopper.page.get_by_role("button", name="Patch").click()
    shopper.page.get_by_role("button", name="Ask").click()
    shopper.sees_the_chat().sends("Hello")
    assert query(engine, "SELECT product_id FROM chat_sessions") == [("S-1",)]


@pytest.mark.parametrize(
    "note",
    [
        "{livechat: 'hello', customer: null}",
        "{livechat: 'hello', customer: 7, page: 'x', product: []}",
        "{livechat: 'product', product: {id: [], name: {}}, page: {url: [], title: {}}}",
        "{livechat: 'open', customer: null, kept: {}}",
        "{livechat: 'ticket', lent: 'x'}",
        "{livechat: {}}",
        "null",
    ],
)
def test_messages_that_a_shop_posts_into_the_frame_break_nothing(shopper, own_shop, note):
    shopper.visits(widget(shopper, own_shop)).opens_the_chat()
    frame = "document.querySelector('body > div').shadowRoot.querySelector('iframe')"
    shopper.page.evaluate(f"() => {frame}.contentWindow.postMessage({note}, '*')")
    shopper.sends("Hello").closes_the_chat().opens_the_chat().sees_exactly("Hello")
