"""How many sends and empty polls per second, compared with a Pyramid view that does nothing?

    python bench/rates.py [--database sqlite|postgresql] [--clients 64] [--rounds 5] [--seconds 4]

Each client sends its next request as soon as it has a response. Rounds alternate between livechat and the bare
application, which the same code serves, so that noise of the machine affects both. What counts is the ratio.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import statistics
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import report
from loop import Answer, Loop, Requester, clock, request
from seeds import Seeds, admin, cursor, customer, session_uuid
from servers import Server, chat_server, new_database, raise_file_limit, running, script_server

SESSIONS = 2000
ADMINS = 10
SEND = {"body": "Is it in stock in blue, and how long does it take to Graz?"}


def bare() -> Iterator[bytes]:
    """Requests for the bare application."""
    return itertools.repeat(request("GET", "/", {"Accept": "application/json"}))


def polls() -> Iterator[bytes]:
    """Polls of customers who already have everything."""
    numbers = range(1, SESSIONS // 2 + 1)  # no messages are sent into these
    every = [
        request("GET", f"/chat/messages/{session_uuid(n)}/?after={cursor(n)}", customer(n))
        for n in numbers
    ]
    return itertools.cycle(every)


def sends() -> Iterator[bytes]:
    """Messages of customers, each stored before the response."""
    for number in itertools.count(1):
        to = SESSIONS // 2 + 1 + number % (SESSIONS // 2)
        data = SEND | {"client_id": f"{number}-{clock()}"}
        yield request("POST", f"/chat/send/{session_uuid(to)}/", customer(to), data)


def answers() -> Iterator[bytes]:
    """Messages of admins."""
    for number in itertools.count(1):
        to = SESSIONS // 2 + 1 + number % (SESSIONS // 2)
        data = SEND | {"client_id": f"{number}-{clock()}"}
        yield request("POST", f"/custom-admin/chat/{to}/send/", admin(to % ADMINS + 1), data)


KINDS: dict[str, tuple[Callable[[], Iterator[bytes]], int]] = {
    "bare view": (bare, 200),
    "empty polls": (polls, 200),
    "sends": (sends, 201),
    "answers": (answers, 201),
}


class Clients:
    """A number of clients that send requests without a pause."""

    def __init__(self, address: tuple[str, int], count: int) -> None:
        self.loop = Loop()
        self.requesters = [Requester(self.loop, address).connect() for _ in range(count)]
        self.refused = 0

    def rate(
        self, asked: Iterator[bytes], status: int, seconds: float
    ) -> tuple[float, list[float]]:
        """The responses per second, and the seconds that each took.

        A 503 counts as refused and not as a response; any other status than `status` ends the program.
        """
        times: list[float] = []
        began = clock()
        until = began + seconds
        out = 0

        def ask(requester: Requester) -> None:
            nonlocal out
            out += 1
            requester.ask(next(asked), lambda answer: answered(requester, answer))

        def answered(requester: Requester, answer: Answer) -> None:
            nonlocal out
            out -= 1
            if answer.status == status:
                times.append(answer.ended - answer.began)
            elif answer.status == 503:
                self.refused += 1
            else:
                raise SystemExit(f"Not {status} but {answer.status}: {answer.body[:300]!r}")
            if answer.ended < until:
                ask(requester)

        for requester in self.requesters:
            ask(requester)
        self.loop.run(seconds + 30, until=lambda: out == 0)
        return len(times) / (clock() - began), times

    def close(self) -> None:
        """Close the connections."""
        for one in self.requesters:
            one.close()


def measure(options: argparse.Namespace, chat: Server, plain: Server) -> list[dict[str, Any]]:
    """One line of the table for each kind of request."""
    clients = {name: Clients(chat.address, options.clients) for name in KINDS}
    clients["bare view"].close()
    clients["bare view"] = Clients(plain.address, options.clients)
    asked = {name: make() for name, (make, _status) in KINDS.items()}
    rates: dict[str, list[float]] = {name: [] for name in KINDS}
    times: dict[str, list[float]] = {name: [] for name in KINDS}
    noise: dict[str, list[float]] = {name: [] for name in KINDS}
    used: dict[str, list[float]] = {name: [] for name in KINDS}
    gc.collect()
    gc.freeze()
    for name, (_make, status) in KINDS.items():  # warm up
        clients[name].rate(asked[name], status, 1.0)
    for _round in range(options.rounds):
        for name, (_make, status) in KINDS.items():
            busy = report.Busy((plain if name == "bare view" else chat).pids)
            rate, took = clients[name].rate(asked[name], status, options.seconds)
            rates[name].append(rate)
            times[name] += took
            cores = busy.cores()
            noise[name].append(cores["others"])
            used[name].append(cores["server"] / rate)
    base = rates["bare view"]
    lines = []
    for name, found in rates.items():
        ratios = [one / other for one, other in zip(found, base, strict=True)]
        took_ms = report.milliseconds(times[name])
        lines.append(
            {
                "what": name,
                "a second": round(statistics.median(found)),
                "lowest": round(min(found)),
                "highest": round(max(found)),
                "of bare": f"{statistics.median(ratios):.0%}",
                "from": f"{min(ratios):.0%}",
                "to": f"{max(ratios):.0%}",
                "CPU µs": round(statistics.median(used[name]) * 1e6),
                "p50 ms": took_ms["p50"],
                "p99 ms": took_ms["p99"],
                "refused": clients[name].refused,
                "others": statistics.median(noise[name]),
            }
        )
    for one in clients.values():
        one.close()
    return lines


def main() -> None:
    """Print the table."""
    parser = report.arguments(__doc__.partition("\n")[0])
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4, help="for each kind in each round")
    options = parser.parse_args()
    raise_file_limit()
    with tempfile.TemporaryDirectory() as name, new_database(options.database, Path(name)) as url:
        folder = Path(name)
        Seeds(SESSIONS, admins=ADMINS, active=SESSIONS, waiting=20).write(url)
        with (
            running(chat_server(folder, url)) as chat,
            running(script_server(folder, "bare.py")) as plain,
        ):
            lines = measure(options, chat, plain)
    report.table(lines)
    report.write(options.json, __doc__, {"database": options.database, "rates": lines})


if __name__ == "__main__":
    main()
