"""Heartbeats for streams that have nothing to send, all from one greenlet.

Ten thousand streams that each wake for their own heartbeat take a fifth of a processor. Writing nine bytes to each from
here takes a tenth of that (bench/README.md). Streams that are busy, or that read something for their heartbeat, are
skipped.
"""

from __future__ import annotations

import itertools
import time
from typing import Any, Protocol

from ..gevent_support import raw_socket

ROUND = 12.0  # seconds from one heartbeat of a stream to the next
PARTS = 240  # groups of streams in a round, small enough that nobody else waits for long


class Quiet(Protocol):
    """What this module needs of a stream."""

    server_sends_heartbeats: bool
    """Whether this module sends the stream's heartbeats."""

    idle: bool
    """Whether the stream waits for news and has no partly sent data."""

    def send_heartbeat(self) -> None:
        """Send a heartbeat from the stream's own greenlet."""

    def end(self) -> None:
        """End the stream."""


class Heartbeats:
    """The open streams of one server, and the schedule of their heartbeats."""

    def __init__(self) -> None:
        self._parts: list[dict[Quiet, tuple[Any, bytes]]] = [{} for _ in range(PARTS)]
        self._next = itertools.cycle(self._parts)

    def take(self, stream: Quiet, client: Any, heartbeat: bytes) -> dict[Quiet, tuple[Any, bytes]]:
        """Send this stream's heartbeats from now on.

        `client`: its socket; `heartbeat`: the bytes. Returns the group to remove the stream from at its end.
        """
        stream.server_sends_heartbeats = True
        part = next(self._next)
        part[stream] = (client, heartbeat)
        return part

    def run(self) -> None:
        """Send heartbeats for ever. Runs in a greenlet of its own."""
        due = time.monotonic()
        while True:
            for part in self._parts:
                due = max(due + ROUND / PARTS, time.monotonic() - ROUND / 10)
                time.sleep(max(0.0, due - time.monotonic()))
                for stream, (client, heartbeat) in list(part.items()):
                    _send(stream, client, heartbeat)


def _send(stream: Quiet, client: Any, heartbeat: bytes) -> None:
    if not stream.idle:
        return
    try:
        sent = raw_socket(client).send(heartbeat)  # does not wait, so no other greenlet runs
    except BlockingIOError:
        stream.send_heartbeat()  # its own greenlet can wait until the client reads
    except OSError:
        stream.end()
    else:
        if sent < len(heartbeat):
            stream.end()  # the rest would end up inside the next event; the client reconnects
