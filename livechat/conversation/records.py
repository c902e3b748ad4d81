"""Reading sessions and entries as plain rows, for what is asked often: polls, streams, sends.

The same statements through objects take about ten times as long (bench/README.md). A row has the attributes
of `ChatSession` that shapes use, and those of `ChatMessage`; whoever wants to change one loads the object.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, case, func, select, tuple_

from ..db.dialects import Reader
from ..models import (
    Admin,
    ChatMessage,
    ChatSession,
    Sender,
    Status,
    table_of,
)
from .waiting import QUEUE_ORDER, QUEUED

LONGEST_QUEUE = 100
"""Further back than this nobody is told their place: it says nothing that helps."""

SESSIONS = table_of(ChatSession)
MESSAGES = table_of(ChatMessage)
_ADMINS = table_of(Admin)

RECORD = select(
    SESSIONS, _ADMINS.c.name.label("admin_name"), _ADMINS.c.username.label("admin_username")
).outerjoin(_ADMINS, _ADMINS.c.id == SESSIONS.c.assignee_id)
"""A session's columns, and who has it."""
_BY_ID = RECORD.where(SESSIONS.c.id == bindparam("id"))
_OTHERS = SESSIONS.alias()
_UNREAD = (
    select(func.count())
    .where(
        MESSAGES.c.session_id == SESSIONS.c.id,
        MESSAGES.c.public_seq > SESSIONS.c.customer_seen,
        MESSAGES.c.sender == Sender.ADMIN.value,
    )
    .scalar_subquery()
)
_BEFORE = select(func.count()).select_from(
    select(_OTHERS.c.id)
    .where(
        _OTHERS.c.status == Status.WAITING.value,
        tuple_(_OTHERS.c.waiting_since, _OTHERS.c.id) < tuple_(*QUEUE_ORDER),
    )
    .limit(LONGEST_QUEUE)
    .correlate(SESSIONS)
    .subquery()
)
_AS_CUSTOMER = RECORD.add_columns(
    case((SESSIONS.c.public_seq > SESSIONS.c.customer_seen, _UNREAD), else_=0).label("unread"),
    case((QUEUED, _BEFORE.scalar_subquery())).label("before"),
)
_BY_UUID = RECORD.where(SESSIONS.c.uuid == bindparam("uuid"))
_CUSTOMER_BY_UUID = _AS_CUSTOMER.where(SESSIONS.c.uuid == bindparam("uuid"))
_CUSTOMER_BY_ID = _AS_CUSTOMER.where(SESSIONS.c.id == bindparam("id"))


@dataclass(frozen=True)
class Row:
    """A session in a list, with its newest message of a person, how much this admin has not read, whether the
    customer has the chat open, its tags, and whether the customer is blocked. Session and message are rows."""

    session: Any
    last_message: Any | None
    unread: int
    here: bool = False
    tags: Sequence[str] = ()
    blocked: bool = False


def customer_record(db: Reader, name: uuid.UUID) -> Any | None:
    """The session as its customer is told of it, by the name customers know: a row that also has `unread`, the
    messages of admins not yet on the customer's screen, and `before`, how many stand before them in the queue or
    None."""
    return db.execute(_CUSTOMER_BY_UUID, {"uuid": name}).first()


def customer_record_by_id(db: Reader, number: int) -> Any | None:
    """The same by number."""
    return db.execute(_CUSTOMER_BY_ID, {"id": number}).first()


def record_by_uuid(db: Reader, name: uuid.UUID) -> Any | None:
    """The session that customers know by this name, as a row with `admin_name` and `admin_username`."""
    return db.execute(_BY_UUID, {"uuid": name}).first()


def record_by_id(db: Reader, number: int) -> Any | None:
    """The session of this number, as a row."""
    return db.execute(_BY_ID, {"id": number}).first()
