"""Several workers behind one port, their supervisor, and `pserve`."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from livechat.server import sockets as listening
from livechat.server import supervisor
from livechat.server.supervisor import MOST_FAILURES, CannotServe, supervise
from tests.databases import engine_for, rows
from tests.factories import Customer
from tests.server import READY_WITHIN, Server, children_of, free_port, state_of
from tests.streams import EVENTS, Remote, Stream, open_stream, until

from .conftest import PATIENCE, Shell

several = pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)


@pytest.fixture
def workers(new_server: Callable[..., Server]) -> Server:
    """Three workers, all ready."""
    server = new_server(workers=3)
    return all_serving(server.start())


def all_serving(server: Server) -> Server:
    """Wait until each worker listens to the others and so accepts clients."""
    with engine_for(server.database_url) as engine:
        until(lambda: rows(engine, LISTENING)[0][0] == 3, within=READY_WITHIN)
    return server


LISTENING = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE application_name = 'livechat wakeup' AND datname = current_database()"
)


def is_gone(pid: int) -> bool:
    """Return whether a process has ended."""
    return state_of(pid) in {"", "Z", "X"}


@pytest.fixture
def listen() -> Iterator[Callable[[Customer], Stream]]:
    """A function that opens a customer's stream."""
    opened: list[Stream] = []

    def listen(customer: Customer, since: str | None = None) -> Stream:
        headers = {"Accept": EVENTS, **customer.who} | ({"Last-Event-ID": since} if since else {})
        path = f"/chat/messages/{customer.id}/"
        opened.append(open_stream(customer.app.app, path, headers))
        return opened[-1]

    yield listen
    for stream in opened:
        stream.close()


@several
def test_workers_share_a_port_hear_each_other_and_end_together(
    workers: Server, listen: Callable[..., Stream]
) -> None:
    ann = Customer(Remote(workers.port))
    ann.starts("hello")
    pids = workers.worker_pids()
    assert len(pids) == 3
    streams = []
    for pid in pids:  # the fastest worker accepts a client; stop the others so that each gets some
        others = set(pids) - {pid}
        for other in others:
            os.kill(other, signal.SIGSTOP)
        opened = [listen(ann) for _ in range(5)]
        for stream in opened:
            stream.hears("hello")
        for other in others:
            os.kill(other, signal.SIGCONT)
        streams += opened
        assert serves(pid, workers.port)
    for n in range(5):
        ann.sends(f"message {n}")
    for stream in streams:
        stream.hears("message 4")
        assert stream.bodies == ["hello", *(f"message {n}" for n in range(5))]
    assert workers.process is not None
    workers.process.terminate()
    for stream in streams:
        stream.ends()
    assert workers.process.wait(PATIENCE) == 0
    assert all(map(is_gone, pids))
    assert "Traceback" not in workers.log.read_text()


def serves(pid: int, port: int) -> bool:
    """Return whether a process has a client on this port."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    clients = {
        line[9] for line in lines if line[3] == "01" and int(line[1].split(":")[1], 16) == port
    }
    files = [os.readlink(file) for file in Path(f"/proc/{pid}/fd").iterdir()]
    return any(file == f"socket:[{number}]" for file in files for number in clients)


@several
def test_a_hanging_or_dead_worker_is_replaced_and_none_outlives_the_supervisor(
    workers: Server, listen: Callable[..., Stream]
) -> None:
    before = workers.worker_pids()
    os.kill(before[0], signal.SIGSTOP)
    ann = Customer(Remote(workers.port))
    ann.starts("hello")
    os.kill(before[0], signal.SIGCONT)
    streams = [listen(ann) for _ in range(12)]
    for stream in streams:
        stream.hears("hello")
    for pid in before[:2]:
        os.kill(pid, signal.SIGKILL)
    ann.sends("in between")
    until(lambda: len(set(workers.worker_pids()) - set(before)) == 2)
    for stream in streams:
        if not has(stream, "in between"):
            again = listen(ann, stream.events[-1].id)
            again.hears("in between")
            assert again.bodies == ["in between"]
    assert ann.sees() == ["hello", "in between"]
    assert workers.log.read_text().count("Starting another.") == 2
    pids = workers.worker_pids()
    assert workers.process is not None
    workers.process.kill()  # not `workers.kill`, which would kill the workers as well
    workers.process.wait(PATIENCE)
    until(lambda: all(map(is_gone, pids)))


@several
def test_workers_killed_repeatedly_come_back_and_the_parent_stays(
    workers: Server,
) -> None:
    assert workers.process is not None
    ann = Customer(Remote(workers.port))
    ann.starts("hello")
    killed: set[int] = set()
    for _ in range(3):
        pids = set(workers.worker_pids()) - killed
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        killed.update(pids)
        until(lambda: len(set(workers.worker_pids()) - killed) == 3, within=READY_WITHIN)
    assert len(killed) == 9
    until(workers.answers, within=READY_WITHIN)
    assert workers.process.poll() is None
    ann.sends("still there")
    assert ann.sees() == ["hello", "still there"]


@several
@pytest.mark.parametrize("how", ["serving", "starting", "stopped"])
def test_a_killed_parent_releases_its_port_at_once(workers: Server, how: str) -> None:
    assert workers.process is not None
    pids = workers.worker_pids()
    if how == "starting":
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        until(lambda: len(set(workers.worker_pids()) - set(pids)) == 3, within=READY_WITHIN)
        pids = workers.worker_pids()
    if how == "stopped":
        os.kill(pids[0], signal.SIGSTOP)
    workers.process.kill()
    workers.process.wait(PATIENCE)
    sockets = listening.listen([listening.Address("127.0.0.1", workers.port)])
    for one in sockets:
        one.close()
    until(lambda: all(map(is_gone, pids)))


def has(stream: Stream, body: str) -> bool:
    """Wait for a message or the end of the stream; returns whether the message arrived."""
    until(lambda: stream.ended or body in stream.bodies)
    return body in stream.bodies


def test_several_workers_are_refused_on_sqlite(empty_shell: Shell) -> None:
    refused = empty_shell("serve", "--workers", "2", "--port", free_port())
    assert (refused.code, refused.out) == (1, "")
    assert refused.err.splitlines()[-1].startswith("Several workers need PostgreSQL.")
    for wrong in ("0", "-1", "100", "many"):
        assert empty_shell("serve", "--workers", wrong).code == 2


class Supervised:
    """The fate of workers that run a few lines of Python, in which `ready()` reports that they serve."""

    HEAD = "import os, signal, sys, time; ready = lambda: os.write(int(sys.argv[4]), b'.'); "

    def __init__(self) -> None:
        self.said: list[str] = []
        self.ready = 0

    def run(self, lines: str, workers: int = 1, ready: Callable[[], None] = lambda: None) -> bool:
        """Supervise them; returns the result of `supervise`."""

        def is_ready() -> None:
            self.ready += 1
            ready()

        command = [sys.executable, "-c", self.HEAD + lines]
        return supervise(command, workers, [], ready=is_ready, tell=self.said.append)


@pytest.mark.parametrize(
    ("ends", "code"), [("sys.exit(3)", "(3)"), ("os.kill(os.getpid(), signal.SIGSEGV)", "(-11)")]
)
def test_workers_that_cannot_start_are_not_restarted_for_ever(ends: str, code: str) -> None:
    supervised = Supervised()
    with pytest.raises(CannotServe, match="end as soon as they start"):
        supervised.run(ends, workers=2)
    assert supervised.ready == 0
    assert len(supervised.said) == MOST_FAILURES - 1
    assert all(code in sentence for sentence in supervised.said)


def test_workers_killed_before_any_has_served_are_restarted(tmp_path: Path) -> None:
    supervised = Supervised()
    me, tries = os.getpid(), tmp_path / "tries"
    killed = (
        f"tries = open({str(tries)!r}, 'a+'); tries.write('x'); tries.flush(); tries.seek(0)\n"
        f"if len(tries.read()) <= {MOST_FAILURES}: os.kill(os.getpid(), signal.SIGKILL)\n"
        "ready(); time.sleep(60)"
    )
    assert supervised.run(killed, ready=lambda: os.kill(me, signal.SIGTERM)) is False
    assert len(supervised.said) == MOST_FAILURES


def test_workers_that_have_served_are_restarted_however_often_they_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(supervisor, "LONGEST_PAUSE", 0.3)
    supervised = Supervised()
    me, ends = os.getpid(), 3 * MOST_FAILURES
    timer = threading.Thread(
        target=lambda: (
            until(lambda: len(supervised.said) >= ends),
            os.kill(me, signal.SIGTERM),
        )
    )
    timer.start()
    assert supervised.run("ready(); sys.exit(7)", workers=2) is False
    timer.join()
    assert supervised.ready == 1
    # The first restart of each worker is immediate, later ones follow a pause.
    assert sum(sentence.endswith("Starting another.") for sentence in supervised.said) == 2
    assert supervised.said[-1].endswith("Starting another in 0.3 s.")


def test_a_failing_log_message_does_not_end_the_workers() -> None:
    me = os.getpid()

    def no_space(_sentence: str) -> None:
        os.kill(me, signal.SIGTERM)
        raise OSError(errno.ENOSPC, "No space left on device")

    command = [sys.executable, "-c", Supervised.HEAD + "ready(); sys.exit(1)"]
    assert supervise(command, 1, [], ready=lambda: None, tell=no_space) is False


def test_a_worker_that_cannot_be_started_is_tried_again(tmp_path: Path) -> None:
    program, away = tmp_path / "worker", tmp_path / "away"
    program.write_text(
        f"#!{sys.executable}\n{Supervised.HEAD}ready(); time.sleep(0.2)".replace("4]", "6]")
    )
    program.chmod(0o700)
    said: list[str] = []
    me = os.getpid()

    def tell(sentence: str) -> None:
        said.append(sentence)
        if sentence.startswith("A worker cannot be started"):
            away.rename(program)
        elif len(said) > 2:
            os.kill(me, signal.SIGTERM)

    def served() -> None:
        program.rename(away)

    assert supervise([str(program), "-", "-"], 1, [], ready=served, tell=tell) is False
    assert "cannot be started" in said[1]


@pytest.mark.parametrize(
    ("number", "by_keyboard"), [(signal.SIGINT, True), (signal.SIGTERM, False)]
)
def test_the_supervisor_ends_its_workers_and_reports_the_signal(
    number: signal.Signals, by_keyboard: bool
) -> None:
    supervised = Supervised()
    me = os.getpid()
    pids: list[int] = []

    def stop() -> None:
        pids.extend(children_of(me))
        os.kill(me, number)

    before = signal.getsignal(number), set(children_of(me))
    assert supervised.run("ready(); time.sleep(60)", workers=3, ready=stop) is by_keyboard
    assert supervised.ready == 1  # reported once, by the first worker
    assert (signal.getsignal(number), set(children_of(me))) == before
    assert len(set(pids) - before[1]) == 3


def test_a_worker_that_ignores_the_signal_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "PATIENCE", 0.2)
    supervised = Supervised()
    me = os.getpid()
    before = children_of(me)
    stubborn = "signal.signal(15, signal.SIG_IGN); ready(); time.sleep(60)"
    assert supervised.run(stubborn, ready=lambda: os.kill(me, signal.SIGTERM)) is False
    assert children_of(me) == before


PSERVE = """[app:main]
use = egg:livechat
livechat.development = true
livechat.secret = development-only-not-a-secret
livechat.database_url = {database_url}
[server:main]
use = egg:livechat
listen = 127.0.0.1:{port}
{more}
"""


def pserve(folder: Path, database_url: str, port: int, more: str = "") -> subprocess.Popen[str]:
    """Start `pserve`."""
    ini = folder / "pserve.ini"
    url = database_url.replace("%", "%%")
    ini.write_text(PSERVE.format(database_url=url, port=port, more=more))
    return subprocess.Popen(
        [Path(sys.executable).parent / "pserve", str(ini)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_pserve_serves_streams_too(
    new_database: Callable[..., str], tmp_path: Path, listen: Callable[..., Stream]
) -> None:
    port = free_port()
    process = pserve(tmp_path, new_database(), port)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("Serving on"):
                break
        assert line == f"Serving on http://127.0.0.1:{port}\n"
        ann = Customer(Remote(port))
        ann.starts("hello")
        streams = [listen(ann) for _ in range(6)]  # more than the threads could carry
        ann.sends("to all")
        for stream in streams:
            stream.hears("to all")
        process.terminate()
        for stream in streams:
            stream.ends()
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.communicate()


def test_pserve_runs_one_process_and_names_the_command_for_several(
    new_database: Callable[..., str], tmp_path: Path
) -> None:
    process = pserve(tmp_path, new_database(), free_port(), "workers = 2")
    try:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if line.startswith("Serving on"):
                break
        assert any("For several workers, use livechat serve." in line for line in said)
        process.terminate()
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.communicate()


def test_pserve_without_tables_answers_503(tmp_path: Path) -> None:
    port = free_port()
    process = pserve(tmp_path, f"sqlite:///{tmp_path}/empty.sqlite3", port)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            assert "Traceback" not in line
            if line.startswith("Serving on"):
                break
        Customer(Remote(port)).starts("hello", status=503)
    finally:
        process.kill()
        process.communicate()
