"""Figures for streams: asked of the database again only after twenty times as long as they took to find.

Counting is quick in a small database and slow in a large one. This way it never takes more than a twentieth of the
process, however many streams want to know; a stream that was told an older figure is told again soon.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import Any

SHARE = 20
MOST = 1000  # figures remembered


class RefreshBudget:
    """Figures by name, shared by the streams of a process."""

    def __init__(self) -> None:
        self._figures: dict[Hashable, tuple[float, Any]] = {}

    def get(self, name: Hashable, find: Callable[[], Any]) -> tuple[Any, bool]:
        """The figure, and whether it is as of now."""
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
