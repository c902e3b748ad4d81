"""`livechat sessions watch` and the reader behind it."""

from __future__ import annotations

import json
import signal
import subprocess
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from livechat.actors import CUSTOMER, STAFF
from livechat.cli.follower import Follower
from livechat.conversation import lifecycle, messages
from livechat.db.session import transaction, writing
from livechat.models import ChatSession
from tests.factories import add_admin, new_id

from .conftest import PATIENCE, Begin, Shell


def ready(process: subprocess.Popen[str]) -> None:
    assert process.stderr is not None
    assert process.stderr.readline().startswith("Watching")


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n")


def test_watch_shows_events_and_ends_with_ctrl_c(
    shell: Shell, begin: Begin, engine: Engine
) -> None:
    add_admin(engine, "anna", "Anna Berg")
    old = begin("before")
    everything = shell.start("sessions", "watch", "--json")
    only_old = shell.start("sessions", "watch", old)
    ready(everything)
    ready(only_old)
    new = begin("first", "second", name="Bob")
    shell("sessions", "reply", old, "an answer")
    shell("sessions", "close", old)

    events = [json.loads(line(everything)) for _ in range(8)]
    assert [event["event"] for event in events[:3]] == ["session", "message", "message"]
    assert events[0]["session"]["customer"]["name"] == "Bob"
    messages = [event for event in events if event["event"] == "message"]
    assert [(event["number"], event["message"]["body"]) for event in messages] == [
        (new, "first"),
        (new, "second"),
        (old, "Anna Berg joined the chat."),
        (old, "an answer"),
        (old, "The chat was closed."),
    ]
    assert events[-1]["session"]["status"] == "closed"

    rows = [line(only_old).split("\t") for _ in range(3)]
    assert [(row[0], row[1], row[3]) for row in rows] == [
        (str(old), "2", "system"),
        (str(old), "3", "admin"),
        (str(old), "4", "system"),
    ]
    for process in (everything, only_old):
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130
        assert process.stderr is not None
        assert process.stderr.read().strip() == ""


def test_watch_ends_when_its_reader_does(shell: Shell) -> None:
    process = shell.start("sessions", "watch")
    ready(process)
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait(PATIENCE) == 0


def test_a_list_ends_quietly_when_its_reader_does(shell: Shell, begin: Begin) -> None:
    for _ in range(3):
        begin("x" * 4000)
    process = shell.start("sessions", "list", "--json")
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait(PATIENCE) == 0
    assert process.stderr is not None
    assert process.stderr.read() == ""


def bodies(follower: Follower) -> list[Any]:
    """Return the news; a new session appears as its number."""
    return [news.entry.body if news.entry else news.row.session.id for news in follower.news()]


def says(db: Session, number: int, body: str) -> None:
    messages.send(db, db.get_one(ChatSession, number), CUSTOMER, body, new_id())


def test_a_follower_receives_everything_once(engine: Engine, begin: Begin) -> None:
    old = begin("before")
    follower = Follower(engine)
    assert bodies(follower) == []
    new = begin("one", "two")
    empty = begin()
    assert bodies(follower) == [new, "one", "two", empty]
    assert bodies(follower) == []
    with transaction(engine) as db:
        for number, body in ((old, "three"), (empty, "four"), (old, "five")):
            says(db, number, body)
        lifecycle.close(db, db.get_one(ChatSession, new), STAFF)
    assert bodies(follower) == ["three", "four", "five", "The chat was closed."]
    assert bodies(follower) == []
    follower.close()


def test_a_follower_of_one_session_receives_no_other(engine: Engine, begin: Begin) -> None:
    mine, other = begin("before"), begin("before")
    follower = Follower(engine, mine)
    begin("new")
    with transaction(engine) as db:
        says(db, other, "not this")
        says(db, mine, "this")
    assert bodies(follower) == ["this"]
    follower.close()


@pytest.mark.parametrize("database_kind", ["postgresql"])  # SQLite has one writer at a time
def test_a_follower_misses_no_late_commit(engine: Engine, begin: Begin) -> None:
    slow, fast = begin("before"), begin("before")
    follower = Follower(engine)
    with Session(engine) as db, db.begin():
        says(writing(db), slow, "lower id, later commit")
        with transaction(engine) as other:
            says(other, fast, "higher id, earlier commit")
        assert bodies(follower) == ["higher id, earlier commit"]
    assert bodies(follower) == ["lower id, later commit"]
    assert bodies(follower) == []
    follower.close()
