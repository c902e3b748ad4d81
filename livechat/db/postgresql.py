"""How connections to PostgreSQL are made, tried before use, and kept from all waiting for the same table."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import InvalidatePoolError

from ..utf8_json import dumps
from .errors import sqlstate
from .hooks import replace

IDLE = 1.0  # seconds without use after which a connection is tried before it is used again
HELD_FOR = (
    2.0  # seconds for which a table that could not be read or written is taken to be held still
)
BRIEF = 20  # milliseconds that statements wait for a lock during that time
RECONNECT_EVERY = 5.0  # seconds between two looks for a server that can be written to
# A machine that is gone without a word is noticed after 25 seconds, not after hours.
KEPT_ALIVE: dict[str, Any] = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
_LOCK_NOT_AVAILABLE, _READ_ONLY = "55P03", "25006"
_ENDED = {
    "57P01",
    "57P02",
    "57P03",
    "57P05",
}  # the administrator, a crash, a start, an idle session
# Whether somebody holds a whole table so that others cannot write, or read (PostgreSQL documentation, section 13.3.1).
_HELD = """SELECT 1 FROM pg_locks
WHERE locktype = 'relation' AND granted AND pid <> pg_backend_pid()
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
LIMIT 1"""
_USED, _PATIENCE = "livechat_used", "livechat_patience"


def postgresql_engine(url: str, lock_timeout_ms: int) -> Engine:
    """An engine for the work of a process. `lock_timeout_ms`: how long a statement waits for a lock."""
    engine = _engine(url, lock_timeout_ms, pool_size=14, pool_timeout=5)
    _Watch(engine, lock_timeout_ms)
    return engine


def probing_engine(engine: Engine) -> Engine:
    """An engine with one connection that is used for nothing but to ask whether the database answers: it need not wait
    for those of the work. It is disposed of with the engine it is made for."""
    probe = _engine(engine.url.render_as_string(hide_password=False), 1000, 1, 2)
    event.listen(engine, "engine_disposed", lambda _engine: probe.dispose())
    event.listen(probe, "checkout", lambda driver, *_rest: _try_out(probe, driver))
    return probe


def _engine(url: str, lock_timeout_ms: int, pool_size: int, pool_timeout: float) -> Engine:
    return create_engine(
        url,
        hide_parameters=True,
        json_serializer=dumps,
        # Four workers stay below the hundred connections that PostgreSQL allows by itself: for each of them these, one
        # that probes, and one that listens.
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=pool_timeout,
        connect_args={
            "connect_timeout": 5,
            "application_name": "livechat",
            **KEPT_ALIVE,
            # A wait for a row holds a connection; without a limit, one conversation that is
            # held for long takes them all.
            # Compiling a query takes half a second, which is longer than any of ours. Nor is any worth several
            # processes: that they seem cheap made the search go through five million rows instead of an index.
            "options": f"-c lock_timeout={lock_timeout_ms} -c jit=off -c max_parallel_workers_per_gather=0",
        },
    )


class _Watch:
    """What an engine learns from the errors it meets, and does when a connection is taken.

    A table that somebody holds (a migration, ``VACUUM FULL``, ``LOCK TABLE``) stops every statement that needs it. If
    each waited as long as for a row, all connections would soon do nothing else, and requests that need other tables
    would wait behind them. So after one has waited in vain, the next ones wait briefly until a while has passed without
    such a failure: a circuit breaker (Nygard, Release It!, 2nd edition, section 5.2).
    """

    def __init__(self, engine: Engine, patience: int) -> None:
        self._engine = engine
        self._patience = patience
        self._held_until = self._reconnect_after = 0.0
        self._suspects = False
        self._is_disconnect = replace(engine, "is_disconnect", self._learn)
        event.listen(engine, "checkin", self._checkin)
        event.listen(engine, "checkout", self._checkout)

    def _learn(self, error: Any, connection: Any, cursor: Any) -> bool:
        """Whether an error means that the connections are of no use any more."""
        state, moment = sqlstate(error), time.monotonic()
        # Where it was a row that was waited for, PostgreSQL mostly says which in the error's context; not to the second
        # in its queue. So it is asked before the next connection is used.
        if state == _LOCK_NOT_AVAILABLE and not error.diag.context:
            self._suspects = True
        if state == _READ_ONLY and moment > self._reconnect_after:
            # After a fail-over the same address may lead to another server, which can be written to.
            self._reconnect_after = moment + RECONNECT_EVERY
            return True
        # The server has said that it ends the connection; the driver notices only with the next statement.
        return state in _ENDED or bool(self._is_disconnect(error, connection, cursor))

    def _checkin(self, _driver: Any, record: Any) -> None:
        record.info[_USED] = time.monotonic()

    def _checkout(self, driver: Any, record: Any, _proxy: Any) -> None:
        """Try a connection that has not been used for a while, and make it as patient as is right now.

        SQLAlchemy's `pool_pre_ping` tries it each time, which is one of five statements that a stream runs for a
        message. A connection that has ended within the last second fails whoever takes it, and all are replaced then.
        """
        moment = time.monotonic()
        if moment - record.info.get(_USED, moment) >= IDLE:
            _try_out(self._engine, driver)
        if self._suspects:
            self._suspects = False
            if _run(self._engine, driver, _HELD) is not None:
                self._held_until = moment + HELD_FOR
        patience = min(BRIEF, self._patience) if moment < self._held_until else self._patience
        if record.info.get(_PATIENCE, self._patience) != patience:
            _run(self._engine, driver, f"SET lock_timeout = {patience:d}")
            record.info[_PATIENCE] = patience


def _try_out(engine: Engine, driver: Any) -> None:
    _run(engine, driver, "SELECT 1")


def _run(engine: Engine, driver: Any, statement: str) -> Any:
    """Run a statement past SQLAlchemy's transactions; gives its first row, if it has rows.

    Raises InvalidatePoolError, at which the pool reconnects.
    """
    try:
        before = driver.autocommit
        driver.autocommit = True
        cursor = driver.execute(statement)
        row = cursor.fetchone() if cursor.description else None
        driver.autocommit = before
        return row
    except engine.dialect.loaded_dbapi.Error as error:
        raise InvalidatePoolError from error
