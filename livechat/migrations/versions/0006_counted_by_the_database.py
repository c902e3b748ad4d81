"""The database counts what is unread, whoever writes; see docs/decisions/0002-order-by-counters.md.

A server of an earlier version that still runs inserts messages and marks without counting them, or counts them in
customer_messages. So the counters are columns that no server writes: triggers keep them. customer_messages stays for
those servers, which would fail without it; nothing reads it any more.

A later migration that makes chat_sessions, chat_messages or chat_reads again (SQLite, batch_alter_table) must make the
triggers again as well: run `make_triggers` of this file.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# What the customer wrote after a mark is little, or nothing: so it is counted, and not what they wrote before it.
READ = (
    "(SELECT customer_count FROM chat_sessions WHERE id = NEW.session_id)"
    " - (SELECT count(*) FROM chat_messages WHERE session_id = NEW.session_id"
    " AND seq > NEW.seq AND sender = 'customer')"
)
ADD = (
    "UPDATE chat_sessions SET customer_count = customer_count + 1, customer_wrote_at = NEW.created_at"
    " WHERE id = NEW.session_id;"
)
WAKE = (
    "UPDATE chat_sessions SET snoozed_until = NULL"
    " WHERE id = NEW.session_id AND snoozed_until IS NOT NULL;"
)
# One update on PostgreSQL, which copies the row for each. Its indexes are left alone while their columns keep values.
ADD_AND_WAKE = ADD.replace(" WHERE", ", snoozed_until = NULL WHERE")
MARK = (
    f"UPDATE chat_reads SET customer_count = {READ}"  # noqa: S608 - our own texts
    " WHERE session_id = NEW.session_id AND admin_id = NEW.admin_id;"
)
# Servers that know no assigned_at would have a chat taken back from an admin the moment after it was given to them.
GIVEN = "NEW.assignee_id IS {differs} OLD.assignee_id AND NEW.assigned_at IS {same} OLD.assigned_at"
GIVEN_AT = "CASE WHEN NEW.assignee_id IS NOT NULL THEN NEW.last_activity_at END"

# Name, when, what.
SQLITE = (
    ("message", "AFTER INSERT ON chat_messages WHEN NEW.sender = 'customer'", ADD + WAKE),
    ("first_mark", "AFTER INSERT ON chat_reads", MARK),
    ("mark", "AFTER UPDATE OF seq ON chat_reads", MARK),
    (
        "given",
        "AFTER UPDATE OF assignee_id ON chat_sessions WHEN " + GIVEN.format(differs="NOT", same=""),
        f"UPDATE chat_sessions SET assigned_at = {GIVEN_AT} WHERE id = NEW.id;",  # noqa: S608
    ),
)
POSTGRESQL = (
    (
        "message",
        "AFTER INSERT ON chat_messages FOR EACH ROW WHEN (NEW.sender = 'customer')",
        f"{ADD_AND_WAKE} RETURN NULL;",
    ),
    (
        "mark",
        "BEFORE INSERT OR UPDATE OF seq ON chat_reads FOR EACH ROW",
        f"NEW.customer_count := {READ}; RETURN NEW;",
    ),
    (
        "given",
        "BEFORE UPDATE OF assignee_id ON chat_sessions FOR EACH ROW WHEN ("
        + GIVEN.format(differs="DISTINCT FROM", same="NOT DISTINCT FROM")
        + ")",
        f"NEW.assigned_at := {GIVEN_AT}; RETURN NEW;",
    ),
)


def upgrade() -> None:
    for table in ("chat_sessions", "chat_reads"):
        op.add_column(
            table, sa.Column("customer_count", sa.Integer(), server_default="0", nullable=False)
        )
    # First the triggers: on PostgreSQL this waits for those who are just writing, and others wait for us.
    make_triggers()
    _count("customer_count")


def make_triggers() -> None:
    """Let the database count, whoever writes."""
    if op.get_bind().dialect.name == "sqlite":
        for name, when, what in SQLITE:
            op.execute(f"CREATE TRIGGER count_{name} {when} BEGIN {what} END")
        return
    for name, when, what in POSTGRESQL:
        op.execute(
            f"CREATE FUNCTION count_{name}() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN {what} END $$"
        )
        op.execute(f"CREATE TRIGGER count_{name} {when} EXECUTE FUNCTION count_{name}()")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name, _when, _what in SQLITE:
            op.execute(f"DROP TRIGGER count_{name}")
    else:
        for name, _when, _what in POSTGRESQL:
            op.execute(f"DROP FUNCTION count_{name}() CASCADE")
    _count("customer_messages")
    for table in ("chat_sessions", "chat_reads"):
        op.drop_column(table, "customer_count")


def _count(column: str) -> None:
    """Count in full what has been written and read so far."""
    written = (
        "SELECT {what} FROM chat_messages WHERE chat_messages.session_id = chat_sessions.id"
        " AND chat_messages.sender = 'customer'"
    )
    op.execute(
        f"UPDATE chat_sessions SET {column} = ({written.format(what='count(*)')}),"  # noqa: S608
        f" customer_wrote_at = ({written.format(what='max(created_at)')})"
    )
    op.execute(
        f"UPDATE chat_reads SET {column} = (SELECT count(*) FROM chat_messages"  # noqa: S608
        " WHERE chat_messages.session_id = chat_reads.session_id"
        " AND chat_messages.sender = 'customer' AND chat_messages.seq <= chat_reads.seq)"
    )
