"""Changes that admins make to their own account: display name, e-mail address, password."""

from __future__ import annotations

import re

from sqlalchemy import select
from sqlalchemy.orm import Session

from .. import audit, validation
from ..actors import Actor
from ..audit import Act
from ..conversation.message_log import LOCK
from ..db.changes import touch
from ..exceptions import Conflict, Invalid, NotAllowed
from ..models import Admin, ChatSession, Status
from .logins import end_others
from .passwords import PasswordHash

LONGEST_NAME = 100


NO_NAMES = frozenset({"admin", "administrator", "owner", "root", "support", "info", "test"})
"""Usernames that say nothing about a person, and so suggest no name."""


def is_named(admin: Admin) -> bool:
    """Return whether the admin has chosen a display name; until then, the username takes its place."""
    return admin.name != admin.username


def suggested_name(username: str) -> str:
    """Suggest a display name: ``anna.berg@shop.example`` gives ``Anna Berg``, ``admin`` gives nothing."""
    own = username.partition("@")[0]
    if own in NO_NAMES:
        return ""
    return " ".join(part.capitalize() for part in re.split(r"[._+-]+", own) if part)


def rename(db: Session, admin_id: int, name: object, actor: Actor) -> None:
    """Set the display name that customers read. Earlier messages keep the name they were sent under.

    Raises Invalid.
    """
    chosen = validation.short_text(name, "name", LONGEST_NAME)
    if chosen is None:
        raise Invalid("name", "Enter a display name.")
    admin = _locked(db, admin_id)
    if chosen == admin.username:
        raise Invalid("name", "This is your username. Enter the name that customers should see.")
    if chosen == admin.name:
        return
    details = {"from": admin.name, "to": chosen}
    admin.name = chosen
    audit.record(db, actor, Act.RENAMED, target=admin.username, details=details)
    # Open pages, including customers', show the assignee's name.
    held = select(ChatSession.id).where(
        ChatSession.assignee_id == admin.id, ChatSession.status != Status.CLOSED
    )
    for number in db.scalars(held.order_by(ChatSession.id)).all():
        touch(db, number)


def change_email(db: Session, admin_id: int, email: object, actor: Actor) -> None:
    """Set or remove the e-mail address. Raises Invalid."""
    address = validation.email_address(email, "email")
    admin = _locked(db, admin_id)
    if address == admin.email:
        return
    admin.email = address
    audit.record(db, actor, Act.EMAIL, target=admin.username)


def change_password(
    db: Session, admin_id: int, before: str, after: PasswordHash, kept: int, actor: Actor
) -> int:
    """Set a password and end all logins but one; returns how many ended.

    `before`: the hash that the current password was compared with; `after`: the hash of the new one; `kept`: the id of
    the login that stays. Raises Conflict ``password_changed`` when the password has changed since it was compared.
    """
    admin = _locked(db, admin_id)
    if admin.password_hash != before:
        raise Conflict("password_changed", "Your password was just changed. Try again.")
    admin.password_hash = after
    admin.invite_hash = admin.invite_expires_at = None
    audit.record(db, actor, Act.PASSWORD, target=admin.username)
    return end_others(db, admin_id, kept)


def _locked(db: Session, admin_id: int) -> Admin:
    admin = db.get_one(Admin, admin_id, with_for_update=LOCK, populate_existing=True)
    if admin.disabled_at is not None:  # since the request began
        raise NotAllowed("forbidden", "Your account is disabled.")
    return admin
