"""A stream of server-sent events as a WSGI answer: it waits, is woken, reads its feed, and says what is new.

It has begun before it is answered (`EventStream.begin`), so what goes wrong then is an error like any other: 503 when
the database is away. A stream that fails to read later ends, and is never read again: its client comes back with the
last id it has received, which says what it has and nothing more.

Nothing is queued for a reader: as long as one does not read, its stream is not asked for more, and the server
ends the connection after a while (server/http.py). The format is that of the HTML standard, section 9.2.
"""

from __future__ import annotations

import logging
import math
import random
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from ..db.errors import is_away, reason
from ..utf8_json import encoded
from .hub import Listener

log = logging.getLogger(__name__)
RETRY = 2000  # milliseconds after which a browser's own EventSource would come back
HEARTBEAT_EVERY = (12.0, 14.0)
"""Seconds between two heartbeats, at random, so that ten thousand are not at once."""
# What WebOb and Pyramid keep in the WSGI environment holds the whole request.
_KEPT_BY = ("webob.", "bfg.", "pyramid.", "tm.", "repoze.", "livechat.")


def _until_heartbeat() -> float:
    return random.uniform(*HEARTBEAT_EVERY)  # noqa: S311 - not a secret


class Feed(Protocol):
    """What a stream reads.

    Reading moves its position. So one that has failed to read is not asked again: what it had read by then was never
    sent.
    """

    pause: float
    """Seconds between two reads for what is not urgent."""

    silent: bool
    """Whether it reads nothing for a heartbeat alone."""

    more: bool
    """Whether the last part ended before the newest entry. A feed that has more wakes its listener itself."""

    def begin(self) -> bytes | None:
        """The backlog from the cursor, or its first part. None when the reader may not see it any more."""

    def news(
        self, listener: Listener, *, urgent: bool, slow: bool, heartbeat: bool
    ) -> bytes | None:
        """What is new; nothing is b"". None when the reader may not see it any more."""


def event(name: str, data: Any, cursor: str | None = None) -> bytes:
    """One event. JSON has no line breaks, so its data is one line."""
    identity = f"id: {cursor}\n" if cursor is not None else ""
    return f"{identity}event: {name}\ndata: ".encode() + encoded(data) + b"\n\n"


class EventStream:
    """The body of a streamed answer: an iterator with `close`, which the server calls at the end in any case."""

    goes_on = True
    """Tells the server (server/http.py) that this answer lasts."""

    heartbeat = b":\n\n"
    """A comment, which clients ignore."""

    def __init__(
        self,
        feed: Feed,
        listener: Listener,
        environ: dict[str, Any],
        on_close: Callable[[], None],
    ) -> None:
        self._feed = feed
        self._listener = listener
        self._environ: dict[str, Any] | None = environ
        self._first = b""
        self._on_close: Callable[[], None] | None = on_close
        self._heartbeat_at = 0.0
        self._slow_at = 0.0
        self.server_sends_heartbeats = False
        """Whether the server sends the heartbeats, as long as there is nothing to say (server/heartbeats.py)."""
        self.idle = False
        """Whether it waits."""

    @property
    def silent(self) -> bool:
        """Whether a heartbeat alone takes nothing but sending it."""
        return self._feed.silent

    @property
    def has_ended(self) -> bool:
        """Whether it has given back what it holds; nothing would ever wake it again."""
        return self._on_close is None

    def begin(self) -> None:
        """Read the backlog, which is the first part. A reader who may not see it any more gets a stream that has ended.

        Raises what the database says; then the stream has ended, too.
        """
        try:
            backlog = self._feed.begin()
        except BaseException:
            self.close()
            raise
        if backlog is None:
            self.close()
        else:
            self._first = f"retry: {RETRY}\n\n".encode() + backlog
            if self._feed.more:
                self._listener.wake()  # the next part follows as soon as this one has been sent

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self.has_ended:
            raise StopIteration
        try:
            chunk = self._next() if self._environ is None else self._begun()
        except BaseException as error:
            self.close()
            if not is_away(error):
                raise
            # The client comes back with its cursor, when the database is back.
            log.warning("A stream ends because the database is away: %s", reason(error))
            raise StopIteration from None
        if chunk is None:
            self.close()
            raise StopIteration
        return chunk

    def end(self) -> None:
        """The reader has left: stop waiting. Called from elsewhere than where the stream is read."""
        self._listener.end()

    def send_heartbeat(self) -> None:
        """Send a heartbeat now. Called from elsewhere, too."""
        self._heartbeat_at = 0.0
        self._listener.stir()

    def close(self) -> None:
        """Give back what the stream holds."""
        if self._on_close is not None:
            on_close, self._on_close = self._on_close, None
            on_close()

    def _begun(self) -> bytes:
        environ, self._environ = self._environ or {}, None
        for key in [key for key in environ if key.startswith(_KEPT_BY)]:
            del environ[key]
        self._heartbeat_at = time.monotonic() + _until_heartbeat()
        first, self._first = self._first, b""
        return first

    def _next(self) -> bytes | None:
        listener = self._listener
        while True:
            if self.server_sends_heartbeats:
                self._heartbeat_at = math.inf
            moment = time.monotonic()
            until = (
                min(self._heartbeat_at, self._slow_at) if listener.stirred else self._heartbeat_at
            )
            self.idle = True
            listener.wait(None if until == math.inf else max(0.0, until - moment))
            self.idle = False
            if listener.ended:
                return None
            moment = time.monotonic()
            heartbeat = moment >= self._heartbeat_at
            urgent = listener.urgent
            if urgent:  # only then: what another thread says meanwhile must not be wiped out
                listener.urgent = False
            slow = listener.stirred and moment >= self._slow_at
            if not (heartbeat or urgent or slow):
                continue
            if slow:
                listener.stirred = False
                # At random, or those who were kept waiting together would do so again and again.
                self._slow_at = moment + self._feed.pause * random.uniform(0.8, 1.3)  # noqa: S311
            chunk = self._feed.news(listener, urgent=urgent, slow=slow, heartbeat=heartbeat)
            if chunk is None:
                return None
            if chunk or heartbeat:
                self._heartbeat_at = moment + _until_heartbeat()
                return chunk or self.heartbeat
