"""The wake-ups between processes: SQLite's data_version, PostgreSQL's NOTIFY, Redis' publish and subscribe."""

from __future__ import annotations

import logging
import queue
import threading
import time
import uuid
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from ..db.dialects import on_postgresql
from ..db.errors import unless_away
from ..db.postgresql import KEPT_ALIVE
from ..db.sqlite import DataVersion
from .hints import Changed, Hint, Typing, decode, encode, split
from .hub import Hub
from .sweep import Sweep
from .wakeup import Wakeup

log = logging.getLogger(__name__)
CHANNEL = "livechat"
WATCH_EVERY = 0.05  # seconds between two reads of SQLite's data_version
RECONNECT_AFTER = 1.0  # seconds
PROVE_EVERY = 10.0  # seconds between two probes that a process sends to itself
SILENT_FOR = 30.0  # seconds without a probe after which an open channel counts as dead
STOPS_WITHIN = 0.2  # seconds between two checks whether a listener has to stop
MOST_UNSENT = 1000  # hints queued for a slow channel; further ones are dropped, and the sweep makes up for them


class _Threaded(Wakeup):
    """A wake-up whose thread listens to other processes."""

    def __init__(self, hub: Hub) -> None:
        super().__init__(hub)
        self.stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._begun = self._was_away = False

    def start(self) -> None:
        self._begin()
        self._thread = threading.Thread(target=self._run, name="livechat-wakeup", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self.stopped.set()
        if self._thread is not None:
            self._thread.join(5)

    def _begin(self) -> None:
        if self.sweep is not None:
            with unless_away():  # if the database is away, the thread begins when it is back
                self.sweep.begin()
                self.told_up_to = self.sweep.floor
                self._begun = True

    def _run(self) -> None:
        while not self.stopped.is_set():
            try:
                if not self._begun:
                    self._begin()
                self.listen()
            except Exception as error:
                # The sweep goes on while the channel is down, and the thread reconnects.
                log.warning("The wake-up channel is down: %s", error)
                self._was_away = True
                self.stopped.wait(RECONNECT_AFTER)

    def listen(self) -> None:
        """Receive hints until `stopped` is set. Raises when the channel is down."""
        raise NotImplementedError

    def catch_up(self) -> None:
        """Make up for the hints missed before the channel opened.

        A sweep finds new entries, but not changes to a session without an entry. So after an outage, all listeners
        have to read again (`has_missed`).
        """
        self.look()
        self.has_missed, self._was_away = self.has_missed or self._was_away, False


class SQLiteWatch(_Threaded):
    """Wake-ups on SQLite: watches ``data_version``, which changes with the commits of other connections.

    No hints are sent, because each process notices the writes of others, such as the command line. Typing hints stay
    in their process, because they are not written. Source: https://sqlite.org/pragma.html#pragma_data_version.
    """

    def __init__(self, hub: Hub, engine: Engine) -> None:
        super().__init__(hub)
        self.sweep: Sweep | None = Sweep(engine, overlap=0)
        self._engine = engine

    def listen(self) -> None:
        with closing(DataVersion(self._engine)) as data_version:
            before = None
            while not self.stopped.wait(WATCH_EVERY):
                version = data_version.read()
                if version != before:
                    self.look()
                    before = version


class Silent(Exception):
    """An open channel delivers nothing."""


class _Channel(_Threaded):
    """A publish-subscribe channel. Each process also receives its own hints, and ignores them.

    Receiving its own probes proves to a process that the channel works. The other end of a connection may have
    disappeared, or no longer be the server that the other processes use, without an error at this end.
    """

    sweep_every = 1.0

    def __init__(self, hub: Hub, engine: Engine) -> None:
        super().__init__(hub)
        self.sweep: Sweep | None = Sweep(engine, overlap=10)
        self._origin = uuid.uuid4().hex[:12]
        self._unsent: queue.Queue[str] = queue.Queue(MOST_UNSENT)
        self._talker: threading.Thread | None = None
        self._heard_at = self._proved_at = 0.0

    def start(self) -> None:
        super().start()
        self._start_talking()

    def _start_talking(self) -> None:
        if self._talker is None:
            self._talker = threading.Thread(target=self._talk, name="livechat-talk", daemon=True)
            self._talker.start()

    def stop(self) -> None:
        super().stop()
        if self._talker is not None:
            self._put("")
            self._talker.join(5)

    def signed(self, hint: Hint) -> str:
        """The payload for a hint: this process's identifier and the encoded hint."""
        return f"{self._origin} {encode(hint)}"

    def heard(self, said: str) -> None:
        """Handle a received payload: pass another process's hint to the hub."""
        origin, _space, words = said.partition(" ")
        if origin == self._origin:
            self._heard_at = time.monotonic()
        hint = decode(words)
        if hint is not None and origin != self._origin:
            self.hub.tell(hint)

    def catch_up(self) -> None:
        self._heard_at = time.monotonic()
        super().catch_up()

    def prove(self) -> None:
        """Send a probe every PROVE_EVERY seconds. Raises Silent after SILENT_FOR seconds without receiving one."""
        moment = time.monotonic()
        if moment - self._heard_at > SILENT_FOR:
            raise Silent(f"nothing has come through it for {SILENT_FOR:.0f} seconds")
        if moment - self._proved_at > PROVE_EVERY:
            self._proved_at = moment
            self._start_talking()
            self._put(f"{self._origin} ")

    def _put(self, said: str) -> None:
        try:
            self._unsent.put_nowait(said)
        except queue.Full:
            log.warning(
                "The wake-up channel is too slow; other processes find the change within a second."
            )

    def _talk(self) -> None:
        while said := self._unsent.get():  # stop() queues an empty text, which ends the loop
            try:
                self.publish(said)
            except Exception as error:
                log.warning("A wake-up was not sent: %s", error)

    def publish(self, said: str) -> None:
        """Send a payload to all processes. May raise."""
        raise NotImplementedError


class PostgreSQLNotify(_Channel):
    """Wake-ups on PostgreSQL: ``NOTIFY`` in the transaction, delivered if and only if it commits."""

    def __init__(self, hub: Hub, engine: Engine) -> None:
        super().__init__(hub, engine)
        self._engine = engine

    def before_commit(self, db: Session, session_ids: Sequence[int]) -> None:
        for changed in split(session_ids):
            db.connection().execute(_NOTIFY, {"channel": CHANNEL, "said": self.signed(changed)})

    def send(self, hint: Hint) -> None:
        if not isinstance(hint, Changed):  # before_commit has sent these in the transaction
            self._start_talking()
            self._put(self.signed(hint))

    def publish(self, said: str) -> None:
        with self._engine.connect() as db, db.begin():
            db.execute(_NOTIFY, {"channel": CHANNEL, "said": said})

    def listen(self) -> None:
        url = self._engine.url
        connection = _listening_connection(url)
        try:
            connection.execute(f"LISTEN {CHANNEL}")
            self.catch_up()
            while not self.stopped.is_set():
                self.prove()
                for notice in connection.notifies(timeout=STOPS_WITHIN):
                    self.heard(notice.payload)
        finally:
            connection.close()


_NOTIFY = text("SELECT pg_notify(:channel, :said)")


def _listening_connection(url: Any) -> Any:
    import psycopg  # noqa: PLC0415 - not needed on SQLite

    # Not from the pool, because it is never returned. Keepalives detect that the other machine is gone.
    return psycopg.connect(
        url.set(drivername="postgresql").render_as_string(hide_password=False),
        autocommit=True,
        connect_timeout=5,
        application_name="livechat wakeup",
        **KEPT_ALIVE,
    )


class RedisChannel(_Channel):
    """Wake-ups through Redis, published after the commit: for many machines, or many commits a second."""

    def __init__(self, hub: Hub, engine: Engine, url: str) -> None:
        super().__init__(hub, engine)
        import redis  # noqa: PLC0415 - an optional dependency

        self._redis: Any = redis.Redis.from_url(
            url,
            socket_connect_timeout=5,
            socket_timeout=5,
            socket_keepalive=True,
            decode_responses=True,
            encoding_errors="replace",  # others may publish anything on the channel
        )

    def send(self, hint: Hint) -> None:
        self._start_talking()
        for one in [hint] if isinstance(hint, Typing) else split(hint.session_ids, type(hint)):
            self._put(self.signed(one))

    def publish(self, said: str) -> None:
        self._redis.publish(CHANNEL, said)

    def listen(self) -> None:
        subscription = self._redis.pubsub(ignore_subscribe_messages=True)
        try:
            subscription.subscribe(CHANNEL)
            self.catch_up()
            while not self.stopped.is_set():
                self.prove()
                message = subscription.get_message(timeout=STOPS_WITHIN)
                if message is not None:
                    self.heard(message["data"])
        finally:
            subscription.close()


def choose(url: str, engine: Engine, hub: Hub) -> Wakeup:
    """The wake-up for a configuration: Redis if `url` is given, otherwise that of the database."""
    if url:
        return RedisChannel(hub, engine, url)
    if on_postgresql(engine):
        return PostgreSQLNotify(hub, engine)
    return SQLiteWatch(hub, engine)
