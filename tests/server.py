"""`livechat serve` as a separate process on a free loopback port, as in production."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

READY_WITHIN = 90  # seconds; several workers on a busy machine are slow to start
INI = """[app:main]
use = egg:livechat
livechat.development = true
livechat.secret = development-only-not-a-secret
livechat.database_url = {database_url}
{lines}
"""


def free_port() -> int:
    """Return a free loopback port."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


class Server:
    """One server process: `start` it, `stop` it gracefully, or `kill` it.

    `workers` is the value of `serve --workers`. `through` is a module (and its first arguments) to run
    instead of `livechat.cli`; it must call that in the end.
    """

    def __init__(
        self,
        folder: Path,
        database_url: str,
        *,
        workers: int | None = None,
        through: Sequence[str] = ("livechat.cli",),
        **settings: str,
    ) -> None:
        self.folder = folder
        self.database_url = database_url
        self.workers = workers
        self.through = through
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.config = folder / f"server-{self.port}.ini"
        self.log = folder / f"server-{self.port}.log"
        settings = {"allowed_sites": "http://127.0.0.1:* http://localhost:*"} | settings
        lines = "\n".join(f"livechat.{name} = {value}" for name, value in settings.items())
        self.config.write_text(
            INI.format(database_url=database_url.replace("%", "%%"), lines=lines)
        )

    @property
    def url(self) -> str:
        """Its URL, ``http://127.0.0.1:PORT``, without a trailing slash."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Server:
        """Start it and wait until it answers."""
        command = [sys.executable, "-m", *self.through, "--config", str(self.config), "serve"]
        options = ["--port", str(self.port)]
        if self.workers is not None:
            options += ["--workers", str(self.workers)]
        environ = {
            name: value for name, value in os.environ.items() if not name.startswith("LIVECHAT_")
        }
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environ,
            )
        deadline = time.monotonic() + READY_WITHIN
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                code = self.process.poll()
                self.kill()
                how = f"it ended with {code}" if code is not None else "it took too long"
                raise AssertionError(f"The server did not start, {how}:\n{self.log.read_text()}")
            time.sleep(0.02)
        return self

    def answers(self) -> bool:
        """Return whether its health check succeeds."""
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=5) as response:
                return bool(response.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def wait_until_it_says(self, words: str) -> None:
        """Wait until its output contains these words. It fails when the server ends first."""
        deadline = time.monotonic() + READY_WITHIN
        while words not in self.log.read_text():
            assert self.process is not None
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"The server has never said {words}:\n{self.log.read_text()}")
            time.sleep(0.02)

    def stop(self) -> int:
        """Stop it as an operator does; returns its exit code."""
        assert self.process is not None
        self.process.terminate()
        try:
            return self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("The server did not end when it was asked to.") from None

    def worker_pids(self) -> list[int]:
        """The processes that answer requests: the server's children, or else the server."""
        assert self.process is not None
        children = children_of(self.process.pid)
        return children if self.workers is not None else [self.process.pid]

    def kill(self) -> None:
        """``kill -9`` the server and its workers."""
        assert self.process is not None
        children: list[int] = []
        if self.process.poll() is None:
            # Stop the parent first, so that it does not start another worker in between.
            self.process.send_signal(signal.SIGSTOP)
            children = children_of(self.process.pid)
            self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)
        for pid in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while any(Path(f"/proc/{pid}").exists() for pid in children):
            assert time.monotonic() < deadline, "Killed processes are still there."
            time.sleep(0.005)


def children_of(pid: int) -> list[int]:
    """Return the living child processes of a process."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):  # it has just ended
            found += [int(word) for word in task.read_text().split()]
    return [child for child in sorted(found) if state_of(child) not in {"", "Z", "X"}]


def state_of(pid: int) -> str:
    """Return a process's state as /proc gives it (``S``, ``T``, ``Z`` …), or "" when the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""
