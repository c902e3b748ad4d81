"""The cost of the chat to a shop's page before anybody opens it, and when the chat is down."""

from __future__ import annotations

import re

from playwright.sync_api import Response, expect

from ...server import free_port
from ..conftest import TABLES
from ..seeds import query

# What the server records about itself, and about people whom earlier tests have sent away.
OF_THE_SERVER = {"outside_writes", "presences", "workers"}
STORAGE = """async () => [localStorage.length, sessionStorage.length,
  (await indexedDB.databases()).length, (await caches.keys()).length, document.cookie]"""


def offered_cookies(shopper) -> list[str]:
    """The cookies that the chat's server tries to set from now on; a browser may refuse them silently."""
    offered: list[str] = []

    def look(response: Response) -> None:
        if response.url.startswith(shopper.chat_origin):
            offered.extend(
                each["value"]
                for each in response.headers_array()
                if each["name"].lower() == "set-cookie"
            )

    shopper.page.on("response", look)
    return offered


def test_a_visitor_who_does_not_click_costs_one_request_and_leaves_no_trace(shopper, engine):
    requests: list[str] = []
    cookies = offered_cookies(shopper)
    sockets: list[str] = []
    shopper.context.on("request", lambda request: requests.append(request.url))
    shopper.page.on("websocket", lambda socket: sockets.append(socket.url))
    shopper.visits("ember/")
    expect(shopper.button).to_be_visible()
    shopper.page.mouse.wheel(0, 600)
    shopper.page.wait_for_load_state("networkidle")

    to_the_chat = [url for url in requests if url.startswith(shopper.chat_origin)]
    assert to_the_chat == [f"{shopper.chat_origin}/widget.js"]
    assert not sockets
    assert not cookies
    assert len(shopper.page.frames) == 1
    assert shopper.context.cookies() == []
    assert shopper.context.storage_state(indexed_db=True) == {"cookies": [], "origins": []}
    assert shopper.page.evaluate(STORAGE) == [0, 0, 0, 0, ""]
    for table in set(TABLES) - OF_THE_SERVER:
        assert query(engine, f"SELECT count(*) FROM {table}") == [(0,)], table


def test_the_loader_is_cached_from_page_to_page(shopper):
    shopper.visits()
    expect(shopper.button).to_be_visible()
    shopper.page.get_by_role("link", name="Delivery").first.click()
    expect(shopper.button).to_be_visible()
    size = (
        "performance.getEntriesByName(document.querySelector('script[async]').src)[0].transferSize"
    )
    # A cross-origin answer reveals no sizes, so the time it took shows that it came from the cache.
    assert shopper.page.evaluate(size) == 0


def test_opening_the_chat_stores_nothing_until_the_first_message(shopper, engine):
    cookies = offered_cookies(shopper)
    shopper.visits().opens_the_chat().types("I am only thinking")
    assert query(engine, "SELECT count(*) FROM guests") == [(0,)]
    assert shopper.context.cookies() == []
    shopper.box.press("Enter")
    shopper.sees_sent("I am only thinking")
    assert query(engine, "SELECT count(*) FROM guests") == [(1,)]
    assert shopper.context.cookies() == []
    assert not cookies


def test_a_shop_has_no_errors_of_its_own_when_the_chat_is_down(shopper, own_shop):
    shopper.ear.expects(r"ERR_CONNECTION_REFUSED .*widget\.js")
    nobody = f"http://localhost:{free_port()}/widget.js"
    shopper.visits(
        own_shop.has(
            f"""<p id="said"></p><button onclick="said.textContent = 'Sold'">Buy</button>
            <script src="{nobody}" async></script>"""
        )
    )
    shopper.page.get_by_role("button", name="Buy").click()
    expect(shopper.page.get_by_text("Sold")).to_be_visible()
    expect(shopper.button).to_have_count(0)


def test_an_unreachable_chat_says_so_and_can_be_tried_again(shopper, server):
    shopper.ear.expects("ERR_CONNECTION_REFUSED")
    shopper.visits()
    expect(shopper.button).to_be_visible()
    server.kill()
    shopper.button.click()
    expect(shopper.panel.get_by_text("Chat is unavailable right now.")).to_be_visible()
    shopper.ear.hears_warning("The server is away")

    server.start()
    shopper.panel.get_by_role("button", name="Try again").click()
    shopper.sees_the_chat().sends("There you are")


def test_a_site_that_is_not_allowed_gets_a_message_and_its_owner_a_warning(shopper, own_shop):
    shopper.ear.expects("frame-ancestors")
    script = f'<script src="{shopper.chat_origin}/widget.js" async></script>'
    shopper.visits(own_shop.has(script, host="elsewhere.localhost"))
    shopper.button.click()
    expect(shopper.panel.get_by_text("Chat is unavailable right now.")).to_be_visible()
    shopper.ear.hears_warning("livechat.allowed_sites")
    shopper.panel.get_by_role("button", name="Hide chat").click()
    expect(shopper.panel).to_be_hidden()


def test_the_shop_without_its_script_still_links_to_the_chat(new_shopper):
    shopper = new_shopper(java_script_enabled=False)
    shopper.visits("ember/").page.get_by_role("link", name="Ask about this lamp").click()
    expect(shopper.page).to_have_url(re.compile(r"/chat/"))
    expect(shopper.page.locator("noscript p")).to_contain_text("Chat needs JavaScript.")
    expect(shopper.page.locator("noscript p")).to_be_visible()
