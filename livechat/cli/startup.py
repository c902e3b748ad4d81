"""What `livechat serve` does before it serves: check that everything is there, and say where it is."""

from __future__ import annotations

import logging

import click

from ..accounts import admins as accounts
from ..db import schema
from .context import Context, tell
from .errors import old_tables
from .exits import Failed
from .init import FIRST_ADMIN, first_invitation, make_ready, without_password


def make_sure(context: Context) -> None:
    """In development, make what is missing; otherwise refuse to start without it. Raises Failed."""
    if context.settings.development:
        make_ready(context, quiet=True)
    elif not schema.is_current(context.engine):
        raise Failed(old_tables(context))


def set_up_logging(context: Context) -> None:
    """As the ini file says, or warnings and our own news to stderr. Raises Failed."""
    if "keys" in context.section("loggers"):
        import plaster

        try:
            plaster.setup_logging(plaster.PlasterURL("file+ini", path=str(context.config)))
        except (KeyError, ValueError, TypeError, AttributeError, ImportError) as error:
            raise Failed(
                f"The logging settings in {context.config} cannot be used: {error}"
            ) from None
        return
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(levelname)-5.5s [%(name)s] %(message)s"
    )
    logging.getLogger("livechat").setLevel(logging.INFO)


def say_where(context: Context, port: int) -> list[str]:
    """Print where everything is; returns the pages worth opening."""
    settings = context.settings
    desk = f"{context.base_url(port)}/custom-admin/chat/"
    if not settings.development:
        tell(f"The chat is at {context.base_url()}/chat/, the desk at {desk} (port {port} here).")
        _warn_if_nobody_can_sign_in(context)
        return [desk]
    # Another origin than the desk's and the chat's own pages: what a shop's own site will be.
    shop = f"http://127.0.0.1:{port}/demo/" if settings.demo_shop else None
    chat = f"{context.base_url(port)}/chat/"
    click.echo(f"Demo shop   {shop}" if shop else f"Chat        {chat}")
    click.echo(f"Dashboard   {desk}")
    click.echo(f"Sign in     {_how_to_sign_in(context, port)}")
    click.echo("Stop        Ctrl-C")
    return [shop or chat, desk]


def _how_to_sign_in(context: Context, port: int) -> str:
    # Only looking, as a rule: who starts again while somebody else writes must not stop over this line.
    with context.reading() as db:
        admins = accounts.all_admins(db, enabled=True)
        invited = without_password(db)
        if invited is None and admins:
            names = [admin.username for admin in admins if admin.password_hash]
            shown = " or ".join(names[:3]) + (" …" if len(names) > 3 else "")
            return (
                f"as {shown}. To set a new password: {context.command(f'admins passwd {names[0]}')}"
            )
        name = invited.username if invited else FIRST_ADMIN
    with context.writing() as db:
        token = first_invitation(db, name)
    return f"as {name}. Set a password first: {context.welcome_link(token, port)}"


def _warn_if_nobody_can_sign_in(context: Context) -> None:
    with context.reading() as db:
        if not any(admin.password_hash for admin in accounts.all_admins(db, enabled=True)):
            tell(f"No one can sign in yet. Run: {context.command('admins add NAME --invite')}")
