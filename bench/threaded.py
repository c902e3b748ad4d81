"""The same application on a server with plain threads, where everybody polls; `threads.py` compares with it.

python bench/threaded.py PORT FILE.ini [THREADS]
"""

from __future__ import annotations

import sys


def main() -> None:
    """Serve until SIGTERM."""
    import logging

    import plaster
    import waitress

    import livechat

    # Its warnings of a queue say nothing new: waiting is what is measured.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    port, config = int(sys.argv[1]), sys.argv[2]
    threads = int(sys.argv[3]) if len(sys.argv) > 3 else 8
    settings = plaster.get_settings(config, "app:main")
    settings.pop("use")
    application = livechat.main(None, **settings)
    waitress.serve(
        application, host="127.0.0.1", port=port, threads=threads, connection_limit=10_000
    )


if __name__ == "__main__":
    main()
