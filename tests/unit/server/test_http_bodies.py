"""Request bodies that arrive in as many pieces as possible."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

import pytest

from livechat.server import http_bodies
from livechat.server.http_bodies import LARGEST_REST, SMALLEST_PIECE, Body, Incoming

PIECE = b"1\r\nx\r\n"


class Endless:
    """A socket on which the next chunk, of one byte, is always ready."""

    received = 0

    def settimeout(self, seconds: float) -> None:
        assert seconds > 0

    def recv_into(self, buffer: Any) -> int:
        self.received += 1
        data = (PIECE * (len(buffer) // len(PIECE) + 1))[: len(buffer) // len(PIECE) * len(PIECE)]
        buffer[: len(data)] = data
        return len(data)


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Records each time other greenlets were allowed to run."""
    given: list[float] = []
    clock = SimpleNamespace(sleep=given.append, monotonic=http_bodies.time.monotonic)
    monkeypatch.setattr(http_bodies, "time", clock)
    return given


def test_a_body_in_one_byte_pieces_yields_to_others_and_ends_soon(turns: list[float]) -> None:
    line = Endless()
    incoming = Incoming(line)
    head: Any = SimpleNamespace(chunked=True, length=None, waits_to_send=False)
    body = Body(head, io.BufferedReader(incoming, 2048), incoming, lambda: None)
    assert body.readinto(bytearray(1)) == 1
    body.drain()
    assert len(turns) >= line.received - 1
    assert line.received * 2048 // len(PIECE) < LARGEST_REST // SMALLEST_PIECE + 2048
