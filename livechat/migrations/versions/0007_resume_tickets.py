"""Resume tickets. The client_id no longer identifies a repeated start, because admins can see it.

Start keys that were made from one are removed.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from livechat.models.base import UTCDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "resume_tickets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("guest_id", sa.Integer(), nullable=False),
        sa.Column("chain", sa.String(length=32), nullable=False),
        sa.Column("ticket_hash", sa.String(length=64), nullable=False),
        sa.Column("site", sa.String(length=300), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("used_at", UTCDateTime(), nullable=True),
        sa.Column("exchange_hash", sa.String(length=64), nullable=True),
        sa.Column("nonce", sa.String(length=43), nullable=True),
        sa.Column("token_id", sa.Integer(), nullable=True),
        sa.Column("revoked_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["guest_id"], ["guests.id"], name=op.f("fk_resume_tickets_guest_id_guests")
        ),
        sa.ForeignKeyConstraint(
            ["token_id"], ["guest_tokens.id"], name=op.f("fk_resume_tickets_token_id_guest_tokens")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resume_tickets")),
        sa.UniqueConstraint("ticket_hash", name=op.f("uq_resume_tickets_ticket_hash")),
        sqlite_autoincrement=True,
    )
    for column in ("guest_id", "chain", "expires_at", "token_id"):
        op.create_index(f"ix_resume_tickets_{column}", "resume_tickets", [column])
    op.execute("UPDATE guests SET start_key = NULL")


def downgrade() -> None:
    op.drop_table("resume_tickets")
    op.execute("UPDATE guests SET start_key = NULL")
