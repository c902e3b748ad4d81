"""A cache of figures for streams: each is counted again only after SHARE times as long as the last count took.

Counting is quick in a small database and slow in a large one. With this budget, each figure takes at most a twentieth
of the process's time, regardless of the number of streams. A stream that got an older figure asks again soon.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import Any

SHARE = 20  # a figure stays valid for this many times the seconds that counting it took
MOST = 1000  # figures in the cache


class RefreshBudget:
    """Figures by name, shared by the streams of a process."""

    def __init__(self) -> None:
        self._figures: dict[Hashable, tuple[float, Any]] = {}

    def get(self, name: Hashable, find: Callable[[], Any]) -> tuple[Any, bool]:
        """The figure with this name, and whether it was counted just now. `find` counts it."""
        until, figure = self._figures.get(name, (0.0, None))
        begun = time.monotonic()
        if begun < until:
            return figure, False
        figure = find()
        ended = time.monotonic()
        if len(self._figures) >= MOST:
            self._figures.clear()
        self._figures[name] = (ended + SHARE * (ended - begun), figure)
        return figure, True
