"""The infrastructure of a site: its database, with a disk and a server of its own where faults break those."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import databases
from . import disks
from .breaking import the_database_is_away, the_disk_is_full
from .database_faults import AROUND_THE_DATABASE
from .disks import CannotMount, Disk
from .plans import Plan
from .postgresql import OwnPostgreSQL


@dataclass
class Ground:
    """A database for a single site."""

    url: str
    disk: Disk | None = None
    """The small disk it is on, if any."""
    postgresql: OwnPostgreSQL | None = None
    """The server it is on, if that belongs to this site alone."""
    cannot_fill: str = ""
    """Why it is not on a small disk."""


@contextlib.contextmanager
def ground_for(plan: Plan, all_databases: Callable[[str], Any], folder: Path) -> Iterator[Ground]:
    """Set up what a plan needs: a separate disk and server only where its faults affect them."""
    with contextlib.ExitStack() as stack:
        disk, why = None, ""
        if plan.kind == "sqlite":
            folder = folder / "disk"
        elif _ALONE & set(plan.faults):
            folder = Path(databases.server_folder())
            stack.callback(databases.remove_folder, str(folder))
        if the_disk_is_full in plan.faults:
            try:
                disk = stack.enter_context(disks.mounted(folder, _SIZES[plan.kind]))
            except CannotMount as error:
                # SQLite has an alternative: disks.LimitedFiles.
                why = str(error) if plan.kind == "postgresql" else ""
        if plan.kind == "postgresql" and _ALONE & set(plan.faults):
            postgresql = OwnPostgreSQL(folder)
            stack.callback(postgresql.dispose)
            yield Ground(postgresql.url, disk, postgresql, why)
            return
        database = all_databases(plan.kind)
        url = database.new()
        stack.callback(database.drop, url)
        if disk is not None:
            url = _moved_to(disk, url)
        yield Ground(url, disk, None, why)


# Faults that affect a whole server must not hit the one that all tests share.
_ALONE = {the_database_is_away, the_disk_is_full, *AROUND_THE_DATABASE}
_SIZES = {"sqlite": "64m", "postgresql": "320m"}


def _moved_to(disk: Disk, url: str) -> str:
    path = Path(url.removeprefix("sqlite:///"))
    there = disk.folder / path.name
    there.write_bytes(path.read_bytes())
    return f"sqlite:///{there}"
