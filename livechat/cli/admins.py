"""`livechat admins`: the people who answer."""

from __future__ import annotations

from typing import Any

import click

from .. import audit
from ..accounts import admins as accounts
from ..actors import STAFF
from ..audit import Act
from ..desk.team import Person, people
from ..models import Role, rfc3339
from ..permissions import Permission
from .context import Context, pass_context, tell
from .output import is_terminal, print_json, print_plain, print_table, styled
from .passwords import given_password, password_options

_ROLE = click.Choice([role.value for role in Role])


@click.group()
def admins() -> None:
    """Manage admins: accounts, roles, passwords.

    \b
    Examples:
      livechat admins add anna --invite
      livechat admins list
    """


@admins.command()
@click.argument("name")
@click.option("--email", metavar="ADDRESS", help="Their email.")
@click.option(
    "--name",
    "shown",
    metavar="NAME",
    help="Display name that customers see. Default: they choose it when they first sign in.",
)
@click.option(
    "--role",
    type=_ROLE,
    help="An owner can do everything, an agent can reply, a viewer can only read. "
    "Default: owner for the first admin, else agent.",
)
@password_options
@pass_context
def add(
    context: Context,
    name: str,
    email: str | None,
    shown: str | None,
    role: str | None,
    password_stdin: bool,
    invite: bool,
) -> None:
    """Add an admin with the username NAME.

    On a terminal it asks for a password twice, until it is hard to guess. With --invite it prints a one-time link
    to stdout instead. They set the password with it within three days.

    \b
    Examples:
      livechat admins add anna
      livechat admins add anna --name "Anna Berg" --email anna@example.com --invite
      livechat admins add eva --role viewer --invite
      pass show livechat/anna | livechat admins add anna --password-stdin
    """
    with context.reading() as db:
        accounts.check_username(db, name)  # before a password is typed
    known = (name, shown, email, context.settings.shop_name)
    hashed = given_password(*known, password_stdin=password_stdin, invite=invite)
    with context.writing() as db:
        admin = accounts.add_admin(
            db, name, email=email, name=shown, password_hash=hashed, role=role
        )
        token = None if hashed else accounts.invite(db, admin)
    tell(f"Added {accounts.named(admin)}.")
    _print_invitation(context, token)


@admins.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")
@pass_context
def list_(context: Context, as_json: bool) -> None:
    """List all admins by username.

    Columns when piped: username, name, state (enabled, invited, no password or disabled), number of open
    chats, email, created at, role (owner, agent or viewer).

    \b
    Examples:
      livechat admins list
      livechat admins list --json
      livechat admins list | awk -F '\\t' '$3 == "disabled" {print $1}'
    """
    with context.reading() as db:
        everyone = sorted(people(db), key=lambda one: one.username)
    if as_json:
        for one in everyone:
            print_json(_shape(one))
    elif is_terminal():
        right = {"justify": "right"}
        print_table(
            ["Username", "Name", "Role", "State", ("Open chats", right), "Email"],
            [
                [
                    styled(one.username, "bold"),
                    one.name,
                    one.role,
                    styled(one.state, _STYLES.get(one.state, "")),
                    one.open_chats,
                    one.email,
                ]
                for one in everyone
            ],
        )
    else:
        for one in everyone:
            columns = [one.username, one.name, one.state, one.open_chats, one.email]
            print_plain([*columns, one.created_at, one.role])
    if not everyone:
        tell(f"There are no admins yet. To add one, run: {context.command('admins add NAME')}")


@admins.command()
@click.argument("name")
@click.argument("role", type=_ROLE)
@pass_context
def role(context: Context, name: str, role: str) -> None:
    """Change an admin's role right away.

    An owner can do everything, an agent can reply, a viewer can only read. The open chats of an admin who becomes
    a viewer are unassigned. There must be at least one owner.

    \b
    Examples:
      livechat admins role ben owner
      livechat admins role eva viewer
    """
    with context.writing() as db:
        admin = accounts.find_admin(db, name)
        before = admin.role
        accounts.set_role(db, admin, role)
    tell(f"{admin.username} {'already has' if before == role else 'now has'} the role {role}.")


@admins.command()
@click.argument("name")
@pass_context
def disable(context: Context, name: str) -> None:
    """Disable an admin right away. Their open chats are unassigned; their messages stay.

    \b
    Examples:
      livechat admins disable ben
    """
    with context.writing() as db:
        admin = accounts.find_admin(db, name)
        before = admin.disabled_at is not None
        given_back = accounts.disable(db, admin)
        left = accounts.admins_who_may(db, Permission.ANSWER)
        owners = accounts.admins_who_may(db, Permission.MANAGE)
    if before:
        tell(f"{admin.username} is already disabled.")
    else:
        chats = f" {_count(given_back, 'open chat')} unassigned." if given_back else ""
        tell(f"{admin.username} is disabled and signed out.{chats}")
    if not left:
        tell("No one can reply to customers anymore.")
    elif not owners:
        tell(
            f"There is no owner left. To make one, run: {context.command('admins role NAME owner')}"
        )


@admins.command()
@click.argument("name")
@pass_context
def enable(context: Context, name: str) -> None:
    """Enable a disabled admin. They sign in with their old password.

    \b
    Examples:
      livechat admins enable ben
    """
    with context.writing() as db:
        admin = accounts.find_admin(db, name)
        before = admin.disabled_at is None
        accounts.enable(db, admin)
    tell(f"{admin.username} {'is already enabled' if before else 'can sign in again'}.")
    if admin.password_hash is None:
        tell(
            f"They have no password yet. Run: {context.command(f'admins passwd {admin.username}')}"
        )


@admins.command()
@click.argument("name")
@password_options
@pass_context
def passwd(context: Context, name: str, password_stdin: bool, invite: bool) -> None:
    """Set a new password for an admin and sign them out everywhere.

    With --invite the old password works until they set a new one.

    \b
    Examples:
      livechat admins passwd anna
      livechat admins passwd anna --invite
      pass show livechat/anna | livechat admins passwd anna --password-stdin
    """
    with context.reading() as db:
        admin = accounts.find_admin(db, name)  # before a password is typed
        known = (admin.username, admin.name, admin.email, context.settings.shop_name)
    hashed = given_password(*known, password_stdin=password_stdin, invite=invite)
    with context.writing() as db:
        admin = accounts.find_admin(db, name)
        token = accounts.invite(db, admin) if hashed is None else None
        if hashed is not None:
            accounts.store_password(db, admin, hashed)
    if token is None:
        tell(f"{admin.username} has a new password and is signed out everywhere.")
    _print_invitation(context, token)


@admins.command()
@click.argument("name")
@pass_context
def logout(context: Context, name: str) -> None:
    """Sign an admin out of all browsers. They can sign in again.

    \b
    Examples:
      livechat admins logout anna
    """
    with context.writing() as db:
        admin = accounts.find_admin(db, name)
        ended = accounts.sign_out_everywhere(db, admin)
        audit.record(db, STAFF, Act.SIGNED_OUT, target=admin.username)
    tell(f"{admin.username} is signed out ({_count(ended, 'browser')}).")


_STYLES = {"enabled": "green", "invited": "yellow", "no password": "yellow", "disabled": "dim"}


def _print_invitation(context: Context, token: str | None) -> None:
    if token is not None:
        tell("This link works once, within three days. Anyone with the link can set the password:")
        click.echo(context.welcome_link(token))


def _shape(one: Person) -> dict[str, Any]:
    return {
        "username": one.username,
        "name": one.name,
        "email": one.email,
        "role": one.role,
        "state": one.state,
        "open_sessions": one.open_chats,
        "last_login": rfc3339(one.last_login),
        "created_at": rfc3339(one.created_at),
        "disabled_at": rfc3339(one.disabled_at),
    }


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
