"""The cache that makes polls without news cheap in a serving process, and its whole contract.

A poll without news is by far the most frequent request. On SQLite, a process caches what such polls need
(`PollCache`): the guest of a token, the owner of a conversation, the conversation as its customer last saw it, and the
complete answer to the same request (address, token, origin). `replay_polls` sends that answer before Pyramid does
any work.

Correctness: the cache makes no access decisions. The tree, ACL and view make each answer, and the cache keeps it only
as long as they would make the same answer again:

- The view calls `without_news` to allow caching. An invalidation during the request prevents it.
- A commit of this process invalidates before its answer is sent (`Wakeup.after_commit`).
- A commit of another process through `livechat.db.session.transaction`, such as the command line, increments a counter
  in the same transaction. Each poll reads that counter, which takes a few microseconds on SQLite
  (`db.changes.OutsideWrites`).
- Any other commit, such as one from a database shell, is detected within 50 ms by SQLite's own counter.
- A token is checked again after TOKENS_FOR seconds, so no answer is replayed for longer than that.

Bounds: clients choose addresses, headers and names, so each cache has a maximum size in bytes, and each conversation a
maximum number of answers. On PostgreSQL, reading the counter would take as long as reading the conversation, so
nothing is cached there.
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
"""The maximum size of each cache in bytes."""
ANSWERS_EACH = 16
"""The maximum number of cached answers for one conversation. Each open tab can have its own cursor."""
TOKENS_FOR, SESSIONS_FOR = 10.0, 30.0
"""Seconds for which a token, and a conversation, stay in the cache."""
WAITING_FOR = 1.0
"""Seconds for a queued conversation, whose position in the queue changes without a change to its row."""
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
"""The parts of the WSGI environment that determine the answer to a customer's GET. Cookies play no part in it."""


class Owner(NamedTuple):
    """The immutable columns of a conversation, which suffice to find it and to check access."""

    id: int
    uuid: uuid.UUID
    guest_id: int


class Answer(NamedTuple):
    """A cached answer to a poll without news. `until` is a time of `time.monotonic`."""

    until: float
    session_id: int
    body: bytes
    headers: tuple[tuple[str, str], ...]


class PollCache:
    """The base class, which caches nothing and reads every time. PostgreSQL uses it."""

    changes = 0
    """The number of invalidations so far. A value that was read at a lower number is not cached."""

    def answer(self, key: Hashable) -> Answer | None:
        """The cached answer to this request if it is still valid, or None."""
        return None

    def keep_answer(
        self,
        key: Hashable,
        session_id: int,
        body: bytes,
        headers: tuple[tuple[str, str], ...],
        changes: int,
    ) -> None:
        """Cache an answer, unless there have been invalidations since `changes` was read."""

    def guest_id(self, db: Callable[[], Reader], token: str) -> int | None:
        """The id of the guest with this token, or None. `db` returns a reader; it is called only when needed."""
        return guest_id_by_token(db(), token)

    def conversation(self, request: Request, name: uuid.UUID) -> Any | None:
        """The conversation with this UUID, or None.

        A request that reads gets a row of `customer_record`. A request that writes gets only the `Owner`, because it
        reads the rest when it locks the conversation.
        """
        find = self._shown if request.method in READING_METHODS else self._owner
        return find(lambda: request.db, name)

    def _shown(self, db: Callable[[], Reader], name: uuid.UUID) -> Any | None:
        return customer_record(db(), name)

    def _owner(self, db: Callable[[], Reader], name: uuid.UUID) -> Owner | None:
        record = record_by_uuid(db(), name)
        return None if record is None else Owner(record.id, record.uuid, record.guest_id)

    def forget(self, session_ids: Iterable[int]) -> None:
        """Invalidate these sessions, which have changed."""

    def forget_all(self) -> None:
        """Invalidate everything, because anything may have changed."""

    def close(self) -> None:
        """Release the cache's resources."""


class MemoryPollCache(PollCache):
    """The cache for SQLite, in the memory of the process."""

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
        """The keys of each session's answers, the oldest first."""

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
        # A commit during the read may have changed this very record, so the record is not cached then.
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
    """The upper bound of a row's bytes: its texts at four bytes a character, and 2000 for the rest."""
    return 2000 + sum(4 * len(value) for value in record if isinstance(value, str))


def without_news(request: Request, session_id: int) -> None:
    """Allow caching of the answer to this request, a poll of a conversation without news."""
    request.polled_without_news = session_id


def replay_polls(
    handler: Callable[[Request], Response], registry: Any
) -> Callable[[Request], Response]:
    """The outermost tween: answers a poll from the cache, or caches its answer if the view allows it."""

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
    """The hash of what the answer depends on. Clients choose the length of a header, but not that of a key."""
    asked = repr([environ.get(name) for name in _ANSWER_DEPENDS_ON])
    return sha256(asked.encode("utf-8", "replace")).digest()


def includeme(config: Configurator) -> None:
    config.add_tween(
        "livechat.realtime.poll_cache.replay_polls",
        under=INGRESS,
        over="livechat.web.request_body.read_request",
    )
