"""The database refuses an entry whose place in the customer's message log contradicts its kind.

Notes and system messages for admins have none; all others have one.

SQLite has no ALTER TABLE for this. Copying the table (batch_alter_table) takes minutes and twice the space on a large
one, loses its triggers, and is refused as long as another table refers to it. But a CHECK changes no stored data, so it
is written into the table's definition in SQLite's catalogue, as SQLite's documentation describes for such changes:
https://www.sqlite.org/lang_altertable.html#otheralter. Triggers, indexes and the counter of AUTOINCREMENT stay.
"""

from __future__ import annotations

from typing import Any

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

NAME = "ck_chat_messages_audience"
CONDITION = (
    "CASE sender WHEN 'note' THEN public_seq IS NULL"
    " WHEN 'system' THEN (public_seq IS NOT NULL) ="
    " (coalesce(event, '') IN ('taken', 'assigned', 'product', 'closed', 'reopened'))"
    " ELSE public_seq IS NOT NULL END"
)
SQLITE_DBCONFIG_DEFENSIVE = 1010  # https://www.sqlite.org/c3ref/c_dbconfig_defensive.html
CONSTRAINT = f", CONSTRAINT {NAME} CHECK ({CONDITION})"


def upgrade() -> None:
    _refuse_what_breaks_it()
    if op.get_bind().dialect.name == "sqlite":
        _change_table_text(lambda text: text.rstrip()[:-1].rstrip() + CONSTRAINT + "\n)")
        return
    # All migrations are one transaction, so a separate VALIDATE would not shorten the time for which the table is
    # locked: a second for a few million entries.
    _run(f"ALTER TABLE chat_messages ADD CONSTRAINT {NAME} CHECK ({CONDITION})")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _change_table_text(lambda text: text.replace(CONSTRAINT, ""))
    else:
        _run(f"ALTER TABLE chat_messages DROP CONSTRAINT {NAME}")


def _refuse_what_breaks_it() -> None:
    """Raise RuntimeError, which names the chats, if another program has written entries that break the rule."""
    query = f"SELECT DISTINCT session_id FROM chat_messages WHERE NOT ({CONDITION}) LIMIT 20"  # noqa: S608
    found = [str(row[0]) for row in _run(query)]
    if found:
        raise RuntimeError(
            "Some entries of chat_messages are shown to customers and must not be, or the other way round."
            " Notes and internal lines have no public_seq, all others have one."
            f" Correct them, then migrate again. Chats: {', '.join(found)}"
        )


def _change_table_text(change: Any) -> None:
    text = _run("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'chat_messages'")
    before = text.scalar_one()
    after = change(before)
    if after == before or not after.endswith(")"):
        raise RuntimeError("The table chat_messages is not as livechat has made it.")
    driver: Any = op.get_bind().connection.driver_connection
    # Some builds of SQLite forbid the change by default. Python can allow it from 3.12 on.
    if hasattr(driver, "setconfig"):
        driver.setconfig(SQLITE_DBCONFIG_DEFENSIVE, False)
    version = _run("PRAGMA schema_version").scalar_one()
    _run("PRAGMA writable_schema = ON")
    try:
        changed = "UPDATE sqlite_master SET sql = ? WHERE type = 'table' AND name = 'chat_messages'"
        op.get_bind().exec_driver_sql(changed, (after,))
        # Every connection rereads the definition because this number changes; this one, because of RESET.
        _run(f"PRAGMA schema_version = {version + 1}")
    finally:
        _run("PRAGMA writable_schema = RESET")
    # Fails if the table cannot be read.
    _run("SELECT count(*) FROM (SELECT 1 FROM chat_messages LIMIT 1)").scalar_one()


def _run(statement: str) -> Any:
    return op.get_bind().exec_driver_sql(statement)
