"""How many bytes does a browser load, gzipped: before the first click, by the first open, and for the inbox?

    python bench/weights.py [--check]

It asks the application itself, as a browser would, for the loader, the conversation page, its style sheets and scripts,
and every module that these import; for the desk, the inbox with a page of fifty chats, one of them open. The
application does not compress pages with secrets in them, so the desk's page is compressed here, in order to count all
alike. With --check the exit status is 1 when a weight is over its budget.
"""

from __future__ import annotations

import gzip
import re
import sys
import tempfile
from pathlib import Path
from urllib.parse import urljoin

from webob import Request

from livechat import application
from livechat.accounts import admins, guests
from livechat.conversation import lifecycle
from livechat.conversation.opening import Opening
from livechat.db import schema
from livechat.db.engine import make_engine
from livechat.db.session import transaction
from livechat.security import LOGIN_COOKIE
from livechat.settings import Settings

LOADER_BUDGET, FIRST_OPEN_BUDGET, DESK_BUDGET = 4 * 1024, 30 * 1024, 100 * 1024
WIDGET, DESK = ("/widget.js", "/chat/"), ("/custom-admin/chat/50/",)


def weigh(*paths: str) -> dict[str, tuple[int, int]]:
    """The bytes of each path, plain and gzipped, in the order in which a browser loads them from `paths` on."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'x.sqlite3'}"
        app = application(Settings(secret="weights", database_url=url))
        signed_in = {"Cookie": f"{LOGIN_COOKIE}={_desk(url)}"} if paths == DESK else {}
        found: dict[str, tuple[int, int]] = {}
        waiting = list(paths)
        while waiting:
            path = waiting.pop(0)
            if path in found:
                continue
            plain = Request.blank(path, headers=signed_in).get_response(app)
            zipped = {**signed_in, "Accept-Encoding": "gzip"}
            packed = Request.blank(path, headers=zipped).get_response(app)
            if plain.status_int != 200:
                raise SystemExit(f"{path} answered {plain.status}")
            body = packed.body
            if paths == DESK and not packed.headers.get("Content-Encoding"):
                body = gzip.compress(body)
            found[path] = (len(plain.body), len(body))
            waiting += [urljoin(path, link) for link in _links(path, plain.text)]
        return found


def _desk(url: str) -> str:
    """Make fifty chats and an admin. Returns the admin's login."""
    engine = make_engine(url)
    schema.migrate(engine)
    with transaction(engine) as db:
        for number in range(50):
            body = f"Question {number}: how long does the delivery of my lamp take, and can I still return it?"
            opening = Opening(name=f"Customer {number}", body=body)
            lifecycle.start(db, guests.new_guest(db, None), opening)
        token = admins.sign_in(db, admins.add_admin(db, "anna", name="Anna"), 1)
    engine.dispose()
    return token


def _links(path: str, text: str) -> list[str]:
    if path.endswith(".js"):
        # Comments import types only, and `import()` loads its module when it is needed.
        text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
        return re.findall(r"""(?:from|import)\s*["'](\.[^"']+)["']""", text)
    if path.endswith(".css"):
        return re.findall(r"""@import\s+(?:url\()?["']?([^"')]+)""", text)
    found = re.findall(
        r"""<(?:script[^>]+src|link[^>]+href)=["']([^"']+\.(?:js|css|svg))["']""", text
    )
    return [re.sub(r"^https?://[^/]+", "", link) for link in found]


def _show(found: dict[str, tuple[int, int]]) -> int:
    """Print the table. Returns the sum of the gzipped bytes."""
    print(f"{'plain':>8} {'gzipped':>8}  path")
    for path, (plain, packed) in found.items():
        print(f"{plain:8,} {packed:8,}  {re.sub(r'/static/[0-9a-f]+/', '/static/…/', path)}")
    print()
    return sum(packed for _plain, packed in found.values())


def main() -> int:
    """Print the tables. Returns 1 if --check is given and a weight is over its budget."""
    widget, desk = weigh(*WIDGET), weigh(*DESK)
    loader, total, inbox = widget["/widget.js"][1], _show(widget), _show(desk)
    print(f"before the first click: {loader:,} of {LOADER_BUDGET:,} bytes, one request")
    print(
        f"by the first open:      {total:,} of {FIRST_OPEN_BUDGET:,} bytes, {len(widget)} requests"
    )
    print(f"the desk's first load:  {inbox:,} of {DESK_BUDGET:,} bytes, {len(desk)} requests")
    over = loader > LOADER_BUDGET or total > FIRST_OPEN_BUDGET or inbox > DESK_BUDGET
    return 1 if over and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
