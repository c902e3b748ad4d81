"""`livechat report`: what happened, for people, spreadsheets and programs."""

from __future__ import annotations

import csv
import sys
from datetime import UTC, date, datetime, timedelta
from typing import Any

import click

from ..models import now
from ..statistics.report import By, Line, Report
from ..statistics.report import report as make_report
from .context import Context, pass_context
from .output import cell, duration, is_terminal, print_json, print_plain, print_table

STANDARD_DAYS = 30
MOST_DAYS = 3660
# A spreadsheet would take text that begins like this for a formula, and compute what a customer wrote.
_FORMULA = tuple("=+-@＝＋－＠")
_NOBODY = {By.ADMIN: "(unassigned)", By.PRODUCT: "(no product)"}


class Day(click.ParamType[date]):
    """A day, written 2026-01-31."""

    name = "YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC).date()
        except ValueError:
            self.fail(f"{value!r} is not a day. Use the form 2026-01-31.", param, ctx)


@click.command(short_help="Report chats, messages and response times.")
@click.option("--since", type=Day(), help="First day. Default: 30 days up to the last day.")
@click.option("--until", type=Day(), help="Last day, included. Default: today.")
@click.option(
    "--by",
    type=click.Choice([by.value for by in By]),
    default="day",
    show_default=True,
    help="Group by day, admin or product.",
)
@click.option(
    "--format", "shape", type=click.Choice(["table", "csv", "json"]), default="table",
    show_default=True, help="Output format. JSON has one object per line.",
)  # fmt: skip
@pass_context
def report(context: Context, since: date | None, until: date | None, by: str, shape: str) -> None:
    """Report chats, messages and response times by day, admin or product. Days are in UTC.

    Each line has the number of chats started, messages from customers, messages from admins, chats closed (and
    not reopened), and the first response time: the median and the 90th percentile. By admin, a chat counts for its
    current assignee, a message for its author, and a first response for the admin who gave it.

    When piped, a table has no heading. Its columns are those of the CSV, separated by tabs, with times in seconds.

    \b
    Examples:
      livechat report
      livechat report --since 2026-11-01 --until 2026-11-30 --by admin
      livechat report --by product --format csv > products.csv
      livechat report --format json | tail -1
    """
    until = until or max(since or date.min, now().date())
    since = since or until - timedelta(days=STANDARD_DAYS - 1)
    if since > until:
        raise click.UsageError(f"--since {since} is after --until {until}.")
    if (until - since).days >= MOST_DAYS:
        raise click.UsageError(f"A report covers at most {MOST_DAYS // 366} years.")
    with context.reading() as db:
        found = make_report(db, since, until, By(by))
    {"csv": _print_csv, "json": _print_json, "table": _print_table}[shape](found, By(by))


def _columns(by: By) -> list[str]:
    names = ["day"] if by is By.DAY else [by.value, "name"]
    counts = ["chats", "customer_messages", "admin_messages", "closed"]
    return [*names, *counts, "median_first_answer_seconds", "p90_first_answer_seconds"]


def _values(line: Line, by: By) -> list[Any]:
    names = [line.key] if by is By.DAY else [line.key, line.name]
    counts = [line.chats, line.customer_messages, line.admin_messages, line.closed]
    return [*names, *counts, line.first_answer, line.first_answer_90]


def _print_json(found: Report, by: By) -> None:
    for line in found.lines:
        print_json(dict(zip(_columns(by), _values(line, by), strict=True)))


def _print_csv(found: Report, by: By) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(_columns(by))
    for line in found.lines:
        writer.writerow([_harmless(value) for value in _values(line, by)])


def _harmless(value: Any) -> str:
    text = cell(value)
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text


def _print_table(found: Report, by: By) -> None:
    if not is_terminal():
        for line in found.lines:
            print_plain(_values(line, by))
        return
    right = {"justify": "right", "no_wrap": True}
    # Two lines, so that all of it stands on a terminal of 80 columns.
    numbers = [
        "Chats",
        "From\ncustomers",
        "From\nadmins",
        "Closed",
        "Median\nresponse",
        "90th\npercentile",
    ]
    print_table(
        [by.value.capitalize(), *((heading, right) for heading in numbers)],
        [[_shown(line, by), *_numbers(line)] for line in found.lines],
        total=["Total", *_numbers(found.total)],
    )


def _shown(line: Line, by: By) -> str:
    if line.key is None:
        return _NOBODY[by]
    return f"{line.name} ({line.key})" if line.name and line.name != line.key else line.key


def _numbers(line: Line) -> list[Any]:
    counts = [line.chats, line.customer_messages, line.admin_messages, line.closed]
    return [
        *(number or "·" for number in counts),
        duration(line.first_answer),
        duration(line.first_answer_90),
    ]
