"""What the rules judge: all operations, what readers saw, and what is read back at the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine

from ..databases import rows
from .history import History
from .sights import ListSight, Sight


@dataclass
class Evidence:
    """All operations, seen by readers and read back through the API and from the database."""

    entries: list[Any] = field(default_factory=list)
    """Rows: session_id, seq, public_seq, sender, client_id, body, event, details, created_at; in order."""
    sessions: list[Any] = field(default_factory=list)
    """Rows: id, status, version, seq, public_seq, assignee (username or None), customer_count."""
    names: dict[str, str] = field(default_factory=dict)
    """Usernames by the names in system messages."""
    history: History = field(default_factory=History)
    sights: list[Sight] = field(default_factory=list)
    customers: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What the messages address returns to each customer, by the conversation's tag."""
    admins: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The same at the desk."""
    lists_seen: list[ListSight] = field(default_factory=list)
    busy: list[int] = field(default_factory=list)
    """The numbers of the conversations with many messages, including recent ones."""
    reads: list[Any] = field(default_factory=list)
    """Rows: session_id, admin_id, seq, customer_count: how far an admin has read, and how many messages that is."""
    tags: dict[int, str] = field(default_factory=dict)
    """The conversations' tags by their numbers."""

    @classmethod
    def from_sql(cls, engine: Engine) -> Evidence:
        """Read everything that is stored."""
        entries = (
            "SELECT session_id, seq, public_seq, sender, client_id, body, event, details, created_at"
            " FROM chat_messages ORDER BY session_id, seq"
        )
        sessions = (
            "SELECT s.id, s.status, s.version, s.seq, s.public_seq, a.username AS assignee,"
            " s.customer_count"
            " FROM chat_sessions s LEFT JOIN admins a ON a.id = s.assignee_id ORDER BY s.id"
        )
        names = {
            row.name: row.username for row in rows(engine, "SELECT name, username FROM admins")
        }
        made = cls(rows(engine, entries), rows(engine, sessions), names)
        reads = "SELECT session_id, admin_id, seq, customer_count FROM chat_reads"
        made.reads = rows(engine, reads)
        return made

    def by_session(self) -> dict[int, list[Any]]:
        """The entries of each session."""
        groups: dict[int, list[Any]] = {session.id: [] for session in self.sessions}
        for row in self.entries:
            groups[row.session_id].append(row)
        return groups

    def lists(self, tag: str, side: str) -> list[dict[str, Any]]:
        """Return the final list as one side receives it."""
        answer = (self.customers if side == "customer" else self.admins).get(tag, {})
        messages: list[dict[str, Any]] = answer.get("messages", [])
        return messages
