"""Disks that can be filled up: a small tmpfs, or a limit on file sizes where mounting is not allowed."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import make_url

from ..server import Server


class CannotMount(Exception):
    """The system does not let us mount; the text gives the reason."""


class Disk:
    """A separate file system of a few megabytes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ballast = folder / "ballast"

    def fill(self) -> None:
        """Leave no byte free."""
        with self.ballast.open("ab") as file, contextlib.suppress(OSError):
            for size in (1024 * 1024, 64 * 1024, 4096):
                with contextlib.suppress(OSError):
                    while True:
                        os.posix_fallocate(file.fileno(), file.tell(), size)
                        file.seek(0, os.SEEK_END)

    def free(self) -> None:
        """Make room again."""
        self.ballast.unlink(missing_ok=True)


class LimitedFiles:
    """Where no disk can be mounted: the server's SQLite files may not grow, until `free`."""

    def __init__(self, server: Server) -> None:
        path = make_url(server.database_url).database
        self.log = Path(f"{path}-wal")
        self.pids = server.worker_pids()

    def fill(self) -> None:
        """Allow no byte more than now."""
        self._limit(max(self.log.stat().st_size, 4096))

    def free(self) -> None:
        """Remove the limit."""
        self._limit(resource.RLIM_INFINITY)

    def _limit(self, size: int) -> None:
        for pid in self.pids:
            _soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))


@contextlib.contextmanager
def mounted(folder: Path, size: str) -> Iterator[Disk]:
    """Mount a tmpfs at a folder. Raises CannotMount."""
    folder.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "livechat-tests", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError as error:
        raise CannotMount(str(error)) from None
    if done.returncode:
        raise CannotMount(done.stderr.strip() or "mount is not permitted here")
    try:
        yield Disk(folder)
    finally:
        # Lazily: a killed process may still be exiting.
        subprocess.run(["umount", "--lazy", str(folder)], check=True, capture_output=True)
