"""SQLite's maintenance every second does not disturb writers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import text

from tests.databases import engine_for, rows
from tests.factories import Admin, add_admin
from tests.server import Server
from tests.streams import Remote, until


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_the_next_user_of_its_connection_can_commit(new_server: Callable[..., Server]) -> None:
    server = new_server().start()
    with engine_for(server.database_url) as engine:
        people = [
            Admin(Remote(server.port), engine, add_admin(engine, name)).is_signed_in()
            for name in ("anna", "ben")
        ]
        for _ in range(3):
            with engine.begin() as connection:
                connection.execute(text("UPDATE admin_logins SET seen_at = NULL"))
            for one in people:
                one.dashboard()
            # This is recorded every second, just after the log was truncated.
            until(lambda: (None,) not in rows(engine, "SELECT seen_at FROM admin_logins"))
    assert "cannot commit" not in server.log.read_text()
