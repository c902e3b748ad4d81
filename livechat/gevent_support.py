"""What livechat asks of gevent besides its server: everything here works without gevent, too, or is not called then.

`livechat serve` lets gevent replace what Python offers for waiting (`patch` in server/http.py).
"""

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


def raw_socket(client: Any) -> Any:
    """The operating system's socket behind one of gevent's, for a call that neither waits nor lets others go on.

    It is non-blocking: a call that would have to wait raises BlockingIOError. gevent keeps it in an attribute that it
    does not document; tests/unit/test_gevent_support.py holds that against the installed version.
    """
    return client._sock
