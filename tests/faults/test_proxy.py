"""The fault suite's proxy works: a fault that nobody notices has still happened."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from .proxy import DOWN, UP, Proxy

PATIENCE = 30  # seconds: only a failing test waits this long


class Echo:
    """A server that sends back what it gets, and keeps it."""

    def __init__(self) -> None:
        self.got = b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _address = self.listener.accept()
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        with sock, contextlib.suppress(OSError):
            while data := sock.recv(1000):
                self.got += data
                sock.sendall(data)


@pytest.fixture
def echo() -> Iterator[Echo]:
    echo = Echo()
    yield echo
    echo.listener.close()


@pytest.fixture
def proxy(echo: Echo) -> Iterator[Proxy]:
    with Proxy(echo.port) as proxy:
        yield proxy


@pytest.fixture
def client(proxy: Proxy) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=PATIENCE) as client:
        client.sendall(b"hello")
        assert client.recv(100) == b"hello"
        yield client


def wait_until(condition) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def hears_nothing(client: socket.socket) -> bool:
    client.settimeout(0.1)
    try:
        client.recv(100)
    except TimeoutError:
        client.settimeout(PATIENCE)
        return True
    return False


def test_it_delays_each_way(proxy, client):
    proxy.delay(0.1)
    began = time.monotonic()
    client.sendall(b"one")
    assert client.recv(100) == b"one"
    assert time.monotonic() - began >= 0.2


def test_it_holds_and_then_forwards_everything(proxy, client, echo):
    proxy.hold()
    client.sendall(b"one")
    wait_until(lambda: proxy.held)
    assert echo.got == b"hello"
    proxy.mend()
    assert client.recv(100) == b"one"


def test_it_swallows_answers_while_requests_arrive(proxy, client, echo):
    proxy.cut(DOWN)
    client.sendall(b"one")
    wait_until(lambda: proxy.swallowed == 3)
    assert echo.got == b"helloone"
    assert hears_nothing(client)


def test_it_swallows_requests_while_the_connection_stays_open(proxy, client, echo):
    proxy.cut(UP)
    client.sendall(b"one")
    wait_until(lambda: proxy.swallowed == 3)
    assert echo.got == b"hello"
    assert hears_nothing(client)


def test_a_connection_that_lost_bytes_is_reset_when_the_line_is_mended(proxy, client):
    proxy.cut(DOWN)
    client.sendall(b"one")
    wait_until(lambda: proxy.swallowed)
    proxy.mend()
    with pytest.raises(ConnectionResetError):
        client.recv(100)


def test_it_resets_present_connections_and_no_later_ones(proxy, client):
    proxy.reset()
    with pytest.raises(ConnectionResetError):
        client.recv(100)
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=PATIENCE) as again:
        again.sendall(b"one")
        assert again.recv(100) == b"one"


def test_a_client_that_disconnects_is_forgotten(proxy, client):
    client.close()
    wait_until(lambda: proxy.connections == 0)


def test_a_server_that_is_not_there_resets():
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        # The reset can arrive while the client is still connecting, or afterwards.
        with (
            Proxy(nobody.getsockname()[1]) as proxy,
            pytest.raises(ConnectionResetError),
            socket.create_connection(("127.0.0.1", proxy.port), timeout=PATIENCE) as client,
        ):
            client.recv(100)
