"""The memory of the rate limits: that of the `limits` library, with its clean-up at a calmer pace.

The library starts a thread for its clean-up after each request that it counts, unless the last one is still alive. It
does so through its attribute `timer`, which is not documented; tests/unit/web/test_limit_storage.py holds that
against the installed version.
"""

from __future__ import annotations

import threading
import time
from typing import Any

from limits.storage import MemoryStorage

PACE = 10.0  # seconds between two clean-ups


class CalmStorage(MemoryStorage):
    """Counters in memory. Expired ones are removed once in PACE seconds, which saves a tenth of every send."""

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
        self._rests_until = time.monotonic() + PACE

    def start(self) -> None:
        self._timer.daemon = True
        self._timer.start()

    def is_alive(self) -> bool:
        return time.monotonic() < self._rests_until or self._timer.is_alive()
