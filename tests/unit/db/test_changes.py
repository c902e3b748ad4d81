"""Changes are announced when the whole unit of work is committed, whatever savepoints it had."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from livechat.db.changes import announce, touch


class Ear:
    """Records announcements in place of a wake-up."""

    def __init__(self):
        self.before, self.after = [], []

    def before_commit(self, _db, session_ids):
        self.before.append(sorted(session_ids))

    def after_commit(self, session_ids, entries):
        self.after.append((sorted(session_ids), entries))


@pytest.fixture
def ear():
    return Ear()


@pytest.fixture
def db(tmp_path, ear):
    engine = create_engine(f"sqlite:///{tmp_path / 'x.sqlite3'}")
    with Session(engine) as session:
        announce(session, lambda: ear)
        session.execute(text("SELECT 1"))
        yield session
    engine.dispose()


def test_releasing_a_savepoint_announces_nothing_yet(db, ear):
    with db.begin_nested():
        touch(db, 1, 11)
    assert (ear.before, ear.after) == ([], [])
    with db.begin_nested():
        touch(db, 2)
    db.commit()
    assert ear.before == [[1, 2]]
    assert ear.after == [([1, 2], [11])]


def test_rolling_back_a_savepoint_keeps_the_changes_of_others(db, ear):
    with db.begin_nested():
        touch(db, 1)
    with pytest.raises(ValueError, match="refused"), db.begin_nested():
        raise ValueError("refused")
    db.commit()
    assert ear.after == [([1], [])]


def test_a_rolled_back_unit_of_work_announces_nothing(db, ear):
    with db.begin_nested():
        touch(db, 1)
    db.rollback()
    db.execute(text("SELECT 1"))
    db.commit()
    assert ear.after == []
