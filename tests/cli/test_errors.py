"""Errors outside our control: one sentence, exit code 1, no traceback."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy import make_url, text

from ..databases import engine_for
from .conftest import Shell


@pytest.mark.parametrize(
    ("ini", "said"),
    [
        (None, "There is no settings file some.ini"),
        ("rubbish", "The ini file cannot be read"),
        ("[app:main]\nlivechat.secret = 100%sure\n", "Write %% for a %."),
        ("[other]\nx = 1\n", "no section [app:main]"),
        (b"\xff\xfe[app", "cannot be read"),
        (
            "[app:main]\nuse = egg:livechat\nlivechat.secrte = x\n",
            "livechat.secrte is not a livechat setting",
        ),
        ("[app:main]\nuse = egg:livechat\n", "livechat.public_url is missing"),
    ],
)
def test_an_unusable_ini_file(empty_shell: Shell, ini: str | bytes | None, said: str) -> None:
    if ini is not None:
        content = ini if isinstance(ini, bytes) else ini.encode()
        (empty_shell.folder / "some.ini").write_bytes(content)
    for way in (
        empty_shell("--config", "some.ini", "sessions", "list"),
        empty_shell("sessions", "list", LIVECHAT_CONFIG="some.ini"),
    ):
        assert (way.code, way.out) == (1, "")
        assert said in way.err


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql+psycopg://anna:hidden@127.0.0.1:1/chat", "cannot be used: connection failed"),
        ("sqlite:////dev/null/chat.sqlite3", "There is no database"),
        ("mysql://localhost/chat", "must begin with sqlite:/// or postgresql+psycopg://"),
        ("nonsense", "must begin with"),
        ("sqlite:///not-a-database", "is not a database"),
    ],
)
def test_an_unusable_database(empty_shell: Shell, url: str, said: str) -> None:
    (empty_shell.folder / "not-a-database").write_bytes(b"a letter to a friend, long enough" * 99)
    refused = empty_shell("sessions", "list", LIVECHAT_DATABASE_URL=url)
    assert (refused.code, refused.out) == (1, "")
    assert said in refused.err
    assert "hidden" not in refused.err


def test_a_database_without_our_tables(empty_shell: Shell) -> None:
    sqlite3.connect(empty_shell.folder / "livechat.sqlite3").close()
    (empty_shell.folder / "livechat.sqlite3").touch()
    refused = empty_shell("sessions", "list")
    assert (refused.code, refused.out) == (1, "")
    assert refused.err.endswith("Run: livechat init\n")
    (empty_shell.folder / "my own.ini").write_text(
        "[app:main]\nuse = egg:livechat\nlivechat.development = true\n"
    )
    refused = empty_shell("--config", "my own.ini", "sessions", "list")
    assert "Run: livechat --config 'my own.ini' init" in refused.err


def test_a_database_that_is_locked(empty_shell: Shell) -> None:
    empty_shell("init", "--no-admin")
    holder = sqlite3.connect(empty_shell.folder / "livechat.sqlite3", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    busy = empty_shell("admins", "add", "anna", "--invite", LIVECHAT_BUSY_TIMEOUT_MS="100")
    assert (busy.code, busy.out) == (1, "")
    assert "busy" in busy.err
    # Readers do not wait for writers.
    assert empty_shell("admins", "list", LIVECHAT_BUSY_TIMEOUT_MS="100").code == 0
    holder.execute("ROLLBACK")
    holder.close()
    assert empty_shell("admins", "add", "anna", "--invite").code == 0


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_a_read_only_database(empty_shell: Shell, new_database) -> None:
    url = new_database()
    empty_shell("init", "--no-admin", LIVECHAT_DATABASE_URL=url)
    # Like a standby, or a database whose administrator blocks writers.
    read_only = {"LIVECHAT_DATABASE_URL": url}
    with engine_for(url) as engine, engine.connect() as connection:
        name = make_url(url).database
        connection.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'))
        connection.commit()
    for words in (
        ("admins", "add", "anna", "--invite"),
        ("sessions", "close", "1"),
        ("sessions", "reply", "1", "hello"),
        ("replies", "add", "hi", "Hello"),
    ):
        refused = empty_shell(*words, **read_only)
        assert (refused.code, refused.out) == (1, ""), refused
        assert refused.err.count("\n") == 1, refused.err
        assert "read-only transaction" in refused.err, refused.err
    assert empty_shell("sessions", "list", **read_only).code == 0


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_a_locked_table(empty_shell: Shell, new_database) -> None:
    url = new_database()
    with engine_for(url) as engine, engine.connect() as connection:
        connection.execute(text("LOCK TABLE chat_sessions IN ACCESS EXCLUSIVE MODE"))
        settings = {"LIVECHAT_DATABASE_URL": url, "LIVECHAT_BUSY_TIMEOUT_MS": "100"}
        refused = empty_shell("sessions", "list", **settings)
        connection.rollback()
    assert (refused.code, refused.out) == (1, "")
    assert "busy" in refused.err
