"""How long does a message take from one process to another, on PostgreSQL, with and without Redis?

    python bench/workers.py [--workers 4] [--streams 1000] [--rates 50 100 200] [--seconds 10]

/proc tells which process holds a connection. In one run each message goes through another process than the one that its
reader is connected to, in the other through the same one. Then a process is killed while messages are written.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import signal
import tempfile
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import report
from crowd import Stream
from loop import Requester, clock
from scene import Scene
from seeds import Seeds
from servers import Server, chat_server, new_database, raise_file_limit, redis_server, running


def owners(server: Server) -> dict[tuple[str, int], int]:
    """The process that holds each connection, by the client's address and port."""
    sockets: dict[str, int] = {}
    for pid in server.pids:
        for file in Path(f"/proc/{pid}/fd").iterdir():
            try:
                sockets[os.readlink(file)] = pid
            except OSError:  # closed in the meantime
                continue
    found = {}
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _number, local, remote, state, *_rest, inode = line.split()[:10]
        if state == "01" and int(local.partition(":")[2], 16) == server.port:
            address, _colon, port = remote.partition(":")
            numbers = bytes.fromhex(address)[::-1]
            if f"socket:[{inode}]" in sockets:
                client = (".".join(map(str, numbers)), int(port, 16))
                found[client] = sockets[f"socket:[{inode}]"]
    return found


class Routes:
    """The connections that a message may take in order to cross between processes, or not to."""

    def __init__(self, scene: Scene) -> None:
        held = owners(scene.server)
        self._of = {
            stream: held.get((stream.source, stream.port)) for stream in scene.crowd.streams
        }
        self._senders: dict[int | None, list[Requester]] = {}
        for sender in scene.senders:
            self._senders.setdefault(held.get(("127.0.0.1", sender.port)), []).append(sender)
        self._all = scene.senders

    def across(self, stream: Stream) -> list[Requester]:
        """Connections to other processes than the reader's."""
        own = self._senders.get(self._of[stream], [])
        return [one for one in self._all if one not in own]

    def within(self, stream: Stream) -> list[Requester]:
        """Connections to the reader's process."""
        return self._senders.get(self._of[stream], [])

    def shares(self) -> list[int]:
        """How many streams each process holds."""
        held = [pid for pid in self._of.values() if pid is not None]
        return sorted(held.count(pid) for pid in set(held))


def kill_one(scene: Scene, rate: float) -> dict[str, Any]:
    """Kill a process with `kill -9` while messages are written. Its visitors reconnect to others."""
    crowd = scene.crowd
    crowd.back.clear()
    everybody, before = len(crowd.streams), crowd.lost
    killed: list[float] = []
    back: list[float] = []

    def kill() -> None:
        killed.append(clock())
        os.kill(random.choice(scene.server.pids), signal.SIGKILL)
        scene.loop.at(clock() + 0.5, look)

    def look() -> None:
        if crowd.open == everybody:
            back.append(max(crowd.back, default=clock()) - killed[0])
        else:
            scene.loop.at(clock() + 0.05, look)

    scene.through = lambda _stream: scene.senders
    scene.loop.at(clock() + 2, kill)
    line = scene.measure(rate, 10)
    scene.loop.run(60, until=lambda: bool(back))
    after = [moment - killed[0] for moment in crowd.back]
    return {
        "killed": 1,
        "streams cut": crowd.lost - before,
        "half back s": round(report.percentile(after, 0.5), 2),
        "all back s": round(back[0], 2) if back else "no",
        **{name: line[name] for name in ("sends/s", "sent", "lost", "twice", "refused", "others")},
    }


def measure(options: argparse.Namespace, *, with_redis: bool) -> dict[str, Any]:
    """All results for one kind of wake-up."""
    way = "Redis" if with_redis else "NOTIFY"
    with (
        tempfile.TemporaryDirectory() as name,
        new_database("postgresql", Path(name)) as url,
        redis_server(Path(name)) if with_redis else nullcontext("") as wakeup,
    ):
        folder = Path(name)
        count = options.streams
        Seeds(count, admins=options.admins, active=count, waiting=count // 50).write(url)
        chat = chat_server(folder, url, workers=options.workers, wakeup=wakeup)
        with running(chat) as server:
            scene = Scene(server, count, options.admins, options.lists)
            gc.collect()
            gc.freeze()
            scene.crowd.open_all(within=120)
            scene.warm_up()
            routes = Routes(scene)
            lines = []
            for rate in options.rates:
                for through in (routes.across, routes.within):
                    scene.through = through
                    line = scene.measure(rate, options.seconds)
                    lines.append({"way": way, "processes": through.__name__, **line})
                    report.table(lines[-1:])
            kill = {"way": way, "held": routes.shares(), **kill_one(scene, options.rates[0])}
            report.table([kill])
            scene.close()
    return {"delivery": lines, "kill": kill}


def main() -> None:
    """Print the tables."""
    parser = report.arguments(__doc__.partition("\n")[0])
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--streams", type=int, default=1000)
    parser.add_argument("--rates", type=float, nargs="+", default=[50, 100, 200])
    parser.add_argument("--seconds", type=float, default=10, help="for each rate")
    parser.add_argument("--admins", type=int, default=10, help="with a conversation open")
    parser.add_argument("--lists", type=int, default=3, help="open dashboards")
    parser.add_argument(
        "--ways", nargs="+", choices=["notify", "redis"], default=["notify", "redis"]
    )
    options = parser.parse_args()
    raise_file_limit()
    found = [measure(options, with_redis=way == "redis") for way in options.ways]
    report.table([line for part in found for line in part["delivery"]])
    report.table([part["kill"] for part in found])
    report.write(options.json, __doc__, found)


if __name__ == "__main__":
    main()
