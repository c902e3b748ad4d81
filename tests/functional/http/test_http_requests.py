"""A server on the open internet: requests that no well-behaved client sends, and clients that only hold on."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from livechat.server.http_bodies import BODY_TIME, HEAD_TIME
from tests.factories import Customer, new_id
from tests.server import Server
from tests.streams import Remote, until

sqlite = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
HOST = b"Host: 127.0.0.1\r\n"
GET = b"GET /health/ HTTP/1.1\r\n" + HOST
POST = b"POST /chat/start/ HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
BODY = b'{"message": "hello"}'
NEXT = b"GET /smuggled HTTP/1.1\r\n" + HOST + b"\r\n"


class Line:
    """A connection on which a test writes arbitrary bytes."""

    def __init__(self, server: Server) -> None:
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=40)
        self.file = self.socket.makefile("rb")

    def sends(self, data: bytes) -> Line:
        with contextlib.suppress(ConnectionError):  # what was received before is still there
            self.socket.sendall(data)
        return self

    def hears(self) -> tuple[int, dict[str, str], bytes]:
        """Return the next answer: its status, its headers, its body."""
        status = int(self.file.readline().split()[1])
        headers = {}
        while line := self.file.readline().strip():
            name, _colon, value = line.decode().partition(": ")
            headers[name.lower()] = value
        return status, headers, self.file.read(int(headers.get("content-length", 0)))

    def ends(self) -> bytes:
        """Return what arrives until the other side closes."""
        try:
            return self.file.read()
        except ConnectionResetError:
            return b""

    def close(self) -> None:
        self.file.close()
        self.socket.close()


@pytest.fixture(scope="module")
def served(all_databases: Callable[[str], Any], tmp_path_factory: Any) -> Iterator[Server]:
    """One server for all tests that only send requests to it."""
    server = Server(tmp_path_factory.mktemp("http"), all_databases("sqlite").new()).start()
    yield server
    server.kill()


@pytest.fixture
def line(served: Server) -> Iterator[Line]:
    line = Line(served)
    yield line
    line.close()


def length(text: bytes | str) -> bytes:
    return b"Content-Length: " + (text.encode() if isinstance(text, str) else text) + b"\r\n"


REFUSED = {
    "two lengths that differ": (POST + length("20") + length("0") + b"\r\n" + BODY, 400),
    "the same length twice": (POST + length("20") + length("20") + b"\r\n" + BODY, 400),
    "two lengths in one field": (POST + length("20, 20") + b"\r\n" + BODY, 400),
    "a length and a coding": (
        POST + length("5") + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "a coding with HTTP/1.0": (
        POST.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "two codings": (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    "a coding that looks like chunked": (
        POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        501,
    ),
    "a length with a sign": (POST + length("+20") + b"\r\n" + BODY, 400),
    "a negative length": (POST + length("-1") + b"\r\n", 400),
    "a length in hexadecimal": (POST + length("0x14") + b"\r\n" + BODY, 400),
    "a length with an underscore": (POST + length("2_0") + b"\r\n" + BODY, 400),
    "a length of other digits": (POST + length("٢".encode()) + b"\r\n" + BODY, 400),
    "an endless length": (POST + length("9" * 4000) + b"\r\n" + BODY, 400),
    "a space before the colon": (POST + b"Content-Length : 20\r\n\r\n" + BODY, 400),
    "a folded line": (GET + b"X-One: a\r\n b\r\n\r\n", 400),
    "a bare line feed": (GET + b"X-One: a\nX-Two: b\r\n\r\n", 400),
    "line feeds only": (b"GET /health/ HTTP/1.1\nHost: 127.0.0.1\n\n", 400),
    "a bare carriage return": (GET + b"X-One: a\rX-Two: b\r\n\r\n", 400),
    "a NUL in a field": (GET + b"X-One: a\x00b\r\n\r\n", 400),
    "a name that is no token": (GET + b"X(One): a\r\n\r\n", 400),
    "no name": (GET + b": a\r\n\r\n", 400),
    "no colon": (GET + b"nonsense\r\n\r\n", 400),
    "no host": (b"GET /health/ HTTP/1.1\r\n\r\n", 400),
    "two hosts": (GET + b"Host: evil.example\r\n\r\n", 400),
    "a host with a path": (b"GET /health/ HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
    "two kinds of content": (POST + b"Content-Type: text/plain\r\n\r\n", 400),
    "two spaces": (b"GET  /health/ HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a tab": (b"GET\t/health/ HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a fragment": (b"GET /health/#x HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "no path": (b"GET health HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "an asterisk": (b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a tunnel": (b"CONNECT shop.example:443 HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "another scheme": (b"GET ftp://127.0.0.1/health/ HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a user in the address": (
        b"GET http://me@127.0.0.1/health/ HTTP/1.1\r\n" + HOST + b"\r\n",
        400,
    ),
    "HTTP/0.9": (b"GET /health/\r\n", 400),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "HTTP/1.2": (b"GET /health/ HTTP/1.2\r\n" + HOST + b"\r\n", 505),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n", 400),
    "a long address": (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
    "a long field": (GET + b"X-One: " + b"a" * 9000 + b"\r\n\r\n", 431),
    "too many fields": (GET + b"X-One: a\r\n" * 200 + b"\r\n", 431),
    "too large a head": (GET + (b"X-One: " + b"a" * 4000 + b"\r\n") * 20 + b"\r\n", 431),
    "another expectation": (POST + length("20") + b"Expect: something\r\n\r\n" + BODY, 417),
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_ambiguous_request_is_refused_and_nothing_after_it_is_read_as_a_request(
    line: Line, name: str
) -> None:
    request, status = REFUSED[name]
    line.sends(request + NEXT)
    answer = line.hears()
    assert answer[0] == status
    assert answer[1]["connection"] == "close"
    assert line.ends() == b""


CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
BAD_CHUNKS = {
    "no size": b"\r\n",
    "no number": b"xyz\r\n",
    "a sign": b"+5\r\nhello\r\n0\r\n\r\n",
    "a prefix": b"0x5\r\nhello\r\n0\r\n\r\n",
    "a long size": b"0" * 9 + b"5\r\nhello\r\n0\r\n\r\n",
    "an endless size": b"f" * 20 + b"\r\n",
    "a size that ends in a line feed": b"5\nhello\r\n0\r\n\r\n",
    "a chunk that is longer": b"3\r\nhello\r\n0\r\n\r\n",
    "an endless extension": b"5;" + b"a" * 20_000 + b"\r\nhello\r\n0\r\n\r\n",
    "many extensions": (b"1;" + b"a" * 4000 + b"\r\n{\r\n") * 8,
    "a trailer that is no field": b"0\r\nnonsense\r\n\r\n",
    "endless trailers": b"0\r\n" + (b"X-One: " + b"a" * 4000 + b"\r\n") * 8,
}


@pytest.mark.parametrize("name", BAD_CHUNKS)
def test_badly_framed_chunks_are_refused(line: Line, name: str) -> None:
    line.sends(CHUNKED + BAD_CHUNKS[name] + NEXT)
    status, headers, body = line.hears()
    assert (status, headers["connection"]) == (400, "close")
    assert json.loads(body)["error"]["code"] == "bad_request"
    assert line.ends() == b""


def test_unusual_but_valid_requests_are_understood(line: Line) -> None:
    extended = b"".join(
        b'%X;a=b;c="d e"\r\n%b\r\n' % (len(part), part) for part in (BODY[:3], BODY[3:])
    )
    status, _headers, body = line.sends(CHUNKED + extended + b"0\r\nX-Sum: 1\r\n\r\n").hears()
    assert (status, json.loads(body)["messages"][0]["body"]) == (201, "hello")
    # The connection continues after an empty line, and a request with an absolute URI is answered, too.
    port = line.socket.getpeername()[1]
    line.sends(b"\r\nGET http://127.0.0.1:%d/health/ HTTP/1.1\r\n" % port + HOST + b"\r\n")
    assert line.hears()[0] == 200
    line.sends(GET + b"X-Empty:\r\nX-Spaces: \t a b \t \r\n\r\n" + GET + b"\r\n")
    assert [line.hears()[0] for _ in range(2)] == [200, 200]
    line.sends(GET + b"Connection: foo, Close\r\n\r\n")
    status, headers, _body = line.hears()
    assert (status, headers["connection"], line.ends()) == (200, "close", b"")


def test_a_client_that_expects_100_continue_gets_it(line: Line) -> None:
    line.sends(POST + length(str(len(BODY))) + b"Expect: 100-Continue\r\n\r\n")
    assert line.hears()[0] == 100
    assert line.sends(BODY).hears()[0] == 201
    # A body that is too large is refused without it.
    line.sends(POST + length("1000000") + b"Expect: 100-continue\r\n\r\n")
    status, headers, _body = line.hears()
    assert (status, headers["connection"], line.ends()) == (413, "close", b"")


def test_http_1_0_closes_after_its_answer_unless_keep_alive_is_requested(line: Line) -> None:
    for _ in range(2):
        line.sends(b"GET /health/ HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        assert line.hears()[0] == 200
    line.sends(b"GET /health/ HTTP/1.0\r\n\r\n")
    assert line.hears()[0] == 200
    assert line.ends() == b""


def test_a_body_that_is_too_large_is_refused_and_the_client_can_read_the_refusal(
    line: Line,
) -> None:
    line.sends(POST + length("300000") + b"\r\n")
    line.sends(b"a" * 300_000)
    status, headers, _body = line.hears()
    assert (status, headers["connection"]) == (413, "close")
    assert line.ends() == b""


def test_a_client_that_sends_a_byte_now_and_then_is_disconnected(served: Server) -> None:
    """The only test that really waits for HEAD_TIME and BODY_TIME."""
    ann = Customer(Remote(served.port))
    ann.starts("hello")
    message = json.dumps({"body": "slow " * 700, "client_id": new_id()}).encode()
    head = (
        f"POST /chat/send/{ann.id}/ HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {ann.token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(message)}\r\n\r\n"
    ).encode()
    # In the request line, in the head, in the body, in a chunk's size; and one that is merely slow.
    begun = time.monotonic()
    slow = [Line(served) for _ in range(4)]
    for line, first in zip(
        slow, (b"G", GET, POST + length("5000") + b"\r\n", CHUNKED), strict=True
    ):
        line.sends(first)
    steady = Line(served).sends(head)
    step, sent = 600, 0
    ends: dict[Line, float] = {}
    while len(ends) < len(slow):
        if sent < len(message):
            steady.sends(message[sent : sent + step])
            sent += step
        for line in slow:
            if line in ends:
                continue
            line.socket.setblocking(False)
            try:
                line.socket.send(b"1")
                if line.socket.recv(1, socket.MSG_PEEK) is not None:
                    ends[line] = time.monotonic() - begun
            except BlockingIOError:
                pass
            except OSError:
                ends[line] = time.monotonic() - begun
        assert time.monotonic() - begun < 2 * (HEAD_TIME + BODY_TIME)
        time.sleep(1)
    for line in slow[:2]:
        assert ends[line] >= HEAD_TIME - 1
    for line in slow[2:]:
        assert ends[line] >= BODY_TIME - 1
    assert steady.hears()[0] == 201
    for line in (*slow, steady):
        line.close()


FEW = 256


@pytest.fixture
def small(tmp_path: Any, new_database: Callable[..., str]) -> Iterator[Server]:
    """A server that may open only a few files."""
    through = ["tests.few_files", str(FEW)]
    server = Server(tmp_path, new_database(), through=through).start()
    yield server
    server.kill()


@sqlite
def test_idle_connections_are_closed_when_the_limit_of_connections_is_reached(
    small: Server,
) -> None:
    ann = Customer(Remote(small.port))
    ann.starts("hello")
    silent = [Line(small) for _ in range(2 * FEW)]
    for line in silent[::3]:
        line.sends(b"GET /health/ HT")
    began = time.monotonic()
    ann.sends("in between")
    assert ann.sees() == ["hello", "in between"]
    assert time.monotonic() - began < 10  # at once, on a machine that is not busy
    # The oldest have been closed.
    assert b"200" not in silent[0].ends()
    assert "connections are open" not in small.log.read_text()
    assert "Traceback" not in small.log.read_text()
    for line in silent:
        line.close()


@sqlite
def test_idle_connections_are_closed_when_no_files_are_left(
    live_server: Server,
) -> None:
    ann = Customer(Remote(live_server.port))
    ann.starts("hello")
    idle = [Line(live_server).sends(GET + b"\r\n") for _ in range(30)]
    assert [line.hears()[0] for line in idle] == [200] * len(idle)
    assert live_server.process is not None
    pid = live_server.process.pid
    most = max(int(name) for name in os.listdir(f"/proc/{pid}/fd")) + 1
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (most, most))
    for n in range(10):
        ann.sends(f"message {n}")
        newcomer = Line(live_server).sends(GET + b"\r\n")
        assert newcomer.hears()[0] == 200
        idle.append(newcomer)
    assert idle[0].ends() == b""
    log = live_server.log.read_text()
    assert "No file is left for a connection" in log
    assert "Traceback" not in log
    for line in idle:
        line.close()


@sqlite
def test_when_nothing_can_be_closed_new_clients_are_refused_at_once(small: Server) -> None:
    ann = Customer(Remote(small.port))
    ann.starts("hello")
    uploads: list[Line] = []

    def is_full() -> bool:
        # Connections whose head has not been read yet are closed for the next ones, so a few of them are not enough.
        for _ in range(40):
            uploads.append(Line(small).sends(POST + length("20") + b"\r\n{"))
        return not small.answers()

    until(is_full)
    begun = time.monotonic()
    newcomer = Line(small).sends(GET + b"\r\n")
    status, headers, body = newcomer.hears()
    assert (status, headers["retry-after"], headers["connection"]) == (503, "5", "close")
    assert json.loads(body)["error"]["code"] == "unavailable"
    assert newcomer.ends() == b""
    assert time.monotonic() - begun < 10
    for line in (newcomer, *uploads):
        line.close()
    until(small.answers)
    ann.sends("there is room again")
    log = small.log.read_text()
    assert log.count("There is no room for a connection") == 1
    assert "Traceback" not in log


@sqlite
def test_streams_leave_room_for_senders(small: Server, listens: Callable[..., Any]) -> None:
    ann = Customer(Remote(small.port))
    ann.starts("hello")
    others = [Customer(Remote(small.port)) for _ in range(FEW // 15)]
    for other in others:
        other.starts("hello")
    streams = [listens(other) for other in others for _ in range(15)]
    refused = [stream for stream in streams if not stream.is_stream]
    assert refused
    assert {stream.status for stream in refused} == {503}
    ann.sends("while the streams are open")
    assert ann.sees() == ["hello", "while the streams are open"]
