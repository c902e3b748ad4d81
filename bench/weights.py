"""What the widget weighs: the bytes a browser gets, gzipped, before the first click and by the first open.

    python bench/weights.py [--check]

Asks the application itself, as a browser would: the loader, the conversation page, its style sheets and scripts, and
every module these import. With --check the exit status is 1 when a weight is over its budget.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path
from urllib.parse import urljoin

from webob import Request

from livechat import application
from livechat.settings import Settings

LOADER_BUDGET, FIRST_OPEN_BUDGET = 4 * 1024, 30 * 1024


def weigh() -> dict[str, tuple[int, int]]:
    """Path by path: bytes plain and bytes gzipped, in the order a browser asks."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            secret="weights", database_url=f"sqlite:///{Path(folder) / 'x.sqlite3'}"
        )
        app = application(settings)
        found: dict[str, tuple[int, int]] = {}
        waiting = ["/widget.js", "/chat/"]
        while waiting:
            path = waiting.pop(0)
            if path in found:
                continue
            plain = Request.blank(path).get_response(app)
            packed = Request.blank(path, headers={"Accept-Encoding": "gzip"}).get_response(app)
            if plain.status_int != 200:
                raise SystemExit(f"{path} answered {plain.status}")
            found[path] = (len(plain.body), len(packed.body))
            waiting += [urljoin(path, link) for link in _links(path, plain.text)]
        return found


def _links(path: str, text: str) -> list[str]:
    if path.endswith(".js"):
        text = re.sub(
            r"/\*.*?\*/", "", text, flags=re.DOTALL
        )  # types are imported in comments only
        return re.findall(r"""(?:from|import)\s*\(?\s*["'](\.[^"']+)["']""", text)
    if path.endswith(".css"):
        return re.findall(r"""@import\s+(?:url\()?["']?([^"')]+)""", text)
    found = re.findall(
        r"""<(?:script[^>]+src|link[^>]+href)=["']([^"']+\.(?:js|css|svg))["']""", text
    )
    return [re.sub(r"^https?://[^/]+", "", link) for link in found]


def main() -> int:
    """Print the table; 1 when a budget is not kept and --check was given."""
    found = weigh()
    print(f"{'plain':>8} {'gzipped':>8}  path")
    for path, (plain, packed) in found.items():
        print(f"{plain:8,} {packed:8,}  {re.sub(r'/static/[0-9a-f]+/', '/static/…/', path)}")
    loader, total = found["/widget.js"][1], sum(packed for _plain, packed in found.values())
    print(f"\nbefore the first click: {loader:,} of {LOADER_BUDGET:,} bytes, one request")
    print(
        f"by the first open:      {total:,} of {FIRST_OPEN_BUDGET:,} bytes, {len(found)} requests"
    )
    over = loader > LOADER_BUDGET or total > FIRST_OPEN_BUDGET
    return 1 if over and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
