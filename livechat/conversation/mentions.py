"""Mentions of colleagues: ``@username`` in a note."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from ..actors import Actor
from ..db.dialects import Reader
from ..models import Admin, ChatMessage, ChatSession, Mention, now
from ..permissions import Permission
from ..rights import who_may

MOST = 20  # admins mentioned in one note
PAGE = 50  # mentions in a list
_NAME = re.compile(r"(?<![\w@.])@(\w[\w.@+-]{0,63})")


def names_in(body: str) -> list[str]:
    """The usernames that a text may mention, folded as they are stored. A full stop at the end is no part of a name."""
    found = [match.casefold().rstrip(".-+") for match in _NAME.findall(body)]
    return list(dict.fromkeys(found))[:MOST]


def mention(db: Session, session_id: int, message: ChatMessage, author: Actor) -> None:
    """Record the mentions in a note, of admins who may read it, except its author."""
    names = names_in(message.body)
    if not names:
        return
    query = select(Admin.id).where(Admin.username.in_(names), who_may(Permission.READ_DESK))
    for admin_id in db.scalars(query.order_by(Admin.id)):
        if admin_id != author.admin_id:
            db.add(
                Mention(
                    message_id=message.id,
                    session_id=session_id,
                    admin_id=admin_id,
                    created_at=message.created_at,
                )
            )
    db.flush()


def unseen(db: Reader, admin_id: int) -> int:
    """The number of mentions that this admin has not seen."""
    query = select(func.count()).where(Mention.admin_id == admin_id, Mention.seen_at.is_(None))
    return int(db.execute(query).scalar_one())


def seen(db: Session, session_id: int, admin_id: int, seq: int) -> None:
    """Mark this admin's mentions in the session's entries up to `seq` as seen."""
    notes = select(ChatMessage.id).where(
        ChatMessage.session_id == session_id, ChatMessage.seq <= seq
    )
    db.execute(
        update(Mention)
        .where(
            Mention.admin_id == admin_id,
            Mention.session_id == session_id,
            Mention.seen_at.is_(None),
            Mention.message_id.in_(notes),
        )
        .values(seen_at=now())
        .execution_options(synchronize_session=False)
    )


def mentions_of(db: Reader, admin_id: int) -> Sequence[Any]:
    """The newest mentions of an admin, at most PAGE.

    Returns rows with session_id, customer_name, author_name, body, seq, created_at and seen_at.
    """
    query = (
        select(
            Mention.session_id,
            ChatSession.customer_name,
            ChatMessage.author_name,
            ChatMessage.body,
            ChatMessage.seq,
            Mention.created_at,
            Mention.seen_at,
        )
        .join(ChatMessage, ChatMessage.id == Mention.message_id)
        .join(ChatSession, ChatSession.id == Mention.session_id)
        .where(Mention.admin_id == admin_id)
    )
    return db.execute(query.order_by(Mention.id.desc()).limit(PAGE)).all()
