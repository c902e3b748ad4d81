"""The migrations: from nothing to exactly the models, back, and again; on both databases."""

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from livechat.db import schema
from livechat.db.engine import WRITING, open_engine
from livechat.models import Base

from ...databases import engine_for


@pytest.fixture
def bare(new_database):
    """An engine for a database without tables."""
    with engine_for(new_database(migrated=False)) as engine:
        yield engine


def compared(connection, metadata):
    """Return the differences between the models and the tables."""
    opts = {
        "compare_type": True,
        "compare_server_default": True,
        "include_name": lambda name, kind, _parents: kind != "table" or not of_search(name),
    }
    return compare_metadata(MigrationContext.configure(connection, opts=opts), metadata)


def differences(engine):
    with engine.connect() as connection:
        return compared(connection, Base.metadata)


def of_search(table):
    """Whether a table belongs to the search index. Only the migration creates it; SQLite models cannot describe it."""
    return table is not None and table.startswith("search_")


def tables(engine):
    return set(inspect(engine).get_table_names())


def test_an_empty_database_becomes_what_the_models_say(bare):
    assert not schema.is_current(bare)
    schema.migrate(bare)
    assert schema.is_current(bare)
    assert differences(bare) == []
    found = tables(bare)
    assert {name for name in found if not of_search(name)} == {
        "alembic_version",
        *Base.metadata.tables,
    }
    assert {"search_messages", "search_sessions"} <= found


def test_a_model_without_its_migration_would_be_noticed(bare):
    from sqlalchemy import Column, Integer, MetaData

    schema.migrate(bare)
    changed = MetaData(naming_convention=Base.metadata.naming_convention)
    for table in Base.metadata.tables.values():
        table.to_metadata(changed)
    changed.tables["guests"].append_column(Column("forgotten", Integer))
    with bare.connect() as connection:
        found = compared(connection, changed)
    assert [difference[0] for difference in found] == ["add_column"]


def test_migrating_twice_changes_nothing(bare):
    schema.migrate(bare)
    schema.migrate(bare)
    assert schema.is_current(bare)
    assert differences(bare) == []


def test_every_migration_can_be_reverted_and_repeated(bare):
    schema.migrate(bare)
    with bare.connect().execution_options(**WRITING) as connection, connection.begin():
        command.downgrade(schema._alembic(connection), "base")
    assert tables(bare) <= {"alembic_version", "sqlite_sequence"}
    assert not schema.is_current(bare)
    schema.migrate(bare)
    assert differences(bare) == []


def test_there_is_one_newest_migration():
    scripts = ScriptDirectory.from_config(schema._alembic(None))
    assert len(scripts.get_heads()) == 1
    assert len(scripts.get_bases()) == 1


def test_a_migration_that_fails_leaves_nothing_behind(bare, monkeypatch):
    def fail(*_args, **_more):
        raise RuntimeError("in the middle")

    from alembic import op

    with monkeypatch.context() as patched:
        real, made = op.create_table, []

        def some(*args, **more):
            made.append(args[0])
            return fail() if len(made) > 2 else real(*args, **more)

        patched.setattr(op, "create_table", some)
        with pytest.raises(RuntimeError, match="in the middle"):
            schema.migrate(bare)
    assert tables(bare) <= {"alembic_version", "sqlite_sequence"}
    schema.migrate(bare)
    assert differences(bare) == []


def test_the_folder_of_a_new_sqlite_file_is_created(tmp_path):
    from livechat.settings import Settings

    path = tmp_path / "not" / "yet" / "chat.sqlite3"
    engine = open_engine(Settings(database_url=f"sqlite:///{path}"))
    schema.migrate(engine)
    engine.dispose()
    assert path.exists()
