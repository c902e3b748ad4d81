"""A report for a load that makes no progress: the processes, what the database waits for, the server's log."""

from __future__ import annotations

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from ..databases import rows
from ..server import Server, state_of

_ACTIVITY = """
    SELECT pid, state, wait_event_type, wait_event, now() - xact_start AS since,
           pg_blocking_pids(pid) AS blocked_by, left(query, 120) AS query
    FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'
    ORDER BY xact_start
"""


def situation(server: Server, engine: Engine) -> str:
    """Describe in some lines a server that does not do what it should."""
    told = []
    if server.process is not None and server.process.poll() is None:
        pids = [server.process.pid, *server.worker_pids()]
        told.append("Processes: " + ", ".join(f"{pid} {state_of(pid)}" for pid in pids))
    if engine.dialect.name == "postgresql":
        try:
            told += [str(row) for row in rows(engine, _ACTIVITY)]
        except SQLAlchemyError as error:
            told.append(f"The database does not answer: {error}")
    return "\n".join([*told, server.log.read_text()[-3000:]])
