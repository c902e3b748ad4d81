"""SQLite's index of messages is no longer updated by the message's own transaction.

That took a tenth of the time of a send, and now and then a merge of the index delayed everybody.
`livechat.search.index.keep_up` adds new messages instead.

A later migration that rebuilds chat_messages (SQLite, batch_alter_table) must run `make_triggers` of 0004, which makes
all triggers, and then `upgrade` of this file.
"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TAKEN_IN = "EXISTS (SELECT 1 FROM search_messages_docsize WHERE id = OLD.id)"
_TAKE = (
    "INSERT INTO search_messages (search_messages, rowid, body, sender, author_key)"
    " VALUES ('delete', OLD.id, OLD.body, OLD.sender, OLD.author_key);"
)
_ADD = (
    "INSERT INTO search_messages (rowid, body, sender, author_key)"
    " VALUES (NEW.id, NEW.body, NEW.sender, NEW.author_key);"
)
_ALWAYS = _TAKE.replace("VALUES (", "SELECT ").replace(");", " WHERE OLD.sender != 'system';")
_ALWAYS_ADD = _ADD.replace("VALUES (", "SELECT ").replace(");", " WHERE NEW.sender != 'system';")
_GONE, _CHANGED = (
    "AFTER DELETE ON chat_messages",
    "AFTER UPDATE OF id, body, sender, author_key ON chat_messages",
)


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    for name in ("added", "gone", "changed"):
        _run(f"DROP TRIGGER search_message_{name}")
    _run(f"CREATE TRIGGER search_message_gone {_GONE} WHEN {_TAKEN_IN} BEGIN {_TAKE} END")
    _run(
        f"CREATE TRIGGER search_message_changed {_CHANGED} WHEN {_TAKEN_IN} BEGIN {_TAKE}{_ADD} END"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    for name in ("gone", "changed"):
        _run(f"DROP TRIGGER search_message_{name}")
    _run(
        "INSERT INTO search_messages (rowid, body, sender, author_key)"
        " SELECT id, body, sender, author_key FROM chat_messages WHERE sender != 'system'"
        " AND id > (SELECT coalesce(max(id), 0) FROM search_messages_docsize) ORDER BY id"
    )
    added = "AFTER INSERT ON chat_messages"
    _run(f"CREATE TRIGGER search_message_added {added} BEGIN {_ALWAYS_ADD} END")
    _run(f"CREATE TRIGGER search_message_gone {_GONE} BEGIN {_ALWAYS} END")
    _run(f"CREATE TRIGGER search_message_changed {_CHANGED} BEGIN {_ALWAYS}{_ALWAYS_ADD} END")


def _run(statement: str) -> None:
    op.get_bind().exec_driver_sql(statement)
