"""What livechat needs of gevent apart from its server. It works without gevent, or is not called then.

`livechat serve` makes Python's blocking calls cooperate with gevent (`patch` in server/http.py).
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
    """Run a function in a real thread, because it blocks and gevent cannot change that. Returns its result."""
    from gevent import get_hub

    return get_hub().threadpool.apply(work)


def raw_socket(client: Any) -> Any:
    """The operating system's socket behind one of gevent's, for a call that does not let other greenlets run.

    It is non-blocking: a call that would have to wait raises BlockingIOError. gevent keeps it in an attribute that it
    does not document; tests/unit/test_gevent_support.py checks that the installed version still has it.
    """
    return client._sock
