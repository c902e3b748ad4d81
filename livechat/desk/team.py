"""The team as owners see it: roles, sign-in states, presence and open chats."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select

from ..db.dialects import Reader
from ..models import Admin, AdminLogin, now, table_of
from ..statistics.daily import open_chats
from .presence import admins_here, presence_of

_ADMINS = table_of(Admin)
_LOGINS = table_of(AdminLogin)


class State(StrEnum):
    """Whether an admin can sign in."""

    ENABLED = "enabled"
    INVITED = "invited"
    """They have no password yet, and their invitation is valid."""
    NO_PASSWORD = "no password"  # noqa: S105 - the name of a state
    DISABLED = "disabled"


@dataclass(frozen=True)
class Person:
    """A member of the team. `presence` is online, away or offline."""

    username: str
    name: str
    email: str | None
    role: str
    state: State
    presence: str
    open_chats: int
    last_login: datetime | None
    created_at: datetime
    disabled_at: datetime | None


def people(db: Reader) -> list[Person]:
    """Return all admins by username; disabled ones come last."""
    have, here = open_chats(db), admins_here(db)
    logins = select(_LOGINS.c.admin_id, func.max(_LOGINS.c.created_at))
    last = {row[0]: row[1] for row in db.execute(logins.group_by(_LOGINS.c.admin_id))}
    found = [
        Person(
            row.username,
            row.name,
            row.email,
            row.role,
            state(row),
            presence_of(row, here),
            have[row.id],
            last.get(row.id),
            row.created_at,
            row.disabled_at,
        )
        for row in db.execute(select(_ADMINS).order_by(_ADMINS.c.username))
    ]
    return sorted(found, key=lambda person: person.state is State.DISABLED)


def state(admin: Any) -> State:
    """Return the state of an admin, who is an object or a row."""
    if admin.disabled_at is not None:
        return State.DISABLED
    if admin.password_hash is not None:
        return State.ENABLED
    holds = admin.invite_expires_at is not None and admin.invite_expires_at > now()
    return State.INVITED if holds else State.NO_PASSWORD
