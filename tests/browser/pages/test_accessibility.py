"""axe finds nothing on any page in any state: on a desktop and on a phone, dark and light."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from ..chromium import until
from ..desk_walks import DESK_WALKS
from ..walks import WALKS

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OPTIONS = {
    "runOnly": {"type": "tag", "values": RULES},
    "resultTypes": ["violations"],
    "iframes": False,  # each frame is checked separately
}
SCHEMES = ("dark", "light")


def assert_accessible(place: Any) -> None:
    """Assert that axe finds nothing in a page or a frame, dark and light."""
    told = [line for scheme in SCHEMES for line in _complaints(place, scheme)]
    assert not told, "\n".join(told)


def _complaints(place: Any, scheme: str) -> list[str]:
    getattr(place, "page", place).emulate_media(color_scheme=scheme)
    until(place, f"matchMedia('(prefers-color-scheme: {scheme})').matches")
    until(place, "!document.getAnimations().some(each => each.playState === 'running')")
    return [
        f"{scheme}: {each['id']} ({each['impact']}): {each['help']}\n    "
        + "\n    ".join(f"{node['target']} {node['html'][:160]}" for node in each["nodes"])
        for each in Axe().run(place, options=OPTIONS).response["violations"]
    ]


@pytest.mark.parametrize("walk", WALKS + DESK_WALKS, ids=lambda walk: walk.__name__)
def test_axe_finds_nothing_in(walk, world):
    walk(world, assert_accessible)


def test_a_chat_that_cannot_be_reached(new_shopper, server, device):
    shopper = new_shopper(**device).visits()
    shopper.ear.expects("ERR_CONNECTION_REFUSED")
    expect(shopper.button).to_be_visible()
    server.kill()
    shopper.button.click()
    expect(shopper.panel.get_by_text("Chat is unavailable right now.")).to_be_visible()
    assert_accessible(shopper.page)


def test_axe_finds_a_known_error(shopper, own_shop):
    shopper.visits(own_shop.has('<img src="data:," width="9"><button></button>'))
    with pytest.raises(AssertionError, match="button-name"):
        assert_accessible(shopper.page)


def test_axe_finds_an_error_of_the_light_page_only(shopper, own_shop):
    pale = "<style>@media (prefers-color-scheme: light) { p { color: #ccc; background: #fff } }</style><p>Hello</p>"
    shopper.visits(own_shop.has(pale))
    with pytest.raises(AssertionError, match="light: color-contrast") as caught:
        assert_accessible(shopper.page)
    assert "dark: color-contrast" not in str(caught.value)
