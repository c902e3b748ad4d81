"""Realtime in one process: what listens, what wakes, who is here, and the limits on streams."""

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
TICK = 1.0  # seconds between two rounds of what is done now and then
RIGHTS_EVERY = 6  # ticks in which the rights of all who listen are asked for once
MOST_AT_ONCE = 500  # listeners woken, or asked about, in one round
A_FEW = 25
ON_THREADS = 2  # streams where each takes a thread of the server away from everybody


class Realtime:
    """Everything that lives as long as the process. `start` is called when the first stream begins, if not before."""

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
        """What others want done every second."""
        self.room = settings.limit_all_streams
        """How many streams there is room for; whoever serves may know that it is less."""
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
        """Listen to other processes, and do now and then what has to be done."""
        with self._guard:
            if self._keeper is None and not self._stopped.is_set():
                self.wakeup.start()
                self._keeper = threading.Thread(
                    target=self._keep, name="livechat-keeper", daemon=True
                )
                self._keeper.start()

    def end_streams(self) -> None:
        """End all streams at once; their clients come back to whoever serves then."""
        self._stopped.set()
        self.hub.close()

    def stop(self) -> None:
        """End everything, when the last request has been answered: until then others hear of what is done."""
        self.end_streams()
        self.wakeup.stop()
        self.poll_cache.close()
        if self._keeper is not None:
            self._keeper.join(5)
            self._try(lambda: self.open_pages.forget(self.engine))

    def take_slot(self, who: str, network: str) -> Callable[[], None]:
        """Count a stream; returns what gives the slot back. Raises TooManyStreams."""
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
        """Ask again for some of the customers who listen, all of them every few seconds, whether they still may."""
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
                    one.wake()  # it looks itself, and ends
        del self._unchecked[: len(some)]  # only now: what could not be asked is asked again

    def _tell_team(self) -> None:
        """When the desk comes, goes or is away, let those who listen look again, some each second."""
        if not self.hub.listened_to():
            return
        with self.reading_engine.connect() as db:
            team = self.team.shape(lambda: db)
        if team != self._told_team:
            # Who began to listen before the first look has read it by themselves.
            self._untold = self.hub.listeners() if self._told_team else []
            self._told_team = team
            self.poll_cache.forget_all()
        some, self._untold = self._untold[:MOST_AT_ONCE], self._untold[MOST_AT_ONCE:]
        self._wake(some)

    def _make_up_for_missed(self) -> None:
        """When the wake-up channel was away, let those who listen look for what it did not say, some each second."""
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
            self._stopped.wait(0.01)  # so that requests come in between

    def _tell_queue(self) -> None:
        """Wake those who wait and whose place in the queue has changed."""
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
                log.warning("The database is away: %s", errors.reason(error))
            else:
                log.exception("Something that is done every second has failed")


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
