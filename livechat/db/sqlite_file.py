"""The file of an SQLite database: whether it is still in place after a commit, and complete at the end.

SQLite goes on writing into a file that has been deleted, moved or replaced (https://sqlite.org/howtocorrupt.html,
section 2): commits succeed, and their data is lost when the process ends. So each transaction compares the file at the
path with the one that its connection has opened, before it begins and again after its commit, before anybody learns
that it was stored. The same applies to the ``-wal`` and ``-shm`` files, which hold the newest commits.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from typing import Any

from sqlalchemy import Engine, event

from ..gevent_support import in_a_real_thread, is_patched
from .hooks import replace

log = logging.getLogger(__name__)

QUICK = 0.001  # seconds; while commits usually take less, they run without a thread
PATIENCE = 5.0  # seconds to wait for other readers at a clean stop
_SUFFIXES = ("", "-wal", "-shm")
_OPENED = "livechat_opened"
PATIENCE_INSIDE = "livechat_patience"  # in a connection's info: its busy_timeout, if known

Identity = tuple[int, int]


class DatabaseFile:
    """The file at one path, for all engines of this process that use it."""

    def __init__(self, path: str) -> None:
        self.path = os.path.abspath(path)
        self._paths = tuple(self.path + suffix for suffix in _SUFFIXES)
        self._open = 0
        self._known: tuple[Identity, ...] = ()  # constant as long as a connection is open
        self._missing = self._saved = False

    def watch(self, engine: Engine) -> None:
        """Bind an engine's connections to this file, and check its commits."""

        def checked_connect(*args: Any, **more: Any) -> Any:
            self._compare(self._known)  # otherwise SQLite creates what is missing or opens another
            return connect(*args, **more)

        def checked_begin(connection: Any) -> None:
            self._compare(connection.info[_OPENED], connection)
            begin(connection)

        connect = replace(engine, "connect", checked_connect)
        begin = replace(engine, "do_begin", checked_begin)
        replace(engine, "do_commit", _Commit(self))
        event.listen(engine, "connect", self._opened)
        event.listen(engine, "close", self._closed)

    def check_commit(self, connection: Any) -> None:
        """Raise sqlite3.OperationalError unless the commit is in the files at the path."""
        self._compare(connection.info[_OPENED], connection)

    def leave_whole(self) -> None:
        """Move the log into the main file, so that the file can be copied alone.

        SQLite does this when the last connection of all processes closes. If others are still connected it is done
        here, which waits up to PATIENCE seconds for readers. A file that has been replaced is left alone.
        """
        if len(self._known) < len(_SUFFIXES) or tuple(map(_identity, self._paths)) != self._known:
            return
        connection = sqlite3.connect(self.path, timeout=PATIENCE, isolation_level=None)
        try:
            busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        except sqlite3.Error:
            busy = True
        finally:
            connection.close()
        if busy:
            log.warning(
                "Another process still reads %s. The newest messages are in %s: copy both files.",
                *self._paths[:2],
            )

    def _opened(self, connection: Any, record: Any) -> None:
        # SQLite opens the log, and the file next to it, only when it reads.
        connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
        opened = [found for found in map(_identity, self._paths) if found is not None]
        if len(opened) != len(_SUFFIXES):
            opened = opened[:1]  # not in WAL mode, or not yet
        record.info[_OPENED] = tuple(opened)
        try:
            self._compare(self._known)
        except sqlite3.OperationalError:
            connection.close()
            raise
        self._open += 1
        if len(opened) > len(self._known):
            self._known = tuple(opened)

    def _closed(self, _connection: Any, record: Any) -> None:
        self._open -= _OPENED in record.info
        if not self._open:  # SQLite has removed the log, and the file may be replaced now
            self._known = ()

    def _compare(self, opened: tuple[Identity, ...], connection: Any = None) -> None:
        path = self._changed(opened)
        if path is None:
            if self._missing and len(opened) > 1:
                self._missing = False
                log.warning("The database file %s is back in its place.", self.path)
            return
        if not self._missing:
            self._missing, self._saved = True, False
            log.error(
                "The file %s was deleted, moved or replaced while livechat uses it. Nothing is stored until it is"
                " back in its place, or livechat is started again.",
                path,
            )
        if connection is not None and not self._saved:
            self._save(connection)
        error = sqlite3.OperationalError(f"{path} was deleted, moved or replaced")
        # SQLite itself uses this code for a database that was moved, where it notices.
        error.sqlite_errorcode = sqlite3.SQLITE_READONLY_DBMOVED
        error.sqlite_errorname = "SQLITE_READONLY_DBMOVED"
        raise error

    def _changed(self, opened: tuple[Identity, ...]) -> str | None:
        # Runs three times in each request that writes, so it calls no function for each file.
        path = self.path
        try:
            for path, (device, number) in zip(self._paths, opened, strict=False):
                found = os.stat(path)
                if found.st_ino != number or found.st_dev != device:
                    return path
        except OSError:
            return path
        return None

    def _save(self, connection: Any) -> None:
        """Move the log into the database that it belongs to, and empty it.

        A deleted log would be lost with this process. A log next to another database would be taken for that database's
        log by the next process that opens it, which mixes the two.
        """
        main, *others = connection.info[_OPENED]
        found, *logs = map(_identity, self._paths)
        if found == main and any(
            now not in {None, before} for now, before in zip(logs, others, strict=False)
        ):
            return  # another process has begun a new log for the same database
        driver = connection.dbapi_connection
        try:
            driver.execute("PRAGMA busy_timeout = 0")
            self._saved = not driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        except sqlite3.Error as error:
            log.warning("Cannot move the log of %s into it: %s", self.path, error)
        finally:
            connection.info.pop(PATIENCE_INSIDE, None)


def _identity(path: str) -> Identity | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


class _Commit:
    """Commits in the way that delays others least, and checks the file afterwards.

    A commit waits for the disk, and the whole process waits with it. In a thread it lets others go on, but the switch
    there and back takes half a millisecond of everybody's time (bench/README.md). On a fast disk that is not worth it.
    """

    def __init__(self, file: DatabaseFile) -> None:
        self._file = file
        self._usual = 1.0 if is_patched() else 0.0  # seconds

    def __call__(self, connection: Any) -> None:
        if is_patched():
            took = self._timed(connection) if self._usual < QUICK else self._aside(connection)
            self._usual += (took - self._usual) / 8
        else:
            connection.commit()
        self._file.check_commit(connection)

    def _aside(self, connection: Any) -> float:
        return float(in_a_real_thread(lambda: self._timed(connection)))

    def _timed(self, connection: Any) -> float:
        began = time.perf_counter()
        connection.commit()
        return time.perf_counter() - began
