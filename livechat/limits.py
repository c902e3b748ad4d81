"""How fast one may go: limits per guest, per network and in all, kept by the `limits` library in memory.

Those that protect accounts are counted in the database: see login_limits.py.
"""

from __future__ import annotations

import math
import threading
import time
from typing import Any

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from pyramid.config import Configurator
from pyramid.request import Request

from .refusals import TooMany
from .security import client_address, network_of
from .settings import Settings


class CalmStorage(MemoryStorage):
    """The library's counters in memory. It looks for those that have run out, all of them and in a thread of their
    own, after whatever is counted; once in ten seconds is enough, and saves a tenth of every send."""

    @property
    def timer(self) -> Any:
        """What the library starts, unless it is alive."""
        return self._paced

    @timer.setter
    def timer(self, timer: threading.Timer) -> None:
        self._paced = _Paced(timer)


class _Paced:
    def __init__(self, timer: threading.Timer) -> None:
        self._timer = timer
        self._rests_until = time.monotonic() + 10

    def start(self) -> None:
        self._timer.daemon = True
        self._timer.start()

    def is_alive(self) -> bool:
        return time.monotonic() < self._rests_until or self._timer.is_alive()


class Limits:
    """The counters of one process. A send is counted for its guest, its network and everybody."""

    def __init__(self, settings: Settings) -> None:
        self._limiter = SlidingWindowCounterRateLimiter(CalmStorage())
        self._guest_sends = parse(settings.limit_guest_sends)
        self._network_sends = parse(settings.limit_network_sends)
        self._all_sends = parse(settings.limit_all_sends)
        self._network_starts = parse(settings.limit_network_starts)
        self._all_starts = parse(settings.limit_all_starts)

    def count_send(self, network: str, author: str) -> None:
        """Count a message. Raises TooMany."""
        self._count(
            "You are writing faster than we can read. Wait a moment; your text is kept.",
            (self._guest_sends, "send", author),
            (self._network_sends, "send-network", network),
            (self._all_sends, "send-all", ""),
        )

    def count_start(self, network: str) -> None:
        """Count a new conversation. Raises TooMany."""
        self._count(
            "Too many chats are being started. Wait a moment and try again.",
            (self._network_starts, "start-network", network),
            (self._all_starts, "start-all", ""),
        )

    def count_resume(self, network: str) -> None:
        """Count a resume ticket that is asked for or shown, as often as conversations may begin. Raises TooMany."""
        self._count(
            "This happens too often. Wait a moment and try again.",
            (self._network_starts, "resume-network", network),
            (self._all_starts, "resume-all", ""),
        )

    def _count(self, message: str, *counters: tuple[RateLimitItem, str, str]) -> None:
        for limit, *key in counters:
            if not self._limiter.hit(limit, *key):
                raise self._too_many(message, limit, key)

    def _too_many(self, message: str, limit: RateLimitItem, key: list[str]) -> TooMany:
        reset = self._limiter.get_window_stats(limit, *key).reset_time
        return TooMany(message, max(1, math.ceil(reset - time.time())))


def network(request: Request) -> str:
    """The network a request comes from, as limits count it."""
    return network_of(client_address(request))


def includeme(config: Configurator) -> None:
    config.registry["livechat.limits"] = Limits(config.registry["livechat.settings"])
    config.add_request_method(
        lambda request: request.registry["livechat.limits"], "limits", reify=True
    )
