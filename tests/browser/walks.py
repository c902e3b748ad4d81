"""Walks through the pages and states that people see: those of customers, the login, and errors.

A walk calls `look` on each of them, to check it with axe or the HTML checker. desk_walks.py has those of the desk.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from playwright.sync_api import BrowserContext, expect
from sqlalchemy import Engine

from livechat.accounts import admins
from livechat.db.session import transaction
from livechat.models import Admin as AdminRow

from .admin import Desk
from .seeds import add_messages
from .shopper import Shopper

Somebody = TypeVar("Somebody", Shopper, Desk)
Look = Callable[[Any], None]
"""A check of each page or frame."""


@dataclass
class World:
    """The setting of a walk: the people, the database, and `device`, which describes the browser."""

    new_shopper: Callable[..., Shopper]
    new_desk: Callable[..., Desk]
    engine: Engine
    device: dict[str, Any]
    meets: Callable[[BrowserContext], None] | None = None
    """Called with the browser of each person who joins."""

    def shopper(self) -> Shopper:
        """Return a customer with this device."""
        return self._met(self.new_shopper(**self.device))

    def desk(self, *who: str) -> Desk:
        """Return an admin with this device, not yet signed in; the first one is an owner."""
        return self._met(self.new_desk(*who, **self.device))

    @property
    def phone(self) -> bool:
        """Whether the device is a phone."""
        return "has_touch" in self.device

    def _met(self, somebody: Somebody) -> Somebody:
        if self.meets is not None:
            self.meets(somebody.context)
        return somebody


def the_shop_with_the_button_and_the_open_chat(world: World, look: Look) -> None:
    shopper = world.shopper()
    for path in ("", "ember/", "delivery/", "contact/"):
        shopper.visits(path)
        expect(shopper.button).to_be_visible()
        look(shopper.page)
    shopper.opens_the_chat()
    look(shopper.page)
    look(shopper.frame)


def the_conversation_of_a_customer(world: World, look: Look) -> None:
    row = world.desk().row
    shopper = world.shopper().visits("ember/").opens_the_chat()
    shopper.ear.expects("422", "ERR_FAILED")
    shopper.gives("Clara", "no address").writes("Hello")
    expect(shopper.chat.get_by_label("Email")).to_be_focused()
    look(shopper.frame)
    shopper.gives(email="clara@example.com").box.press("Enter")
    shopper.sees_sent("Hello")
    add_messages(world.engine, 1, row, "Look: https://shop.example/a", "🎉")
    shopper.sees("🎉")
    look(shopper.frame)

    shopper.context.route("**/chat/send/**", lambda route: route.abort())
    shopper.writes("Not now").sees_not_sent_yet("Not now")
    look(shopper.frame)
    shopper.context.unroute_all()
    shopper.sees_sent("Not now")

    shopper.types("x" * 4001)
    look(shopper.frame)
    shopper.types("")
    shopper.push("End chat").click()
    look(shopper.frame)
    shopper.chat.get_by_role("region", name="End chat").get_by_role(
        "button", name="End chat"
    ).click()
    shopper.sees_status("This chat has ended")
    look(shopper.frame)
    look(shopper.page)


def unread_messages_and_the_pill(world: World, look: Look) -> None:
    row = world.desk().row
    shopper = world.shopper().visits().opens_the_chat().sends("Hello")
    add_messages(world.engine, 1, row, *[f"Line {number}" for number in range(40)])
    expect(shopper.line("Line 39")).to_be_visible()
    shopper.scroller.evaluate("element => element.scrollTo(0, 0)")
    expect(shopper.line("Line 39")).not_to_be_in_viewport()
    add_messages(world.engine, 1, row, "News")
    expect(shopper.pill).to_be_visible()
    look(shopper.frame)
    shopper.closes_the_chat()
    add_messages(world.engine, 1, row, "More news")
    shopper.hurries()
    expect(shopper.page).to_have_title(re.compile(r"^\(\d\) Lamps made by hand"))
    look(shopper.page)


def the_full_page_chat(world: World, look: Look) -> None:
    shopper = world.shopper().visits_the_full_page_chat().sees_the_chat()
    look(shopper.page)
    shopper.sends("Hello")
    look(shopper.page)


def the_login_the_invitation_and_errors(world: World, look: Look) -> None:
    desk = world.desk().visits()
    desk.ear.expects("422", "403", "404")
    look(desk.page)
    desk.signs_in("wrong")
    expect(desk.page.get_by_role("alert")).to_be_visible()
    look(desk.page)
    with transaction(world.engine) as db:
        token = admins.invite(db, db.get_one(AdminRow, desk.row.id))
    for each in (token, "used"):
        desk.page.goto(f"{desk.origin}/custom-admin/welcome/?token={each}")
        look(desk.page)
    desk.page.goto(f"{desk.origin}/nothing/here/")
    look(desk.page)
    desk.is_signed_in().visits("4711/")
    look(desk.page)
    agent = world.desk("berta", "Berta Beispiel").is_signed_in()
    agent.ear.expects("403")
    agent.visits("team/")
    look(agent.page)


WALKS = (
    the_shop_with_the_button_and_the_open_chat,
    the_conversation_of_a_customer,
    unread_messages_and_the_pill,
    the_full_page_chat,
    the_login_the_invitation_and_errors,
)
