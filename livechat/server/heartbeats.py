"""Heartbeats for streams that have nothing to say, all of them from one greenlet.

Ten thousand streams that each wake for their own take a fifth of a processor; to write nine bytes to each takes a
tenth of that (bench/README.md). A stream that is busy, or reads something for its heartbeat, is not asked here.
"""

from __future__ import annotations

import itertools
import time
from typing import Any, Protocol

from ..gevent_support import raw_socket

ROUND = 12.0  # seconds from one heartbeat to the next
PARTS = 240  # of a round: so many streams at a time that nobody else waits for long


class Quiet(Protocol):
    """A stream as it is seen from here."""

    server_sends_heartbeats: bool
    """Whether somebody else sends its heartbeats."""

    idle: bool
    """Whether it waits, and has nothing half sent."""

    def send_heartbeat(self) -> None:
        """Send a heartbeat by yourself."""

    def end(self) -> None:
        """Stop."""


class Heartbeats:
    """The open streams of one server, and when each of them is next."""

    def __init__(self) -> None:
        self._parts: list[dict[Quiet, tuple[Any, bytes]]] = [{} for _ in range(PARTS)]
        self._next = itertools.cycle(self._parts)

    def take(self, stream: Quiet, client: Any, heartbeat: bytes) -> dict[Quiet, tuple[Any, bytes]]:
        """Send this stream's heartbeats to its client from now on; returns what to take it out of at its end."""
        stream.server_sends_heartbeats = True
        part = next(self._next)
        part[stream] = (client, heartbeat)
        return part

    def run(self) -> None:
        """Go round without an end, in a greenlet."""
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
        sent = raw_socket(client).send(heartbeat)  # without waiting: nobody else goes on meanwhile
    except BlockingIOError:
        stream.send_heartbeat()  # it has time to wait until its reader reads
    except OSError:
        stream.end()
    else:
        if sent < len(heartbeat):
            stream.end()  # the rest would stand in the middle of what comes next; its client comes back
