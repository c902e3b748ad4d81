"""How sessions and messages look on stdout: rows, lines, and a conversation for people to read."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..accounts.admins import named
from ..conversation.records import Row
from ..models import ChatMessage, ChatSession, Priority, Sender, now
from ..serializers import admin_message
from .output import (
    STYLES,
    Column,
    console,
    duration,
    joined,
    local_time,
    print_plain,
    print_table,
    styled,
    visible,
)

if TYPE_CHECKING:
    from rich.text import Text

KINDS = {
    Sender.CUSTOMER: (" CUSTOMER ", "bold black on #d4af37"),
    Sender.ADMIN: ("ADMIN", "bold"),
    Sender.NOTE: (" NOTE ", "black on yellow"),
}


def list_columns(row: Row) -> list[object]:
    """A session as a plain line; `livechat sessions list --help` names the columns."""
    session = row.session
    return [
        session.id,
        session.status,
        session.admin_username,
        session.waiting_since,
        session.last_activity_at,
        session.customer_name,
        session.customer_email,
        session.product_id,
        session.product_name,
        row.last_message.body if row.last_message else None,
    ]


def print_list(rows: list[Row]) -> None:
    """Sessions as a table for a terminal: as much of the last message as fits."""
    from rich.cells import cell_len

    width = console().width
    wide = width >= 120
    longest = [6, 7, 11, *([32, 32, 20] if wide else [18, 14, 10])]
    cells = [[*_table_row(row)] for row in rows]
    for line in cells:
        for text, most in zip(line, longest, strict=False):
            text.truncate(most, overflow="ellipsis")
    heads = ["No.", "Status", "Wait", "Customer", "Product", "Admin"]
    taken = sum(
        max(cell_len(head), *(line[column].cell_len for line in cells)) + 3
        for column, head in enumerate(heads)
    )
    for line in cells:
        line[-1].truncate(max(12, width - taken - 2), overflow="ellipsis")
    left: dict[str, object] = {"no_wrap": True}
    right = {"justify": "right", **left}
    options = [right, left, right, left, left, left]
    columns: list[Column] = list(zip(heads, options, strict=True))
    print_table([*columns, ("Last message", left)], cells)


def _table_row(row: Row) -> list[Text]:
    session, last = row.session, row.last_message
    by_admin = last is not None and last.sender == Sender.ADMIN
    return [
        styled(session.id, "bold"),
        styled(session.status, STYLES[session.status]),
        styled(waiting_time(session)),
        styled(who(session)),
        styled(session.product_name or session.product_id),
        styled(session.admin_username),
        styled(f"{'> ' if by_admin else ''}{last.body}" if last else None),
    ]


def waiting_time(session: ChatSession) -> str:
    """How long the customer has had no answer; empty while they wait for none."""
    since: datetime | None = session.waiting_since
    return duration((now() - since).total_seconds()) if since else ""


def who(session: ChatSession) -> str:
    """The customer, as well as we know them."""
    return session.customer_name or session.customer_email or "Guest"


def heading(session: ChatSession) -> list[tuple[str, str | None]]:
    """What there is to say about a session, for a person."""
    verified = " (signed in at the shop)" if session.customer_verified else ""
    product = [session.product_name, session.product_price, session.product_url]
    product_id = f"[{session.product_id}]" if session.product_id else None
    admin = session.assignee
    waits = waiting_time(session)
    return [
        ("Customer", who(session)),
        ("Email", f"{session.customer_email}{verified}" if session.customer_email else None),
        ("Product", "  ".join(part for part in [*product[:1], product_id, *product[1:]] if part)),
        ("Page", "  ".join(part for part in (session.page_title, session.page_url) if part)),
        ("Admin", named(admin) if admin else None),
        ("Priority", Priority(session.priority).name.lower() if session.priority else None),
        (
            "Snoozed",
            f"until {local_time(session.snoozed_until)}" if session.snoozed_until else None,
        ),
        ("Started", local_time(session.created_at)),
        ("Waiting", waits if waits else None),
        ("Closed", local_time(session.closed_at) if session.closed_at else None),
    ]


def print_heading(session: ChatSession) -> None:
    """The top of a conversation on a terminal."""
    status = styled(session.status, STYLES[session.status])
    console().print(joined(styled(f"Chat #{session.id}  ", "bold"), status))
    for name, value in heading(session):
        if value:
            console().print(joined(styled(f"{name:<10}", "dim"), styled(value)))


def print_message(message: ChatMessage, session: ChatSession | None = None) -> None:
    """An entry on a terminal: who and when, and below it the text, with its line breaks."""
    from rich.padding import Padding
    from rich.text import Text

    shape = admin_message(message)
    line = [styled(f"{local_time(message.created_at)}  ", "dim")]
    if session is not None:
        line += [styled(f"{session.id} ", "bold"), styled(f"{who(session)}  ")]
    if message.sender == Sender.SYSTEM:
        console().print(joined(*line, styled(shape["body"], "italic")))
        return
    by_customer = message.sender == Sender.CUSTOMER
    line.append(styled(*KINDS[Sender(message.sender)]))
    if message.author_name and (not by_customer or session is None):
        line.append(styled(f" {message.author_name}"))
    console().print(joined(*line))
    console().print(Padding(Text(visible(shape["body"])), (0, 0, 0, 4), expand=False))


def message_columns(message: ChatMessage) -> list[object]:
    """An entry as a plain line: seq, when, from whom, author, text."""
    shape: dict[str, Any] = admin_message(message)
    return [message.seq, message.created_at, message.sender, message.author_name, shape["body"]]


def print_plain_heading(session: ChatSession) -> None:
    """The top of a conversation as plain lines: a name and a value each."""
    print_plain(["number", session.id])
    print_plain(["status", session.status])
    for name, value in (
        ("customer", session.customer_name),
        ("email", session.customer_email),
        ("product", session.product_id),
        ("product_name", session.product_name),
        ("product_url", session.product_url),
        ("product_price", session.product_price),
        ("page", session.page_url),
        ("assignee", session.admin_username),
        ("priority", Priority(session.priority).name.lower()),
        ("snoozed_until", session.snoozed_until),
        ("created_at", session.created_at),
        ("waiting_since", session.waiting_since),
        ("closed_at", session.closed_at),
        ("version", session.version),
    ):
        print_plain([name, value])
