"""What is told of a hit of the search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..models import rfc3339
from .query import Term, snippet


@dataclass(frozen=True)
class Hit:
    """Where it was found: in an entry of a session, or (`seq` is None) in what is known of the session. `sender`:
    customer, admin, note or session. `snippet`: ``[{"text": …, "hit": bool}]``."""

    number: int
    name: str | None
    seq: int | None
    sender: str
    author: str | None
    snippet: Sequence[dict[str, Any]]
    created_at: datetime

    @property
    def shape(self) -> dict[str, Any]:
        """The JSON of a hit."""
        return {
            "number": self.number,
            "name": self.name,
            "seq": self.seq,
            "from": self.sender,
            "author": self.author,
            "snippet": list(self.snippet),
            "created_at": rfc3339(self.created_at),
        }


@dataclass(frozen=True)
class Found:
    """Hits, and the cursor for older ones if there may be any: a page whose filters fit little can be empty and
    have more behind it. `upto`: how far back was looked then."""

    hits: Sequence[Hit]
    next: str | None
    upto: datetime | None = None


def message_hit(row: Any, terms: Sequence[Term]) -> Hit:
    """A hit in an entry; the row has its session's customer_name, too."""
    return Hit(
        row.session_id,
        row.customer_name,
        row.seq,
        row.sender,
        row.author_name,
        snippet(row.body, terms),
        row.created_at,
    )


def session_hit(row: Any, tags: Sequence[str], terms: Sequence[Term]) -> Hit:
    """A hit in what is known of a session."""
    known = [row.customer_name, row.customer_email, row.product_name, row.product_id]
    text = " · ".join([part for part in known if part] + [f"#{tag}" for tag in tags])
    return Hit(
        row.id, row.customer_name, None, "session", None, snippet(text, terms), row.created_at
    )
