"""`livechat replies`: the texts that are used again and again. Those of everybody; an admin's own are theirs."""

from __future__ import annotations

from typing import Any

import click
from sqlalchemy.orm import Session

from ..actors import STAFF
from ..desk import canned_replies as canned
from ..exceptions import Missing
from ..validation import body_text
from .context import Context, pass_context, tell
from .output import is_terminal, print_json, print_plain, print_table, styled
from .session_acts import text_or_stdin


@click.group()
def replies() -> None:
    """Manage shared canned replies.

    In a text, {customer.name|there} becomes the customer's name, or "there" if it is unknown.

    \b
    Examples:
      livechat replies list
      livechat replies add hours "We are here from 9 to 17."
    """


@replies.command(name="list")
@click.option("--search", metavar="WORD", default="", help="Only replies that contain this.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")
@pass_context
def list_(context: Context, search: str, as_json: bool) -> None:
    """List the replies, most used first. Columns when piped: code, title, uses, text.

    \b
    Examples:
      livechat replies list
      livechat replies list --search refund --json
    """
    with context.reading() as db:
        found = [_shape(reply) for reply in canned.replies_of(db, None, search)]
    if as_json:
        for shape in found:
            print_json(shape)
    elif is_terminal():
        rows = [
            [styled(f"/{one['code']}", "bold"), one["title"], str(one["uses"])] for one in found
        ]
        print_table(["Code", "Title", "Used"], rows)
    else:
        for one in found:
            print_plain([one["code"], one["title"], one["uses"], one["body"]])
    if not found:
        tell("No canned replies yet." if not search else "No results.")


@replies.command()
@click.argument("code")
@pass_context
def show(context: Context, code: str) -> None:
    """Print the text of a reply.

    \b
    Examples:
      livechat replies show hours
    """
    with context.reading() as db:
        click.echo(_by_code(db, code).body)


@replies.command()
@click.argument("code")
@click.argument("text")
@click.option("--title", metavar="TITLE", help="Default: the start of the text.")
@pass_context
def add(context: Context, code: str, text: str, title: str | None) -> None:
    """Add a reply for everyone. TEXT in quotes, or - to read it from standard input.

    \b
    Examples:
      livechat replies add hours "We are here from 9 to 17." --title "Opening hours"
      livechat replies add returns - < returns.txt
    """
    body = body_text(text_or_stdin(text), "text", "reply")
    with context.writing() as db:
        title = title or body.partition("\n")[0][:60]
        reply = canned.add(db, STAFF, code=code, title=title, body=body, everybody=True)
        tell(f"Added /{reply.code}.")


@replies.command()
@click.argument("code")
@click.argument("text")
@click.option("--title", metavar="TITLE", help="Default: unchanged.")
@click.option("--code", "anew", metavar="CODE", help="Default: unchanged.")
@pass_context
def change(context: Context, code: str, text: str, title: str | None, anew: str | None) -> None:
    """Change the text of a reply, and optionally its title and code.

    TEXT in quotes, or - to read it from standard input.

    \b
    Examples:
      livechat replies change hours "We are here from 9 to 18."
    """
    body = body_text(text_or_stdin(text), "text", "reply")
    with context.writing() as db:
        reply = _by_code(db, code)
        canned.change(
            db,
            STAFF,
            reply.id,
            code=anew or reply.code,
            title=title or reply.title,
            body=body,
            everybody=True,
        )
    tell(f"Changed /{anew or reply.code}.")


@replies.command()
@click.argument("code")
@pass_context
def remove(context: Context, code: str) -> None:
    """Remove a reply. Sent messages stay.

    \b
    Examples:
      livechat replies remove hours
    """
    with context.writing() as db:
        reply = _by_code(db, code)
        canned.remove(db, STAFF, reply.id)
    tell(f"Removed /{reply.code}.")


def _by_code(db: Session, code: str) -> Any:
    folded = canned.fold_code(code)
    found = [reply for reply in canned.replies_of(db, None) if reply.code == folded]
    if not found:
        raise Missing(f"There is no reply /{folded}. See: livechat replies list")
    return found[0]


def _shape(reply: Any) -> dict[str, Any]:
    return {name: getattr(reply, name) for name in ("code", "title", "body", "uses")}
