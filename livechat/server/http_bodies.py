"""What arrives on a connection, within bounds of time: the bytes of a request, and its body up to its end.

Time is bounded as Apache's mod_reqtimeout does it: a head has some seconds in all, a body some seconds and a lowest
rate. A client that sends a byte now and then does not keep a connection.
"""

from __future__ import annotations

import io
import re
import socket
import time
from collections.abc import Callable
from typing import Any

from ..gevent_support import raw_socket
from .http_requests import CONTROL, LONGEST_LINE, TOKEN, Head

IDLE = 75.0  # seconds a connection may wait for its next request
HEAD_TIME = 15.0  # seconds from the first byte of a request to the end of its head
BODY_TIME = 20.0  # seconds for a body, and one more for each LOWEST_RATE bytes that have come
LOWEST_RATE = 500.0  # bytes a second
LARGEST_FRAMING = 16 * 1024  # bytes of chunk extensions and trailers in one body
DRAIN_TIME = 3.0  # seconds in which the rest of an unwanted body is still received
LARGEST_REST = 1024 * 1024  # bytes of it
SMALLEST_PIECE = 512  # bytes that a piece of it counts at least

_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;.*)?")


class BadBody(OSError):
    """A body that breaks off or is not framed as it should be."""


class Incoming(io.RawIOBase):
    """The bytes that arrive on a connection, each read within the time that is left for it."""

    def __init__(self, sock: Any) -> None:
        self._socket = sock
        self._deadline: float | None = None
        self._paid = 0.0

    @property
    def idle(self) -> bool:
        """Whether no byte of the next request has arrived."""
        return self._deadline is None

    def expect_request(self) -> None:
        """Wait for the next request, which has HEAD_TIME from its first byte on."""
        self._deadline, self._paid = None, 0.0

    def expect_body(self) -> None:
        """From now on a body comes, at LOWEST_RATE at least."""
        self._deadline, self._paid = time.monotonic() + BODY_TIME, 1 / LOWEST_RATE

    def expect_rest(self) -> None:
        """Give what nobody wants a little time."""
        self._deadline, self._paid = time.monotonic() + DRAIN_TIME, 0.0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = IDLE if self._deadline is None else self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("The request took too long.")
        self._socket.settimeout(left)
        count: int = self._socket.recv_into(buffer)
        if self._deadline is None:
            self._deadline = time.monotonic() + HEAD_TIME
        else:
            self._deadline += count * self._paid
            # A socket on which more is waiting does not yield, and a body may come in pieces of one byte.
            time.sleep(0)
        return count

    def has_unread(self) -> bool:
        """Whether something has arrived that nobody has read."""
        try:
            return bool(raw_socket(self._socket).recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except OSError:
            return False


class Body(io.RawIOBase):
    """The body of a request, and nothing of what comes after it."""

    def __init__(
        self, head: Head, reader: Any, incoming: Incoming, go_on: Callable[[], None]
    ) -> None:
        self._reader, self._incoming = reader, incoming
        self._go_on = go_on if head.waits_to_send else None
        self._chunked = head.chunked
        self._left = head.length or 0
        self._room = LARGEST_FRAMING
        self._begun = False
        self.broken = False
        """Whether it has ended too early, is not framed as it should be, or has taken too long."""
        self.over = not head.chunked and not self._left
        """Whether all of it has been read."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self.over:
            return 0
        if self.broken:
            raise BadBody("The body ended before it was complete.")
        try:
            if not self._begun:
                self._begin()
            return self._read_some(memoryview(buffer))
        except BaseException:
            self.broken = True
            raise

    def drain(self) -> None:
        """Receive a little of what nobody has read, so that a client that still sends it reads the answer."""
        if self.over or self.broken or self._go_on is not None:
            return
        self._begun = True
        self._incoming.expect_rest()
        buffer, left = bytearray(16 * 1024), LARGEST_REST
        try:
            while left > 0 and (count := self.readinto(buffer)):
                left -= max(count, SMALLEST_PIECE)  # its framing takes time, too
        except OSError:
            return

    def _begin(self) -> None:
        self._begun = True
        self._incoming.expect_body()
        if self._go_on is not None:
            self._go_on()
            self._go_on = None

    def _read_some(self, buffer: memoryview) -> int:
        if self._chunked and not self._left:
            self._left = self._next_size()
            if not self._left:
                self._skip_trailers()
                self.over = True
                return 0
        wanted = min(len(buffer), self._left)
        count: int = self._reader.readinto(buffer[:wanted])
        if count < wanted:
            raise BadBody("The body ended before it was complete.")
        self._left -= count
        if not self._left:
            if not self._chunked:
                self.over = True
            elif self._reader.read(2) != b"\r\n":
                raise BadBody("A chunk is longer than its size.")
        return count

    def _next_size(self) -> int:
        match = _CHUNK_SIZE.fullmatch(self._framing_line())
        if match is None:
            raise BadBody("A chunk does not start with its size.")
        self._room += len(match[1])  # only what comes with it counts
        return int(match[1], 16)

    def _skip_trailers(self) -> None:
        while line := self._framing_line():
            name, colon, _value = line.partition(b":")
            if not colon or not TOKEN.fullmatch(name):
                raise BadBody("A trailer is not a header field.")

    def _framing_line(self) -> bytes:
        line: bytes = self._reader.readline(LONGEST_LINE + 2)
        if not line.endswith(b"\r\n") or CONTROL.search(line[:-2]):
            raise BadBody("A chunk is not framed correctly.")
        self._room -= len(line) - 2
        if self._room < 0:
            raise BadBody("The chunks carry too much besides the body.")
        return line[:-2]
