"""The migration that makes the database refuse public notes: on tables in use, with all their triggers."""

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from livechat.conversation.system_messages import INTERNAL, PUBLIC
from livechat.db import schema
from livechat.db.engine import WRITING
from livechat.db.session import transaction
from livechat.models import ChatMessage, Sender
from livechat.search.index import catch_up
from livechat.serializers import customer_message

from ...databases import engine_for, rows
from ...factories import new_id

AUDIENCE = "0010"
COUNT = {  # a trigger that another migration may have put on the table
    "sqlite": [
        "CREATE TRIGGER counts AFTER INSERT ON chat_messages BEGIN"
        " UPDATE outside_writes SET count = count + 1000; END"
    ],
    "postgresql": [
        "CREATE FUNCTION counts() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " UPDATE outside_writes SET count = count + 1000; RETURN NULL; END $$",
        "CREATE TRIGGER counts AFTER INSERT ON chat_messages FOR EACH ROW EXECUTE FUNCTION counts()",
    ],
}
ROWS = 2000


@pytest.fixture
def before(new_database):
    """An engine for a database as it was before the migration, in use: chats, notes, mentions, and a trigger."""
    with engine_for(new_database(migrated=False)) as engine:
        script = ScriptDirectory.from_config(schema._alembic(None)).get_revision(AUDIENCE)
        schema.migrate(engine, str(script.down_revision))
        with engine.begin() as connection:
            for statement in [*SETUP, *COUNT[engine.dialect.name]]:
                connection.execute(text(statement))
            values = [{"seq": seq, "public": seq - seq // 10} for seq in range(1, ROWS + 1)]
            notes = [one for one in values if one["seq"] % 10 == 0]
            connection.execute(text(INSERT), [one for one in values if one not in notes])
            connection.execute(text(INSERT_NOTE), notes)
            connection.execute(
                text(
                    "INSERT INTO mentions (message_id, session_id, admin_id, created_at)"
                    " SELECT id, 1, 1, created_at FROM chat_messages WHERE sender = 'note'"
                )
            )
        yield engine


MOMENT = "'2026-01-01 00:00:00'"
SETUP = [
    f"INSERT INTO guests (id, created_at) VALUES (1, {MOMENT})",
    "INSERT INTO admins (id, username, name, created_at, role)"
    f" VALUES (1, 'anna', 'Anna', {MOMENT}, 'owner')",
    "INSERT INTO chat_sessions (id, uuid, guest_id, status, version, seq, public_seq,"
    " customer_verified, search_text, customer_seen, created_at, last_activity_at) VALUES"
    f" (1, '{'0' * 32}', 1, 'active', 1, 2000, 1800, false, '', 0, {MOMENT}, {MOMENT})",
    "INSERT INTO outside_writes (id, count) VALUES (1, 0)",
]
INSERT = (
    "INSERT INTO chat_messages (session_id, seq, public_seq, sender, author_key, body, created_at)"
    f" VALUES (1, :seq, :public, 'customer', 'customer', 'lamp ' || :seq, {MOMENT})"
)
INSERT_NOTE = (
    "INSERT INTO chat_messages (session_id, seq, sender, author_key, admin_id, body, created_at)"
    f" VALUES (1, :seq, 'note', 'admin:1', 1, 'note ' || :seq, {MOMENT})"
)
INSERT = INSERT.replace("|| :seq", "|| CAST(:seq AS VARCHAR)")
INSERT_NOTE = INSERT_NOTE.replace("|| :seq", "|| CAST(:seq AS VARCHAR)")


def objects(engine):
    """Return the definitions of triggers and indexes."""
    query = {
        "sqlite": "SELECT type, name, sql FROM sqlite_master WHERE type != 'table' ORDER BY 1, 2",
        "postgresql": "SELECT 't', tgname, pg_get_triggerdef(oid) FROM pg_trigger"
        " WHERE NOT tgisinternal UNION SELECT 'i', indexname, indexdef FROM pg_indexes ORDER BY 1, 2",
    }[engine.dialect.name]
    with engine.connect() as connection:
        return list(connection.execute(text(query)).all())


def stored(engine):
    with engine.connect() as connection:
        return list(connection.execute(text("SELECT * FROM chat_messages ORDER BY id")).all())


def adds(engine, statement, seq):
    with engine.begin() as connection:
        connection.execute(text(statement), {"seq": seq, "public": seq})


def test_a_table_in_use_keeps_its_rows_triggers_indexes_and_numbers(before):
    with before.connect() as waiting:  # a process that has read the old table and still runs
        waiting.execute(text("SELECT count(*) FROM chat_messages")).scalar_one()
        waiting.rollback()
        rows, had = stored(before), objects(before)
        newest = max(row.id for row in rows)
        schema.migrate(before)
        assert stored(before) == rows
        assert [one for one in objects(before) if one in had] == had
        with pytest.raises(IntegrityError, match="audience"):
            waiting.execute(
                text("UPDATE chat_messages SET public_seq = 9999 WHERE sender = 'note'")
            )
        waiting.rollback()
    with before.begin() as connection:
        connection.execute(text("DELETE FROM mentions"))
        connection.execute(text("DELETE FROM chat_messages WHERE id = :id"), {"id": newest})
        counted = connection.execute(text("SELECT count FROM outside_writes")).scalar_one()
    adds(before, INSERT, ROWS + 1)
    with before.connect() as connection:
        found = connection.execute(text("SELECT max(id) FROM chat_messages")).scalar_one()
        assert found > newest  # no number is used twice
        after = connection.execute(text("SELECT count FROM outside_writes")).scalar_one()
        assert after >= counted + 1000  # the trigger still works
        if before.dialect.name == "sqlite":
            assert connection.execute(text("PRAGMA integrity_check")).scalar_one() == "ok"
            assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
            assert connection.execute(text("PRAGMA writable_schema")).scalar_one() == 0
    catch_up(before)  # the search index still belongs to the table
    index = {
        "sqlite": "SELECT count(*) FROM search_messages WHERE search_messages MATCH 'lamp'",
        "postgresql": "SELECT count(*) FROM search_messages WHERE words @@ to_tsquery('lamp')",
    }[before.dialect.name]
    with before.connect() as connection:
        assert connection.execute(text(index)).scalar_one() == ROWS - ROWS // 10 + 1


def test_the_migration_can_be_reverted_and_repeated(before):
    earlier = ScriptDirectory.from_config(schema._alembic(None)).get_revision(AUDIENCE)
    rows = stored(before)
    for _ in range(2):
        schema.migrate(before, AUDIENCE)
        with pytest.raises(IntegrityError, match="audience"):
            adds(before, INSERT_NOTE.replace("seq, sender", "seq, public_seq, sender").replace(
                ":seq, 'note'", ":seq, :public, 'note'"), 3000)  # fmt: skip
        with before.connect().execution_options(**WRITING) as connection, connection.begin():
            command.downgrade(schema._alembic(connection), str(earlier.down_revision))
        assert stored(before) == rows
    with before.connect() as connection, connection.begin() as transaction:
        connection.execute(text("UPDATE chat_messages SET public_seq = 9999 WHERE id = 2000"))
        transaction.rollback()


def test_entries_that_customers_wrongly_saw_stop_the_migration_and_are_named(before):
    with before.begin() as connection:
        connection.execute(text("UPDATE chat_messages SET public_seq = 9999 WHERE seq = 10"))
    rows = stored(before)
    with pytest.raises((RuntimeError, DBAPIError), match="Chats: 1"):
        schema.migrate(before)
    assert stored(before) == rows
    assert not schema.is_current(before)


# The migrated database refuses, whatever the writer


def breaks(engine, statement, **values):
    """Expect the database to refuse a statement."""
    with (
        pytest.raises(IntegrityError, match="audience"),
        transaction(engine) as db,
    ):
        db.execute(text(statement), values)


def test_the_database_refuses_a_note_for_customers(admin, customer, engine):
    number = admin.number_of(customer)
    admin.sends(number, "good day")
    admin.posts(number, "note", {"body": "for us", "client_id": new_id()}, status=201)
    admin.assigns(number, None)
    before = rows(engine, "SELECT * FROM chat_messages ORDER BY id")
    breaks(engine, "UPDATE chat_messages SET public_seq = 99 WHERE sender = 'note'")
    breaks(engine, "UPDATE chat_messages SET sender = 'admin' WHERE sender = 'note'")
    breaks(engine, "UPDATE chat_messages SET sender = 'note' WHERE sender = 'customer'")
    breaks(engine, "UPDATE chat_messages SET public_seq = NULL WHERE sender = 'customer'")
    breaks(engine, "UPDATE chat_messages SET public_seq = NULL WHERE sender = 'admin'")
    breaks(engine, "UPDATE chat_messages SET public_seq = NULL WHERE event = 'taken'")
    breaks(engine, "UPDATE chat_messages SET public_seq = 99 WHERE event = 'unassigned'")
    breaks(engine, "UPDATE chat_messages SET event = 'snoozed' WHERE event = 'taken'")
    breaks(engine, "UPDATE chat_messages SET event = NULL WHERE event = 'taken'")
    insert = (
        "INSERT INTO chat_messages (session_id, seq, public_seq, sender, author_key, body, event,"
        " created_at) VALUES (:session, 99, :public_seq, :sender, 'x', 'x', :event, :moment)"
    )
    wrong = [("note", 99, None), ("customer", None, None), ("admin", None, None)]
    wrong += [("system", 99, event.value) for event in INTERNAL] + [("system", 99, "unheard-of")]
    wrong += [("system", None, event.value) for event in PUBLIC] + [("system", 99, None)]
    for sender, public_seq, event in wrong:
        values = {"sender": sender, "public_seq": public_seq, "event": event}
        breaks(engine, insert, session=number, moment="2026-01-01 00:00:00", **values)
    assert rows(engine, "SELECT * FROM chat_messages ORDER BY id") == before


@pytest.mark.parametrize("sender", Sender)
@pytest.mark.parametrize("public_seq", [None, 1])
def test_the_serializer_for_customers_refuses_internal_entries(sender, public_seq):
    entry = ChatMessage(id=1, seq=3, public_seq=public_seq, sender=sender.value, body="x")
    if sender is Sender.NOTE or public_seq is None:
        with pytest.raises(ValueError, match="internal"):
            customer_message(entry)
    else:
        assert customer_message(entry)["seq"] == 1
