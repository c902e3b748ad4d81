"""The search field of the list: sessions by words of a name, an e-mail address, a product or a tag."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, func, or_, select

from ..conversation.cursors import END
from ..conversation.records import SESSIONS
from ..db.dialects import Reader
from ..db.engine import LONG
from . import index
from .query import Query, term

COMMON = 2000  # sessions that fit
NEWEST = 10_000  # sessions in which parts from the middle of a word are found as well


def searched(db: Reader, text: str) -> list[Any]:
    """The conditions under which a session fits: every word stands in it, or a word that begins so.

    Of what fits many sessions those with the newest activity are soon found by going through them in that order.
    What fits few is looked up in the index, and in the newest sessions also in the middle of words.
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
