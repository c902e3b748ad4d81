"""What SQLite needs now and then, done every second beside the requests, which would have to wait for it."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator
from sqlalchemy import Engine, text

from ..db.dialects import on_sqlite
from ..db.engine import LONG
from ..search.index import keep_up

AT_MOST = 2000  # messages that the search's index takes in, each time

# What was committed goes from the log into the database. Nobody waits for it, and it waits for nobody.
_CHECKPOINT = text("PRAGMA wal_checkpoint(PASSIVE)").execution_options(**LONG)


def tidy(engine: Engine) -> None:
    """Take new messages into the search's index, and shorten the log of what was written."""
    keep_up(engine, AT_MOST)
    with engine.connect() as db:
        # To its end: a statement that is still open keeps the connection's next user from committing.
        db.execute(_CHECKPOINT).all()


def includeme(config: Configurator) -> None:
    registry: Any = config.registry
    if on_sqlite(registry["livechat.engine"]):
        registry["livechat.realtime"].duties.append(lambda: tidy(registry["livechat.engine"]))
