"""Several processes that serve from the same sockets, and the parent that supervises them.

The parent binds the sockets, starts the workers, replaces each that ends, and passes signals on. It serves no requests
and opens no database, so little can make it fail. If it ends anyway, its workers end with it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType

PATIENCE = 10.0  # seconds that a worker has to stop
STEADY = 10.0  # seconds of serving after which earlier ends are forgotten
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 8.0  # seconds before a worker that keeps ending restarts
MOST_FAILURES = 5  # failures before any worker has served, after which it gives up
# Signals by which a program crashes on its own.
_CRASHES = {
    -number
    for number in (signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGABRT, signal.SIGFPE)
}


class CannotServe(Exception):
    """The workers fail to start. The text is one sentence for the operator."""


def supervise(
    command: Sequence[str],
    workers: int,
    sockets: Sequence[socket.socket],
    *,
    ready: Callable[[], None],
    tell: Callable[[str], None],
) -> bool:
    """Keep this many workers running until SIGTERM or Ctrl-C. Returns whether it was Ctrl-C.

    `command` starts a worker. Three options with file descriptors are added to it: the sockets, the file to which the
    worker writes a byte when it serves, and the file that ends with the parent. `ready` is called when the first worker
    serves; `tell` is called with one sentence for each worker that ends.

    A worker that ends is replaced at once. One that keeps ending is replaced after a pause that doubles up to
    LONGEST_PAUSE seconds, however often: whatever kills workers (an operator, the kernel when memory is short) must not
    keep the chat down. Only workers that fail before any has served show that none ever will, for example because of a
    wrong setting. Raises CannotServe for that.
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


@dataclass
class _Place:
    """The place of one worker, and the history of the processes that had it."""

    process: subprocess.Popen[bytes] | None = None
    ready: int = -1
    """The file in which the worker reports that it serves; -1 once it has."""
    serves_since: float | None = None
    ends: int = 0
    """How many processes in a row have ended here before they served for STEADY seconds."""
    failures: int = 0
    """How many have ended here without an outside cause, before any worker has served."""
    not_before: float = field(default_factory=time.monotonic)

    def pause(self) -> float:
        """Record that a worker has ended or could not start. Returns the seconds until the next one may start."""
        now = time.monotonic()
        if self.serves_since is not None and now - self.serves_since >= STEADY:
            self.ends = 0
        again = self.ends > 0 or self.process is None
        seconds = min(FIRST_PAUSE * 2 ** max(0, self.ends - 1), LONGEST_PAUSE) if again else 0.0
        self.ends = min(self.ends + 1, 16)
        self.not_before = now + seconds
        self.process = self.serves_since = None
        return seconds

    def forget_file(self) -> None:
        """Close the file in which the worker reports that it serves."""
        if self.ready >= 0:
            os.close(self.ready)
            self.ready = -1


class _Watch:
    def __init__(
        self,
        command: Sequence[str],
        workers: int,
        sockets: Sequence[socket.socket],
        tell: Callable[[str], None],
    ) -> None:
        self._command = command
        self._tell = tell
        self._sockets = [one.fileno() for one in sockets]
        self._lifeline, self._life = os.pipe()  # its end tells workers that the parent is gone
        self._places = [_Place() for _ in range(workers)]
        self._has_served = False
        self.stopped_by: int | None = None

    def stop(self, number: int, _frame: FrameType | None) -> None:
        self.stopped_by = self.stopped_by or number

    def run(self, ready: Callable[[], None]) -> None:
        while self.stopped_by is None:
            for place in self._places:
                self._replace(place)
            starting = {place.ready: place for place in self._places if place.ready >= 0}
            for file in select.select(list(starting), [], [], 0.1)[0]:
                place = starting[file]
                if os.read(file, 1):
                    place.serves_since = time.monotonic()
                    if not self._has_served:
                        self._has_served = True
                        ready()
                place.forget_file()

    def _replace(self, place: _Place) -> None:
        if place.process is not None:
            code = place.process.poll()
            if code is None:
                return
            pid = place.process.pid
            place.forget_file()
            self._note_failure(place, code >= 0 or code in _CRASHES)
            pause = place.pause()
            when = f" in {pause:.3g} s" if pause else ""
            self._say(f"Worker {pid} ended ({code}). Starting another{when}.")
        if time.monotonic() >= place.not_before:
            self._start(place)

    def _note_failure(self, place: _Place, failed: bool) -> None:
        if self._has_served or not failed:
            return
        place.failures += 1
        # Several workers that fail at the same moment prove no more than one does.
        failures = [one.failures for one in self._places]
        if sum(failures) >= MOST_FAILURES and min(failures) > 1:
            raise CannotServe(
                "The workers end as soon as they start. See the lines above for the reason."
            )

    def _start(self, place: _Place) -> None:
        try:
            self._open(place)
        except OSError as error:  # no memory, process or file is left; that may pass
            place.forget_file()
            pause = place.pause()
            self._say(
                f"A worker cannot be started ({error.strerror}). Trying again in {pause:.3g} s."
            )

    def _open(self, place: _Place) -> None:
        place.ready, say_ready = os.pipe()
        words = [
            *("--inherit", ",".join(map(str, self._sockets))),
            *("--ready-file", str(say_ready)),
            *("--life-file", str(self._lifeline)),
        ]
        try:
            place.process = subprocess.Popen(  # noqa: S603 - our own program
                [*self._command, *words],
                pass_fds=[*self._sockets, say_ready, self._lifeline],
                stdin=subprocess.DEVNULL,
                preexec_fn=_end_with_parent(),
            )
        finally:
            os.close(say_ready)

    def _say(self, sentence: str) -> None:
        # A full disk or a closed stderr must not end the chat.
        with contextlib.suppress(OSError, ValueError):
            self._tell(sentence)

    def end(self) -> None:
        """Stop all workers, and kill those that do not react."""
        processes = [place.process for place in self._places if place.process is not None]
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
                process.send_signal(signal.SIGCONT)  # a paused worker has to run to receive it
        deadline = time.monotonic() + PATIENCE
        for process in processes:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for place in self._places:
            place.forget_file()
        for file in (self._lifeline, self._life):
            os.close(file)


def _end_with_parent() -> Callable[[], None] | None:
    """The function that a worker runs before our program: it asks the kernel to kill the worker with its parent.

    No worker then holds the port of a parent that was killed, even if the worker is still starting, hangs, or is
    paused. Only Linux has this call (prctl(2), PR_SET_PDEATHSIG); on other systems workers watch the life file.
    """
    if not sys.platform.startswith("linux"):
        return None
    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()

    def ask() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # the parent ended before this process asked
            os._exit(1)

    return ask


_PR_SET_PDEATHSIG = 1  # linux/prctl.h
