"""The readers: by polling and by stream, each building its list as clients do; and a stranger.

A client applies entries by `seq`: it applies the next one, drops an old one, and must never see a gap.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from .actors import Actor, Conversation
from .client import Answer, Client, Event, Lost
from .history import History
from .sights import ListSight, Sight

if TYPE_CHECKING:
    from .evidence import Evidence

SILENCE = 16.0  # the longest silence of a stream in seconds (the contract says 15)
SOON = (0.02, 0.3)  # seconds before a reader reconnects, from and to
AS_PAGES = (0.5, 3.0)  # the same for our pages (static/common/stream.js)


class Reader(Actor):
    """A reader of one conversation, as its customer or as an admin."""

    def __init__(
        self,
        name: str,
        client: Client,
        path: str,
        sight: Sight,
        stop: threading.Event,
        pause: float,
    ) -> None:
        super().__init__(name, History(), stop, pause)
        self.client, self.path, self.sight = client, path, sight

    @property
    def wrong(self) -> list[str]:
        """The first problem that this reader has noticed."""
        return self.sight.wrong[:2]

    def is_up_to_date(self, final: Evidence) -> bool:
        """Return whether this reader has everything that is read back at the end."""
        return self.sight.is_up_to_date(final)

    def poll(self) -> None:
        """Poll once for news."""
        after = f"?after={self.sight.cursor}" if self.sight.cursor else ""
        try:
            answer = self.client.get(self.path + after)
        except Lost:
            self.history.felt(lost=1)
            return
        if answer.status in {429, 503}:
            self.history.felt(unavailable=1)
        elif answer.status != 200:
            self.sight.wrong.append(f"{self.name}: {answer.status} {answer.text[:300]}")
        else:
            if answer.json.get("reset"):
                self.sight.reset()
            for message in answer.json["messages"]:
                self.sight.take(message)
            self.sight.take_session(answer.json["session"])
            self.sight.cursor = answer.json["cursor"]

    def interrupt(self) -> None:
        """Interrupt its wait, from another thread."""


class Poller(Reader):
    """Reads by polling."""

    def act(self) -> None:
        self.poll()


class Streamer(Reader):
    """Reads by stream, resumes by Last-Event-ID, and polls while it gets no stream."""

    connected_since: float | None = None
    """time.monotonic of the first event of the open stream; None while there is none."""
    waits = SOON
    streams = 0
    """How many streams it has had."""
    refused = 0
    """How often it was told that there are too many."""

    def act(self) -> None:
        try:
            events = self.client.stream(self.path, self.sight.cursor)
            if isinstance(events, Answer):
                self.refused += 1
                if events.status not in {429, 503}:
                    self.sight.wrong.append(f"{self.name}: {events.status} {events.text[:300]}")
                self.poll()
                self.stop.wait(self.chance.uniform(*self.waits))
                return
            for event in events:
                self.hear(event)
                if self.stop.is_set():
                    return
        except Lost:
            self.history.felt(lost=1)
        finally:
            self.connected_since = None
            self.client.close()
        self.stop.wait(self.chance.uniform(*self.waits))

    def hear(self, event: Event) -> None:
        """Apply one event."""
        if self.connected_since is None and event.name:
            self.connected_since = time.monotonic()
            self.streams += 1
        if event.name == "reset":
            self.sight.reset()
        elif event.name == "message":
            self.sight.take(event.data)
        elif event.name == "session":
            self.sight.take_session(event.data)
        if event.id is not None:
            self.sight.cursor = event.id

    def has(self, _rows: dict[int, Any], newest: dict[str, dict[str, int]]) -> bool:
        """Whether it is up to date: `newest` has the number of the newest entry by conversation and side."""
        return len(self.sight.messages) >= newest[self.sight.tag][self.sight.side]

    def interrupt(self) -> None:
        self.client.interrupt()


class ListReader(Streamer):
    """An admin who reads the desk's list, filtered or not, and loads it once after each connect, as the desk does."""

    def __init__(
        self, name: str, client: Client, query: str, sight: ListSight, stop: threading.Event
    ) -> None:
        super().__init__(name, client, f"/custom-admin/chat/{query}", Sight("", "", ""), stop, 0.02)
        self.asker = Client(client.port, **client.headers)
        self.rows = sight

    @property
    def wrong(self) -> list[str]:
        return self.rows.wrong[:2]

    def is_up_to_date(self, final: Evidence) -> bool:
        return not list(self.rows.differences(final))

    def poll(self) -> None:
        try:
            answer = self.asker.get(self.path)
        except Lost:
            self.history.felt(lost=1)
            return
        if answer.status == 200:
            self.rows.load(answer.json)
        elif answer.status not in {429, 503}:
            self.rows.wrong.append(f"{self.name}: {answer.status} {answer.text[:300]}")

    def hear(self, event: Event) -> None:
        fresh = self.connected_since is None and bool(event.name)
        super().hear(Event(event.name and "heard", None, event.id))
        if fresh or event.name == "reset":
            self.poll()
        if event.name not in {"", "reset"}:
            self.rows.take(event.name, event.data)

    def has(self, rows: dict[int, Any], _newest: dict[str, dict[str, int]]) -> bool:
        shown = self.rows.rows
        return all(
            shown[number]["seq"] >= newest["admin"]
            for number, newest in rows.items()
            if number in shown and not self.rows.status
        )

    def close(self) -> None:
        super().close()
        self.asker.close()


class Stranger(Actor):
    """A guest who tries to read others' conversations: the answer is always 404, whatever breaks."""

    def __init__(
        self, name: str, port: int, own: Conversation, others: list[Conversation], *rest: Any
    ) -> None:
        super().__init__(name, *rest)
        self.client, self.others = own.client(port), others
        self.tries = 0

    def act(self) -> None:
        other = self.others[self.tries % len(self.others)]
        ask = self.client.get if self.tries % 2 else lambda path: self.client.stream(path, None)
        try:
            answer = ask(other.path("messages"))
        except Lost:
            return
        self.tries += 1
        if not isinstance(answer, Answer):
            self.history.complain("A stranger got a stream")
            self.client.close()
        elif answer.status not in {404, 429, 503}:
            self.history.complain(f"A stranger got {answer.status} {answer.text[:300]}")
