"""Requests that no well-behaved client sends: arbitrary bytes in the path, query, headers and body."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_to_bytes


@dataclass
class Answer:
    """An answer."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """Return a header's first value."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    @property
    def alike(self) -> tuple[Any, ...]:
        """All of it, for comparisons."""
        return self.status, sorted(self.headers), self.body


def ask(
    wsgi: Any,
    method: str = "GET",
    path: str = "/",
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    *,
    query: str = "",
    **environ: Any,
) -> Answer:
    """Send a request straight to the WSGI application. `path` and `query` are percent-encoded; nothing is checked."""
    env: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost:80",
        "REMOTE_ADDR": "192.0.2.77",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in (headers or {}).items():
        key = name.upper().replace("-", "_")
        env[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"] = value
    env.update(environ)
    answer = Answer(0)

    def start_response(status: str, head: list[tuple[str, str]], exc_info: Any = None) -> Any:
        answer.status, answer.headers = int(status.split()[0]), list(head)
        return lambda data: None

    chunks = wsgi(env, start_response)
    try:
        # A stream has no end; its beginning is enough.
        endless = (answer.header("Content-Type") or "").startswith("text/event-stream")
        answer.body = next(iter(chunks), b"") if endless else b"".join(chunks)
    finally:
        if hasattr(chunks, "close"):
            chunks.close()
    return answer


def said(answer: Answer) -> str:
    """Return the code of a JSON error, after checking the error's shape."""
    assert answer.header("Content-Type") == "application/json"
    error = json.loads(answer.body)["error"]
    assert set(error) <= {"code", "message", "field"}
    assert error["message"][0].isupper()
    assert error["message"][-1] in ".?!}"
    code: str = error["code"]
    return code
