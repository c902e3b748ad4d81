"""The search of all messages, notes and sessions: hits in pages, the newest first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, func, select

from ..accounts.admins import fold_username
from ..conversation.cursors import END, search_cursor, search_position
from ..conversation.records import MESSAGES, SESSIONS
from ..conversation.tags import fold_tag, tags_of
from ..db.dialects import Reader
from ..db.engine import LONG
from ..exceptions import Invalid
from ..models import Admin, Sender, SessionTag, Tag
from . import index
from .query import Query, matches, parse
from .results import Found, Hit, message_hit, session_hit

PAGE = 30  # hits
FEW = 300  # sessions: filters that leave at most this many are searched without the index
LOOKED = 12_000  # index hits that are checked against the filters for one page
SOME = 1000  # index hits that are checked in one statement
READ = 2000  # entries of few sessions that are read for one page
ROUGHLY = 1000  # ids by which the order of ids may differ from the order of times
KINDS = {Sender.CUSTOMER.value, Sender.ADMIN.value, Sender.NOTE.value}


@dataclass
class _Stream:
    """Matching rows of one table, the newest first.

    `looked` and `looked_at`: the id and the time at which the search stopped before it found enough. They are None if
    it did not stop.
    """

    rows: list[Any]
    looked: int | None = None
    looked_at: datetime | None = None


def find(
    db: Reader, text: str, *, before: str = "", limit: int = PAGE, me: str | None = None
) -> Found:
    """Find one page of hits.

    Parameters: `text` is the search as typed; `before` is the cursor of the previous page; `limit` is a number of hits;
    `me` is the username of the reader, for ``from:me`` and ``assignee:me``.

    Raises Invalid for a text that is too long, a filter with an invalid value, or an invalid cursor.
    """
    message_below, session_below = search_position(before)
    query = parse(text)
    if query.nothing:
        return Found([], None)
    search = _Search(db, query, me, limit)
    messages = search.messages(message_below) if query.terms or query.sender else _Stream([])
    sessions = _Stream([]) if query.sender else search.sessions(session_below)
    return search.page(messages, sessions, message_below, session_below)


class _Search:
    """One query with its filters resolved in the database."""

    def __init__(self, db: Reader, query: Query, me: str | None, limit: int) -> None:
        self.db, self.query, self.limit = db, query, limit
        self.author = self._admin(query.sender, me) if query.sender not in {"", *KINDS} else None
        self.of_session = self._session_conditions(me)
        self.held_against = self._session_conditions(me, plain=False)
        self.few = self._few() if self.of_session else None

    def messages(self, below: int) -> _Stream:
        """The matching entries with ids less than `below`."""
        below, above = self._bounds(MESSAGES, below)
        wanted = [*self._times(MESSAGES), MESSAGES.c.sender != Sender.SYSTEM.value]
        if self.few is not None:
            return self._among_few(below, above, wanted)

        def candidates(below: int, limit: int) -> list[int]:
            return index.messages(
                self.db, self.query, self.author, below=below, above=above, limit=limit
            )

        conditions = [*self._times(MESSAGES), *self.held_against]
        return self._stream(candidates, self._message_rows, MESSAGES, below, conditions)

    def sessions(self, below: int) -> _Stream:
        """The sessions with ids less than `below` whose details match the words, if any, and the filters."""
        below, above = self._bounds(SESSIONS, below)
        times = self._times(SESSIONS)
        if self.few is not None:
            times.append(SESSIONS.c.id.in_(self.few))
        if not self.query.terms and not self.query.product:
            wanted = [*times, *self.of_session, SESSIONS.c.id < below, SESSIONS.c.id > above]
            return _Stream(self._session_rows(wanted, self.limit + 1))

        def candidates(below: int, limit: int) -> list[int]:
            return index.sessions(self.db, self.query, below=below, above=above, limit=limit)

        conditions = [*times, *self.held_against]
        return self._stream(candidates, self._session_rows, SESSIONS, below, conditions)

    def page(
        self, messages: _Stream, sessions: _Stream, message_below: int, session_below: int
    ) -> Found:
        """Merge both streams by time into one page, with the cursor of the next."""
        streams = (messages, sessions)
        at, below = [0, 0], [message_below, session_below]
        taken: list[tuple[int, Any]] = []
        upto = None
        while True:
            heads = [
                (stream.rows[i].created_at if i < len(stream.rows) else stream.looked_at, which)
                for which, (stream, i) in enumerate(zip(streams, at, strict=True))
            ]
            moment, which = max(
                ((time, which) for time, which in heads if time is not None), default=(None, 0)
            )
            if moment is None:
                return Found(self._shaped(taken), None)
            if at[which] == len(streams[which].rows):  # the search stopped here
                below[which], upto = streams[which].looked or 0, moment
                break
            if len(taken) == self.limit:
                break
            row = streams[which].rows[at[which]]
            taken.append((which, row))
            below[which] = row.id
            at[which] += 1
        for which, stream in enumerate(streams):
            if not stream.rows[at[which] :] and stream.looked is None:
                below[which] = 0
        return Found(self._shaped(taken), search_cursor(*below), upto)

    def _stream(
        self,
        candidates: Callable[[int, int], list[int]],
        rows: Callable[[Sequence[Any], int], list[Any]],
        table: Table,
        below: int,
        conditions: Sequence[ColumnElement[bool]],
    ) -> _Stream:
        found: list[Any] = []
        looked, enough = 0, self.limit + 1
        some = min(SOME, 4 * enough) if conditions else enough
        while len(found) < enough:
            numbers = candidates(below, some)
            if numbers:
                wanted = [*conditions, table.c.id.in_(numbers)]
                found += rows(wanted, enough - len(found))
                below = numbers[-1]
            if len(numbers) < some:
                return _Stream(found)
            looked, some = looked + len(numbers), min(SOME, 4 * some)
            if looked >= LOOKED and len(found) < enough:
                at = select(table.c.created_at).where(table.c.id == below)
                return _Stream(found, below, self.db.execute(at).scalar())
        return _Stream(found)

    def _among_few(self, below: int, above: int, wanted: list[ColumnElement[bool]]) -> _Stream:
        """The matching entries of the few sessions, read without the index."""
        wanted = [*wanted, MESSAGES.c.session_id.in_(self.few or [])]
        wanted += [MESSAGES.c.sender == self.query.sender] if self.query.sender in KINDS else []
        wanted += [MESSAGES.c.admin_id == self.author] if self.author else []
        wanted += [MESSAGES.c.id < below, MESSAGES.c.id > above]
        rows = self._message_rows(wanted, READ)
        found = [row for row in rows if matches(row.body, self.query)]
        if len(found) > self.limit or len(rows) < READ:
            return _Stream(found[: self.limit + 1])
        return _Stream(found, rows[-1].id, rows[-1].created_at)

    def _message_rows(self, conditions: Sequence[ColumnElement[bool]], limit: int) -> list[Any]:
        query = (
            select(MESSAGES, SESSIONS.c.customer_name)
            .join(SESSIONS, SESSIONS.c.id == MESSAGES.c.session_id)
            .where(*conditions)
            .order_by(MESSAGES.c.id.desc())
            .limit(limit)
        )
        return list(self.db.execute(query.execution_options(**LONG)))

    def _session_rows(self, conditions: Sequence[ColumnElement[bool]], limit: int) -> list[Any]:
        query = select(SESSIONS).where(*conditions).order_by(SESSIONS.c.id.desc()).limit(limit)
        return list(self.db.execute(query.execution_options(**LONG)))

    def _bounds(self, table: Table, below: int) -> tuple[int, int]:
        """The range of ids, both ends excluded, that contains all rows between the query's times.

        Ids follow times closely enough for that, with a margin of ROUGHLY.
        """

        def first_since(moment: datetime) -> int | None:
            query = select(table.c.id).where(table.c.created_at >= moment)
            return self.db.execute(query.order_by(table.c.created_at).limit(1)).scalar()

        above = 0
        if self.query.before and (first := first_since(self.query.before)):
            below = min(below, first + ROUGHLY)
        if self.query.after:
            first = first_since(self.query.after)
            above = END if first is None else max(0, first - ROUGHLY)
        return below, above

    def _times(self, table: Table) -> list[ColumnElement[bool]]:
        found = [table.c.created_at < self.query.before] if self.query.before else []
        return found + ([table.c.created_at >= self.query.after] if self.query.after else [])

    def _session_conditions(
        self, me: str | None, *, plain: bool = True
    ) -> list[ColumnElement[bool]]:
        """The conditions that the filters set for sessions.

        With `plain=False` the conditions cannot use an index. They serve statements that also name the ids: SQLite has
        no statistics here, and might scan the index on status instead of looking up the ids.
        """
        query, found = self.query, []
        status: Any = SESSIONS.c.status if plain else func.coalesce(SESSIONS.c.status, "")
        assignee: Any = SESSIONS.c.assignee_id
        if query.status:
            found.append(status == query.status)
        if query.assignee == "none":
            found.append(assignee.is_(None) if plain else func.coalesce(assignee, 0) == 0)
        elif query.assignee:
            whose = self._admin(query.assignee, me)
            found.append((assignee if plain else func.coalesce(assignee, 0)) == whose)
        for name in query.tags:
            tagged = (
                select(SessionTag.session_id)
                .join(Tag, Tag.id == SessionTag.tag_id)
                .where(Tag.name == _tag(name), SessionTag.session_id == SESSIONS.c.id)
            )
            found.append(tagged.correlate(SESSIONS).exists())
        if query.product and (query.terms or query.sender):
            about = Query(product=query.product)
            numbers = index.sessions(self.db, about, below=END, above=0, limit=LOOKED)
            if len(numbers) < LOOKED:
                found.append(SESSIONS.c.id.in_(numbers))
            else:  # a common product: candidates are found quickly without the ids
                words = [word for term in query.product for word in term.folded]
                found += [SESSIONS.c.search_text.contains(word, autoescape=True) for word in words]
        return found

    def _few(self) -> list[int] | None:
        """The ids of the sessions that match the filters, or None if there are more than FEW."""
        query = select(SESSIONS.c.id).where(*self.of_session)
        if self.query.tags:  # usually the most selective filter, so it comes first
            tagged = (
                select(SessionTag.session_id)
                .join(Tag, Tag.id == SessionTag.tag_id)
                .where(Tag.name == _tag(self.query.tags[0]))
            )
            some = list(self.db.execute(tagged.limit(SOME + 1)).scalars())
            if len(some) > SOME:
                return None
            query = query.where(SESSIONS.c.id.in_(some))
        found = list(self.db.execute(query.limit(FEW + 1).execution_options(**LONG)).scalars())
        return found if len(found) <= FEW else None

    def _admin(self, username: str, me: str | None) -> int:
        folded = fold_username(me if username.lower() == "me" and me else username)
        found = self.db.execute(select(Admin.id).where(Admin.username == folded)).scalar()
        if found is None:
            raise Invalid("q", f"There is no admin with the username {username}.")
        return int(found)

    def _shaped(self, taken: Sequence[tuple[int, Any]]) -> list[Hit]:
        tags = tags_of(self.db, [row.id for which, row in taken if which])
        terms = [*self.query.terms, *self.query.product]
        return [
            session_hit(row, tags.get(row.id, []), terms) if which else message_hit(row, terms)
            for which, row in taken
        ]


def _tag(text: str) -> str:
    try:
        return fold_tag(text)
    except Invalid:
        return ""  # no tag has this name
