"""Signing in with a username and password, or with an invitation.

Hashing is slow, so no transaction is open during it. The conditions are checked again afterwards, with
the admin's row locked: a login that began with an old password does not survive a new one, and of several concurrent
uses of one invitation only one succeeds.
"""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from .. import audit
from ..actors import NOBODY, admin_actor
from ..audit import Act
from ..conversation.message_log import LOCK
from ..exceptions import WrongLogin
from ..models import Admin, rfc3339
from . import admins, login_limits, password_rules, passwords
from .login_limits import Attempt, Counted, LoginLimits, Scope
from .profile import is_named

log = logging.getLogger(__name__)

TRIES = 2  # a password that was changed while it was verified is verified once more


class Unit(Protocol):
    """Begins a short transaction that is committed at the end: see `db.session.apart`."""

    def __call__(self, *, writes: bool = True) -> AbstractContextManager[Session]: ...


@dataclass(frozen=True)
class Login:
    """A login that has begun. `token` is for the cookie; only its hash is stored."""

    username: str
    token: str
    named: bool
    """Whether the admin has chosen a display name (see `profile.is_named`)."""


def sign_in(unit: Unit, limits: LoginLimits, attempt: Attempt, password: str, hours: int) -> Login:
    """Verify a username and password, and begin a login that lasts `hours`.

    Raises WrongLogin, TooMany after too many attempts, Busy when the hashing queue is full.
    """
    with passwords.pool.place(stranger=attempt.device is None):
        with unit() as db:
            taken = limits.take(db, attempt)
            admin = _find_admin(db, attempt)
        for _try in range(TRIES):
            stored = admin.password_hash if admin else None
            if not passwords.matches(stored, password) or admin is None or stored is None:
                break
            weak = passwords.is_weak(stored)
            stronger = passwords.hashed(password) if weak else stored
            with unit() as db:
                admin = _find_admin(db, attempt, lock=True)
                if admin is None or admin.disabled_at is not None:
                    break
                if admin.password_hash == stored:
                    admin.password_hash = stronger
                    limits.give_back(db, taken)
                    return _begin_login(db, admin, attempt, hours)
    _failed(unit, attempt, admin, taken)
    raise WrongLogin()


def accept(
    unit: Unit,
    limits: LoginLimits,
    attempt: Attempt,
    token: str,
    password: str,
    hours: int,
    shop_name: str,
) -> Login | None:
    """Use an invitation up: set the password and begin a login. None when the invitation is not valid (any more).

    `shop_name` adds nothing to a password, like the names and the address of the admin.
    Raises Invalid for the password, TooMany after too many attempts of a network, Busy when the hashing queue is full.
    """
    with unit(writes=False) as db:
        invited = admins.invited(db, token)
        known = (invited.username, invited.name, invited.email) if invited else ()
    with passwords.pool.place(stranger=invited is None):
        if invited:
            password = password_rules.check_in_pool(password, *known, shop_name)
        with unit() as db:
            taken = limits.take(db, attempt)
        # Hash even when the invitation is not valid: attempts that cost time cannot fill the table of counts.
        hashed = passwords.hashed(password[: passwords.LONGEST_PASSWORD])
        with unit() as db:
            admin = admins.use_invitation(db, token)
            if admin is not None:
                admins.store_password(db, admin, hashed, admin_actor(admin.id, admin.name))
                limits.give_back(db, taken)
                return _begin_login(db, admin, attempt, hours)
    log.warning("An invitation that does not hold was tried from %s", attempt.network)
    return None


def confirm(unit: Unit, limits: LoginLimits, attempt: Attempt, password: str) -> str:
    """Verify the password of a signed-in admin; returns its hash, which later shows whether it has changed since.

    It counts like a login. Raises WrongLogin, TooMany, Busy.
    """
    with passwords.pool.place():
        with unit() as db:
            taken = limits.take(db, attempt)
            admin = _find_admin(db, attempt)
        stored = admin.password_hash if admin else None
        if passwords.matches(stored, password) and stored is not None:
            with unit() as db:
                limits.give_back(db, taken)
            return stored
    _failed(unit, attempt, admin, taken)
    raise WrongLogin()


def _begin_login(db: Session, admin: Admin, attempt: Attempt, hours: int) -> Login:
    token = admins.sign_in(db, admin, hours, device=attempt.browser, network=attempt.network)
    return Login(admin.username, token, is_named(admin))


def _find_admin(db: Session, attempt: Attempt, *, lock: bool = False) -> Admin | None:
    """Return the admin as currently stored, or None."""
    query = select(Admin).where(Admin.username == attempt.username)
    query = query.with_for_update(**LOCK) if lock else query
    return db.scalars(query.execution_options(populate_existing=True)).first()


def _failed(unit: Unit, attempt: Attempt, admin: Admin | None, taken: list[Counted]) -> None:
    """Log each failure and each limit it reaches. The audit log gets the first failure of each
    period and the limits only, so that a thousand guesses do not bury the other entries."""
    # The typed name is not logged: it may be a password in the wrong field, or contain a line break.
    name = admin.username if admin else "an unknown name"
    log.warning("Failed sign-in as %s from %s: %s", name, attempt.network, _reason(admin))
    reached = [counted for counted in taken if counted.count >= counted.most]
    for one in reached:
        log.warning(
            "Too many failed sign-ins as %s from %s: no more by the limit for each %s until %s (%s failures)",
            name, attempt.network, one.scope, rfc3339(one.ends_at), one.count,
        )  # fmt: skip
    if taken[0].count > 1 and not reached:
        return
    with unit() as db:
        # Unknown names commit as well: the time this takes must not reveal which names exist.
        login_limits.write_again(db, taken[0])
        target = admin.username if admin else None
        if admin is not None and taken[0].count == 1:
            where = {"network": attempt.network}
            audit.record(db, NOBODY, Act.SIGN_IN_FAILED, target=target, details=where)
        for one in reached:
            if admin is not None or one.scope is Scope.NETWORK:
                details = {"network": attempt.network, "count": one.count, "scope": one.scope}
                audit.record(db, NOBODY, Act.LOCKED_OUT, target=target, details=details)


def _reason(admin: Admin | None) -> str:
    if admin is None:
        return "there is no such admin"
    if admin.disabled_at is not None:
        return "the account is disabled"
    return "wrong password" if admin.password_hash else "no password is set"
