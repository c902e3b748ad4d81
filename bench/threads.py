"""How much better are streams than polling every three seconds, on a server with plain threads?

    python bench/threads.py [--visitors 200] [--rate 20] [--seconds 20]

The same application, visitors and messages are served twice: by waitress with 8 threads, where every visitor polls
every 3 seconds as the pages do without a stream, and by the real server. `cost` is what the server takes while nobody
writes, in cores.
"""

from __future__ import annotations

import argparse
import gc
import random
import tempfile
from pathlib import Path
from typing import Any

import report
from loop import Answer, Requester, clock, request
from scene import Scene
from seeds import Seeds, admin, customer, session_uuid
from seeds import cursor as first_cursor
from servers import Server, chat_server, new_database, raise_file_limit, running, script_server

PACE = 3.0  # seconds, plus or minus 15 %, as in the widget
ADMINS = 10


class Poller:
    """A page without a stream."""

    def __init__(self, scene: PollingScene, path: str, headers: dict[str, str], after: str) -> None:
        self._scene, self._path, self._headers, self._after = scene, path, headers, after
        self._requester = Requester(scene.loop, scene.server.address)
        self.heard: Any = None
        scene.loop.at(clock() + random.uniform(0, PACE), self._ask)

    def _ask(self) -> None:
        asked = request("GET", f"{self._path}?after={self._after}", self._headers)
        self._requester.ask(asked, self._take)

    def _take(self, answer: Answer) -> None:
        moment = clock()
        if answer.status == 200:
            self._scene.polls += 1
            if self._after.encode() not in answer.body:  # otherwise there is nothing new
                found = answer.json
                self._after = found["cursor"]
                for message in found["messages"]:
                    number = message["body"].partition(" ")[0]
                    if number.startswith("k"):
                        self.heard(int(number[1:]), moment)
        self._scene.loop.at(moment + PACE * random.uniform(0.85, 1.15), self._ask)

    def close(self) -> None:
        """Close the connection."""
        self._requester.close()


class PollingScene(Scene):
    """The same visitors and admins, all of whom poll."""

    def __init__(self, server: Server, visitors: int) -> None:
        super().__init__(server, visitors, ADMINS, lists=0)
        self.polls = 0
        self.pollers = []
        for number, stream in enumerate([*self.customers, *self.staff]):
            at_desk = number >= visitors
            n = number - visitors + 1 if at_desk else number + 1
            path = f"/custom-admin/chat/{n}" if at_desk else "/chat"
            path += "/messages/" if at_desk else f"/messages/{session_uuid(n)}/"
            letter = "a" if at_desk else "c"
            headers = admin(n) if at_desk else customer(n)
            poller = Poller(self, path, headers, first_cursor(n, letter=letter))
            poller.heard = stream.heard
            self.pollers.append(poller)

    def close(self) -> None:
        super().close()
        for one in self.pollers:
            one.close()


def measure(scene: Scene, server: Server, name: str, options: argparse.Namespace) -> dict[str, Any]:
    """One line of the table: the cost of an idle site, and the times of messages."""
    gc.collect()
    if isinstance(scene, PollingScene):
        scene.loop.run(PACE)
        scene.polls = 0
    else:
        scene.crowd.open_all(within=60)
    scene.warm_up()
    scene.loop.run(12)
    busy = report.Busy(server.pids)
    scene.loop.run(options.seconds)
    cores = busy.cores()
    line = scene.measure(options.rate, options.seconds)
    scene.close()
    shown = ("sent", "p50", "p95", "p99", "answer p50", "lost", "refused")
    return {
        "served by": name,
        "visitors": options.visitors,
        "cost": cores["server"],
        **{key: line[key] for key in shown},
        "MB": round(server.memory() / 1e6),
        "others": cores["others"],
    }


def main() -> None:
    """Print the table."""
    parser = report.arguments(__doc__.partition("\n")[0])
    parser.add_argument("--visitors", type=int, default=200)
    parser.add_argument("--rate", type=float, default=20, help="messages a second")
    parser.add_argument("--seconds", type=float, default=20)
    options = parser.parse_args()
    raise_file_limit()
    lines = []
    for name in ("threads, polling", "streams"):
        with tempfile.TemporaryDirectory() as place, new_database("sqlite", Path(place)) as url:
            folder, count = Path(place), options.visitors
            Seeds(count, admins=ADMINS, active=count, waiting=5).write(url)
            server = chat_server(folder, url)
            if name != "streams":
                server = script_server(folder, "threaded.py", str(server.config))
            with running(server):
                scene = (
                    Scene(server, count, ADMINS, lists=0)
                    if name == "streams"
                    else PollingScene(server, count)
                )
                lines.append(measure(scene, server, name, options))
                report.table(lines[-1:])
    report.table(lines)
    report.write(options.json, __doc__, lines)


if __name__ == "__main__":
    main()
