"""`livechat init`: from an empty folder to an admin who can sign in, and running it again."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from livechat.accounts import admins
from livechat.db import schema
from livechat.db.engine import make_engine
from livechat.db.session import transaction
from tests.databases import engine_for
from tests.factories import PASSWORD, has_password

from .conftest import PATIENCE, Shell

WELCOME = "http://localhost:6543/custom-admin/welcome/?token="


def usernames(shell: Shell) -> list[str]:
    return [row[0] for row in shell("admins", "list").rows]


def test_init_creates_everything_and_is_safe_to_repeat(empty_shell: Shell) -> None:
    (empty_shell.folder / "development.ini").write_text(
        "[app:main]\nuse = egg:livechat\nlivechat.development = true\n"
        "livechat.database_url = sqlite:///%(here)s/deep/down/chat.sqlite3\n"
    )
    first = empty_shell("init")
    assert (first.code, first.out[: len(WELCOME)]) == (0, WELCOME)
    assert "Set up the database" in first.err
    path = empty_shell.folder / "deep/down/chat.sqlite3"
    with engine_for(f"sqlite:///{path}") as engine, transaction(engine) as db:
        assert schema.is_current(engine)
        admin = admins.invited(db, first.out.strip().removeprefix(WELCOME))
        assert admin is not None
        assert admin.username == "admin"
    again = empty_shell("init")
    assert (again.code, again.out) == (0, "")
    assert "livechat admins passwd admin" in again.err
    assert usernames(empty_shell) == ["admin"]


def test_init_works_without_an_ini_file_on_both_databases(
    empty_shell: Shell, new_database: object
) -> None:
    url = new_database(migrated=False)  # type: ignore[operator]
    empty_shell.environ["LIVECHAT_DATABASE_URL"] = url
    missing = empty_shell("admins", "list")
    assert missing.code == 1
    assert "Run: livechat init" in missing.err
    made = empty_shell("init", "--admin", "Anna", "--invite", PORT="7000")
    assert made.out.startswith("http://localhost:7000/custom-admin/welcome/?token=")
    assert usernames(empty_shell) == ["anna"]
    assert "***" in made.err or "sqlite" in made.err or ":@" in made.err or "postgres@" in made.err
    other = empty_shell("init", "--admin", "ben")
    assert other.code == 1
    assert "livechat admins add ben" in other.err


def test_commands_leave_one_complete_file(empty_shell: Shell) -> None:
    for words in (
        ["init", "--no-admin"],
        ["admins", "add", "anna", "--invite"],
        ["admins", "list"],
    ):
        assert empty_shell(*words).code == 0
        files = {path.name for path in empty_shell.folder.iterdir()}
        assert {name for name in files if "sqlite3" in name} == {"livechat.sqlite3"}


def test_init_can_leave_the_admin_out(empty_shell: Shell) -> None:
    made = empty_shell("init", "--no-admin")
    assert (made.code, made.out) == (0, "")
    assert usernames(empty_shell) == []
    assert empty_shell("init", "--no-admin", "--invite").code == 2
    assert empty_shell("init", "--admin", "two words").code == 1


def test_a_disabled_admin_does_not_count(empty_shell: Shell) -> None:
    empty_shell("init", "--admin", "anna")
    empty_shell("admins", "disable", "anna")
    assert empty_shell("init").out.startswith(WELCOME)
    assert usernames(empty_shell) == ["admin", "anna"]


def test_on_a_terminal_init_asks(empty_shell: Shell) -> None:
    asked = empty_shell.on_terminal("init", answers=("Anna", PASSWORD, PASSWORD))
    assert asked.code == 0
    assert PASSWORD not in asked.out
    assert "Created the admin anna" in asked.out
    engine = make_engine(f"sqlite:///{empty_shell.folder / 'livechat.sqlite3'}")
    with transaction(engine) as db:
        assert has_password(db, "anna", PASSWORD)
    engine.dispose()
    silent = empty_shell.on_terminal("init")
    assert silent.code == 0
    assert "Admins who can sign in: anna" in silent.out


def test_an_interrupted_question_ends_with_130_and_changes_nothing(empty_shell: Shell) -> None:
    asked = empty_shell.on_terminal("init", answers=("\x03",))
    assert asked.code == 130
    assert usernames(empty_shell) == []


@pytest.mark.parametrize("newer", ["9999"])
def test_a_database_of_a_newer_version_is_left_alone(empty_shell: Shell, newer: str) -> None:
    empty_shell("init", "--no-admin")
    with sqlite3.connect(empty_shell.folder / "livechat.sqlite3") as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", [newer])
    connection.close()
    refused = empty_shell("init")
    assert refused.code == 1
    assert newer in refused.err


def test_nothing_is_created_where_there_is_no_database(empty_shell: Shell) -> None:
    for words in (["sessions", "list"], ["admins", "add", "anna", "--invite"], ["report"]):
        refused = empty_shell(*words)
        assert (refused.code, refused.out) == (1, "")
        assert "Run: livechat init" in refused.err
    assert list(Path(empty_shell.folder).iterdir()) == []


def test_two_concurrent_inits_give_one_valid_link(empty_shell: Shell, new_database: object) -> None:
    url = new_database()  # type: ignore[operator]
    empty_shell.environ["LIVECHAT_DATABASE_URL"] = url
    both = [empty_shell.start("init", "--admin", "anna", "--invite") for _ in range(2)]
    ended = [process.communicate(timeout=3 * PATIENCE) for process in both]
    assert [process.returncode for process in both] == [0, 0], ended
    [link] = [out for out, _err in ended if out]
    [other] = [err for out, err in ended if not out]
    assert "livechat admins passwd anna" in other
    with engine_for(url) as engine, transaction(engine) as db:
        assert admins.invited(db, link.strip().rpartition("=")[2]) is not None
