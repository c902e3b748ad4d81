"""Who listens in this process, and waking them. Nothing is queued: a woken listener reads its feed itself."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable

from .hints import Changed, Hint, Presence, Typing

MOST_TYPING = 20  # hints that a listener keeps; typing is best effort
MOST_CHANGED = 2000  # sessions a listener of everything remembers; beyond them it reads anew

EVERYTHING = 0
"""The topic of who listens to all sessions; a session's topic is its number."""


class Listener:
    """One who waits, used by one thread (or greenlet) at a time.

    `urgent`: there is news of its own topic. `stirred`: there is news of any session, for who listens to all.
    """

    def __init__(self, topic: int, *, everything: bool = False) -> None:
        self.topic = topic
        self.topics = {topic, EVERYTHING} if everything else {topic}
        self.ended = self.urgent = self.stirred = self.overrun = False
        self.proof: str | None = None
        """The token that lets a customer listen; asked for again now and then (service.py)."""
        self.changed: set[int] = set()
        self.typing: deque[Typing] = deque(maxlen=MOST_TYPING)
        self._news = threading.Event()

    def wait(self, seconds: float | None) -> bool:
        """Whether something came within the time; None is without an end."""
        woken = self._news.wait(seconds)
        self._news.clear()
        return woken

    def wake(self, *, overrun: bool = False) -> None:
        """Something may have changed; `overrun`: nobody knows where."""
        self.urgent = True
        self.stirred = self.stirred or overrun
        self.overrun = self.overrun or overrun
        self._news.set()

    def stir(self) -> None:
        """Nothing has changed, but the listener is to look at what time it is."""
        self._news.set()

    def end(self) -> None:
        """The listener is to stop."""
        self.ended = True
        self._news.set()

    def take_changed(self) -> tuple[set[int], bool]:
        """The sessions that changed since the last call, and whether they were too many to remember."""
        changed, overrun = self.changed, self.overrun
        self.changed, self.overrun = set(), False
        return changed, overrun

    def hear(self, hint: Hint, topic: int) -> None:
        """Take in a hint that was said to a topic, and wake."""
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
        # Dictionaries as ordered sets: copying the keys is one step that no other thread interrupts.
        self._listeners: dict[int, dict[Listener, None]] = {}
        self._guard = threading.Lock()
        self._first: list[Callable[[Iterable[int]], None]] = []
        self.closed = False

    def on_change(self, tell: Callable[[Iterable[int]], None]) -> None:
        """Call this with the numbers of changed sessions before anybody is woken."""
        self._first.append(tell)

    def listen(self, topic: int, *, everything: bool = False) -> Listener:
        """A new listener to a session's number, or to EVERYTHING, or to both."""
        listener = Listener(topic, everything=everything)
        with self._guard:
            for one in listener.topics:
                self._listeners.setdefault(one, {})[listener] = None
        if self.closed:
            listener.end()
        return listener

    def forget(self, listener: Listener) -> None:
        """It listens no more."""
        with self._guard:
            for topic in listener.topics:
                here = self._listeners.get(topic, {})
                here.pop(listener, None)
                if not here:
                    self._listeners.pop(topic, None)

    def tell(self, hint: Hint) -> None:
        """Wake whom it concerns."""
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
        """Whoever listens to this one looks again."""
        for listener in list(self._listeners.get(topic, ())):
            listener.wake()

    def wake_all(self) -> None:
        """We may have missed something: everybody looks for themselves."""
        for listener in self._all():
            listener.wake(overrun=True)

    def close(self) -> None:
        """The process ends: so do all listeners, present and to come."""
        self.closed = True
        for listener in self._all():
            listener.end()

    def _all(self) -> list[Listener]:
        with self._guard:
            return [one for here in self._listeners.values() for one in here]

    def listened_to(self) -> bool:
        """Whether anybody listens to anything."""
        return bool(self._listeners)

    def listeners(self) -> list[Listener]:
        """All who listen now."""
        return list(dict.fromkeys(self._all()))

    def _tell(self, topic: int, hint: Hint) -> None:
        for listener in list(self._listeners.get(topic, ())):
            # Who listens to one session only is its customer, and knows where they are.
            if not isinstance(hint, Presence) or EVERYTHING in listener.topics:
                listener.hear(hint, topic)
