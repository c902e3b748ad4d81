"""Numbered messages at a steady rate, and a record of which reader has received which."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from loop import Answer, Loop, Requester, clock

TRIES = 10


@dataclass
class Account:
    """What was sent, when, and where it arrived. Times are those of `clock`, in seconds."""

    began: dict[int, float] = field(default_factory=dict)
    acknowledged: set[int] = field(default_factory=set)
    refused: dict[int, str] = field(default_factory=dict)
    answer_times: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    """How many seconds later than planned sending began: the generator's own share of a delay."""
    delivery: dict[str, list[float]] = field(default_factory=dict)
    expected: dict[int, set[str]] = field(default_factory=dict)
    arrived: dict[int, set[str]] = field(default_factory=dict)
    twice: int = 0

    def clear(self) -> None:
        """Forget what was sent. The count of repeated arrivals goes on."""
        every = (self.began, self.acknowledged, self.refused, self.answer_times, self.late)
        for one in (*every, self.delivery, self.expected, self.arrived):
            one.clear()

    def reader(self, name: str, timed: Callable[[int], str | None]) -> Callable[[int, float], None]:
        """The function that a stream calls for a message. `timed`: the heading for its time, or None."""

        def heard(number: int, moment: float) -> None:
            began = self.began.get(number)
            if began is None:
                return
            here = self.arrived.setdefault(number, set())
            if name in here:
                self.twice += 1
                return
            here.add(name)
            heading = timed(number)
            if heading is not None:
                self.delivery.setdefault(heading, []).append(moment - began)

        return heard

    def missing(self) -> int:
        """How many arrivals of acknowledged messages are missing, over all readers."""
        return sum(
            len(self.expected[number] - self.arrived.get(number, set()))
            for number in self.acknowledged
        )

    def all_arrived(self) -> bool:
        """Whether every message is answered, and the acknowledged ones have reached all readers."""
        answered = len(self.acknowledged) + len(self.refused) == len(self.began)
        return answered and not self.missing()


@dataclass(frozen=True)
class Letter:
    """A message to send: the request, the readers it must reach, and the connections that may carry it."""

    asked: bytes
    readers: set[str]
    through: list[Requester]


class Writers:
    """Sends at random moments, at an average rate, whether or not the server keeps up."""

    numbers = 0

    def __init__(self, loop: Loop, account: Account, write: Callable[[int], Letter]) -> None:
        self._loop, self._account, self._write = loop, account, write
        self._busy: set[Requester] = set()
        self._until = self._next = 0.0
        self._rate = 1.0
        self.stalled = 0  # sends that found every connection busy

    def begin(self, rate: float, seconds: float) -> None:
        """Send `rate` messages per second for this many seconds, while the caller keeps `Loop.run` going."""
        self._rate = rate
        self._next = clock() + random.expovariate(rate)
        self._until = clock() + seconds
        self._loop.at(self._next, self._send)

    def _send(self) -> None:
        Writers.numbers += 1
        number, account = Writers.numbers, self._account
        letter = self._write(number)
        free = [one for one in letter.through if one not in self._busy]
        planned = self._next
        self._next += random.expovariate(self._rate)
        if self._next < self._until:
            self._loop.at(self._next, self._send)
        if not free:
            self.stalled += 1
            return
        account.expected[number] = letter.readers
        began = account.began[number] = clock()
        account.late.append(began - planned)
        self._ask(random.choice(free), number, letter.asked)

    def _ask(self, requester: Requester, number: int, asked: bytes, tries: int = 1) -> None:
        self._busy.add(requester)
        account = self._account

        def answered(answer: Answer) -> None:
            self._busy.discard(requester)
            if number not in account.began:
                return  # from an earlier measurement, and too late for it
            if answer.status in {200, 201}:
                account.acknowledged.add(number)
                account.answer_times.append(answer.ended - answer.began)
            elif answer.status == 0 and tries < TRIES:
                # Like every client of livechat: without a response, the same request is sent again.
                again = clock() + 0.2 * tries
                self._loop.at(again, lambda: self._ask(requester, number, asked, tries + 1))
            else:
                account.refused[number] = f"{answer.status} {answer.body[:200]!r}"

        requester.ask(asked, answered)
