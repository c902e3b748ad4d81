"""Conversations that exist before a test begins, created by the product's own acts."""

from __future__ import annotations

import subprocess
import sys
import uuid
from typing import Any

from sqlalchemy import Engine, text

from livechat.accounts import guests
from livechat.actors import CUSTOMER, STAFF, Actor, admin_actor
from livechat.conversation import lifecycle, messages
from livechat.conversation.opening import Opening, Product
from livechat.db.session import transaction
from livechat.models import Admin, ChatSession

from ..server import Server


def add_chat(
    engine: Engine,
    name: str | None = "Ann",
    *bodies: str,
    email: str | None = None,
    product: Product | None = None,
) -> int:
    """Add a waiting chat with these messages of a customer; returns its number."""
    with transaction(engine) as db:
        guest = guests.new_guest(db, None)
        opening = Opening(
            name=name,
            email=email,
            product=product,
            page_url="http://127.0.0.1/demo/",
            page_title="Lamps",
            body=(bodies or ("Hello",))[0],
            client_id=str(uuid.uuid4()),
        )
        session = lifecycle.start(db, guest, opening).session
        for body in bodies[1:]:
            messages.send(db, session, CUSTOMER, body, str(uuid.uuid4()))
        return session.id


def add_messages(engine: Engine, number: int, author: Admin | None, *bodies: str) -> None:
    """Add messages of an admin (None: of the customer)."""
    actor: Actor = CUSTOMER
    if author is not None:
        actor = admin_actor(author.id, author.name)
    with transaction(engine) as db:
        session = db.get_one(ChatSession, number)
        for body in bodies:
            messages.send(db, session, actor, body, str(uuid.uuid4()))


def fill_chat(engine: Engine, number: int, count: int, body: str = "Entry {}") -> None:
    """Insert a long history of messages and answers directly, because the product's own acts are slow."""
    with engine.begin() as connection:
        at = connection.execute(
            text("SELECT seq, public_seq FROM chat_sessions WHERE id = :id"), {"id": number}
        ).one()
        rows = [
            {
                "id": number,
                "seq": at.seq + each,
                "public": at.public_seq + each,
                "sender": "customer" if each % 2 else "admin",
                "key": "customer" if each % 2 else "staff",
                "body": body.format(at.seq + each),
                "client": f"filled {each}",
            }
            for each in range(1, count + 1)
        ]
        connection.execute(
            text(
                "INSERT INTO chat_messages (session_id, seq, public_seq, sender, author_key, body, client_id, "
                "created_at) SELECT :id, :seq, :public, :sender, :key, :body, :client, created_at "
                "FROM chat_sessions WHERE id = :id"
            ),
            rows,
        )
        connection.execute(
            text(
                "UPDATE chat_sessions SET seq = seq + :n, public_seq = public_seq + :n, last_message_seq = seq + :n, "
                "customer_messages = customer_messages + :n / 2, customer_seen = public_seq + :n WHERE id = :id"
            ),
            {"id": number, "n": count},
        )


def close_chat(engine: Engine, number: int) -> None:
    """Close a chat as a colleague does."""
    with transaction(engine) as db:
        lifecycle.close(db, db.get_one(ChatSession, number), STAFF)


def query(engine: Engine, sql: str, **values: Any) -> list[Any]:
    """Return the rows of a query."""
    with engine.connect() as connection:
        return list(connection.execute(text(sql), values).all())


def stored(engine: Engine) -> list[str]:
    """Return the bodies of all messages by people, in order."""
    sql = "SELECT body FROM chat_messages WHERE sender <> 'system' ORDER BY session_id, seq"
    return [body for (body,) in query(engine, sql)]


def shell(server: Server, *arguments: str) -> str:
    """Run `livechat …` as a colleague; returns its output."""
    command = [sys.executable, "-m", "livechat.cli", "--config", str(server.config), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
