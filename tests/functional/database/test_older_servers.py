"""A server of an earlier version still runs after the migration, and writes to the new tables.

The statements are those of the first version, and those of the versions before migration 0005.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, Engine, bindparam, text

from livechat.db import schema
from livechat.db.engine import WRITING
from livechat.models import UTCDateTime, now
from tests.databases import engine_for, rows
from tests.factories import Admin, Customer

FIRST, LATER = "the first version", "a version before 0006"
both = pytest.mark.parametrize("version", [FIRST, LATER])
MESSAGE = text(
    "INSERT INTO chat_messages (session_id, seq, public_seq, sender, author_key, admin_id, author_name, body,"
    " client_id, event, created_at) VALUES (:session_id, :seq, :public_seq, :sender, :author_key, :admin_id, NULL,"
    " :body, :client_id, NULL, :moment)"
).bindparams(bindparam("moment", type_=UTCDateTime))
COUNTED = {
    FIRST: "UPDATE chat_sessions SET seq=:seq, public_seq=:public_seq, last_message_seq=:seq,"
    " last_activity_at=:moment WHERE chat_sessions.id = :session_id",
    LATER: "UPDATE chat_sessions SET seq=:seq, public_seq=:public_seq, last_message_seq=:seq,"
    " last_activity_at=:moment, customer_messages=customer_messages + :by_customer,"
    " customer_wrote_at=:moment, snoozed_until=NULL WHERE chat_sessions.id = :session_id",
}
FIRST_READ = {
    FIRST: "INSERT INTO chat_reads (session_id, admin_id, seq) VALUES (:session_id, :admin_id, :seq)",
    LATER: "INSERT INTO chat_reads (session_id, admin_id, seq, customer_messages)"
    " VALUES (:session_id, :admin_id, :seq, 1)",
}
READ = {
    FIRST: "UPDATE chat_reads SET seq=:seq WHERE chat_reads.session_id = :session_id AND"
    " chat_reads.admin_id = :admin_id",
    LATER: "UPDATE chat_reads SET seq=:seq, customer_messages=2 WHERE"
    " chat_reads.session_id = :session_id AND chat_reads.admin_id = :admin_id",
}
GIVE = (
    "UPDATE chat_sessions SET status='active', version=version + 1, assignee_id=:admin_id,"
    " last_activity_at=:moment WHERE chat_sessions.id = :session_id"
)


class OldServer:
    """The writes of a server of an earlier version."""

    def __init__(self, engine: Engine, version: str) -> None:
        self.engine, self.version = engine, version

    def stores(self, number: int, body: str, admin: Admin | None = None) -> None:
        """Store a message of the customer, or of an admin."""
        with self.engine.connect().execution_options(**WRITING) as db, db.begin():
            row = db.execute(
                text("SELECT seq, public_seq FROM chat_sessions WHERE id = :id"), {"id": number}
            ).one()
            admin_id = admin.row.id if admin else None
            values = {
                "session_id": number,
                "seq": row.seq + 1,
                "public_seq": row.public_seq + 1,
                "sender": "admin" if admin else "customer",
                "author_key": f"admin:{admin_id}" if admin else "customer",
                "admin_id": admin_id,
                "body": body,
                "client_id": str(uuid.uuid4()),
                "moment": now(),
            }
            db.execute(MESSAGE, values)
            _run(db, COUNTED[self.version], **values, by_customer=int(admin is None))

    def marks_read(self, number: int, admin: Admin, seq: int, *, again: bool = False) -> None:
        """Record that an admin has read up to seq."""
        with self.engine.connect().execution_options(**WRITING) as db, db.begin():
            statement = (READ if again else FIRST_READ)[self.version]
            _run(db, statement, session_id=number, admin_id=admin.row.id, seq=seq)

    def gives(self, number: int, admin: Admin) -> None:
        """Assign a chat as the first version does, which has no `assigned_at`."""
        with self.engine.connect().execution_options(**WRITING) as db, db.begin():
            _run(db, GIVE, session_id=number, admin_id=admin.row.id, moment=now())


def _run(db: Connection, statement: str, **values: Any) -> None:
    prepared = text(statement)
    if ":moment" in statement:
        prepared = prepared.bindparams(bindparam("moment", type_=UTCDateTime))
    names = prepared.compile().params
    db.execute(prepared, {name: values[name] for name in names})


@pytest.fixture
def old(engine: Engine, version: str) -> OldServer:
    return OldServer(engine, version)


@pytest.fixture
def number(admin: Admin, customer: Customer) -> int:
    """The chat with the customer's unread “hello”."""
    return admin.number_of(customer)


def unread(admin: Admin, number: int) -> int:
    """Return the desk's unread count, which the list and the conversation must agree on."""
    (listed,) = [one for one in admin.dashboard().json["sessions"] if one["number"] == number]
    assert admin.opens(number).json["session"]["unread"] == listed["unread"]
    is_unread = number in [one["number"] for one in admin.dashboard(view="unread").json["sessions"]]
    assert is_unread == (listed["unread"] > 0)
    count: int = listed["unread"]
    return count


@both
def test_a_message_stored_by_an_old_server_is_unread(
    admin: Admin, number: int, old: OldServer
) -> None:
    assert unread(admin, number) == 1
    old.stores(number, "by the old server")
    assert unread(admin, number) == 2


@both
def test_old_and_new_servers_share_read_receipts(
    admin: Admin, new_admin: Callable[..., Admin], customer: Customer, number: int, old: OldServer
) -> None:
    ben = new_admin("ben")
    old.marks_read(number, admin, 1)
    assert (unread(admin, number), unread(ben, number)) == (0, 1)
    old.stores(number, "two")
    customer.sends("three")
    assert (unread(admin, number), unread(ben, number)) == (2, 3)
    old.marks_read(number, admin, 2, again=True)
    assert unread(admin, number) == 1
    admin.sends(number, "an answer")
    assert (unread(admin, number), unread(ben, number)) == (0, 3)
    old.stores(number, "four")
    old.stores(number, "an answer of the old server", ben)
    assert (unread(admin, number), unread(ben, number)) == (1, 4)


@both
def test_a_snoozed_chat_is_back_when_an_old_server_stores_a_message(
    admin: Admin, number: int, old: OldServer, engine: Engine
) -> None:
    until = (datetime.now().astimezone() + timedelta(days=1)).isoformat()
    admin.posts(number, "snooze", {"until": until})
    old.stores(number, "I am back")
    assert rows(engine, "SELECT snoozed_until FROM chat_sessions") == [(None,)]


@pytest.mark.parametrize("version", [FIRST])
def test_a_chat_assigned_by_an_old_server_counts_as_assigned_now(
    admin: Admin, number: int, old: OldServer
) -> None:
    before = now()
    old.gives(number, admin)
    assigned_at = admin.opens(number).json["session"]["assigned_at"]
    assert datetime.fromisoformat(assigned_at) >= before
    admin.assigns(number, None)
    assert admin.opens(number).json["session"]["assigned_at"] is None


@both
def test_messages_stored_before_the_migration_are_counted(
    new_database: Callable[..., str], version: str
) -> None:
    with engine_for(new_database(migrated=False)) as engine:
        schema.migrate(engine, "0005")
        with engine.connect().execution_options(**WRITING) as db, db.begin():
            for statement in BEFORE:
                db.execute(text(statement))
        old = OldServer(engine, version)
        for body in ("one", "two", "three"):
            old.stores(1, body)
        with engine.connect().execution_options(**WRITING) as db, db.begin():
            _run(db, FIRST_READ[version], session_id=1, admin_id=1, seq=2)
        schema.migrate(engine)
        old.stores(1, "four")
        counts = "SELECT s.customer_count, r.customer_count FROM chat_sessions s, chat_reads r"
        assert rows(engine, counts) == [(4, 2)]
        with engine.connect().execution_options(**WRITING) as db, db.begin():
            command.downgrade(schema._alembic(db), "0005")
        counts = (
            "SELECT s.customer_messages, r.customer_messages FROM chat_sessions s, chat_reads r"
        )
        assert rows(engine, counts) == [(4, 2)]


BEFORE = (
    "INSERT INTO admins (id, username, name, created_at) VALUES (1, 'anna', 'Anna', '2026-01-01')",
    "INSERT INTO guests (id, created_at) VALUES (1, '2026-01-01')",
    "INSERT INTO chat_sessions (id, uuid, guest_id, status, version, seq, public_seq, customer_verified, search_text,"
    " customer_seen, created_at, last_activity_at) VALUES (1, '0123456789abcdef0123456789abcdef', 1, 'waiting', 1, 0,"
    " 0, false, '', 0, '2026-01-01', '2026-01-01')",
)
