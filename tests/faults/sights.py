"""What readers have built: one conversation's list, or the desk's list of conversations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .evidence import Evidence


@dataclass
class Sight:
    """One reader's copy of one conversation."""

    who: str
    tag: str
    side: str  # customer or admin
    messages: list[dict[str, Any]] = field(default_factory=list)
    session: dict[str, Any] = field(default_factory=dict)
    cursor: str | None = None
    repeats: int = 0
    """Entries that came again and were dropped."""
    wrong: list[str] = field(default_factory=list)
    states: dict[int, tuple[str, str | None]] = field(default_factory=dict)
    """Status and assignee by version, where the reader is told of versions."""

    def take(self, message: dict[str, Any]) -> None:
        """Apply one entry by its seq."""
        seq, last = message["seq"], len(self.messages)
        if seq == last + 1:
            self.messages.append(message)
        elif seq > last + 1:
            self.wrong.append(f"{self.who} got entry {seq} after {last}: a gap")
        else:
            self.repeats += 1
            if self.messages[seq - 1] != message:
                self.wrong.append(
                    f"{self.who} got entry {seq} as {self.messages[seq - 1]} and as {message}"
                )

    def take_session(self, session: dict[str, Any]) -> None:
        """Apply the newest state of the conversation."""
        self.session = session
        if "version" in session:
            state = (session["status"], session["assignee"])
            if self.states.setdefault(session["version"], state) != state:
                self.wrong.append(
                    f"{self.who} saw version {session['version']} as {state} and otherwise"
                )

    def reset(self) -> None:
        """The server does not know our cursor. Nothing in this suite ever removes an acknowledged entry."""
        self.wrong.append(f"{self.who} was told to reload after {len(self.messages)} entries")
        self.messages, self.cursor = [], None

    def is_up_to_date(self, final: Evidence) -> bool:
        """Return whether everything has arrived: all entries, and the final state of the conversation."""
        now = (final.customers if self.side == "customer" else final.admins)[self.tag]
        known = ("status", "assignee", "admin", "version", "closed_at")
        return len(self.messages) == len(now["messages"]) and all(
            self.session.get(name) == now["session"].get(name) for name in known
        )


@dataclass
class ListSight:
    """One admin's copy of the desk's list: the newest state of each conversation, by number, and the counts."""

    who: str
    status: str
    """The filter; "" shows all."""
    rows: dict[int, dict[str, Any]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def load(self, page: dict[str, Any]) -> None:
        """Load the list again."""
        self.rows = {shape["number"]: shape for shape in page["sessions"]}
        self.counts = page["counts"]

    def take(self, name: str, data: dict[str, Any]) -> None:
        """Apply one event of the list's stream."""
        if name == "session":
            if self.status and data["status"] != self.status:
                self.wrong.append(f"{self.who} was shown a conversation that is {data['status']}")
            self.rows[data["number"]] = data
        elif name == "gone":
            self.rows.pop(data["number"], None)
        elif name == "counts":
            self.counts = data["counts"]

    def differences(self, final: Evidence) -> Iterator[str]:
        """Yield the differences from what is stored: surplus, outdated and missing conversations."""
        stored = {session.id: session for session in final.sessions}
        for number, shape in self.rows.items():
            session = stored[number]
            now = (session.status, session.assignee, session.version, session.seq)
            seen = (shape["status"], shape["assignee"], shape["version"], shape["seq"])
            if self.status and session.status != self.status:
                yield f"{self.who} still has {number}, which is {session.status}"
            elif seen != now:
                yield f"{self.who} has {number} as {seen}, but it is {now}"
        for number in final.busy:
            if number not in self.rows and self.status in {"", stored[number].status}:
                yield f"{self.who} has no {number}"
        counts = Counter(session.status for session in final.sessions)
        if any(counts[status] != count for status, count in self.counts.items()):
            yield f"{self.who} was told of {self.counts}, but there are {dict(counts)}"
