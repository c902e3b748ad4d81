"""Thousands of open streams: they connect, parse as little as possible, and reconnect as the pages do."""

from __future__ import annotations

import contextlib
import errno
import random
import re
import socket
from collections import deque
from collections.abc import Callable

from loop import READ, WRITE, Loop, clock, request

AT_ONCE = 256  # connections that may be opening at the same time
PORTS = 20_000  # connections from one address; the system has a few more ports
_ID = re.compile(rb"id: (\S+)\n")
_HEARD = re.compile(rb'event: message\ndata: .*?"body":"k(\d+) ')


class Stream:
    """One open stream. `heard(number, moment)` is called for each numbered message that arrives."""

    __slots__ = (
        "_asked", "_headers", "_path", "_rest", "_socket", "at", "begun", "crowd", "drops", "heard",
        "last_id", "port", "source",
    )  # fmt: skip

    def __init__(
        self,
        crowd: Crowd,
        path: str,
        headers: dict[str, str],
        after: str | None,
        heard: Callable[[int, float], None] | None,
    ) -> None:
        self.crowd, self.heard = crowd, heard
        self._path, self._headers = path, headers
        self.last_id = after.encode() if after else b""
        self._socket: socket.socket | None = None
        self._rest = b""
        self.begun = 0.0  # when its first event came; 0 while it is closed
        self.at = 0.0
        self.drops = 0
        self.port = 0
        self.source = ""

    def connect(self) -> None:
        """Start connecting."""
        loop = self.crowd.loop
        one = self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        one.setblocking(False)
        # Each source address has its own ports.
        one.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT: chosen when connecting
        one.bind((self.source, 0))
        code = one.connect_ex(self.crowd.address)
        if code not in {0, errno.EINPROGRESS}:
            self._ended()
            return
        loop.watch(one.fileno(), WRITE, self._connected)

    def _connected(self, _events: int) -> None:
        assert self._socket is not None
        if self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self._ended()
            return
        self.port = self._socket.getsockname()[1]
        headers = self._headers | {"Accept": "text/event-stream"}
        if self.last_id:
            headers["Last-Event-ID"] = self.last_id.decode()
        try:
            self._socket.send(request("GET", self._path, headers))
        except OSError:
            self._ended()
            return
        self.crowd.loop.watch_again(self._socket.fileno(), READ, self._readable)

    def _readable(self, _events: int) -> None:
        assert self._socket is not None
        try:
            data = self._socket.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        moment = clock()
        if not data:
            self._ended()
        elif len(data) < 10 and not self._rest:
            self.crowd.beats += 1  # "3\r\n:\n\n\r\n"
        else:
            self._take(data, moment)

    def _take(self, data: bytes, moment: float) -> None:
        data = self._rest + data
        if not self.begun:
            if not data.startswith(b"HTTP/1.1 200") and len(data) > 12:
                self.crowd.refused += 1
                self._ended()
                return
            if b"\nevent: " not in data:
                self._rest = data
                return
            self.begun = moment
            self.crowd.began(self)
        end = data.rfind(b"\n\n") + 2
        if end == 1:
            self._rest = data
            return
        # After the last event comes only the end of a chunk, or the beginning of the next one.
        self._rest = b"" if len(data) - end <= 2 else data[end:]
        events = data[:end]
        ids = _ID.findall(events)
        if ids:
            self.last_id = ids[-1]
        if self.heard is not None and b"event: message" in events:
            for number in _HEARD.findall(events):
                self.heard(int(number), moment)

    def _ended(self) -> None:
        was_open = self.begun
        self.begun, self._rest = 0.0, b""
        if self._socket is not None:
            self.crowd.loop.forget(self._socket.fileno())
            self._socket.close()
            self._socket = None
        self.crowd.ended(self, was_open)

    def close(self) -> None:
        """Close the stream for good."""
        if self._socket is not None:
            self.crowd.loop.forget(self._socket.fileno())
            self._socket.close()
            self._socket = None


class Crowd:
    """All streams to one server."""

    def __init__(self, loop: Loop, address: tuple[str, int]) -> None:
        self.loop, self.address = loop, address
        self.streams: list[Stream] = []
        self.open = self.beats = self.refused = self.lost = 0
        self.back: list[float] = []  # when each lost stream was open again
        self._waiting: deque[Stream] = deque()
        self._connecting: set[Stream] = set()
        self._closed = False

    def add(
        self,
        path: str,
        headers: dict[str, str],
        after: str | None = None,
        heard: Callable[[int, float], None] | None = None,
    ) -> Stream:
        """Add a stream, which `open_all` opens."""
        stream = Stream(self, path, headers, after, heard)
        stream.source = f"127.0.0.{2 + len(self.streams) // PORTS}"
        self.streams.append(stream)
        self._waiting.append(stream)
        return stream

    def open_all(self, within: float) -> float:
        """Open all streams, some at a time. Returns the seconds until the last first event."""
        began = clock()
        self._go_on()
        if not self.loop.run(within, until=lambda: self.open == len(self.streams)):
            raise SystemExit(
                f"Only {self.open} of {len(self.streams)} streams are open after {within:g} s; "
                f"{self.refused} were refused."
            )
        return clock() - began

    def began(self, stream: Stream) -> None:
        """Called when a stream is open."""
        self.open += 1
        if stream.drops:
            self.back.append(clock())
        self._connecting.discard(stream)
        self._go_on()

    def ended(self, stream: Stream, was_open: float) -> None:
        """Called when a stream has ended or failed to open. It reconnects after a pause (static/common/stream.js)."""
        self._connecting.discard(stream)
        if was_open:
            self.open -= 1
            self.lost += 1
        if self._closed:
            return
        stream.drops = 1 if was_open else stream.drops + 1
        wait = random.uniform(0.5, 3.0)
        if stream.drops > 1:
            wait = min(2.0 ** (stream.drops - 1), 60) * random.uniform(0.75, 1.25)
        self.loop.at(clock() + wait, stream.connect)
        self._go_on()

    def close(self) -> None:
        """Close all streams for good."""
        self._closed = True
        for stream in self.streams:
            with contextlib.suppress(OSError):
                stream.close()

    def _go_on(self) -> None:
        while self._waiting and len(self._connecting) < AT_ONCE:
            stream = self._waiting.popleft()
            self._connecting.add(stream)
            stream.connect()
