"""Runs livechat with an hour for requests to finish at shutdown: ``python -m tests.patient [livechat's arguments]``.

A server that waits in vain then does not stop within the test's patience, however fast or slow the machine is;
one with nothing to wait for stops at once.
"""

from __future__ import annotations

import sys

from livechat.cli import main

if __name__ == "__main__":
    from livechat.server import http

    http.FINISH = 3600.0
    sys.exit(main())
