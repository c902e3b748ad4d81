"""`kill -9` on the real server under load: what was acknowledged is there once, in order, without gaps.

Guests and an admin write through HTTP and repeat what was not acknowledged under the same client_id, as the
widget and the desk do. Meanwhile the server is killed and started again, LIVECHAT_FAULT_ROUNDS times. At the
end everything is read back through the API and past it.
"""

from __future__ import annotations

import itertools
import os
import random
import re
import threading
import time
import uuid
from dataclasses import dataclass, field

import httpx
import pytest

from livechat import database, staff

from ..databases import engine_for, rows
from ..factories import PASSWORD, password_hash

ROUNDS = int(os.environ.get("LIVECHAT_FAULT_ROUNDS", "5"))
GUESTS = 4
pytestmark = pytest.mark.faults


@dataclass
class Log:
    """What one writer has tried: each message ends as ok, with its number, or unknown."""

    acknowledged: dict[str, tuple[int, str]] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)
    failures: int = 0
    wrong: list[str] = field(default_factory=list)


class Writer(threading.Thread):
    """Sends one message after the other; each is repeated until it is acknowledged or the test ends."""

    def __init__(self, name: str, stop: threading.Event) -> None:
        super().__init__(name=name, daemon=True)
        self.stop, self.log, self.sent = stop, Log(), itertools.count(1)
        self.broken: BaseException | None = None

    def run(self) -> None:
        try:
            while not self.stop.is_set():
                self.write(f"{self.name} {next(self.sent)}", str(uuid.uuid4()))
        except BaseException as error:
            self.broken = error

    def write(self, body: str, client_id: str) -> None:
        self.log.unknown.add(client_id)
        while True:
            try:
                response = self.post({"body": body, "client_id": client_id})
            except httpx.TransportError:
                self.log.failures += 1
                if self.stop.wait(0.02):
                    return
                continue
            if response.status_code in {200, 201}:
                message = response.json()["message"]
                self.log.acknowledged[client_id] = (message["seq"], message["body"])
                self.log.order.append(client_id)
                self.log.unknown.discard(client_id)
                if message["body"] != body:
                    self.log.wrong.append(f"{body!r} was acknowledged as {message['body']!r}")
                return
            if response.status_code not in {429, 503}:
                self.log.wrong.append(f"{response.status_code}: {response.text}")
                return
            self.log.failures += 1
            if self.stop.wait(0.05):
                return

    def post(self, data: dict[str, str]) -> httpx.Response:
        raise NotImplementedError


class Guest(Writer):
    """A customer."""

    def __init__(self, name: str, stop: threading.Event, url: str) -> None:
        super().__init__(name, stop)
        self.client = httpx.Client(base_url=url, timeout=10)
        self.client_id = str(uuid.uuid4())
        # Also the start is repeated without a token until it is acknowledged.
        answer = self.client.post(
            "/chat/start/", json={"message": name, "client_id": self.client_id}
        )
        answer.raise_for_status()
        self.id = answer.json()["session"]["id"]
        self.client.headers["Authorization"] = f"Bearer {answer.json()['token']}"

    def post(self, data: dict[str, str]) -> httpx.Response:
        return self.client.post(f"/chat/send/{self.id}/", json=data)

    def read(self) -> list[dict[str, object]]:
        """The whole list as the customer sees it."""
        answer = self.client.get(f"/chat/messages/{self.id}/")
        answer.raise_for_status()
        messages: list[dict[str, object]] = answer.json()["messages"]
        return messages


class Desk(Writer):
    """An admin who answers all conversations in turn."""

    def __init__(self, name: str, stop: threading.Event, url: str) -> None:
        super().__init__(name, stop)
        self.client = httpx.Client(base_url=url, timeout=10, headers={"Accept": "application/json"})
        page = self.client.get("/custom-admin/login/", headers={"Accept": "text/html"}).text
        form = {"username": "anna", "password": PASSWORD, "csrf_token": self.token_on(page)}
        answer = self.client.post("/custom-admin/login/", data=form)
        assert answer.status_code == 303, answer.text
        page = self.client.get("/custom-admin/chat/", headers={"Accept": "text/html"}).text
        self.client.headers["X-CSRF-Token"] = self.token_on(page)
        self.turn = 0

    @staticmethod
    def token_on(page: str) -> str:
        """The form's token."""
        match = re.search(r'name="csrf_token"\s+value="([0-9a-f]{64})"', page)
        assert match, page
        return match[1]

    def write(self, body: str, client_id: str) -> None:
        self.turn = self.turn % GUESTS + 1
        super().write(f"{body} to {self.turn}", client_id)

    def post(self, data: dict[str, str]) -> httpx.Response:
        return self.client.post(f"/custom-admin/chat/{self.turn}/send/", json=data)


def has_progressed(writers: list[Writer], before: list[int], deadline: float) -> bool:
    """Wait until every writer has had something acknowledged since then."""
    while time.monotonic() < deadline:
        now = [len(writer.log.order) for writer in writers]
        if all(later > earlier for earlier, later in zip(before, now, strict=True)):
            return True
        if any(writer.broken or writer.log.wrong for writer in writers):
            return False
        time.sleep(0.005)
    return False


def test_what_was_acknowledged_survives_kill_9_once_and_in_order(new_server):
    server = new_server(limit_guest_sends="1000000/minute", limit_network_sends="1000000/minute")
    with engine_for(server.database_url) as engine:
        with database.transaction(engine) as db:
            staff.add_admin(db, "anna").password_hash = password_hash()
        server.start()
        stop = threading.Event()
        guests = [Guest(f"guest{n}", stop, server.url) for n in range(1, GUESTS + 1)]
        desk = Desk("desk", stop, server.url)
        writers: list[Writer] = [*guests, desk]
        for writer in writers:
            writer.start()
        chance = random.Random(20260131)
        try:
            for _ in range(ROUNDS):
                before = [len(writer.log.order) for writer in writers]
                assert has_progressed(writers, before, time.monotonic() + 30), told(writers, server)
                # At no particular moment of what it is doing.
                time.sleep(chance.random() * 0.05)
                server.kill()
                server.start()
            before = [len(writer.log.order) for writer in writers]
            assert has_progressed(writers, before, time.monotonic() + 30), told(writers, server)
        finally:
            stop.set()
            for writer in writers:
                writer.join(30)
        assert not any(writer.is_alive() for writer in writers)
        for writer in writers:
            assert writer.broken is None, writer.broken
            assert writer.log.wrong == []
        assert sum(writer.log.failures for writer in writers) > 0, "no kill was felt"
        check(guests, desk, engine)
        total = sum(len(writer.log.order) for writer in writers)
        print(f"{ROUNDS} kills, {total} messages acknowledged, all there once and in order")
    for writer in writers:
        writer.client.close()
    assert server.stop() in {0, -15, 130, 143}


def check(guests: list[Guest], desk: Desk, engine) -> None:
    """Everything that was acknowledged is there exactly once, under its number, in order, without a gap."""
    for guest in guests:
        shown = guest.read()
        assert [message["seq"] for message in shown] == list(range(1, len(shown) + 1))
        ids = [m["client_id"] for m in shown if m["client_id"] is not None]
        assert len(ids) == len(set(ids))
        at = {m["client_id"]: (m["seq"], m["body"]) for m in shown if m["from"] == "customer"}
        for client_id, acknowledged in guest.log.acknowledged.items():
            assert at.get(client_id) == acknowledged
        # In the order of acknowledgement; what is more was sent, but the answer was lost.
        assert [at[client_id][0] for client_id in guest.log.order] == sorted(
            at[client_id][0] for client_id in guest.log.order
        )
        extra = set(at) - set(guest.log.acknowledged) - {guest.client_id}
        assert extra <= guest.log.unknown
        bodies = [m["body"] for m in shown if m["from"] == "customer"]
        assert len(bodies) == len(set(bodies))
        times = [m["created_at"] for m in shown]
        assert times == sorted(times)
    stored = rows(
        engine,
        "SELECT session_id, seq, public_seq, author_key, client_id, body FROM chat_messages"
        " ORDER BY session_id, seq",
    )
    for number, group in itertools.groupby(stored, key=lambda row: row[0]):
        entries = list(group)
        assert [row[1] for row in entries] == list(range(1, len(entries) + 1))
        [[seq, public_seq]] = rows(
            engine, "SELECT seq, public_seq FROM chat_sessions WHERE id = :id", id=number
        )
        assert seq == len(entries)
        assert public_seq == max(row[2] or 0 for row in entries)
    found = [row[4] for row in stored if row[4] is not None]
    assert len(found) == len(set(found))
    everything = {row[4]: (row[1], row[5]) for row in stored}
    for client_id, acknowledged in desk.log.acknowledged.items():
        assert everything[client_id] == acknowledged
    expected = set(desk.log.acknowledged) | {g.client_id for g in guests}
    expected |= {client_id for guest in guests for client_id in guest.log.acknowledged}
    lost_answers = {c for writer in (*guests, desk) for c in writer.log.unknown}
    assert expected <= set(found) <= expected | lost_answers


def told(writers: list[Writer], server) -> str:
    """What to look at when nothing goes on."""
    said = [
        f"{w.name}: {len(w.log.order)} ok, {w.log.failures} failed, {w.log.wrong[-1:]} {w.broken}"
        for w in writers
    ]
    return "\n".join([*said, server.log.read_text()[-3000:]])
