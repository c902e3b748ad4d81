"""Limits on sign-in attempts. Counted in the database, so that all processes share the counts.

An attempt is counted before its password is verified; otherwise a hundred concurrent guesses would all be verified.
A successful login is subtracted again. Four limits protect accounts:

- one name from one network, and one network in all;
- one name from all networks together, which stops distributed guesses;
- one name from a browser that has signed in to it before (`web.devices`). Such attempts count for this limit only, so
  strangers who exhaust the others do not lock the owner out.

Names that do not exist are counted like those that do, so that the answers do not reveal which exist.
"""

from __future__ import annotations

import hashlib
import hmac
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from limits import RateLimitItem, parse
from sqlalchemy import Engine, and_, case, delete, or_, select, update
from sqlalchemy.orm import Session
from translationstring import TranslationStringFactory

from ..db.dialects import PerDialect
from ..db.session import writing
from ..exceptions import TooMany
from ..models import LoginCount, now, table_of
from ..settings import Settings

_ = TranslationStringFactory("livechat")
_COUNTS = table_of(LoginCount)
_INSERT = PerDialect(lambda insert: insert(_COUNTS))
FORGOTTEN_AT_ONCE = 1000  # rows


class Scope(StrEnum):
    """What a limit counts."""

    NAME = "name"
    """One name from one network."""
    NETWORK = "network"
    ACCOUNT = "account"
    """One name from all networks."""
    DEVICE = "device"
    """One name from a browser that knows it."""
    INVITATION = "invitation"
    """Invitations tried from one network."""


_WAIT = _("Too many incorrect passwords. Wait a few minutes and try again.")
MESSAGES = {
    Scope.ACCOUNT: _(
        "Too many incorrect passwords for this username. Use a browser you have signed in with before, "
        "or ask an owner for a new link."
    ),
    Scope.INVITATION: _("Too many attempts. Wait a few minutes and try again."),
}


@dataclass(frozen=True)
class Attempt:
    """One attempt to sign in."""

    network: str
    """See `security.network_of`."""
    username: str | None
    """Folded; None for an invitation, which names no account."""
    device: str | None = None
    """The browser, if it has signed in to the account before: see `web.devices.known_device`."""
    browser: str | None = None
    """What the admin is shown of the browser: see `logins.device_of`."""


@dataclass(frozen=True)
class Counted:
    """A counted attempt: number `count` of the `most` that this limit allows until `ends_at`."""

    scope: Scope
    key: str
    count: int
    most: int
    ends_at: datetime


class LoginLimits:
    """The limits on signing in, read from the settings."""

    def __init__(self, settings: Settings) -> None:
        self._secret = settings.secret.encode()
        self._name = parse(settings.limit_login_failures)
        self._network = parse(settings.limit_network_login_failures)
        self._account = parse(settings.limit_account_login_failures)

    def take(self, db: Session, attempt: Attempt) -> list[Counted]:
        """Count an attempt, in a transaction that the caller commits whatever the result of the login.

        Raises TooMany when a limit is reached; the caller must then roll back its transaction.
        """
        # The order is fixed, so that concurrent transactions wait for each other instead of deadlocking.
        return [self._count(db, *limit) for limit in self._limits_of(attempt)]

    def refund(self, db: Session, taken: list[Counted]) -> None:
        """Subtract an attempt that succeeded."""
        for counted in taken:
            same = and_(_COUNTS.c.key == counted.key, _COUNTS.c.ends_at == counted.ends_at)
            db.connection().execute(
                update(_COUNTS).where(same, _COUNTS.c.count > 0).values(count=_COUNTS.c.count - 1)
            )

    def _limits_of(self, attempt: Attempt) -> Iterator[tuple[Scope, RateLimitItem, str]]:
        if attempt.username is None:
            yield Scope.INVITATION, self._network, attempt.network
        elif attempt.device is not None:
            yield Scope.DEVICE, self._name, f"{attempt.device} {attempt.username}"
        else:
            yield Scope.NAME, self._name, f"{attempt.network} {attempt.username}"
            yield Scope.NETWORK, self._network, attempt.network
            yield Scope.ACCOUNT, self._account, attempt.username

    def _count(self, db: Session, scope: Scope, limit: RateLimitItem, what: str) -> Counted:
        key = hmac.new(self._secret, f"{scope} {what}".encode(), hashlib.sha256).hexdigest()
        moment, most = now(), limit.amount
        over = _COUNTS.c.ends_at <= moment
        first = _INSERT.on(db).values(
            key=key, count=1, ends_at=moment + timedelta(seconds=limit.get_expiry())
        )
        # A single statement, so that two concurrent attempts cannot both be the last one allowed.
        counted = first.on_conflict_do_update(
            index_elements=["key"],
            set_={
                "count": case((over, 1), else_=_COUNTS.c.count + 1),
                "ends_at": case((over, first.excluded.ends_at), else_=_COUNTS.c.ends_at),
            },
            where=or_(over, _COUNTS.c.count < most),
        ).returning(_COUNTS.c.count.label("number"), _COUNTS.c.ends_at)
        row = db.connection().execute(counted).first()
        if row is None or row.number > most:
            full = select(_COUNTS.c.ends_at).where(_COUNTS.c.key == key)
            ends_at = db.connection().execute(full).scalar() or moment
            seconds = math.ceil((ends_at - moment).total_seconds())
            raise TooMany(MESSAGES.get(scope, _WAIT), max(1, seconds))
        return Counted(scope, key, row.number, most, row.ends_at)


def write_again(db: Session, counted: Counted) -> None:
    """Write without changing anything."""
    row = update(_COUNTS).where(_COUNTS.c.key == counted.key)
    db.connection().execute(row.values(count=_COUNTS.c.count))


def forget_old(engine: Engine, reading: Engine) -> int:
    """Delete some of the expired counts; returns how many. It reads first, because a write has to wait its turn."""
    old = select(_COUNTS.c.key).where(_COUNTS.c.ends_at <= now()).limit(FORGOTTEN_AT_ONCE)
    with reading.connect() as connection:
        if connection.execute(old).first() is None:
            return 0
    # Rows that are being counted again right now stay.
    gone = delete(_COUNTS).where(_COUNTS.c.key.in_(old.with_for_update(skip_locked=True)))
    with Session(engine) as db:
        count = writing(db).connection().execute(gone).rowcount
        db.commit()
    return count


def includeme(config: Any) -> None:
    registry: Any = config.registry
    registry["livechat.login_limits"] = LoginLimits(registry["livechat.settings"])
    engine, reading = registry["livechat.engine"], registry["livechat.reading_engine"]
    registry["livechat.realtime"].duties.append(lambda: forget_old(engine, reading))
