"""The bytes of a request, each read within a time limit, and its body up to its end.

Time is limited as Apache's mod_reqtimeout does it: a head has some seconds in all, a body has some seconds and a
minimum rate. A client that sends a byte now and then cannot keep a connection open.
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
BODY_TIME = 20.0  # seconds for a body, plus one for each LOWEST_RATE bytes received
LOWEST_RATE = 500.0  # bytes per second
LARGEST_FRAMING = 16 * 1024  # bytes of chunk extensions and trailers in one body
DRAIN_TIME = 3.0  # seconds for receiving the rest of an unwanted body
LARGEST_REST = 1024 * 1024  # bytes of that rest
SMALLEST_PIECE = 512  # bytes that each piece of that rest counts as, at least

_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;.*)?")


class BadBody(OSError):
    """A body that ends too early or is framed incorrectly."""


class Incoming(io.RawIOBase):
    """The bytes that arrive on a connection, each read before the current deadline."""

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
        """Expect a body, at LOWEST_RATE or faster."""
        self._deadline, self._paid = time.monotonic() + BODY_TIME, 1 / LOWEST_RATE

    def expect_rest(self) -> None:
        """Expect the rest of an unwanted body, for DRAIN_TIME."""
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
            # Reading from a socket with waiting data does not yield, and a body may come in pieces of one byte.
            time.sleep(0)
        return count

    def has_unread(self) -> bool:
        """Whether data has arrived that is still unread."""
        try:
            return bool(raw_socket(self._socket).recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except OSError:
            return False


class Body(io.RawIOBase):
    """The body of a request, without the bytes that follow it."""

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
        """Whether the body ended too early, was framed incorrectly, or took too long."""
        self.over = not head.chunked and not self._left
        """Whether the whole body has been read."""

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
        """Receive some of an unread body, so that a client that is still sending it reads the response."""
        if self.over or self.broken or self._go_on is not None:
            return
        self._begun = True
        self._incoming.expect_rest()
        buffer, left = bytearray(16 * 1024), LARGEST_REST
        try:
            while left > 0 and (count := self.readinto(buffer)):
                left -= max(count, SMALLEST_PIECE)  # its framing takes time as well
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
