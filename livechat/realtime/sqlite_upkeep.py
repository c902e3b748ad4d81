"""SQLite's upkeep, done every second in the background so that requests do not wait for it."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator
from sqlalchemy import Engine, text

from ..db.dialects import on_sqlite
from ..db.engine import LONG
from ..search.index import keep_up

AT_MOST = 2000  # messages added to the search index each time

# PASSIVE copies committed pages from the write-ahead log into the database without blocking and without waiting.
_CHECKPOINT = text("PRAGMA wal_checkpoint(PASSIVE)").execution_options(**LONG)


def tidy(engine: Engine) -> None:
    """Add new messages to the search index, and checkpoint the write-ahead log."""
    keep_up(engine, AT_MOST)
    with engine.connect() as db:
        # Fetch all rows: a statement that is still open keeps the connection's next user from committing.
        db.execute(_CHECKPOINT).all()


def includeme(config: Configurator) -> None:
    registry: Any = config.registry
    if on_sqlite(registry["livechat.engine"]):
        registry["livechat.realtime"].duties.append(lambda: tidy(registry["livechat.engine"]))
