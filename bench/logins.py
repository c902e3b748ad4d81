"""How long do messages and polls take while twenty people sign in at once?

    python bench/logins.py [--database sqlite|postgresql] [--logins 20] [--rounds 5]

One customer sends and another polls, both repeatedly with a short pause. In each round that many admins send the login
form at the same moment, half of them with a wrong password. The table shows how long sends and polls take while nobody
signs in, and while at least one login is in progress.
"""

from __future__ import annotations

import argparse
import http.client
import json
import re
import tempfile
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import report
from servers import Server, chat_server, new_database, running

from livechat.accounts import admins as staff
from livechat.db import schema
from livechat.db.engine import make_engine
from livechat.db.session import transaction

PASSWORD = "a few words in a row"
PAUSE = 0.01  # seconds between two requests of a customer
REST = 2.0  # seconds between two rounds


class Client:
    """One persistent connection."""

    def __init__(self, server: Server) -> None:
        self.connection = http.client.HTTPConnection(*server.address, timeout=300)

    def asks(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """The status and the text of the response. A body that is not text is sent as JSON."""
        if body is not None and not isinstance(body, str):
            body, headers = json.dumps(body), headers | {"Content-Type": "application/json"}
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        self.headers = answer.headers
        return answer.status, answer.read().decode()


class Customer(Client):
    """Sends or polls until it is stopped, and records when each request began and ended."""

    def __init__(self, server: Server, *, sends: bool) -> None:
        super().__init__(server)
        self.times: list[tuple[float, float]] = []
        self.sends, self.ended = sends, threading.Event()
        _status, text = self.asks("POST", "/chat/start/", {})
        started = json.loads(text)
        self.number, self.proof = started["session"]["id"], f"Bearer {started['token']}"
        self.thread = threading.Thread(target=self._go_on)
        self.thread.start()

    def _go_on(self) -> None:
        while not self.ended.wait(PAUSE):
            began = time.perf_counter()
            if self.sends:
                body = {"body": "hello", "client_id": str(uuid.uuid4())}
                path = f"/chat/send/{self.number}/"
                status, _ = self.asks("POST", path, body, Authorization=self.proof)
            else:
                path = f"/chat/messages/{self.number}/"
                status, _ = self.asks("GET", path, Authorization=self.proof)
            assert status in {200, 201}, status
            self.times.append((began, time.perf_counter()))


class Admin(Client):
    """An admin who signs in."""

    def __init__(self, server: Server, username: str, password: str) -> None:
        super().__init__(server)
        _status, page = self.asks("GET", "/custom-admin/login/")
        token = re.search('name="csrf_token" value="([^"]+)"', page)
        assert token is not None
        cookies = self.headers.get_all("Set-Cookie") or []
        self.cookie = "; ".join(cookie.partition(";")[0] for cookie in cookies)
        self.form = urlencode({"csrf_token": token[1], "username": username, "password": password})

    def signs_in(self) -> tuple[int, float]:
        """The status, and how many seconds it took."""
        began = time.perf_counter()
        status, _ = self.asks(
            "POST",
            "/custom-admin/login/",
            self.form,
            Cookie=self.cookie,
            **{"Content-Type": "application/x-www-form-urlencoded"},
        )
        return status, time.perf_counter() - began


def measure(options: argparse.Namespace, server: Server) -> dict[str, Any]:
    """The lines of the table, after all rounds."""
    people = [Customer(server, sends=True), Customer(server, sends=False)]
    time.sleep(REST)
    busy: list[tuple[float, float]] = []
    statuses: dict[int, int] = {}
    took: list[float] = []
    with ThreadPoolExecutor(options.logins) as pool:
        for _round in range(options.rounds):
            passwords = [PASSWORD, "wrong password"] * options.logins
            admins = [
                Admin(server, f"admin{number}", passwords[number])
                for number in range(options.logins)
            ]
            began = time.perf_counter()
            for status, seconds in pool.map(Admin.signs_in, admins):
                statuses[status] = statuses.get(status, 0) + 1
                took.append(seconds)
            busy.append((began, time.perf_counter()))
            time.sleep(REST)
    for one in people:
        one.ended.set()
        one.thread.join()
    lines = []
    for what, person in zip(("send", "poll"), people, strict=True):
        for when in ("while nobody signs in", "during logins"):
            times = [
                ended - began
                for began, ended in person.times
                if any(began < to and ended > since for since, to in busy)
                == (when == "during logins")
            ]
            lines.append(
                {"what": what, "when": when, "how many": len(times)} | report.milliseconds(times)
            )
    lines.append(
        {"what": "login", "when": f"{options.logins} at once", "how many": len(took)}
        | report.milliseconds(took)
    )
    report.table(lines)
    print(f"The logins were answered: {statuses}")
    return {"lines": lines, "statuses": statuses}


def main() -> None:
    """Print the table."""
    parser = report.arguments(__doc__.partition("\n")[0])
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--logins", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, new_database(options.database, Path(name)) as url:
        engine = make_engine(url)
        schema.migrate(engine)
        hashed = staff.hash_password(PASSWORD)
        with transaction(engine) as db:
            for number in range(options.logins):
                staff.add_admin(db, f"admin{number}").password_hash = hashed
        engine.dispose()
        limits = dict.fromkeys(
            ("limit_login_failures", "limit_network_login_failures"), "900000/minute"
        )
        with running(chat_server(Path(name), url, **limits)) as server:
            found = measure(options, server)
    report.write(options.json, __doc__, {"database": options.database} | found)


if __name__ == "__main__":
    main()
