"""What livechat relies on in SQLAlchemy: these dialect methods are called at these moments."""

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from livechat.db.hooks import HOOKS, replace


@pytest.fixture
def engine():
    engine = create_engine("sqlite://")
    yield engine
    engine.dispose()


@pytest.mark.parametrize("name", sorted(HOOKS))
def test_sqlalchemy_calls_each_replaced_method(engine, name):
    calls = []

    def counting(*args, **more):
        calls.append(name)
        return former(*args, **more)

    former = replace(engine, name, counting)
    with engine.connect().execution_options(of_ours=True) as connection:
        connection.execute(text("SELECT 1"), {})
        connection.commit()
        with pytest.raises(OperationalError):
            connection.execute(text("SELECT wrong"), {})
    assert calls


def test_no_other_method_is_replaced(engine):
    with pytest.raises(ValueError, match="do_rollback"):
        replace(engine, "do_rollback", print)
