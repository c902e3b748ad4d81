"""Serving a WSGI application over HTTP with gevent's own server. No other module knows which server it is.

An open stream costs a greenlet instead of a thread. gevent replaces Python's sockets, locks and sleeps with cooperative
ones, so `patch` runs before anything that uses them is imported (livechat.cli).
"""

from __future__ import annotations

import contextlib
import errno
import gc
import logging
import resource
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from ..gevent_support import raw_socket
from .heartbeats import Heartbeats

log = logging.getLogger(__name__)

STUCK = 20.0  # seconds that sent data may stay unread; then the connection closes
SEND_BUFFER = 128 * 1024  # bytes that the kernel buffers per client; more would only take memory
MOST_FILES = 1_000_000  # open files, where the system sets no limit
FEW = 3500  # connections; a server that can hold fewer logs a warning
MOST_ACCEPTED = 32  # connections accepted in one go, before others are served
SHORT = 16 * 1024  # bytes of a body that is sent together with its head
FINISH = 3.0  # seconds that running requests have when the server stops


def patch() -> None:
    """Make the standard library's blocking calls cooperative. Call this before anything else is imported."""
    import gevent
    from gevent import monkey

    # Nothing asks which greenlet started another, and recording it costs each of ten thousand.
    gevent.config.track_greenlet_tree = False
    if not monkey.is_module_patched("socket"):
        monkey.patch_all()


def run(
    application: Callable[..., Any],
    sockets: Sequence[socket.socket],
    *,
    ready: Callable[[], None],
    stop: Callable[[], None],
    life: int | None = None,
    proxies: bool = False,
) -> bool:
    """Serve until SIGTERM or Ctrl-C. Returns whether it was Ctrl-C.

    `ready` is called once requests are accepted. `stop` is called first at shutdown, and ends the streams. `life`: a
    file that ends with the parent process. If it is given, other workers accept from the same sockets, so each takes
    one connection at a time. `proxies`: connections come from proxies and not from clients.
    """
    import gevent
    from gevent.event import Event
    from gevent.pool import Pool
    from gevent.pywsgi import LoggingLogAdapter
    from gevent.socket import wait_read

    from .connections import Places, Server

    several = life is not None
    servers = []
    heartbeats = Heartbeats()
    sending_heartbeats = gevent.spawn(heartbeats.run)
    handler = _handler_class(heartbeats)
    places = Places(capacity(), proxies=proxies)
    if places.most < FEW:
        log.warning("Only %s connections are possible. Raise the limit of open files.", places.most)
    ended = Event()
    by: list[int] = []

    def end(number: int) -> None:
        if by:
            # A second Ctrl-C insists. A worker may get one stop twice: from its parent, and from a signal to the whole
            # process group.
            if number == signal.SIGINT and not several:
                sys.exit(1)
            return
        by.append(number)
        ended.set()

    # Before serving begins: a client that knows we serve may stop us.
    for number in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(number, end, number)
    for one in sockets:
        server = Server(
            one,
            application,
            spawn=Pool(),
            handler_class=handler,
            log=None,
            error_log=LoggingLogAdapter(log, level=logging.INFO),
            environ={"wsgi.multiprocess": several},
        )
        server.places = places
        server.max_accept = 1 if several else MOST_ACCEPTED
        server.start()
        servers.append(server)
    if life is not None:
        gevent.spawn(wait_read, life).link(lambda _over: end(signal.SIGTERM))
    _settle_memory()
    ready()
    # At Ctrl-C another greenlet may interrupt this one while it prints.
    with contextlib.suppress(KeyboardInterrupt):
        ended.wait()
    for server in servers:
        server.close()
    stop()
    handler.end_all()
    gevent.joinall([gevent.spawn(server.stop, FINISH) for server in servers])
    sending_heartbeats.kill()
    return signal.SIGINT in by


def _settle_memory() -> None:
    # Objects that are loaded by now stay. A full collection over them and ten thousand streams stops everybody for 400
    # ms, so they are frozen, and full collections are rare. Garbage from requests is collected in small parts: 50,000
    # objects at once are a pause of 160 ms.
    gc.collect()
    gc.freeze()
    gc.set_threshold(2_000, 50, 500)


def capacity() -> int:
    """How many connections this process can hold.

    That is the limit of open files, which is raised first as far as the system allows, less those that the database,
    the log and others need.
    """
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)  # what the system has granted
    limit = MOST_FILES if soft == resource.RLIM_INFINITY else min(soft, MOST_FILES)
    return max(limit - min(max(limit // 4, 96), 512), 8)


def _go_on(client: Any, stream: Any, chunked: bool, heartbeats: Heartbeats) -> None:
    """Send a stream until it or its client ends. A client that does not read is disconnected, and reconnects."""
    from gevent import get_hub

    # A client that has left closes its sending side, long before something is sent to it in vain.
    watcher = get_hub().loop.io(client.fileno(), 1)
    watcher.start(_look_whether_gone, client, stream, watcher)
    heartbeat = _framed(stream.heartbeat, chunked)
    part = heartbeats.take(stream, client, heartbeat) if stream.silent else {}
    try:
        for data in filter(None, stream):
            framed = _framed(data, chunked)
            for begin in range(0, len(framed), SEND_BUFFER):
                client.sendall(framed[begin : begin + SEND_BUFFER])
        if chunked:
            client.sendall(b"0\r\n\r\n")
    except OSError as error:
        log.info("A stream's client has disconnected: %s", error)
    except Exception:
        log.exception("A stream has failed")
    finally:
        part.pop(stream, None)
        watcher.stop()
        watcher.close()
        stream.close()
        client.close()


def _framed(data: bytes, chunked: bool) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data) if chunked else data


def _look_whether_gone(client: Any, stream: Any, watcher: Any) -> None:
    try:
        more = raw_socket(client).recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return
    except OSError:
        more = b""
    watcher.stop()  # one event is enough, whatever it is
    if not more:
        stream.end()


def _handler_class(heartbeats: Heartbeats) -> Any:  # noqa: C901 - a class, which needs gevent imported
    from gevent import socket as cooperative

    from .connections import RequestReader

    class Handler(RequestReader):
        """One connection, bounded in time and memory whatever the client does."""

        result: Any
        waiting: ClassVar[dict[Any, None]] = {}
        whole: bytearray | None = None
        response_length: int

        def __init__(self, sock: Any, address: Any, server: Any) -> None:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
            super().__init__(sock, address, server)

        def process_result(self) -> None:
            if not getattr(self.result, "goes_on", False):
                super().process_result()
                return
            # A stream lives for hours. The greenlet that read its request has a grown stack and buffers, 20 KiB in all.
            # So a new greenlet, without them, takes over.
            stream, self.result = self.result, None
            try:
                first = next(stream, None)
                if first is not None:
                    self.write(first)
            except BaseException:
                stream.close()
                raise
            if first is None:  # the stream ended before it sent anything
                self.result = ()
                super().process_result()
                return
            one = self.socket
            descriptor = one.detach()
            plain = cooperative.socket(one.family, one.type, one.proto, fileno=descriptor)
            plain.settimeout(STUCK)
            self.goes_on = self.server.pool.spawn(
                _go_on, plain, stream, self.response_use_chunked, heartbeats
            )
            self.socket = None
            self.close_connection = True

        def _write_with_headers(self, data: bytes) -> None:
            # Head and body of a short response go in one packet, which saves a third of the work.
            if len(data) > SHORT:
                super()._write_with_headers(data)
                return
            self.whole = bytearray()
            try:
                super()._write_with_headers(data)
            finally:
                whole, self.whole = self.whole, None
            self._sendall(whole)

        def _sendall(self, data: bytes | bytearray) -> None:
            if self.whole is not None:
                self.whole += data
                return
            try:
                sent = raw_socket(self.socket).send(
                    data
                )  # short data goes at once, without a timer
            except BlockingIOError:
                sent = 0
            self.response_length += sent
            if sent < len(data):
                self._send_patiently(data[sent:])

        def _send_patiently(self, data: bytes | bytearray) -> None:
            # A client that does not read is disconnected. A slow one is not: each part has its own timeout.
            client = self.socket
            client.settimeout(STUCK)
            try:
                for begin in range(0, len(data), SEND_BUFFER):
                    super()._sendall(data[begin : begin + SEND_BUFFER])
            except TimeoutError as error:
                raise ConnectionResetError(errno.ECONNRESET, str(error)) from error

        def log_request(self) -> None:
            """Do nothing: proxies keep access logs, and formatting a line for each request takes time."""

        def log_error(self, msg: str, *args: Any) -> None:
            log.info(msg, *args)  # a client's mistake is no alarm of the server's

    return Handler
