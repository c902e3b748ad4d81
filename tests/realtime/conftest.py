"""Processes that serve from the same database, and each way in which they notify each other."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from pyramid.config import Configurator
from sqlalchemy.orm import Session

from livechat.accounts import guests
from livechat.actors import CUSTOMER
from livechat.conversation import lifecycle, messages
from livechat.conversation.opening import Opening
from livechat.db.session import writing
from livechat.models import ChatSession
from livechat.realtime.hints import Changed, Hint, Typing
from livechat.realtime.hub import Listener
from livechat.realtime.wakeup import Wakeup
from livechat.settings import Settings
from tests.factories import new_id
from tests.redis_server import MISSING, PROGRAM, RedisServer, redis_server
from tests.streams import until


class Process:
    """The realtime part of a serving process, without a server: its hub, its wake-up, its database sessions."""

    def __init__(self, settings: Settings) -> None:
        config = Configurator()
        registry: Any = config.registry
        registry["livechat.settings"] = settings
        config.include("livechat.db.session")
        config.include("livechat.realtime.service")
        self.registry = registry
        self.realtime = registry["livechat.realtime"]
        self.told: list[Hint] = []
        tell = self.realtime.hub.tell

        def recorded(hint: Hint) -> None:
            self.told.append(hint)
            tell(hint)

        self.realtime.hub.tell = recorded

    @property
    def wakeup(self) -> Wakeup:
        """The wake-up that notifies other processes and receives their hints."""
        wakeup: Wakeup = self.realtime.wakeup
        return wakeup

    def listens(self, topic: int) -> Listener:
        """Return a listener for news of a session."""
        listener: Listener = self.realtime.hub.listen(topic)
        return listener

    @contextlib.contextmanager
    def unit(self) -> Iterator[Session]:
        """A unit of work that is committed at the end, like a request."""
        with self.registry["livechat.dbsession_factory"]() as db, db.begin():
            yield writing(db)

    def begins(self, *bodies: str) -> int:
        """Start a customer's chat; returns its number."""
        with self.unit() as db:
            session = lifecycle.start(db, guests.new_guest(db, None), Opening()).session
            for body in bodies:
                messages.send(db, session, CUSTOMER, body, new_id())
            return session.id

    def writes(self, number: int, body: str = "hello") -> None:
        """Write and commit a message."""
        with self.unit() as db:
            messages.send(db, db.get_one(ChatSession, number), CUSTOMER, body, new_id())

    @property
    def sessions_told(self) -> list[int]:
        """The sessions whose changes its listeners were told of, in order."""
        changes = [hint for hint in list(self.told) if isinstance(hint, Changed)]
        return [number for hint in changes for number in hint.session_ids]

    def times_told(self, number: int) -> int:
        """Return how often its listeners were told of a session's change."""
        return self.sessions_told.count(number)

    def stop(self) -> None:
        """Stop it."""
        self.realtime.stop()
        for name in ("livechat.engine", "livechat.reading_engine"):
            self.registry[name].dispose()


@dataclass
class Way:
    """One way in which processes notify each other, and two processes that use it."""

    name: str
    here: Process
    there: Process
    settings: Settings
    redis: RedisServer | None


def heard(listener: Listener, within: float = 20) -> None:
    """Wait until there is news of the listener's session."""
    until(lambda: listener.urgent, within)
    listener.urgent = False


@pytest.fixture
def new_process() -> Iterator[Callable[[Settings], Process]]:
    """A function that starts a process. The process does not sweep every second, so that only hints work;
    a test of the sweep sets ``wakeup.sweep_every``."""
    made: list[Process] = []

    def new(settings: Settings) -> Process:
        made.append(Process(settings))
        made[-1].wakeup.sweep_every = None
        made[-1].realtime.start()
        return made[-1]

    yield new
    for process in made:
        process.stop()


WAYS = {"memory": "sqlite", "sqlite": "sqlite", "postgresql": "postgresql", "redis": "postgresql"}


@pytest.fixture(params=WAYS)
def way(
    request: pytest.FixtureRequest,
    new_process: Callable[[Settings], Process],
    tmp_path: Any,
) -> Iterator[Way]:
    """Every test that takes this runs with each way. In memory `here` and `there` are the same process."""
    name: str = request.param
    settings: Settings = request.getfixturevalue("settings_of")(WAYS[name])
    with contextlib.ExitStack() as stack:
        redis = None
        if name == "redis":
            if PROGRAM is None:
                pytest.skip(MISSING)
            redis = stack.enter_context(redis_server(tmp_path))
            settings = replace(settings, wakeup=redis.url)
        here = new_process(settings)
        if name == "memory":
            here.realtime.wakeup.stop()
            here.realtime.wakeup = Wakeup(here.realtime.hub)
        there = here if name == "memory" else new_process(settings)
        if name in {"postgresql", "redis"}:
            wait_until_both_listen(here, there)
        yield Way(name, here, there, settings, redis)
        here.stop()
        there.stop()


def wait_until_both_listen(one: Process, other: Process) -> None:
    """Hints sent before anybody listens are lost, so they are repeated until they arrive."""
    one.told.clear()
    other.told.clear()
    for speaker, hearer, number in ((one, other, 999_001), (other, one, 999_002)):
        hint = Typing(number, None, True)

        def is_heard(
            speaker: Process = speaker, hearer: Process = hearer, hint: Hint = hint
        ) -> bool:
            speaker.wakeup.say(hint)
            return hint in hearer.told

        until(is_heard)


@pytest.fixture
def settings_of(
    all_databases: Callable[[str], Any], only_chosen: Callable[[str], None]
) -> Callable[[str], Settings]:
    """A function that returns the settings for an empty database of a kind."""

    def settings(kind: str) -> Settings:
        only_chosen(kind)
        database = all_databases(kind)
        database.empty()
        return Settings(database_url=database.shared_url, development=True)

    return settings


@pytest.fixture
def only_chosen() -> Callable[[str], None]:
    """A function that skips the test when LIVECHAT_TEST_DATABASES excludes a kind."""
    from tests.conftest import _CHOSEN

    def check(kind: str) -> None:
        if kind not in _CHOSEN:
            pytest.skip(f"{kind} is left out by LIVECHAT_TEST_DATABASES")

    return check
