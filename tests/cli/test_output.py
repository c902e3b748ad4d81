"""What is written to stdout, piece by piece."""

from __future__ import annotations

import json
import unicodedata
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livechat.cli.output import cell, duration, print_json, visible


@given(st.text())
def test_only_plain_text_reaches_a_terminal(text: str) -> None:
    for shown, allowed in ((visible(text), "\n"), (cell(text), "")):
        for character in shown:
            assert unicodedata.category(character) not in {"Cc", "Zl", "Zp"} or character in allowed
            assert not "\u202a" <= character <= "\u202e"
            assert not "\u2066" <= character <= "\u2069"


@given(st.text())
def test_json_is_utf8_without_terminal_control_characters(text: str) -> None:
    import click.testing

    with click.testing.CliRunner().isolation() as streams:
        print_json({"text": text})
        line = streams[0].getvalue().decode()
    assert json.loads(line) == {"text": text}
    assert line.endswith("\n")
    assert line[:-1].isprintable()


def test_json_keeps_each_printable_character() -> None:
    import click.testing

    with click.testing.CliRunner().isolation() as streams:
        print_json({"text": "Grüße 😀"})
        assert streams[0].getvalue().decode() == '{"text": "Grüße 😀"}\n'


def test_a_column_is_one_line() -> None:
    assert cell("a\nb\tc\r\x1b") == "a\\nb\\tc\\r\\x1b"
    assert cell(None) == ""
    assert cell(0) == "0"
    east = timezone(timedelta(hours=2))
    assert cell(datetime(2026, 1, 31, 1, 30, tzinfo=east)) == "2026-01-30T23:30:00Z"
    assert cell(datetime(2026, 1, 31, tzinfo=UTC)) == "2026-01-31T00:00:00Z"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (None, ""),
        (-3, "0 s"),
        (0.4, "0 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h 00 min"),
        (3 * 3600 + 300, "3 h 05 min"),
        (90000, "1 d 1 h"),
    ],
)
def test_durations_are_short(seconds: float | None, shown: str) -> None:
    assert duration(seconds) == shown
