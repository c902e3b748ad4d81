"""A cheap client: one epoll loop, raw sockets, and only as much parsing as a measurement needs.

It runs on the machine that it measures, so every microsecond here is taken from the server.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import json
import select
import socket
import time
from collections.abc import Callable, Mapping
from typing import Any

READ = select.EPOLLIN | select.EPOLLRDHUP
WRITE = select.EPOLLOUT
clock = time.perf_counter


NO_HEADERS: Mapping[str, str] = {}


def request(
    method: str, path: str, headers: Mapping[str, str] = NO_HEADERS, data: Any = None
) -> bytes:
    """The bytes of a request; `data` becomes its JSON body."""
    body = b"" if data is None else json.dumps(data).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if data is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Loop:
    """Waits for sockets and timers. Everything runs in the thread that calls `run`."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._handlers: dict[int, Callable[[int], None]] = {}
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._number = itertools.count()

    def watch(self, file: int, events: int, handler: Callable[[int], None]) -> None:
        """Call the handler on these epoll events of a file."""
        self._handlers[file] = handler
        self._epoll.register(file, events)

    def watch_again(self, file: int, events: int, handler: Callable[[int], None]) -> None:
        """Change the events of a file, and the handler."""
        self._handlers[file] = handler
        self._epoll.modify(file, events)

    def forget(self, file: int) -> None:
        """Stop watching a file. Call this before closing it."""
        if self._handlers.pop(file, None) is not None:
            with contextlib.suppress(OSError):
                self._epoll.unregister(file)

    def at(self, moment: float, act: Callable[[], None]) -> None:
        """Call a function at a moment of `clock`."""
        heapq.heappush(self._timers, (moment, next(self._number), act))

    def run(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Run for this many seconds, or until `until()` is true. Returns whether it became true."""
        deadline = clock() + seconds
        timers, handlers, poll = self._timers, self._handlers, self._epoll.poll
        while True:
            moment = clock()
            while timers and timers[0][0] <= moment:
                heapq.heappop(timers)[2]()
            if until():
                return True
            moment = clock()
            if moment >= deadline:
                return False
            wait = min(timers[0][0], deadline) - moment if timers else deadline - moment
            for file, events in poll(max(0.0, wait), 512):
                handler = handlers.get(file)
                if handler is not None:
                    handler(events)


class Answer:
    """A response: its status, its body, and when its request was sent and it was complete (`clock`)."""

    __slots__ = ("began", "body", "ended", "status")

    def __init__(self, status: int, body: bytes, began: float) -> None:
        self.status, self.body, self.began, self.ended = status, body, began, clock()

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


class Requester:
    """A persistent connection that sends one request at a time. Status 0 means that the connection was lost."""

    def __init__(self, loop: Loop, address: tuple[str, int]) -> None:
        self.loop, self.address = loop, address
        self.socket: socket.socket | None = None
        self.port = 0
        self._got = b""
        self._size = -1
        self._began = 0.0
        self._answered: Callable[[Answer], None] | None = None

    def connect(self) -> Requester:
        """Connect, and wait until that is done."""
        self.socket = socket.create_connection(self.address, timeout=10)
        self.port = self.socket.getsockname()[1]
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.loop.watch(self.socket.fileno(), READ, self._readable)
        return self

    def ask(self, asked: bytes, answered: Callable[[Answer], None]) -> None:
        """Send a request. `answered` is called with the complete response."""
        self._got, self._size, self._answered = b"", -1, answered
        self._began = clock()
        try:
            if self.socket is None:
                self.connect()
            assert self.socket is not None
            self.socket.send(asked)  # requests are far smaller than the send buffer
        except OSError:
            self._lost()

    def close(self) -> None:
        """Close the connection."""
        if self.socket is not None:
            self.loop.forget(self.socket.fileno())
            self.socket.close()
            self.socket = None

    def _readable(self, _events: int) -> None:
        assert self.socket is not None
        try:
            data = self.socket.recv(262144)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._lost()
            return
        self._got += data
        if self._size < 0:
            end = self._got.find(b"\r\n\r\n")
            if end < 0:
                return
            at = self._got.lower().find(b"content-length:", 0, end)
            self._size = (
                end + 4 + (int(self._got[at + 15 : end].split(b"\r", 1)[0]) if at > 0 else 0)
            )
        if len(self._got) >= self._size:
            status = int(self._got[9:12])
            body = self._got[self._got.find(b"\r\n\r\n") + 4 :]
            self._hand_on(Answer(status, body, self._began))

    def _lost(self) -> None:
        self.close()
        self._hand_on(Answer(0, b"", self._began))

    def _hand_on(self, answer: Answer) -> None:
        answered, self._answered = self._answered, None
        if answered is not None:
            answered(answer)


def ask_once(loop: Loop, requester: Requester, asked: bytes, within: float = 60.0) -> Answer:
    """Send a request, and wait up to `within` seconds for the response."""
    found: list[Answer] = []
    requester.ask(asked, found.append)
    if not loop.run(within, until=lambda: bool(found)):
        raise SystemExit(f"No answer within {within:g} s to {asked[:80]!r}")
    return found[0]
