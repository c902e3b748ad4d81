"""`livechat serve`: check that everything is there, say where it is, and serve."""

from __future__ import annotations

import os
import socket
import sys
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import click

from ..server import sockets as listening
from ..server.sockets import Address
from .context import Context, pass_context, tell
from .exits import INTERRUPTED, Failed


@click.command(short_help="Serve the chat, the desk and (in development) the demo shop.")
@click.option("--host", metavar="ADDRESS", help="Listen on this address. Use * for all addresses.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    envvar="PORT",
    show_envvar=True,
    help=f"Listen on this port. Default: from the ini file, or {listening.STANDARD_PORT}.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 99),
    help="Number of processes. More than one needs PostgreSQL. Default: from the ini file, or 1.",
)
@click.option("--open-links", is_flag=True, help="Open the demo shop and the desk in a browser.")
@click.option(
    "--inherit", metavar="FILES", hidden=True, help="The sockets of the process that watches."
)
@click.option("--ready-file", type=int, hidden=True, help="Where a worker says that it serves.")
@click.option("--life-file", type=int, hidden=True, help="What ends with the process that watches.")
@pass_context
def serve(
    context: Context,
    host: str | None,
    port: int | None,
    workers: int | None,
    open_links: bool,
    inherit: str | None,
    ready_file: int | None,
    life_file: int | None,
) -> int:
    """Serve the chat, the desk and (in development) the demo shop, until Ctrl-C or SIGTERM.

    In development it sets up what is missing, and prints all addresses and how to sign in. In production it does
    not start while a setting is missing or still a sample value, and prints which.

    The address and port come from these options, else from [server:main] in the ini file. By default it listens
    on this machine only.

    \b
    Examples:
      livechat serve
      livechat serve --port 7000 --open-links
      livechat --config production.ini serve
    """
    if inherit is not None:
        return _work(context, inherit, ready_file, life_file)
    server = context.section("server:main")
    workers = workers or listening.workers_in(server) or 1
    if workers == 1:
        from ..server.http import patch

        patch()
    from . import startup  # now, and not before: what it imports must find what is patched

    startup.set_up_logging(context)
    startup.make_sure(context)
    if workers > 1 and context.settings.database_url.startswith("sqlite"):
        raise Failed(
            "Several workers need PostgreSQL. Set livechat.database_url, or use one worker."
        )
    if unused := set(server) - _SERVER_KEYS:
        tell(f"livechat serve ignores {', '.join(sorted(unused))} in [server:main].")
    sockets = listening.listen(_addresses(server, host, port, both=context.settings.development))

    def ready() -> None:
        links = startup.say_where(context, sockets[0].getsockname()[1])
        sys.stdout.flush()
        for link in links if open_links else []:
            click.launch(link)

    several = workers > 1
    interrupted = (
        _supervise(context, workers, sockets, ready) if several else _serve(context, sockets, ready)
    )
    tell("Stopped.")
    return INTERRUPTED if interrupted else 0


def _supervise(
    context: Context, workers: int, sockets: list[socket.socket], ready: Callable[[], None]
) -> bool:
    from ..server.supervisor import CannotServe, supervise

    command = [sys.executable, "-m", "livechat.cli"]
    if context.config is not None:
        command += ["--config", str(context.config)]
    try:
        return supervise([*command, "serve"], workers, sockets, ready=ready, tell=tell)
    except CannotServe as error:
        raise Failed(str(error)) from None


def _work(context: Context, inherit: str, ready_file: int | None, life_file: int | None) -> int:
    """Be one of several workers."""
    from ..server.http import patch

    patch()
    from . import startup

    startup.set_up_logging(context)
    sockets = [socket.socket(fileno=int(number)) for number in inherit.split(",")]

    def ready() -> None:
        if ready_file is not None:
            os.write(ready_file, b".")

    _serve(context, sockets, ready, life_file)
    return 0


def _serve(
    context: Context,
    sockets: list[socket.socket],
    ready: Callable[[], None],
    life: int | None = None,
) -> bool:
    from ..db.engine import leave_whole
    from ..server import http

    application = _application(context)
    registry = application.registry
    realtime = registry["livechat.realtime"]

    def begin() -> None:
        # Where streams take all connections, nobody could send, and nobody could poll instead.
        realtime.room = http.capacity() * 3 // 4
        realtime.start()
        ready()

    proxies = registry["livechat.settings"].trusted_proxies > 0
    interrupted = http.run(
        application, sockets, ready=begin, stop=realtime.end_streams, life=life, proxies=proxies
    )
    realtime.stop()
    context.close()
    leave_whole(registry["livechat.engine"], registry["livechat.reading_engine"])
    return interrupted


def _application(context: Context) -> Any:
    import livechat

    # Pyramid 2.1 still asks setuptools where packages are; an operator can do nothing about it.
    warnings.filterwarnings("ignore", "pkg_resources is deprecated", UserWarning)
    if context.config is None:
        return livechat.application(context.settings)
    return livechat.main(None, **context.ini)


_SERVER_KEYS = {"use", "listen", "host", "port", "workers"}


def _addresses(
    server: Mapping[str, str], host: str | None, port: int | None, *, both: bool
) -> list[Address]:
    """Options win over the ini file, the ini file over the defaults."""
    addresses = listening.addresses_in(server)
    if host is not None:
        known = addresses[0].port if addresses else listening.STANDARD_PORT
        addresses = [Address(host.strip("[]"), known)]
    addresses = addresses or [Address("localhost", listening.STANDARD_PORT)]
    if port is not None:
        addresses = [Address(address.host, port) for address in addresses]
    if both:
        # The demo shop is tried at 127.0.0.1 and the desk at localhost, which may mean ::1 to a browser.
        addresses = [
            Address("localhost", a.port) if a.host == "127.0.0.1" else a for a in addresses
        ]
    return list(dict.fromkeys(addresses))
