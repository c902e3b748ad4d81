"""Serving a WSGI application over HTTP with gevent's own server. Nothing else knows which server it is.

Thousands of open streams cost a greenlet each instead of a thread. gevent makes Python's sockets, locks and
sleeps cooperate by replacing them, so `patch` comes before everything else that uses them (livechat.cli).
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

STUCK = (
    20.0  # seconds a client may leave what we have sent unread; then it is let go, and comes back
)
SEND_BUFFER = 128 * 1024  # bytes the system keeps for one client; more would only be memory
MOST_FILES = 1_000_000  # open files, where the system allows any number
FEW = 3500  # connections; a server that takes fewer says so
MOST_ACCEPTED = 32  # connections taken in one go, before others are served
SHORT = 16 * 1024  # bytes of an answer that goes out together with its head
FINISH = 3.0  # seconds for requests that have begun, when the server is to end


def patch() -> None:
    """Make what Python offers for waiting cooperate. To be called before anything else is imported."""
    import gevent
    from gevent import monkey

    # Ten thousand greenlets need not remember who began them.
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
    """Serve until SIGTERM or Ctrl-C; returns whether it was Ctrl-C.

    `ready` is called when requests are taken; `stop` first thing when the server is to end: it ends the streams.
    `life`: a file that ends with the process that watches over us and others; they take from the same sockets,
    so each takes one connection at a time. `proxies`: connections come from proxies, and not from clients.
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
        log.warning("%s connections are possible here: raise the limit of open files.", places.most)
    ended = Event()
    by: list[int] = []

    def end(number: int) -> None:
        if by:
            # Somebody at the keyboard insists. A worker hears of one stop twice: from its parent, and from whoever
            # has told the whole group.
            if number == signal.SIGINT and not several:
                sys.exit(1)
            return
        by.append(number)
        ended.set()

    # Before anybody is served: who knows that we serve may end us.
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
    # Another greenlet may interrupt us at Ctrl-C while we print.
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
    # What has been loaded stays. A full collection that looks at it, and at ten thousand streams, stops
    # everybody for 400 ms; so what is here now is left out, and the rest is looked at seldom. What requests leave
    # behind goes in small parts: 50,000 objects at once are a pause of 160 ms.
    gc.collect()
    gc.freeze()
    gc.set_threshold(2_000, 50, 500)


def capacity() -> int:
    """How many connections this process takes: as many files as the system allows, without those that the database,
    the log and others need."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)  # what the system has granted
    limit = MOST_FILES if soft == resource.RLIM_INFINITY else min(soft, MOST_FILES)
    return max(limit - min(max(limit // 4, 96), 512), 8)


def _go_on(client: Any, stream: Any, chunked: bool, heartbeats: Heartbeats) -> None:
    """Send what a stream says until it or its reader ends. Who does not read is let go, and comes back."""
    from gevent import get_hub

    # A reader who has left says so by an end of what they send, long before something is sent to them in vain.
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
        log.info("A stream's reader has gone: %s", error)
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
    watcher.stop()  # whatever it says, it says it once
    if not more:
        stream.end()


def _handler_class(heartbeats: Heartbeats) -> Any:  # noqa: C901 - a class, which needs gevent imported
    from gevent import socket as cooperative

    from .connections import RequestReader

    class Handler(RequestReader):
        """One connection. Bounded in time and memory, whatever the other side does."""

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
            # A stream lives for hours. What has read its request has a stack and buffers that have grown, 20 KiB;
            # so somebody new goes on with it, who has none of that.
            stream, self.result = self.result, None
            try:
                first = next(stream, None)
                if first is not None:
                    self.write(first)
            except BaseException:
                stream.close()
                raise
            if first is None:  # it has ended before it has begun
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
            # Head and body of a short answer in one packet: a third less work for each answer.
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
                )  # what is short goes at once, without a clock
            except BlockingIOError:
                sent = 0
            self.response_length += sent
            if sent < len(data):
                self._send_patiently(data[sent:])

        def _send_patiently(self, data: bytes | bytearray) -> None:
            # Who does not read is let go. Who reads slowly is not: each part has its own time.
            client = self.socket
            client.settimeout(STUCK)
            try:
                for begin in range(0, len(data), SEND_BUFFER):
                    super()._sendall(data[begin : begin + SEND_BUFFER])
            except TimeoutError as error:
                raise ConnectionResetError(errno.ECONNRESET, str(error)) from error

        def log_request(self) -> None:
            """Nothing: proxies keep such logs, and a line would be made for each request."""

        def log_error(self, msg: str, *args: Any) -> None:
            log.info(msg, *args)  # what clients get wrong is no alarm of ours

    return Handler
