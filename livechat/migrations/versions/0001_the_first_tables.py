"""The first tables."""

import sqlalchemy as sa
from alembic import op

from livechat.models import UTCDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "admins",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("invite_hash", sa.String(length=64), nullable=True),
        sa.Column("invite_expires_at", UTCDateTime(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("disabled_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admins")),
        sa.UniqueConstraint("invite_hash", name=op.f("uq_admins_invite_hash")),
        sa.UniqueConstraint("username", name=op.f("uq_admins_username")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "guests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("start_key", sa.String(length=64), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guests")),
        sa.UniqueConstraint("start_key", name=op.f("uq_guests_start_key")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "admin_logins",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("admin_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("revoked_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["admin_id"], ["admins.id"], name=op.f("fk_admin_logins_admin_id_admins")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_logins")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_admin_logins_token_hash")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("admin_logins", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_admin_logins_admin_id"), ["admin_id"], unique=False)

    op.create_table(
        "chat_sessions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("guest_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("public_seq", sa.Integer(), nullable=False),
        sa.Column("last_message_seq", sa.Integer(), nullable=True),
        sa.Column("customer_name", sa.String(length=100), nullable=True),
        sa.Column("customer_email", sa.String(length=254), nullable=True),
        sa.Column("customer_verified", sa.Boolean(), nullable=False),
        sa.Column("product_id", sa.String(length=100), nullable=True),
        sa.Column("product_name", sa.String(length=200), nullable=True),
        sa.Column("product_url", sa.String(length=2000), nullable=True),
        sa.Column("product_price", sa.String(length=50), nullable=True),
        sa.Column("page_url", sa.String(length=2000), nullable=True),
        sa.Column("page_title", sa.String(length=200), nullable=True),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("assignee_id", sa.Integer(), nullable=True),
        sa.Column("customer_seen", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("last_activity_at", UTCDateTime(), nullable=False),
        sa.Column("waiting_since", UTCDateTime(), nullable=True),
        sa.Column("first_answer_at", UTCDateTime(), nullable=True),
        sa.Column("closed_at", UTCDateTime(), nullable=True),
        sa.Column("closed_by", sa.String(length=80), nullable=True),
        sa.CheckConstraint(
            "status IN ('waiting', 'active', 'closed')", name=op.f("ck_chat_sessions_status")
        ),
        sa.ForeignKeyConstraint(
            ["assignee_id"], ["admins.id"], name=op.f("fk_chat_sessions_assignee_id_admins")
        ),
        sa.ForeignKeyConstraint(
            ["guest_id"], ["guests.id"], name=op.f("fk_chat_sessions_guest_id_guests")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_sessions")),
        sa.UniqueConstraint("uuid", name=op.f("uq_chat_sessions_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("chat_sessions", schema=None) as batch_op:
        batch_op.create_index("ix_chat_sessions_activity", ["last_activity_at", "id"], unique=False)
        batch_op.create_index(
            "ix_chat_sessions_assignee_activity",
            ["assignee_id", "last_activity_at", "id"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_chat_sessions_guest_id"), ["guest_id"], unique=False)
        batch_op.create_index(
            "ix_chat_sessions_status_activity", ["status", "last_activity_at", "id"], unique=False
        )

    op.create_table(
        "guest_tokens",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("guest_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("revoked_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["guest_id"], ["guests.id"], name=op.f("fk_guest_tokens_guest_id_guests")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guest_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_guest_tokens_token_hash")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("guest_tokens", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_guest_tokens_guest_id"), ["guest_id"], unique=False)

    op.create_table(
        "chat_messages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("public_seq", sa.Integer(), nullable=True),
        sa.Column("sender", sa.String(length=10), nullable=False),
        sa.Column("author_key", sa.String(length=80), nullable=False),
        sa.Column("admin_id", sa.Integer(), nullable=True),
        sa.Column("author_name", sa.String(length=100), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("client_id", sa.String(length=100), nullable=True),
        sa.Column("event", sa.String(length=20), nullable=True),
        sa.Column("details", sa.JSON(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint(
            "sender IN ('customer', 'admin', 'system')", name=op.f("ck_chat_messages_sender")
        ),
        sa.ForeignKeyConstraint(
            ["admin_id"], ["admins.id"], name=op.f("fk_chat_messages_admin_id_admins")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["chat_sessions.id"],
            name=op.f("fk_chat_messages_session_id_chat_sessions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_messages")),
        sa.UniqueConstraint(
            "session_id",
            "author_key",
            "client_id",
            name=op.f("uq_chat_messages_session_id_author_key_client_id"),
        ),
        sa.UniqueConstraint(
            "session_id", "public_seq", name=op.f("uq_chat_messages_session_id_public_seq")
        ),
        sa.UniqueConstraint("session_id", "seq", name=op.f("uq_chat_messages_session_id_seq")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "chat_reads",
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("admin_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["admin_id"], ["admins.id"], name=op.f("fk_chat_reads_admin_id_admins")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["chat_sessions.id"],
            name=op.f("fk_chat_reads_session_id_chat_sessions"),
        ),
        sa.PrimaryKeyConstraint("session_id", "admin_id", name=op.f("pk_chat_reads")),
    )


def downgrade() -> None:
    op.drop_table("chat_reads")
    op.drop_table("chat_messages")
    with op.batch_alter_table("guest_tokens", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_guest_tokens_guest_id"))

    op.drop_table("guest_tokens")
    with op.batch_alter_table("chat_sessions", schema=None) as batch_op:
        batch_op.drop_index("ix_chat_sessions_status_activity")
        batch_op.drop_index(batch_op.f("ix_chat_sessions_guest_id"))
        batch_op.drop_index("ix_chat_sessions_assignee_activity")
        batch_op.drop_index("ix_chat_sessions_activity")

    op.drop_table("chat_sessions")
    with op.batch_alter_table("admin_logins", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_admin_logins_admin_id"))

    op.drop_table("admin_logins")
    op.drop_table("guests")
    op.drop_table("admins")
