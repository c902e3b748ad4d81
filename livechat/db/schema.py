"""The tables of a database: bringing them to this version, and asking whether they have it.

Alembic is imported where it is needed: most of the command line does without it and starts quicker.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine, text

from .dialects import on_postgresql
from .engine import WRITING

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATION_LOCK = 0x6C697665  # any number that is ours: "live"
MIGRATIONS = Path(__file__).parents[1] / "migrations"


def migrate(engine: Engine, revision: str = "head") -> None:
    """Bring the tables to a revision, the newest one by default."""
    from alembic import command

    with engine.connect().execution_options(**WRITING) as connection, connection.begin():
        if on_postgresql(engine):
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
