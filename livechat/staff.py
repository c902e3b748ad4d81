"""Admins: adding and inviting them, their passwords and logins. Plain functions of a database session."""

from __future__ import annotations

import base64
import re
import secrets
import unicodedata
from datetime import timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import ARGON2_VERSION
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from translationstring import TranslationStringFactory

from . import audit
from .actors import STAFF, Actor
from .assigning import give_back
from .audit import Act
from .fields import email_address
from .guests import hash_token, new_token
from .models import Admin, AdminLogin, Role, now
from .password_rules import LONGEST_PASSWORD, SHORTEST_PASSWORD, StrongPassword
from .refusals import Conflict, Invalid, Missing

INVITE_LASTS = timedelta(hours=72)

_ = TranslationStringFactory("livechat")
WRONG_LOGIN = _("Name or password is wrong.")

_hasher = PasswordHasher()  # argon2id with the parameters of RFC 9106's low-memory profile


def _hash_of_nothing() -> str:
    """A hash in the form of ours that belongs to no password. Random bytes do, and cost no time to make."""
    salt, digest = (
        base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=")
        for size in (_hasher.salt_len, _hasher.hash_len)
    )
    costs = f"m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    return f"$argon2id$v={ARGON2_VERSION}${costs}${salt}${digest}"


# Verified when a username is unknown, so that the answer takes as long as for a wrong password.
_NOBODYS_HASH = _hash_of_nothing()


def fold_username(text: str) -> str:
    """A username as it is stored and compared: ``Anna`` and ``anna`` are one person."""
    return unicodedata.normalize("NFKC", text.strip()).casefold()


def check_username(db: Session, username: str) -> str:
    """A new admin's username as it will be stored. Raises Invalid, Conflict ``username_taken``."""
    folded = fold_username(username)
    if not re.fullmatch(r"[\w][\w.@+-]{0,63}", folded):
        raise Invalid(
            "username",
            "A username is 1 to 64 letters, digits and . _ @ + - and begins with a letter or digit.",
        )
    if folded in {"me", "none"}:
        raise Invalid(
            "username", f"“{folded}” has a meaning of its own in filters. Choose another username."
        )
    if db.scalar(select(Admin.id).where(Admin.username == folded)) is not None:
        raise Conflict("username_taken", f"There is an admin {folded} already.")
    return folded


def add_admin(
    db: Session,
    username: str,
    *,
    email: str | None = None,
    name: str | None = None,
    password: StrongPassword | None = None,
    role: str | None = None,
    actor: Actor = STAFF,
) -> Admin:
    """Add an admin; without a password they need an invitation. Without a role the first one is owner, and who
    comes later an agent. Raises Invalid, Conflict ``username_taken``."""
    folded = check_username(db, username)
    shown = " ".join((name or username).split())
    if not 1 <= len(shown) <= 100:
        raise Invalid("name", "A name has 1 to 100 characters.")
    admin = Admin(username=folded, name=shown, created_at=now())
    admin.role = check_role(role) if role else Role.AGENT if _owners(db) else Role.OWNER
    admin.email = email_address(email, "email") if email else None
    if password is not None:
        admin.password_hash = hash_password(password)
    db.add(admin)
    db.flush()
    audit.record(
        db, actor, Act.ADMIN_ADDED, target=admin.username, details={"role": str(admin.role)}
    )
    return admin


def check_role(role: str) -> Role:
    """Raises Invalid for what is no role."""
    try:
        return Role(role)
    except ValueError:
        raise Invalid("role", "role is owner, agent or viewer.") from None


def set_role(db: Session, admin: Admin, role: str, actor: Actor = STAFF) -> None:
    """Let an admin do more or less from now on; who may only read gives back their chats.

    Raises Invalid, Conflict ``last_owner``.
    """
    wanted, had = check_role(role), admin.role
    if wanted == had:
        return
    if had == Role.OWNER:
        _keep_an_owner(db, admin)
    admin.role = wanted
    if wanted == Role.VIEWER:
        give_back(db, admin, actor)
    audit.record(
        db, actor, Act.ROLE, target=admin.username, details={"from": str(had), "to": str(wanted)}
    )


def _owners(db: Session) -> list[int]:
    query = select(Admin.id).where(Admin.role == Role.OWNER, Admin.disabled_at.is_(None))
    # Locked in order: of two who take the role from each other at once, one stays.
    return list(db.scalars(query.order_by(Admin.id).with_for_update()))


def _keep_an_owner(db: Session, admin: Admin) -> None:
    if _owners(db) == [admin.id]:
        raise Conflict(
            "last_owner",
            f"{admin.username} is the only owner. Make somebody else an owner first.",
        )


def hash_password(password: str) -> str:
    """An argon2id hash. Raises Invalid for a password that is too short or too long."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise Invalid(
            "password",
            f"A password has at least {SHORTEST_PASSWORD} characters. A few words in a row do well.",
        )
    return _hasher.hash(unicodedata.normalize("NFKC", password))


def set_password(db: Session, admin: Admin, password: StrongPassword, actor: Actor = STAFF) -> None:
    """Set a password; every login and invitation made before ends."""
    audit.record(db, actor, Act.PASSWORD, target=admin.username)
    admin.password_hash = hash_password(password)
    admin.invite_hash = admin.invite_expires_at = None
    sign_out_everywhere(db, admin)


def invite(db: Session, admin: Admin, actor: Actor = STAFF) -> str:
    """A one-time token with which an admin sets a password. An earlier one ends; this one lasts three days."""
    if admin.disabled_at is not None:
        raise Conflict("disabled", f"{admin.username} is disabled. Enable the account first.")
    audit.record(db, actor, Act.INVITED, target=admin.username)
    token = new_token()
    admin.invite_hash = hash_token(token)
    admin.invite_expires_at = now() + INVITE_LASTS
    db.flush()
    return token


def invited(db: Session, token: str) -> Admin | None:
    """The admin whom an invitation is for, while it holds."""
    query = select(Admin).where(Admin.invite_hash == hash_token(token), Admin.disabled_at.is_(None))
    admin = db.scalars(query).first()
    if admin is None or admin.invite_expires_at is None or admin.invite_expires_at < now():
        return None
    return admin


def find_admin(db: Session, username: str) -> Admin:
    """An admin by username. Raises Missing."""
    admin = db.scalars(select(Admin).where(Admin.username == fold_username(username))).first()
    if admin is None:
        raise Missing(f"There is no admin {username!r}. See: livechat admins list")
    return admin


def named(admin: Admin) -> str:
    """An admin for colleagues: ``Anna Berg (anna)``, or only the username where there is no more to say."""
    return admin.username if admin.name == admin.username else f"{admin.name} ({admin.username})"


def all_admins(db: Session, *, enabled: bool = False) -> list[Admin]:
    """Admins by username; with `enabled` only those who may sign in."""
    query = select(Admin).order_by(Admin.username)
    return list(db.scalars(query.where(Admin.disabled_at.is_(None)) if enabled else query))


def disable(db: Session, admin: Admin, actor: Actor = STAFF) -> int:
    """Shut an admin out at once and put their open chats back; returns how many chats. Twice is no error.

    Raises Conflict ``last_owner`` when another admin does it to the only owner; the command line may.
    """
    if actor.admin_id is not None:
        _keep_an_owner(db, admin)
    if admin.disabled_at is None:
        audit.record(db, actor, Act.ADMIN_DISABLED, target=admin.username)
    admin.disabled_at = admin.disabled_at or now()
    admin.invite_hash = admin.invite_expires_at = None
    sign_out_everywhere(db, admin)
    return give_back(db, admin, actor)


def enable(db: Session, admin: Admin, actor: Actor = STAFF) -> None:
    """Let a disabled admin sign in again."""
    if admin.disabled_at is not None:
        audit.record(db, actor, Act.ADMIN_ENABLED, target=admin.username)
    admin.disabled_at = None
    db.flush()


def check_password(db: Session, username: str, password: str) -> Admin | None:
    """The admin, if name and password are right and the account is enabled. Takes as long for unknown names."""
    admin = db.scalars(select(Admin).where(Admin.username == fold_username(username))).first()
    stored = admin.password_hash if admin and admin.password_hash else _NOBODYS_HASH
    try:
        _hasher.verify(stored, unicodedata.normalize("NFKC", password[: LONGEST_PASSWORD + 1]))
    except (VerificationError, InvalidHashError):
        return None
    if admin is None or admin.disabled_at is not None or admin.password_hash is None:
        return None
    return admin


def renew_hash(admin: Admin, password: str) -> None:
    """Hash a password that was just found right anew, if its hash is weaker than those made today."""
    if admin.password_hash is not None and _hasher.check_needs_rehash(admin.password_hash):
        admin.password_hash = hash_password(password)


def sign_in(
    db: Session,
    admin: Admin,
    hours: int,
    *,
    device: str | None = None,
    network: str | None = None,
) -> str:
    """Begin a login that lasts so many hours; returns the token for the cookie, of which only the hash is kept.

    `device` and `network`: where it begins, as the admin is shown it (see logins.py).
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
    query = update(AdminLogin).where(
        AdminLogin.admin_id == admin.id, AdminLogin.revoked_at.is_(None)
    )
    return len(db.scalars(query.values(revoked_at=now()).returning(AdminLogin.id)).all())
