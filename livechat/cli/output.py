"""What goes to stdout: tables for people, plain lines for awk, JSON for programs. No control character reaches a
terminal."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

# Characters that move a terminal's cursor, change its state or reverse the order of a line: control characters
# (C0, DEL, C1), line separators, bidi embeddings, overrides and isolates, lone surrogates.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")

Column = str | tuple[str, Mapping[str, Any]]
"""A column of a table: its heading, or its heading and options for rich."""

STYLES = {"waiting": "bold yellow", "active": "green", "closed": "dim"}


def visible(text: str) -> str:
    """Return a text that is safe on a terminal: line breaks stay, other control characters become ``\\x1b`` and the
    like."""
    return _UNSAFE.sub(lambda match: match[0] if match[0] == "\n" else _escaped(match[0]), text)


def cell(value: object) -> str:
    """Return a value as one line without tabs, for a column. None is empty; a line break becomes ``\\n``."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return _UNSAFE.sub(lambda match: _escaped(match[0]), str(value))


def _escaped(character: str) -> str:
    short = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}
    code = ord(character)
    return short.get(character) or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")


def is_terminal() -> bool:
    """Return whether stdout is a terminal."""
    return sys.stdout.isatty()


def print_json(value: Mapping[str, Any]) -> None:
    """Print an object as one line of JSON in UTF-8. Characters that are not printable are escaped."""
    click.echo(_json(value))


def print_json_with_list(
    value: Mapping[str, Any], name: str, items: Iterable[Mapping[str, Any]]
) -> None:
    """Print an object whose last member is a list of any length, as one line of JSON. Items are printed as they
    come."""
    click.echo(f"{_json(value)[:-1]}, {_json(name)}: [", nl=False)
    for index, item in enumerate(items):
        click.echo(f"{', ' if index else ''}{_json(item)}", nl=False)
    click.echo("]}")


def _json(value: object) -> str:
    shown = json.dumps(value, ensure_ascii=not _is_utf8(), separators=(", ", ": "))
    if shown.isprintable():
        return shown
    return "".join(one if one.isprintable() else json.dumps(one)[1:-1] for one in shown)


def _is_utf8() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"


def print_plain(row: Iterable[object]) -> None:
    """Print one line of columns separated by tabs."""
    click.echo("\t".join(cell(value) for value in row))


@cache
def console() -> Console:
    """Return the terminal. Markup and emoji codes are off: what customers write is shown as they typed it."""
    from rich.console import Console

    return Console(markup=False, emoji=False, highlight=False, soft_wrap=False)


def styled(value: object, style: str = "") -> Text:
    """Return a value as one line in a style. Markup in it has no effect."""
    from rich.text import Text

    return Text(cell(value), style=style)


def joined(*parts: Text) -> Text:
    """Return texts joined in one line, each with its own style."""
    from rich.text import Text

    return Text.assemble(*parts)


def print_table(
    columns: Sequence[Column],
    rows: Iterable[Sequence[object]],
    total: Sequence[object] | None = None,
) -> None:
    """Print a table for a terminal.

    `columns`: headings, each alone or with options for rich; `total`: the cells of a last line.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False, show_footer=bool(total))
    for index, column in enumerate(columns):
        heading, options = (column, {}) if isinstance(column, str) else column
        footer = styled(total[index], "bold") if total else ""
        table.add_column(heading, footer=footer, **options)
    for row in rows:
        table.add_row(*(value if isinstance(value, Text) else styled(value) for value in row))
    console().print(table)


def local_time(moment: datetime) -> str:
    """Return a time for a person: in the local time zone, to the minute."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M")


def duration(seconds: float | None) -> str:
    """Return a duration for a person: ``8 s``, ``3 min``, ``2 h 05 min``, ``4 d 3 h``; empty for None."""
    if seconds is None:
        return ""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min"
    if whole < 24 * 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02} min"
    return f"{whole // 86400} d {whole % 86400 // 3600} h"
