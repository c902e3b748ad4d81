"""``pserve`` and every other PasteDeploy server: ``[server:main] use = egg:livechat``.

PasteDeploy loads the server before it makes the application, so importing this module patches early enough. `livechat
serve` does the same, checks more, and can start several workers.
"""

from __future__ import annotations

import sys
from typing import Any

from .http import patch

patch()


def run(application: Any, _global_config: dict[str, str], **server: str) -> None:
    """Serve an application, livechat or one that includes it, until SIGTERM or Ctrl-C.

    `server`: the options of [server:main].
    """
    from . import http
    from . import sockets as listening

    addresses = listening.addresses_in(server) or [
        listening.Address("localhost", listening.STANDARD_PORT)
    ]
    if (listening.workers_in(server) or 1) > 1:
        print("pserve runs one process. For several workers, use livechat serve.", file=sys.stderr)
    sockets = listening.listen(addresses)
    registry = getattr(application, "registry", {})
    realtime = registry.get("livechat.realtime")

    def ready() -> None:
        if realtime is not None:
            realtime.room = http.capacity() * 3 // 4
            realtime.start()
        for one in sockets:
            host, port = one.getsockname()[:2]
            print(f"Serving on http://{f'[{host}]' if ':' in host else host}:{port}", flush=True)

    stop = realtime.end_streams if realtime else lambda: None
    settings = registry.get("livechat.settings")
    proxies = settings is not None and settings.trusted_proxies > 0
    http.run(application, sockets, ready=ready, stop=stop, proxies=proxies)
    if realtime is not None:
        from ..db.engine import leave_whole

        realtime.stop()
        leave_whole(registry["livechat.engine"], registry["livechat.reading_engine"])
