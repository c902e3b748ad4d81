"""Whether gevent has replaced what Python offers for waiting, as `livechat serve` lets it (serving.patch)."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


def is_patched() -> bool:
    """Whether threads and sockets cooperate in this process."""
    monkey = sys.modules.get("gevent.monkey")
    return monkey is not None and bool(monkey.is_module_patched("socket"))


def in_a_real_thread(work: Callable[[], Any]) -> Any:
    """Do what blocks, and does not know of gevent, while others go on; gives what it gives."""
    from gevent import get_hub

    return get_hub().threadpool.apply(work)
