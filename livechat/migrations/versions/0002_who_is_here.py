"""Presence, read receipts, and the queue."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from livechat.models.base import UTCDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "workers",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("alive_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workers")),
    )
    op.create_table(
        "presences",
        sa.Column("worker_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("ref", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("worker_id", "kind", "ref", name=op.f("pk_presences")),
    )
    op.create_index("ix_presences_kind_ref", "presences", ["kind", "ref"])
    op.create_table(
        "outside_writes",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outside_writes")),
    )
    op.add_column(
        "chat_sessions",
        sa.Column("staff_seen", sa.Integer(), nullable=False, server_default="0"),
    )
    op.add_column("admins", sa.Column("away_since", UTCDateTime(), nullable=True))
    op.create_index(
        "ix_chat_sessions_status_waiting", "chat_sessions", ["status", "waiting_since", "id"]
    )


def downgrade() -> None:
    op.drop_index("ix_chat_sessions_status_waiting", table_name="chat_sessions")
    op.drop_column("admins", "away_since")
    op.drop_column("chat_sessions", "staff_seen")
    op.drop_index("ix_presences_kind_ref", table_name="presences")
    op.drop_table("presences")
    op.drop_table("workers")
    op.drop_table("outside_writes")
