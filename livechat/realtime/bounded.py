"""A least-recently-used cache whose size is bounded in bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

OVERHEAD = 500
"""Bytes that each item takes in addition to its counted size: the entry, its key and the objects around them."""


class Bounded(Generic[K, V]):
    """Values by key. Beyond `most` bytes, the least recently used values are evicted.

    Threads may share it. `on_evict` is called with the key and value of each evicted item.
    """

    def __init__(self, most: int, on_evict: Callable[[K, V], object] | None = None) -> None:
        self._most = most
        self._on_evict = on_evict
        self._items: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._guard = threading.RLock()
        self.size = 0
        """The counted bytes of all items."""

    def __len__(self) -> int:
        return len(self._items)

    def get(self, key: K) -> V | None:
        """The value, which becomes the most recently used one; None without one."""
        with self._guard:
            found = self._items.get(key)
            if found is None:
                return None
            self._items.move_to_end(key)
            return found[0]

    def put(self, key: K, value: V, size: int) -> None:
        """Store a value of `size` bytes. A value larger than the whole cache is not kept."""
        with self._guard:
            self.pop(key)
            self._items[key] = (value, size + OVERHEAD)
            self.size += size + OVERHEAD
            for old in self._too_many():
                gone = self.pop(old)
                if self._on_evict is not None and gone is not None:
                    self._on_evict(old, gone)

    def pop(self, key: K) -> V | None:
        """Remove a value and return it; None without one. `on_evict` is not called."""
        with self._guard:
            found = self._items.pop(key, None)
            if found is None:
                return None
            self.size -= found[1]
            return found[0]

    def clear(self) -> None:
        """Remove all values."""
        with self._guard:
            self._items.clear()
            self.size = 0

    def _too_many(self) -> Iterator[K]:
        while self.size > self._most and self._items:
            yield next(iter(self._items))
