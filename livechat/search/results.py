"""Hits of the search and their JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..models import rfc3339
from .query import Term, snippet


@dataclass(frozen=True)
class Hit:
    """A hit in an entry of a session or, when `seq` is None, in the session's own details.

    `sender`: customer, admin, note or session. `snippet`: ``[{"text": …, "hit": bool}]``.
    """

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
    """A page of hits. `next` is the cursor for older hits, or None when there are none.

    A page can have few hits, or none, and still have a next page, because one request examines a limited number of
    candidates. In that case `upto` is the time back to which it has searched.
    """

    hits: Sequence[Hit]
    next: str | None
    upto: datetime | None = None


def message_hit(row: Any, terms: Sequence[Term]) -> Hit:
    """A hit in an entry. The row also has its session's `customer_name`."""
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
    """A hit in a session's details: customer, product and tags."""
    known = [row.customer_name, row.customer_email, row.product_name, row.product_id]
    text = " · ".join([part for part in known if part] + [f"#{tag}" for tag in tags])
    return Hit(
        row.id, row.customer_name, None, "session", None, snippet(text, terms), row.created_at
    )
