"""Changes are told when the whole unit of work is committed, whatever savepoints it had."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from livechat.db.changes import announce, touch


class Ear:
    """Hears what a wake-up is told, in place of one."""

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


def test_a_savepoint_that_is_released_tells_nothing_yet(db, ear):
    with db.begin_nested():
        touch(db, 1, 11)
    assert (ear.before, ear.after) == ([], [])
    with db.begin_nested():
        touch(db, 2)
    db.commit()
    assert ear.before == [[1, 2]]
    assert ear.after == [([1, 2], [11])]


def test_a_savepoint_that_is_rolled_back_takes_nothing_from_the_others(db, ear):
    with db.begin_nested():
        touch(db, 1)
    with pytest.raises(ValueError, match="refused"), db.begin_nested():
        raise ValueError("refused")
    db.commit()
    assert ear.after == [([1], [])]


def test_a_unit_of_work_that_is_rolled_back_says_nothing(db, ear):
    with db.begin_nested():
        touch(db, 1)
    db.rollback()
    db.execute(text("SELECT 1"))
    db.commit()
    assert ear.after == []
