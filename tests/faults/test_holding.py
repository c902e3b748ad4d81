"""One conversation's row is locked for long: the requests that wait for it must not exhaust what others need."""

from __future__ import annotations

import json
import socket
import time
import uuid

import pytest
from sqlalchemy import text

from livechat.accounts import admins
from livechat.db.session import transaction

from ..databases import engine_for
from ..factories import password_hash
from ..server import Server
from .actors import Conversation
from .client import Answer, Client, Lost, signed_in
from .plans import CHOSEN

pytestmark = pytest.mark.faults
POSTGRESQL = ["postgresql"] if "postgresql" in CHOSEN else []
MANY = 40  # more requests than a process has connections to its database


def started(client: Client) -> Conversation:
    """A new guest."""
    answer = client.post("/chat/start/", {"message": "hello", "client_id": str(uuid.uuid4())})
    assert answer.status == 201, answer.text
    return Conversation("", answer.json["session"]["id"], answer.json["token"])


def sends_and_does_not_wait(port: int, conversation: Conversation) -> socket.socket:
    """Send a request without reading its answer."""
    body = json.dumps({"body": "hello", "client_id": str(uuid.uuid4())})
    head = (
        f"POST {conversation.path('send')} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Authorization: Bearer {conversation.token}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    sock = socket.create_connection(("127.0.0.1", port))
    sock.sendall((head + body).encode())
    return sock


@pytest.mark.parametrize("database_kind", POSTGRESQL)
def test_others_are_answered_while_many_wait_for_one_conversation(tmp_path, new_database):
    server = Server(tmp_path, new_database(), busy_timeout_ms="1000").start()
    client = Client(server.port, patience=20)
    held, other = started(client), started(client)
    who = Client(server.port, patience=20, Authorization=f"Bearer {other.token}")
    waiting: list[socket.socket] = []
    try:
        with engine_for(server.database_url) as engine, engine.connect() as connection:
            connection.execute(
                text("SELECT 1 FROM chat_sessions WHERE uuid = :uuid FOR UPDATE"),
                {"uuid": uuid.UUID(held.id)},
            )
            waiting += [sends_and_does_not_wait(server.port, held) for _ in range(MANY)]
            deadline = time.monotonic() + 12
            while not is_answered(who, other):
                assert time.monotonic() < deadline, server.log.read_text()[-2000:]
            connection.rollback()
    finally:
        for sock in waiting:
            sock.close()
        client.close()
        who.close()
        server.kill()


def is_answered(who: Client, conversation: Conversation) -> bool:
    """Return whether a message is accepted."""
    data = {"body": "hello", "client_id": str(uuid.uuid4())}
    try:
        return who.post(conversation.path("send"), data).status == 201
    except Lost:
        return False


@pytest.mark.parametrize("database_kind", POSTGRESQL)
def test_a_stream_that_begins_while_a_table_is_locked_is_refused(tmp_path, new_database):
    """It must not answer 200, send heartbeats, and never send anything else."""
    url = new_database()
    with engine_for(url) as engine, transaction(engine) as db:
        admins.add_admin(db, "anna").password_hash = password_hash()
    server = Server(tmp_path, url, busy_timeout_ms="500").start()
    client = Client(server.port, patience=20)
    conversation = started(client)
    who = {"customer": conversation.client(server.port)}
    writer = conversation.client(server.port)
    writer.patience = 20
    who["admin"] = Client(server.port, **signed_in(server.port, "anna"))
    paths = {
        "customer": conversation.path("messages"),
        "admin": "/custom-admin/chat/1/messages/",
    }
    try:
        with engine_for(url) as engine, engine.connect() as connection:
            connection.execute(text("LOCK TABLE chat_messages IN ACCESS EXCLUSIVE MODE"))
            for side, reader in who.items():
                reader.patience = 20
                refused = reader.stream(paths[side], None)
                assert isinstance(refused, Answer), side
                assert (refused.status, refused.code) == (503, "unavailable")
                assert refused.headers["Retry-After"]
            assert server.answers()
            connection.rollback()
        for side, reader in who.items():
            events = reader.stream(paths[side], None)
            assert not isinstance(events, Answer)
            assert (
                next(event for event in events if event.name == "message").data["body"] == "hello"
            )
            assert is_answered(writer, conversation)
            assert next(event for event in events if event.name == "message").data["seq"] > 1
            reader.close()
    finally:
        client.close()
        writer.close()
        server.kill()
