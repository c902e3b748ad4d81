"""The feeds of a conversation: what streams read for its customer or an admin. For the inbox, see inbox_feed.py.

A feed holds only plain values. It reads with its own short connections, which are closed before the stream waits.
It checks its reader's rights after each read, so that it sends nothing written after the reader lost them.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from ..accounts.admins import admin_name
from ..accounts.guests import guest_id_by_token
from ..accounts.logins import admin_by_login
from ..actors import Actor
from ..conversation.cursors import message_cursor
from ..conversation.history import page_after
from ..conversation.records import customer_record_by_id, record_by_id
from ..desk.inbox import news
from ..desk.presence import viewers_of
from ..serializers import Translate, admin_message, customer_message, public_name
from .hints import Typing
from .hub import Listener
from .service import Realtime
from .sse import Feed, event

Shape = dict[str, Any]


class DatabaseFeed(Feed):
    """A feed that reads from the database, for the reader that `token` identifies."""

    more = False

    def __init__(self, realtime: Realtime, token: str) -> None:
        self._realtime = realtime
        self._token = token

    def begin(self) -> bytes | None:
        with self._realtime.reading_engine.connect() as db:
            found = self.backlog(db)
            return found if found is not None and self.may_see(db) else None

    @abstractmethod
    def backlog(self, db: Connection) -> bytes | None:
        """The events since the cursor, or the first part of them. None when the conversation no longer exists."""

    @abstractmethod
    def may_see(self, db: Connection) -> bool:
        """Whether the token still identifies a reader who may see everything in this feed."""


class ConversationFeed(DatabaseFeed):
    """A conversation, from a position as `message_position` returns it.

    `shape` makes the session's JSON. Its arguments are a function that returns a connection, and the session's row.
    """

    for_customer: bool

    def __init__(
        self,
        realtime: Realtime,
        session_id: int,
        token: str,
        position: tuple[int, bool],
        *,
        shape: Callable[[Callable[[], Connection], Any], Shape],
        translate: Translate,
    ) -> None:
        super().__init__(realtime, token)
        self._session_id = session_id
        self._position, self._lost = position
        self._shape = shape
        self._translate = translate
        self._shown: Shape | None = None

    @abstractmethod
    def record(self, db: Connection) -> Any | None:
        """The session's row with the columns that `shape` needs, or None."""

    @abstractmethod
    def message(self, entry: Any) -> Shape:
        """The JSON of an entry for this reader."""

    @abstractmethod
    def typing(self, db: Connection, hint: Typing) -> Shape | None:
        """The JSON of a typing hint for this reader; None if the reader does not get it."""

    def backlog(self, db: Connection) -> bytes | None:
        found = self._read(db, session_first=True)
        if found is None:
            return None
        head = event("reset", {}) if self._lost else b""
        return head + found + self._aside(db)

    def news(
        self, listener: Listener, *, urgent: bool, slow: bool, heartbeat: bool
    ) -> bytes | None:
        # A customer's heartbeat reads nothing, because there are thousands of customers. service.py checks
        # their rights together.
        if self.silent and not urgent:
            return b""
        with self._realtime.reading_engine.connect() as db:
            # News of other conversations changes nothing in this one.
            looked = urgent or heartbeat
            found = self._read(db) if looked else b""
            if found is None:
                return None
            if self.more:
                listener.wake()
            found += self._typing(db, listener) + (self._aside(db, listener) if slow else b"")
            return found if not (looked or found) or self.may_see(db) else None

    def _aside(self, db: Connection, listener: Listener | None = None) -> bytes:
        """The events for this reader that are not about the conversation."""
        return b""

    def _read(self, db: Connection, *, session_first: bool = False) -> bytes | None:
        record = self.record(db)
        if record is None:
            return None
        parts = []
        before = self._cursor(record)
        newest = record.public_seq if self.for_customer else record.seq
        if newest > self._position:
            page = page_after(db, record.id, self._position, for_customer=self.for_customer)
            self.more = page.more
            for entry in page.entries:
                self._position = entry.public_seq if self.for_customer else entry.seq
                parts.append(event("message", self.message(entry), self._cursor(record)))
        shape = self._shape(lambda: db, record)
        if shape != self._shown:
            self._shown = shape
            # The backlog starts with the session, so that the client knows whose messages follow. Later the session
            # comes last, because it counts the messages. Its id is the cursor at its place in the stream: a client
            # that is cut off right after it still gets the messages that follow.
            if session_first:
                parts.insert(0, event("session", shape, before))
            else:
                parts.append(event("session", shape, self._cursor(record)))
        return b"".join(parts)

    def _typing(self, db: Connection, listener: Listener) -> bytes:
        parts = []
        while listener.typing:
            told = self.typing(db, listener.typing.popleft())
            if told is not None:
                parts.append(event("typing", told))
        return b"".join(parts)

    def _cursor(self, record: Any) -> str:
        return message_cursor(record, self._position, for_customer=self.for_customer)


class CustomerFeed(ConversationFeed):
    """The feed of a conversation for its customer."""

    pause = 0.0
    for_customer = silent = True
    _guest_id: int | None = None

    def record(self, db: Connection) -> Any | None:
        record = customer_record_by_id(db, self._session_id)
        self._guest_id = record.guest_id if record else None
        return record

    def may_see(self, db: Connection) -> bool:
        return bool(guest_id_by_token(db, self._token) == self._guest_id)

    def message(self, entry: Any) -> Shape:
        return customer_message(entry, self._translate)

    def typing(self, db: Connection, hint: Typing) -> Shape | None:
        if hint.admin_id is None:
            return None
        name = public_name(admin_name(db, hint.admin_id), self._translate)
        return {"from": "admin", "author": name, "typing": hint.typing}


class AdminFeed(ConversationFeed):
    """The feed of a conversation for an admin, with the colleagues who view it and the news for this admin."""

    pause = 1.0
    for_customer = silent = False

    def __init__(
        self, *args: Any, reader: Actor, news: Callable[[Any], Shape], **more: Any
    ) -> None:
        super().__init__(*args, **more)
        self._reader = reader
        self._admin_id = reader.admin_id or 0
        self._news = news
        self._told: Shape | None = None
        self._viewers: list[dict[str, str]] = []

    def record(self, db: Connection) -> Any | None:
        return record_by_id(db, self._session_id)

    def may_see(self, db: Connection) -> bool:
        return is_signed_in(db, self._token, self._admin_id)

    def message(self, entry: Any) -> Shape:
        return admin_message(entry, self._translate, reader=self._reader)

    def typing(self, db: Connection, hint: Typing) -> Shape | None:
        if hint.admin_id == self._admin_id:
            return None
        if hint.admin_id is None:
            record = record_by_id(db, self._session_id)
            name = record.customer_name if record else None
            return {"from": "customer", "author": name, "typing": hint.typing}
        return {
            "from": "admin",
            "author": admin_name(db, hint.admin_id),
            "typing": hint.typing,
        }

    def _read(self, db: Connection, *, session_first: bool = False) -> bytes | None:
        found = super()._read(db, session_first=session_first)
        if found is None:
            return None
        viewers = viewers_of(db, self._session_id, self._admin_id)
        if viewers == self._viewers:
            return found
        self._viewers = viewers
        return found + event("viewers", {"admins": viewers})

    def _aside(self, db: Connection, listener: Listener | None = None) -> bytes:
        figures, reader = self._realtime.figures, self._admin_id
        found, fresh = figures.get(("news", reader), lambda: news(db, reader))
        if listener is not None and not fresh:
            listener.stirred = True  # the next slow read asks for the figures again
        told = self._news(found)
        if told == self._told:
            return b""
        self._told = told
        return event("news", told)


def is_signed_in(db: Connection, token: str, admin_id: int) -> bool:
    """Whether the token of a login is still valid and belongs to this admin."""
    admin = admin_by_login(db, token)
    return admin is not None and bool(admin.id == admin_id)
