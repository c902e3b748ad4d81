"""`livechat report` and the queries behind it, on both databases."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine, update

from livechat.actors import STAFF, admin_actor
from livechat.conversation import assignment, lifecycle, messages
from livechat.conversation.opening import Product
from livechat.db.session import transaction
from livechat.models import ChatMessage, ChatSession
from livechat.statistics.report import By, Report, report
from tests.factories import add_admin, new_id

from .conftest import Begin, Shell

MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)
LAMP, TEMPLATE = Product("42", "Lamp"), Product("7", "=HYPERLINK(1)")


def at(day: date, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=UTC)


@pytest.fixture
def two_days(engine: Engine, begin: Begin, change: Callable[..., None]) -> None:
    """On Monday, a chat that Anna answers after 60 s and that is closed at the last moment of Tuesday. On Tuesday, a
    chat that Ben answers after 10 s while Anna is the assignee, and one without an answer."""
    anna, ben = add_admin(engine, "anna", "Anna Berg"), add_admin(engine, "ben")
    first = begin("a", "b", product=LAMP)
    second = begin("c", product=LAMP)
    third = begin("d", product=TEMPLATE)
    with transaction(engine) as db:
        for number, admin in ((first, anna), (second, ben)):
            session = db.get_one(ChatSession, number)
            messages.send(db, session, admin_actor(admin.id, admin.name), "answer", new_id())
        session = db.get_one(ChatSession, second)
        assignment.assign(db, session, STAFF, db.merge(anna), session.version)
        lifecycle.close(db, db.get_one(ChatSession, first), STAFF)
        # Every entry gets the time its chat began; only the counted times matter here.
        for number, moment in (
            (first, at(MONDAY, 0)),
            (second, at(TUESDAY, 9)),
            (third, at(TUESDAY, 23, 59)),
        ):
            entries = update(ChatMessage).where(ChatMessage.session_id == number)
            db.execute(entries.values(created_at=moment))
    change(first, created_at=at(MONDAY, 0), first_answer_at=at(MONDAY, 0, 1))
    change(first, closed_at=at(TUESDAY, 23, 59, 59))
    change(second, created_at=at(TUESDAY, 9), first_answer_at=at(TUESDAY, 9, 0, 10))
    change(third, created_at=at(TUESDAY, 23, 59))


def counted(engine: Engine, by: By, since: date = MONDAY, until: date = TUESDAY) -> Report:
    with transaction(engine, write=False) as db:
        return report(db, since, until, by)


def numbers(found: Report) -> dict[str | None, tuple[object, ...]]:
    return {
        line.key: (
            line.chats,
            line.customer_messages,
            line.admin_messages,
            line.closed,
            line.first_answer,
        )
        for line in [*found.lines]
    }


def test_every_day_has_a_line(engine: Engine, two_days: None) -> None:
    found = counted(engine, By.DAY, MONDAY - timedelta(days=1))
    assert list(numbers(found).items()) == [
        ("2026-03-01", (0, 0, 0, 0, None)),
        ("2026-03-02", (1, 2, 1, 0, 60.0)),
        ("2026-03-03", (2, 2, 1, 1, 10.0)),
    ]
    assert found.total.first_answer == 35.0
    assert found.total.first_answer_90 == 55.0


def test_by_admin_everything_counts_once(engine: Engine, two_days: None) -> None:
    found = counted(engine, By.ADMIN)
    assert list(numbers(found).items()) == [
        ("anna", (2, 3, 1, 1, 60.0)),
        (None, (1, 1, 0, 0, None)),
        ("ben", (0, 0, 1, 0, 10.0)),
    ]
    assert found.lines[0].name == "Anna Berg"


def test_by_product(engine: Engine, two_days: None) -> None:
    found = counted(engine, By.PRODUCT)
    assert list(numbers(found).items()) == [
        ("42", (2, 3, 2, 1, 35.0)),
        ("7", (1, 1, 0, 0, None)),
    ]
    assert [line.name for line in found.lines] == ["Lamp", "=HYPERLINK(1)"]


def test_the_sums_are_the_same_however_it_is_grouped(engine: Engine, two_days: None) -> None:
    totals = [counted(engine, by).total for by in By]
    assert totals[0] == totals[1] == totals[2]
    for by in By:
        found = counted(engine, by)
        for what in ("chats", "customer_messages", "admin_messages", "closed"):
            assert sum(getattr(line, what) for line in found.lines) == getattr(found.total, what)


def test_only_chats_within_the_period_count(engine: Engine, two_days: None) -> None:
    assert counted(engine, By.DAY, MONDAY, MONDAY).total.chats == 1
    assert counted(engine, By.DAY, MONDAY, MONDAY).total.closed == 0
    assert counted(engine, By.DAY, TUESDAY, TUESDAY).total.chats == 2
    later = TUESDAY + timedelta(days=1)
    assert counted(engine, By.ADMIN, later, later).lines == []


DAYS = ("--since", "2026-03-02", "--until", "2026-03-03")


def test_the_formats_agree(shell: Shell, two_days: None) -> None:
    table = shell("report", *DAYS, "--by", "admin")
    assert table.rows[0] == ["anna", "Anna Berg", "2", "3", "1", "1", "60.0", "60.0"]
    assert table.rows[1][:3] == ["", "", "1"]
    objects = shell("report", *DAYS, "--by", "admin", "--format", "json").objects
    assert objects[1] == {
        "admin": None,
        "name": None,
        "chats": 1,
        "customer_messages": 1,
        "admin_messages": 0,
        "closed": 0,
        "median_first_answer_seconds": None,
        "p90_first_answer_seconds": None,
    }
    lines = list(csv.DictReader(io.StringIO(shell("report", *DAYS, "--format", "csv").out)))
    assert [line["day"] for line in lines] == ["2026-03-02", "2026-03-03"]
    assert lines[1]["median_first_answer_seconds"] == "10.0"
    assert lines[1]["p90_first_answer_seconds"] == "10.0"
    shown = shell.on_terminal("report", *DAYS).out
    assert "90th" in shown
    assert "percentile" in shown
    assert "Total" in shown
    assert "1 min" in shown


def test_a_spreadsheet_evaluates_no_formula(shell: Shell, begin: Begin) -> None:
    for index, name in enumerate(("=1+1", "+1", "-1", "@x", " =1", "\t=1", "fine")):
        begin("hello", product=Product(str(index), name))
    out = shell("report", "--by", "product", "--format", "csv").out
    names = [row["name"] for row in csv.DictReader(io.StringIO(out))]
    assert sorted(names) == sorted(["'=1+1", "'+1", "'-1", "'@x", "' =1", "\\t=1", "fine"])


def test_the_last_thirty_days_are_the_default(shell: Shell, begin: Begin) -> None:
    begin("hello")
    found = shell("report")
    assert len(found.rows) == 30
    assert sum(int(row[1]) for row in found.rows) == 1


def test_invalid_arguments_are_wrong_usage(empty_shell: Shell) -> None:
    for words in (
        ("--since", "yesterday"),
        ("--since", "2026-02-30"),
        ("--since", "2026-03-03", "--until", "2026-03-02"),
        ("--since", "1026-03-03"),
        ("--by", "moon"),
        ("--format", "pdf"),
    ):
        assert empty_shell("report", *words).code == 2
