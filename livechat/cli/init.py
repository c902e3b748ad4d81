"""`livechat init`: the database and the first admin; and the first admin's one-time link, also for `serve`."""

from __future__ import annotations

import click
from alembic.util import CommandError
from sqlalchemy import make_url
from sqlalchemy.orm import Session

from ..accounts import admins as accounts
from ..accounts.passwords import hash_password
from ..db import schema
from ..db.locks import TEAM, take_turns
from ..exceptions import Refused
from ..models import Admin
from . import passwords
from .context import Context, pass_context, tell
from .exits import Failed

FIRST_ADMIN = "admin"


@click.command(short_help="Set up the database and the first admin.")
@click.option("--admin", "name", metavar="NAME", help="The first admin's username.")
@click.option(
    "--invite", is_flag=True, help="Don't ask. Print a one-time link to set the password."
)
@click.option("--no-admin", is_flag=True, help="Set up only the database.")
@pass_context
def init(context: Context, name: str | None, invite: bool, no_admin: bool) -> None:
    """Set up the database and the first admin.

    Creates the folder and the database if they are missing, and updates the tables of an older version. It is
    safe to repeat: existing data stays.

    If no one can sign in yet, it creates the first admin. On a terminal it asks for a username and a password,
    otherwise it prints a one-time link to stdout to set the password.

    \b
    Examples:
      livechat init
      livechat init --admin anna --invite
      livechat --config production.ini init --no-admin
    """
    if no_admin and (name or invite):
        raise click.UsageError("--no-admin can't be used with --admin or --invite.")
    make_ready(context)
    if no_admin:
        return
    with context.reading() as db:
        admins = _usernames(db)
    if admins:
        _tell_who_is_there(context, admins, wanted=name)
    elif invite or not passwords.on_terminal():
        with context.writing() as db:
            admins = first_come(db)
            token = None if admins else first_invitation(db, name or FIRST_ADMIN)
        if token is None:
            _tell_who_is_there(context, admins, wanted=name)
            return
        tell(f"Created the admin {name or FIRST_ADMIN}. Set a password within three days:")
        click.echo(context.welcome_link(token))
    else:
        _ask_for_admin(context, name)


def make_ready(context: Context, *, quiet: bool = False) -> None:
    """Make what is missing of the database, and say what was done; `quiet`: only if something was."""
    # The password of a PostgreSQL user is shown as ***.
    shown = make_url(context.settings.database_url).render_as_string(hide_password=True)
    engine = context.new_engine
    if schema.is_current(engine):
        if not quiet:
            tell(f"The database is ready: {shown}")
        return
    try:
        schema.migrate(engine)
    except CommandError as error:
        raise Failed(f"The database cannot be updated: {error}.") from None
    tell(f"Set up the database: {shown}")


def first_invitation(db: Session, username: str) -> str:
    """A token with which the first admin, made if need be, chooses a password."""
    try:
        admin = accounts.find_admin(db, username)
    except Refused:
        admin = accounts.add_admin(db, username)
    return accounts.invite(db, admin)


def first_come(db: Session) -> list[str]:
    """Take the turn to make the first admin; returns who was made before, by somebody who runs `init` as well."""
    take_turns(db, TEAM)
    return _usernames(db)


def _usernames(db: Session) -> list[str]:
    return [admin.username for admin in accounts.all_admins(db, enabled=True)]


def without_password(db: Session) -> Admin | None:
    """An admin to invite while nobody who may sign in has a password: the first one there is."""
    admins = accounts.all_admins(db, enabled=True)
    if any(admin.password_hash for admin in admins):
        return None
    return next(
        (admin for admin in admins if admin.username == FIRST_ADMIN), next(iter(admins), None)
    )


def _tell_who_is_there(context: Context, admins: list[str], wanted: str | None) -> None:
    shown = ", ".join(admins[:5]) + (", …" if len(admins) > 5 else "")
    if wanted and accounts.fold_username(wanted) not in admins:
        raise Failed(
            f"Admins already exist ({shown}). To add {wanted}, run: "
            + context.command(f"admins add {wanted}")
        )
    tell(
        f"Admins who can sign in: {shown}. To set a new password, run: "
        + context.command(f"admins passwd {admins[0]}")
    )


def _ask_for_admin(context: Context, name: str | None) -> None:
    tell("Create the first admin:")
    username = name or click.prompt("Username", default=FIRST_ADMIN, err=True)
    with context.reading() as db:
        accounts.check_username(db, username)
    hashed = hash_password(passwords.ask_password(username, context.settings.shop_name))
    with context.writing() as db:
        admins = first_come(db)
        admin = None if admins else accounts.add_admin(db, username, password_hash=hashed)
    if admin is None:
        _tell_who_is_there(context, admins, wanted=username)
        return
    tell(f"Created the admin {admin.username}. Next, run: {context.command('serve')}")
