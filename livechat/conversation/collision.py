"""An answer that crosses a colleague's: what to tell its author, who has not seen the other one."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..actors import Actor
from ..exceptions import Conflict
from ..models import Sender
from .records import MESSAGES

MOST_ANSWERS = 20  # that are told to an admin whose own is held


def answers_after(db: Session, session_id: int, author: Actor, seen_seq: int) -> list[Any]:
    """The newest of what colleagues have answered after an entry."""
    query = select(MESSAGES).where(
        MESSAGES.c.session_id == session_id,
        MESSAGES.c.seq > seen_seq,
        MESSAGES.c.sender == Sender.ADMIN.value,
        MESSAGES.c.author_key != author.key,
    )
    newest = query.order_by(MESSAGES.c.seq.desc()).limit(MOST_ANSWERS)
    return list(db.connection().execute(newest))[::-1]


def answered_meanwhile(answers: list[Any]) -> Conflict:
    who = answers[-1].author_name or "A teammate"
    refusal = Conflict(
        "answered_meanwhile",
        f"{who} just replied. Your reply wasn't sent. Send it anyway or edit it.",
    )
    refusal.more = {"messages": answers}
    return refusal
