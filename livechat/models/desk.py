"""What the desk stores besides conversations: tags, drafts, canned replies, saved views, mentions, the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, UTCDateTime


class Tag(Base):
    """A label by which sessions are filtered."""

    __tablename__ = "tags"
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    """Folded: ``Refund`` and ``refund`` are one tag."""
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class SessionTag(Base):
    """A tag of a session."""

    __tablename__ = "session_tags"
    __table_args__ = (Index("ix_session_tags_tag_id", "tag_id", "session_id"),)

    session_id: Mapped[int] = mapped_column(ForeignKey("chat_sessions.id"), primary_key=True)
    tag_id: Mapped[int] = mapped_column(ForeignKey("tags.id"), primary_key=True)


class Draft(Base):
    """The unsent text of an admin in a session, so that another device can continue it."""

    __tablename__ = "drafts"

    session_id: Mapped[int] = mapped_column(ForeignKey("chat_sessions.id"), primary_key=True)
    admin_id: Mapped[int] = mapped_column(ForeignKey("admins.id"), primary_key=True)
    body: Mapped[str] = mapped_column(Text)
    note: Mapped[bool] = mapped_column(default=False)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)


class CannedReply(Base):
    """A prepared text that is inserted by a short code."""

    __tablename__ = "canned_replies"
    __table_args__ = (
        UniqueConstraint("scope", "code"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(String(20))
    """``all``, or ``admin:7`` for a private one."""
    code: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(100))
    body: Mapped[str] = mapped_column(Text)
    """May have variables such as ``{customer.name|there}``."""
    uses: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)


class SavedView(Base):
    """Filters of the inbox that an admin has saved under a name."""

    __tablename__ = "saved_views"
    __table_args__ = (
        UniqueConstraint("admin_id", "name"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    admin_id: Mapped[int] = mapped_column(ForeignKey("admins.id"))
    name: Mapped[str] = mapped_column(String(60))
    query: Mapped[dict[str, Any]] = mapped_column(JSON)
    """The query parameters of the inbox's URL."""
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Mention(Base):
    """A note mentions a colleague."""

    __tablename__ = "mentions"
    __table_args__ = (
        Index("ix_mentions_admin_id", "admin_id", "seen_at", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("chat_messages.id"))
    session_id: Mapped[int] = mapped_column(ForeignKey("chat_sessions.id"), index=True)
    admin_id: Mapped[int] = mapped_column(ForeignKey("admins.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    seen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Audit(Base):
    """An act that only the team may do. Rows are added and never changed."""

    __tablename__ = "audit"
    __table_args__ = (
        Index("ix_audit_session_id", "session_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    actor_key: Mapped[str] = mapped_column(String(80), index=True)
    """Who did it, as an `Actor.audit_key`: ``admin:7`` or ``staff`` (the command line)."""
    actor_name: Mapped[str | None] = mapped_column(String(100))
    act: Mapped[str] = mapped_column(String(40), index=True)
    session_id: Mapped[int | None] = mapped_column(ForeignKey("chat_sessions.id"))
    target: Mapped[str | None] = mapped_column(String(200))
    """Whom or what it was done to, as text, so that it outlives what it names."""
    details: Mapped[dict[str, Any] | None] = mapped_column(JSON)
