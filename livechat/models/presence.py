"""Presence: which process serves whose open pages. Best effort, accurate to a few seconds."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, UTCDateTime


class Worker(Base):
    """A process that serves. Without a recent `alive_at` it counts as gone, with everybody it served."""

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    alive_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Presence(Base):
    """A customer or an admin with an open page that a process serves."""

    __tablename__ = "presences"
    __table_args__ = (Index("ix_presences_kind_ref", "kind", "ref"),)

    worker_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    """``customer`` (`ref` is the session's number), ``admin`` (`ref` is the admin's id), or ``@7``: an admin who has
    session 7 open."""
    ref: Mapped[int] = mapped_column(primary_key=True)


class OutsideWrite(Base):
    """How often a process that does not serve has written, in one row.

    A serving process that caches what it has read checks here whether that still holds
    (livechat/realtime/poll_cache.py).
    """

    __tablename__ = "outside_writes"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    count: Mapped[int]
