"""What a serving process remembers so that polls without news cost little: the whole contract.

A poll that has nothing new is by far the most frequent request. On SQLite a process remembers what such polls ask for
(`PollCache`): whose a token is, whose a conversation is, the conversation as its customer last saw it, and the very
answer to the same request (address, token, origin), which `replay_polls` gives again before Pyramid does anything.

Right: it is no second opinion on who may see what. Tree, ACL and view have made each answer, and it is kept only as
long as they are sure to make it again:

- The view says with `without_news` that an answer may be kept. It is not kept when anything was forgotten meanwhile.
- What this process commits is forgotten before the commit's answer is sent (`Wakeup.after_commit`).
- What others commit through `livechat.db.session.transaction`, the command line above all, is counted in the same
  transaction, and that count is read for every poll: a few microseconds on SQLite (`db.changes.OutsideWrites`).
- What is committed past all of it (a shell of the database) is noticed by SQLite's own counter, 50 ms later.
- A token is asked for again after TOKENS_FOR seconds, so no answer is replayed longer than that.

Bounded: each memory has a size in bytes, because clients choose addresses, headers and names, and a conversation has
a few answers at most. On PostgreSQL to read the count would take as long as to read the conversation, so there
nothing is remembered.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Hashable, Iterable, Mapping
from hashlib import sha256
from typing import Any, NamedTuple

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid.tweens import INGRESS
from sqlalchemy import Engine

from ..accounts.guests import guest_id_by_token, hash_token
from ..conversation.records import customer_record, record_by_uuid
from ..db.changes import OutsideWrites
from ..db.dialects import Reader
from ..db.session import READING_METHODS
from ..desk.presence import CUSTOMER
from .bounded import Bounded

MOST_ANSWERS, MOST_SESSIONS, MOST_OWNERS, MOST_TOKENS = (n * 2**20 for n in (32, 32, 8, 8))
"""Bytes of each memory."""
ANSWERS_EACH = 16
"""Answers of one conversation: its tabs, each with a cursor of its own."""
TOKENS_FOR, SESSIONS_FOR = 10.0, 30.0
"""Seconds for which a token, and a conversation, count as known."""
WAITING_FOR = 1.0
"""Seconds for a conversation that waits: its place in the queue changes without it."""
_ANSWER_DEPENDS_ON = (
    "PATH_INFO",
    "SCRIPT_NAME",
    "QUERY_STRING",
    "HTTP_AUTHORIZATION",
    "HTTP_ORIGIN",
    "HTTP_ACCEPT",
    "HTTP_HOST",
    "wsgi.url_scheme",
)
"""All that the answer to a customer's GET depends on. Cookies are ignored there."""


class Owner(NamedTuple):
    """What never changes of a conversation: as little of a row as an act needs to find and to guard it."""

    id: int
    uuid: uuid.UUID
    guest_id: int


class Answer(NamedTuple):
    """What a poll without news was answered."""

    until: float
    session_id: int
    body: bytes
    headers: tuple[tuple[str, str], ...]


class PollCache:
    """The base, which remembers nothing: each answer is read. PostgreSQL has this one."""

    changes = 0
    """Grows with whatever is forgotten. What was read at a lower count is not remembered."""

    def answer(self, key: Hashable) -> Answer | None:
        """The answer that this request would get now, if that is sure."""
        return None

    def keep_answer(
        self,
        key: Hashable,
        session_id: int,
        body: bytes,
        headers: tuple[tuple[str, str], ...],
        changes: int,
    ) -> None:
        """Remember an answer, unless anything has been forgotten since there were so many `changes`."""

    def guest_id(self, db: Callable[[], Reader], token: str) -> int | None:
        """The guest whom a token proves. `db` gives what is read with, when it is needed."""
        return guest_id_by_token(db(), token)

    def conversation(self, request: Request, name: uuid.UUID) -> Any | None:
        """The conversation that customers know by this name, as a row.

        For a request that reads: as its customer is told of it. For one that writes: its `Owner`, because the rest is
        read when it is locked.
        """
        find = self._shown if request.method in READING_METHODS else self._owner
        return find(lambda: request.db, name)

    def _shown(self, db: Callable[[], Reader], name: uuid.UUID) -> Any | None:
        return customer_record(db(), name)

    def _owner(self, db: Callable[[], Reader], name: uuid.UUID) -> Owner | None:
        record = record_by_uuid(db(), name)
        return None if record is None else Owner(record.id, record.uuid, record.guest_id)

    def forget(self, session_ids: Iterable[int]) -> None:
        """These sessions have changed."""

    def forget_all(self) -> None:
        """Anything may have changed."""

    def close(self) -> None:
        """Give back what is held."""


class MemoryPollCache(PollCache):
    """For SQLite."""

    def __init__(self, engine: Engine) -> None:
        self._outside = OutsideWrites(engine, self.forget_all)
        self._tokens: Bounded[str, tuple[float, int]] = Bounded(MOST_TOKENS)
        self._names: dict[int, uuid.UUID] = {}
        self._sessions: Bounded[uuid.UUID, tuple[float, Any]] = Bounded(
            MOST_SESSIONS, lambda _name, kept: self._names.pop(kept[1].id, None)
        )
        self._owners: Bounded[uuid.UUID, Owner] = Bounded(MOST_OWNERS)
        self._answers: Bounded[Hashable, Answer] = Bounded(MOST_ANSWERS, self._unlist)
        self._asked: dict[int, dict[Hashable, None]] = {}
        """The keys of a session's answers, the oldest first."""

    def answer(self, key: Hashable) -> Answer | None:
        if self._answers.get(key) is None:
            return None
        self._outside.look()
        kept = self._answers.get(key)
        if kept is not None and kept.until < time.monotonic():
            self._drop(key)
            return None
        return kept

    def keep_answer(
        self,
        key: Hashable,
        session_id: int,
        body: bytes,
        headers: tuple[tuple[str, str], ...],
        changes: int,
    ) -> None:
        if changes != self.changes:
            return
        until = time.monotonic() + TOKENS_FOR
        size = len(body) + sum(len(name) + len(value) + 100 for name, value in headers)
        asked = self._asked.setdefault(session_id, {})
        for oldest in list(asked)[: max(0, len(asked) - ANSWERS_EACH + 1)]:
            self._drop(oldest)
        self._asked.setdefault(session_id, {})[key] = None
        self._answers.put(key, Answer(until, session_id, body, headers), size)

    def guest_id(self, db: Callable[[], Reader], token: str) -> int | None:
        self._outside.look()
        key = hash_token(token)
        until, guest_id = self._tokens.get(key) or (0.0, 0)
        moment = time.monotonic()
        if until > moment:
            return guest_id
        changes = self.changes
        found = super().guest_id(db, token)
        if found is not None and changes == self.changes:
            self._tokens.put(key, (moment + TOKENS_FOR, found), len(key))
        return found

    def _shown(self, db: Callable[[], Reader], name: uuid.UUID) -> Any | None:
        self._outside.look()
        until, record = self._sessions.get(name) or (0.0, None)
        moment = time.monotonic()
        if until > moment:
            return record
        changes = self.changes
        record = super()._shown(db, name)
        # Not when something was committed while we were reading: it might have been this.
        if record is not None and changes == self.changes:
            self._names[record.id] = name
            keep = SESSIONS_FOR if record.before is None else WAITING_FOR
            self._sessions.put(name, (moment + keep, record), _size_of(record))
        return record

    def _owner(self, db: Callable[[], Reader], name: uuid.UUID) -> Owner | None:
        found = self._owners.get(name)
        if found is None:
            found = super()._owner(db, name)
            if found is not None:
                self._owners.put(name, found, 0)
        return found

    def forget(self, session_ids: Iterable[int]) -> None:
        self.changes += 1
        for number in session_ids:
            for key in self._asked.pop(number, ()):
                self._answers.pop(key)
            name = self._names.pop(number, None)
            if name is not None:
                self._sessions.pop(name)

    def forget_all(self) -> None:
        self.changes += 1
        for kept in (self._tokens, self._sessions, self._owners, self._answers):
            kept.clear()
        self._names, self._asked = {}, {}

    def _drop(self, key: Hashable) -> None:
        kept = self._answers.pop(key)
        if kept is not None:
            self._unlist(key, kept)

    def _unlist(self, key: Hashable, kept: Answer) -> None:
        asked = self._asked.get(kept.session_id, {})
        asked.pop(key, None)
        if not asked:
            self._asked.pop(kept.session_id, None)

    def close(self) -> None:
        self._outside.close()


def _size_of(record: Any) -> int:
    """The bytes of a row: its texts, at four bytes a character at most, and as much for the rest of it."""
    return 2000 + sum(4 * len(value) for value in record if isinstance(value, str))


def without_news(request: Request, session_id: int) -> None:
    """Say that the answer to this request may be kept: a poll of a conversation that had nothing new."""
    request.polled_without_news = session_id


def replay_polls(
    handler: Callable[[Request], Response], registry: Any
) -> Callable[[Request], Response]:
    """A tween, before everything else."""

    def tween(request: Request) -> Response:
        environ = request.environ
        if request.method != "GET" or "/messages/" not in environ.get("PATH_INFO", ""):
            return handler(request)
        realtime = registry["livechat.realtime"]
        cache, key = realtime.poll_cache, _fingerprint(environ)
        kept = cache.answer(key)
        if kept is not None:
            realtime.open_pages.polled(CUSTOMER, kept.session_id)
            return Response(body=kept.body, headerlist=list(kept.headers))
        changes = cache.changes
        response = handler(request)
        session_id = getattr(request, "polled_without_news", None)
        if session_id is not None and response.status_int == 200:
            cache.keep_answer(key, session_id, response.body, tuple(response.headerlist), changes)
        return response

    return tween


def _fingerprint(environ: Mapping[str, Any]) -> bytes:
    """What the answer depends on, hashed. Clients choose the length of a header, but not that of a key."""
    asked = repr([environ.get(name) for name in _ANSWER_DEPENDS_ON])
    return sha256(asked.encode("utf-8", "replace")).digest()


def includeme(config: Configurator) -> None:
    config.add_tween(
        "livechat.realtime.poll_cache.replay_polls",
        under=INGRESS,
        over="livechat.web.request_body.read_request",
    )
