"""livechat with a clock that can be moved: ``python -m tests.faults.moved_clock FILE [livechat's arguments]``.

FILE holds the clock's offset in seconds, as eight bytes (a double). Writing it moves the clock of
every process that was started this way, and of its workers, at once. As in reality, only the time of day
moves: time.monotonic and all waiting continue.
"""

from __future__ import annotations

import datetime as datetimes
import mmap
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

_DOUBLE = struct.Struct("d")


class Clock:
    """The file, as the tests use it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.move_to(0.0)

    def move_to(self, seconds: float) -> None:
        """Set the clock's offset."""
        with self.path.open("r+b" if self.path.exists() else "wb") as file:
            file.write(_DOUBLE.pack(seconds))


def patch(path: str) -> None:
    """Patch the functions by which Python programs get the time of day. Call it before they are imported by name."""
    with Path(path).open("rb") as file:
        shared = mmap.mmap(file.fileno(), _DOUBLE.size, access=mmap.ACCESS_READ)

    def off() -> float:
        seconds: float = _DOUBLE.unpack(shared[: _DOUBLE.size])[0]
        return seconds

    real_time, real_ns, real = time.time, time.time_ns, datetimes.datetime
    time.time = lambda: real_time() + off()
    time.time_ns = lambda: real_ns() + int(off() * 1e9)

    class AnyDatetime(type):
        """Every datetime is an instance, including those created by C code."""

        def __instancecheck__(cls, instance: Any) -> bool:
            return isinstance(instance, real)

        def __subclasscheck__(cls, subclass: type) -> bool:
            return issubclass(subclass, real)

    class Moved(real, metaclass=AnyDatetime):  # type: ignore[misc,valid-type]
        __slots__ = ()  # the same size as C code expects

        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return real.now(tz) + datetimes.timedelta(seconds=off())

        @classmethod
        def utcnow(cls) -> Any:
            return real.now(datetimes.UTC).replace(tzinfo=None) + datetimes.timedelta(seconds=off())

        @classmethod
        def today(cls) -> Any:
            return cls.now()

    datetimes.datetime = Moved  # type: ignore[misc]


def start_workers_so(path: str) -> None:
    """Give the workers of this server the same clock: they are separate programs."""
    real_popen = subprocess.Popen.__init__

    def popen(self: Any, command: Any, *args: Any, **more: Any) -> None:
        if isinstance(command, list) and command[1:3] == ["-m", "livechat.cli"]:
            command = [command[0], "-m", "tests.faults.moved_clock", path, *command[3:]]
        real_popen(self, command, *args, **more)

    subprocess.Popen.__init__ = popen  # type: ignore[method-assign,assignment]


if __name__ == "__main__":
    patch(sys.argv[1])
    start_workers_so(sys.argv.pop(1))
    from livechat.cli import main

    sys.exit(main())
