"""Changes that were not announced while the channel or the database was away are announced when it is back."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from livechat.db.changes import touch
from livechat.desk.presence import CUSTOMER, Book
from livechat.realtime import backends
from livechat.realtime.backends import choose
from livechat.realtime.hub import EVERYTHING, Hub
from livechat.realtime.sweep import Sweep
from tests.databases import engine_for, rows
from tests.streams import until

from .conftest import Way, wait_until_both_listen
from .test_wakeups import cut, settled

spoken = pytest.mark.parametrize("way", ["postgresql", "redis"], indirect=True)


@spoken
def test_changes_without_an_entry_during_an_outage_are_looked_up(way: Way) -> None:
    """A tag, a name or a page leaves no entry, so looking at the newest entries does not find it."""
    number = way.there.begins("hello")
    settled(way, number)
    mine, everything = way.here.listens(number), way.here.listens(EVERYTHING)
    cut(way)
    with way.there.unit() as db:
        touch(db, number)
    if way.redis is not None:
        way.redis.start()
    until(lambda: mine.urgent)
    until(lambda: everything.overrun)


@spoken
def test_a_silent_but_open_channel_is_reopened(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a fail-over: the connection stays open, but nobody sends anything on it any more."""
    monkeypatch.setattr(backends, "PROVE_EVERY", 0.1)
    monkeypatch.setattr(backends, "SILENT_FOR", 1.0)
    heard = type(way.here.wakeup).heard
    deaf = [True]
    monkeypatch.setattr(
        way.here.wakeup, "heard", lambda said: deaf[0] or heard(way.here.wakeup, said)
    )
    opened = []
    catch_up = way.here.wakeup.catch_up
    monkeypatch.setattr(way.here.wakeup, "catch_up", lambda: (opened.append(1), catch_up()))
    until(lambda: len(opened) >= 2)
    deaf[0] = False
    wait_until_both_listen(way.here, way.there)
    # A channel that works stays open.
    monkeypatch.setattr(backends, "SILENT_FOR", 5.0)
    assert way.there.wakeup.has_missed is False


def test_a_start_that_fails_half_way_starts_over(settings_of) -> None:
    """Otherwise the entries before it would never be announced."""
    with engine_for(settings_of("postgresql").database_url) as engine:
        looking = Sweep(engine, overlap=0)
        looking._entry_floor = looking._session_floor = -1
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE chat_sessions RENAME TO elsewhere"))
        try:
            with pytest.raises(ProgrammingError):
                looking.begin()
        finally:
            with engine.begin() as connection:
                connection.execute(text("ALTER TABLE elsewhere RENAME TO chat_sessions"))
        assert looking.floor == -1


def test_a_wake_up_announces_before_it_records_the_announcement(settings_of) -> None:
    settings = settings_of("sqlite")
    with engine_for(settings.database_url) as engine:
        hub = Hub()
        wakeup = choose("", engine, hub)
        assert wakeup.sweep is not None
        wakeup.sweep.look = lambda: ({7}, False)  # type: ignore[method-assign]
        wakeup.sweep._entry_floor = 12
        told: list[int] = []
        hub.on_change(lambda numbers: told.append(wakeup.told_up_to))
        wakeup.look()
        assert told == [0]
        assert wakeup.told_up_to == 12


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_book_is_written_again_when_its_commit_is_in_doubt(settings_of, kind: str) -> None:
    """The connection breaks during the commit: it succeeded, but no confirmation arrived."""
    settings = settings_of(kind)
    with engine_for(settings.database_url) as engine:
        book = Book()
        book.arrive(CUSTOMER, 7)
        book.write(engine)
        book._written.clear()
        assert book.write(engine) == [7]
        query = "SELECT ref FROM presences"
        assert [row.ref for row in rows(engine, query)] == [7]
