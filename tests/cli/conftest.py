"""The command line as people use it: a separate process in a separate folder."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from livechat.accounts import guests
from livechat.actors import CUSTOMER
from livechat.conversation import lifecycle, messages
from livechat.conversation.opening import Opening, Product
from livechat.db.session import transaction
from livechat.models import ChatSession
from tests.factories import new_id

from .forking import Forking

COMMAND = [sys.executable, "-m", "livechat.cli"]
PATIENCE = 30  # seconds: only a failing test waits this long


@dataclass
class Ran:
    """The result of a command."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[list[str]]:
        """Plain output by line and column."""
        return [line.split("\t") for line in self.out.splitlines()]

    @property
    def objects(self) -> list[Any]:
        """JSON output, one object per line."""
        return [json.loads(line) for line in self.out.splitlines()]


class Shell:
    """A shell in a folder; `environ` is added to an environment without settings."""

    def __init__(self, forking: Forking, folder: Path, **environ: str) -> None:
        self.forking = forking
        self.folder, self.io = folder / "here", folder
        self.folder.mkdir()
        clean = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("LIVECHAT_")
            and name not in {"PORT", "COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR"}
        }
        self.environ = clean | {"TERM": "xterm", "TZ": "UTC"} | environ
        self.processes: list[subprocess.Popen[str]] = []

    def __call__(self, *words: object, input: str | bytes = "", **environ: str) -> Ran:
        """Run a command to its end, not on a terminal."""
        given = input if isinstance(input, bytes) else input.encode()
        code, out, err = self.forking.run(
            [*map(str, words)], self.folder, self.environ | environ, given, self.io
        )
        ran = Ran(code, out.decode(), err.decode())
        assert "Traceback" not in ran.err, ran.err
        return ran

    def start(self, *words: object, **environ: str) -> subprocess.Popen[str]:
        """Start a command that keeps running."""
        process = subprocess.Popen(
            [*COMMAND, *map(str, words)],
            cwd=self.folder,
            env=self.environ | environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.processes.append(process)
        return process

    def on_terminal(self, *words: object, answers: tuple[str, ...] = (), width: int = 80) -> Ran:
        """Run a command on a terminal, answering each question when it is asked; all output is in `out`."""
        master, slave = pty.openpty()
        process = subprocess.Popen(
            [*COMMAND, *map(str, words)],
            cwd=self.folder,
            env=self.environ | {"COLUMNS": str(width)},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            preexec_fn=lambda: os.login_tty(0),  # so that Ctrl-C typed there is a signal
        )
        os.close(slave)
        seen, left = b"", list(answers)
        while True:
            try:
                if not select.select([master], [], [], PATIENCE)[0]:
                    process.kill()
                    raise AssertionError(f"It waits for something:\n{seen.decode()}")
                read = os.read(master, 4096)
            except OSError:  # how Linux reports that the other side has closed
                break
            if not read:
                break
            seen += read
            if left and seen.endswith(b": "):  # printed last, when input is no longer echoed
                seen += b"\n"
                os.write(master, left.pop(0).encode() + b"\n")
        os.close(master)
        assert not left, seen
        return Ran(process.wait(PATIENCE), seen.decode().replace("\r\n", "\n"), "")

    def close(self) -> None:
        """End all processes that still run."""
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait(PATIENCE)
            for stream in (process.stdout, process.stderr):
                if stream is not None:
                    stream.close()


@pytest.fixture(scope="session")
def forking() -> Iterator[Forking]:
    """One forking process for all tests of this process."""
    forking = Forking()
    yield forking
    forking.close()


@pytest.fixture
def empty_shell(forking: Forking, tmp_path: Path) -> Iterator[Shell]:
    """A shell in an empty folder, like a newcomer's."""
    shell = Shell(forking, tmp_path)
    yield shell
    shell.close()


@pytest.fixture
def shell(forking: Forking, tmp_path: Path, database_url: str) -> Iterator[Shell]:
    """A shell whose database (of either kind) is migrated and empty."""
    shell = Shell(forking, tmp_path, LIVECHAT_DATABASE_URL=database_url)
    yield shell
    shell.close()


Begin = Callable[..., int]


@pytest.fixture
def begin(engine: Engine) -> Begin:
    """A function that starts a customer's chat with some messages; returns its number."""

    def begin(*bodies: str, product: Product | None = None, **opening: Any) -> int:
        with transaction(engine) as db:
            guest = guests.new_guest(db, None)
            guests.give_token(db, guest)
            session = lifecycle.start(db, guest, Opening(product=product, **opening)).session
            for body in bodies:
                messages.send(db, session, CUSTOMER, body, new_id())
            return session.id

    return begin


@pytest.fixture
def change(engine: Engine) -> Callable[..., None]:
    """A function that sets columns of a chat, mostly times."""

    def change(number: int, **columns: datetime | str | None) -> None:
        with transaction(engine) as db:
            for name, value in columns.items():
                setattr(db.get_one(ChatSession, number), name, value)

    return change
