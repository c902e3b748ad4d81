"""Connections: how many a process accepts, which close when it is full, and the requests read from them.

Import this only after gevent has patched the standard library (`http.patch`).
"""

from __future__ import annotations

import contextlib
import errno
import io
import logging
import socket
import time
from collections import Counter
from typing import Any, ClassVar

from gevent import sleep, spawn
from gevent.pywsgi import WSGIHandler, WSGIServer

from ..gevent_support import raw_socket
from ..security import network_of
from .http_bodies import Body, Incoming
from .http_requests import BadRequest, Ended, Head, closing_answer, read_head

log = logging.getLogger(__name__)

READ_BUFFER = 2048  # bytes; the default of 8 KiB would be a third of an idle stream
MOST_REFUSALS = 32  # refused connections that are closing; further ones close at once
MOST_LEAVING = 16  # connections above the limit; at so many, accepting pauses
TELLING = 1.0  # seconds to deliver a refusal
TOLD_EVERY = 60.0  # seconds between two log lines which say that the server is full
_NO_FILES = {errno.EMFILE, errno.ENFILE}
NO_ROOM = closing_answer(
    "503 Service Unavailable",
    "Too many connections right now. Try again in a moment.",
    code="unavailable",
    more="Retry-After: 5\r\n",
)
TOO_SLOW = BadRequest("408 Request Timeout", "The request took too long.")
BROKEN_OFF = BadRequest("400 Bad Request", "The request ended before it was complete.")


class Places:
    """The connections that a process may hold, over all its sockets.

    One network gets at most half of them, so that others get in. This machine, and therefore a proxy on it, may take
    all of them. With `proxies`, every network may, because a proxy speaks for many networks.
    """

    def __init__(self, most: int, *, proxies: bool = False) -> None:
        self.most, self.most_each = most, most if proxies else max(1, most // 2)
        self.taken = 0
        self._by_network: Counter[str] = Counter()
        self._said = -TOLD_EVERY

    def has_room_for(self, network: str) -> bool:
        """Whether a network may open another connection."""
        return not network or self._by_network[network] < self.most_each

    def take(self, network: str) -> None:
        """Count a connection of a network."""
        self.taken += 1
        if network:
            self._by_network[network] += 1

    def release(self, network: str) -> None:
        """Stop counting a connection, because it has closed."""
        self.taken -= 1
        if network:
            self._by_network[network] -= 1
            if not self._by_network[network]:
                del self._by_network[network]

    def say_full(self, why: str) -> None:
        """Log that the server is full, at most once in TOLD_EVERY seconds. `why`: what was refused."""
        if time.monotonic() - self._said >= TOLD_EVERY:
            self._said = time.monotonic()
            log.warning("%s: %s connections are open, %s are possible.", why, self.taken, self.most)


def network_at(address: Any) -> str:
    """The network of a socket's peer address; empty for this machine."""
    if not isinstance(address, tuple):
        return ""
    network = network_of(str(address[0]).partition("%")[0])
    return "" if network.startswith("127.") or network == "::/64" else network


class Server(WSGIServer):  # type: ignore[misc]
    """gevent's server, within the number of open files that the system allows.

    When all places are taken, the connection that has waited longest for its next request is closed, as nginx closes
    its reusable connections. If none waits, the new connection gets a 503 at once.
    """

    places: Places
    handler_class: type[RequestReader]
    refusing = 0

    def do_read(self) -> Any:
        if self.places.taken >= self.places.most + MOST_LEAVING:
            self._pause(0.01)
            return None
        try:
            return super().do_read()
        except OSError as error:
            if error.errno not in _NO_FILES:
                raise
            self.places.say_full("No file is left for a connection")
            self._let_one_go()
            return None

    def do_handle(self, sock: Any, address: Any) -> None:
        network = network_at(address)
        if not self.places.has_room_for(network):
            self._refuse(sock, f"{network} has as many connections as one network may have")
        elif self.places.taken >= self.places.most and not self.handler_class.let_one_go():
            self._refuse(sock, "There is no room for a connection")
        else:
            # Counted here and not in the greenlet, which may start late under load: no connection is missed.
            handler = self.handler_class(sock, address, self)
            handler.waiting[handler] = None
            self.places.take(network)
            self.pool.spawn(self._serve, handler, network, sock)

    def _serve(self, handler: RequestReader, network: str, sock: Any) -> None:
        try:
            handler.handle()
        finally:
            handler.waiting.pop(handler, None)
            sock.close()
            if handler.goes_on is not None:
                handler.goes_on.rawlink(lambda _over: self.places.release(network))
            else:
                self.places.release(network)

    def _let_one_go(self) -> None:
        # No file is left, not even for a refusal: a connection that waits for a request is closed instead.
        if not self.handler_class.let_one_go():
            self._pause(0.1)

    def _pause(self, seconds: float) -> None:
        self.stop_accepting()
        self._timer = self.loop.timer(seconds)
        self._timer.start(self._start_accepting_if_started)

    def _refuse(self, sock: Any, why: str) -> None:
        self.places.say_full(why)
        with contextlib.suppress(OSError):
            raw_socket(sock).send(NO_ROOM)
        if self.refusing < MOST_REFUSALS:
            self.refusing += 1
            spawn(self._hear_out, sock)
        else:
            sock.close()

    def _hear_out(self, sock: Any) -> None:
        # Closing a socket with unread data resets the connection, and the client may lose the refusal.
        try:
            sock.shutdown(socket.SHUT_WR)
            until = time.monotonic() + TELLING
            while (left := until - time.monotonic()) > 0:
                sock.settimeout(left)
                if not sock.recv(16 * 1024):
                    break
        except OSError:
            pass
        finally:
            self.refusing -= 1
            sock.close()


class RequestReader(WSGIHandler):  # type: ignore[misc]
    """The part of a connection's handler that reads requests: strictly, and within limits of time and size."""

    waiting: ClassVar[dict[Any, None]]
    """Connections whose next request has not arrived, the longest wait first."""
    ending: ClassVar[bool] = False
    close_connection: bool
    socket: Any
    rfile: Any
    wsgi_input: Any
    hung_up = False
    goes_on: Any = None
    """The greenlet that has taken over the connection, if it is a stream."""

    def __init__(self, sock: Any, address: Any, server: Any) -> None:
        self.incoming = Incoming(sock)
        super().__init__(sock, address, server, io.BufferedReader(self.incoming, READ_BUFFER))

    @classmethod
    def let_one_go(cls) -> bool:
        """Close the connection that has waited longest for its next request. Returns whether there was one."""
        # A connection with an unread request stays, because it would get no response. Silent ones close first, then
        # slow ones.
        silent = (one for one in cls.waiting if one.incoming.idle and not one.incoming.has_unread())
        slow = (one for one in cls.waiting if not one.incoming.idle)
        handler = next(silent, None) or next(slow, None)
        if handler is None:
            return False
        del cls.waiting[handler]
        handler.hang_up()
        return True

    @classmethod
    def end_all(cls) -> None:
        """Close the connections without a request; the others close after their response."""
        cls.ending = True
        for handler in list(cls.waiting):
            if handler.incoming.idle:
                handler.hang_up()

    def hang_up(self) -> None:
        """Shut the connection down, so that reading from it ends."""
        self.hung_up = True
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)

    def handle_one_request(self) -> Any:
        # Others first: a client that sends its requests in a row would keep the process to itself.
        sleep(0)
        if self.hung_up:
            return None
        self.incoming.expect_request()
        self.waiting[self] = None
        try:
            head = read_head(self.rfile)
        except BadRequest as error:
            self._refuse(error)
            return None
        except TimeoutError:
            if not self.incoming.idle:
                self._refuse(TOO_SLOW)
            return None
        except (Ended, OSError):
            return None
        finally:
            self.waiting.pop(self, None)
        self._take(head)
        self.handle_one_response()
        return None if self.close_connection or self.rfile.closed else True

    def handle_one_response(self) -> None:
        super().handle_one_response()
        self.close_connection = self.close_connection or self.ending

    def run_application(self) -> None:
        try:
            super().run_application()
        except OSError as error:
            # The body may be read first by a library that does not expect such an error.
            if not self.wsgi_input.broken or self.headers_sent:
                raise
            self._refuse(TOO_SLOW if isinstance(error, TimeoutError) else BROKEN_OFF)

    def finalize_headers(self) -> None:
        super().finalize_headers()
        # The body has not been read to its end, and its rest is not worth waiting for.
        self.close_connection = self.close_connection or not self.wsgi_input.over
        if self.close_connection and self.request_version == "HTTP/1.1":
            names = {name.lower() for name, _value in self.response_headers}
            if b"connection" not in names:
                self.response_headers.append((b"Connection", b"close"))

    def _take(self, head: Head) -> None:
        self.response_length = 0
        self.command, self.request_version = head.method, head.version
        self.close_connection = head.closes or self.ending
        self.wsgi_input = _Input(head, self.rfile, self.incoming, self._go_on_sending)
        environ = self.server.get_environ()
        environ.update(head.environ())
        if isinstance(self.client_address, tuple):
            environ["REMOTE_ADDR"] = str(self.client_address[0])
            environ["REMOTE_PORT"] = str(self.client_address[1])
        whole = io.BytesIO() if self.wsgi_input.over else io.BufferedReader(self.wsgi_input)
        environ["wsgi.input"] = whole
        environ["wsgi.input_terminated"] = True
        self.environ, self.application = environ, self.server.application

    def _go_on_sending(self) -> None:
        self.socket.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _refuse(self, error: BadRequest) -> None:
        log.info("Refused a request from %s: %s", self.client_address, error)
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.socket.settimeout(TELLING)
            self.socket.sendall(error.answer())


class _Input(Body):
    """A request body with the method that gevent's handler calls to discard the rest."""

    def _discard(self) -> None:
        self.drain()
