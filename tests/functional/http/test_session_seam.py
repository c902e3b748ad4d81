"""A host application can pass in its own database session for its tests, and roll it back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pyramid.config import Configurator
from pyramid.events import ContextFound
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from livechat.settings import Settings

from ...databases import rows
from ...factories import Customer


def test_everything_a_customer_does_stays_in_the_session_passed_in(
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


def test_a_host_with_an_open_transaction_does_not_deadlock(
    settings: Settings, engine: Engine
) -> None:
    config = Configurator()
    config.registry["livechat.settings"] = replace(settings, busy_timeout_ms=500)
    config.include("livechat")
    config.add_subscriber(lambda event: event.request.dbsession, ContextFound)
    ann = Customer(config.make_wsgi_app())
    ann.starts("hello")
    ann.sends("and another thing")
    assert rows(engine, "SELECT count(*) FROM chat_messages") == [(2,)]
    config.registry["livechat.engine"].dispose()
    config.registry["livechat.reading_engine"].dispose()
