"""Reads sessions and entries as plain rows, for frequent reads: polls, streams, sends.

The same statements through objects take about ten times as long (bench/README.md). A row has the attributes
of `ChatSession` or `ChatMessage` that serializers.py uses. To change a record, load the object.
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
"""Customers further back in the queue are not told their position: it would not help them."""

SESSIONS = table_of(ChatSession)
MESSAGES = table_of(ChatMessage)
_ADMINS = table_of(Admin)

RECORD = select(
    SESSIONS, _ADMINS.c.name.label("admin_name"), _ADMINS.c.username.label("admin_username")
).outerjoin(_ADMINS, _ADMINS.c.id == SESSIONS.c.assignee_id)
"""A session's columns, with its assignee's name and username."""
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
    """A session in a list for one admin. `session` and `last_message` are rows."""

    session: Any
    last_message: Any | None
    """The newest message of a customer or an admin."""
    unread: int
    """How many of the customer's messages this admin has not read."""
    here: bool = False
    """Whether the customer has the chat open."""
    tags: Sequence[str] = ()
    blocked: bool = False
    """Whether the customer is blocked."""


def customer_record(db: Reader, name: uuid.UUID) -> Any | None:
    """The session with this UUID, as a row with what its customer is told, or None.

    `unread` is the number of admins' messages that the customer has not seen. `before` is the number of customers ahead
    in the queue, at most LONGEST_QUEUE; None for a session that is not queued.
    """
    return db.execute(_CUSTOMER_BY_UUID, {"uuid": name}).first()


def customer_record_by_id(db: Reader, number: int) -> Any | None:
    """As `customer_record`, by the session's number."""
    return db.execute(_CUSTOMER_BY_ID, {"id": number}).first()


def record_by_uuid(db: Reader, name: uuid.UUID) -> Any | None:
    """The session with this UUID, as a row with `admin_name` and `admin_username`, or None."""
    return db.execute(_BY_UUID, {"uuid": name}).first()


def record_by_id(db: Reader, number: int) -> Any | None:
    """The session with this number, as a row with `admin_name` and `admin_username`, or None."""
    return db.execute(_BY_ID, {"id": number}).first()
