"""The number of sessions. Old ones are counted once, because counting a million rows takes long."""

from __future__ import annotations

import time
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from ..conversation.records import SESSIONS
from ..db.dialects import Reader
from ..db.engine import LONG

# The newest ids are counted each time: on PostgreSQL a lower one may become visible later.
RECENT = 1000
RECOUNT = 600.0  # seconds between full counts, which notice sessions that were removed by hand


@dataclass
class _Counted:
    upto: int
    count: int
    until: float


_counted: WeakKeyDictionary[Engine, _Counted] = WeakKeyDictionary()


def count_all(db: Reader) -> int:
    """Return the number of sessions. The application removes none, so old ones need to be counted only once."""
    bind = db.get_bind() if isinstance(db, Session) else db
    engine = bind.engine
    newest = db.execute(select(func.max(SESSIONS.c.id))).scalar() or 0
    old = max(0, newest - RECENT)
    known = _counted.get(engine)
    if known is None or known.until < time.monotonic() or known.upto > old:
        known = _Counted(old, _count(db, 0, old), time.monotonic() + RECOUNT)
    elif old - known.upto > RECENT:
        known = _Counted(old, known.count + _count(db, known.upto, old), known.until)
    _counted[engine] = known
    return known.count + _count(db, known.upto, newest)


def _count(db: Reader, after: int, upto: int) -> int:
    if after >= upto:
        return 0
    query = select(func.count()).select_from(SESSIONS)
    query = query.where(SESSIONS.c.id > after, SESSIONS.c.id <= upto)
    return int(db.execute(query.execution_options(**LONG)).scalar_one())
