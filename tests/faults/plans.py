"""Which faults are tried, how often, and what they need: a short plan for every day, and the long round."""

from __future__ import annotations

import os
from dataclasses import dataclass

from ..databases import KINDS
from . import breaking
from .breaking import Fault
from .database_faults import AROUND_THE_DATABASE, AT_ONCE, connections_end_one_by_one

KILLS = int(os.environ.get("LIVECHAT_FAULT_ROUNDS", "0"))
"""How many kills the long round has; each other fault comes a quarter as often."""
CHOSEN = os.environ.get("LIVECHAT_TEST_DATABASES", ",".join(KINDS)).split(",")
WORKERS = {"sqlite": None, "postgresql": 4 if KILLS else 2}
"""How many processes serve; None is a single one without a parent."""
CROWD = int(os.environ.get("LIVECHAT_FAULT_CROWD", "42" if KILLS else "12"))
"""How many additional customers read by stream in the plans for streams. The long round has 48 streams in total."""
REACHES_WITHIN = float(os.environ.get("LIVECHAT_FAULT_REACHES", "10" if KILLS else "30"))
"""Seconds within which a message after a fault must reach every open stream. In the short round the machine may be
busy with other work; a dead stream never gets the message."""

ANYWHERE: list[Fault] = [
    breaking.the_server_is_killed,
    breaking.the_network_holds_its_breath,
    breaking.the_disk_is_full,
    breaking.connections_are_reset,
    breaking.the_clock_is_moved,
    breaking.a_process_is_stopped_and_goes_on,
    breaking.the_network_is_slow,
    breaking.the_database_is_away,
    breaking.answers_do_not_arrive,
    breaking.requests_do_not_arrive,
]
AMONG_WORKERS: list[Fault] = [
    breaking.a_worker_is_killed,
    breaking.the_connections_to_the_database_end,
    breaking.somebody_holds_one_conversation,
    breaking.the_parent_of_the_workers_is_killed,
]
# Nobody needs to notice when the clock is moved, the network is slow or pauses briefly, or one of several workers is
# stopped.
UNFELT = {
    breaking.the_network_holds_its_breath,
    breaking.the_clock_is_moved,
    breaking.the_network_is_slow,
    breaking.a_process_is_stopped_and_goes_on,
}


@dataclass(frozen=True)
class Plan:
    """A sequence of faults on one kind of database."""

    kind: str
    faults: tuple[Fault, ...]
    name: str
    workers: int | None
    crowd: int = 0
    """How many additional readers by stream there are; they reconnect while something breaks."""

    def __str__(self) -> str:
        many = f", {self.workers or 1} serving" if self.crowd else ""
        return f"{self.name}, {self.kind}{many}"


def faults_of(kind: str) -> list[Fault]:
    """Return all faults for this kind of database."""
    return ANYWHERE + (AMONG_WORKERS if WORKERS[kind] else [])


def rounds(kind: str, fault: Fault) -> int:
    """Return how often a fault comes in the long round. With workers, a kill mostly hits one of them."""
    if fault is breaking.a_worker_is_killed or (
        fault is breaking.the_server_is_killed and not WORKERS[kind]
    ):
        return KILLS
    if fault is connections_end_one_by_one:
        return max(1, KILLS // AT_ONCE)
    return max(1, KILLS // 4)


def plans() -> list[Plan]:
    """Return the plans: short, every fault once, one after another, on one site; or long, each fault often, on
    its own site, and all of them in random order."""
    found = []
    for kind in CHOSEN:
        faults = faults_of(kind)
        if KILLS:
            found += [
                Plan(kind, (one,) * rounds(kind, one), named(one), WORKERS[kind]) for one in faults
            ]
            faults = faults * max(1, KILLS // 20)
        elif not WORKERS[kind]:
            faults = [*faults, *[breaking.the_server_is_killed] * 2]
        found.append(Plan(kind, tuple(faults), "anything breaks", WORKERS[kind]))
    return found + (plans_for_streams() if "postgresql" in CHOSEN else [])


def plans_for_streams() -> list[Plan]:
    """PostgreSQL's faults against many streams, with one process and with four: all in one round, or each often."""
    found = []
    for workers in (None, 4):
        if KILLS:
            found += [
                Plan("postgresql", (one,) * rounds("postgresql", one), named(one), workers, CROWD)
                for one in AROUND_THE_DATABASE
            ]
        else:
            all_of_them = tuple(AROUND_THE_DATABASE)
            found.append(Plan("postgresql", all_of_them, "the database fails", workers, CROWD))
    return found


def named(fault: Fault) -> str:
    """Return a fault's name as words."""
    return fault.__name__.replace("_", " ")
