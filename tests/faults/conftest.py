"""The site that faults break: a server with its database, a network in front of it, and the load."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from livechat.accounts import admins
from livechat.db.session import transaction

from ..databases import engine_for
from ..factories import password_hash
from ..server import Server
from .breaking import Site, the_clock_is_moved
from .crowd import Crowd
from .ground import ground_for
from .load import ADMINS, Load
from .moved_clock import Clock
from .plans import Plan
from .proxy import Proxy

SETTINGS = {
    "limit_guest_sends": "1000000/minute",
    "limit_network_sends": "1000000/minute",
    "limit_all_sends": "1000000/minute",
    "limit_network_starts": "100000/minute",
    "limit_guest_streams": "1000",
    "busy_timeout_ms": "1000",
}


@pytest.fixture
def new_site(
    tmp_path: Path, all_databases: Callable[[str], Any]
) -> Iterator[Callable[[Plan], Site]]:
    """A function that builds the site of a plan and starts the load."""
    with contextlib.ExitStack() as stack:

        def new(plan: Plan) -> Site:
            ground = stack.enter_context(ground_for(plan, all_databases, tmp_path))
            engine = stack.enter_context(engine_for(ground.url))
            with transaction(engine) as db:
                for username, name in ADMINS.items():
                    admins.add_admin(db, username, name=name).password_hash = password_hash()
            clock = Clock(tmp_path / "clock")
            # Only the fault that moves the clock needs a patched livechat.
            moves = the_clock_is_moved in plan.faults
            through = ["tests.faults.moved_clock", str(clock.path)] if moves else ["livechat.cli"]
            server = Server(tmp_path, ground.url, workers=plan.workers, through=through, **SETTINGS)
            stack.callback(lambda: server.process is None or server.kill())
            server.start()
            proxy = stack.enter_context(Proxy(server.port))
            load = Load(proxy.port, engine, server, Crowd(plan.crowd) if plan.crowd else None)
            stack.callback(_end, load)
            load.begin()
            return Site(plan.kind, server, engine, proxy, load, ground, clock)

        yield new


def _end(load: Load) -> None:
    """Leave no thread behind, whatever happened."""
    load.stop.set()
    load.stop_reading.set()
    for actor in load.everybody:
        actor.over.set()
        if hasattr(actor, "interrupt"):
            actor.interrupt()
    for actor in load.everybody:
        if actor.is_alive():
            actor.join(10)
    load.close()
    load.history.write(load.server.folder / "history.jsonl")
