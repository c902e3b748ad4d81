"""Signs of life for streams that have nothing to say, all of them from one greenlet.

Ten thousand streams that each wake for their own take a fifth of a processor; to write nine bytes to each takes a
tenth of that (bench/README.md). A stream that is busy, or reads something for its sign of life, is not asked here.
"""

from __future__ import annotations

import itertools
import time
from typing import Any, Protocol

from ..gevent_support import raw_socket

ROUND = 12.0  # seconds from one sign of life to the next
PARTS = 240  # of a round: so many streams at a time that nobody else waits for long


class Quiet(Protocol):
    """A stream as it is seen from here."""

    beaten_for: bool
    """Whether somebody else sends its signs of life."""

    idle: bool
    """Whether it waits, and has nothing half sent."""

    def beat(self) -> None:
        """Send a sign of life by yourself."""

    def end(self) -> None:
        """Stop."""


class Pulse:
    """The open streams of one server, and when each of them is next."""

    def __init__(self) -> None:
        self._parts: list[dict[Quiet, tuple[Any, bytes]]] = [{} for _ in range(PARTS)]
        self._next = itertools.cycle(self._parts)

    def take(self, stream: Quiet, client: Any, sign: bytes) -> dict[Quiet, tuple[Any, bytes]]:
        """Send this stream's signs of life to its client from now on; returns what to take it out of at its end."""
        stream.beaten_for = True
        part = next(self._next)
        part[stream] = (client, sign)
        return part

    def run(self) -> None:
        """Go round without an end, in a greenlet."""
        due = time.monotonic()
        while True:
            for part in self._parts:
                due = max(due + ROUND / PARTS, time.monotonic() - ROUND / 10)
                time.sleep(max(0.0, due - time.monotonic()))
                for stream, (client, sign) in list(part.items()):
                    _send(stream, client, sign)


def _send(stream: Quiet, client: Any, sign: bytes) -> None:
    if not stream.idle:
        return
    try:
        sent = raw_socket(client).send(sign)  # without waiting: nobody else goes on meanwhile
    except BlockingIOError:
        stream.beat()  # it has time to wait until its reader reads
    except OSError:
        stream.end()
    else:
        if sent < len(sign):
            stream.end()  # the rest would stand in the middle of what comes next; its client comes back
