"""The people in the tests, a customer and an admin with methods that read as sentences, and their test data."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import secrets
import uuid
from functools import cache
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from webtest import TestApp, TestResponse

from livechat.accounts import admins, passwords
from livechat.accounts.passwords import StrongPassword
from livechat.db.session import transaction
from livechat.models import Admin as AdminRow
from livechat.security import LOGIN_COOKIE

PASSWORD = "a few words in a row"
NOWHERE = "00000000-0000-4000-8000-000000000000"
_numbers = itertools.count(1)


def new_id() -> str:
    """Return a client_id as clients create it."""
    return str(uuid.uuid4())


def new_start_key() -> str:
    """Return a start_key as clients create it."""
    return secrets.token_urlsafe(16)


@cache
def password_hash() -> str:
    """The hash of PASSWORD, cached: hashing is slow on purpose."""
    return hash_of(PASSWORD)


def hash_of(password: str) -> str:
    """Hash any password, even one that the rules refuse."""
    return passwords.hash_password(StrongPassword(password))


def has_password(db: Session, username: str, password: str) -> bool:
    """Return whether there is an admin with this username and password."""
    folded = admins.fold_username(username)
    stored = db.scalar(select(AdminRow.password_hash).where(AdminRow.username == folded))
    with passwords.pool.place():
        return passwords.matches(stored, password)


def add_admin(engine: Engine, username: str = "anna", name: str | None = None) -> AdminRow:
    """Add an admin whose password is PASSWORD to the database."""
    with transaction(engine) as db:
        admin = admins.add_admin(db, username, name=name)
        admin.password_hash = password_hash()
        db.flush()
        return admin


class Customer:
    """A person who uses the chat. Every method sends one request; `status` is the expected status of the answer."""

    def __init__(self, app: Any, address: str = "203.0.113.7", **headers: str) -> None:
        self.app = TestApp(app, extra_environ={"REMOTE_ADDR": address})
        self.headers = dict(headers)
        self.token: str | None = None
        self.id: str = NOWHERE
        self.cursor: str | None = None

    @property
    def who(self) -> dict[str, str]:
        """The headers that identify this customer."""
        proof = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return self.headers | proof

    def starts(
        self, message: str | None = None, *, product: str = "", status: Any = None, **body: Any
    ) -> TestResponse:
        """Start a chat, or continue the open one."""
        if message is not None:
            body = {"message": message, "client_id": new_id()} | body
        path = f"/chat/start/{product}/" if product else "/chat/start/"
        response = self.app.post_json(path, body, headers=self.who, status=status or "2*")
        if response.status_int < 300:
            self.token, self.id = response.json["token"], response.json["session"]["id"]
            self.cursor = response.json["cursor"]
        return response

    def sends(
        self, body: Any = "hello", client_id: Any = None, *, status: Any = 201
    ) -> TestResponse:
        """Send a message."""
        data = {"body": body, "client_id": client_id or new_id()}
        return self.posts("send", data, status=status)

    def reads(self, after: str | None = None, *, status: Any = 200) -> TestResponse:
        """Read everything after a cursor, or from the beginning."""
        query = {} if after is None else {"after": after}
        path = f"/chat/messages/{self.id}/"
        return self.app.get(path, query, headers=self.who, status=status)

    def closes(self, *, status: Any = 200) -> TestResponse:
        """End the chat."""
        return self.posts("close", {}, status=status)

    def reopens(self, *, status: Any = 200) -> TestResponse:
        """Reopen a closed chat."""
        return self.posts("reopen", {}, status=status)

    def has_seen(self, seq: Any, *, status: Any = 200) -> TestResponse:
        """Report everything up to seq as seen."""
        return self.posts("seen", {"seq": seq}, status=status)

    def posts(self, verb: str, data: Any, *, status: Any = 200) -> TestResponse:
        """Post to any verb."""
        return self.app.post_json(f"/chat/{verb}/{self.id}/", data, headers=self.who, status=status)

    def sees(self) -> list[str]:
        """The bodies of the whole list."""
        return [message["body"] for message in self.reads().json["messages"]]


class Admin:
    """A person at the desk, using JSON; `page` and `submits` use HTML."""

    def __init__(self, app: Any, engine: Engine, row: AdminRow, address: str = "198.51.100.9"):
        self.app = TestApp(app, extra_environ={"REMOTE_ADDR": address})
        self.engine = engine
        self.row = row
        self.username, self.name = row.username, row.name
        self.secret = app.registry["livechat.settings"].secret
        self.json = {"Accept": "application/json"}

    def is_signed_in(self) -> Admin:
        """Sign in without the form, which is slow on purpose."""
        with transaction(self.engine) as db:
            token = admins.sign_in(db, db.get_one(AdminRow, self.row.id), 24)
        self.app.set_cookie(LOGIN_COOKIE, token)
        return self

    def signs_in(self, password: str = PASSWORD, *, status: Any = 303, **fields: str) -> Any:
        """Sign in through the form."""
        page = self.app.get("/custom-admin/login/")
        token = page.html.find("input", {"name": "csrf_token"})["value"]
        form = {"csrf_token": token, "username": self.username, "password": password} | fields
        return self.app.post("/custom-admin/login/", form, status=status)

    def signs_out(self, *, status: Any = 303) -> TestResponse:
        """Sign out through the form."""
        form = {"csrf_token": self.csrf_token}
        return self.app.post("/custom-admin/logout/", form, status=status)

    @property
    def csrf_token(self) -> str:
        """The CSRF token on this login's desk pages."""
        seed = "csrf " + self.app.cookies.get(LOGIN_COOKIE, "").strip('"')
        return hmac.new(self.secret.encode(), seed.encode(), hashlib.sha256).hexdigest()

    def dashboard(self, *, must: Any = 200, **filters: str) -> TestResponse:
        """Read the list as JSON. `must` is the expected status of the answer, `status` a filter."""
        return self.app.get("/custom-admin/chat/", filters, headers=self.json, status=must)

    def opens(self, number: Any, *, status: Any = 200) -> TestResponse:
        """Read a conversation as JSON."""
        return self.app.get(f"/custom-admin/chat/{number}/", headers=self.json, status=status)

    def page(self, path: str = "", *, status: Any = 200) -> TestResponse:
        """Read a page below the dashboard as HTML."""
        headers = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
        return self.app.get(f"/custom-admin/chat/{path}", headers=headers, status=status)

    def reads(self, number: Any, after: str | None = None, *, status: Any = 200) -> TestResponse:
        """Read everything after a cursor."""
        query = {} if after is None else {"after": after}
        path = f"/custom-admin/chat/{number}/messages/"
        return self.app.get(path, query, headers=self.json, status=status)

    def sends(
        self, number: Any, body: Any = "hello", client_id: Any = None, *, status: Any = 201
    ) -> TestResponse:
        """Answer."""
        data = {"body": body, "client_id": client_id or new_id()}
        return self.posts(number, "send", data, status=status)

    def assigns(self, number: Any, admin: Any, *, status: Any = 200, **more: Any) -> TestResponse:
        """Assign a conversation to an admin, or unassign it."""
        return self.posts(number, "assign", {"admin": admin} | more, status=status)

    def takes(self, number: Any, *, status: Any = 200, **more: Any) -> TestResponse:
        """Assign a conversation to this admin."""
        return self.assigns(number, self.username, status=status, **more)

    def closes(self, number: Any, *, status: Any = 200) -> TestResponse:
        """Close a conversation."""
        return self.posts(number, "close", {}, status=status)

    def reopens(self, number: Any, *, status: Any = 200) -> TestResponse:
        """Reopen a closed conversation."""
        return self.posts(number, "reopen", {}, status=status)

    def has_seen(self, number: Any, seq: Any, *, status: Any = 200) -> TestResponse:
        """Report everything up to seq as seen."""
        return self.posts(number, "seen", {"seq": seq}, status=status)

    def posts(self, number: Any, verb: str, data: Any, *, status: Any = 200) -> TestResponse:
        """Post to any verb."""
        headers = self.json | {"X-CSRF-Token": self.csrf_token}
        path = f"/custom-admin/chat/{number}/{verb}/"
        return self.app.post_json(path, data, headers=headers, status=status)

    def submits(self, path: str, *, status: Any = 303, **fields: str) -> TestResponse:
        """Submit a plain form below the dashboard, as a browser without JavaScript does."""
        form = {"csrf_token": self.csrf_token} | fields
        return self.app.post(
            f"/custom-admin/chat/{path}", form, headers={"Accept": "text/html"}, status=status
        )

    def number_of(self, customer: Customer) -> int:
        """Return the short number of a customer's conversation."""
        sessions = self.dashboard().json["sessions"]
        number: int = next(shape["number"] for shape in sessions if shape["id"] == customer.id)
        return number
