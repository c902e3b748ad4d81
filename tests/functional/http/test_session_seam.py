"""Who takes the chat into an application can test it with a session of their own, and roll it back."""

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


def test_a_host_that_has_begun_a_transaction_does_not_wait_for_itself(
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
