"""What SQLite needs every second disturbs nobody who writes."""

import gc

import pytest
from sqlalchemy import text

from livechat.models import writing
from livechat.upkeep import tidy


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_whoever_gets_the_connection_next_can_commit(wsgi, customer):
    registry = wsgi.registry
    gc.disable()  # a server collects garbage seldom
    try:
        tidy(registry["livechat.engine"])
        with registry["livechat.dbsession_factory"]() as db:
            writing(db).execute(text("UPDATE chat_sessions SET version = version"))
            db.commit()
    finally:
        gc.enable()
