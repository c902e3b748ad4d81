"""Event streams for tests: read continuously in a separate thread, from the application or from a server."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, unquote_to_bytes, urlencode

from livechat.settings import DEVELOPMENT_SECRET

PATIENCE = 60  # seconds: only a failing test waits this long
EVENTS = "text/event-stream"


@dataclass(frozen=True)
class Event:
    """One event; `data` is decoded from JSON."""

    name: str
    data: Any
    id: str | None


def until(condition: Callable[[], Any], within: float = PATIENCE) -> Any:
    """Wait until a condition is true; returns its value."""
    deadline = time.monotonic() + within
    while not (found := condition()):
        assert time.monotonic() < deadline, "It has not come to that."
        time.sleep(0.005)
    return found


class Stream:
    """Everything that a client receives, event by event. Nothing is lost between two calls."""

    def __init__(self, status: int, headers: list[tuple[str, str]], chunks: Any) -> None:
        self.status, self.headers = status, headers
        self.raw = b""
        self.events: list[Event] = []
        self.comments = 0
        self.parts: list[int] = []  # the number of messages in each part
        self.retry: int | None = None
        self.ended = False
        self._rest = b""
        self._next = 0
        self._chunks = chunks
        self._news = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def header(self, name: str) -> str | None:
        """Return a header's first value."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    @property
    def is_stream(self) -> bool:
        """Whether the answer is an event stream."""
        return self.status == 200 and (self.header("Content-Type") or "").startswith(EVENTS)

    def next(
        self, name: str, where: Callable[[Any], Any] = lambda data: True, within: float = PATIENCE
    ) -> Event:
        """Return the next event of this name whose data satisfies `where`; earlier events are skipped."""
        deadline = time.monotonic() + within
        with self._news:
            while True:
                while self._next < len(self.events):
                    event = self.events[self._next]
                    self._next += 1
                    if event.name == name and where(event.data):
                        return event
                left = deadline - time.monotonic()
                said = [f"{event.name}: {event.data}"[:300] for event in self.events[-8:]]
                assert left > 0, f"No {name} within {within} s; so far: {said}"
                assert not self.ended, f"The stream has ended without {name}: {said}"
                self._news.wait(left)

    def hears(self, body: str) -> Event:
        """Return the next message with this body."""
        return self.next("message", lambda message: message["body"] == body)

    def all(self, name: str) -> list[Any]:
        """Return the data of all events of a name so far."""
        return [event.data for event in list(self.events) if event.name == name]

    @property
    def bodies(self) -> list[str]:
        """Return the bodies of all messages so far."""
        return [message["body"] for message in self.all("message")]

    def ends(self, within: float = PATIENCE) -> float:
        """Wait for the stream to end; returns the seconds that took."""
        begun = time.monotonic()
        until(lambda: self.ended, within)
        return time.monotonic() - begun

    def close(self) -> None:
        """Disconnect."""
        with contextlib.suppress(
            AttributeError
        ):  # in this process: so that the thread does not wait on
            self._chunks._listener.end()
        if hasattr(self._chunks, "close"):
            self._chunks.close()

    def _read(self) -> None:
        try:
            for chunk in self._chunks:
                with self._news:
                    self._take(chunk)
                    self._news.notify_all()
        except (OSError, http.client.HTTPException):
            pass  # disconnected by either side
        finally:
            with self._news:
                self.ended = True
                self._news.notify_all()
            if hasattr(self._chunks, "close"):
                self._chunks.close()

    def _take(self, chunk: bytes) -> None:
        self.raw += chunk
        self.parts.append(chunk.count(b"event: message"))
        *blocks, self._rest = (self._rest + chunk).split(b"\n\n")
        for block in blocks if self.is_stream else []:
            fields: dict[str, str] = {}
            for line in block.decode().split("\n"):
                name, _colon, value = line.partition(":")
                assert name not in fields, f"{name} twice: {block!r}"
                fields[name] = value.removeprefix(" ")
            assert set(fields) <= {"", "id", "event", "data", "retry"}, block
            if "event" in fields:
                event = Event(fields["event"], json.loads(fields["data"]), fields.get("id"))
                self.events.append(event)
            elif "retry" in fields:
                self.retry = int(fields["retry"])
            else:
                self.comments += 1


def open_stream(
    app: Any, path: str, headers: dict[str, str], *, method: str = "GET", **query: str
) -> Stream:
    """Open a stream of a WSGI application. An answer that is no stream is read to its end."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": urlencode(query),
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost:80",
        "REMOTE_ADDR": "203.0.113.7",
        "wsgi.url_scheme": "http",
        "wsgi.input": None,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    environ |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    said: list[Any] = []
    chunks = app(environ, lambda status, head, exc_info=None: said.append((status, head)))
    ((status, head),) = said
    return Stream(int(status.split()[0]), head, chunks)


class Remote:
    """A server as a WSGI application: requests to it go through the server's port."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.registry = {"livechat.settings": SimpleNamespace(secret=DEVELOPMENT_SECRET)}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        headers = {
            name[5:].replace("_", "-").title(): value
            for name, value in environ.items()
            if name.startswith("HTTP_")
        }
        if environ.get("CONTENT_TYPE"):
            headers["Content-Type"] = environ["CONTENT_TYPE"]
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length) if length else None
        address = quote(environ["PATH_INFO"].encode("latin-1"))
        if environ["QUERY_STRING"]:
            address += "?" + environ["QUERY_STRING"]
        # A stream that is silent for longer than a heartbeat fails the test.
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        headers["Connection"] = "close"
        connection.request(environ["REQUEST_METHOD"], address, body, headers)
        line = connection.sock
        response = connection.getresponse()
        hop = {"connection", "transfer-encoding", "keep-alive"}
        head = [(name, value) for name, value in response.getheaders() if name.lower() not in hop]
        start_response(f"{response.status} {response.reason}", head)
        return _Body(response, line)


class _Body:
    """The body of an answer, read as it arrives."""

    def __init__(self, response: http.client.HTTPResponse, line: socket.socket) -> None:
        self._response, self._line = response, line

    def __iter__(self) -> Iterator[bytes]:
        while chunk := self._response.read1(65536):
            yield chunk

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)
        self._line.close()
