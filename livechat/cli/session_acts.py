"""`livechat sessions assign|reply|close|reopen|revoke`: what changes a chat."""

from __future__ import annotations

import sys
import uuid

import click
from sqlalchemy.orm import Session

from .. import audit
from ..accounts import admins, guests
from ..actors import STAFF, shell_actor
from ..audit import Act
from ..conversation import assignment, lifecycle, messages, notes
from ..desk.inbox import row_of
from ..exceptions import Refused
from ..models import Admin, ChatSession
from ..permissions import Permission
from ..serializers import admin_message, admin_session
from ..validation import body_text
from .context import Context, pass_context, tell
from .exits import FAILED, Failed
from .output import print_json
from .params import NUMBER, session_by_number

as_json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print the chat as one JSON object."
)


@click.command()
@click.argument("number", type=NUMBER)
@click.argument("admin", required=False)
@click.option("--none", "nobody", is_flag=True, help="Unassign the chat.")
@click.option(
    "--if-version", "version", type=click.IntRange(1), metavar="VERSION",
    help="Only if the chat still has this version: no one has assigned, closed or reopened it since.",
)  # fmt: skip
@as_json_option
@pass_context
def assign(
    context: Context, number: int, admin: str | None, nobody: bool, version: int | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Assign a chat to ADMIN, or unassign it.

    If someone else assigns it at the same time, the first one wins and the other one gets an error.

    \b
    Examples:
      livechat sessions assign 12 anna
      livechat sessions assign 12 --none
      livechat sessions assign 12 anna --if-version 3
    """
    if (admin is None) != nobody:
        raise click.UsageError("Give the username of an admin, or --none.")
    with context.reading() as db:
        session = session_by_number(db, number)
        seen, before = session.version if version is None else version, session.assignee_id
    with context.writing() as db:
        session = session_by_number(db, number)
        whom = admins.find_admin(db, admin) if admin is not None else None
        assignment.assign(db, session, STAFF, whom, seen)
        if whom is None:
            tell(f"Chat #{number} is unassigned.")
        else:
            already = "already " if before == whom.id else ""
            tell(f"Chat #{number} is {already}assigned to {admins.named(whom)}.")
        shape = admin_session(row_of(db, session, reader_id=None))
    if as_json:
        print_json(shape)


@click.command()
@click.argument("numbers", metavar="NUMBER...", nargs=-1, required=True, type=NUMBER)
@pass_context
def close(context: Context, numbers: tuple[int, ...]) -> int:
    """Close chats. Nothing is deleted; they can be reopened.

    Prints one line for each chat. If one cannot be closed, the others still are, and the exit code is 1.

    \b
    Examples:
      livechat sessions close 12
      livechat sessions close 12 13 14
    """
    code = 0
    for number in numbers:
        try:
            with context.writing() as db:
                done = lifecycle.close(db, session_by_number(db, number), STAFF).created
        except Refused as refused:
            code = FAILED
            missing = refused.code == "not_found"
            tell(refused.message if missing else f"Chat #{number}: {refused.message}")
        else:
            tell(f"Chat #{number} is {'' if done else 'already '}closed.")
    return code


@click.command()
@click.argument("number", type=NUMBER)
@as_json_option
@pass_context
def reopen(context: Context, number: int, as_json: bool) -> None:
    """Reopen a closed chat for its last assignee.

    \b
    Examples:
      livechat sessions reopen 12
    """
    with context.writing() as db:
        session = session_by_number(db, number)
        done = lifecycle.reopen(db, session, STAFF).created
        shape = admin_session(row_of(db, session, reader_id=None))
    tell(f"Chat #{number} is {'reopened' if done else 'already open'} ({session.status}).")
    if as_json:
        print_json(shape)


@click.command()
@click.argument("number", type=NUMBER)
@click.argument("text")
@click.option("--as", "author", metavar="ADMIN", help="Reply as this admin. Default: the assignee.")
@click.option("--json", "as_json", is_flag=True, help="Print the message as one JSON object.")
@pass_context
def reply(context: Context, number: int, text: str, author: str | None, as_json: bool) -> None:
    """Reply to the customer as an admin. Replying to a waiting chat takes it.

    TEXT in quotes, or - to read it from standard input. Without --as, the reply comes from the assignee, or from
    the only admin who can reply. That admin needs a role that can reply, as at the desk.

    \b
    Examples:
      livechat sessions reply 12 "We have three left."
      livechat sessions reply 12 "We have three left." --as anna
      livechat sessions reply 12 - < answer.txt
    """
    body = body_text(text_or_stdin(text), "text")
    with context.writing() as db:
        session = session_by_number(db, number)
        admin = _author(db, session, author)
        actor = shell_actor(admin.id, admin.name)
        message = messages.send(db, session, actor, body, str(uuid.uuid4())).message
        audit.record(db, actor, Act.WROTE, session_id=number)
    tell(f"Sent in chat #{number} as {admins.named(admin)}.")
    if as_json:
        print_json(admin_message(message))


@click.command()
@click.argument("number", type=NUMBER)
@click.argument("text")
@click.option(
    "--as", "author", metavar="ADMIN", help="Write as this admin. Default: the command line."
)
@click.option("--json", "as_json", is_flag=True, help="Print the note as one JSON object.")
@pass_context
def note(context: Context, number: int, text: str, author: str | None, as_json: bool) -> None:
    """Add an internal note. The customer never sees it.

    TEXT in quotes, or - to read it from standard input. @username mentions a teammate.
    With --as, the admin needs a role that can write notes, as at the desk.

    \b
    Examples:
      livechat sessions note 12 "@ben, she wants a refund."
    """
    body = body_text(text_or_stdin(text), "text")
    with context.writing() as db:
        session = session_by_number(db, number)
        admin = None if author is None else admins.find_admin(db, author)
        actor = STAFF if admin is None else shell_actor(admin.id, admin.name)
        message = notes.add_note(db, session, actor, body, str(uuid.uuid4())).message
        audit.record(db, actor, Act.NOTED, session_id=number)
    tell(f"Added the note to chat #{number}.")
    if as_json:
        print_json(admin_message(message))


def text_or_stdin(text: str) -> str:
    """A text as it was given, or from standard input for ``-``. Raises Failed."""
    try:
        given = sys.stdin.buffer.read().decode() if text == "-" else text
        given.encode()  # bytes on the command line that are no text come as lone surrogates
    except UnicodeError:
        raise Failed("The text is not UTF-8.") from None
    return given


def _author(db: Session, session: ChatSession, username: str | None) -> Admin:
    admin = admins.find_admin(db, username) if username is not None else session.assignee
    if admin is None:
        able = admins.admins_who_may(db, Permission.ANSWER)
        if len(able) != 1:
            names = ", ".join(one.username for one in able) or "no one can reply yet"
            raise Failed(f"Choose who replies with --as ADMIN ({names}).")
        admin = able[0]
    return admin


@click.command()
@click.argument("number", type=NUMBER)
@pass_context
def revoke(context: Context, number: int) -> None:
    """Sign the customer out of this chat and their other chats in all browsers.

    For a lost or borrowed device. The customer can start a new chat; the old ones stay at the desk.

    \b
    Examples:
      livechat sessions revoke 12
    """
    with context.writing() as db:
        session = session_by_number(db, number)
        ended = guests.revoke_tokens(db, session)
        audit.record(db, STAFF, Act.REVOKED, session_id=session.id)
    tell(
        f"The customer of chat #{number} is signed out ({ended} token{'' if ended == 1 else 's'})."
    )


COMMANDS = (assign, close, reopen, reply, note, revoke)
