"""How much slower do requests get as the database grows to a million conversations?

    python bench/growth.py [--sessions 10000 100000 1000000] [--databases sqlite postgresql] [--requests 300]

One client sends one request at a time, each about another conversation, chosen at random. Times are those of whole
requests. At every size a thousand conversations are open and a hundred of them wait, because a shop's history grows
faster than its team.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import report
from loop import Loop, Requester, ask_once, request
from seeds import TAGS, Seeds, admin, cursor, customer, session_uuid
from servers import chat_server, new_database, running

ADMINS = 10
ACTIVE, WAITING = 1000, 100
TEXT = "Is it in stock in blue, and how long does it take to Graz?"
_number = itertools.count(1)


def start(_total: int) -> bytes:
    """A visitor starts a conversation."""
    data = {"message": TEXT, "client_id": f"start-{next(_number)}"}
    return request("POST", "/chat/start/42/", {"Accept": "application/json"}, data)


def send(total: int) -> bytes:
    """A customer writes in an open conversation."""
    to = random.randint(total - ACTIVE + 1, total)
    data = {"body": TEXT, "client_id": f"send-{next(_number)}"}
    return request("POST", f"/chat/send/{session_uuid(to)}/", customer(to), data)


def answer(total: int) -> bytes:
    """An admin writes in one."""
    to = random.randint(total - ACTIVE + 1, total)
    data = {"body": TEXT, "client_id": f"answer-{next(_number)}"}
    return request("POST", f"/custom-admin/chat/{to}/send/", admin(to % ADMINS + 1), data)


def poll(total: int) -> bytes:
    """A customer of any conversation polls; there is no news."""
    to = random.randint(1, total - ACTIVE)
    return request("GET", f"/chat/messages/{session_uuid(to)}/?after={cursor(to)}", customer(to))


def desk_list(total: int) -> bytes:
    """An admin loads the dashboard."""
    return request("GET", "/custom-admin/chat/", admin(random.randint(1, ADMINS)))


def desk_filtered(total: int) -> bytes:
    """An admin loads the list of waiting conversations."""
    return request("GET", "/custom-admin/chat/?status=waiting", admin(random.randint(1, ADMINS)))


def desk_search(total: int) -> bytes:
    """An admin looks for a customer by name."""
    name = f"Guest+{random.randint(1, total)}"
    return request("GET", f"/custom-admin/chat/?q={name}", admin(random.randint(1, ADMINS)))


def desk_conversation(total: int) -> bytes:
    """An admin opens a conversation of any age."""
    to = random.randint(1, total)
    return request("GET", f"/custom-admin/chat/{to}/", admin(to % ADMINS + 1))


def desk_unread(total: int) -> bytes:
    """An admin loads the list of unread conversations."""
    return request("GET", "/custom-admin/chat/?view=unread", admin(random.randint(1, ADMINS)))


def desk_tagged(total: int) -> bytes:
    """An admin loads the list of conversations with a tag."""
    tag = random.choice(TAGS)
    return request("GET", f"/custom-admin/chat/?tag={tag}", admin(random.randint(1, ADMINS)))


def full_search(total: int) -> bytes:
    """An admin searches all messages for a word, rare or common, or for two."""
    words = random.choice(["warranty", "invoice", "zeppelin", "gift+invoice", "blue+tag:refund"])
    return request("GET", f"/custom-admin/chat/search/?q={words}", admin(random.randint(1, ADMINS)))


def statistics(total: int) -> bytes:
    """An admin loads the statistics."""
    return request("GET", "/custom-admin/chat/statistics/", admin(random.randint(1, ADMINS)))


KINDS: dict[str, Callable[[int], bytes]] = {
    "empty poll": poll,
    "send": send,
    "answer": answer,
    "start": start,
    "desk list": desk_list,
    "desk list, waiting": desk_filtered,
    "desk list, unread": desk_unread,
    "desk list, tag": desk_tagged,
    "desk list, name": desk_search,
    "search": full_search,
    "statistics": statistics,
    "desk conversation": desk_conversation,
}


def measure(options: argparse.Namespace, kind: str, total: int) -> list[dict[str, Any]]:
    """One line of the table for each kind of request."""
    with tempfile.TemporaryDirectory() as name, new_database(kind, Path(name)) as url:
        began = time.monotonic()
        Seeds(total, admins=ADMINS, active=ACTIVE, waiting=WAITING).write(url)
        print(f"{kind}, {total:,} sessions written in {time.monotonic() - began:.0f} s", flush=True)
        with running(chat_server(Path(name), url)) as server:
            loop = Loop()
            requester = Requester(loop, server.address).connect()
            gc.collect()
            gc.freeze()
            times: dict[str, list[float]] = {what: [] for what in KINDS}
            busy = report.Busy(server.pids)
            until = time.monotonic() + options.most_seconds
            for turn in range(options.requests + 5):
                for what, make in KINDS.items():
                    answer = ask_once(loop, requester, make(total))
                    if answer.status not in {200, 201}:
                        raise SystemExit(f"{what}: {answer.status} {answer.body[:300]!r}")
                    if turn >= 5:  # the first ones load code and fill caches
                        times[what].append(answer.ended - answer.began)
                if time.monotonic() > until:
                    break
            others = busy.cores()["others"]
            requester.close()
    return [
        {
            "database": kind,
            "sessions": total,
            "request": what,
            "times": len(found),
            **{name: value for name, value in report.milliseconds(found).items() if name != "max"},
            "others": others,
        }
        for what, found in times.items()
    ]


def main() -> None:
    """Print the table."""
    parser = report.arguments(__doc__.partition("\n")[0])
    sizes = [10_000, 100_000, 1_000_000]
    parser.add_argument("--sessions", type=int, nargs="+", default=sizes)
    parser.add_argument("--databases", nargs="+", default=["sqlite", "postgresql"])
    parser.add_argument("--requests", type=int, default=300, help="of each kind")
    parser.add_argument("--most-seconds", type=float, default=120, help="for one size")
    options = parser.parse_args()
    lines = []
    for kind in options.databases:
        for total in options.sessions:
            found = measure(options, kind, total)
            report.table(found)
            lines += found
    report.write(options.json, __doc__, lines)


if __name__ == "__main__":
    main()
