"""Fixtures for all tests: databases, the application on them, the people who use it, and a real server.

No mocks: requests go through the whole application, and what it commits is committed. Tests that take
`database` (or anything made from it) run once on SQLite and once on PostgreSQL. Between tests the
tables are emptied; a test that needs a database of its own takes `new_database`.

LIVECHAT_TEST_DATABASES=sqlite leaves PostgreSQL out, for a quick look.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from livechat import application
from livechat.realtime.service import Realtime
from livechat.settings import DEVELOPMENT_SECRET, Settings
from livechat.statistics.daily import FinishedDays
from livechat.web.rate_limits import Limits

from . import databases
from .databases import KINDS, Database, PostgreSQL, SQLite
from .factories import Admin, Customer, add_admin
from .server import Server

pytest_plugins = ["tests.browser.summary"]  # also where workers run the tests

_FOLDER = "LIVECHAT_TEST_POSTGRESQL"
_CHOSEN = os.environ.get("LIVECHAT_TEST_DATABASES", ",".join(KINDS)).split(",")


def pytest_configure(config: pytest.Config) -> None:
    # The controller names a folder; the workers inherit it and share the server in it.
    if not hasattr(config, "workerinput"):
        os.environ[_FOLDER] = databases.server_folder()
        # A shell that runs pytest in the background makes it, and the programs it starts, ignore Ctrl-C.
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        databases.remove_folder(os.environ.pop(_FOLDER))


@pytest.fixture(scope="session", autouse=True)
def only_our_settings() -> None:
    """The caller's environment must not change the results."""
    for name in [name for name in os.environ if name.startswith("LIVECHAT_")]:
        if not name.startswith(("LIVECHAT_TEST_", "LIVECHAT_FAULT_")):
            del os.environ[name]


@pytest.fixture(scope="session")
def all_databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Database]]:
    """A function that returns the database of a kind, created on first use."""
    made: dict[str, Database] = {}

    def get(kind: str) -> Database:
        if kind not in made:
            made[kind] = (
                SQLite(tmp_path_factory.mktemp("sqlite"))
                if kind == "sqlite"
                else PostgreSQL(Path(os.environ[_FOLDER]))
            )
        return made[kind]

    yield get
    for one in made.values():
        one.dispose()


@pytest.fixture(params=[kind for kind in KINDS if kind in _CHOSEN])
def database_kind(request: pytest.FixtureRequest) -> str:
    """``sqlite`` and ``postgresql``: every test that depends on this fixture runs on both."""
    kind: str = request.param
    return kind


@pytest.fixture
def database(all_databases: Callable[[str], Database], database_kind: str) -> Database:
    """The shared database of this kind, emptied."""
    database = all_databases(database_kind)
    database.empty()
    return database


@pytest.fixture
def database_url(database: Database) -> str:
    """The URL of the shared database."""
    return database.shared_url


@pytest.fixture
def new_database(
    all_databases: Callable[[str], Database], database_kind: str
) -> Iterator[Callable[..., str]]:
    """A function that creates a separate database (``migrated=False``: an empty one) and returns its URL."""
    database = all_databases(database_kind)
    made: list[str] = []

    def new(**options: Any) -> str:
        made.append(database.new(**options))
        return made[-1]

    yield new
    for url in made:
        database.drop(url)


@pytest.fixture
def engine(database: Database) -> Engine:
    """An engine for the shared database that bypasses the application."""
    return database.engine


@pytest.fixture
def settings(database_url: str) -> Settings:
    """Settings of a development server that the site https://shop.example may embed."""
    return Settings(
        database_url=database_url,
        development=True,
        secret=DEVELOPMENT_SECRET,
        allowed_sites=("https://shop.example", "https://*.shops.example", "http://127.0.0.1:*"),
        streams="on",  # a thread each, but tests open few
    )


@lru_cache(maxsize=12)
def _cached(settings: Settings) -> Any:
    return application(settings)


@pytest.fixture(scope="session", autouse=True)
def close_applications() -> Iterator[None]:
    """Applications are cached, because building one takes a while; their connections close at the end of the run."""
    built: list[Any] = []
    global _built
    _built = built
    yield
    for app in built:
        app.registry["livechat.engine"].dispose()
        app.registry["livechat.reading_engine"].dispose()


_built: list[Any] = []


@pytest.fixture
def boot(settings: Settings) -> Iterator[Callable[..., Any]]:
    """A function that builds the WSGI application; its arguments override settings."""
    booted: list[Any] = []

    def boot(**changes: Any) -> Any:
        app = _cached(replace(settings, **changes))
        if app not in _built:
            _built.append(app)
        registry = app.registry
        registry["livechat.limits"] = Limits(registry["livechat.settings"])
        registry["livechat.finished_days"] = FinishedDays()  # discard the days of the test before
        # Nobody is online yet, and no stream is open.
        registry["livechat.realtime"] = Realtime(
            registry["livechat.settings"],
            registry["livechat.engine"],
            registry["livechat.reading_engine"],
        )
        booted.append(app)
        return app

    yield boot
    for app in booted:
        app.registry["livechat.realtime"].stop()


@pytest.fixture
def wsgi(boot: Callable[..., Any]) -> Any:
    """The WSGI application with the usual settings."""
    return boot()


@pytest.fixture
def app(wsgi: Any) -> Any:
    """A stranger: WebTest around the application, without cookie or token."""
    from webtest import TestApp

    return TestApp(wsgi, extra_environ={"REMOTE_ADDR": "192.0.2.1"})


@pytest.fixture
def new_customer(wsgi: Any) -> Callable[..., Customer]:
    """A function that creates another customer."""
    return lambda app=wsgi, **more: Customer(app, **more)


@pytest.fixture
def customer(new_customer: Callable[..., Customer]) -> Customer:
    """A customer who has started a chat with “hello”."""
    customer = new_customer()
    customer.starts("hello", name="Ann Customer", email="ann@example.com")
    return customer


@pytest.fixture
def stranger(new_customer: Callable[..., Customer]) -> Customer:
    """A customer who has not started a chat."""
    return new_customer()


@pytest.fixture
def new_admin(wsgi: Any, engine: Engine) -> Callable[..., Admin]:
    """A function that creates another admin, signed in."""

    def new(username: str = "anna", name: str | None = None, app: Any = wsgi) -> Admin:
        return Admin(app, engine, add_admin(engine, username, name)).is_signed_in()

    return new


@pytest.fixture
def admin(new_admin: Callable[..., Admin]) -> Admin:
    """Anna, signed in."""
    return new_admin("anna", "Anna Antwort")


@pytest.fixture
def new_server(tmp_path: Path, new_database: Callable[..., str]) -> Iterator[Callable[..., Server]]:
    """A function that creates a server (not started) with its own database; its arguments are settings."""
    made: list[Server] = []

    def new(**settings: Any) -> Server:
        made.append(Server(tmp_path, new_database(), **settings))
        return made[-1]

    yield new
    for server in made:
        if server.process is not None:
            server.kill()


@pytest.fixture
def live_server(new_server: Callable[..., Server]) -> Server:
    """`livechat serve` as a separate process with its own database, ready to answer."""
    return new_server().start()
