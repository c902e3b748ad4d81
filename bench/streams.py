"""How fast do messages arrive while thousands of visitors are connected, and what do the visitors cost?

    python bench/streams.py [--streams 1000 10000] [--rates 50 100 200] [--seconds 15]

One process on SQLite, started by `livechat serve`. Customers and admins write at random moments. Times start when a
request is sent and end when the message has arrived on the other side's open stream. Then the server restarts, and all
visitors reconnect.
"""

from __future__ import annotations

import argparse
import gc
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import report
from loop import clock
from scene import Scene
from seeds import Seeds
from servers import chat_server, new_database, raise_file_limit, running


def restart(scene: Scene) -> dict[str, Any]:
    """Restart the server, and wait until everybody has reconnected."""
    server, crowd, loop = scene.server, scene.crowd, scene.loop
    times: dict[str, float] = {}
    began = clock()

    def stop_and_start() -> None:
        times["ended"] = server.stop()
        server.start()
        times["serves"] = clock() - began

    thread = threading.Thread(target=stop_and_start)
    crowd.back.clear()
    cut, everybody = crowd.lost, len(crowd.streams)
    thread.start()
    loop.run(15, until=lambda: crowd.lost - cut >= everybody)
    all_back = loop.run(180, until=lambda: crowd.open == everybody)
    thread.join()
    after = [moment - began for moment in crowd.back]
    return {
        "streams": len(scene.customers),
        "ended after s": round(times["ended"], 2),
        "serves after s": round(times["serves"], 2),
        "half back s": round(report.percentile(after, 0.5), 2),
        "95 % back s": round(report.percentile(after, 0.95), 2),
        "all back s": round(max(after, default=0), 2) if all_back else "no",
        "back": len(after),
        "refused": crowd.refused,
    }


def measure(options: argparse.Namespace, streams: int) -> dict[str, Any]:
    """All results for one number of streams."""
    with tempfile.TemporaryDirectory() as name, new_database("sqlite", Path(name)) as url:
        seeds = Seeds(streams, admins=options.admins, active=streams, waiting=streams // 50)
        seeds.write(url)
        with running(chat_server(Path(name), url)) as server:
            scene = Scene(server, streams, options.admins, options.lists)
            gc.collect()
            gc.freeze()
            scene.warm_up()
            before = server.memory()
            busy = report.Busy(server.pids)
            took = scene.crowd.open_all(within=300)
            opening = busy.cores()
            scene.loop.run(15)  # until every stream has had a heartbeat
            memory = (server.memory() - before) / len(scene.crowd.streams) / 1024
            idle = report.Busy(server.pids)
            scene.loop.run(options.seconds)
            opened = {
                "streams": streams,
                "open after s": round(took, 2),
                "a second": round(len(scene.crowd.streams) / took),
                "KiB each": round(memory, 1),
                "idle cores": idle.cores()["server"],
                "others": opening["others"],
            }
            report.table([opened])
            lines = []
            for rate in options.rates:
                lines.append(scene.measure(rate, options.seconds))
                report.table(lines[-1:])
            later = (server.memory() - before) / len(scene.crowd.streams) / 1024
            opened["KiB each, at the end"] = round(later, 1)
            back = restart(scene)
            report.table([back])
            # After the restart the times must be as before.
            back["then"] = scene.measure(options.rates[0], 5.0)
            scene.close()
    return {"opening": opened, "delivery": lines, "restart": back}


def main() -> None:
    """Print the tables."""
    parser = report.arguments(__doc__.partition("\n")[0])
    parser.add_argument("--streams", type=int, nargs="+", default=[1000, 10_000])
    parser.add_argument("--rates", type=float, nargs="+", default=[50, 100, 200])
    parser.add_argument("--seconds", type=float, default=15, help="for each rate")
    parser.add_argument("--admins", type=int, default=10, help="with a conversation open")
    parser.add_argument("--lists", type=int, default=3, help="open dashboards")
    options = parser.parse_args()
    raise_file_limit()
    began = time.monotonic()
    found = [measure(options, streams) for streams in options.streams]
    lines = [line for part in found for line in part["delivery"]]
    report.table(lines)
    print(f"took {time.monotonic() - began:.0f} s")
    report.write(options.json, __doc__, found)


if __name__ == "__main__":
    main()
