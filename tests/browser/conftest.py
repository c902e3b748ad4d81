"""Fixtures of the browser tests: one Chromium and one server for each worker, people for each test.

The tables are emptied between tests. A test fails on any uncaught error, console error or policy
violation in any of its browsers that it has not declared with `ear.expects`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright
from sqlalchemy import Engine, text

from livechat.db.engine import make_engine
from livechat.models import Base

from ..databases import Database
from ..factories import add_admin
from ..server import Server
from .admin import Desk
from .chromium import ARGUMENTS, DESKTOP, Ear, find_chromium
from .shop import OwnShop
from .shopper import Shopper
from .summary import NO_CHROMIUM, VERSION
from .walks import World

PATIENCE = 30_000  # milliseconds: two browsers, a server and other tests share two cores
TABLES = [table.name for table in reversed(Base.metadata.sorted_tables)]
# A locked database is reported soon, and tests may enter wrong passwords.
SETTINGS = {
    "demo_shop": "true",
    "busy_timeout_ms": "1000",
    "limit_login_failures": "100000/minute",
    "limit_network_login_failures": "100000/minute",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            # Two browsers, their servers and other tests share two cores. A failed test runs a second time, and
            # the summary reports how many did; a test that fails twice has failed.
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture
def database_kind() -> str:
    """SQLite only: browsers see no difference between databases."""
    return "sqlite"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium, one for each worker."""
    path = find_chromium()
    if path is None:
        pytest.skip(NO_CHROMIUM)
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE)
        browser = playwright.chromium.launch(
            executable_path=path, args=list(ARGUMENTS), headless=True
        )
        yield browser
        browser.close()


@pytest.fixture(autouse=True)
def said_in_the_summary(request: pytest.FixtureRequest, browser: Browser) -> None:
    """The report of each test names the browser."""
    request.node.user_properties.append((VERSION, browser.version))


@pytest.fixture(scope="session")
def _server(
    tmp_path_factory: pytest.TempPathFactory, all_databases: Callable[[str], Database]
) -> Iterator[Server]:
    url = all_databases("sqlite").new()
    server = Server(tmp_path_factory.mktemp("server"), url, **SETTINGS).start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def _engine(_server: Server) -> Iterator[Engine]:
    engine = make_engine(_server.database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def engine(_engine: Engine) -> Engine:
    """An engine for the server's database that bypasses the server, with all tables empty."""
    with _engine.connect() as connection:
        for table in TABLES:
            connection.execute(text(f"DELETE FROM {table}"))
        # Chats are counted from 1 again. Entries are not: by their ids the server knows what is new.
        connection.execute(text("DELETE FROM sqlite_sequence WHERE name <> 'chat_messages'"))
        connection.commit()
    return _engine


@pytest.fixture
def server(_server: Server, engine: Engine) -> Server:
    """`livechat serve` with the demo shop, ready to answer, with an empty database."""
    assert _server.process is not None
    if _server.process.poll() is not None:
        _server.start()  # the test before has killed it
    return _server


@pytest.fixture
def new_context(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """A function that creates a fresh browser profile; its arguments are Playwright's. `context.ear` records errors."""
    made: list[BrowserContext] = []

    def new(**options: Any) -> BrowserContext:
        context = browser.new_context(
            **{**DESKTOP, "locale": "en-GB", "color_scheme": "dark", **options}
        )
        context.set_default_timeout(PATIENCE)
        context.set_default_navigation_timeout(PATIENCE)
        context.ear = Ear(context)
        made.append(context)
        return context

    yield new
    problems = [problem for context in made for problem in context.ear.problems()]
    for context in made:
        context.close()
    assert not problems, "The browser complained:\n" + "\n".join(problems)


@pytest.fixture
def new_shopper(
    new_context: Callable[..., BrowserContext], server: Server
) -> Callable[..., Shopper]:
    """A function that creates another customer; its arguments describe the browser."""
    return lambda server=server, **options: Shopper(new_context(**options), server)


@pytest.fixture
def shopper(new_shopper: Callable[..., Shopper]) -> Shopper:
    """A customer with a desktop browser, not yet in the shop."""
    return new_shopper()


@pytest.fixture
def new_desk(
    new_context: Callable[..., BrowserContext], server: Server, engine: Engine
) -> Callable[..., Desk]:
    """A function that creates another admin, not yet signed in."""

    def new(username: str = "anna", name: str = "Anna Antwort", **options: Any) -> Desk:
        return Desk(new_context(**options), server, engine, add_admin(engine, username, name))

    return new


@pytest.fixture
def desk(new_desk: Callable[..., Desk]) -> Desk:
    """Anna, signed in, with no page open yet."""
    return new_desk().is_signed_in()


@pytest.fixture
def own_shop() -> Iterator[OwnShop]:
    """A shop's own web server, whose pages the test writes."""
    shop = OwnShop()
    yield shop
    shop.close()


@pytest.fixture(params=["desktop", "phone"])
def device(request: pytest.FixtureRequest) -> dict[str, Any]:
    """A desktop and a phone: a test with this fixture runs on both."""
    from . import chromium

    options: dict[str, Any] = getattr(chromium, request.param.upper())
    return options


@pytest.fixture
def world(
    new_shopper: Callable[..., Shopper],
    new_desk: Callable[..., Desk],
    engine: Engine,
    device: dict[str, Any],
) -> World:
    """The setting of a walk through all pages, on both devices."""
    return World(new_shopper, new_desk, engine, device)


@pytest.fixture(scope="session", autouse=True)
def no_proxy() -> None:
    """Connect to loopback directly, whatever the environment says."""
    os.environ["NO_PROXY"] = "*"
