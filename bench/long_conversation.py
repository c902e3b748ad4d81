"""How long does it take to open a conversation of ten entries, and one of 100,000?

    python bench/long_conversation.py [--entries 100000] [--database URL]

Without a URL it uses SQLite in a temporary folder. It prints the median time and the size of the JSON with which the
widget and the desk open a conversation, of the newest page, and of a page from the middle, and the ratio between the
two conversations.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from livechat.db.session import transaction

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sqlalchemy import text
from webob import Request

from livechat import application
from livechat.accounts import admins, guests
from livechat.actors import CUSTOMER
from livechat.conversation import lifecycle, messages
from livechat.conversation.opening import Opening
from livechat.db import schema
from livechat.db.engine import make_engine
from livechat.security import LOGIN_COOKIE
from livechat.settings import Settings

ROUNDS = 60
FEW = 10
BODY = "How long does the delivery of my lamp take, and can I still return it? "


def main() -> int:
    """Print the table. Returns 1 if a long conversation takes five times as long to open, or more.

    It has five times as many entries on its newest page.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--database")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = options.database or f"sqlite:///{Path(folder) / 'x.sqlite3'}"
        engine = make_engine(url)
        schema.migrate(engine)
        cookie, chats = _seed(engine, options.entries)
        app = application(
            Settings(secret="long", database_url=url, limit_guest_acts="1000000/minute")
        )
        worst = _measure(app, cookie, chats, options.entries)
    return 0 if worst < 5 else 1


def _seed(engine: Any, entries: int) -> tuple[str, list[tuple[str, int, str]]]:
    """The admin's login, and the public id, the number and the customer's token of each conversation."""
    chats = []
    with transaction(engine) as db:
        login = admins.sign_in(db, admins.add_admin(db, "anna", name="Anna"), 1)
        for _ in range(2):
            guest = guests.new_guest(db, None)
            token = guests.give_token(db, guest)
            session = lifecycle.start(db, guest, Opening(name="Clara", body=BODY)).session
            for number in range(FEW - 1):
                messages.send(db, session, CUSTOMER, BODY, f"c{number}")
            chats.append((str(session.uuid), session.id, token))
    insert = text(
        "INSERT INTO chat_messages (session_id, seq, public_seq, sender, author_key, body, client_id, created_at)"
        " SELECT :id, :seq, :seq, 'customer', 'customer', :body, :client, created_at"
        " FROM chat_sessions WHERE id = :id"
    )
    counted = text(
        "UPDATE chat_sessions SET seq = :n, public_seq = :n, last_message_seq = :n, customer_messages = :n,"
        " customer_seen = :n, staff_seen = :n"
        " WHERE id = :id"
    )
    number = chats[1][1]
    with engine.begin() as connection:
        for start in range(FEW + 1, entries + 1, 1000):
            rows = range(start, min(start + 1000, entries + 1))
            connection.execute(
                insert, [{"id": number, "seq": n, "body": BODY, "client": f"s{n}"} for n in rows]
            )
        connection.execute(counted, {"id": number, "n": entries})
    return login, chats


def _measure(app: Any, cookie: str, chats: list[tuple[str, int, str]], entries: int) -> float:
    """Print a line for each way to open. Returns the largest ratio, without those of pages in the middle."""
    few, many = (
        _requests(cookie, *chat, count) for chat, count in zip(chats, (FEW, entries), strict=True)
    )
    print(f"{'p50':24} {FEW:>18,} {entries:>18,}   ratio")
    worst = 0.0
    for name in few:
        short, long = [], []
        for _ in range(ROUNDS):  # in turns, so that other load slows down both
            short.append(_ask(app, *few[name]))
            long.append(_ask(app, *many[name]))
        times = [statistics.median(each for each, _ in some) for some in (short, long)]
        ratio = times[1] / times[0]
        worst = max(worst, ratio) if "page before" not in name else worst
        print(
            f"{name:24} {times[0]:6.2f} ms {short[0][1]:6,} B {times[1]:6.2f} ms {long[0][1]:6,} B {ratio:6.2f}"
        )
    return worst


def _requests(cookie: str, uuid: str, number: int, token: str, count: int) -> dict[str, Any]:
    accept = {"Accept": "application/json"}
    customer = accept | {"Authorization": f"Bearer {token}"}
    admin = accept | {"Cookie": f"{LOGIN_COOKIE}={cookie}"}
    middle, end = max(1, count // 2), uuid[:8]
    messages, chat = f"/chat/messages/{uuid}/", f"/custom-admin/chat/{number}/"
    return {
        "widget: newest page": (f"{messages}?before=", customer, None),
        "widget: start again": ("/chat/start/", customer, b"{}"),
        "widget: page before": (f"{messages}?before=c{middle}.{end}", customer, None),
        "desk: open": (chat, admin, None),
        "desk: page before": (f"{chat}messages/?before=a{middle}.{end}", admin, None),
    }


def _ask(app: Any, path: str, headers: dict[str, str], body: bytes | None) -> tuple[float, int]:
    """The milliseconds, and the bytes of the response."""
    request = Request.blank(path, headers=headers)
    if body is not None:
        request.method, request.body, request.content_type = "POST", body, "application/json"
    begun = time.perf_counter()
    answer = request.get_response(app)
    took = (time.perf_counter() - begun) * 1000
    if answer.status_int != 200:
        raise SystemExit(f"{path} answered {answer.status}: {answer.text[:200]}")
    return took, len(answer.body)


if __name__ == "__main__":
    sys.exit(main())
