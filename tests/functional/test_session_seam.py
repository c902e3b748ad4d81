"""Who takes the chat into an application can test it with a session of their own, and roll it back."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ..databases import rows
from ..factories import Customer


def test_all_that_a_customer_does_stays_in_the_session_that_is_handed_in(
    wsgi: Any, engine: Engine
) -> None:
    with Session(engine, expire_on_commit=False) as db:
        ann = Customer(wsgi)
        ann.app.extra_environ["app.dbsession"] = db
        ann.starts("hello")
        ann.sends("and another thing")
        assert ann.sees() == ["hello", "and another thing"]
        assert rows(engine, "SELECT body FROM chat_messages") == []
        db.rollback()
    assert rows(engine, "SELECT body FROM chat_messages") == []
