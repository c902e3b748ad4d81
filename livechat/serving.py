"""Serving a WSGI application over HTTP: where to listen, and the server. Nothing else knows which server it is."""

from __future__ import annotations

import contextlib
import errno
import logging
import re
import signal
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any

STANDARD_PORT = 6543
STANDARD_THREADS = 8
_BACKLOG = 1024


@dataclass(frozen=True)
class Address:
    """A host to listen on, and a port; port 0 is any that is free."""

    host: str
    port: int


class CannotListen(Exception):
    """The text is one sentence for who wants to serve."""


def addresses_in(server: Mapping[str, str]) -> list[Address]:
    """The addresses of an ini file's [server:main], spelt ``listen = host:port …`` or ``host =`` and ``port =``.

    Raises CannotListen for what is no address.
    """
    if "listen" in server:
        return [_address(word) for word in server["listen"].split()]
    if "host" in server or "port" in server:
        return [_address(f"{server.get('host', '127.0.0.1')}:{server.get('port', STANDARD_PORT)}")]
    return []


def threads_in(server: Mapping[str, str]) -> int | None:
    """The number of threads in [server:main], if it is there. Raises CannotListen."""
    text = server.get("threads", "").strip()
    if text and not re.fullmatch(r"[1-9][0-9]{0,3}", text):
        raise CannotListen(f"threads = {text}: write a number from 1 on.")
    return int(text) if text else None


def _address(text: str) -> Address:
    host, _colon, port = text.rpartition(":")
    host = host.strip("[]")
    if not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > 65535:
        raise CannotListen(f"listen = {text}: write it like 127.0.0.1:6543.")
    return Address(host or "*", int(port))


def listen(addresses: Sequence[Address]) -> list[socket.socket]:
    """Sockets that listen on the addresses; ``localhost`` is 127.0.0.1 and, where there is one, ::1.

    Raises CannotListen.
    """
    sockets: list[socket.socket] = []
    try:
        for address in addresses:
            sockets += _listen(address)
    except CannotListen:
        for one in sockets:
            one.close()
        raise
    return sockets


def _listen(address: Address) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    port = address.port
    for family, where in _resolve(address):
        try:
            sockets.append(_bound(family, where, port))
        except OSError as error:
            # A machine without IPv6 still has its name for itself.
            if sockets and error.errno in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}:
                continue
            for one in sockets:
                one.close()
            raise CannotListen(_sentence(error, Address(where, port))) from None
        port = sockets[0].getsockname()[1]
    return sockets


def _resolve(address: Address) -> list[tuple[int, str]]:
    if address.host == "localhost":
        return [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]
    if address.host == "*":
        return [(socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")]  # noqa: S104 - asked for
    try:
        found = socket.getaddrinfo(address.host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise CannotListen(f"There is no address {address.host} to listen on.") from None
    return list(dict.fromkeys((family, str(where[0])) for family, _t, _p, _n, where in found))


def _bound(family: int, host: str, port: int) -> socket.socket:
    one = socket.socket(family, socket.SOCK_STREAM)
    try:
        # A server that was killed may start again at once, though its old connections linger.
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.bind((host, port))
        one.listen(_BACKLOG)
    except OSError:
        one.close()
        raise
    return one


def _sentence(error: OSError, address: Address) -> str:
    where = f"[{address.host}]" if ":" in address.host else address.host
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {address.port} on {where} is in use already. Stop what runs there, "
            f"or choose another: livechat serve --port {address.port % 65535 + 1}"
        )
    if error.errno == errno.EACCES:
        return f"Port {address.port} is reserved for the system. Choose one from 1024 on."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{where} is no address of this machine, so nothing can listen there."
    return f"Nothing can listen on {where}:{address.port}: {error.strerror}."


def run(
    application: Callable[..., Any],
    sockets: Sequence[socket.socket],
    *,
    threads: int,
    ready: Callable[[], None],
) -> bool:
    """Serve until SIGTERM or Ctrl-C, then finish what has begun; returns whether it was Ctrl-C.

    `ready` is called when requests are taken.
    """
    from waitress.server import create_server

    # "Task queue depth" is said for every short wait, and reads like an alarm.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    stopped = _Stopped()
    with stopped, contextlib.suppress(SystemExit, KeyboardInterrupt):
        server = create_server(
            application,
            sockets=list(sockets),
            threads=threads,
            ident=None,
            # The application reads 64 KiB and answers 413 for more; far more need not be received.
            max_request_body_size=1024 * 1024,
            connection_limit=2000,
            channel_timeout=120,
            asyncore_use_poll=True,
            # livechat.trusted_proxies says which proxies are believed; the server believes none.
            clear_untrusted_proxy_headers=False,
        )
        ready()
        server.run()
    for one in sockets:
        one.close()
    return stopped.by == signal.SIGINT


class _Stopped:
    """Turns SIGTERM and SIGINT into the SystemExit at which the server stops; a second one ends it at once."""

    def __init__(self) -> None:
        self.by: int | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            self._before[number] = signal.signal(number, self._stop)

    def __exit__(self, *_error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        self.by = self.by or number
        raise SystemExit(0)
