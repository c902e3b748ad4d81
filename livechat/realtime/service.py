"""Realtime in one process: listeners, wake-ups, presence, limits on streams, and the work of every second."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pyramid.config import Configurator
from sqlalchemy import Engine, select

from ..accounts.guests import valid_tokens
from ..conversation.records import LONGEST_QUEUE, SESSIONS
from ..conversation.waiting import QUEUE_ORDER, QUEUED
from ..db import errors
from ..db.changes import announce
from ..db.dialects import on_sqlite
from ..desk.presence import OpenPages, Team
from ..exceptions import TooManyStreams
from ..gevent_support import is_patched
from .backends import choose
from .hints import Presence, split
from .hub import Hub, Listener
from .poll_cache import MemoryPollCache, PollCache
from .refresh_budget import RefreshBudget
from .wakeup import Wakeup

if TYPE_CHECKING:
    from ..settings import Settings

log = logging.getLogger(__name__)
TICK = 1.0  # seconds between two rounds of periodic work
RIGHTS_EVERY = 6  # ticks in which the rights of all listeners are checked once
MOST_AT_ONCE = 500  # listeners woken, or checked, in one round
A_FEW = 25  # listeners woken without a pause
ON_THREADS = 2  # streams on a threaded server, where each occupies a thread


class Realtime:
    """The realtime state of a process. `start` is called when the first stream begins, or earlier."""

    def __init__(self, settings: Settings, engine: Engine, reading_engine: Engine) -> None:
        self.engine = engine
        self.reading_engine = reading_engine
        self.hub = Hub()
        self.open_pages = OpenPages()
        self.team = Team()
        self.figures = RefreshBudget()
        self.poll_cache = MemoryPollCache(reading_engine) if on_sqlite(engine) else PollCache()
        self.hub.on_change(self.poll_cache.forget)
        self.wakeup: Wakeup = choose(settings.wakeup, reading_engine, self.hub)
        self.duties: list[Callable[[], Any]] = []
        """Functions that other modules add, called every second."""
        self.room = settings.limit_all_streams
        """The maximum number of streams. The server may lower it."""
        self._settings = settings
        self._slots: Counter[tuple[str, str]] = Counter()
        self._guard = threading.Lock()
        self._stopped = threading.Event()
        self._keeper: threading.Thread | None = None
        self._queue: list[int] = []
        self._unchecked: list[Listener] = []
        self._share = MOST_AT_ONCE
        self._untold: list[Listener] = []
        self._unsure: list[Listener] = []
        self._told_team: dict[str, Any] = {}

    def start(self) -> None:
        """Start listening to other processes and doing periodic work. Repeated calls have no effect."""
        with self._guard:
            if self._keeper is None and not self._stopped.is_set():
                self.wakeup.start()
                self._keeper = threading.Thread(
                    target=self._keep, name="livechat-keeper", daemon=True
                )
                self._keeper.start()

    def end_streams(self) -> None:
        """End all streams immediately. Their clients reconnect to a process that still serves."""
        self._stopped.set()
        self.hub.close()

    def stop(self) -> None:
        """Stop everything. Call it after the last request, because requests still send hints to other processes."""
        self.end_streams()
        self.wakeup.stop()
        self.poll_cache.close()
        if self._keeper is not None:
            self._keeper.join(5)
            self._try(lambda: self.open_pages.forget(self.engine))

    def take_slot(self, who: str, network: str) -> Callable[[], None]:
        """Count a stream of `who` from `network` against the limits.

        Returns a function that releases the slot. Raises TooManyStreams.
        """
        keys = [
            (("who", who), self._settings.limit_guest_streams),
            (("network", network), self._settings.limit_network_streams),
            (("all", ""), self._most()),
        ]
        with self._guard:
            if self._stopped.is_set() or any(self._slots[key] >= most for key, most in keys):
                raise TooManyStreams()
            self._slots.update(key for key, _most in keys)

        def give_back() -> None:
            with self._guard:
                for key, _most in keys:
                    self._slots[key] -= 1
                    if self._slots[key] <= 0:
                        del self._slots[key]

        return give_back

    def _most(self) -> int:
        if self._settings.streams == "off":
            return 0
        if self._settings.streams == "on" or is_patched():
            return min(self._settings.limit_all_streams, self.room)
        return ON_THREADS

    def _keep(self) -> None:
        while not self._stopped.wait(TICK):
            self._try(self._write_presence)
            self._try(self._tell_queue)
            self._try(self._check_rights)
            self._try(self._tell_team)
            for duty in self.duties:
                self._try(duty)
            if self.wakeup.sweep_every is not None:
                self._try(self.wakeup.look)
            self._try(self._make_up_for_missed)

    def _write_presence(self) -> None:
        for moved in split(self.open_pages.write(self.engine), Presence):
            self.wakeup.say(moved)

    def _check_rights(self) -> None:
        """Check the tokens of some listening customers; RIGHTS_EVERY rounds check them all."""
        if not self._unchecked:
            self._unchecked = [one for one in self.hub.listeners() if one.proof is not None]
            self._share = max(MOST_AT_ONCE // 4, len(self._unchecked) // RIGHTS_EVERY + 1)
        some = self._unchecked[: self._share]
        for begin in range(0, len(some), 100):
            self._stopped.wait(0.01)
            part = some[begin : begin + 100]
            with self.reading_engine.connect() as db:
                good = valid_tokens(db, {one.proof for one in part if one.proof})
            for one in part:
                if one.proof not in good:
                    one.wake()  # its feed checks again, and the stream ends
        del self._unchecked[: len(some)]  # only now, so that a failed check is repeated

    def _tell_team(self) -> None:
        """Wake the listeners, some each second, after the team's availability has changed."""
        if not self.hub.listened_to():
            return
        with self.reading_engine.connect() as db:
            team = self.team.shape(lambda: db)
        if team != self._told_team:
            # In the first round there is nobody to wake: earlier listeners have read the team's state already.
            self._untold = self.hub.listeners() if self._told_team else []
            self._told_team = team
            self.poll_cache.forget_all()
        some, self._untold = self._untold[:MOST_AT_ONCE], self._untold[MOST_AT_ONCE:]
        self._wake(some)

    def _make_up_for_missed(self) -> None:
        """Wake the listeners, some each second, to make up for hints lost while the wake-up channel was down."""
        if self.wakeup.has_missed:
            self.wakeup.has_missed = False
            self.poll_cache.forget_all()
            self._unsure = self.hub.listeners()
        some, self._unsure = self._unsure[:MOST_AT_ONCE], self._unsure[MOST_AT_ONCE:]
        self._wake(some, overrun=True)

    def _wake(self, some: list[Listener], *, overrun: bool = False) -> None:
        for begin in range(0, len(some), A_FEW):
            for one in some[begin : begin + A_FEW]:
                one.wake(overrun=overrun)
            self._stopped.wait(0.01)  # lets requests run in between

    def _tell_queue(self) -> None:
        """Wake the queued customers whose position has changed."""
        query = select(SESSIONS.c.id).where(QUEUED).order_by(*QUEUE_ORDER).limit(LONGEST_QUEUE)
        with self.reading_engine.connect() as db:
            queue = list(db.execute(query).scalars())
        before, self._queue = self._queue, queue
        for place, number in enumerate(queue):
            if place >= len(before) or before[place] != number:
                self.poll_cache.forget([number])
                self.hub.wake(number)

    def _try(self, what: Callable[[], Any]) -> None:
        try:
            what()
        except Exception as error:
            if errors.is_away(error):
                log.warning("The database is unavailable: %s", errors.reason(error))
            else:
                log.exception("Periodic work has failed")


def includeme(config: Configurator) -> None:
    registry: Any = config.registry
    service = Realtime(
        registry["livechat.settings"],
        registry["livechat.engine"],
        registry["livechat.reading_engine"],
    )
    registry["livechat.realtime"] = service
    announce(registry["livechat.dbsession_factory"], lambda: registry["livechat.realtime"].wakeup)
    config.add_request_method(
        lambda request: request.registry["livechat.realtime"], "realtime", reify=True
    )
