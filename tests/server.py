"""`livechat serve` as a process of its own on a free loopback port, as it really runs."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

READY_WITHIN = 30  # seconds
INI = """[app:main]
use = egg:livechat
livechat.development = true
livechat.secret = development-only-not-a-secret
livechat.database_url = {database_url}
{lines}
"""


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


class Server:
    """One server process: ``start``, ``stop`` (politely) and ``kill`` (not)."""

    def __init__(self, folder: Path, database_url: str, **settings: str) -> None:
        self.folder = folder
        self.database_url = database_url
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
        """Where it is: ``http://127.0.0.1:PORT``, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Server:
        """Start it and wait until it answers."""
        command = [sys.executable, "-m", "livechat.cli", "--config", str(self.config)]
        environ = {
            name: value for name, value in os.environ.items() if not name.startswith("LIVECHAT_")
        }
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "serve", "--port", str(self.port)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environ,
            )
        deadline = time.monotonic() + READY_WITHIN
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"The server did not start:\n{self.log.read_text()}")
            time.sleep(0.02)
        return self

    def answers(self) -> bool:
        """Whether it says that it is well."""
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=5) as response:
                return bool(response.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def stop(self) -> int:
        """End it as an operator does; returns its exit code."""
        assert self.process is not None
        self.process.terminate()
        try:
            return self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("The server did not end when it was asked to.") from None

    def kill(self) -> None:
        """``kill -9``."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)
