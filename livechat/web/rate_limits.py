"""How fast one may go: limits per guest, per network and in all, kept by the `limits` library in memory.

Those that protect accounts are counted in the database: see accounts/login_limits.py.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

from limits import RateLimitItem, parse
from limits.strategies import SlidingWindowCounterRateLimiter
from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid.traversal import find_interface

from ..exceptions import TooMany
from ..resources import CustomerSession, Desk
from ..security import client_address, network_of
from ..settings import Settings
from .limit_storage import CalmStorage

View = Callable[[Any, Request], Response]


class Limits:
    """The counters of one process. A send is counted for its guest, its network and everybody."""

    def __init__(self, settings: Settings) -> None:
        self._limiter = SlidingWindowCounterRateLimiter(CalmStorage())
        self._guest_sends = parse(settings.limit_guest_sends)
        self._network_sends = parse(settings.limit_network_sends)
        self._all_sends = parse(settings.limit_all_sends)
        self._guest_acts = parse(settings.limit_guest_acts)
        self._network_acts = parse(settings.limit_network_acts)
        self._all_acts = parse(settings.limit_all_acts)
        self._network_starts = parse(settings.limit_network_starts)
        self._all_starts = parse(settings.limit_all_starts)

    def count_send(self, network: str, author: str) -> None:
        """Count a message. Raises TooMany."""
        self._count(
            "You're sending messages too fast. Wait a moment. Your text is saved.",
            (self._guest_sends, "send", author),
            (self._network_sends, "send-network", network),
            (self._all_sends, "send-all", ""),
        )

    def count_act(self, network: str, author: str) -> None:
        """Count anything else that somebody does: closing, reopening, typing, marks, other products. Raises TooMany."""
        self._count(
            "Too many requests. Wait a moment and try again.",
            (self._guest_acts, "act", author),
            (self._network_acts, "act-network", network),
            (self._all_acts, "act-all", ""),
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
            "Too many requests. Wait a moment and try again.",
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


def counted(view: View, info: Any) -> View:
    """A view deriver: every unsafe request of a guest or an admin is counted as an act, unless its view says with
    ``counts=…`` that it counts it as something else. A new view cannot forget it."""
    if info.exception_only or info.options.get("counts") is not None:
        return view

    def wrapped(context: Any, request: Request) -> Response:
        if request.method not in {"GET", "HEAD", "OPTIONS"} and (who := _who(request, context)):
            request.limits.count_act(network(request), who)
        return view(context, request)

    return wrapped


counted.options = ("counts",)  # type: ignore[attr-defined]


def _who(request: Request, context: Any) -> str | None:
    if isinstance(context, CustomerSession):
        return f"guest {context.record.guest_id}"
    admin = request.identity.admin if find_interface(context, Desk) is not None else None
    return f"admin {admin.id}" if admin else None


def network(request: Request) -> str:
    """The network a request comes from, as limits count it."""
    return network_of(client_address(request))


def includeme(config: Configurator) -> None:
    config.registry["livechat.limits"] = Limits(config.registry["livechat.settings"])
    # Behind the permission and the origin: nobody uses up what belongs to somebody else.
    config.add_view_deriver(counted, under="proven_origin")
    config.add_request_method(
        lambda request: request.registry["livechat.limits"], "limits", reify=True
    )
