"""Conversations: guests and their tokens, chat sessions, and the message log of each session."""

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
    """The state of a session."""

    WAITING = "waiting"
    """No admin has it."""
    ACTIVE = "active"
    """An admin has it: by taking it, by being assigned, or by answering."""
    CLOSED = "closed"


class Sender(StrEnum):
    """Who wrote an entry of the message log."""

    CUSTOMER = "customer"
    ADMIN = "admin"
    SYSTEM = "system"
    NOTE = "note"
    """An admin, for colleagues only. The database refuses it a public_seq, and customers get no entry without."""


class Priority(IntEnum):
    """How urgent a session is."""

    NORMAL = 0
    HIGH = 1
    URGENT = 2


class Guest(Base):
    """A customer's browser that has started a conversation. Other visitors have no row."""

    __tablename__ = "guests"
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(primary_key=True)
    start_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    """Hash of the secret `start_key` that made this guest, so that a repeated start finds the guest."""
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    blocked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    """Since when messages of this customer are refused. Earlier ones are kept."""


class GuestToken(Base):
    """A token that proves to be a guest. Only its SHA-256 is stored."""

    __tablename__ = "guest_tokens"
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(primary_key=True)
    guest_id: Mapped[int] = mapped_column(ForeignKey("guests.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class ResumeTicket(Base):
    """A ticket that a shop's page keeps, so that its frame can get a new token. It can be exchanged once.

    See accounts/resume_tickets.py.
    """

    __tablename__ = "resume_tickets"
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(primary_key=True)
    guest_id: Mapped[int] = mapped_column(ForeignKey("guests.id"), index=True)
    chain: Mapped[str] = mapped_column(String(32), index=True)
    """The same for a ticket and all that result from it by exchange; their ids give the order."""
    ticket_hash: Mapped[str] = mapped_column(String(64), unique=True)
    site: Mapped[str] = mapped_column(String(300))
    """The origin of the page that embeds the chat and keeps the ticket."""
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    exchange_hash: Mapped[str | None] = mapped_column(String(64))
    """Hash of the key with which it was exchanged."""
    nonce: Mapped[str | None] = mapped_column(String(43))
    """The seed of a repeated response, until the next ticket is used."""
    token_id: Mapped[int | None] = mapped_column(ForeignKey("guest_tokens.id"), index=True)
    """The token that it was exchanged for."""
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class ChatSession(Base):
    """One conversation. A writer locks its row, which fixes the order of its entries."""

    __tablename__ = "chat_sessions"
    __table_args__ = (
        CheckConstraint("status IN ('waiting', 'active', 'closed')", name="status"),
        Index("ix_chat_sessions_activity", "last_activity_at", "id"),
        Index("ix_chat_sessions_status_activity", "status", "last_activity_at", "id"),
        Index("ix_chat_sessions_assignee_activity", "assignee_id", "last_activity_at", "id"),
        # The queue, and the longest waits for an answer.
        Index("ix_chat_sessions_status_waiting", "status", "waiting_since", "id"),
        # Earlier conversations of a customer; statistics of a period; the next snooze to end.
        Index("ix_chat_sessions_customer_email", "customer_email", "id"),
        Index("ix_chat_sessions_created_at", "created_at", "first_answer_at"),
        Index("ix_chat_sessions_closed_at", "closed_at"),
        Index("ix_chat_sessions_snoozed_until", "snoozed_until"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """The short number, for admins and the command line only."""
    uuid: Mapped[uuid.UUID] = mapped_column(Uuid, unique=True)
    """The public id, for customers."""
    guest_id: Mapped[int] = mapped_column(ForeignKey("guests.id"), index=True)
    status: Mapped[str] = mapped_column(String(10))
    version: Mapped[int] = mapped_column(default=1)
    """Grows on assignment, closing and reopening. An assignment can require a certain version."""
    seq: Mapped[int] = mapped_column(default=0)
    public_seq: Mapped[int] = mapped_column(default=0)
    """The last numbers of the message log: of all entries, and of those that customers may see."""
    customer_count: Mapped[int] = mapped_column(default=0, server_default="0")
    """How many messages the customer has written; what an admin has not read is derived from it.

    Triggers of the database maintain it, because servers of an earlier version, which may still run, do not (migration
    0006).
    """
    customer_wrote_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    """When the customer's newest message was written. Triggers maintain it, too."""
    customer_messages: Mapped[int] = mapped_column(default=0, server_default="0")
    """The counter of servers of earlier versions. Nothing reads it."""
    last_message_seq: Mapped[int | None]
    """The seq of the newest entry that a person wrote."""
    size: Mapped[int] = mapped_column(default=0, server_default="0")
    """The bytes of all entries, as `sizes.size_of` counts them."""
    size_day: Mapped[int] = mapped_column(default=0, server_default="0")
    day_size: Mapped[int] = mapped_column(default=0, server_default="0")
    """The latest day (`sizes.today`) on which the customer added text, and how many bytes that day."""

    customer_name: Mapped[str | None] = mapped_column(String(100))
    customer_email: Mapped[str | None] = mapped_column(String(254))
    customer_verified: Mapped[bool] = mapped_column(default=False)
    """Whether the shop has signed the email address."""
    product_id: Mapped[str | None] = mapped_column(String(100))
    product_name: Mapped[str | None] = mapped_column(String(200))
    product_url: Mapped[str | None] = mapped_column(String(2000))
    product_price: Mapped[str | None] = mapped_column(String(50))
    page_url: Mapped[str | None] = mapped_column(String(2000))
    page_title: Mapped[str | None] = mapped_column(String(200))
    search_text: Mapped[str] = mapped_column(Text, default="")
    """Name, email address and product, folded for searching."""

    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("admins.id"))
    customer_seen: Mapped[int] = mapped_column(default=0)
    """The last public_seq that the customer has had on screen."""
    staff_seen: Mapped[int] = mapped_column(default=0, server_default="0")
    """The last public_seq that any admin has had on screen."""
    priority: Mapped[int] = mapped_column(default=Priority.NORMAL, server_default="0")
    snoozed_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    """Snoozed until then, or until the customer writes."""
    assigned_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    """When it was assigned to its assignee."""

    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    last_activity_at: Mapped[datetime] = mapped_column(UTCDateTime)
    waiting_since: Mapped[datetime | None] = mapped_column(UTCDateTime)
    """Since when the customer has waited for an answer; None while the last message is an admin's."""
    first_answer_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    closed_by: Mapped[str | None] = mapped_column(String(80))
    """Who closed it, as an `Actor.key`."""

    assignee: Mapped[Admin | None] = relationship(lazy="joined", innerjoin=False)

    @property
    def open(self) -> bool:
        """Whether messages can be added."""
        return self.status != Status.CLOSED

    @property
    def admin_name(self) -> str | None:
        """The assignee's name, as customers read it."""
        return self.assignee.name if self.assignee else None

    @property
    def admin_username(self) -> str | None:
        """The assignee's username."""
        return self.assignee.username if self.assignee else None


class ChatMessage(Base):
    """One entry of the message log: a message of the customer or an admin, a note, or a system message."""

    __tablename__ = "chat_messages"
    __table_args__ = (
        CheckConstraint("sender IN ('customer', 'admin', 'system', 'note')", name="sender"),
        # A bug cannot show customers a note or a system message for admins; see conversation/system_messages.py.
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
    """The position in the customer's message log; None for what customers may not see."""
    sender: Mapped[str] = mapped_column(String(10))
    author_key: Mapped[str] = mapped_column(String(80))
    """The author as an `Actor.key`: ``customer``, ``admin:7`` or ``staff`` (the command line)."""
    admin_id: Mapped[int | None] = mapped_column(ForeignKey("admins.id"))
    author_name: Mapped[str | None] = mapped_column(String(100))
    body: Mapped[str] = mapped_column(Text)
    """Plain text. For a system message: its English source; `event` and `details` say the same as data."""
    client_id: Mapped[str | None] = mapped_column(String(100))
    event: Mapped[str | None] = mapped_column(String(20))
    details: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class ChatRead(Base):
    """How far one admin has read one session. Each admin has read receipts of their own.

    Only the customer's messages count as unread: the session's `customer_count` less those up to `seq`, which are
    counted here.
    """

    __tablename__ = "chat_reads"

    session_id: Mapped[int] = mapped_column(ForeignKey("chat_sessions.id"), primary_key=True)
    admin_id: Mapped[int] = mapped_column(ForeignKey("admins.id"), primary_key=True)
    seq: Mapped[int]
    customer_count: Mapped[int] = mapped_column(default=0, server_default="0")
    """Triggers of the database maintain it from `seq`."""
    customer_messages: Mapped[int] = mapped_column(default=0, server_default="0")
    """The counter of servers of earlier versions. Nothing reads it."""
