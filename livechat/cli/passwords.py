"""How an admin gets a password on the command line: typed twice, one line of stdin, or a one-time link."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from ..accounts import password_rules
from ..accounts.passwords import PasswordHash, StrongPassword, hash_password
from ..exceptions import Invalid
from .exits import Failed

F = TypeVar("F", bound=Callable[..., Any])


def password_options(command: F) -> F:
    """The options --password-stdin and --invite."""
    command = click.option(
        "--password-stdin", is_flag=True, help="Read the password from one line of standard input."
    )(command)
    return click.option("--invite", is_flag=True, help="Print a one-time link for them to set it.")(
        command
    )


def on_terminal() -> bool:
    """Whether there is a person who can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def given_password(*known: str | None, password_stdin: bool, invite: bool) -> PasswordHash | None:
    """The hash of the password, as the options say or by asking; None for an invitation.

    `known`: what an attacker knows of the account and the shop. The hash is computed here, before a transaction
    begins, which would keep everybody who writes waiting. Raises UsageError, Failed, Invalid.
    """
    if password_stdin and invite:
        raise click.UsageError("Use either --password-stdin or --invite.")
    if invite:
        return None
    if password_stdin:
        return hash_password(password_rules.check(_one_line(), *known))
    if not on_terminal():
        raise click.UsageError(
            "There is no terminal to ask for a password. Use --password-stdin or --invite."
        )
    return hash_password(ask_password(*known))


def _one_line() -> str:
    try:
        line = sys.stdin.buffer.readline().decode()
    except UnicodeDecodeError:
        raise Failed("The password on standard input is not UTF-8 text.") from None
    password = line.rstrip("\r\n")
    if not password:
        raise Failed("Standard input has no password.")
    return password


def ask_password(*known: str | None) -> StrongPassword:
    """Ask for a new password, twice, until it is good. `known`: see `given_password`."""
    while True:
        try:
            password = password_rules.check(
                click.prompt("Password", hide_input=True, err=True), *known
            )
        except Invalid as refused:
            click.echo(refused.message, err=True)
            continue
        if password == click.prompt("Repeat password", hide_input=True, err=True):
            return password
        click.echo("The passwords don't match. Try again.", err=True)
