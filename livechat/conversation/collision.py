"""Collisions: an admin sends an answer without having seen a colleague's."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..actors import Actor
from ..exceptions import Conflict
from ..models import Sender
from .records import MESSAGES

MOST_ANSWERS = 20  # colleagues' answers in one refusal


def answers_after(db: Session, session_id: int, author: Actor, seen_seq: int) -> list[Any]:
    """The newest answers of colleagues after an entry, as rows, the oldest first. `seen_seq`: the entry's `seq`."""
    query = select(MESSAGES).where(
        MESSAGES.c.session_id == session_id,
        MESSAGES.c.seq > seen_seq,
        MESSAGES.c.sender == Sender.ADMIN.value,
        MESSAGES.c.author_key != author.key,
    )
    newest = query.order_by(MESSAGES.c.seq.desc()).limit(MOST_ANSWERS)
    return list(db.connection().execute(newest))[::-1]


def answered_meanwhile(answers: list[Any]) -> Conflict:
    """The refusal of an answer, Conflict ``answered_meanwhile``, with the colleagues' answers in `more`."""
    who = answers[-1].author_name or "A teammate"
    refusal = Conflict(
        "answered_meanwhile",
        f"{who} just replied. Your reply wasn't sent. Send it anyway or edit it.",
    )
    refusal.more = {"messages": answers}
    return refusal
