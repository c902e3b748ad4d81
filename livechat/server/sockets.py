"""The addresses that the server listens on, and their sockets."""

from __future__ import annotations

import errno
import re
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

STANDARD_PORT = 6543
_BACKLOG = 4096
PATIENCE = 1.0  # seconds to wait for a port that a stopping server still holds


@dataclass(frozen=True)
class Address:
    """A host and a port to listen on. Port 0 means any free port."""

    host: str
    port: int


class CannotListen(Exception):
    """Listening is not possible. The text is one sentence for the operator."""


def addresses_in(server: Mapping[str, str]) -> list[Address]:
    """The addresses in an ini file's [server:main]: ``listen = host:port …``, or ``host =`` and ``port =``.

    Raises CannotListen for a malformed address.
    """
    if "listen" in server:
        return [_address(word) for word in server["listen"].split()]
    if "host" in server or "port" in server:
        return [_address(f"{server.get('host', '127.0.0.1')}:{server.get('port', STANDARD_PORT)}")]
    return []


def workers_in(server: Mapping[str, str]) -> int | None:
    """The number of processes in [server:main], or None if it is missing. Raises CannotListen."""
    text = server.get("workers", "").strip()
    if text and not re.fullmatch(r"[1-9][0-9]?", text):
        raise CannotListen(f"workers = {text}: must be a number from 1 to 99.")
    return int(text) if text else None


def _address(text: str) -> Address:
    host, _colon, port = text.rpartition(":")
    host = host.strip("[]")
    if not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > 65535:
        raise CannotListen(f"listen = {text}: must look like 127.0.0.1:6543.")
    return Address(host or "*", int(port))


def listen(addresses: Sequence[Address]) -> list[socket.socket]:
    """Sockets that listen on the addresses. ``localhost`` means 127.0.0.1 and, where there is one, ::1.

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
            # On a machine without IPv6, the IPv4 address alone is enough.
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
    """Bind a socket, and wait a moment for a port that a killed server still holds. Raises OSError."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return _bind(family, host, port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _bind(family: int, host: str, port: int) -> socket.socket:
    one = socket.socket(family, socket.SOCK_STREAM)
    try:
        # A killed server can restart at once, although its old connections linger.
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Every connection inherits this. Without it a response in two parts takes 40 ms on a busy line.
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
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
            f"Port {address.port} on {where} is already in use. Stop what runs there, "
            f"or choose another port: livechat serve --port {address.port % 65535 + 1}"
        )
    if error.errno == errno.EACCES:
        return f"Port {address.port} is reserved for the system. Choose 1024 or higher."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{where} is not an address of this machine."
    return f"Cannot listen on {where}:{address.port}: {error.strerror}."
