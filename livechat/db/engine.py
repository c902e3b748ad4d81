"""The engines of a process: for units of work, for quick reads, and for asking whether the database answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, make_url

from ..settings import Settings
from .dialects import on_postgresql, on_sqlite
from .postgresql import postgresql_engine, probing_engine
from .sqlite import FILES, LONG_STATEMENT, TURN, begin_in_turn, sqlite_engine, watch_file

LONG: dict[str, Any] = {LONG_STATEMENT: True}
"""Execution options of a statement that may read very many rows: on SQLite it runs in a thread, and others go on."""

WRITING: dict[str, Any] = {TURN: None}
"""Execution options of a connection whose transaction will write."""


def make_engine(url: str, *, busy_timeout_ms: int = 3000) -> Engine:
    """An engine for SQLite or PostgreSQL whose commits survive a power cut, and whose errors quote no values."""
    if url.startswith("sqlite"):
        # One writes at a time: more connections than a few would only wait.
        engine = sqlite_engine(url, busy_timeout_ms, pool_size=5, patience=busy_timeout_ms / 1000)
        begin_in_turn(engine, busy_timeout_ms)
        watch_file(engine)
        return engine
    return postgresql_engine(url, busy_timeout_ms)


def make_reading_engine(engine: Engine) -> Engine:
    """An engine for quick looks: each statement reads by itself, which saves two thirds of the statements. On
    SQLite it has connections of its own, so that who reads does not wait behind those who wait to write."""
    if on_sqlite(engine):
        reading = sqlite_engine(engine.url, 1000, pool_size=10)
        if engine in FILES:
            FILES[engine].watch(reading)
        return reading
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def make_probing_engine(engine: Engine, reading: Engine) -> Engine:
    """An engine to ask whether the database answers, also while all connections of the others are in use."""
    return probing_engine(engine) if on_postgresql(engine) else reading


def open_engine(settings: Settings) -> Engine:
    """An engine for the settings' database; the folder of an SQLite file is made when it is missing."""
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        path = Path(url.database).absolute()
        path.parent.mkdir(parents=True, exist_ok=True)
        # What customers write is not for every user of the machine.
        path.touch(mode=0o600)
    return make_engine(settings.database_url, busy_timeout_ms=settings.busy_timeout_ms)


def leave_whole(engine: Engine, *others: Engine) -> None:
    """Close all connections of engines of one database; an SQLite database is one whole file afterwards."""
    file = FILES.get(engine)
    if file is not None:
        file.leave_whole()
    for one in (engine, *others):
        one.dispose()
