"""The faults, one function per round: break something under load, wait until somebody notices, and repair it."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import Engine, make_url, text

from ..server import Server, state_of
from .disks import LimitedFiles
from .load import Load
from .moved_clock import Clock
from .proxy import DOWN, UP, Proxy

if TYPE_CHECKING:
    from .ground import Ground

Fault = Callable[["Site"], None]


@dataclass
class Site:
    """One server with its database, the network in front of it, and all its users."""

    kind: str
    server: Server
    engine: Engine
    proxy: Proxy
    load: Load
    ground: Ground
    clock: Clock
    chance: random.Random = field(default_factory=lambda: random.Random(20260131))
    measured: dict[str, list[float]] = field(default_factory=dict)
    """Measurements of each fault, in seconds, one for each round."""

    def note(self, what: str, seconds: float) -> None:
        """Record a measurement."""
        self.measured.setdefault(what, []).append(seconds)

    felt: int = 0
    """How many rounds somebody noticed."""

    def in_order(self, faults: Sequence[Fault]) -> list[Fault]:
        """Return the faults in random order."""
        return self.chance.sample(faults, len(faults))

    def at_no_particular_moment(self) -> None:
        """Wait for a random time: a fault must hit the server in the middle of anything."""
        time.sleep(self.chance.random() * 0.05)


def the_server_is_killed(site: Site) -> None:
    """``kill -9`` of the server and all its workers."""
    site.at_no_particular_moment()
    site.server.kill()
    site.server.start()


def a_worker_is_killed(site: Site) -> None:
    """``kill -9`` of one worker; its parent starts another, and the streams reconnect soon."""
    load, before = site.load, site.server.worker_pids()
    load.come_back_like_pages()
    load.wait(load.streams, "all streams are open")
    opened = load.streams_opened
    site.at_no_particular_moment()
    victim = site.chance.choice(before)
    os.kill(victim, signal.SIGKILL)
    killed = time.monotonic()
    load.wait(lambda: state_of(victim) in {"", "Z"}, "it is dead")
    load.goes_on()  # the other workers answer everything now, and readers of a dead stream have noticed
    load.wait(load.streams, "all streams are back")
    if load.streams_opened > opened:
        back = max(reader.connected_since or killed for reader in load.streamers)
        site.note("streams were back", max(0.0, back - killed))

    def replaced() -> bool:
        now = site.server.worker_pids()
        return len(now) == len(before) and victim not in now

    load.wait(replaced, "another worker has taken its place")
    load.come_back_soon()


def the_parent_of_the_workers_is_killed(site: Site) -> None:
    """``kill -9`` of the parent of the workers: they end, so that the port is free for a new start."""
    assert site.server.process is not None
    workers = site.server.worker_pids()
    site.at_no_particular_moment()
    site.server.process.kill()
    site.server.process.wait(10)
    site.load.wait(
        lambda: all(state_of(pid) in {"", "Z"} for pid in workers), "its workers have ended", 10
    )
    site.server.start()


def a_process_is_stopped_and_goes_on(site: Site) -> None:
    """SIGSTOP and SIGCONT, of one process or of all that serve: they pause and then continue
    as before."""
    victims = site.server.worker_pids()
    if site.chance.random() < 0.5:
        victims = [site.chance.choice(victims)]
    site.at_no_particular_moment()
    for victim in victims:
        os.kill(victim, signal.SIGSTOP)
    try:
        # One of several workers may have nothing to do at that moment.
        site.load.feels_it(at_most=3.0)
    finally:
        for victim in victims:
            os.kill(victim, signal.SIGCONT)


def somebody_holds_one_conversation(site: Site) -> None:
    """Another transaction locks a conversation's row for longer than anybody waits. Those who
    wait for it must not block the others."""
    load, held = site.load, site.load.conversations[0]
    with site.engine.connect() as connection:
        connection.execute(
            text("SELECT 1 FROM chat_sessions WHERE id = :id FOR UPDATE"), {"id": held.number}
        )
        others = [writer for writer in load.writers if writer.writes_only_elsewhere(held)]
        for _ in range(5):
            load.feels_it()
            load.goes_on(who=others)
        connection.rollback()


def the_database_is_away(site: Site) -> None:
    """PostgreSQL is stopped under load and started again. SQLite has no server: another
    process holds its write lock for longer than anybody waits."""
    site.at_no_particular_moment()
    if site.ground.postgresql is not None:
        site.ground.postgresql.stop()
        site.load.feels_it()
        site.ground.postgresql.start()
        return
    path = make_url(site.server.database_url).database
    assert path is not None
    other = sqlite3.connect(path, timeout=10, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        _wait_until_told_to_try_again(site)
        other.execute("ROLLBACK")
    finally:
        other.close()


def the_connections_to_the_database_end(site: Site) -> None:
    """An administrator, or a firewall, ends all connections; the database itself keeps running."""
    site.at_no_particular_moment()
    with site.engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
        connection.rollback()


def the_disk_is_full(site: Site) -> None:
    """Nothing more can be written until there is space again."""
    disk = site.ground.disk or LimitedFiles(site.server)
    site.at_no_particular_moment()
    disk.fill()
    try:
        _wait_until_told_to_try_again(site)
    finally:
        disk.free()
    # A PostgreSQL that cannot write its log stops; its administrator then starts it.
    if site.ground.postgresql is not None and not site.ground.postgresql.runs():
        site.ground.postgresql.start()


def the_clock_is_moved(site: Site) -> None:
    """The clock jumps by hours, as when a machine synchronises its time after it has started."""
    site.at_no_particular_moment()
    site.clock.move_to(site.chance.choice([-7200, -60, -1.5, 0, 1.5, 3600, 20_000]))


def the_network_is_slow(site: Site) -> None:
    """Every packet takes 50 to 150 ms longer, each way."""
    site.proxy.delay(0.05 + site.chance.random() * 0.1)
    site.load.goes_on()
    site.proxy.mend()


def answers_do_not_arrive(site: Site) -> None:
    """The line is cut one way: requests arrive, answers do not."""
    _cut(site, DOWN)


def requests_do_not_arrive(site: Site) -> None:
    """The line is cut the other way: requests do not arrive, but the server's data does."""
    _cut(site, UP)


def _cut(site: Site, direction: str) -> None:
    site.at_no_particular_moment()
    site.proxy.cut(direction)
    try:
        site.load.feels_it()
    finally:
        site.proxy.mend()


def connections_are_reset(site: Site) -> None:
    """Every connection ends with a RST, whatever its state."""
    site.at_no_particular_moment()
    site.proxy.reset()


def the_network_holds_its_breath(site: Site) -> None:
    """Nothing arrives for longer than some clients wait; then everything does."""
    site.proxy.hold()
    try:
        site.load.wait(lambda: site.proxy.held > 0, "something is held")
        if site.chance.random() < 0.5:
            site.load.feels_it()
    finally:
        site.proxy.mend()


def _wait_until_told_to_try_again(site: Site) -> None:
    before = site.load.history.unavailable
    site.load.wait(lambda: site.load.history.unavailable > before, "somebody is told to try again")
