"""`livechat sessions`: the chats; looking at them. What changes them is in acting.py, watching in watch.py."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from ..conversation import history
from ..conversation.records import Row
from ..desk.filters import Filters
from ..desk.inbox import find_sessions, row_of
from ..models import Status
from ..serializers import admin_message, admin_session
from . import session_acts
from .context import Context, pass_context, tell
from .output import console, is_terminal, print_json, print_json_with_list, print_plain
from .params import NUMBER, session_by_number
from .session_output import (
    list_columns,
    message_columns,
    print_heading,
    print_list,
    print_message,
    print_plain_heading,
)
from .watch import watch

PAGE = 200


@click.group()
def sessions() -> None:
    """Work with chats: list, show, assign, reply, close, watch.

    A chat is named by its number, as at the desk. Open browsers show changes right away.

    \b
    Examples:
      livechat sessions list --status waiting
      livechat sessions show 12
      livechat sessions reply 12 "We have three left." --as anna
    """


@sessions.command("list")
@click.option(
    "--status",
    type=click.Choice([status.value for status in Status]),
    help="Only chats with this status.",
)
@click.option(
    "--assignee", metavar="ADMIN", help="Only chats of this admin; none: unassigned chats."
)
@click.option("--search", metavar="WORDS", help="Search name, email or product.")
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=50,
    show_default=True,
    help="Maximum number of chats.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")
@pass_context
def list_(
    context: Context, status: str | None, assignee: str | None, search: str | None, limit: int,
    as_json: bool,
) -> None:  # fmt: skip
    """List chats, newest activity first.

    Columns when piped: number, status, admin, waiting since, last activity, customer's name, customer's email,
    product ID, product name, last message. Line breaks and tabs in text are printed as \\n and \\t.

    \b
    Examples:
      livechat sessions list
      livechat sessions list --status waiting --assignee none
      livechat sessions list --search "lamp ann@example.com" --json
      livechat sessions list --status active | cut -f1 | xargs livechat sessions close
    """
    rows, more = _find(
        context, Filters(status=status or "", assignee=assignee or "", search=search or ""), limit
    )
    if as_json:
        for row in rows:
            print_json(admin_session(row))
    elif is_terminal():
        if rows:
            print_list(rows)
    else:
        for row in rows:
            print_plain(list_columns(row))
    if more:
        tell(f"Only the first {limit} are shown. Use --limit {limit * 10} for more.")
    elif not rows:
        tell("No results." if status or assignee or search else "No chats yet.")


def _find(context: Context, filters: Filters, limit: int) -> tuple[list[Row], bool]:
    from dataclasses import replace

    rows: list[Row] = []
    with context.reading() as db:
        while True:
            size = min(PAGE, limit - len(rows))
            page = find_sessions(db, replace(filters, limit=size), reader_id=None)
            rows += page.rows
            if page.next is None or len(rows) >= limit:
                return rows, page.next is not None
            filters = replace(filters, before=page.next)


@sessions.command()
@click.argument("number", type=NUMBER)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: {session, messages}.")
@pass_context
def show(context: Context, number: int, as_json: bool) -> None:
    """Show a chat with all its messages and notes.

    When piped: one line for each detail (name and value), an empty line, then one line for each entry with the
    columns seq, time, from (customer, admin, note or system), author, text.

    \b
    Examples:
      livechat sessions show 12
      livechat sessions show 12 --json
    """
    with context.reading() as db:
        session = session_by_number(db, number)
        shape = admin_session(row_of(db, session, reader_id=None)) if as_json else None
    entries = _all_entries(context, session.id)
    if shape is not None:
        print_json_with_list({"session": shape}, "messages", map(admin_message, entries))
    elif is_terminal():
        print_heading(session)
        console().print()
        for entry in entries:
            print_message(entry)
    else:
        print_plain_heading(session)
        click.echo()
        for entry in entries:
            print_plain(message_columns(entry))


def _all_entries(context: Context, number: int) -> Iterator[Any]:
    """A chat's entries from the first to the newest. One page is in memory at a time, and no transaction is open
    while it is printed: whoever reads may take long."""
    position, more = 0, True
    while more:
        with context.reading() as db:
            page = history.page_after(db, number, position, for_customer=False)
        yield from page.entries
        position, more = page.end, page.more


for command in (*session_acts.COMMANDS, watch):
    sessions.add_command(command)
