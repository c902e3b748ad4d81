"""`livechat serve`: check that everything is there, say where it is, and serve."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping
from typing import Any

import click

from .. import database, serving, staff
from ..serving import Address
from .context import Context, pass_context, tell
from .init import FIRST_ADMIN, first_invitation, make_ready, without_password
from .running import INTERRUPTED, Failed, old_tables


@click.command(short_help="Serve the chat, the desk and (in development) the demo shop.")
@click.option("--host", metavar="ADDRESS", help="Listen on this address; * is all of them.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    envvar="PORT",
    show_envvar=True,
    help=f"Listen on this port. Default: as in the ini file, or {serving.STANDARD_PORT}.",
)
@click.option("--threads", type=click.IntRange(1, 1000), help="Answer so many requests at a time.")
@click.option("--open-links", is_flag=True, help="Open the demo shop and the desk in a browser.")
@pass_context
def serve(
    context: Context, host: str | None, port: int | None, threads: int | None, open_links: bool
) -> int:
    """Serve the chat, the desk and (in development) the demo shop, until Ctrl-C or SIGTERM.

    In development it makes what is missing, and says where everything is and how to sign in. Otherwise it
    refuses to start while a setting is missing or still a sample, and says which.

    Where to listen comes from these options, else from [server:main] in the ini file, else it is this
    machine only.

    \b
    Examples:
      livechat serve
      livechat serve --port 7000 --open-links
      livechat --config production.ini serve
    """
    settings = context.settings
    _set_up_logging(context)
    if settings.development:
        make_ready(context, quiet=True)
    elif not database.is_current(context.engine):
        raise Failed(old_tables(context))
    server = context.section("server:main")
    if unused := set(server) - _SERVER_KEYS:
        tell(f"livechat serve does not use {', '.join(sorted(unused))} of [server:main].")
    threads = threads or serving.threads_in(server) or serving.STANDARD_THREADS
    sockets = serving.listen(_addresses(server, host, port, both=settings.development))
    application = _application(context)

    def ready() -> None:
        links = _say_where(context, sockets[0].getsockname()[1])
        for link in links if open_links else []:
            click.launch(link)

    interrupted = serving.run(application, sockets, threads=threads, ready=ready)
    tell("Stopped.")
    return INTERRUPTED if interrupted else 0


_SERVER_KEYS = {"use", "listen", "host", "port", "threads"}


def _addresses(
    server: Mapping[str, str], host: str | None, port: int | None, *, both: bool
) -> list[Address]:
    """Options win over the ini file, the ini file over the defaults."""
    addresses = serving.addresses_in(server)
    if host is not None:
        known = addresses[0].port if addresses else serving.STANDARD_PORT
        addresses = [Address(host.strip("[]"), known)]
    addresses = addresses or [Address("localhost", serving.STANDARD_PORT)]
    if port is not None:
        addresses = [Address(address.host, port) for address in addresses]
    if both:
        # The demo shop is tried at 127.0.0.1 and the desk at localhost, which may mean ::1 to a browser.
        addresses = [
            Address("localhost", a.port) if a.host == "127.0.0.1" else a for a in addresses
        ]
    return list(dict.fromkeys(addresses))


def _application(context: Context) -> Any:
    import livechat

    # Pyramid 2.1 still asks setuptools where packages are; an operator can do nothing about it.
    warnings.filterwarnings("ignore", "pkg_resources is deprecated", UserWarning)
    if context.config is None:
        return livechat.application(context.settings)
    return livechat.main(None, **context.ini)


def _set_up_logging(context: Context) -> None:
    if "keys" in context.section("loggers"):
        import plaster

        try:
            plaster.setup_logging(plaster.PlasterURL("file+ini", path=str(context.config)))
        except (KeyError, ValueError, TypeError, AttributeError, ImportError) as error:
            raise Failed(f"The logging in {context.config} cannot be set up: {error}") from None
        return
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(levelname)-5.5s [%(name)s] %(message)s"
    )
    logging.getLogger("livechat").setLevel(logging.INFO)


def _say_where(context: Context, port: int) -> list[str]:
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
    with context.writing() as db:
        admins = staff.all_admins(db, enabled=True)
        invited = without_password(db)
        if invited is None and admins:
            names = [admin.username for admin in admins if admin.password_hash]
            shown = " or ".join(names[:3]) + (" …" if len(names) > 3 else "")
            return f"as {shown}; a new password: {context.command(f'admins passwd {names[0]}')}"
        token = first_invitation(db, invited.username if invited else FIRST_ADMIN)
    name = invited.username if invited else FIRST_ADMIN
    return f"as {name}; choose a password first: {context.welcome_link(token, port)}"


def _warn_if_nobody_can_sign_in(context: Context) -> None:
    with context.reading() as db:
        if not any(admin.password_hash for admin in staff.all_admins(db, enabled=True)):
            tell(f"Nobody can sign in yet. Run: {context.command('admins add NAME --invite')}")
