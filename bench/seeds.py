"""Databases full of conversations, written without the application: a million in minutes, each reachable by a token.

Names and tokens are computed from numbers, so a measurement needs no list of them.
"""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from servers import SECRET
from sqlalchemy import make_url

from livechat.db import schema
from livechat.db.engine import make_engine

MESSAGES = 5  # messages in each session
ASKED = 3  # of them by the customer, if an admin has answered
APART = timedelta(seconds=30)  # between the starts of two sessions
BODY = (
    "Is it in stock in blue, and how long does it take to Graz? Thank you for looking it up for me!"
)
# Words to search for. Each is in one message of so many.
RARER = {"warranty": 3, "invoice": 50, "gift": 1000, "zeppelin": 100_000}
TAGS = ("refund", "delivery", "complaint", "wholesale")
TAGGED = 7  # one session of so many has a tag

GUESTS = "guests (id, created_at)"
TOKENS = "guest_tokens (id, guest_id, token_hash, created_at)"
SESSIONS = (
    "chat_sessions (id, uuid, guest_id, status, version, seq, public_seq, last_message_seq, "
    "customer_messages, customer_wrote_at, priority, "
    "customer_name, customer_email, customer_verified, product_id, product_name, page_url, search_text, "
    "assignee_id, customer_seen, staff_seen, created_at, last_activity_at, waiting_since, first_answer_at, "
    "closed_at, closed_by)"
)
ENTRIES = (
    "chat_messages (id, session_id, seq, public_seq, sender, author_key, admin_id, author_name, body, "
    "client_id, created_at)"
)
READS = "chat_reads (session_id, admin_id, seq, customer_messages)"
ADMINS = "admins (id, username, name, created_at, role)"
WORDS = "tags (id, name, created_at)"
TAGGINGS = "session_tags (session_id, tag_id)"
LOGINS = "admin_logins (id, admin_id, token_hash, created_at, expires_at)"


def session_uuid(number: int) -> uuid.UUID:
    """The public id of a session; random as far as an index can tell."""
    return uuid.UUID(hashlib.md5(b"%d" % number, usedforsecurity=False).hexdigest(), version=4)


def customer_token(number: int) -> str:
    """The bearer token of a session's customer."""
    return f"bench-customer-token-{number:09d}"


def login_token(admin: int) -> str:
    """The token in an admin's cookie."""
    return f"bench-admin-login-{admin:09d}"


def cursor(number: int, position: int = MESSAGES, letter: str = "c") -> str:
    """The cursor of a reader who has read up to this position."""
    return f"{letter}{position}.{session_uuid(number).hex[:8]}"


def customer(number: int) -> dict[str, str]:
    """The headers of a session's customer."""
    return {"Authorization": f"Bearer {customer_token(number)}", "Accept": "application/json"}


def admin(number: int) -> dict[str, str]:
    """The headers of a signed-in admin."""
    token = login_token(number)
    proof = hmac.new(SECRET.encode(), b"csrf " + token.encode(), hashlib.sha256).hexdigest()
    return {
        "Cookie": f"livechat_login={token}",
        "X-CSRF-Token": proof,
        "Accept": "application/json",
    }


class Seeds:
    """Conversations 1 … `sessions`, the newest a few minutes old.

    The last `active` are open, and an admin has answered them, except for the last `waiting` of them. The older ones
    are closed.
    """

    def __init__(self, sessions: int, *, admins: int, active: int, waiting: int) -> None:
        self.sessions, self.admins, self.active, self.waiting = sessions, admins, active, waiting
        self._end = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)

    def write(self, url: str) -> None:
        """Fill an empty database."""
        sqlite = url.startswith("sqlite")
        writer: Any = _SQLite(url) if sqlite else _PostgreSQL(url)
        numbers = range(1, self.sessions + 1)
        writer.fill(
            ADMINS, ((a, f"admin{a}", f"Admin {a}", self._end, "owner") for a in self._staff)
        )
        writer.fill(
            LOGINS,
            (
                (a, a, _hash(login_token(a)), self._end, self._end + timedelta(days=90))
                for a in self._staff
            ),
        )
        writer.fill(GUESTS, ((n, self._began(n)) for n in numbers))
        writer.fill(TOKENS, ((n, n, _hash(customer_token(n)), self._began(n)) for n in numbers))
        writer.fill(SESSIONS, map(self._session, numbers))
        writer.fill(ENTRIES, (entry for n in numbers for entry in self._entries(n)))
        writer.fill(
            READS,
            ((n, self.admin_of(n), MESSAGES, ASKED) for n in numbers if self._answered(n)),
        )
        writer.fill(WORDS, ((n, name, self._end) for n, name in enumerate(TAGS, 1)))
        writer.fill(TAGGINGS, ((n, n % len(TAGS) + 1) for n in numbers if n % TAGGED == 0))
        writer.finish()
        engine = make_engine(url)
        schema.migrate(engine)
        engine.dispose()
        if not sqlite:
            _PostgreSQL(url).finish()  # updates the planner's statistics

    def admin_of(self, number: int) -> int:
        """The id of the admin of a session."""
        return number % self.admins + 1

    @property
    def _staff(self) -> range:
        return range(1, self.admins + 1)

    def _began(self, number: int) -> datetime:
        return self._end - (self.sessions - number) * APART

    def _answered(self, number: int) -> bool:
        return number <= self.sessions - self.waiting

    def _session(self, number: int) -> tuple[Any, ...]:
        began, answered = self._began(number), self._answered(number)
        open_ = number > self.sessions - self.active
        status = ("active" if answered else "waiting") if open_ else "closed"
        name, product = f"Guest {number}", f"Article {number % 5000}"
        last = began + timedelta(seconds=MESSAGES * 20)
        staff = self.admin_of(number)
        return (
            *(number, session_uuid(number), number, status, 1, MESSAGES, MESSAGES, MESSAGES),
            *(ASKED if answered else MESSAGES, last, 0),
            *(name, f"guest{number}@example.com", False, str(number % 5000), product),
            f"https://shop.example/articles/{number % 5000}",
            f"{name} guest{number}@example.com {number % 5000} {product}".casefold(),
            *(staff if answered else None, MESSAGES, MESSAGES if answered else 0, began, last),
            *(None if answered else began, began + timedelta(seconds=20) if answered else None),
            *((None, None) if open_ else (last, f"admin:{staff}")),
        )

    def _entries(self, number: int) -> Iterator[tuple[Any, ...]]:
        began, answered, staff = self._began(number), self._answered(number), self.admin_of(number)
        for seq in range(1, MESSAGES + 1):
            by_admin = answered and seq % 2 == 0
            yield (
                *((number - 1) * MESSAGES + seq, number, seq, seq),
                *(("admin", f"admin:{staff}", staff, f"Admin {staff}") if by_admin else
                  ("customer", "customer", None, f"Guest {number}")),
                *(_body(number * MESSAGES + seq), f"seed-{seq}", began + timedelta(seconds=seq * 20)),
            )  # fmt: skip


def _body(number: int) -> str:
    return " ".join([BODY, *(word for word, every in RARER.items() if number % every == 0)])


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _columns(table: str) -> list[str]:
    return table.partition("(")[2].rstrip(")").split(", ")


class _SQLite:
    def __init__(self, url: str) -> None:
        self._db = sqlite3.connect(str(make_url(url).database), isolation_level=None)
        for line in ("synchronous = OFF", "cache_size = -1000000", "foreign_keys = OFF"):
            self._db.execute(f"PRAGMA {line}")
        self._db.execute("BEGIN IMMEDIATE")

    def fill(self, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
        marks = ", ".join("?" * len(_columns(table)))
        self._db.executemany(
            f"INSERT INTO {table} VALUES ({marks})", (tuple(map(_for_sqlite, row)) for row in rows)
        )

    def finish(self) -> None:
        self._db.execute("COMMIT")
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._db.close()


def _for_sqlite(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.000000")
    return value.hex if isinstance(value, uuid.UUID) else value


class _PostgreSQL:
    def __init__(self, url: str) -> None:
        plain = make_url(url).set(drivername="postgresql")
        self._db = psycopg.connect(plain.render_as_string(hide_password=False))
        self._db.execute("SET synchronous_commit = off")

    def fill(self, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
        name = table.partition(" ")[0]
        with self._db.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        if _columns(table)[0] == "id":
            self._db.execute(
                f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))"
            )

    def finish(self) -> None:
        self._db.commit()
        self._db.autocommit = True
        self._db.execute("VACUUM ANALYZE")
        self._db.close()
