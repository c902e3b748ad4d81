"""An admin's logins as the admin sees them: device, start and last use of each, and ending them."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from ..db.dialects import Reader
from ..db.session import writing
from ..models import Admin, AdminLogin, now, table_of
from .guests import hash_token

SEEN_EVERY = timedelta(minutes=5)
"""Least time between two writes of a login's last use."""

_ADMINS, _LOGINS = table_of(Admin), table_of(AdminLogin)
_SEEN = (
    update(_LOGINS)
    .where(
        _LOGINS.c.id == bindparam("number"),
        _LOGINS.c.seen_at.is_(None) | (_LOGINS.c.seen_at < bindparam("moment")),
    )
    .values(seen_at=bindparam("moment"))
)

_LOGIN = (
    select(
        _ADMINS.c.id,
        _ADMINS.c.username,
        _ADMINS.c.name,
        _LOGINS.c.id.label("login_id"),
        _ADMINS.c.role,
        _LOGINS.c.device,
        _LOGINS.c.seen_at,
    )
    .join(_LOGINS, _LOGINS.c.admin_id == _ADMINS.c.id)
    .where(
        _LOGINS.c.token_hash == bindparam("hash"),
        _LOGINS.c.revoked_at.is_(None),
        _LOGINS.c.expires_at > bindparam("moment"),
        _ADMINS.c.disabled_at.is_(None),
    )
)

# The first match wins: browsers also name the browsers they are compatible with.
_BROWSERS = (
    ("Edge", r"\bEdgi?A?(OS)?/"),
    ("Opera", r"\b(OPR|Opera)/"),
    ("Samsung Internet", r"\bSamsungBrowser/"),
    ("Firefox", r"\b(Firefox|FxiOS)/"),
    ("Chrome", r"\b(Chrome|CriOS|Chromium|HeadlessChrome)/"),
    ("Safari", r"\bSafari/"),
)
_SYSTEMS = (
    ("iPhone", r"\biPhone\b"),
    ("iPad", r"\biPad\b"),
    ("Android", r"\bAndroid\b"),
    ("Windows", r"\bWindows\b"),
    ("ChromeOS", r"\bCrOS\b"),
    ("macOS", r"\bMac OS X\b"),
    ("Linux", r"\bLinux\b"),
)


def device_of(user_agent: str) -> str:
    """Return a short name for a User-Agent: ``Firefox on Windows``, ``Safari on iPhone``, or
    ``Another program``. The words come from our own lists, never from the header."""
    text = user_agent[:500]
    browser, system = (
        next((name for name, pattern in names if re.search(pattern, text)), None)
        for names in (_BROWSERS, _SYSTEMS)
    )
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or "Another program"


def admin_by_login(db: Reader, token: str) -> Any | None:
    """Return ``id, username, name, login_id, role, device, seen_at`` of the admin who is signed in with this token, or
    None when the login has ended or the admin is disabled."""
    return db.execute(_LOGIN, {"hash": hash_token(token), "moment": now()}).first()


def logins_of(db: Reader, admin_id: int) -> Sequence[Any]:
    """Return an admin's valid logins as rows, the most recently used first."""
    query = select(_LOGINS).where(_LOGINS.c.admin_id == admin_id, *_still_valid())
    used = _LOGINS.c.seen_at.desc().nulls_last()
    return db.execute(query.order_by(used, _LOGINS.c.id.desc())).all()


def login_by_id(db: Reader, number: int, admin_id: int) -> Any | None:
    """Return one of an admin's own valid logins as a row, or None."""
    query = select(_LOGINS).where(
        _LOGINS.c.id == number, _LOGINS.c.admin_id == admin_id, *_still_valid()
    )
    return db.execute(query).first()


def end_others(db: Session, admin_id: int, kept: int) -> int:
    """End all logins of an admin but `kept` (an id); returns how many."""
    query = update(AdminLogin).where(
        AdminLogin.admin_id == admin_id, AdminLogin.id != kept, AdminLogin.revoked_at.is_(None)
    )
    return len(db.scalars(query.values(revoked_at=now()).returning(AdminLogin.id)).all())


def _still_valid() -> tuple[Any, ...]:
    return _LOGINS.c.revoked_at.is_(None), _LOGINS.c.expires_at > now()


class Seen:
    """When logins were last used, kept in memory until the next round of duties, once a second: a request that reads
    must not wait for a write."""

    def __init__(self, factory: Any) -> None:
        self._factory = factory
        self._guard = threading.Lock()
        self._moments: dict[int, datetime] = {}

    def note(self, login_id: int, before: datetime | None) -> None:
        """Note that a login is in use. `before` is its last use in the database."""
        moment = now()
        if before is None or moment - before >= SEEN_EVERY:
            with self._guard:
                self._moments[login_id] = moment

    def write(self) -> None:
        """Write everything noted, in one transaction. A later time from another process stays."""
        with self._guard:
            moments, self._moments = self._moments, {}
        if not moments:
            return
        with self._factory() as db:
            used = [{"number": number, "moment": moments[number]} for number in sorted(moments)]
            writing(db).connection().execute(_SEEN, used)
            db.commit()


def includeme(config: Any) -> None:
    registry: Any = config.registry
    seen = Seen(registry["livechat.dbsession_factory"])
    registry["livechat.logins_seen"] = seen
    registry["livechat.realtime"].duties.append(seen.write)
