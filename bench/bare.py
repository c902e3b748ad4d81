"""The least that a Pyramid application can do: one view that returns a little JSON, served like livechat.

    python bench/bare.py PORT

Its rate is the upper limit that Pyramid and the server set for livechat.
"""

from __future__ import annotations

import sys
from typing import Any

from livechat.server.http import patch

patch()  # before anything else is imported


def hello(_request: Any) -> dict[str, Any]:
    """The view."""
    return {"messages": [], "cursor": "c5.09a630e0", "session": {"status": "active", "unread": 0}}


def main() -> None:
    """Serve until SIGTERM."""
    from pyramid.config import Configurator

    from livechat.server.http import run
    from livechat.server.sockets import Address, listen

    config = Configurator()
    config.add_view(hello, renderer="json")
    config.add_view(hello, name="health", renderer="json")
    sockets = listen([Address("127.0.0.1", int(sys.argv[1]))])
    run(config.make_wsgi_app(), sockets, ready=lambda: None, stop=lambda: None)


if __name__ == "__main__":
    main()
