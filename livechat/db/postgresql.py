"""Connections to PostgreSQL: how they are made, tested before use, and kept from all waiting for one table."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import InvalidatePoolError

from ..utf8_json import dumps
from .errors import sqlstate
from .hooks import replace

IDLE = 1.0  # seconds without use after which a connection is tested before its next use
HELD_FOR = 2.0  # seconds for which a table counts as locked after a wait for it has failed
BRIEF = 20  # milliseconds that statements wait for a lock during that time
RECONNECT_EVERY = 5.0  # seconds between two searches for a server that accepts writes
# A machine that vanishes is noticed after 25 seconds, not after hours.
KEPT_ALIVE: dict[str, Any] = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
_LOCK_NOT_AVAILABLE, _READ_ONLY = "55P03", "25006"
_ENDED = {"57P01", "57P02", "57P03", "57P05"}  # shut down, crashed, starting, idle for too long
# Whether another session locks a whole table against writes or reads (PostgreSQL documentation, section 13.3.1).
_HELD = """SELECT 1 FROM pg_locks
WHERE locktype = 'relation' AND granted AND pid <> pg_backend_pid()
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
LIMIT 1"""
_USED, _PATIENCE = "livechat_used", "livechat_patience"


def postgresql_engine(url: str, lock_timeout_ms: int) -> Engine:
    """An engine for the work of a process.

    `lock_timeout_ms`: how long a statement waits for a lock, in milliseconds.
    """
    engine = _engine(url, lock_timeout_ms, pool_size=14, pool_timeout=5)
    _Watch(engine, lock_timeout_ms)
    return engine


def probing_engine(engine: Engine) -> Engine:
    """An engine with one connection for health checks alone, which need not wait for those of the work.

    It is disposed of together with `engine`.
    """
    probe = _engine(engine.url.render_as_string(hide_password=False), 1000, 1, 2)
    event.listen(engine, "engine_disposed", lambda _engine: probe.dispose())
    event.listen(probe, "checkout", lambda driver, *_rest: _try_out(probe, driver))
    return probe


def _engine(url: str, lock_timeout_ms: int, pool_size: int, pool_timeout: float) -> Engine:
    return create_engine(
        url,
        hide_parameters=True,
        json_serializer=dumps,
        # Four workers stay below PostgreSQL's default of a hundred connections: each has these, one for health checks,
        # and one that listens.
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=pool_timeout,
        connect_args={
            "connect_timeout": 5,
            "application_name": "livechat",
            **KEPT_ALIVE,
            # A wait for a row holds a connection. Without a limit, one conversation that stays locked takes them all.
            # JIT compilation takes half a second, longer than any query of livechat. None needs several processes
            # either: parallel plans looked so cheap that the search read five million rows instead of an index.
            "options": f"-c lock_timeout={lock_timeout_ms} -c jit=off -c max_parallel_workers_per_gather=0",
        },
    )


class _Watch:
    """Learns from an engine's errors, and prepares each connection when it is taken from the pool.

    A locked table (a migration, ``VACUUM FULL``, ``LOCK TABLE``) stops every statement that needs it. If each waited as
    long as for a row, all connections would soon do nothing else, and requests for other tables would queue behind
    them. So after one wait has failed, statements wait only briefly until HELD_FOR seconds have passed without another
    such failure: a circuit breaker (Nygard, Release It!, 2nd edition, section 5.2).
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
        """Whether an error means that the connections can no longer be used."""
        state, moment = sqlstate(error), time.monotonic()
        # After a wait for a row, PostgreSQL usually names it in the error's context, but not for the second in the
        # row's queue. So the next checkout asks whether a table is locked.
        if state == _LOCK_NOT_AVAILABLE and not error.diag.context:
            self._suspects = True
        if state == _READ_ONLY and moment > self._reconnect_after:
            # After a failover the same address may lead to another server, which accepts writes.
            self._reconnect_after = moment + RECONNECT_EVERY
            return True
        # The server has announced that it ends the connection; the driver would notice only with the next statement.
        return state in _ENDED or bool(self._is_disconnect(error, connection, cursor))

    def _checkin(self, _driver: Any, record: Any) -> None:
        record.info[_USED] = time.monotonic()

    def _checkout(self, driver: Any, record: Any, _proxy: Any) -> None:
        """Test a connection that has been idle, and set how long it waits for locks.

        SQLAlchemy's `pool_pre_ping` tests it every time, which is one of five statements that a stream runs for a
        message. A connection that has ended within the last second fails its next user, and then all are replaced.
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
    """Run a statement outside of SQLAlchemy's transactions. Returns the first row, if it has rows.

    Raises InvalidatePoolError, which makes the pool reconnect.
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
