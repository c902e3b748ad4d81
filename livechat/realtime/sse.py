"""A stream of server-sent events as a WSGI answer: it waits for a wake-up, reads its feed and sends the news.

The backlog is read before the answer starts (`EventStream.begin`), so a failure there is an ordinary error, such as
503 when the database is unavailable. A stream that fails to read later ends. Its client reconnects with the last id it
has received, so it misses nothing.

Nothing is queued for a client. While a client does not receive, its stream is not asked for more, and the server
closes the connection after a while (server/http.py). Source of the format: the HTML standard, section 9.2.
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
RETRY = 2000  # milliseconds after which a browser's own EventSource reconnects
HEARTBEAT_EVERY = (12.0, 14.0)
"""The range of seconds between two heartbeats. It is random, so that ten thousand streams do not send together."""
# The values that WebOb and Pyramid store in the WSGI environment keep the whole request in memory.
_KEPT_BY = ("webob.", "bfg.", "pyramid.", "tm.", "repoze.", "livechat.")


def _until_heartbeat() -> float:
    return random.uniform(*HEARTBEAT_EVERY)  # noqa: S311 - not a secret


class Feed(Protocol):
    """The source that a stream reads.

    Reading advances its position. After a failed read a feed is not read again, because what it had read was not sent.
    """

    pause: float
    """Seconds between two reads for news that is not urgent."""

    silent: bool
    """Whether a heartbeat alone causes no read."""

    more: bool
    """Whether the last part ended before the newest entry. If so, `news` wakes the listener for the next part."""

    def begin(self) -> bytes | None:
        """The backlog from the cursor, or its first part. None when the reader may no longer see it."""

    def news(
        self, listener: Listener, *, urgent: bool, slow: bool, heartbeat: bool
    ) -> bytes | None:
        """The new events, or b"" without any. None when the reader may no longer see them."""


def event(name: str, data: Any, cursor: str | None = None) -> bytes:
    """The bytes of one event. The JSON has no line breaks, so the data is a single line."""
    identity = f"id: {cursor}\n" if cursor is not None else ""
    return f"{identity}event: {name}\ndata: ".encode() + encoded(data) + b"\n\n"


class EventStream:
    """The body of a streamed answer: an iterator whose `close` the server always calls at the end."""

    goes_on = True
    """Tells the server (server/http.py) that this answer is long-lived."""

    heartbeat = b":\n\n"
    """An SSE comment, which clients ignore."""

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
        """Whether the server sends the heartbeats while there is no news (server/heartbeats.py)."""
        self.idle = False
        """Whether the stream is waiting for its listener."""

    @property
    def silent(self) -> bool:
        """Whether a heartbeat alone causes no read."""
        return self._feed.silent

    @property
    def has_ended(self) -> bool:
        """Whether the stream has released its resources. Nothing wakes it afterwards."""
        return self._on_close is None

    def begin(self) -> None:
        """Read the backlog, which is the first part. The stream ends if the reader may no longer see it.

        Raises the database's errors, after ending the stream.
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
            # The client reconnects with its cursor once the database is back.
            log.warning("A stream ends because the database is unavailable: %s", reason(error))
            raise StopIteration from None
        if chunk is None:
            self.close()
            raise StopIteration
        return chunk

    def end(self) -> None:
        """Stop waiting, because the client has left. May be called from any thread."""
        self._listener.end()

    def send_heartbeat(self) -> None:
        """Send a heartbeat now. May be called from any thread."""
        self._heartbeat_at = 0.0
        self._listener.stir()

    def close(self) -> None:
        """Release the stream's resources."""
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
            # Reset only then: another thread may have set it since.
            if urgent:
                listener.urgent = False
            slow = listener.stirred and moment >= self._slow_at
            if not (heartbeat or urgent or slow):
                continue
            if slow:
                listener.stirred = False
                # Random, or streams that waited together once would keep reading at the same moment.
                self._slow_at = moment + self._feed.pause * random.uniform(0.8, 1.3)  # noqa: S311
            chunk = self._feed.news(listener, urgent=urgent, slow=slow, heartbeat=heartbeat)
            if chunk is None:
                return None
            if chunk or heartbeat:
                self._heartbeat_at = moment + _until_heartbeat()
                return chunk or self.heartbeat
