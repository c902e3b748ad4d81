"""Who is here: the customers with the chat open, the admins at the desk. Best effort, true to a few seconds.

Each process that serves keeps a book of the open pages it serves and writes what changes to the database once
a second, all at once, so that ten thousand visitors who come back after a restart are a handful of writes. A
process that dies says nothing more, and what it had written counts for nothing from then on.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, bindparam, delete, func, insert, select, update
from sqlalchemy.orm import Session

from ..conversation.records import SESSIONS
from ..db.dialects import PerDialect, Reader
from ..db.engine import WRITING
from ..models import Admin, Presence, Worker, now, table_of
from ..permissions import Permission, may
from ..rights import who_may

CUSTOMER, ADMIN = "customer", "admin"
LOOKING = "@"  # and the session's number
ALIVE_FOR = timedelta(seconds=30)
BEAT = 10.0  # seconds between two signs of life
GRACE = 4.0  # seconds after which somebody whose page is gone has left: going to the next page is no leaving
POLLED = 40.0  # seconds for which somebody who polls counts as here; hidden pages ask seldom
MOST_AT_ONCE = 1000  # arrivals and departures written at once

ENOUGH = 20  # answered chats before we say how long an answer takes
RECENT = timedelta(days=28)
SAMPLE = 2000  # the newest sessions looked at

_PRESENCES = table_of(Presence)
_WORKERS = table_of(Worker)
_ADMINS = table_of(Admin)
# Where nobody knows whether a commit came about, it is written again.
_ARRIVE = PerDialect(lambda insert: insert(_PRESENCES).on_conflict_do_nothing())
_HERE = (
    select(_PRESENCES.c.ref)
    .join(_WORKERS, _WORKERS.c.id == _PRESENCES.c.worker_id)
    .where(
        _PRESENCES.c.kind == CUSTOMER,
        _PRESENCES.c.ref.in_(bindparam("ids", expanding=True)),
        _WORKERS.c.alive_at > bindparam("since"),
    )
)
_LOOKING = (
    select(_ADMINS.c.username, _ADMINS.c.name)
    .distinct()
    .join(_PRESENCES, _PRESENCES.c.ref == _ADMINS.c.id)
    .join(_WORKERS, _WORKERS.c.id == _PRESENCES.c.worker_id)
    .where(
        _PRESENCES.c.kind == bindparam("kind"),
        _ADMINS.c.id != bindparam("but"),
        _ADMINS.c.disabled_at.is_(None),
        _WORKERS.c.alive_at > bindparam("since"),
    )
    .order_by(_ADMINS.c.name, _ADMINS.c.username)
)
_ADMINS_HERE = (
    select(_PRESENCES.c.ref)
    .join(_WORKERS, _WORKERS.c.id == _PRESENCES.c.worker_id)
    .where(_PRESENCES.c.kind == ADMIN, _WORKERS.c.alive_at > bindparam("since"))
)
_DESK = (
    select(_ADMINS.c.away_since)
    .join(_PRESENCES, _PRESENCES.c.ref == _ADMINS.c.id)
    .join(_WORKERS, _WORKERS.c.id == _PRESENCES.c.worker_id)
    .where(
        _PRESENCES.c.kind == ADMIN,
        who_may(Permission.ANSWER),  # a colleague who only reads is of no use to a customer
        _WORKERS.c.alive_at > bindparam("since"),
    )
)


def who_is_here(db: Reader, session_ids: Sequence[int]) -> set[int]:
    """Those of the sessions whose customer has the chat open."""
    asked = {"ids": list(session_ids), "since": now() - ALIVE_FOR}
    return set(db.execute(_HERE, asked).scalars()) if session_ids else set()


def looking_at(session_id: int) -> str:
    """The kind of presence of admins who have a conversation open; `ref` is the admin."""
    return f"{LOOKING}{session_id}"


def who_looks(db: Reader, session_id: int, but: int) -> list[dict[str, str]]:
    """Who else has a conversation open: ``[{username, name}]``, in the order of their names."""
    asked = {"kind": looking_at(session_id), "but": but, "since": now() - ALIVE_FOR}
    return [{"username": row.username, "name": row.name} for row in db.execute(_LOOKING, asked)]


def admins_here(db: Reader) -> set[int]:
    """The ids of the admins with a page of the desk open."""
    return set(db.execute(_ADMINS_HERE, {"since": now() - ALIVE_FOR}).scalars())


def ready_to_answer(db: Reader) -> set[int]:
    """The ids of those of them who are at the keyboard and may answer, so that a chat can be given to them now."""
    query = _ADMINS_HERE.join(_ADMINS, _ADMINS.c.id == _PRESENCES.c.ref)
    query = query.where(_ADMINS.c.away_since.is_(None), who_may(Permission.ANSWER))
    return set(db.execute(query, {"since": now() - ALIVE_FOR}).scalars())


def presence_of(admin: Any, here: set[int]) -> str:
    """``online``, ``away`` or ``offline``. `here`: the ids that `admins_here` gives."""
    if admin.id not in here:
        return "offline"
    return "away" if admin.away_since else "online"


def desk_of(db: Reader) -> list[dict[str, Any]]:
    """Who works at the desk: ``[{username, name, role, may_answer, presence}]``, in the order of their names."""
    here = admins_here(db)
    columns = (_ADMINS.c.id, _ADMINS.c.username, _ADMINS.c.name, _ADMINS.c.role)
    query = select(*columns, _ADMINS.c.away_since).where(_ADMINS.c.disabled_at.is_(None))
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
    """An admin with a page open is not at the keyboard, or is again."""
    admin = db.get_one(Admin, admin_id)
    admin.away_since = (admin.away_since or now()) if away else None
    db.flush()


class Team:
    """What customers are told of the desk, asked of the database at most every other second:
    ``{presence: online | away | offline, answers_within: seconds or None}``."""

    def __init__(self) -> None:
        self._presence, self._asked = "offline", -1e9
        self._within: int | None = None
        self._measured = -1e9

    def shape(self, db: Callable[[], Reader]) -> dict[str, Any]:
        """A new dictionary, to be put into a session's shape. `db` gives what is read with, when it is needed."""
        moment = time.monotonic()
        if moment - self._asked > 2:
            before, self._asked = self._asked, moment  # others need not ask at the same time
            try:
                self._presence = _presence_of_desk(db())
            except BaseException:
                self._asked = before
                raise
        if moment - self._measured > 600:
            before, self._measured = self._measured, moment
            try:
                self._within = usual_answer(db())
            except BaseException:
                self._measured = before
                raise
        return {"presence": self._presence, "answers_within": self._within}


def _presence_of_desk(db: Reader) -> str:
    found = db.execute(_DESK, {"since": now() - ALIVE_FOR}).scalars().all()
    if not found:
        return "offline"
    return "online" if None in found else "away"


def usual_answer(db: Reader) -> int | None:
    """The median time to the first answer in seconds, of this site's own recent weeks; None without enough
    of them to say so honestly."""
    newest = db.execute(select(func.max(SESSIONS.c.id))).scalar() or 0
    query = select(SESSIONS.c.created_at, SESSIONS.c.first_answer_at).where(
        SESSIONS.c.id > newest - SAMPLE,
        SESSIONS.c.created_at > now() - RECENT,
        SESSIONS.c.first_answer_at.is_not(None),
    )
    waits = sorted((answered - began).total_seconds() for began, answered in db.execute(query))
    return int(waits[len(waits) // 2]) if len(waits) >= ENOUGH else None


class Book:
    """The open pages that this process serves."""

    def __init__(self) -> None:
        self.worker_id = uuid.uuid4().hex
        self._guard = threading.Lock()
        self._open: dict[tuple[str, int], int] = {}
        self._until: dict[tuple[str, int], float] = {}
        self._written: set[tuple[str, int]] = set()
        self._beaten = -1e9

    def arrive(self, kind: str, ref: int) -> None:
        """A stream begins."""
        with self._guard:
            self._open[kind, ref] = self._open.get((kind, ref), 0) + 1

    def leave(self, kind: str, ref: int) -> None:
        """A stream ends."""
        with self._guard:
            left = self._open.get((kind, ref), 1) - 1
            if left > 0:
                self._open[kind, ref] = left
                return
            self._open.pop((kind, ref), None)
            self._until[kind, ref] = time.monotonic() + GRACE  # who polls on says so again

    def polled(self, kind: str, ref: int) -> None:
        """Somebody without a stream has asked for news."""
        with self._guard:
            self._until[kind, ref] = time.monotonic() + POLLED

    def write(self, engine: Engine) -> list[int]:
        """Write what has changed; returns the sessions whose customers came or left, or that admins opened or left."""
        moment = time.monotonic()
        with self._guard:
            self._until = {key: until for key, until in self._until.items() if until > moment}
            present = set(self._open) | set(self._until)
        came = sorted(present - self._written)[:MOST_AT_ONCE]
        left = sorted(self._written - present)[:MOST_AT_ONCE]
        beat = moment - self._beaten > BEAT
        if not (came or left or beat):
            return []
        with engine.connect().execution_options(**WRITING) as connection, connection.begin():
            if beat:
                self._beat(connection)
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
        if beat:
            self._beaten = moment
        found = {_session_of(kind, ref) for kind, ref in [*came, *left]}
        return sorted(number for number in found if number is not None)

    def forget(self, engine: Engine) -> None:
        """The process ends."""
        with engine.connect().execution_options(**WRITING) as connection, connection.begin():
            _remove(connection, _WORKERS.c.id == self.worker_id)

    def _beat(self, connection: Any) -> None:
        alive = update(_WORKERS).where(_WORKERS.c.id == self.worker_id)
        if connection.execute(alive.values(alive_at=now())).rowcount == 0:
            connection.execute(insert(_WORKERS).values(id=self.worker_id, alive_at=now()))
            self._written.clear()  # another process has taken us for dead
            connection.execute(delete(_PRESENCES).where(_PRESENCES.c.worker_id == self.worker_id))
        _remove(connection, _WORKERS.c.alive_at < now() - 2 * ALIVE_FOR)


def _session_of(kind: str, ref: int) -> int | None:
    if kind.startswith(LOOKING):
        return int(kind.removeprefix(LOOKING))
    return ref if kind == CUSTOMER else None


def _remove(connection: Any, which: Any) -> None:
    dead = connection.execute(select(_WORKERS.c.id).where(which)).scalars().all()
    if dead:
        connection.execute(delete(_PRESENCES).where(_PRESENCES.c.worker_id.in_(dead)))
        connection.execute(delete(_WORKERS).where(_WORKERS.c.id.in_(dead)))
