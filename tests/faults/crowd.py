"""A crowd of readers, each with a stream of their own conversation; and whether each message reaches everyone."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

from ..databases import rows
from .actors import Actor, Conversation
from .client import Client, Event
from .readers import AS_PAGES, SILENCE, Streamer
from .sights import Sight

if TYPE_CHECKING:
    from .load import Load

PATIENCE = 60  # seconds; asking again soon would only load a busy machine more
SLOWER = 20  # times: the factor for so many more streams on a machine that may be busy
PATIENT = 5.0  # seconds that the others wait for an answer


class Crier(Actor):
    """Writes to one conversation after another, as its customer, so that there is news on every stream."""

    def __init__(self, name: str, conversations: list[Conversation], port: int, *rest: Any) -> None:
        super().__init__(name, *rest)
        self.conversations, self.port = list(conversations), port

    def act(self) -> None:
        turn = next(self.turn)
        conversation = self.conversations[turn % len(self.conversations)]
        operation = self.begin("send", conversation.tag, client_id=str(uuid.uuid4()))
        operation.body = f"{conversation.tag} {self.name} {turn}"
        client = conversation.client(self.port)
        client.patience = PATIENCE
        data = {"body": operation.body, "client_id": operation.client_id}
        self.insist(operation, client, conversation.path("send"), data)
        client.close()


class Restless(Streamer):
    """A member of a crowd, who disconnects and reconnects all the time unless it `stays`."""

    stays = True
    waits = AS_PAGES
    _leaves = float("inf")

    def hear(self, event: Event) -> None:
        if self.connected_since is None:  # its stream begins
            self._leaves = time.monotonic() + self.chance.uniform(0.1, 2.0)
        super().hear(event)
        if not self.stays and time.monotonic() > self._leaves:
            self.client.interrupt()


class Crowd:
    """`size` customers with a stream each, and a writer who writes to all of them in turn."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.conversations: list[Conversation] = []
        self.readers: list[Restless] = []

    def join(self, load: Load) -> None:
        """Add the crowd to the load, whose other writers get more patience."""
        for actor in load.everybody:
            actor.pause *= SLOWER
            client: Client | None = getattr(actor, "client", None)
            if client is not None:
                client.patience = max(client.patience, PATIENT)
        beginner = Client(load.port, patience=PATIENCE)
        for number in range(self.size):
            conversation = load.newcomer.bring_in(beginner, f"[crowd-{number}]")
            assert conversation is not None
            self.conversations.append(conversation)
            name = f"customer of {conversation.tag}"
            sight = Sight(name, conversation.tag, "customer")
            tab, path = conversation.client(load.port), conversation.path("messages")
            tab.patience = SILENCE
            self.readers.append(Restless(name, tab, path, sight, load.stop_reading, 0.02))
        beginner.close()
        load.learn_numbers(self.conversations)
        load.readers += self.readers
        common = (load.history, load.stop, 0.2)
        load.writers.append(Crier("crier", self.conversations, load.port, *common))

    def come_and_go(self, *, now: bool) -> None:
        """Let the crowd reconnect all the time, so that streams begin at every moment; or let it stay."""
        for reader in self.readers:
            reader.stays = not now

    def everyone_is_written_to(self, load: Load) -> None:
        """Wait until each of them has received a message that was sent from now on."""
        all_round = load.history.done("crier") + self.size + 1
        load.wait(lambda: load.history.done("crier") >= all_round, "everyone is written to")


def every_stream_is_alive(load: Load, within: float) -> float:
    """Every message from now on reaches every open stream within so many seconds; returns how many it took. A stream
    that is dead but open never gets it. Raises Stuck."""
    from .load import Stuck

    load.wait(load.streams, "all streams are open")
    load.goes_on()
    every = list(load.conversations)
    if load.crowd is not None:
        load.crowd.everyone_is_written_to(load)
        every += load.crowd.conversations
    load.engine.dispose()  # whatever happened to its connections
    newest = {
        row.id: {"customer": row.public_seq, "admin": row.seq}
        for row in rows(load.engine, "SELECT id, seq, public_seq FROM chat_sessions")
    }
    by_tag = {one.tag: newest[one.number] for one in every}

    def late() -> list[str]:
        return [reader.name for reader in load.streamers if not reader.has(newest, by_tag)]

    try:
        return load.wait(lambda: not late(), "what is written is on every stream", within)
    except Stuck as stuck:
        raise Stuck(f"The streams of {late()} are dead.\n{stuck}") from None
