"""The search field above the inbox: finds sessions by words of a name, an e-mail address, a product or a tag."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, func, or_, select

from ..conversation.cursors import END
from ..conversation.records import SESSIONS
from ..db.dialects import Reader
from ..db.engine import LONG
from . import index
from .query import Query, term

COMMON = 2000  # matching sessions from which a search counts as common
NEWEST = 10_000  # newest sessions, in which text in the middle of a word matches, too


def searched(db: Reader, text: str) -> list[Any]:
    """The SQL conditions for sessions that contain every word of a text, also as the beginning of a longer word.

    A common search becomes a condition on each session, because a scan by newest activity soon finds a page of
    matches. A rare search is looked up here: in the index, and among the NEWEST sessions also in the middle of words.
    """
    words = text.casefold().split()
    if not words:
        return []
    anywhere = [SESSIONS.c.search_text.contains(word, autoescape=True) for word in words]
    terms = [term(word) for word in words]
    found: list[int] = []
    if all(terms):
        query = Query(terms=tuple(each for each in terms if each))
        found = index.sessions(db, query, below=END, above=0, limit=COMMON)
        if len(found) >= COMMON:
            return [or_(and_(*anywhere), SESSIONS.c.id.in_(found))]
    newest = db.execute(select(func.max(SESSIONS.c.id))).scalar() or 0
    inside = select(SESSIONS.c.id).where(SESSIONS.c.id > newest - NEWEST, *anywhere)
    inside = inside.order_by(SESSIONS.c.id.desc()).limit(COMMON)
    found += db.execute(inside.execution_options(**LONG)).scalars()
    return [SESSIONS.c.id.in_(sorted(set(found)))]
