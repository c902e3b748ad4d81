"""Several processes that serve from the same sockets, and one that watches over them.

The watcher binds, starts the workers, starts anew whichever ends, and passes on what it is told. It serves nothing
and knows no database, so there is little it could die of; and should it, its workers notice and end, too.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from types import FrameType

PATIENCE = 10.0  # seconds a worker has to end
TOO_SOON = 2.0  # seconds: a worker that ends earlier has not really begun
MOST_FAILURES = 5  # such ends in a row, after which it is no use


class CannotServe(Exception):
    """The workers do not come up; the text is one sentence."""


def supervise(
    command: Sequence[str],
    workers: int,
    sockets: Sequence[socket.socket],
    *,
    ready: Callable[[], None],
    tell: Callable[[str], None],
) -> bool:
    """Keep so many workers running until SIGTERM or Ctrl-C; returns whether it was Ctrl-C.

    `command` starts a worker; the sockets, the file to write a byte to when it serves, and the one that ends
    with us, are added as numbers of open files. `ready` is called when the first one serves. Raises CannotServe.
    """
    watch = _Watch(command, workers, sockets, tell)
    before = {number: signal.signal(number, watch.stop) for number in _SIGNALS}
    try:
        watch.run(ready)
    finally:
        watch.end()
        for number, handler in before.items():
            signal.signal(number, handler)
    return watch.stopped_by == signal.SIGINT


_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class _Watch:
    def __init__(
        self,
        command: Sequence[str],
        workers: int,
        sockets: Sequence[socket.socket],
        tell: Callable[[str], None],
    ) -> None:
        self._command = command
        self._count = workers
        self._tell = tell
        self._sockets = [one.fileno() for one in sockets]
        self._ready, self._say_ready = os.pipe()
        self._lifeline, self._life = os.pipe()  # workers see its end when we are gone
        self._workers: dict[subprocess.Popen[bytes], float] = {}
        self._failures = 0
        self.stopped_by: int | None = None

    def stop(self, number: int, _frame: FrameType | None) -> None:
        self.stopped_by = self.stopped_by or number

    def run(self, ready: Callable[[], None]) -> None:
        waiting = True
        while self.stopped_by is None:
            self._replace()
            if select.select([self._ready], [], [], 0.1)[0]:
                os.read(self._ready, 1)
                if waiting:
                    ready()
                    waiting = False

    def _replace(self) -> None:
        for worker, begun in list(self._workers.items()):
            code = worker.poll()
            if code is None:
                continue
            del self._workers[worker]
            soon = time.monotonic() - begun < TOO_SOON
            self._failures = self._failures + 1 if soon else 0
            if self._failures >= MOST_FAILURES:
                raise CannotServe(
                    "The workers end as soon as they begin; what they say stands above."
                )
            self._tell(f"Worker {worker.pid} has ended ({code}). Another takes its place.")
        while len(self._workers) < self._count:
            self._start()

    def _start(self) -> None:
        files = [*self._sockets, self._say_ready, self._lifeline]
        words = [
            *("--inherit", ",".join(map(str, self._sockets))),
            *("--ready-file", str(self._say_ready)),
            *("--life-file", str(self._lifeline)),
        ]
        worker = subprocess.Popen(  # noqa: S603 - our own program
            [*self._command, *words], pass_fds=files, stdin=subprocess.DEVNULL
        )
        self._workers[worker] = time.monotonic()

    def end(self) -> None:
        """End all workers, those that do not want to as well."""
        for worker in self._workers:
            with contextlib.suppress(ProcessLookupError):
                worker.terminate()
        deadline = time.monotonic() + PATIENCE
        for worker in self._workers:
            try:
                worker.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()
        for file in (self._ready, self._say_ready, self._lifeline, self._life):
            os.close(file)
