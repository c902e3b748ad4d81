"""How processes tell each other that something has happened: one small contract, four ways.

The database is the truth. A wake-up is a hint that carries ids; one that is lost costs a moment, because every
process also looks for itself now and then (sweep.py), and never a message.
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
    """In memory: the way of a single process that nobody else writes beside, and the base of the others."""

    sweep_every: float | None = None
    """Seconds between two looks at the database, or None for never."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.sweep: Sweep | None = None
        self.told_up_to = 0
        """The number of an entry: of all up to it, those who listen in this process have been told."""
        self.has_missed = False
        """Whether hints may have been lost that no look at the entries makes up for."""
        self._looking = threading.Lock()

    def before_commit(self, db: Session, session_ids: Sequence[int]) -> None:
        """Called within the transaction that has changed these sessions."""

    def after_commit(self, session_ids: Sequence[int], entries: Sequence[int]) -> None:
        """Called when it is committed, with the ids of the entries it has written."""
        changed = Changed(tuple(session_ids))
        self.hub.tell(changed)
        if self.sweep is not None:
            self.sweep.know(entries)  # now that they are told
        self.send(changed)

    def say(self, hint: Hint) -> None:
        """Tell something that has no transaction, to this process and to the others."""
        self.hub.tell(hint)
        self.send(hint)

    def send(self, hint: Hint) -> None:
        """Tell the other processes. Must not fail, and not wait."""

    def start(self) -> None:
        """Begin to listen to the other processes."""

    def stop(self) -> None:
        """Listen no more."""

    def look(self) -> None:
        """Find what was committed elsewhere without our having heard of it."""
        if self.sweep is None:
            return
        with self._looking:  # two looks at once would tell of the same twice
            changed, too_many = self.sweep.look()
            if too_many:
                self.hub.wake_all()
            elif changed:
                self.hub.tell(Changed(tuple(sorted(changed))))
            self.told_up_to = self.sweep.floor
