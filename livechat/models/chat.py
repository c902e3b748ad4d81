"""Conversations: guests and their tokens, chat sessions, and the one ordered list of each session."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .base import Base, UTCDateTime
from .staff import Admin


class Status(StrEnum):
    """Where a session stands."""

    WAITING = "waiting"
    """No admin has taken it."""
    ACTIVE = "active"
    """An admin has: by taking it, by being assigned, or by answering."""
    CLOSED = "closed"


class Sender(StrEnum):
    """Who wrote an entry of the list."""

    CUSTOMER = "customer"
    ADMIN = "admin"
    SYSTEM = "system"
    NOTE = "note"
    """An admin, for colleagues only. The database refuses one with a public_seq, and nothing that customers get
    reads an entry without."""


class Priority(IntEnum):
    """How much a session matters."""

    NORMAL = 0
    HIGH = 1
    URGENT = 2


class Guest(Base):
    """A customer's browser that has begun a conversation. Nobody else gets a row."""

    __tablename__ = "guests"
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(primary_key=True)
    start_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    """Hash of the secret `start_key` of the start that made this guest, so that its repetition finds the guest."""
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    blocked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    """Since when what they write is refused, kindly; what they wrote before is kept."""


class GuestToken(Base):
    """A token that proves to be one guest. Only its SHA-256 is stored."""

    __tablename__ = "guest_tokens"
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(primary_key=True)
    guest_id: Mapped[int] = mapped_column(ForeignKey("guests.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class ResumeTicket(Base):
    """What a shop's page keeps so that its frame can get a new token: good for one exchange.

    See accounts/resume_tickets.py.
    """

    __tablename__ = "resume_tickets"
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(primary_key=True)
    guest_id: Mapped[int] = mapped_column(ForeignKey("guests.id"), index=True)
    chain: Mapped[str] = mapped_column(String(32), index=True)
    """The same for a ticket and all that follow from it by exchange; their ids tell the order."""
    ticket_hash: Mapped[str] = mapped_column(String(64), unique=True)
    site: Mapped[str] = mapped_column(String(300))
    """The origin of the page that embeds the chat and keeps the ticket."""
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    exchange_hash: Mapped[str | None] = mapped_column(String(64))
    """Hash of the key under which it was exchanged."""
    nonce: Mapped[str | None] = mapped_column(String(43))
    """What a repeated answer is derived from, until the next ticket is used."""
    token_id: Mapped[int | None] = mapped_column(ForeignKey("guest_tokens.id"), index=True)
    """The token that it was exchanged for."""
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class ChatSession(Base):
    """One conversation. Its row is locked by whoever writes into it, which fixes the order of its entries."""

    __tablename__ = "chat_sessions"
    __table_args__ = (
        CheckConstraint("status IN ('waiting', 'active', 'closed')", name="status"),
        Index("ix_chat_sessions_activity", "last_activity_at", "id"),
        Index("ix_chat_sessions_status_activity", "status", "last_activity_at", "id"),
        Index("ix_chat_sessions_assignee_activity", "assignee_id", "last_activity_at", "id"),
        # The queue, and who has been waiting for an answer longest.
        Index("ix_chat_sessions_status_waiting", "status", "waiting_since", "id"),
        # Earlier conversations of the same customer; the statistics of a time; who wakes next.
        Index("ix_chat_sessions_customer_email", "customer_email", "id"),
        Index("ix_chat_sessions_created_at", "created_at", "first_answer_at"),
        Index("ix_chat_sessions_closed_at", "closed_at"),
        Index("ix_chat_sessions_snoozed_until", "snoozed_until"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """The short number: for admins and the command line only."""
    uuid: Mapped[uuid.UUID] = mapped_column(Uuid, unique=True)
    """The name for customers."""
    guest_id: Mapped[int] = mapped_column(ForeignKey("guests.id"), index=True)
    status: Mapped[str] = mapped_column(String(10))
    version: Mapped[int] = mapped_column(default=1)
    """Grows when it is assigned, closed or reopened; an assignment can be made conditional on it."""
    seq: Mapped[int] = mapped_column(default=0)
    public_seq: Mapped[int] = mapped_column(default=0)
    """The last numbers given out: to admins, and in the list without what customers may not see."""
    customer_count: Mapped[int] = mapped_column(default=0, server_default="0")
    """How many messages the customer has written; what an admin has not read is counted from it. Triggers of the
    database keep it, because a server of an earlier version, which may still run, does not (migration 0006)."""
    customer_wrote_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    """When the newest of them was written. Kept by triggers, too."""
    customer_messages: Mapped[int] = mapped_column(default=0, server_default="0")
    """Where servers of earlier versions count. Nothing reads it."""
    last_message_seq: Mapped[int | None]
    """The seq of the newest entry that a person wrote."""
    size: Mapped[int] = mapped_column(default=0, server_default="0")
    """The bytes of all entries, as `sizes.size_of` counts them."""
    size_day: Mapped[int] = mapped_column(default=0, server_default="0")
    day_size: Mapped[int] = mapped_column(default=0, server_default="0")
    """The newest day (`sizes.today`) on which the customer added text, and how many bytes that day."""

    customer_name: Mapped[str | None] = mapped_column(String(100))
    customer_email: Mapped[str | None] = mapped_column(String(254))
    customer_verified: Mapped[bool] = mapped_column(default=False)
    """The shop has signed the e-mail address."""
    product_id: Mapped[str | None] = mapped_column(String(100))
    product_name: Mapped[str | None] = mapped_column(String(200))
    product_url: Mapped[str | None] = mapped_column(String(2000))
    product_price: Mapped[str | None] = mapped_column(String(50))
    page_url: Mapped[str | None] = mapped_column(String(2000))
    page_title: Mapped[str | None] = mapped_column(String(200))
    search_text: Mapped[str] = mapped_column(Text, default="")
    """Name, e-mail and product, folded for searching."""

    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("admins.id"))
    customer_seen: Mapped[int] = mapped_column(default=0)
    """The last public_seq the customer has had on screen."""
    staff_seen: Mapped[int] = mapped_column(default=0, server_default="0")
    """The last public_seq that any admin has had on screen."""
    priority: Mapped[int] = mapped_column(default=Priority.NORMAL, server_default="0")
    snoozed_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    """Put aside until then, or until the customer writes."""
    assigned_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    """When it was given to whom it belongs to."""

    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    last_activity_at: Mapped[datetime] = mapped_column(UTCDateTime)
    waiting_since: Mapped[datetime | None] = mapped_column(UTCDateTime)
    """Since when the customer has had no answer; None while the last word is an admin's."""
    first_answer_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    closed_by: Mapped[str | None] = mapped_column(String(80))
    """Who closed it: an `Actor.key`."""

    assignee: Mapped[Admin | None] = relationship(lazy="joined", innerjoin=False)

    @property
    def open(self) -> bool:
        """Whether one may write into it."""
        return self.status != Status.CLOSED

    @property
    def admin_name(self) -> str | None:
        """What customers read of who has the conversation."""
        return self.assignee.name if self.assignee else None

    @property
    def admin_username(self) -> str | None:
        """Who has the conversation."""
        return self.assignee.username if self.assignee else None


class ChatMessage(Base):
    """One entry of a session's list: a message of the customer or an admin, or a system line."""

    __tablename__ = "chat_messages"
    __table_args__ = (
        CheckConstraint("sender IN ('customer', 'admin', 'system', 'note')", name="sender"),
        # No mistake of ours can give customers a note, or a line about what goes on among admins; see
        # conversation/system_messages.py.
        CheckConstraint(
            "CASE sender WHEN 'note' THEN public_seq IS NULL"
            " WHEN 'system' THEN (public_seq IS NOT NULL) ="
            " (coalesce(event, '') IN ('taken', 'assigned', 'product', 'closed', 'reopened'))"
            " ELSE public_seq IS NOT NULL END",
            name="audience",
        ),
        UniqueConstraint("session_id", "seq"),
        UniqueConstraint("session_id", "public_seq"),
        # However often a client repeats a send, the message exists once.
        UniqueConstraint("session_id", "author_key", "client_id"),
        Index("ix_chat_messages_created_at", "created_at", "sender", "admin_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("chat_sessions.id"))
    seq: Mapped[int]
    public_seq: Mapped[int | None]
    """The position in the customer's list; None for what customers may not see."""
    sender: Mapped[str] = mapped_column(String(10))
    author_key: Mapped[str] = mapped_column(String(80))
    """Who wrote it, as an `Actor.key`: ``customer``, ``admin:7`` or ``staff`` (the command line)."""
    admin_id: Mapped[int | None] = mapped_column(ForeignKey("admins.id"))
    author_name: Mapped[str | None] = mapped_column(String(100))
    body: Mapped[str] = mapped_column(Text)
    """Plain text. Of a system line: its English source; `event` and `details` say the same as data."""
    client_id: Mapped[str | None] = mapped_column(String(100))
    event: Mapped[str | None] = mapped_column(String(20))
    details: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class ChatRead(Base):
    """How far one admin has read one session. One admin's look never clears another's, and only what the customer
    wrote counts as unread: the session's customer_count less those up to `seq`, which are counted here."""

    __tablename__ = "chat_reads"

    session_id: Mapped[int] = mapped_column(ForeignKey("chat_sessions.id"), primary_key=True)
    admin_id: Mapped[int] = mapped_column(ForeignKey("admins.id"), primary_key=True)
    seq: Mapped[int]
    customer_count: Mapped[int] = mapped_column(default=0, server_default="0")
    """Kept by triggers of the database from `seq`."""
    customer_messages: Mapped[int] = mapped_column(default=0, server_default="0")
    """Where servers of earlier versions count. Nothing reads it."""
