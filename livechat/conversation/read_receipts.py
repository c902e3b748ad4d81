"""Read receipts: how far each admin has read each session, and how far customers are told their messages were read.

Database triggers count unread messages from the receipts that this module sets (migration 0006).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, bindparam, case, func, select, update
from sqlalchemy.orm import Session

from ..db.dialects import PerDialect
from ..exceptions import Conflict
from ..models import ChatMessage, ChatRead, ChatSession, Sender, table_of
from . import mentions
from .message_log import lock_session
from .records import MESSAGES, SESSIONS

_READS = table_of(ChatRead)
_FURTHER = bindparam("upto") > _READS.c.seq
_READ = PerDialect(
    lambda insert: (
        insert(_READS)
        .values(
            session_id=bindparam("s"),
            admin_id=bindparam("a"),
            seq=bindparam("upto"),
        )
        .on_conflict_do_update(
            index_elements=["session_id", "admin_id"],
            set_={"seq": case((_FURTHER, bindparam("upto")), else_=_READS.c.seq)},
        )
    )
)
_SEEN = (
    update(SESSIONS)
    .where(SESSIONS.c.id == bindparam("held"), SESSIONS.c.staff_seen < bindparam("shown"))
    .values(staff_seen=bindparam("shown"))
)


def unread(read: Any) -> ColumnElement[int]:
    """The number of the customer's messages that an admin has not read, as SQL.

    `read`: the ``customer_count`` of their read receipt, or NULL without one.
    """
    return SESSIONS.c.customer_count - func.coalesce(read, 0)


def mark_read(db: Session, session: ChatSession, admin_id: int, seq: int) -> None:
    """Record that this admin has had everything up to `seq` on screen, also for the customer to see."""
    lock_session(db, session)
    seq = min(seq, session.seq)
    shown = select(func.max(ChatMessage.public_seq)).where(
        ChatMessage.session_id == session.id, ChatMessage.seq <= seq
    )
    keep(db, session.id, admin_id, seq, db.scalar(shown) or 0)
    mentions.seen(db, session.id, admin_id, seq)
    db.refresh(session)


def mark_unread(db: Session, session: ChatSession, admin_id: int) -> None:
    """Mark the customer's last message unread for this admin; other read receipts do not change.

    Raises Conflict ``nothing_to_read`` when the customer has not written anything.
    """
    lock_session(db, session)
    last = db.scalar(
        select(func.max(MESSAGES.c.seq)).where(
            MESSAGES.c.session_id == session.id, MESSAGES.c.sender == Sender.CUSTOMER.value
        )
    )
    if last is None:
        raise Conflict("nothing_to_read", "The customer hasn't written anything yet.")
    mark = update(_READS).where(_READS.c.session_id == session.id, _READS.c.admin_id == admin_id)
    db.connection().execute(mark.values(seq=last - 1))


def keep(
    db: Session, session_id: int, admin_id: int, seq: int, public_seq: int | None = None
) -> None:
    """Store how far an admin has read. With a `public_seq`, the customer sees a read receipt up to it."""
    connection = db.connection()
    read = {"s": session_id, "a": admin_id, "upto": seq}
    connection.execute(_READ.on(connection), read)
    if public_seq is not None:
        connection.execute(_SEEN, {"held": session_id, "shown": public_seq})
