"""The database counts unread messages, whatever program writes; see docs/decisions/0002-order-by-counters.md.

A server of an earlier version that still runs adds messages and read receipts without counting them, or counts them in
customer_messages. So triggers maintain the counters, and no server writes them. customer_messages stays for those
servers, which would fail without it; nothing reads it.

A later migration that rebuilds chat_sessions, chat_messages or chat_reads (SQLite, batch_alter_table) loses their
triggers and must run `make_triggers` of this file.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# Few messages or none follow a read receipt, so those are counted, and not the many before it.
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
# One update on PostgreSQL, which copies the row for each. Indexes of unchanged columns are left alone.
ADD_AND_WAKE = ADD.replace(" WHERE", ", snoozed_until = NULL WHERE")
MARK = (
    f"UPDATE chat_reads SET customer_count = {READ}"  # noqa: S608 - our own texts
    " WHERE session_id = NEW.session_id AND admin_id = NEW.admin_id;"
)
# Servers that do not know assigned_at would unassign a chat right after it was assigned.
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
    # The triggers come first: on PostgreSQL this waits for current writers, and further ones wait for it.
    make_triggers()
    _count("customer_count")


def make_triggers() -> None:
    """Create the triggers that count, whatever program writes."""
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
    """Count all existing messages and read receipts."""
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
