"""Where SQLite and PostgreSQL differ: which one is in use, and statements that are built for both.

``INSERT ... ON CONFLICT`` reads the same on both, but SQLAlchemy has a separate `insert` for each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

Reader = Connection | Session
"""What can execute a statement that reads."""
Bind = Engine | Reader
Statement = TypeVar("Statement")


def dialect_of(bind: Bind) -> str:
    """``sqlite`` or ``postgresql``: the database behind an engine, a connection or a session."""
    if isinstance(bind, Session):
        bind = bind.get_bind()
    return bind.dialect.name


def on_sqlite(bind: Bind) -> bool:
    """Whether the database is SQLite."""
    return dialect_of(bind) == "sqlite"


def on_postgresql(bind: Bind) -> bool:
    """Whether the database is PostgreSQL."""
    return dialect_of(bind) == "postgresql"


def id_overlap(bind: Bind) -> int:
    """How many ids below the highest one may still appear.

    PostgreSQL assigns ids before it commits, so a lower one can appear after a higher one. SQLite has one writer at a
    time.
    """
    return 0 if on_sqlite(bind) else 500


class PerDialect(Generic[Statement]):
    """A statement that is built once for each database, from its own `insert`."""

    def __init__(self, build: Callable[[Any], Statement]) -> None:
        self.sqlite = build(sqlite.insert)
        self.postgresql = build(postgresql.insert)

    def on(self, bind: Bind) -> Statement:
        """The statement for the database behind an engine, a connection or a session."""
        return self.sqlite if on_sqlite(bind) else self.postgresql
