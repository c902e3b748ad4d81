"""Starting a server at a bad moment."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy import make_url

from livechat.accounts import admins
from livechat.db.session import transaction

from ..databases import engine_for
from ..factories import password_hash
from ..server import Server
from .plans import CHOSEN

pytestmark = pytest.mark.faults
SQLITE = ["sqlite"] if "sqlite" in CHOSEN else []


@pytest.mark.parametrize("database_kind", SQLITE)
def test_a_server_starts_while_another_process_holds_the_write_lock(tmp_path, new_database):
    url = new_database()
    with engine_for(url) as engine, transaction(engine) as db:
        admins.add_admin(db, "anna").password_hash = password_hash()
    other = sqlite3.connect(make_url(url).database or "", isolation_level=None)
    server = Server(tmp_path, url, busy_timeout_ms="100")
    try:
        other.execute("BEGIN IMMEDIATE")
        server.start()
        server.wait_until_it_says("Stop ")
        assert server.answers()
    finally:
        other.close()
        server.kill()
