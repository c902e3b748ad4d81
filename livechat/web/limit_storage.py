"""The storage of the rate limits: that of the `limits` library, with fewer clean-ups.

The library starts a clean-up thread after each request that it counts, unless the last one is still alive. It does so
through its attribute `timer`, which is not documented; tests/unit/web/test_limit_storage.py checks that against the
installed version.
"""

from __future__ import annotations

import threading
import time
from typing import Any

from limits.storage import MemoryStorage

PACE = 10.0  # seconds between two clean-ups


class CalmStorage(MemoryStorage):
    """Counters in memory. Expired ones are removed every PACE seconds, which makes a send a tenth cheaper."""

    @property
    def timer(self) -> Any:
        """The thread that the library starts unless it is alive."""
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
