"""How many bytes of text each conversation holds, and how many its customer added on the latest day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ENTRY = 100  # bytes that an entry counts in addition to its text: livechat.conversation.sizes.ENTRY
_COLUMNS = ("size", "size_day", "day_size")


def upgrade() -> None:
    for name in _COLUMNS:
        op.add_column(
            "chat_sessions", sa.Column(name, sa.Integer(), nullable=False, server_default="0")
        )
    length = {
        "sqlite": "length(CAST(body AS BLOB))",
        "postgresql": "octet_length(body)",
    }[op.get_bind().dialect.name]
    op.execute(
        f"UPDATE chat_sessions SET size = (SELECT coalesce(sum({length} + {ENTRY}), 0)"  # noqa: S608
        " FROM chat_messages WHERE session_id = chat_sessions.id)"
    )


def downgrade() -> None:
    for name in _COLUMNS:
        op.drop_column("chat_sessions", name)
