"""The contract of wake-ups, with which processes tell each other that something has changed. backends.py implements it.

The database is the source of truth. A wake-up carries a hint with ids. A lost hint only delays news and never loses a
message, because every process also checks the database periodically (sweep.py).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from .hints import Changed, Hint
from .hub import Hub

if TYPE_CHECKING:
    from .sweep import Sweep


class Wakeup:
    """The base class, which wakes only its own process. It suffices when no other process writes to the database."""

    sweep_every: float | None = None
    """Seconds between two sweeps of the database, or None if nothing needs them periodically."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.sweep: Sweep | None = None
        self.told_up_to = 0
        """The id of an entry. This process's listeners have been told of all entries up to it."""
        self.has_missed = False
        """Whether hints may have been lost that no sweep of the entries makes up for."""
        self._looking = threading.Lock()

    def before_commit(self, db: Session, session_ids: Sequence[int]) -> None:
        """Called in the transaction that has changed these sessions, before its commit."""

    def after_commit(self, session_ids: Sequence[int], entries: Sequence[int]) -> None:
        """Called after the commit, with the ids of the changed sessions and of the new entries."""
        changed = Changed(tuple(session_ids))
        self.hub.tell(changed)
        if self.sweep is not None:
            self.sweep.know(entries)  # the hub has been told of them
        self.send(changed)

    def say(self, hint: Hint) -> None:
        """Send a hint that belongs to no transaction, to this process and the others."""
        self.hub.tell(hint)
        self.send(hint)

    def send(self, hint: Hint) -> None:
        """Send a hint to the other processes. Must neither raise nor block."""

    def start(self) -> None:
        """Start listening to the other processes."""

    def stop(self) -> None:
        """Stop listening."""

    def look(self) -> None:
        """Sweep the database for commits of other processes that came without a hint, and tell the hub."""
        if self.sweep is None:
            return
        with self._looking:  # two concurrent sweeps would report the same entries twice
            changed, too_many = self.sweep.look()
            if too_many:
                self.hub.wake_all()
            elif changed:
                self.hub.tell(Changed(tuple(sorted(changed))))
            self.told_up_to = self.sweep.floor
