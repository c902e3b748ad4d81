"""The listeners of this process, and how they are woken. No news is queued: a woken stream reads its feed."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable

from .hints import Changed, Hint, Presence, Typing

MOST_TYPING = 20  # hints that a listener keeps; typing is best effort
MOST_CHANGED = 2000  # changed sessions that a listener remembers; with more, its client reloads

EVERYTHING = 0
"""The topic of all sessions together. A session's topic is its number."""


class Listener:
    """A waiting stream's end of the hub, used by one thread (or greenlet) at a time.

    `urgent`: there is news of its own topic. `stirred`: there is news of any session, for listeners to EVERYTHING.
    `overrun`: there may be news that `changed` does not name. `ended`: the stream must stop.
    """

    def __init__(self, topic: int, *, everything: bool = False) -> None:
        self.topic = topic
        self.topics = {topic, EVERYTHING} if everything else {topic}
        self.ended = self.urgent = self.stirred = self.overrun = False
        self.proof: str | None = None
        """The token with which a customer listens; service.py checks it periodically."""
        self.changed: set[int] = set()
        self.typing: deque[Typing] = deque(maxlen=MOST_TYPING)
        self._news = threading.Event()

    def wait(self, seconds: float | None) -> bool:
        """Wait for a wake-up, at most `seconds`; None waits forever. Returns whether one came."""
        woken = self._news.wait(seconds)
        self._news.clear()
        return woken

    def wake(self, *, overrun: bool = False) -> None:
        """Wake the listener because something may have changed; `overrun`: it is not known where."""
        self.urgent = True
        self.stirred = self.stirred or overrun
        self.overrun = self.overrun or overrun
        self._news.set()

    def stir(self) -> None:
        """Wake the listener without news, so that it checks the time."""
        self._news.set()

    def end(self) -> None:
        """Wake the listener and make it stop."""
        self.ended = True
        self._news.set()

    def take_changed(self) -> tuple[set[int], bool]:
        """The ids of the sessions that changed since the last call, and whether there may be others."""
        changed, overrun = self.changed, self.overrun
        self.changed, self.overrun = set(), False
        return changed, overrun

    def hear(self, hint: Hint, topic: int) -> None:
        """Record a hint for a topic, and wake the listener."""
        if isinstance(hint, Typing):
            self.typing.append(hint)
            self.urgent = True
        elif topic == EVERYTHING:
            self.stirred = True
            self.overrun = self.overrun or len(self.changed) >= MOST_CHANGED
            if not self.overrun:
                self.changed.update(hint.session_ids)
        else:
            self.urgent = True
        self._news.set()


class Hub:
    """The listeners of one process, by topic."""

    def __init__(self) -> None:
        # Dictionaries serve as ordered sets: no other thread can interrupt the copying of their keys.
        self._listeners: dict[int, dict[Listener, None]] = {}
        self._guard = threading.Lock()
        self._first: list[Callable[[Iterable[int]], None]] = []
        self.closed = False

    def on_change(self, tell: Callable[[Iterable[int]], None]) -> None:
        """Register a function to be called with the ids of changed sessions before any listener is woken."""
        self._first.append(tell)

    def listen(self, topic: int, *, everything: bool = False) -> Listener:
        """Add a listener to a session's number or to EVERYTHING. With `everything`, it listens to both."""
        listener = Listener(topic, everything=everything)
        with self._guard:
            for one in listener.topics:
                self._listeners.setdefault(one, {})[listener] = None
        if self.closed:
            listener.end()
        return listener

    def forget(self, listener: Listener) -> None:
        """Remove a listener."""
        with self._guard:
            for topic in listener.topics:
                here = self._listeners.get(topic, {})
                here.pop(listener, None)
                if not here:
                    self._listeners.pop(topic, None)

    def tell(self, hint: Hint) -> None:
        """Pass a hint to the listeners that it concerns, and wake them."""
        if isinstance(hint, Typing):
            self._tell(hint.session_id, hint)
            return
        if isinstance(hint, Changed):
            for tell in self._first:
                tell(hint.session_ids)
        for topic in hint.session_ids:
            self._tell(topic, hint)
        self._tell(EVERYTHING, hint)

    def wake(self, topic: int) -> None:
        """Wake the listeners to a topic."""
        for listener in list(self._listeners.get(topic, ())):
            listener.wake()

    def wake_all(self) -> None:
        """Wake all listeners, because hints may have been lost."""
        for listener in self._all():
            listener.wake(overrun=True)

    def close(self) -> None:
        """End all present and future listeners, because the process ends."""
        self.closed = True
        for listener in self._all():
            listener.end()

    def _all(self) -> list[Listener]:
        with self._guard:
            return [one for here in self._listeners.values() for one in here]

    def listened_to(self) -> bool:
        """Whether there are any listeners."""
        return bool(self._listeners)

    def listeners(self) -> list[Listener]:
        """All current listeners, each once."""
        return list(dict.fromkeys(self._all()))

    def _tell(self, topic: int, hint: Hint) -> None:
        for listener in list(self._listeners.get(topic, ())):
            # A listener to one session only is its customer, who does not need their own presence.
            if not isinstance(hint, Presence) or EVERYTHING in listener.topics:
                listener.hear(hint, topic)
