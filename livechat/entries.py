"""The one ordered list of a session: locking it, numbering its entries, finding one that is there already."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from .lines import INTERNAL, Event, line
from .models import ChatMessage, ChatSession, Sender, now


def lock(db: Session, session: ChatSession) -> None:
    """Hold the session's row until the commit, and see what was committed before."""
    db.flush()
    db.refresh(session, with_for_update={"of": ChatSession})


def sent(
    db: Session, session_ids: Sequence[int], author_key: str, client_id: str
) -> ChatMessage | None:
    """The message that an author has sent under this client_id, if any."""
    query = select(ChatMessage).where(
        ChatMessage.session_id.in_(session_ids),
        ChatMessage.author_key == author_key,
        ChatMessage.client_id == client_id,
    )
    return db.scalars(query.limit(1)).first()


def append_line(
    db: Session, session: ChatSession, event: Event, details: dict[str, Any]
) -> ChatMessage:
    """Add a system line to the locked session's list."""
    body = line(event, details, for_customer=False).interpolate()
    return append(
        db,
        session,
        sender=Sender.SYSTEM,
        author_key="system",
        body=body,
        event=event,
        details=details,
        public=event not in INTERNAL,
    )


def append(db: Session, session: ChatSession, *, public: bool = True, **values: Any) -> ChatMessage:
    """Add an entry to the locked session's list under the next numbers."""
    session.seq += 1
    if public:
        session.public_seq += 1
    session.last_activity_at = _moment_after(session.last_activity_at)
    message = ChatMessage(
        session_id=session.id,
        seq=session.seq,
        public_seq=session.public_seq if public else None,
        created_at=session.last_activity_at,
        **values,
    )
    db.add(message)
    db.flush()
    return message


def _moment_after(last: datetime) -> datetime:
    # A clock that is set back must not make a list whose times run backwards.
    return max(now(), last)
