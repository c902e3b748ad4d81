"""The writers: guests in two tabs, newcomers, and admins who answer, write notes, read, assign, transfer,
unassign, close and reopen.

Each repeats an unanswered request under the same client_id until it is acknowledged or refused, as the widget
and the desk do. A few are impatient and ask only once, so that some outcomes stay unknown.
"""

from __future__ import annotations

import itertools
import random
import secrets
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from .client import Answer, Client, Lost
from .history import History, Operation, Outcome

BACK_OFF = 0.1  # seconds between two tries
IMPATIENT = 7  # every n-th operation of a writer is tried only once


@dataclass
class Conversation:
    """One guest's conversation. Every text of it contains `tag`; no other text does."""

    tag: str
    id: str = ""
    token: str = ""
    number: int = 0
    sessions: set[str] = field(default_factory=set)
    """The ids that starts of this conversation returned; a single one, if all is well."""

    def client(self, port: int) -> Client:
        """Return a browser tab of this guest."""
        return Client(port, Authorization=f"Bearer {self.token}")

    def path(self, verb: str) -> str:
        """Return the customer's address of a verb."""
        return f"/chat/{verb}/{self.id}/"

    def desk(self, verb: str) -> str:
        """Return the admins' address of a verb."""
        return f"/custom-admin/chat/{self.number}/{verb}/"


class Actor(threading.Thread):
    """A person who does one thing after another until the load ends."""

    def __init__(self, name: str, history: History, stop: threading.Event, pause: float) -> None:
        super().__init__(name=name, daemon=True)
        self.history, self.stop, self.pause = history, stop, pause
        self.over = (
            threading.Event()
        )  # the last deadline: operations without an answer stay unknown now
        self.broken: BaseException | None = None
        self.turn = itertools.count(1)
        self.chance = random.Random(name)

    def run(self) -> None:
        try:
            while not self.stop.is_set():
                self.act()
                self.stop.wait(self.pause * (0.5 + self.chance.random()))
        except BaseException as error:
            self.broken = error

    def act(self) -> None:
        """Do it once."""
        raise NotImplementedError

    def writes_only_elsewhere(self, conversation: Conversation) -> bool:
        """Whether it never waits for this conversation."""
        own: Conversation | None = getattr(self, "conversation", None)
        return own is not None and own is not conversation

    def close(self) -> None:
        """Disconnect, when the thread has ended."""
        client: Client | None = getattr(self, "client", None)
        if client is not None:
            client.close()

    def begin(self, kind: str, about: str, **more: Any) -> Operation:
        """Record an intended operation."""
        return self.history.begin(kind, self.name, about, **more)

    def try_once(self, operation: Operation, client: Client, path: str, data: Any) -> Answer | None:
        """Try once. None when the outcome is unknown or the server asked to try again."""
        operation.attempts += 1
        try:
            answer = client.post(path, data)
        except Lost:
            operation.lost += 1
            self.history.felt(lost=1)
            return None
        if answer.status in {429, 503}:
            self.history.felt(unavailable=1)
            if "Retry-After" not in answer.headers:
                self.history.complain(f"{answer.status} without Retry-After: {path}")
            return None
        if answer.status not in {200, 201, 409}:
            self.history.complain(f"{operation.kind}: {answer.status} {answer.text[:300]}")
        return answer

    def insist(
        self, operation: Operation, client: Client, path: str, data: Any, *, once: bool = False
    ) -> Answer | None:
        """Repeat an operation until it is answered, and record the outcome. None: unknown for good."""
        while True:
            answer = self.try_once(operation, client, path, data)
            if answer is not None:
                ok = answer.status in {200, 201}
                self.history.end(operation, Outcome.OK if ok else Outcome.FAILED, answer.json)
                return answer
            if once or self.over.wait(BACK_OFF):
                self.history.end(operation, Outcome.UNKNOWN, {})
                return None


class Guest(Actor):
    """One tab of a customer: sends, and reopens the chat when somebody has closed it."""

    def __init__(self, name: str, conversation: Conversation, port: int, *rest: Any) -> None:
        super().__init__(name, *rest)
        self.conversation = conversation
        self.client = conversation.client(port)

    def act(self) -> None:
        turn, tag = next(self.turn), self.conversation.tag
        body = f"{tag} {self.name} {turn}"
        operation = self.begin("send", tag, client_id=str(uuid.uuid4()), body=body)
        data = {"body": body, "client_id": operation.client_id}
        path, once = self.conversation.path("send"), turn % IMPATIENT == 0
        while True:
            answer = self.insist(operation, self.client, path, data, once=once)
            if answer is None or answer.code != "session_closed":
                return
            reopening = self.begin("reopen", tag)
            if self.insist(reopening, self.client, self.conversation.path("reopen"), {}) is None:
                return


class Newcomer(Actor):
    """New guests, one after another. Each start is repeated without a token until it is acknowledged."""

    def __init__(self, name: str, port: int, *rest: Any) -> None:
        super().__init__(name, *rest)
        self.port = port
        self.started: list[Conversation] = []

    def act(self) -> None:
        client = Client(self.port)
        try:
            self.bring_in(client, f"[{self.name}-{next(self.turn)}]")
        finally:
            client.close()

    def bring_in(self, client: Client, tag: str) -> Conversation | None:
        """Start one conversation."""
        body = f"{tag} hello"
        operation = self.begin("start", tag, client_id=str(uuid.uuid4()), body=body)
        data = {"message": body, "client_id": operation.client_id, "name": tag}
        data["start_key"] = secrets.token_urlsafe(16)
        answer = self.insist(operation, client, "/chat/start/", data)
        if answer is None or answer.status == 409:
            return None
        session, token = answer.json["session"], answer.json["token"]
        self.started.append(Conversation(tag, session["id"], token))
        return self.started[-1]


class Desk(Actor):
    """An admin who answers all conversations in turn, sometimes writes a note, and reads or marks as unread.
    Answering a waiting chat assigns it; a note does not."""

    def __init__(
        self,
        name: str,
        who: dict[str, str],
        port: int,
        conversations: list[Conversation],
        *rest: Any,
    ) -> None:
        super().__init__(name, *rest)
        self.conversations = conversations
        self.client = Client(port, **who)

    def act(self) -> None:
        turn = next(self.turn)
        conversation = self.conversations[turn % len(self.conversations)]
        body = f"{conversation.tag} {self.name} {turn}"
        client_id = str(uuid.uuid4())
        kind, verb = ("note", "note") if turn % 4 == 0 else ("reply", "send")
        operation = self.begin(kind, conversation.tag, client_id=client_id, body=body)
        data = {"body": body, "client_id": client_id}
        once = turn % IMPATIENT == 0
        answer = self.insist(operation, self.client, conversation.desk(verb), data, once=once)
        if answer is not None and answer.status < 300 and turn % 3 == 0:
            reading = self.begin("read", conversation.tag)
            looked = {"seq": answer.json["message"]["seq"]}
            verb, data = ("unread", {}) if turn % 2 else ("seen", looked)
            self.insist(reading, self.client, conversation.desk(verb), data, once=True)
        if answer is not None and answer.code == "session_closed" and turn % 2:
            reopening = self.begin("reopen", conversation.tag, wanted={"by": self.name})
            self.insist(reopening, self.client, conversation.desk("reopen"), {})


class Race(Actor):
    """Several admins with the same view of a conversation who assign, unassign or close it at the same time."""

    def __init__(
        self,
        name: str,
        admins: dict[str, dict[str, str]],
        port: int,
        conversations: list[Conversation],
        *rest: Any,
    ) -> None:
        super().__init__(name, *rest)
        self.conversations = conversations
        self.clients = {who: Client(port, **headers) for who, headers in admins.items()}
        self.runners = ThreadPoolExecutor(len(admins), "racer")

    def run(self) -> None:
        super().run()
        self.runners.shutdown()

    def act(self) -> None:
        turn = next(self.turn)
        conversation = self.conversations[turn % len(self.conversations)]
        session = self.look(conversation)
        if session is None:
            return
        if session["status"] != "closed" and turn % 5 == 0:
            self.all_at_once("close", conversation, list(self.clients))
        elif session["assignee"] is not None and turn % 3 == 0:
            self.assign(session["assignee"], conversation, None, session["version"])
        elif session["status"] != "closed" and turn % 4 == 0:
            giver, to = self.chance.sample(list(self.clients), 2)
            self.assign(giver, conversation, to, session["version"])
        elif session["status"] != "closed":
            racers = [who for who in self.clients if who != session["assignee"]]
            self.all_at_once("assign", conversation, racers, session["version"])

    def close(self) -> None:
        for client in self.clients.values():
            client.close()

    def look(self, conversation: Conversation) -> dict[str, Any] | None:
        """Return the conversation as all racers see it before they start."""
        client = next(iter(self.clients.values()))
        while not self.stop.is_set():
            try:
                answer = client.get(f"/custom-admin/chat/{conversation.number}/")
            except Lost:
                self.history.felt(lost=1)
            else:
                if answer.status == 200:
                    session: dict[str, Any] = answer.json["session"]
                    return session
                self.history.felt(unavailable=1)
                if answer.status not in {429, 503}:
                    self.history.complain(f"look: {answer.status} {answer.text[:300]}")
            self.stop.wait(BACK_OFF)
        return None

    def all_at_once(
        self, kind: str, conversation: Conversation, racers: list[str], version: int = 0
    ) -> None:
        """Run every racer's act at the same moment, as nearly as threads can."""
        act = self.close_it if kind == "close" else self.assign
        runs = [self.runners.submit(act, who, conversation, who, version) for who in racers]
        for run in runs:
            run.result()

    def assign(self, who: str, conversation: Conversation, to: str | None, version: int) -> None:
        """Assign it, or unassign it, if it still has the version that `who` has seen."""
        wanted = {"by": who, "admin": to, "version": version}
        operation = self.begin("assign", conversation.tag, wanted=wanted)
        data = {"admin": to, "version": version}
        verb = "transfer" if to is not None and to != who else "assign"
        self.insist(operation, self.clients[who], conversation.desk(verb), data)

    def close_it(self, who: str, conversation: Conversation, *_rest: Any) -> None:
        """Close it."""
        operation = self.begin("close", conversation.tag, wanted={"by": who})
        self.insist(operation, self.clients[who], conversation.desk("close"), {})
