"""The demo shop: a few plain pages of an invented lamp maker that embed the chat like any other site.

The pages come from one name of this machine and the chat from the other (127.0.0.1 and localhost), so
that what everybody tries first is the real case: a shop and a chat on different origins. Each page has
a strict policy of its own, as a careful shop would.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyramid.request import Request
from pyramid.view import view_config

from ..permissions import Permission
from ..resources import DemoShop

OTHER_NAME = {"127.0.0.1": "localhost", "localhost": "127.0.0.1"}

# The name in the address, the id and what stands on the page. `art` names a picture in demo/art.jinja2.
PRODUCTS = {
    "ember": {
        "id": "41",
        "name": "Ember table lamp",
        "price": "89 €",
        "blurb": "A linen shade on turned oak. Warm enough to read by, small enough for a shelf.",
        "facts": ["Oiled oak, linen shade", "38 cm high, 24 cm wide", "E27, up to 40 W, dimmable"],
        "art": "ember",
    },
    "halo": {
        "id": "42",
        "name": "Halo pendant",
        "price": "140 €",
        "blurb": "A ring of brushed brass that floats above the table and lights every plate.",
        "facts": ["Brushed brass, frosted glass", "52 cm across", "Cable 2 m, cut to your length"],
        "art": "halo",
    },
    "wick": {
        "id": "43",
        "name": "Wick lantern",
        "price": "54 €",
        "blurb": "For the garden and the window sill. Burns oil or a candle, and shrugs off the wind.",
        "facts": ["Steel, black enamel, glass", "29 cm high with its handle", "Oil or tealights"],
        "art": "wick",
    },
}


def demo_page(name: str, template: str) -> Callable[..., Any]:
    """A view configuration for one page of the shop; the empty name is its home page."""
    configuration: Callable[..., Any] = view_config(
        context=DemoShop,
        name=name,
        request_method="GET",
        permission=Permission.VISIT,
        renderer=f"livechat:templates/demo/{template}.jinja2",
    )
    return configuration


@demo_page("", "home")
@demo_page("delivery", "delivery")
@demo_page("contact", "contact")
def page(context: DemoShop, request: Request) -> dict[str, Any]:
    """A page that is about no product."""
    return shop(context, request)


@demo_page("ember", "product")
@demo_page("halo", "product")
@demo_page("wick", "product")
def product(context: DemoShop, request: Request) -> dict[str, Any]:
    """The page of one product, which its script tag tells the chat about."""
    values = shop(context, request)
    chosen = values["products"][list(PRODUCTS).index(request.view_name)]
    return values | {"product": chosen}


def shop(context: DemoShop, request: Request) -> dict[str, Any]:
    """What every page needs; also allows the chat's origin in this response's policy."""
    chat = chat_url(request)
    request.response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'self'; script-src 'self' {chat}; frame-src {chat}; "
        f"connect-src {chat}; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return {
        "widget_url": f"{chat}widget.js",
        "home_url": request.resource_url(context),
        "delivery_url": request.resource_url(context, "delivery", ""),
        "contact_url": request.resource_url(context, "contact", ""),
        "products": [
            {
                **facts,
                "url": request.resource_url(context, name, ""),
                "ask_url": f"{chat}chat/start/{facts['id']}/",
            }
            for name, facts in PRODUCTS.items()
        ],
        "product": None,
    }


def chat_url(request: Request) -> str:
    """Where the chat is: this machine's other name, or this very host when it has only one."""
    name = request.host.rsplit(":", 1)[0]
    other = request.host.replace(name, OTHER_NAME.get(name, name), 1)
    here: str = request.resource_url(request.root)
    return here.replace(request.host, other, 1)
