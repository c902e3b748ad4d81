"""The contract of the wake-ups between processes, for each of the four ways to send them."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import text

from livechat.actors import CUSTOMER
from livechat.conversation import messages
from livechat.db.changes import touch
from livechat.models import ChatSession
from livechat.realtime.hints import Typing
from livechat.realtime.hub import EVERYTHING
from tests.databases import engine_for, rows
from tests.factories import new_id
from tests.streams import until

from .conftest import Process, Way, heard, wait_until_both_listen

across = pytest.mark.parametrize("way", ["sqlite", "postgresql", "redis"], indirect=True)
spoken = pytest.mark.parametrize("way", ["postgresql", "redis"], indirect=True)


def test_a_commit_there_is_heard_here(way: Way) -> None:
    number = way.there.begins("hello")
    mine, other = way.here.listens(number), way.here.listens(number + 1)
    everything = way.here.listens(EVERYTHING)
    way.there.writes(number)
    heard(mine)
    assert not other.urgent
    until(lambda: number in everything.take_changed()[0])


def test_a_conversation_started_there_is_heard_of_here(way: Way) -> None:
    everything = way.here.listens(EVERYTHING)
    number = way.there.begins()  # without a message
    until(lambda: number in everything.take_changed()[0])


def next_news(process: Process, number: int) -> Callable[[], None]:
    """A function that waits until the process is told of the session once more than so far."""
    before = process.times_told(number)
    return lambda: until(lambda: process.times_told(number) > before)


def settled(way: Way, number: int) -> None:
    """Wait until everything so far has been announced, by hint and by sweep."""
    for process in (way.here, way.there):
        until(lambda process=process: process.times_told(number))
        process.wakeup.look()


def test_a_rollback_is_never_heard_of(way: Way) -> None:
    kept, dropped = way.there.begins("hello"), way.there.begins("hello")
    settled(way, dropped)
    before = way.here.times_told(dropped), way.there.times_told(dropped)

    class Dropped(Exception):
        pass

    with contextlib.suppress(Dropped), way.there.unit() as db:
        messages.send(db, db.get_one(ChatSession, dropped), CUSTOMER, "never", new_id())
        raise Dropped
    marker(way, kept)
    assert (way.here.times_told(dropped), way.there.times_told(dropped)) == before


def marker(way: Way, number: int) -> None:
    """Commit something there and wait for it here, and so for everything before it; then sweep as well."""
    told = way.here.times_told(number)
    way.there.writes(number, "marker")
    until(lambda: way.here.times_told(number) > told)
    way.here.wakeup.look()


def test_a_process_tells_its_own_listeners_at_once_and_once(way: Way) -> None:
    mine, other = way.here.begins("hello"), way.there.begins("hello")
    settled(way, other)
    before = way.here.times_told(mine)
    listener = way.here.listens(mine)
    way.here.writes(mine)
    assert listener.urgent  # before anything could have come back from elsewhere
    marker(way, other)
    assert way.here.times_told(mine) == before + 1


def test_typing_is_told_locally_and_to_others_where_there_is_a_channel(way: Way) -> None:
    number = way.there.begins("hello")
    at_home, here = way.there.listens(number), way.here.listens(number)
    way.there.wakeup.say(Typing(number, 7, True))
    assert list(at_home.typing) == [Typing(number, 7, True)]
    if way.name == "sqlite":  # typing is not stored, so a sweep does not find it
        marker(way, number)
        assert not here.typing
    else:
        until(lambda: list(here.typing) == [Typing(number, 7, True)])


@across
def test_the_command_line_is_heard_too(way: Way) -> None:
    number = way.here.begins("hello")
    settled(way, number)
    hears = next_news(way.here, number)
    ran = subprocess.run(
        [sys.executable, "-m", "livechat.cli", "sessions", "close", str(number)],
        env=os.environ
        | {
            "LIVECHAT_DATABASE_URL": way.settings.database_url,
            "LIVECHAT_WAKEUP": way.settings.wakeup,
            "LIVECHAT_DEVELOPMENT": "true",
        },
        capture_output=True,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    hears()


@spoken
def test_a_lost_hint_costs_about_a_second_and_no_message(
    way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = way.there.begins("hello")
    settled(way, number)
    way.here.wakeup.sweep_every = 1.0
    monkeypatch.setattr(way.here.wakeup, "heard", lambda said: None)
    hears = next_news(way.here, number)
    begun = time.monotonic()
    way.there.writes(number)
    hears()
    # A tick is a second, a heartbeat 15; the rest allows for a busy machine.
    assert time.monotonic() - begun < 12


def cut(way: Way) -> None:
    """Cut the channel while both processes listen."""
    if way.redis is not None:
        way.redis.kill()
        return
    with engine_for(way.settings.database_url) as engine:
        killed = rows(
            engine,
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE application_name = 'livechat wakeup' AND datname = current_database()",
        )
    assert len(killed) == 2


@spoken
def test_nothing_is_lost_when_the_channel_is_cut_and_it_reconnects(way: Way) -> None:
    number = way.there.begins("hello")
    settled(way, number)
    hears = next_news(way.here, number)
    way.here.wakeup.sweep_every = 1.0
    cut(way)
    begun = time.monotonic()
    way.there.writes(number)
    # A commit must not wait until the channel is back; the rest allows for a busy machine.
    assert time.monotonic() - begun < 30
    hears()
    if way.redis is not None:
        way.redis.start()
    wait_until_both_listen(way.here, way.there)


@pytest.mark.parametrize("way", ["redis"], indirect=True)
def test_a_process_starts_and_serves_without_the_channel(way: Way, new_process) -> None:
    assert way.redis is not None
    way.redis.kill()
    late = new_process(way.settings)
    late.wakeup.sweep_every = 1.0
    number = way.there.begins("hello")
    until(lambda: late.times_told(number))


@contextlib.contextmanager
def overheard(way: Way) -> Iterator[list[str]]:
    """Everything sent on the channel, as it is sent."""
    said: list[str] = []
    stop = threading.Event()
    ready = threading.Event()

    def listen() -> None:
        if way.redis is not None:
            import redis

            with redis.Redis.from_url(way.redis.url, decode_responses=True) as client:
                channel = client.pubsub()
                channel.subscribe("livechat")
                while not stop.is_set():
                    message = channel.get_message(timeout=0.1)
                    if message is not None and message["type"] == "subscribe":
                        ready.set()
                    elif message is not None:
                        said.append(message["data"])
                channel.close()
            return
        with engine_for(way.settings.database_url) as engine:
            connection = engine.raw_connection()
            connection.driver_connection.autocommit = True
            connection.driver_connection.execute("LISTEN livechat")
            ready.set()
            while not stop.is_set():
                said.extend(n.payload for n in connection.driver_connection.notifies(timeout=0.1))
            connection.invalidate()

    thread = threading.Thread(target=listen)
    thread.start()
    assert ready.wait(10)
    yield said
    stop.set()
    thread.join(10)


@spoken
def test_hints_carry_numbers_and_no_text(way: Way) -> None:
    with overheard(way) as said:
        number = way.there.begins("a secret of Ann")
        way.there.writes(number, "another secret")
        way.there.wakeup.say(Typing(number, 7, True))
        until(lambda: any(" t" in one for one in said))
        until(lambda: sum(" s" in one for one in said) >= 2)
    for one in said:
        assert re.fullmatch(r"[0-9a-f]{12} (s\d+(,\d+)*|t\d+:\d+:[01])", one)


@spoken
def test_a_unit_of_work_with_many_conversations_is_heard_completely(way: Way) -> None:
    numbers = range(900_000_000, 900_002_000)
    everything = way.here.listens(EVERYTHING)
    with overheard(way) as said:
        with way.there.unit() as db:
            for number in numbers:
                touch(db, number)
        until(lambda: len(said) == 4)
    assert max(map(len, said)) < 8000
    until(lambda: set(numbers) <= set(way.here.sessions_told))
    assert everything.stirred


@spoken
def test_nonsense_on_the_channel_is_ignored(way: Way) -> None:
    number = way.there.begins("hello")
    settled(way, number)
    before = way.here.times_told(number)
    nonsense = ["", "x", f"s{number}", f"abc  s{number}", "abc s", f"abc S{number}", "ü" * 2000]
    if way.redis is not None:
        import redis

        with redis.Redis.from_url(way.redis.url) as client:
            for one in [*nonsense, b"\xff\xfe", "x" * 100_000]:
                client.publish("livechat", one)
    else:
        with engine_for(way.settings.database_url) as engine, engine.begin() as db:
            for one in nonsense:
                db.execute(text("SELECT pg_notify('livechat', :said)"), {"said": one})
    other = way.there.begins("hello")
    until(lambda: way.here.times_told(other))
    assert way.here.times_told(number) == before
    wait_until_both_listen(way.here, way.there)


def test_a_stopped_process_leaves_nothing_behind(way: Way) -> None:
    way.there.begins("hello")
    way.here.stop()
    way.there.stop()
    names = {thread.name for thread in threading.enumerate()}
    assert not [name for name in names if name.startswith("livechat-")]
