"""The engines of a process: for units of work, for quick reads, and for health checks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, make_url

from ..settings import Settings
from .dialects import on_postgresql, on_sqlite
from .postgresql import postgresql_engine, probing_engine
from .sqlite import FILES, LONG_STATEMENT, TURN, begin_in_turn, sqlite_engine, watch_file

LONG: dict[str, Any] = {LONG_STATEMENT: True}
"""Execution options of a statement that may read very many rows. On SQLite it runs in a thread, so others go on."""

WRITING: dict[str, Any] = {TURN: None}
"""Execution options of a connection whose transaction writes."""


def make_engine(url: str, *, busy_timeout_ms: int = 3000) -> Engine:
    """An engine for SQLite or PostgreSQL. Commits survive a power cut, and errors show no values.

    `busy_timeout_ms`: how long to wait for a lock, in milliseconds.
    """
    if url.startswith("sqlite"):
        # SQLite has one writer at a time, so more connections would only wait.
        engine = sqlite_engine(url, busy_timeout_ms, pool_size=5, patience=busy_timeout_ms / 1000)
        begin_in_turn(engine, busy_timeout_ms)
        watch_file(engine)
        return engine
    return postgresql_engine(url, busy_timeout_ms)


def make_reading_engine(engine: Engine) -> Engine:
    """An engine for quick reads, without transactions, which saves two thirds of the statements.

    On SQLite it has connections of its own, so that readers do not wait for one behind writers.
    """
    if on_sqlite(engine):
        reading = sqlite_engine(engine.url, 1000, pool_size=10)
        if engine in FILES:
            FILES[engine].watch(reading)
        return reading
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def make_probing_engine(engine: Engine, reading: Engine) -> Engine:
    """An engine for health checks, which also works while all other connections are in use."""
    return probing_engine(engine) if on_postgresql(engine) else reading


def open_engine(settings: Settings) -> Engine:
    """An engine for the configured database. Makes the folder of an SQLite file if it is missing."""
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        path = Path(url.database).absolute()
        path.parent.mkdir(parents=True, exist_ok=True)
        # Other users of the machine must not read what customers write.
        path.touch(mode=0o600)
    return make_engine(settings.database_url, busy_timeout_ms=settings.busy_timeout_ms)


def leave_whole(engine: Engine, *others: Engine) -> None:
    """Close all connections of one database's engines. An SQLite database is one complete file afterwards."""
    file = FILES.get(engine)
    if file is not None:
        file.leave_whole()
    for one in (engine, *others):
        one.dispose()
