"""The fast path of a customer's message: one statement on PostgreSQL, two on SQLite.

The slow path (messages.py) locks the session, reads it, decides, inserts and counts. In the usual case, the INSERT
does all of that: its condition takes the lock and refuses what the slow path would refuse, and the numbers come from
the locked row. In an unusual case it inserts nothing.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, case, func, literal, select, update
from sqlalchemy.orm import Session

from ..actors import CUSTOMER
from ..db.changes import touch
from ..db.dialects import PerDialect, on_postgresql
from ..models import Sender, Status, UTCDateTime, now
from . import sizes
from .message_log import BLOCKED_AT, LOCK
from .records import MESSAGES, SESSIONS

_MOMENT = bindparam("moment", type_=UTCDateTime)
_MESSAGE = {
    "session_id": SESSIONS.c.id,
    "seq": SESSIONS.c.seq + 1,
    "public_seq": SESSIONS.c.public_seq + 1,
    "created_at": case(
        (SESSIONS.c.last_activity_at > _MOMENT, SESSIONS.c.last_activity_at), else_=_MOMENT
    ),
    "sender": literal(Sender.CUSTOMER.value),
    "author_key": literal(CUSTOMER.key),
    "author_name": SESSIONS.c.customer_name,
    "body": bindparam("body"),
    "client_id": bindparam("client_id"),
}
_USUAL = (
    select(*_MESSAGE.values())
    .where(
        SESSIONS.c.id == bindparam("held"),
        SESSIONS.c.status != Status.CLOSED,
        BLOCKED_AT.is_(None),
        sizes.HAS_ROOM,
    )
    .with_for_update(of=SESSIONS, **LOCK)
)
_INSERT = PerDialect(
    lambda insert: (
        insert(MESSAGES)
        .from_select(list(_MESSAGE), _USUAL, include_defaults=False)
        .on_conflict_do_nothing(index_elements=["session_id", "author_key", "client_id"])
        .returning(MESSAGES)
    )
)


def _counted(seq: Any, public_seq: Any, created_at: Any) -> dict[str, Any]:
    """The session's columns after a message with these numbers."""
    return {
        "seq": seq,
        "public_seq": public_seq,
        "last_message_seq": seq,
        "last_activity_at": created_at,
        "waiting_since": func.coalesce(SESSIONS.c.waiting_since, created_at),
        **sizes.COUNTED,
    }


_COUNT = (
    update(SESSIONS)
    .where(SESSIONS.c.id == bindparam("held"))
    .values(_counted(bindparam("new_seq"), bindparam("new_public_seq"), _MOMENT))
)
# On PostgreSQL, one statement inserts and counts, which saves a round trip to the server.
_INSERTED = _INSERT.postgresql.cte("inserted")
_COUNTED = (
    update(SESSIONS)
    .where(SESSIONS.c.id == _INSERTED.c.session_id)
    .values(_counted(_INSERTED.c.seq, _INSERTED.c.public_seq, _INSERTED.c.created_at))
    .cte("counted")
)
_INSERT_AND_COUNT = select(_INSERTED).add_cte(_COUNTED)


def insert(db: Session, session_id: int, body: str, client_id: str) -> Any | None:
    """Add a customer's message to a session in the transaction of `db`.

    Returns the message as a row, or None, without a change, in every unusual case: there is no such session, it is
    closed or full, its customer is blocked, or the message was sent before. The slow path then reports why.
    """
    db.flush()
    connection = db.connection()
    size = {"bytes": sizes.size_of(body), "day": sizes.today()}
    given = {"held": session_id, "body": body, "client_id": client_id, "moment": now(), **size}
    in_one = on_postgresql(connection)
    statement = _INSERT_AND_COUNT if in_one else _INSERT.sqlite
    message = connection.execute(statement, given).first()
    if message is None:
        return None
    touch(db, session_id, message.id)
    if not in_one:
        counted = {
            "held": session_id,
            "new_seq": message.seq,
            "new_public_seq": message.public_seq,
            "moment": message.created_at,
            **size,
        }
        connection.execute(_COUNT, counted)
    return message
