"""A busy site: visitors with open streams, admins at the desk, and messages in both directions."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import report
from crowd import Crowd, Stream
from loop import Loop, Requester, request
from seeds import admin, cursor, customer, session_uuid
from servers import Server
from writers import Account, Letter, Writers

CONNECTIONS = 64  # connections that carry the sends
SETTLE = 15.0  # seconds in which all messages must arrive


class Scene:
    """Customer n has session n, and an admin has each of the first `admins` sessions open.

    `lists` dashboards are open as well. Half of all messages are sent by admins to any visitor; the other half by
    visitors whose conversation is open at the desk.
    """

    def __init__(self, server: Server, streams: int, admins: int, lists: int) -> None:
        self.loop = Loop()
        self.crowd = Crowd(self.loop, server.address)
        self.server, self.admins = server, admins
        self.account = Account()
        self.senders = [Requester(self.loop, server.address).connect() for _ in range(CONNECTIONS)]
        self.through: Callable[[Stream], list[Requester]] = lambda _stream: self.senders
        self.customers = [
            self.crowd.add(
                f"/chat/messages/{session_uuid(number)}/",
                customer(number),
                cursor(number),
                self._heard(f"c{number}", "to customers", even=True),
            )
            for number in range(1, streams + 1)
        ]
        self.staff = [
            self.crowd.add(
                f"/custom-admin/chat/{number}/messages/",
                admin(number),
                cursor(number, letter="a"),
                self._heard(f"a{number}", "to admins", even=False),
            )
            for number in range(1, admins + 1)
        ]
        for number in range(lists):
            self.crowd.add("/custom-admin/chat/", admin(number % admins + 1))

    def _heard(self, name: str, heading: str, *, even: bool) -> Callable[[int, float], None]:
        # Even numbers are written by admins, odd ones by customers. Writers hear themselves, which is not timed.
        return self.account.reader(name, lambda n: heading if (n % 2 == 0) == even else None)

    def letter(self, number: int) -> Letter:
        """The message with this number."""
        data = {
            "body": f"k{number} Thank you, that is what I wanted to know.",
            "client_id": f"k{number}",
        }
        if number % 2 == 0:
            to = random.randint(1, len(self.customers))
            staff = admin(to % self.admins + 1)
            asked = request("POST", f"/custom-admin/chat/{to}/send/", staff, data)
            stream = self.customers[to - 1]
        else:
            to = random.randint(1, self.admins)
            asked = request("POST", f"/chat/send/{session_uuid(to)}/", customer(to), data)
            stream = self.staff[to - 1]
        readers = {f"c{to}"} | ({f"a{to}"} if to <= self.admins else set())
        return Letter(asked, readers, self.through(stream))

    def warm_up(self, seconds: float = 2.0) -> None:
        """Send a few messages first, so that what the server loads for its first requests is not measured."""
        Writers(self.loop, self.account, self.letter).begin(50, seconds)
        self.loop.run(seconds + 1)
        self.account.clear()

    def measure(self, rate: float, seconds: float) -> dict[str, Any]:
        """Send for this many seconds. Returns a line of the table."""
        account, crowd = self.account, self.crowd
        account.clear()
        lost, beats = crowd.lost, crowd.beats
        writers = Writers(self.loop, account, self.letter)
        busy = report.Busy(self.server.pids)
        writers.begin(rate, seconds)
        self.loop.run(seconds)
        cores = busy.cores()
        beats = crowd.beats - beats
        self.loop.run(SETTLE, until=account.all_arrived)
        delivery = [time for times in account.delivery.values() for time in times]
        answers = report.milliseconds(account.answer_times)
        return {
            "streams": len(self.customers),
            "sends/s": rate,
            "sent": len(account.began),
            **report.milliseconds(delivery),
            "answer p50": answers["p50"],
            "lost": account.missing(),
            "twice": account.twice,
            "refused": len(account.refused) + writers.stalled,
            "cut": crowd.lost - lost,
            "beats/s": round(beats / seconds),
            "late p99": report.milliseconds(account.late)["p99"],
            **cores,
            "details": {name: report.milliseconds(t) for name, t in account.delivery.items()},
            "refusals": list(account.refused.values())[:3],
        }

    def close(self) -> None:
        """Close all connections."""
        self.crowd.close()
        for one in self.senders:
            one.close()
