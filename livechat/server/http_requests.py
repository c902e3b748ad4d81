"""Reading the head of an HTTP/1.1 request strictly, with or without a proxy in front.

RFC 9112 leaves room for guessing where a request ends. If two servers guess differently, one client's bytes become
another's request (request smuggling, section 11.2). So anything ambiguous is refused: two lengths, a length together
with a transfer coding, folded lines, a bare line feed, a space before a colon.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote_to_bytes

LONGEST_LINE = 8 * 1024  # bytes
LARGEST_HEAD = 32 * 1024  # bytes
MOST_FIELDS = 100

TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_REQUEST_LINE = re.compile(
    rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,32}) ([\x21\x22\x24-\x7e\x80-\xff]+) HTTP/([0-9])\.([0-9])"
)
_ABSOLUTE = re.compile(rb"https?://([^/?]+)([/?].*)?", re.IGNORECASE)
_AUTHORITY = re.compile(rb"(?:[A-Za-z0-9\-._~%!$&'()*+,;=]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?")
CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_LENGTH = re.compile(rb"[0-9]{1,15}")
_ONCE = {b"host", b"content-length", b"content-type", b"transfer-encoding"}


class BadRequest(Exception):
    """A request refused before the application sees it, with the response's status and a sentence."""

    def __init__(self, status: str, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message

    def answer(self) -> bytes:
        """The whole response. It closes the connection, because the bytes that follow could be anything."""
        return closing_answer(self.status, self.message)


def closing_answer(status: str, message: str, code: str = "", more: str = "") -> bytes:
    """A response in the format of all errors, made without the application.

    `code`: the error code, by default made from `status`; `more`: further lines of the head, each with its CR LF.
    """
    code = code or status.partition(" ")[2].lower().replace(" ", "_")
    body = json.dumps({"error": {"code": code, "message": message}}).encode()
    head = (
        f"HTTP/1.1 {status}\r\n{more}Connection: close\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Ended(Exception):
    """The client has closed the connection before its request was complete."""


class Head:
    """The request line and the header fields of a request, checked."""

    def __init__(self, method: bytes, target: bytes, minor: int) -> None:
        self.method, self.target = method.decode("latin-1"), target
        self.version = f"HTTP/1.{minor}"
        self.fields: dict[bytes, bytes] = {}
        """By name in lower case; fields of the same name are joined (RFC 9110, section 5.3)."""
        self.length: int | None = None
        self.chunked = False

    @property
    def closes(self) -> bool:
        """Whether the client wants the connection closed after this request."""
        wishes = {word.strip() for word in self.fields.get(b"connection", b"").lower().split(b",")}
        return b"close" in wishes or (self.version == "HTTP/1.0" and b"keep-alive" not in wishes)

    @property
    def waits_to_send(self) -> bool:
        """Whether the client waits for ``100 Continue`` before it sends its body."""
        return b"expect" in self.fields and self.version == "HTTP/1.1"

    def environ(self) -> dict[str, str]:
        """The part of a WSGI environment that the head determines."""
        path, _mark, query = self.target.partition(b"?")
        environ = {
            "REQUEST_METHOD": self.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query.decode("latin-1"),
            "SERVER_PROTOCOL": self.version,
        }
        for name, value in self.fields.items():
            if b"_" in name:
                continue  # in an environment it would look like the name with a hyphen
            key = name.decode().upper().replace("-", "_")
            known = key in {"CONTENT_TYPE", "CONTENT_LENGTH"}
            environ[key if known else f"HTTP_{key}"] = value.decode("latin-1")
        return environ


def read_head(reader: Any) -> Head:
    """Read a request up to its body.

    Raises BadRequest if it is malformed or too large, Ended if the client closes the connection, and OSError.
    """
    line = _line(reader, first=True)
    if not line:  # RFC 9112, section 2.2: ignore an empty line before a request
        line = _line(reader, first=True)
    match = _REQUEST_LINE.fullmatch(line)
    if match is None:
        raise BadRequest("400 Bad Request", "This is not an HTTP request.")
    method, target, major, minor = match.groups()
    if major != b"1" or minor not in b"01":
        raise BadRequest(
            "505 HTTP Version Not Supported", "Only HTTP/1.0 and HTTP/1.1 are supported."
        )
    head = Head(method, target, int(minor))
    room = LARGEST_HEAD - len(line)
    count = 0
    while line := _line(reader):
        room, count = room - len(line), count + 1
        if room < 0 or count > MOST_FIELDS:
            raise BadRequest(
                "431 Request Header Fields Too Large", "The request has too many header fields."
            )
        _add_field(head, line)
    _check_target(head)
    _check_framing(head)
    return head


def _line(reader: Any, *, first: bool = False) -> bytes:
    line: bytes = reader.readline(LONGEST_LINE + 2)
    if line.endswith(b"\r\n"):
        return line[:-2]
    if not line.endswith(b"\n") and len(line) <= LONGEST_LINE:
        raise Ended
    if len(line) > LONGEST_LINE:
        status = "414 URI Too Long" if first else "431 Request Header Fields Too Large"
        raise BadRequest(status, "A line of the request is too long.")
    raise BadRequest("400 Bad Request", "A line of the request does not end in CR LF.")


def _add_field(head: Head, line: bytes) -> None:
    name, colon, value = line.partition(b":")
    if not colon or not TOKEN.fullmatch(name):  # folded lines, too, and a space before the colon
        raise BadRequest("400 Bad Request", "A line of the request is not a header field.")
    name, value = name.lower(), value.strip(b" \t")
    if CONTROL.search(value):
        raise BadRequest("400 Bad Request", "A header field contains a control character.")
    if name in head.fields:
        if name in _ONCE:
            raise BadRequest(
                "400 Bad Request", "A header field that is allowed once appears twice."
            )
        between = b"; " if name == b"cookie" else b","
        value = head.fields[name] + between + value
    head.fields[name] = value


def _check_target(head: Head) -> None:
    if not head.target.startswith(b"/"):
        # A server must accept the absolute form; its authority replaces the host (RFC 9112, section 3.2.2).
        absolute = _ABSOLUTE.fullmatch(head.target)
        if absolute is None:
            raise BadRequest("400 Bad Request", "The address of the request is not a path.")
        rest = absolute[2] or b"/"
        head.target = rest if rest.startswith(b"/") else b"/" + rest
        if b"host" in head.fields or head.version == "HTTP/1.0":
            head.fields[b"host"] = absolute[1]
    host = head.fields.get(b"host")
    if host is None and head.version == "HTTP/1.1":
        raise BadRequest("400 Bad Request", "The request has no host.")
    if host is not None and not _AUTHORITY.fullmatch(host):
        raise BadRequest("400 Bad Request", "The host in the request is not valid.")


def _check_framing(head: Head) -> None:
    length, coding = head.fields.get(b"content-length"), head.fields.get(b"transfer-encoding")
    if coding is not None:
        if length is not None or head.version == "HTTP/1.0":
            raise BadRequest("400 Bad Request", "The request gives two lengths for its body.")
        if coding.lower() != b"chunked":
            raise BadRequest(
                "501 Not Implemented", "The only supported transfer coding is chunked."
            )
        head.chunked = True
    elif length is not None:
        if not _LENGTH.fullmatch(length):
            raise BadRequest("400 Bad Request", "Content-Length is not a number.")
        head.length = int(length)
    if head.fields.get(b"expect", b"100-continue").lower() != b"100-continue":
        raise BadRequest(
            "417 Expectation Failed", "The only supported expectation is 100-continue."
        )
