"""The network between clients and server: a TCP proxy that can delay, cut one way, reset and hold.

It runs in its own thread and knows nothing of HTTP. Use `with Proxy(port) as proxy:` and let the clients
connect to `proxy.port`.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from typing import Any

UP, DOWN = "up", "down"
"""The two directions: from the clients to the server, and back."""

_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: close with a reset, whatever is still in flight
_CHUNK = 64 * 1024


class Link:
    """One connection of a client, and the corresponding one to the server."""

    def __init__(self, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self.ends = {UP: server, DOWN: client}  # where the bytes of a direction go
        self.lost: set[str] = set()  # the directions in which bytes were swallowed
        self.left = 2  # directions that still flow

    def reset(self) -> None:
        """End both connections with a RST."""
        for writer in self.ends.values():
            with contextlib.suppress(OSError):
                sock = writer.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            writer.transport.abort()


class Proxy:
    """Forwards `port` to the server's port. The faults last until `mend`; `reset` is over at once."""

    def __init__(self, server_port: int) -> None:
        self.server_port = server_port
        self.port = 0
        self.swallowed = 0
        """Bytes that a cut has swallowed so far."""
        self.held = 0
        """Packets that a hold is delaying."""
        self._delay = 0.0
        self._cut: str | None = None
        self._links: set[Link] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)
        self._ready = threading.Event()

    def __enter__(self) -> Proxy:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_error: object) -> None:
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(10)
        assert not self._thread.is_alive()

    def delay(self, seconds: float) -> None:
        """From now on, every packet arrives so many seconds later, in order."""
        self._do(lambda: setattr(self, "_delay", seconds))

    def hold(self) -> None:
        """Forward nothing; data is kept and forwarded after `mend`."""
        self._do(self._flows.clear)

    def cut(self, direction: str) -> None:
        """Swallow the data of one direction, while the connections stay open and the other direction flows.

        A connection that has lost bytes stays silent in that direction: it could only continue with a hole.
        """
        self._do(lambda: setattr(self, "_cut", direction))

    def reset(self) -> None:
        """End every connection with a RST."""
        self._do(lambda: [link.reset() for link in list(self._links)])

    def mend(self) -> None:
        """Repair the network. Connections that have lost bytes are reset, as their hosts would do."""

        def mend() -> None:
            self._delay, self._cut = 0.0, None
            self._flows.set()
            for link in list(self._links):
                if link.lost:
                    link.reset()

        self._do(mend)

    @property
    def connections(self) -> int:
        """Return how many clients are connected."""
        return len(self._links)

    def _do(self, what: Callable[[], Any]) -> None:
        """Run a function in the proxy's thread, and wait for it."""
        done = threading.Event()

        def run() -> None:
            what()
            done.set()

        self._loop.call_soon_threadsafe(run)
        assert done.wait(10)

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._flows, self._stopped = asyncio.Event(), asyncio.Event()
        self._flows.set()
        listener = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = listener.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stopped.wait()
        listener.close()
        for link in list(self._links):
            link.reset()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            upstream, server = await asyncio.open_connection("127.0.0.1", self.server_port)
        except OSError:  # nobody listens: tell the client, as far as possible after accepting
            Link(writer, writer).reset()
            return
        link = Link(writer, server)
        self._links.add(link)
        for direction, source in ((UP, reader), (DOWN, upstream)):
            task = self._loop.create_task(self._pump(link, direction, source))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pump(self, link: Link, direction: str, source: asyncio.StreamReader) -> None:
        try:
            while data := await source.read(_CHUNK):
                await self._forward(link, direction, data)
            await self._held()
            # A disconnect behind a cut is not noticed, either; `mend` resets what is left.
            if self._cut == direction:
                link.lost.add(direction)
            if direction not in link.lost:
                link.ends[direction].write_eof()
                self._ended(link)
        except OSError:  # reset by one end: tell the other end
            self._links.discard(link)
            link.reset()

    async def _forward(self, link: Link, direction: str, data: bytes) -> None:
        if self._delay:
            await asyncio.sleep(self._delay)
        await self._held()
        if self._cut == direction or direction in link.lost:
            link.lost.add(direction)
            self.swallowed += len(data)
            return
        link.ends[direction].write(data)
        await link.ends[direction].drain()

    async def _held(self) -> None:
        if not self._flows.is_set():
            self.held += 1
            await self._flows.wait()
            self.held -= 1

    def _ended(self, link: Link) -> None:
        link.left -= 1
        # HTTP clients and servers that have disconnected do not listen, either.
        if link.left == 0 or not link.lost:
            self._links.discard(link)
            for writer in link.ends.values():
                writer.close()
