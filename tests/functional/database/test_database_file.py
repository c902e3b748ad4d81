"""SQLite's file is deleted, moved or replaced while the chat uses it; and it is complete after a clean stop."""

from __future__ import annotations

import logging
import shutil
import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from livechat.db.engine import leave_whole
from livechat.db.session import transaction
from livechat.realtime.sqlite_upkeep import tidy
from tests.databases import engine_for
from tests.factories import Customer
from tests.server import Server
from tests.streams import Remote

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
OURS = "was deleted, moved or replaced while livechat uses it"


@pytest.fixture
def file(new_database: Callable[..., str]) -> Iterator[Path]:
    """A separate database file."""
    path = path_of(new_database())
    yield path
    path.touch()  # so that there is something to remove


@pytest.fixture
def ann(boot: Callable[..., Any], file: Path) -> Iterator[Customer]:
    """A customer who has started a chat in it."""
    app = boot(database_url=f"sqlite:///{file}")
    ann = Customer(app)
    ann.starts("hello")
    yield ann
    leave_whole(app.registry["livechat.engine"], app.registry["livechat.reading_engine"])


def path_of(url: str) -> Path:
    """Return the path of an SQLite database."""
    return Path(str(make_url(url).database))


def bodies_in(path: Path) -> list[str]:
    """Return the messages in a file, read by SQLite alone."""
    with sqlite3.connect(path) as connection:
        found = connection.execute("SELECT body FROM chat_messages ORDER BY id").fetchall()
    connection.close()
    return [body for (body,) in found]


def copied_alone(path: Path, folder: Path) -> Path:
    """Copy only the main file, as people do."""
    return Path(shutil.copyfile(path, folder / "copy.sqlite3"))


def delete(file: Path) -> None:
    file.unlink()


def delete_all(file: Path) -> None:
    for one in file.parent.glob(file.name + "*"):
        one.unlink()


def move(file: Path) -> None:
    file.rename(file.with_suffix(".away"))


def replace(file: Path) -> None:
    shutil.copyfile(file, file.with_suffix(".new"))
    file.with_suffix(".new").replace(file)


def delete_the_log(file: Path) -> None:
    Path(f"{file}-wal").unlink()


def delete_the_index_of_the_log(file: Path) -> None:
    Path(f"{file}-shm").unlink()


HARM = [delete, delete_all, move, replace, delete_the_log, delete_the_index_of_the_log]


@pytest.mark.parametrize("harm", HARM)
def test_nothing_is_acknowledged_once_the_file_is_a_different_one(
    ann: Customer, file: Path, harm: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    ann.sends("stored")
    harm(file)
    left = sorted(file.parent.glob(file.name + "*"))
    for _ in range(3):
        ann.sends("not stored", status=503)
        ann.posts("typing", {"typing": True}, status=[200, 503])
    stranger = Customer(ann.app.app)
    stranger.starts("not stored either", status=503)
    health = ann.app.get("/health/", headers={"Accept": "application/json"}, status=503)
    assert health.json["error"]["code"] == "unavailable"
    assert "Retry-After" in health.headers
    # One line says what has happened; and no new file has been created in its place.
    said = [record for record in caplog.records if OURS in record.getMessage()]
    assert [record.levelno for record in said] == [logging.ERROR]
    assert str(file) in said[0].getMessage()
    assert sorted(file.parent.glob(file.name + "*")) == left


def test_background_work_notices_it_too(
    ann: Customer, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    engine = ann.app.app.registry["livechat.engine"]
    tidy(engine)
    delete(file)
    with pytest.raises(Exception, match="was deleted, moved or replaced"):
        tidy(engine)
    assert caplog.text.count(OURS) == 1


def test_a_file_that_is_put_back_is_used_again(
    ann: Customer, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    move(file)
    ann.sends("not stored", status=503)
    file.with_suffix(".away").rename(file)
    ann.sends("stored")
    assert ann.sees() == ["hello", "stored"]
    assert caplog.text.count(OURS) == 1
    assert caplog.text.count("is back in its place.") == 1


def test_a_file_that_disappears_before_the_commit_is_noticed(ann: Customer, file: Path) -> None:
    engine = ann.app.app.registry["livechat.engine"]
    with (
        pytest.raises(Exception, match="was deleted, moved or replaced"),
        transaction(engine),
    ):
        delete(file)


def test_a_new_connection_does_not_start_another_log(ann: Customer, file: Path) -> None:
    engine = ann.app.app.registry["livechat.engine"]
    with engine.connect():  # so that the next one is new
        delete_the_log(file)
        with pytest.raises(Exception, match="was deleted, moved or replaced"):
            engine.connect().close()
    assert not Path(f"{file}-wal").exists()


def test_a_file_may_be_replaced_while_nobody_has_it_open(file: Path, tmp_path: Path) -> None:
    with engine_for(f"sqlite:///{file}") as engine:
        for _ in range(2):
            with engine.connect() as db:
                db.exec_driver_sql("SELECT count(*) FROM chat_messages")
            engine.dispose()
            replace(file)


def test_a_moved_file_contains_everything_acknowledged(
    ann: Customer, file: Path, tmp_path: Path
) -> None:
    ann.sends("only in the log")
    move(file)
    ann.sends("not stored", status=503)
    away = file.with_suffix(".away")
    assert bodies_in(copied_alone(away, tmp_path)) == ["hello", "only in the log"]


@pytest.mark.parametrize("harm", [delete_the_log, delete_the_index_of_the_log])
def test_messages_acknowledged_before_the_log_was_deleted_are_saved(
    ann: Customer, file: Path, tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    ann.sends("only in the log")
    harm(file)
    ann.sends("not stored", status=503)
    assert bodies_in(copied_alone(file, tmp_path)) == ["hello", "only in the log"]


def test_a_server_notices_without_requests_and_continues_after_a_restart(
    new_server: Callable[..., Server],
) -> None:
    server = new_server().start()
    ann, file = Customer(Remote(server.port)), path_of(server.database_url)
    ann.starts("hello")
    backup = file.with_suffix(".backup")
    with sqlite3.connect(file) as one, sqlite3.connect(backup) as other:
        one.backup(other)
    one.close()
    other.close()
    ann.sends("after the copy was made")
    backup.replace(file)
    server.wait_until_it_says(OURS)  # without any request
    assert not server.answers()
    ann.sends("not stored", status=503)
    assert server.log.read_text().count(OURS) == 1
    assert server.stop() == 0
    # The log of the replaced file does not become part of the new one.
    server.start()
    assert ann.sees() == ["hello"]
    ann.sends("stored again")
    assert ann.sees() == ["hello", "stored again"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_clean_stop_leaves_one_complete_file_even_while_others_have_it_open(
    new_server: Callable[..., Server], tmp_path: Path, number: signal.Signals
) -> None:
    server = new_server().start()
    ann, file = Customer(Remote(server.port)), path_of(server.database_url)
    ann.starts("hello")
    for n in range(5):
        ann.sends(f"message {n}")
    idle = sqlite3.connect(file, isolation_level=None)
    assert idle.execute("SELECT count(*) FROM chat_messages").fetchone() == (6,)
    # A reader in the middle of a transaction holds the log; the stop waits for a moment.
    reading = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    reading.execute("BEGIN")
    reading.execute("SELECT count(*) FROM chat_messages").fetchone()
    ann.sends("the last one")
    later = threading.Timer(0.5, lambda: reading.execute("COMMIT"))
    later.start()
    assert server.process is not None
    server.process.send_signal(number)
    assert server.process.wait(30) == (0 if number == signal.SIGTERM else 130)
    later.join()
    expected = ["hello", *(f"message {n}" for n in range(5)), "the last one"]
    assert bodies_in(copied_alone(file, tmp_path)) == expected
    for one in (idle, reading):
        one.close()
