"""Attempts to sign in are counted in the database, so that several processes share the counts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from livechat.models.base import UTCDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "login_counts",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("ends_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_login_counts")),
    )
    op.create_index("ix_login_counts_ends_at", "login_counts", ["ends_at"])


def downgrade() -> None:
    op.drop_table("login_counts")
