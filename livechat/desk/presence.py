"""Presence: which customers have the chat open, which admins are at the desk. Best effort, accurate to a few seconds.

Each serving process counts the open pages that it serves. Once a second it writes all changes to the database together,
so that ten thousand visitors who reconnect after a restart cost a handful of writes. Rows of a process without a recent
heartbeat do not count.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, Result, Select, and_, bindparam, delete, func, insert, select, update
from sqlalchemy.orm import Session

from ..conversation.records import SESSIONS
from ..db.dialects import PerDialect, Reader
from ..db.engine import WRITING
from ..models import Admin, Presence, Worker, now, table_of
from ..permissions import Permission, may
from ..rights import who_may

CUSTOMER, ADMIN = "customer", "admin"
VIEWER = "@"  # begins the kind of presence of viewers; the session's number follows
ALIVE_FOR = timedelta(seconds=30)
HEARTBEAT_EVERY = 10.0  # seconds between two heartbeats
GRACE = 4.0  # seconds of presence after a page closes: moving to the next page is not leaving
POLLED = 40.0  # seconds of presence after a poll; hidden pages poll seldom
MOST_AT_ONCE = 1000  # arrivals, and departures, in one write

ENOUGH = 20  # answered chats before customers are told how long an answer takes
RECENT = timedelta(days=28)
SAMPLE = 2000  # newest sessions that are measured

_PRESENCES = table_of(Presence)
_WORKERS = table_of(Worker)
_ADMINS = table_of(Admin)
# The rows may exist: a write whose commit may have failed is repeated.
_ARRIVE = PerDialect(lambda insert: insert(_PRESENCES).on_conflict_do_nothing())
_PAGES = _PRESENCES.join(_WORKERS, _WORKERS.c.id == _PRESENCES.c.worker_id)
_PAGES_OF_ADMINS = _PAGES.join(_ADMINS, _ADMINS.c.id == _PRESENCES.c.ref)
_HERE = and_(_PRESENCES.c.kind == bindparam("kind"), _WORKERS.c.alive_at > bindparam("since"))
_MAY_ANSWER = who_may(Permission.ANSWER)

_HERE_NOW = select(_PRESENCES.c.ref).select_from(_PAGES).where(_HERE)
_CUSTOMERS_HERE = _HERE_NOW.where(_PRESENCES.c.ref.in_(bindparam("ids", expanding=True)))
_READY = (
    select(_PRESENCES.c.ref)
    .select_from(_PAGES_OF_ADMINS)
    .where(_HERE, _MAY_ANSWER, _ADMINS.c.away_since.is_(None))
)
# Viewers do not count: they cannot answer a customer.
_AWAY = select(_ADMINS.c.away_since).select_from(_PAGES_OF_ADMINS).where(_HERE, _MAY_ANSWER)
_VIEWERS = (
    select(_ADMINS.c.username, _ADMINS.c.name)
    .distinct()
    .select_from(_PAGES_OF_ADMINS)
    .where(_HERE, _ADMINS.c.id != bindparam("but"), _ADMINS.c.disabled_at.is_(None))
    .order_by(_ADMINS.c.name, _ADMINS.c.username)
)


def customers_here(db: Reader, session_ids: Sequence[int]) -> set[int]:
    """Return the ids of those sessions whose customer has the chat open."""
    if not session_ids:
        return set()
    return set(_run(db, _CUSTOMERS_HERE, CUSTOMER, ids=list(session_ids)).scalars())


def viewer_kind(session_id: int) -> str:
    """Return the kind of presence of admins who have a conversation open; its `ref` is the admin's id."""
    return f"{VIEWER}{session_id}"


def viewers_of(db: Reader, session_id: int, but: int) -> list[dict[str, str]]:
    """Return the admins who have a conversation open, except `but`: ``[{username, name}]``, ordered by name."""
    found = _run(db, _VIEWERS, viewer_kind(session_id), but=but)
    return [{"username": row.username, "name": row.name} for row in found]


def admins_here(db: Reader) -> set[int]:
    """Return the ids of admins who have a page of the desk open."""
    return set(_run(db, _HERE_NOW).scalars())


def ready_to_answer(db: Reader) -> set[int]:
    """Return the ids of admins who can be assigned a chat now: they are online, not away, and may answer."""
    return set(_run(db, _READY).scalars())


def _run(db: Reader, query: Select[Any], kind: str = ADMIN, **more: Any) -> Result[Any]:
    return db.execute(query, {"kind": kind, "since": now() - ALIVE_FOR, **more})


def presence_of(admin: Any, here: set[int]) -> str:
    """Return ``online``, ``away`` or ``offline``. `admin`: an object or a row; `here`: the result of `admins_here`."""
    if admin.id not in here or admin.disabled_at is not None:
        return "offline"
    return "away" if admin.away_since else "online"


def teammates(db: Reader) -> list[dict[str, Any]]:
    """Return the enabled admins: ``[{username, name, role, may_answer, presence}]``, ordered by name."""
    here = admins_here(db)
    columns = ("id", "username", "name", "role", "away_since", "disabled_at")
    query = select(*(_ADMINS.c[name] for name in columns)).where(_ADMINS.c.disabled_at.is_(None))
    return [
        {
            "username": row.username,
            "name": row.name,
            "role": row.role,
            "may_answer": may(row.role, Permission.ANSWER),
            "presence": presence_of(row, here),
        }
        for row in db.execute(query.order_by(_ADMINS.c.name, _ADMINS.c.username))
    ]


def set_away(db: Session, admin_id: int, *, away: bool) -> None:
    """Record that an admin has left the keyboard, or is back."""
    admin = db.get_one(Admin, admin_id)
    admin.away_since = (admin.away_since or now()) if away else None
    db.flush()


class Team:
    """The team as customers see it: ``{presence: online | away | offline, answers_within: seconds or None}``.

    Presence is read from the database at most every two seconds, the time to an answer every ten minutes.
    """

    def __init__(self) -> None:
        self._presence, self._asked = "offline", -1e9
        self._within: int | None = None
        self._measured = -1e9

    def shape(self, db: Callable[[], Reader]) -> dict[str, Any]:
        """Return a new dictionary for a session's JSON. `db` gives a connection; it is called only when a value is
        out of date."""
        moment = time.monotonic()
        if moment - self._asked > 2:
            before, self._asked = self._asked, moment  # others use the old value for now
            try:
                self._presence = _presence_of_desk(db())
            except BaseException:
                self._asked = before
                raise
        if moment - self._measured > 600:
            before, self._measured = self._measured, moment
            try:
                self._within = typical_answer_time(db())
            except BaseException:
                self._measured = before
                raise
        return {"presence": self._presence, "answers_within": self._within}


def _presence_of_desk(db: Reader) -> str:
    found = _run(db, _AWAY).scalars().all()
    if not found:
        return "offline"
    return "online" if None in found else "away"


def typical_answer_time(db: Reader) -> int | None:
    """Return the median time to the first answer of recent weeks, in seconds; None with fewer than ENOUGH answers."""
    newest = db.execute(select(func.max(SESSIONS.c.id))).scalar() or 0
    query = select(SESSIONS.c.created_at, SESSIONS.c.first_answer_at).where(
        SESSIONS.c.id > newest - SAMPLE,
        SESSIONS.c.created_at > now() - RECENT,
        SESSIONS.c.first_answer_at.is_not(None),
    )
    waits = sorted((answered - began).total_seconds() for began, answered in db.execute(query))
    return int(waits[len(waits) // 2]) if len(waits) >= ENOUGH else None


class OpenPages:
    """The open pages that this process serves."""

    def __init__(self) -> None:
        self.worker_id = uuid.uuid4().hex
        self._guard = threading.Lock()
        self._open: dict[tuple[str, int], int] = {}
        self._until: dict[tuple[str, int], float] = {}
        self._written: set[tuple[str, int]] = set()
        self._heartbeat_at = -1e9

    def arrive(self, kind: str, ref: int) -> None:
        """Count a stream that begins."""
        with self._guard:
            self._open[kind, ref] = self._open.get((kind, ref), 0) + 1

    def leave(self, kind: str, ref: int) -> None:
        """Count a stream that ends."""
        with self._guard:
            left = self._open.get((kind, ref), 1) - 1
            if left > 0:
                self._open[kind, ref] = left
                return
            self._open.pop((kind, ref), None)
            self._until[kind, ref] = time.monotonic() + GRACE  # the next poll extends this

    def polled(self, kind: str, ref: int) -> None:
        """Record a poll by a client without a stream."""
        with self._guard:
            self._until[kind, ref] = time.monotonic() + POLLED

    def write(self, engine: Engine) -> list[int]:
        """Write what has changed; returns the ids of sessions whose customer came or left, or that an admin opened
        or left."""
        moment = time.monotonic()
        with self._guard:
            self._until = {key: until for key, until in self._until.items() if until > moment}
            present = set(self._open) | set(self._until)
        came = sorted(present - self._written)[:MOST_AT_ONCE]
        left = sorted(self._written - present)[:MOST_AT_ONCE]
        due = moment - self._heartbeat_at > HEARTBEAT_EVERY
        if not (came or left or due):
            return []
        with engine.connect().execution_options(**WRITING) as connection, connection.begin():
            if due:
                self._write_heartbeat(connection)
            if left:
                gone = delete(_PRESENCES).where(
                    _PRESENCES.c.worker_id == self.worker_id,
                    _PRESENCES.c.kind == bindparam("of"),
                    _PRESENCES.c.ref == bindparam("who"),
                )
                connection.execute(gone, [{"of": kind, "who": ref} for kind, ref in left])
            if came:
                rows = [
                    {"worker_id": self.worker_id, "kind": kind, "ref": ref} for kind, ref in came
                ]
                connection.execute(_ARRIVE.on(connection), rows)
        self._written |= set(came)
        self._written -= set(left)
        if due:
            self._heartbeat_at = moment
        found = {_session_of(kind, ref) for kind, ref in [*came, *left]}
        return sorted(number for number in found if number is not None)

    def forget(self, engine: Engine) -> None:
        """Remove this process and its pages from the database, when it ends."""
        with engine.connect().execution_options(**WRITING) as connection, connection.begin():
            _remove(connection, _WORKERS.c.id == self.worker_id)

    def _write_heartbeat(self, connection: Any) -> None:
        alive = update(_WORKERS).where(_WORKERS.c.id == self.worker_id)
        if connection.execute(alive.values(alive_at=now())).rowcount == 0:
            connection.execute(insert(_WORKERS).values(id=self.worker_id, alive_at=now()))
            self._written.clear()  # another process considered this one dead and removed it
            connection.execute(delete(_PRESENCES).where(_PRESENCES.c.worker_id == self.worker_id))
        _remove(connection, _WORKERS.c.alive_at < now() - 2 * ALIVE_FOR)


def _session_of(kind: str, ref: int) -> int | None:
    if kind.startswith(VIEWER):
        return int(kind.removeprefix(VIEWER))
    return ref if kind == CUSTOMER else None


def _remove(connection: Any, which: Any) -> None:
    dead = connection.execute(select(_WORKERS.c.id).where(which)).scalars().all()
    if dead:
        connection.execute(delete(_PRESENCES).where(_PRESENCES.c.worker_id.in_(dead)))
        connection.execute(delete(_WORKERS).where(_WORKERS.c.id.in_(dead)))
