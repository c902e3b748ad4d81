"""The conditions and orders by which waiting conversations are found, all in one place.

There are three conditions, each narrower than the one before. A conversation is *unanswered* when it is open and its
customer waits for an answer, assigned or not. It is *queued* when it is also unassigned: customers are told their
position among these. It is *assignable* when it is not snoozed either: it can be assigned to an admin now.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_

from ..models import ChatSession, Status, table_of

_SESSIONS = table_of(ChatSession)

OPEN = (Status.WAITING, Status.ACTIVE)
"""The statuses of open conversations. Conditions list them, so that the index on status applies."""
QUEUE_ORDER: tuple[Any, ...] = (_SESSIONS.c.waiting_since, _SESSIONS.c.id)
"""The longest wait first: the order of the queue in which customers are told their position."""
ASSIGNMENT_ORDER: tuple[Any, ...] = (_SESSIONS.c.priority.desc(), *QUEUE_ORDER)
"""The most urgent first, then the longest wait."""

IS_OPEN: ColumnElement[bool] = _SESSIONS.c.status.in_([status.value for status in OPEN])
_WAITS = _SESSIONS.c.waiting_since.is_not(None)
UNANSWERED: ColumnElement[bool] = and_(IS_OPEN, _WAITS)
QUEUED: ColumnElement[bool] = and_(_SESSIONS.c.status == Status.WAITING.value, _WAITS)
ASSIGNABLE: ColumnElement[bool] = and_(QUEUED, _SESSIONS.c.snoozed_until.is_(None))
