"""The load: guests and admins who write and read through the proxy, and what they have seen at the end."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine

from ..databases import rows
from ..server import Server
from .actors import Actor, Conversation, Desk, Guest, Newcomer, Race
from .client import Client, signed_in
from .crowd import Crowd
from .evidence import Evidence
from .history import History
from .readers import (
    AS_PAGES,
    SILENCE,
    SOON,
    ListReader,
    Poller,
    Reader,
    Stranger,
    Streamer,
)
from .sights import ListSight, Sight
from .telling import situation

GUESTS = 3
ADMINS = {"anna": "Anna Antwort", "bert": "Bert Bescheid", "cleo": "Cleo Klar"}
CALM = 60  # seconds without progress after which something is stuck


class Stuck(AssertionError):
    """Something that must make progress does not."""


class Load:
    """Everybody around one server. `begin`, break things, check that it `goes_on`, `finish`, check the evidence."""

    def __init__(
        self, port: int, engine: Engine, server: Server, crowd: Crowd | None = None
    ) -> None:
        self.port, self.engine, self.server = port, engine, server
        self.crowd = crowd
        self.history = History()
        self.stop, self.stop_reading = threading.Event(), threading.Event()
        self.conversations: list[Conversation] = []
        self.writers: list[Actor] = []
        self.readers: list[Reader] = []
        self.others: list[Actor] = []
        self.doing = "begin"
        self.longest = (0.0, "")
        """The longest wait in seconds, and its reason."""

    def begin(self) -> None:
        """Create everybody and start them."""
        newcomer = Newcomer("newcomer", self.port, self.history, self.stop, 0.4)
        client = Client(self.port)
        for number in range(1, GUESTS + 1):
            conversation = newcomer.bring_in(client, f"[guest-{number}]")
            assert conversation is not None
            self.conversations.append(conversation)
        client.close()
        who = {name: signed_in(self.port, name) for name in ADMINS}
        self.learn_numbers(self.conversations)
        self.newcomer = newcomer
        common = (self.history, self.stop)
        self.race = Race("race", who, self.port, self.conversations, *common, 0.15)
        for conversation in self.conversations:
            for tab in ("tab-1", "tab-2"):
                name = f"{conversation.tag} {tab}"
                self.writers.append(Guest(name, conversation, self.port, *common, 0.06))
            self._add_readers("customer", conversation, conversation.client, conversation.path)
        for name, headers in who.items():
            self.writers.append(Desk(name, headers, self.port, self.conversations, *common, 0.08))

            def client_of(port: int, headers: dict[str, str] = headers) -> Client:
                return Client(port, **headers)

            conversation = self.conversations[len(self.readers) % GUESTS]
            self._add_readers(name, conversation, client_of, conversation.desk)
        for status in ("", "waiting", "active"):
            seen = ListSight(f"{name} at the list of all that is {status or 'there'}", status)
            query = f"?status={status}" if status else ""
            client = Client(self.port, SILENCE, **headers)
            self.readers.append(ListReader(seen.who, client, query, seen, self.stop_reading))
        stranger = Stranger(
            "stranger", self.port, self.conversations[0], self.conversations[1:], *common, 0.1
        )
        if self.crowd is None:
            self.others = [newcomer, self.race, stranger]
        else:
            self.crowd.join(self)
        for actor in self.everybody:
            actor.start()

    def _add_readers(
        self, name: str, conversation: Conversation, client: Any, path: Callable[[str], str]
    ) -> None:
        side = "customer" if name == "customer" else "admin"
        for kind, word, pause in ((Poller, "polling", 0.2), (Streamer, "streaming", 0.02)):
            full = f"{name} of {conversation.tag}, {word}"
            sight = Sight(full, conversation.tag, side)
            reader = kind(
                full, client(self.port), path("messages"), sight, self.stop_reading, pause
            )
            if kind is Streamer:
                reader.client.patience = SILENCE
            self.readers.append(reader)

    def learn_numbers(self, conversations: list[Conversation]) -> None:
        numbers = {
            str(uuid).replace("-", ""): number
            for number, uuid in rows(self.engine, "SELECT id, uuid FROM chat_sessions")
        }
        for conversation in conversations:
            conversation.number = numbers[conversation.id.replace("-", "")]

    @property
    def everybody(self) -> list[Actor]:
        """All threads."""
        return [*self.writers, *self.others, *self.readers]

    @property
    def streamers(self) -> list[Streamer]:
        """The readers by stream."""
        return [reader for reader in self.readers if isinstance(reader, Streamer)]

    def goes_on(self, who: list[Actor] | None = None) -> float:
        """Wait until every writer (or these) had an answer to an operation begun from now on; returns the seconds."""
        writers = self.writers if who is None else who
        before = {writer.name: self.history.done(writer.name) + 1 for writer in writers}

        def late() -> list[str]:
            return [name for name, count in before.items() if self.history.done(name) <= count]

        try:
            return self.wait(lambda: not late(), "every writer goes on")
        except Stuck as stuck:
            raise Stuck(f"No answer for {late()}.\n{stuck}") from None

    def feels_it(self, at_most: float | None = None) -> float:
        """Wait, for at most `at_most` seconds, until a request got no answer or was told to try again; returns the
        seconds."""
        before = self.history.lost + self.history.unavailable
        until = time.monotonic() + at_most if at_most is not None else float("inf")
        return self.wait(
            lambda: (
                self.history.lost + self.history.unavailable > before or time.monotonic() > until
            ),
            "somebody feels it",
        )

    def streams(self) -> bool:
        """Return whether every reader by stream has one that is open and has begun."""
        return all(reader.connected_since is not None for reader in self.streamers)

    @property
    def streams_opened(self) -> int:
        """Return how many streams there have been."""
        return sum(reader.streams for reader in self.streamers)

    def come_back_like_pages(self) -> None:
        """From now on, readers whose stream ends wait as long as our pages do."""
        for reader in self.streamers:
            reader.waits = AS_PAGES

    def come_back_soon(self) -> None:
        """From now on, they reconnect soon."""
        for reader in self.streamers:
            reader.waits = SOON

    def wait(self, condition: Callable[[], bool], what: str, within: float = CALM) -> float:
        """Wait until a condition is true; returns the seconds it took. Raises Stuck."""
        began = time.monotonic()
        while not condition():
            self.see_nobody_broken()
            if time.monotonic() - began > within:
                late = f"Not within {within} seconds: {what} ({self.doing})."
                raise Stuck(f"{late}\n{self}\n{situation(self.server, self.engine)}")
            time.sleep(0.005)
        took = time.monotonic() - began
        self.longest = max(self.longest, (took, f"{what} ({self.doing})"))
        return took

    def see_nobody_broken(self) -> None:
        """Check that no server has ended and that no actor has failed: an error in the load fails the test."""
        code = self.server.process.poll() if self.server.process else None
        if code not in {None, -signal.SIGKILL}:
            log = self.server.log.read_text()[-3000:]
            raise Stuck(f"The server has ended unexpectedly ({code}, {self.doing}):\n{log}")
        for actor in self.everybody:
            if actor.broken is not None:
                raise actor.broken

    def finish(self) -> Evidence:
        """Let everybody finish their operation and readers catch up; then read everything back."""
        self.stop.set()
        self._join([*self.writers, *self.others])
        # An operation without an answer may still succeed, as long as the server works on it.
        final = self._settled()
        try:
            self.wait(lambda: all(r.is_up_to_date(final) for r in self.readers), "up to date")
        except Stuck as stuck:
            late = {r.name: r.wrong for r in self.readers if not r.is_up_to_date(final)}
            raise Stuck(f"Not finished: {late}.\n{stuck}") from None
        finally:
            self.stop_reading.set()
            for reader in self.readers:
                reader.interrupt()
        self._join(list(self.readers))
        return final

    def _join(self, actors: list[Actor]) -> None:
        self.wait(lambda: not any(actor.is_alive() for actor in actors), "everybody ends")
        self.see_nobody_broken()

    def _settled(self) -> Evidence:
        evidence = self._read_back()
        while (again := self._read_back()).entries != evidence.entries:
            evidence = again
        return again

    def _read_back(self) -> Evidence:
        every = [*self.conversations, *self.newcomer.started[GUESTS:]]
        self.learn_numbers(every)
        admin = next(iter(self.race.clients.values()))
        reader = Client(self.port, patience=CALM, **admin.headers)
        evidence = Evidence.from_sql(self.engine)
        evidence.history = self.history
        evidence.sights = [r.sight for r in self.readers if not isinstance(r, ListReader)]
        evidence.lists_seen = [r.rows for r in self.readers if isinstance(r, ListReader)]
        evidence.busy = [conversation.number for conversation in self.conversations]
        for conversation in every:
            guest = Client(self.port, patience=CALM, Authorization=f"Bearer {conversation.token}")
            evidence.customers[conversation.tag] = _all_of(guest, conversation.path("messages"))
            guest.close()
            evidence.admins[conversation.tag] = _all_of(reader, conversation.desk("messages"))
            evidence.tags[conversation.number] = conversation.tag
        reader.close()
        return evidence

    def close(self) -> None:
        """Disconnect everywhere."""
        for actor in self.everybody:
            actor.close()

    def __str__(self) -> str:
        refused = sum(reader.refused for reader in self.streamers)
        took, what = self.longest
        return (
            f"{self.history}, {self.streams_opened} streams opened, {refused} not given; "
            f"{len(self.streamers)} of them at once; "
            f"the longest wait: {took:.1f} s until {what}"
        )


def _all_of(client: Client, path: str) -> dict[str, Any]:
    """Read a whole conversation, page by page."""
    answer: dict[str, Any] = client.get(path).json
    messages = answer.get("messages", [])
    while answer.get("more"):
        answer = client.get(f"{path}?after={answer['cursor']}").json
        messages += answer["messages"]
    return answer | {"messages": messages}
