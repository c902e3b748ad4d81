"""Reading what is new in the database, cheaply enough to ask often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from ..conversation.records import Row
from ..db.dialects import id_overlap, on_sqlite
from ..db.session import transaction
from ..db.sqlite import DataVersion
from ..desk.inbox import row_of
from ..models import ChatMessage, ChatSession


@dataclass(frozen=True)
class News:
    """A new entry of a session; or, without an entry, a session that has just begun."""

    row: Row
    entry: ChatMessage | None


class Follower:
    """One reader's position in the database. What was there before it was created is not news.

    A session's seqs have no gaps, so an entry that appears later than `id_overlap` allows for is found with the
    session's next entry.
    """

    def __init__(self, engine: Engine, number: int | None = None) -> None:
        self.engine = engine
        self.number = number
        self._positions: dict[int, int] = {}
        self._known: set[int] = set()
        # Tells without a query that nothing has changed.
        self._data_version = DataVersion(engine) if on_sqlite(engine) else None
        self._version = self._read_version()
        with transaction(engine, write=False) as db:
            self._newest_entry = db.scalar(select(func.max(ChatMessage.id))) or 0
            self._newest_session = db.scalar(select(func.max(ChatSession.id))) or 0
            for number, seq in self._new_entries(db):
                self._positions[number] = seq
            self._known.update(self._new_sessions(db))

    def news(self) -> list[News]:
        """Return what is new since the last call, in the order in which it happened."""
        version = self._read_version()
        if version is not None and version == self._version:
            return []
        found = self._look()
        self._version = version  # only now, so that a failed read is repeated
        return found

    def close(self) -> None:
        """Close the connection."""
        if self._data_version is not None:
            self._data_version.close()

    def _read_version(self) -> int | None:
        return None if self._data_version is None else self._data_version.read()

    def _look(self) -> list[News]:
        entries: list[News] = []
        with transaction(self.engine, write=False) as db:
            after: dict[int, int] = {}
            newest_entry = self._newest_entry
            for number, seq in self._new_entries(db):
                after.setdefault(number, self._positions.get(number, seq - 1))
            began = [number for number in self._new_sessions(db) if number not in self._known]
            begun = [News(self._row(db, number), None) for number in began]
            for number, position in after.items():
                query = select(ChatMessage).where(
                    ChatMessage.session_id == number, ChatMessage.seq > position
                )
                new = db.scalars(query.order_by(ChatMessage.seq)).all()
                # Read after the entries, so that it is at least as new: each statement sees what is committed.
                row = self._row(db, number)
                entries += [News(row, entry) for entry in new]
        # Positions move only when everything is read, so that a failed read is repeated.
        entries.sort(key=_id)
        for one in entries:
            if one.entry is not None:
                self._positions[one.entry.session_id] = one.entry.seq
                newest_entry = max(newest_entry, one.entry.id)
        self._newest_entry = newest_entry
        self._known.update(began)
        self._newest_session = max([self._newest_session, *began])
        return _each_before_its_entries(begun, entries)

    def _new_entries(self, db: Session) -> list[tuple[int, int]]:
        """Return session and seq of new entries, including those of sessions not known yet."""
        query = select(ChatMessage.session_id, ChatMessage.seq)
        query = query.where(ChatMessage.id > self._newest_entry - id_overlap(self.engine))
        if self.number is not None:
            query = query.where(ChatMessage.session_id == self.number)
        return [
            (row[0], row[1])
            for row in db.execute(query.order_by(ChatMessage.id))
            if row[1] > self._positions.get(row[0], 0)
        ]

    def _new_sessions(self, db: Session) -> Sequence[int]:
        if self.number is not None:
            return []
        query = select(ChatSession.id).where(
            ChatSession.id > self._newest_session - id_overlap(self.engine)
        )
        return db.scalars(query.order_by(ChatSession.id)).all()

    def _row(self, db: Session, number: int) -> Row:
        session = db.get_one(ChatSession, number, populate_existing=True)
        return row_of(db, session, reader_id=None)


def _id(news: News) -> int:
    return news.entry.id if news.entry else 0


def _each_before_its_entries(begun: list[News], entries: list[News]) -> list[News]:
    """Place each new session right before its first entry, or at the end if it has none."""
    waiting = {one.row.session.id: one for one in begun}
    result = []
    for one in entries:
        beginning = waiting.pop(one.row.session.id, None)
        result += [beginning, one] if beginning else [one]
    return result + list(waiting.values())
