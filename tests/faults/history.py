"""Every operation of the load, and its outcome for the client that tried it."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any


class Outcome(StrEnum):
    """How an operation ended, as far as its client knows."""

    OK = "ok"
    """Acknowledged: it must be there, once."""
    FAILED = "failed"
    """Refused clearly: it must not be there, unless an earlier attempt was lost and arrives later."""
    UNKNOWN = "unknown"
    """No answer, or one that said to try again: it is there once or not there."""


@dataclass
class Operation:
    """One thing that one person wanted, with all its repetitions. Times are those of time.monotonic."""

    kind: str  # start, send, reply, note, read, assign, close, reopen
    who: str
    about: str  # the tag of the conversation
    client_id: str | None = None
    body: str | None = None
    wanted: dict[str, Any] = field(default_factory=dict)
    outcome: Outcome = Outcome.UNKNOWN
    answer: dict[str, Any] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)
    ended: float | None = None
    attempts: int = 0
    lost: int = 0
    """Attempts without an answer: it is unknown whether and when the server receives them."""

    @property
    def message(self) -> dict[str, Any]:
        """The acknowledged message."""
        if self.kind == "start":
            own = [m for m in self.answer["messages"] if m.get("client_id") == self.client_id]
            return own[0] if own else {}
        message: dict[str, Any] = self.answer.get("message", {})
        return message


class History:
    """All operations, the answers that should not occur, and counters of how often a fault was noticed."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self.operations: list[Operation] = []
        self.wrong: list[str] = []
        self.lost = 0
        """Requests without an answer."""
        self.unavailable = 0
        """Requests that were told to try again."""
        self._done: dict[str, int] = {}

    def begin(self, kind: str, who: str, about: str, **more: Any) -> Operation:
        """Record that somebody begins an operation."""
        operation = Operation(kind, who, about, **more)
        with self._guard:
            self.operations.append(operation)
        return operation

    def end(self, operation: Operation, outcome: Outcome, answer: dict[str, Any]) -> None:
        """Record its outcome."""
        operation.ended = time.monotonic()
        operation.outcome, operation.answer = outcome, answer
        if outcome is not Outcome.UNKNOWN:
            with self._guard:
                self._done[operation.who] = self._done.get(operation.who, 0) + 1

    def felt(self, *, lost: int = 0, unavailable: int = 0) -> None:
        """Count requests that got no answer or were told to try again."""
        with self._guard:
            self.lost += lost
            self.unavailable += unavailable

    def complain(self, sentence: str) -> None:
        """Record an answer that should not occur."""
        with self._guard:
            self.wrong.append(sentence)

    def done(self, who: str) -> int:
        """Return for how many operations somebody got an answer."""
        return self._done.get(who, 0)

    def with_outcome(self, outcome: Outcome, *kinds: str) -> list[Operation]:
        """Return the operations of some kinds with an outcome."""
        return [o for o in self.operations if o.outcome is outcome and o.kind in kinds]

    def write(self, path: Path) -> None:
        """Write all operations as lines of JSON, for inspection after a failure."""
        path.write_text("".join(json.dumps(asdict(o)) + "\n" for o in self.operations))

    def __str__(self) -> str:
        counts = dict.fromkeys(Outcome, 0)
        for operation in self.operations:
            counts[operation.outcome] += 1
        told = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
        return f"{told} ({self.lost} requests lost, {self.unavailable} told to try again)"
