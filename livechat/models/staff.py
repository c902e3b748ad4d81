"""Admins and their logins."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..permissions import Role
from .base import Base, UTCDateTime


class Admin(Base):
    """A member of the team. Admins are disabled and never deleted, so that messages keep their author."""

    __tablename__ = "admins"
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    email: Mapped[str | None] = mapped_column(String(254))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    invite_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    invite_expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    away_since: Mapped[datetime | None] = mapped_column(UTCDateTime)
    """Since when the admin has had a page open without being at the keyboard."""
    role: Mapped[str] = mapped_column(String(10), default=Role.AGENT, server_default="owner")
    preferences: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """How the desk looks and behaves for this admin; see livechat/desk/preferences.py."""
    assigned_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    """When a chat was last assigned to this admin automatically."""

    logins: Mapped[list[AdminLogin]] = relationship(back_populates="admin")


class AdminLogin(Base):
    """A browser in which an admin is signed in. The cookie holds the token, this row its hash."""

    __tablename__ = "admin_logins"
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(primary_key=True)
    admin_id: Mapped[int] = mapped_column(ForeignKey("admins.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    device: Mapped[str | None] = mapped_column(String(60))
    """A short name such as ``Firefox on Windows``; None for logins older than this column."""
    network: Mapped[str | None] = mapped_column(String(45))
    """Where the login began: an IPv4 address, or the /64 of an IPv6 address."""
    seen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    """When it was last used, accurate to a few minutes; see livechat/accounts/logins.py."""

    admin: Mapped[Admin] = relationship(back_populates="logins")


class LoginCount(Base):
    """The attempts to sign in that count towards one limit; see livechat/accounts/login_limits.py."""

    __tablename__ = "login_counts"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    """A keyed hash of what is counted: the table shows no address and no name."""
    count: Mapped[int]
    ends_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    """When the count starts again from zero."""
