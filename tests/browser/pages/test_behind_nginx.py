"""Through Debian's nginx with its default buffering: the same messages, once, in order, without delay."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ...factories import add_admin
from ...nginx import MISSING, PROGRAM, Nginx, free_ports
from ...server import Server
from ..admin import Desk
from ..conftest import SETTINGS
from ..shop import OwnShop
from ..wire import Wire

pytestmark = pytest.mark.skipif(PROGRAM is None, reason=MISSING)


@pytest.fixture
def behind(tmp_path: Path, engine: Any, _server: Server) -> Iterator[tuple[Nginx, Server]]:
    """nginx, and a chat behind it that uses the database of the other tests."""
    outside, inside = free_ports()
    server = Server(
        tmp_path,
        _server.database_url,
        **SETTINGS,
        public_url=f"http://localhost:{outside}",
        trusted_proxies="1",
    )
    server.port = inside
    server.start()
    nginx = Nginx(tmp_path, outside, inside).waits_until_it_answers()
    yield nginx, server
    nginx.stop()
    server.kill()


@pytest.fixture
def new_desk(new_context: Callable[..., Any], engine: Any) -> Callable[..., Desk]:
    """A function that signs Anna in at this address."""
    return lambda server: Desk(
        new_context(), server, engine, add_admin(engine, "anna", "Anna Antwort")
    ).is_signed_in()


def shop(own_shop: OwnShop, nginx: Nginx) -> str:
    """A page of a shop with the chat in it."""
    return own_shop.has(f'<script src="http://localhost:{nginx.port}/widget.js" async></script>')


def test_messages_appear_on_the_other_side_at_once_and_in_order(
    behind: tuple[Nginx, Server],
    own_shop: OwnShop,
    new_shopper: Callable[..., Any],
    new_desk: Callable[..., Any],
) -> None:
    nginx, _server = behind
    shopper, desk = new_shopper(nginx), new_desk(nginx)
    wires = Wire(shopper.context), Wire(desk.context)
    shopper.visits(shop(own_shop, nginx)).opens_the_chat().gives("Clara").sends("Hello")
    desk.visits().opens("Clara").answers("Good morning").sees_sent("Good morning")
    shopper.sees("Good morning")
    for wire, count in zip(wires, (1, 2), strict=True):  # the desk follows its list, too
        wire.has_streams(count)
    for wire in wires:
        wire.rests()
    expected = ["Hello", "Good morning"]
    for number in range(4):
        desk.answers(f"Answer {number}")
        shopper.sees(f"Answer {number}").writes(f"Question {number}")
        desk.sees(f"Question {number}")
        expected += [f"Answer {number}", f"Question {number}"]
    # Messages that nginx held back would have arrived by a poll only.
    assert [wire.polls for wire in wires] == [[], []]
    shopper.sees_exactly(*expected)
    desk.sees_exactly(*expected)


def test_a_cut_line_and_a_restarted_chat_lose_and_double_nothing(
    behind: tuple[Nginx, Server],
    own_shop: OwnShop,
    new_shopper: Callable[..., Any],
    new_desk: Callable[..., Any],
) -> None:
    nginx, server = behind
    shopper, desk = new_shopper(nginx), new_desk(nginx)
    shopper.ear.expects("Failed to load resource", "ERR_")
    desk.ear.expects("Failed to load resource", "ERR_")
    shopper.visits(shop(own_shop, nginx)).opens_the_chat().gives("Clara").sends("One")
    desk.visits().opens("Clara").answers("Two").sees_sent("Two")
    shopper.sees_exactly("One", "Two")
    shopper.context.set_offline(True)
    desk.answers("Three").sees_sent("Three")
    shopper.writes("Four")
    shopper.context.set_offline(False)
    desk.sees_exactly("One", "Two", "Three", "Four")
    shopper.sees_exactly("One", "Two", "Three", "Four")
    server.stop()
    shopper.writes("Five")
    server.start()
    desk.sees_exactly("One", "Two", "Three", "Four", "Five").answers("Six")
    shopper.sees_exactly("One", "Two", "Three", "Four", "Five", "Six")
