"""Reading sessions and entries as plain rows, for what is asked often: polls, streams, sends.

The same statements through objects take about ten times as long (bench/README.md). A row has the attributes
of `ChatSession` that shapes use, and those of `ChatMessage`; whoever wants to change one loads the object.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, and_, bindparam, case, func, select, tuple_
from sqlalchemy.orm import Session

from ..accounts.guests import hash_token
from ..models import (
    Admin,
    AdminLogin,
    CannedReply,
    ChatMessage,
    ChatSession,
    GuestToken,
    SavedView,
    Sender,
    Status,
    now,
    table_of,
)

Reader = Connection | Session
"""What statements are run with."""

LONGEST_QUEUE = 100
"""Further back than this nobody is told their place: it says nothing that helps."""

SESSIONS = table_of(ChatSession)
MESSAGES = table_of(ChatMessage)
_TOKENS = table_of(GuestToken)
_LOGINS = table_of(AdminLogin)
_ADMINS = table_of(Admin)

RECORD = select(
    SESSIONS, _ADMINS.c.name.label("admin_name"), _ADMINS.c.username.label("admin_username")
).outerjoin(_ADMINS, _ADMINS.c.id == SESSIONS.c.assignee_id)
"""A session's columns, and who has it."""
_BY_ID = RECORD.where(SESSIONS.c.id == bindparam("id"))
_GUEST = select(_TOKENS.c.guest_id).where(
    _TOKENS.c.token_hash == bindparam("hash"), _TOKENS.c.revoked_at.is_(None)
)
_GOOD = select(_TOKENS.c.token_hash).where(
    _TOKENS.c.token_hash.in_(bindparam("hashes", expanding=True)), _TOKENS.c.revoked_at.is_(None)
)
_LOGIN = (
    select(
        _ADMINS.c.id,
        _ADMINS.c.username,
        _ADMINS.c.name,
        _LOGINS.c.id.label("login_id"),
        _ADMINS.c.role,
        _LOGINS.c.device,
        _LOGINS.c.seen_at,
    )
    .join(_LOGINS, _LOGINS.c.admin_id == _ADMINS.c.id)
    .where(
        _LOGINS.c.token_hash == bindparam("hash"),
        _LOGINS.c.revoked_at.is_(None),
        _LOGINS.c.expires_at > bindparam("moment"),
        _ADMINS.c.disabled_at.is_(None),
    )
)
_VIEWS = table_of(SavedView)
_REPLIES = table_of(CannedReply)
_VIEW = select(_VIEWS).where(
    _VIEWS.c.id == bindparam("id"), _VIEWS.c.admin_id == bindparam("admin")
)
_REPLY = select(_REPLIES).where(
    _REPLIES.c.id == bindparam("id"),
    _REPLIES.c.scope.in_(bindparam("scopes", expanding=True)),
)
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
        tuple_(_OTHERS.c.waiting_since, _OTHERS.c.id)
        < tuple_(SESSIONS.c.waiting_since, SESSIONS.c.id),
    )
    .limit(LONGEST_QUEUE)
    .correlate(SESSIONS)
    .subquery()
)
_WAITS = and_(SESSIONS.c.status == Status.WAITING.value, SESSIONS.c.waiting_since.is_not(None))
_AS_CUSTOMER = RECORD.add_columns(
    case((SESSIONS.c.public_seq > SESSIONS.c.customer_seen, _UNREAD), else_=0).label("unread"),
    case((_WAITS, _BEFORE.scalar_subquery())).label("before"),
)
_BY_UUID = RECORD.where(SESSIONS.c.uuid == bindparam("uuid"))
_CUSTOMER_BY_UUID = _AS_CUSTOMER.where(SESSIONS.c.uuid == bindparam("uuid"))
_CUSTOMER_BY_ID = _AS_CUSTOMER.where(SESSIONS.c.id == bindparam("id"))


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


def guest_id_by_token(db: Reader, token: str) -> int | None:
    """The guest whom a token proves, unless it was revoked."""
    return db.execute(_GUEST, {"hash": hash_token(token)}).scalar()


def good_tokens(db: Reader, hashes: Collection[str]) -> set[str]:
    """Those of the tokens, as hashes, that still prove to be a guest."""
    return set(db.execute(_GOOD, {"hashes": list(hashes)}).scalars())


def admin_by_login(db: Reader, token: str) -> Any | None:
    """``id, username, name, login_id, role, device, seen_at`` of the admin who is signed in with this token, unless
    the login has ended or the admin is disabled."""
    return db.execute(_LOGIN, {"hash": hash_token(token), "moment": now()}).first()


def view_by_id(db: Reader, number: int, admin_id: int) -> Any | None:
    """An admin's own saved view, as a row."""
    return db.execute(_VIEW, {"id": number, "admin": admin_id}).first()


def reply_by_id(db: Reader, number: int, admin_id: int) -> Any | None:
    """A canned reply that this admin may use, as a row."""
    return db.execute(_REPLY, {"id": number, "scopes": ["all", f"admin:{admin_id}"]}).first()


def admin_name(db: Reader, admin_id: int) -> str | None:
    """What an admin is called."""
    return db.execute(select(_ADMINS.c.name).where(_ADMINS.c.id == admin_id)).scalar()
