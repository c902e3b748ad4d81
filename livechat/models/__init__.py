"""The tables. `livechat.models` exports every class, and `now` and its kin.

base      the base of the models, UTC times, this moment
chat      conversations, entries, guests
desk      audit log, canned replies, drafts, mentions, tags, saved views
presence  who has a page open, and which processes serve
staff     admins, their logins, and counts of attempts
"""

from __future__ import annotations

from sqlalchemy.orm import configure_mappers

from ..permissions import Role
from .base import Base, UTCDateTime, in_milliseconds, now, rfc3339, table_of
from .chat import (
    ChatMessage,
    ChatRead,
    ChatSession,
    Guest,
    GuestToken,
    Priority,
    ResumeTicket,
    Sender,
    Status,
)
from .desk import Audit, CannedReply, Draft, Mention, SavedView, SessionTag, Tag
from .presence import OutsideWrite, Presence, Worker
from .staff import Admin, AdminLogin, LoginCount

__all__ = [
    "Admin",
    "AdminLogin",
    "Audit",
    "Base",
    "CannedReply",
    "ChatMessage",
    "ChatRead",
    "ChatSession",
    "Draft",
    "Guest",
    "GuestToken",
    "LoginCount",
    "Mention",
    "OutsideWrite",
    "Presence",
    "Priority",
    "ResumeTicket",
    "Role",
    "SavedView",
    "Sender",
    "SessionTag",
    "Status",
    "Tag",
    "UTCDateTime",
    "Worker",
    "in_milliseconds",
    "now",
    "rfc3339",
    "table_of",
]

configure_mappers()
