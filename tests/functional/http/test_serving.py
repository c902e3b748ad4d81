"""A real server and misbehaving clients: it streams to everybody else, and it stops when told to."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import make_url

from livechat.server.http import STUCK
from tests.databases import engine_for
from tests.factories import Admin, Customer, add_admin, new_id
from tests.server import Server
from tests.streams import PATIENCE, Remote, Stream, until

sqlite = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
Listens = Callable[..., Stream]


def customer_of(server: Server, message: str = "hello") -> Customer:
    """Return a customer who has started a chat there."""
    customer = Customer(Remote(server.port))
    customer.starts(message)
    return customer


def admin_of(server: Server, username: str = "anna") -> Admin:
    """Return an admin who is signed in there."""
    with engine_for(server.database_url) as engine:
        row = add_admin(engine, username, username.title())
        return Admin(Remote(server.port), engine, row).is_signed_in()


def memory_of(pid: int) -> int:
    """Return a process's memory in MiB."""
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE") // 2**20


def test_the_main_features_work_on_a_real_server(live_server: Server, listens: Listens) -> None:
    ann, anna = customer_of(live_server), admin_of(live_server)
    number = anna.number_of(ann)
    hers, his, the_list = listens(ann), listens(anna, number), listens(anna)
    for stream in (hers, his):
        stream.hears("hello")
    the_list.next("counts")
    ann.posts("typing", {"typing": True})
    his.next("typing")
    anna.sends(number, "an answer")
    cursor = hers.hears("an answer").id
    the_list.next("session", lambda session: session["assignee"] == "anna")
    hers.close()
    ann.sends("more")
    again = listens(ann, since=cursor)
    again.hears("more")
    assert again.bodies == ["more"]
    head = listens(ann, method="HEAD")
    head.ends()
    assert (head.status, head.raw) == (200, b"")


def test_there_may_be_more_streams_than_threads_and_closing_one_frees_its_place(
    new_server: Callable[..., Server], listens: Listens
) -> None:
    server = new_server(limit_guest_streams="30").start()
    ann = customer_of(server)
    streams = [listens(ann) for _ in range(30)]
    ann.sends("to everybody")
    for stream in streams:
        stream.hears("to everybody")
    refused = listens(ann)
    refused.ends()
    assert (refused.status, refused.header("Retry-After")) == (503, "60")
    streams[0].close()
    # The server notices with its next write to it.
    ann.sends("are you still there")
    until(lambda: ann.sends("again") and listens(ann).is_stream)


def test_streams_and_idle_connections_end_at_once_at_shutdown(
    new_server: Callable[..., Server], listens: Listens
) -> None:
    server = new_server(through=("tests.patient",)).start()
    ann, anna = customer_of(server), admin_of(server)
    streams = [listens(ann), listens(anna), listens(anna, 1)]
    for stream in streams:
        stream.next("news" if stream is not streams[0] else "message")
    idle = [http.client.HTTPConnection("127.0.0.1", server.port) for _ in range(20)]
    for connection in idle[:10]:
        connection.request("GET", "/health")
        connection.getresponse().read()
    for connection in idle[10:]:
        connection.connect()
    assert server.process is not None
    server.process.terminate()
    for stream in streams:
        stream.ends()
    assert server.process.wait(PATIENCE) == 0
    for connection in idle:
        connection.close()


def test_a_request_in_progress_at_shutdown_is_answered(
    live_server: Server, listens: Listens
) -> None:
    ann = customer_of(live_server)
    upload = SlowSend(live_server, ann)
    assert live_server.process is not None
    live_server.process.send_signal(signal.SIGTERM)
    until(lambda: not live_server.answers())
    assert upload.finish().startswith(b"HTTP/1.1 201")
    assert live_server.process.wait(10) == 0
    live_server.start()
    assert ann.sees() == ["hello", "slow"]


class SlowSend:
    """A send whose body has not arrived completely."""

    def __init__(self, server: Server, customer: Customer) -> None:
        self.body = json.dumps({"body": "slow", "client_id": new_id()}).encode()
        head = (
            f"POST /chat/send/{customer.id}/ HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
            f"Authorization: Bearer {customer.token}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(self.body)}\r\n\r\n"
        )
        self.line = socket.create_connection(("127.0.0.1", server.port), timeout=20)
        self.line.sendall(head.encode() + self.body[:10])

    def finish(self) -> bytes:
        """Send the rest; returns the answer."""
        self.line.sendall(self.body[10:])
        answer = self.line.recv(65536)
        self.line.close()
        return answer


def test_a_slow_upload_delays_nobody(live_server: Server, listens: Listens) -> None:
    ann, bob = customer_of(live_server), customer_of(live_server)
    stream = listens(ann)
    uploads = [SlowSend(live_server, ann) for _ in range(10)]
    for n in range(5):
        ann.sends(f"quick {n}")
        bob.sends("quick")
    stream.hears("quick 4")
    assert "slow" not in ann.sees()
    for upload in uploads:
        assert upload.finish().startswith(b"HTTP/1.1 201")
    until(lambda: ann.sees().count("slow") == 10)


@sqlite
def test_streams_and_polls_continue_while_another_process_holds_the_write_lock(
    new_server: Callable[..., Server], listens: Listens
) -> None:
    server = new_server(busy_timeout_ms="60000").start()
    ann = customer_of(server)
    stream, other = listens(ann), listens(ann)
    stream.hears("hello")
    file = make_url(server.database_url).database
    with sqlite3.connect(str(file), isolation_level=None, timeout=10) as holder:
        holder.execute("BEGIN IMMEDIATE")
        sent = Slowly(lambda: ann.sends("waits for the lock", status=[201, 503]))
        anna_types = Slowly(lambda: ann.posts("typing", {"typing": True}, status=[200, 503]))
        for _ in range(10):  # all while the lock is held, and somebody waits for it
            assert ann.sees() == ["hello"]
            fresh = listens(ann)
            fresh.hears("hello")
            fresh.close()
        assert not sent.done
        holder.execute("COMMIT")
    assert sent.result().status_int == 201
    anna_types.result()
    stream.hears("waits for the lock")
    other.hears("waits for the lock")
    holder.close()


class Slowly:
    """A function that runs in a thread in the meantime."""

    def __init__(self, what: Callable[[], Any]) -> None:
        self.done = False
        self._answer: Any = None
        self._what = what
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        self._answer = self._what()
        self.done = True

    def result(self, within: float = 120) -> Any:
        """Wait for its result."""
        self._thread.join(within)
        assert self.done
        return self._answer


@sqlite
def test_a_client_that_never_reads_is_disconnected_and_a_slow_reader_is_not(
    new_server: Callable[..., Server], listens: Listens
) -> None:
    """The only test that really waits for `server.http.STUCK`."""
    server = new_server(limit_guest_sends="100000/minute").start()
    assert server.process is not None
    ann = customer_of(server)
    reading = listens(ann)
    reading.hears("hello")
    deaf = []
    for _ in range(5):
        line = socket.socket()
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.connect(("127.0.0.1", server.port))
        line.sendall(
            f"GET /chat/messages/{ann.id}/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Accept: text/event-stream\r\nAuthorization: Bearer {ann.token}\r\n\r\n".encode()
        )
        deaf.append(line)
    until(lambda: len(connections(server)) >= 6)
    before = memory_of(server.process.pid)
    for n in range(
        110
    ):  # 16,000 bytes each: 1.8 MB, far more than all buffers, but within the limit of a day
        ann.sends("\N{PENGUIN}" * 3990 + f" {n}")
    reading.next("message", lambda message: message["body"].endswith(" 109"))
    assert len(reading.all("message")) == 111
    slowly = Slowly(lambda: read_slowly(server, ann, STUCK + 3))
    bodies = [message["body"] for message in slowly.result()["messages"]]
    assert len(bodies) > 10
    assert bodies == reading.bodies[: len(bodies)]
    until(lambda: len(connections(server)) <= 1, within=STUCK + 60)
    assert memory_of(server.process.pid) - before < 60
    ann.sends("and on it goes")
    reading.hears("and on it goes")
    for line in deaf:
        line.close()


def read_slowly(server: Server, customer: Customer, seconds: float) -> Any:
    """Read a page of the conversation as JSON, evenly over a time."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.connect()
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
    headers = {"Accept": "application/json", **customer.who}
    connection.request("GET", f"/chat/messages/{customer.id}/", headers=headers)
    response = connection.getresponse()
    size = int(response.headers["Content-Length"])
    received, begun = b"", time.monotonic()
    while len(received) < size and (more := response.read1(65536)):
        received += more
        time.sleep(max(0.0, begun + seconds * len(received) / size - time.monotonic()))
    connection.close()
    assert len(received) == size, "The answer was cut off."
    return json.loads(received)


def connections(server: Server) -> list[str]:
    """Return the server's established connections, from its side."""
    found = []
    with open("/proc/net/tcp") as file:
        for line in file.readlines()[1:]:
            _number, local, _remote, state, *_rest = line.split()
            if state == "01" and int(local.split(":")[1], 16) == server.port:
                found.append(local)
    return found
