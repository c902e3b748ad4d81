"""Admins: adding, inviting and disabling them, their roles and logins. Plain functions of a database session."""

from __future__ import annotations

import re
import unicodedata
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from .. import audit
from ..actors import STAFF, Actor
from ..audit import Act
from ..conversation.assignment import unassign_all
from ..conversation.message_log import LOCK
from ..db.dialects import Reader
from ..db.locks import TEAM, take_turns
from ..exceptions import Conflict, Invalid, Missing
from ..models import Admin, AdminLogin, Role, now, table_of
from ..permissions import Permission, may
from ..rights import check, managers, who_may
from ..validation import email_address
from .guests import hash_token, new_token
from .passwords import PasswordHash

INVITE_LASTS = timedelta(hours=72)


_ADMINS = table_of(Admin)


def fold_username(text: str) -> str:
    """Return a username in the form that is stored and compared: ``Anna`` and ``anna`` are the same."""
    return unicodedata.normalize("NFKC", text.strip()).casefold()


def check_username(db: Session, username: str) -> str:
    """Return a new admin's username in its stored form. Raises Invalid, Conflict ``username_taken``."""
    folded = fold_username(username)
    if not re.fullmatch(r"[\w][\w.@+-]{0,63}", folded):
        raise Invalid(
            "username",
            "A username has 1 to 64 letters, digits or . _ @ + - and starts with a letter or digit.",
        )
    if folded in {"me", "none"}:
        raise Invalid("username", f"“{folded}” is reserved for filters. Choose another username.")
    if db.scalar(select(Admin.id).where(Admin.username == folded)) is not None:
        raise _taken(folded)
    return folded


def _taken(username: str) -> Conflict:
    return Conflict("username_taken", f"An admin with the username {username} already exists.")


def add_admin(
    db: Session,
    username: str,
    *,
    email: str | None = None,
    name: str | None = None,
    password_hash: PasswordHash | None = None,
    role: str | None = None,
    actor: Actor = STAFF,
) -> Admin:
    """Add an admin. Without `password_hash` (see `passwords.hash_password`) they need an invitation. Without `role`,
    the first admin becomes owner and later ones become agents.

    Raises NotAllowed, Invalid, Conflict ``username_taken``.
    """
    _change_team(db, actor)
    folded = check_username(db, username)
    shown = " ".join((name or folded).split())
    if not 1 <= len(shown) <= 100:
        raise Invalid("name", "A name has 1 to 100 characters.")
    admin = Admin(username=folded, name=shown, created_at=now())
    admin.role = check_role(role) if role else Role.AGENT if managers(db) else Role.OWNER
    admin.email = email_address(email, "email") if email else None
    admin.password_hash = password_hash
    try:
        with db.begin_nested():
            db.add(admin)
            db.flush()
    except IntegrityError:  # another program that takes no locks has just added the same username
        raise _taken(folded) from None
    audit.record(
        db, actor, Act.ADMIN_ADDED, target=admin.username, details={"role": str(admin.role)}
    )
    return admin


def check_role(role: str) -> Role:
    """Return the role of this name. Raises Invalid when there is none."""
    try:
        return Role(role)
    except ValueError:
        raise Invalid("role", "role must be owner, agent or viewer.") from None


def set_role(db: Session, admin: Admin, role: str, actor: Actor = STAFF) -> None:
    """Change an admin's role from now on. An admin who may no longer answer has their chats unassigned.

    Raises NotAllowed, Invalid, Conflict ``last_owner``.
    """
    wanted = check_role(role)
    _change_team(db, actor, admin)
    had = admin.role
    if wanted == had:
        return
    if not may(wanted, Permission.MANAGE):
        _keep_an_owner(db, admin)
    admin.role = wanted
    if not may(wanted, Permission.ANSWER):
        unassign_all(db, admin, actor)
    audit.record(
        db, actor, Act.ROLE, target=admin.username, details={"from": str(had), "to": str(wanted)}
    )


def _change_team(db: Session, actor: Actor, admin: Admin | None = None) -> None:
    """Take the lock on the team, and reload the admin who is about to change.

    Raises NotAllowed when the acting admin may no longer manage the team.
    """
    take_turns(db, TEAM)
    # The command line does this too: the admins concerned are locked first, in a fixed order.
    managers(db, [] if admin is None else [admin.id])
    check(db, actor, Permission.MANAGE)
    if admin is not None:
        lock_admin(db, admin)


def lock_admin(db: Session, admin: Admin) -> None:
    """Lock and reload an admin: until we commit, nobody else changes them and they cannot sign in."""
    db.flush()  # a refresh discards unflushed changes
    db.refresh(admin, with_for_update=LOCK)


def _keep_an_owner(db: Session, admin: Admin) -> None:
    if managers(db) == [admin.id]:
        raise Conflict(
            "last_owner",
            f"{admin.username} is the only owner. Make someone else an owner first.",
        )


def store_password(
    db: Session, admin: Admin, password_hash: PasswordHash, actor: Actor = STAFF
) -> None:
    """Store the hash of an admin's new password, and end all earlier logins and invitations.

    Hash before the transaction begins (see `passwords.hash_password`): hashing is slow.
    """
    lock_admin(db, admin)
    audit.record(db, actor, Act.PASSWORD, target=admin.username)
    admin.password_hash = password_hash
    admin.invite_hash = admin.invite_expires_at = None
    sign_out_everywhere(db, admin)


def invite(db: Session, admin: Admin, actor: Actor = STAFF) -> str:
    """Return a one-time token with which an admin sets a password. It replaces earlier ones and lasts three days."""
    _change_team(db, actor, admin)
    if admin.disabled_at is not None:
        raise Conflict("disabled", f"{admin.username} is disabled. Enable the account first.")
    audit.record(db, actor, Act.INVITED, target=admin.username)
    token = new_token()
    admin.invite_hash = hash_token(token)
    admin.invite_expires_at = now() + INVITE_LASTS
    db.flush()
    return token


def invited(db: Session, token: str) -> Admin | None:
    """Return the admin whom an invitation is for, or None when it is not valid."""
    query = select(Admin).where(Admin.invite_hash == hash_token(token), Admin.disabled_at.is_(None))
    admin = db.scalars(query).first()
    if admin is None or admin.invite_expires_at is None or admin.invite_expires_at < now():
        return None
    return admin


def use_invitation(db: Session, token: str) -> Admin | None:
    """Use an invitation up; returns its admin. None when it is not valid or another request has just used it."""
    used = (
        update(Admin)
        .where(
            Admin.invite_hash == hash_token(token),
            Admin.invite_expires_at >= now(),
            Admin.disabled_at.is_(None),
        )
        .values(invite_hash=None, invite_expires_at=None)
        .returning(Admin.id)
        .execution_options(synchronize_session=False)
    )
    admin_id = db.scalar(used)
    return None if admin_id is None else db.get(Admin, admin_id, populate_existing=True)


def find_admin(db: Session, username: str) -> Admin:
    """Return the admin of a username. Raises Missing."""
    admin = db.scalars(select(Admin).where(Admin.username == fold_username(username))).first()
    if admin is None:
        raise Missing(f"There is no admin {username!r}. See: livechat admins list")
    return admin


def named(admin: Admin) -> str:
    """Return an admin's name as colleagues see it: ``Anna Berg (anna)``, or the username alone if there is no name."""
    return admin.username if admin.name == admin.username else f"{admin.name} ({admin.username})"


def admins_who_may(db: Session, permission: Permission) -> list[Admin]:
    """Return the admins who have a permission, ordered by username."""
    return list(db.scalars(select(Admin).where(who_may(permission)).order_by(Admin.username)))


def all_admins(db: Session, *, enabled: bool = False) -> list[Admin]:
    """Return admins ordered by username; with `enabled`, only those who may sign in."""
    query = select(Admin).order_by(Admin.username)
    return list(db.scalars(query.where(Admin.disabled_at.is_(None)) if enabled else query))


def disable(db: Session, admin: Admin, actor: Actor = STAFF) -> int:
    """End an admin's access at once and unassign their open chats; returns how many chats. Repeating it is no error.

    Raises Conflict ``last_owner`` when another admin disables the only owner. The command line may do that.
    """
    _change_team(db, actor, admin)
    if actor.admin_id is not None:
        _keep_an_owner(db, admin)
    if admin.disabled_at is None:
        audit.record(db, actor, Act.ADMIN_DISABLED, target=admin.username)
    admin.disabled_at = admin.disabled_at or now()
    admin.invite_hash = admin.invite_expires_at = None
    sign_out_everywhere(db, admin)
    return unassign_all(db, admin, actor)


def enable(db: Session, admin: Admin, actor: Actor = STAFF) -> None:
    """Let a disabled admin sign in again."""
    _change_team(db, actor, admin)
    if admin.disabled_at is not None:
        audit.record(db, actor, Act.ADMIN_ENABLED, target=admin.username)
    admin.disabled_at = None
    db.flush()


def sign_in(
    db: Session,
    admin: Admin,
    hours: int,
    *,
    device: str | None = None,
    network: str | None = None,
) -> str:
    """Begin a login that lasts `hours`; returns the token for the cookie. Only its hash is stored.

    `device` and `network` describe where it begins, as the admin is shown it (see logins.py).
    """
    token = new_token()
    moment = now()
    db.add(
        AdminLogin(
            admin_id=admin.id,
            token_hash=hash_token(token),
            created_at=moment,
            expires_at=moment + timedelta(hours=hours),
            device=device,
            network=network,
            seen_at=moment,
        )
    )
    db.flush()
    return token


def sign_out(db: Session, login_id: int) -> None:
    """End one login."""
    db.execute(update(AdminLogin).where(AdminLogin.id == login_id).values(revoked_at=now()))


def sign_out_everywhere(db: Session, admin: Admin) -> int:
    """End all logins of an admin; returns how many."""
    lock_admin(db, admin)  # a login that is just beginning ends as well, or begins afterwards
    query = update(AdminLogin).where(
        AdminLogin.admin_id == admin.id, AdminLogin.revoked_at.is_(None)
    )
    return len(db.scalars(query.values(revoked_at=now()).returning(AdminLogin.id)).all())


def admin_name(db: Reader, admin_id: int) -> str | None:
    """Return an admin's display name."""
    return db.execute(select(_ADMINS.c.name).where(_ADMINS.c.id == admin_id)).scalar()
