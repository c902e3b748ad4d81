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
WATCH_EVERY = 0.05  # seconds between two looks at SQLite's data_version
RECONNECT_AFTER = 1.0  # seconds
PROVE_EVERY = 10.0  # seconds between two words to oneself
SILENT_FOR = (
    30.0  # seconds without hearing them after which a channel that is open is taken for dead
)
STOPS_WITHIN = 0.2  # seconds after which a listener looks whether it is to stop
MOST_UNSENT = 1000  # hints kept while the channel is away; older ones are dropped, the sweep makes up for them


class _Threaded(Wakeup):
    """A wake-up with a thread that listens."""

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
            with unless_away():  # what it has when it comes back is where we begin
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
                # Away for a moment, or for longer: the sweep goes on, and we try again.
                log.warning("The wake-up channel is away: %s", error)
                self._was_away = True
                self.stopped.wait(RECONNECT_AFTER)

    def listen(self) -> None:
        """Hear what others say until `stopped`; raises when the channel is away."""
        raise NotImplementedError

    def catch_up(self) -> None:
        """The channel is open: find what was said before that. Entries can be looked for; what changes a session
        without an entry cannot, so after a break everyone has to look for themselves."""
        self.look()
        self.has_missed, self._was_away = self.has_missed or self._was_away, False


class SQLiteWatch(_Threaded):
    """SQLite counts the commits of other connections; the command line is such another.

    Nothing is said: what is written is noticed. Typing stays in this process, because it is not written.
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
    """A channel is open, but nothing comes through it."""


class _Talking(_Threaded):
    """A channel on which each process also hears itself, and leaves out what it has said.

    To hear itself is the proof that the channel works: the other end of a connection may be gone, or be no longer the
    one to which everyone else talks, without an error at this end.
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
        """The hint as it is said, with who says it."""
        return f"{self._origin} {encode(hint)}"

    def heard(self, said: str) -> None:
        """Pass on what another process has said."""
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
        """Say a word to ourselves now and then. Raises Silent when we have not heard any for long."""
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
            log.warning("The wake-up channel is too slow; others will notice within a second.")

    def _talk(self) -> None:
        while said := self._unsent.get():  # the empty one ends it, after all before it
            try:
                self.publish(said)
            except Exception as error:
                log.warning("A wake-up was not said: %s", error)

    def publish(self, said: str) -> None:
        """Say it to all; may raise."""
        raise NotImplementedError


class PostgreSQLNotify(_Talking):
    """``NOTIFY`` within the transaction: heard when it is committed, and never when it is not."""

    def __init__(self, hub: Hub, engine: Engine) -> None:
        super().__init__(hub, engine)
        self._engine = engine

    def before_commit(self, db: Session, session_ids: Sequence[int]) -> None:
        for changed in split(session_ids):
            db.connection().execute(_NOTIFY, {"channel": CHANNEL, "said": self.signed(changed)})

    def send(self, hint: Hint) -> None:
        if not isinstance(hint, Changed):  # what is changed was said in the transaction
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

    # Outside of the pool: it is never given back. Keepalives tell when the other machine is gone.
    return psycopg.connect(
        url.set(drivername="postgresql").render_as_string(hide_password=False),
        autocommit=True,
        connect_timeout=5,
        application_name="livechat wakeup",
        **KEPT_ALIVE,
    )


class RedisChannel(_Talking):
    """Publish and subscribe, after the commit: for many machines, or many commits a second."""

    def __init__(self, hub: Hub, engine: Engine, url: str) -> None:
        super().__init__(hub, engine)
        import redis  # noqa: PLC0415 - an optional dependency

        self._redis: Any = redis.Redis.from_url(
            url,
            socket_connect_timeout=5,
            socket_timeout=5,
            socket_keepalive=True,
            decode_responses=True,
            encoding_errors="replace",  # whatever somebody else may say there
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
    """The way that fits: Redis for a ``redis://`` URL, otherwise that of the database."""
    if url:
        return RedisChannel(hub, engine, url)
    if on_postgresql(engine):
        return PostgreSQLNotify(hub, engine)
    return SQLiteWatch(hub, engine)
