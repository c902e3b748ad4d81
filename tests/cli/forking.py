"""A process that has imported the command line and forks for each command, which is much faster than a new start.

Each command still is a process with its own files, folder, environment and exit code. Requests
arrive as lines of JSON, exit codes return as lines.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path


class Forking:
    """The side of the tests."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.cli.forking"],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(
        self, words: Sequence[str], folder: Path, environ: Mapping[str, str], stdin: bytes, io: Path
    ) -> tuple[int, bytes, bytes]:
        """Run a command to its end; returns its exit code, stdout and stderr, which go through files in `io`."""
        files = [io / name for name in ("stdin", "stdout", "stderr")]
        files[0].write_bytes(stdin)
        request = {
            "words": words,
            "folder": str(folder),
            "environ": dict(environ),
            "files": [str(file) for file in files],
        }
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        code = int(self.process.stdout.readline())
        return code, files[1].read_bytes(), files[2].read_bytes()

    def close(self) -> None:
        """End it."""
        for stream in (self.process.stdin, self.process.stdout):
            assert stream is not None
            stream.close()
        self.process.wait()


def _serve() -> None:
    from livechat.cli import admins, init, report, session_acts, sessions, watch

    assert all((session_acts, admins, init, report, sessions, watch))
    requests, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    for line in iter(requests.readline, ""):
        child = os.fork()
        if child == 0:
            _run(json.loads(line))
        _pid, status = os.waitpid(child, 0)
        answers.write(f"{os.waitstatus_to_exitcode(status)}\n")
        answers.flush()


def _run(request: dict[str, list[str]]) -> None:
    code = 70
    try:
        os.environ.clear()
        os.environ.update(request["environ"])
        time.tzset()
        os.chdir(str(request["folder"]))
        for number, name in enumerate(request["files"]):
            flags = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC
            os.dup2(os.open(name, flags, 0o600), number)
        sys.stdin, sys.stdout, sys.stderr = (os.fdopen(n, "w" if n else "r") for n in range(3))
        sys.argv = ["livechat", *request["words"]]
        from livechat.cli import main

        code = main()
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve()
