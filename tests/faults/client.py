"""HTTP as the clients of the load use it: one persistent connection, JSON, short timeouts; and event streams."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..factories import PASSWORD

PATIENCE = 1.5  # seconds without a byte after which a client gives up on a request


class Lost(Exception):
    """There was no complete answer: what the server has done is unknown."""


@dataclass(frozen=True)
class Answer:
    """A complete answer."""

    status: int
    json: dict[str, Any]
    headers: Any
    text: str = ""

    @property
    def code(self) -> str:
        """The code of an error, or ""."""
        code: str = self.json.get("error", {}).get("code", "")
        return code


@dataclass(frozen=True)
class Event:
    """One event of a stream; a heartbeat has no name."""

    name: str = ""
    data: Any = None
    id: str | None = None
    retry: int | None = None


class Client:
    """One connection to the server, reopened after it was lost. Used by one thread at a time."""

    def __init__(self, port: int, patience: float = PATIENCE, **headers: str) -> None:
        self.port, self.patience = port, patience
        self.headers = {"Accept": "application/json", **headers}
        self._connection: http.client.HTTPConnection | None = None

    def get(self, path: str, **headers: str) -> Answer:
        """Send a GET request."""
        return self.request("GET", path, None, headers)

    def post(self, path: str, data: dict[str, Any]) -> Answer:
        """Send a POST request."""
        body = json.dumps(data).encode()
        return self.request("POST", path, body, {"Content-Type": "application/json"})

    def request(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> Answer:
        """Send a request once. Raises Lost."""
        try:
            response = self._ask(method, path, body, headers)
            text = response.read().decode()
            if response.will_close:
                self.close()
            is_json = "json" in response.headers.get("Content-Type", "")
            return Answer(
                response.status, json.loads(text) if is_json else {}, response.headers, text
            )
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            raise Lost(f"{type(error).__name__}: {error}") from None

    def stream(self, path: str, cursor: str | None) -> Iterator[Event] | Answer:
        """Yield the events of a stream after a cursor, or return the answer of a server that refuses to stream.

        Raises Lost, also during the stream, at the latest after `patience` seconds without a byte.
        """
        headers = {"Accept": "text/event-stream"}
        headers |= {"Last-Event-ID": cursor} if cursor else {}
        try:
            response = self._ask("GET", path, None, headers)
            kind = response.headers.get("Content-Type", "")
            if response.status == 200 and kind.startswith("text/event-stream"):
                return self._events(response)
            text = response.read().decode()
            self.close()
            data = json.loads(text) if "json" in kind else {}
            return Answer(response.status, data, response.headers, text)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            raise Lost(f"{type(error).__name__}: {error}") from None

    def close(self) -> None:
        """Disconnect."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def interrupt(self) -> None:
        """From another thread: interrupt the current wait."""
        connection = self._connection
        if connection is not None and connection.sock is not None:
            with contextlib.suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)

    def _ask(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> http.client.HTTPResponse:
        if self._connection is None:
            self._connection = http.client.HTTPConnection(
                "127.0.0.1", self.port, timeout=self.patience
            )
            self._connection.connect()
            self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection.request(method, path, body, self.headers | headers)
        return self._connection.getresponse()

    def _events(self, response: http.client.HTTPResponse) -> Iterator[Event]:
        fields: dict[str, str] = {}
        try:
            while line := response.readline():
                text = line.decode().rstrip("\r\n")
                if not text:
                    if fields:
                        yield _event(fields)
                    fields = {}
                elif text.startswith(":"):
                    yield Event()
                else:
                    name, _colon, value = text.partition(":")
                    value = value.removeprefix(" ")
                    both = "data" in fields and name == "data"
                    fields[name] = f"{fields['data']}\n{value}" if both else value
        except (OSError, http.client.HTTPException, ValueError, AttributeError) as error:
            # AttributeError: from http.client, when `interrupt` comes at the wrong moment
            raise Lost(f"{type(error).__name__}: {error}") from None
        finally:
            response.close()
            self.close()


def _event(fields: dict[str, str]) -> Event:
    retry = int(fields["retry"]) if fields.get("retry", "").isdigit() else None
    data = json.loads(fields["data"]) if "data" in fields else None
    return Event(fields.get("event", "message" if data else ""), data, fields.get("id"), retry)


def signed_in(port: int, username: str) -> dict[str, str]:
    """Return the headers of an admin who has signed in through the form."""
    client = Client(port, patience=20)
    page = client.get("/custom-admin/login/", Accept="text/html")
    form = {"username": username, "password": PASSWORD, "csrf_token": _token_on(page.text)}
    body = "&".join(f"{name}={value.replace(' ', '+')}" for name, value in form.items())
    cookie = _cookies(page)
    answer = client.request(
        "POST",
        "/custom-admin/login/",
        body.encode(),
        {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie},
    )
    assert answer.status == 303, answer.text
    cookie = _cookies(answer)
    page = client.get("/custom-admin/chat/", Accept="text/html", Cookie=cookie)
    client.close()
    return {"Cookie": cookie, "X-CSRF-Token": _token_on(page.text)}


def _token_on(page: str) -> str:
    match = re.search(r'name="csrf_token"\s+value="([0-9a-f]{128})"', page)
    assert match, page
    return match[1]


def _cookies(answer: Answer) -> str:
    set_cookies = answer.headers.get_all("Set-Cookie") or []
    pairs = [header.partition(";")[0] for header in set_cookies]
    return "; ".join(pair for pair in pairs if pair.partition("=")[2])
