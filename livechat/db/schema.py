"""The schema of a database: migrating it, and checking whether it is current.

Alembic is imported where it is needed, because most of the command line does without it and starts faster.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine, text

from .dialects import on_postgresql
from .engine import WRITING

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATION_LOCK = 0x6C697665  # "live" in ASCII; any fixed number does
MIGRATIONS = Path(__file__).parents[1] / "migrations"


def migrate(engine: Engine, revision: str = "head") -> None:
    """Bring the schema to a revision, by default the newest one."""
    from alembic import command

    with engine.connect().execution_options(**WRITING) as connection, connection.begin():
        if on_postgresql(engine):
            # Processes that start together take turns, however long it takes; SQLite's write lock does the same.
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(
                text("SELECT pg_advisory_xact_lock(:name)"), {"name": MIGRATION_LOCK}
            )
        command.upgrade(_alembic(connection), revision)


def is_current(engine: Engine) -> bool:
    """Whether the schema is the one that this version of livechat works with."""
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
