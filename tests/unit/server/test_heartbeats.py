"""Heartbeats: which streams the single greenlet serves, and which it leaves alone."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from types import SimpleNamespace

import pytest

from livechat.server import heartbeats as pulse_module
from livechat.server.heartbeats import Pulse

SIGN = b":\n\n"


class Standing:
    """A stream as the heartbeat greenlet sees it."""

    beaten_for = False

    def __init__(self, *, idle: bool = True) -> None:
        self.idle = idle
        self.told: list[str] = []
        self.is_told = threading.Event()

    def beat(self) -> None:
        self._tell("beat")

    def end(self) -> None:
        self._tell("end")

    def _tell(self, what: str) -> None:
        self.told.append(what)
        self.is_told.set()


@pytest.fixture
def pulse(monkeypatch: pytest.MonkeyPatch) -> Pulse:
    """A pulse that beats twenty times a second."""
    monkeypatch.setattr(pulse_module, "ROUND", 0.05)
    monkeypatch.setattr(pulse_module, "PARTS", 2)
    one = Pulse()
    threading.Thread(target=one.run, daemon=True).start()
    return one


@pytest.fixture
def line() -> Iterator[tuple[SimpleNamespace, socket.socket]]:
    """A client as the server has it, and the other end."""
    here, there = socket.socketpair()
    here.setblocking(False)
    there.settimeout(10)
    yield SimpleNamespace(_sock=here), there
    here.close()
    there.close()


def test_an_idle_stream_gets_heartbeats_until_it_is_removed(pulse, line):
    client, other = line
    stream = Standing()
    part = pulse.take(stream, client, SIGN)
    assert stream.beaten_for
    assert other.recv(3) == other.recv(3) == SIGN
    part.pop(stream)
    assert stream.told == []


def test_a_busy_stream_is_left_alone(pulse, line):
    client, other = line
    busy, waiting = Standing(idle=False), Standing()
    pulse.take(busy, client, b"busy")
    pulse.take(waiting, client, SIGN)
    assert b"busy" not in b"".join(other.recv(100) for _ in range(5))


def test_a_client_that_does_not_read_gets_the_usual_time(pulse, line):
    client, _other = line
    with suppress(BlockingIOError):
        while True:
            client._sock.send(b"x" * 1000)
    stream = Standing()
    pulse.take(stream, client, SIGN)
    assert stream.is_told.wait(10)
    assert stream.told[0] == "beat"


def test_a_stream_whose_reader_has_gone_ends(pulse, line):
    client, other = line
    other.close()
    stream = Standing()
    pulse.take(stream, client, SIGN)
    assert stream.is_told.wait(10)
    assert stream.told[0] == "end"
