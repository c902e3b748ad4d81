"""Help: every command has valid examples, and the examples in the docs run."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from sqlalchemy import Engine

from livechat.cli import livechat
from tests.factories import add_admin

from .conftest import Begin, Shell

DOCS = Path(__file__).parents[2] / "docs"


def commands(group: click.Group = livechat, *path: str) -> Iterator[tuple[str, click.Command]]:
    yield " ".join(path), group
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, *path, name)
        elif command is not None:
            yield " ".join([*path, name]), command


ALL = dict(commands())


def examples(text: str) -> list[str]:
    return re.findall(r"^ +((?:.*\| )?livechat .*)$", text.partition("Examples:")[2], re.MULTILINE)


def test_the_commands_are_those_of_the_contract() -> None:
    sessions = ["list", "show", "assign", "close", "reopen", "reply", "note", "watch", "revoke"]
    people = ["add", "list", "role", "disable", "enable", "passwd", "logout"]
    canned = ["list", "show", "add", "change", "remove"]
    assert set(ALL) == {
        *("", "init", "serve", "search", "replies", "report", "audit", "admins", "sessions"),
        *(f"sessions {name}" for name in sessions),
        *(f"replies {name}" for name in canned),
        *(f"admins {name}" for name in people),
    }


@pytest.mark.parametrize("name", ALL)
def test_the_examples_in_the_help_are_valid_usage(name: str) -> None:
    command = ALL[name]
    shown = command.get_help(click.Context(command, info_name=f"livechat {name}"))
    found = examples(shown)
    assert found
    for example in found:
        # Our part of the line, without pipes and redirections.
        ours = next(part for part in example.split("|") if part.strip().startswith("livechat "))
        words = shlex.split(re.sub(r"[<>].*", "", ours))[1:]
        parse(livechat, words)
        assert not name or name.split()[0] in words


def parse(command: click.Command, words: list[str]) -> None:
    """Parse a command line without running it. Raises UsageError."""
    context = command.make_context("livechat", words, resilient_parsing=False)
    if isinstance(command, click.Group):
        _name, found, rest = command.resolve_command(
            context, [*context._protected_args, *context.args]
        )
        assert found is not None
        parse(found, rest)


def test_help_works_in_every_spelling(empty_shell: Shell) -> None:
    for words in (["--help"], ["-h"]):
        shown = empty_shell(*words)
        assert (shown.code, shown.err) == (0, "")
        assert "livechat sessions list" in shown.out
    assert empty_shell("sessions", "assign", "-h").code == 0
    assert re.fullmatch(r"livechat \d+\.\d+\.\d+\n", empty_shell("--version").out)
    for words in ([], ["sessions"], ["bogus"], ["sessions", "list", "--bogus"]):
        wrong = empty_shell(*words)
        assert (wrong.code, wrong.out) == (2, "")
        assert "Usage:" in wrong.err


def test_the_settings_option_may_precede_or_follow_the_command(empty_shell: Shell) -> None:
    for words in (
        ["--config", "x.ini", "sessions", "list"],
        ["sessions", "--config", "x.ini", "list"],
        ["sessions", "list", "--config=x.ini"],
        ["serve", "--config", "x.ini"],
    ):
        refused = empty_shell(*words)
        assert (refused.code, refused.err) == (1, "There is no settings file x.ini.\n")


def test_help_does_not_import_what_it_does_not_need() -> None:
    program = (
        "import sys; sys.argv = ['livechat', '--help']\n"
        "from livechat.cli import main; main()\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = set(done.stderr.split())
    assert not loaded & {"sqlalchemy", "pyramid", "waitress", "alembic", "rich", "plaster"}


def test_listing_does_not_import_the_web() -> None:
    program = "import livechat.cli.sessions, sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert "sqlalchemy" in loaded
    assert not loaded & {"pyramid", "zope.sqlalchemy", "waitress", "alembic", "jinja2", "limits"}


def test_the_examples_in_the_docs_run(shell: Shell, begin: Begin, engine: Engine) -> None:
    add_admin(engine, "anna")
    for _ in range(13):
        begin("hello")
    text = (DOCS / "using.md").read_text("utf-8")
    found = re.findall(r"^\$ livechat (.*)$", text, re.MULTILINE)
    assert len(found) > 5
    for example in found:
        words = shlex.split(example)
        if "watch" not in words:
            ran = shell(*words)
            assert ran.code == 0, (example, ran.err)
