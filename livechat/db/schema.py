"""Making a database ready and opening it outside of a request.

Alembic is imported where it is needed: most of the command line does without it and starts quicker.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from ..models import WRITING, OutsideWrite, make_engine, writing
from ..settings import Settings
from .changes import announce

if TYPE_CHECKING:
    from alembic.config import Config

    from ..realtime.wakeup import Wakeup

MIGRATION_LOCK = 0x6C697665  # any number that is ours: "live"
MIGRATIONS = Path(__file__).parents[1] / "migrations"


def open_engine(settings: Settings) -> Engine:
    """An engine for the settings' database; the folder of an SQLite file is made when it is missing."""
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        path = Path(url.database).absolute()
        path.parent.mkdir(parents=True, exist_ok=True)
        # What customers write is not for every user of the machine.
        path.touch(mode=0o600)
    return make_engine(settings.database_url, busy_timeout_ms=settings.busy_timeout_ms)


def migrate(engine: Engine, revision: str = "head") -> None:
    """Bring the tables to a revision, the newest one by default."""
    from alembic import command

    with engine.connect().execution_options(**WRITING) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            # Several that start at once take turns, however long; SQLite's write lock does the same.
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(
                text("SELECT pg_advisory_xact_lock(:name)"), {"name": MIGRATION_LOCK}
            )
        command.upgrade(_alembic(connection), revision)


def is_current(engine: Engine) -> bool:
    """Whether the tables are those this version of livechat works with."""
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_heads()
    return set(current) == set(ScriptDirectory.from_config(_alembic(None)).get_heads())


def _alembic(connection: object) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


@contextmanager
def transaction(
    engine: Engine, *, write: bool = True, wakeup: Wakeup | None = None
) -> Iterator[Session]:
    """One unit of work outside of a request: committed at the end, rolled back by an exception.

    `wakeup` is told of what has changed, and tells those who serve.
    """
    with Session(engine, expire_on_commit=False) as session:
        if wakeup is not None:
            announce(session, lambda: wakeup)
        with session.begin():
            if write:
                forget_everywhere(writing(session))
            yield session


def forget_everywhere(db: Session) -> None:
    """With the commit, every process that serves forgets what it remembers; see livechat/realtime/poll_cache.py."""
    insert = postgresql.insert if db.get_bind().dialect.name == "postgresql" else sqlite.insert
    counted = insert(OutsideWrite).values(id=1, count=1)
    counted = counted.on_conflict_do_update(
        index_elements=["id"], set_={"count": OutsideWrite.count + 1}
    )
    db.execute(counted)
