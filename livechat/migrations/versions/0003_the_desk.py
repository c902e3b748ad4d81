"""Tables of the desk: notes, roles, tags, drafts, canned replies, saved views, mentions, the audit log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from livechat.models.base import UTCDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SENDERS = "sender IN ('customer', 'admin', 'system', 'note')"
SENDERS_BEFORE = "sender IN ('customer', 'admin', 'system')"


def upgrade() -> None:
    op.create_table(
        "canned_replies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("scope", sa.String(length=20), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_canned_replies")),
        sa.UniqueConstraint("scope", "code", name=op.f("uq_canned_replies_scope_code")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "tags",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tags")),
        sa.UniqueConstraint("name", name=op.f("uq_tags_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "saved_views",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("admin_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("query", sa.JSON(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["admin_id"], ["admins.id"], name=op.f("fk_saved_views_admin_id_admins")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_views")),
        sa.UniqueConstraint("admin_id", "name", name=op.f("uq_saved_views_admin_id_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("actor_key", sa.String(length=80), nullable=False),
        sa.Column("actor_name", sa.String(length=100), nullable=True),
        sa.Column("act", sa.String(length=40), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=True),
        sa.Column("target", sa.String(length=200), nullable=True),
        sa.Column("details", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"], ["chat_sessions.id"], name=op.f("fk_audit_session_id_chat_sessions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_act", "audit", ["act"])
    op.create_index("ix_audit_actor_key", "audit", ["actor_key"])
    op.create_index("ix_audit_session_id", "audit", ["session_id", "id"])

    op.create_table(
        "drafts",
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("admin_id", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("note", sa.Boolean(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["admin_id"], ["admins.id"], name=op.f("fk_drafts_admin_id_admins")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["chat_sessions.id"], name=op.f("fk_drafts_session_id_chat_sessions")
        ),
        sa.PrimaryKeyConstraint("session_id", "admin_id", name=op.f("pk_drafts")),
    )
    op.create_table(
        "session_tags",
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("tag_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["chat_sessions.id"],
            name=op.f("fk_session_tags_session_id_chat_sessions"),
        ),
        sa.ForeignKeyConstraint(["tag_id"], ["tags.id"], name=op.f("fk_session_tags_tag_id_tags")),
        sa.PrimaryKeyConstraint("session_id", "tag_id", name=op.f("pk_session_tags")),
    )
    op.create_index("ix_session_tags_tag_id", "session_tags", ["tag_id", "session_id"])

    op.create_table(
        "mentions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("admin_id", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("seen_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["admin_id"], ["admins.id"], name=op.f("fk_mentions_admin_id_admins")
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["chat_messages.id"], name=op.f("fk_mentions_message_id_chat_messages")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["chat_sessions.id"], name=op.f("fk_mentions_session_id_chat_sessions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mentions")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_mentions_admin_id", "mentions", ["admin_id", "seen_at", "id"])
    op.create_index("ix_mentions_session_id", "mentions", ["session_id"])

    op.add_column(
        "admins", sa.Column("role", sa.String(length=10), server_default="owner", nullable=False)
    )
    op.add_column("admins", sa.Column("preferences", sa.JSON(), nullable=True))
    op.add_column("admins", sa.Column("assigned_at", UTCDateTime(), nullable=True))

    op.create_index(
        "ix_chat_messages_created_at", "chat_messages", ["created_at", "sender", "admin_id"]
    )

    op.add_column(
        "chat_reads",
        sa.Column("customer_messages", sa.Integer(), server_default="0", nullable=False),
    )

    op.add_column(
        "chat_sessions",
        sa.Column("customer_messages", sa.Integer(), server_default="0", nullable=False),
    )
    op.add_column(
        "chat_sessions", sa.Column("priority", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column("chat_sessions", sa.Column("snoozed_until", UTCDateTime(), nullable=True))
    op.add_column("chat_sessions", sa.Column("assigned_at", UTCDateTime(), nullable=True))
    op.create_index("ix_chat_sessions_closed_at", "chat_sessions", ["closed_at"])
    op.create_index(
        "ix_chat_sessions_created_at", "chat_sessions", ["created_at", "first_answer_at"]
    )
    op.create_index("ix_chat_sessions_customer_email", "chat_sessions", ["customer_email", "id"])
    op.create_index("ix_chat_sessions_snoozed_until", "chat_sessions", ["snoozed_until"])

    op.add_column("guests", sa.Column("blocked_at", UTCDateTime(), nullable=True))
    op.add_column("chat_sessions", sa.Column("customer_wrote_at", UTCDateTime(), nullable=True))
    _allow_senders(SENDERS)
    # Existing messages and read receipts are counted once.
    op.execute(
        "UPDATE chat_sessions SET customer_messages = (SELECT count(*) FROM chat_messages"
        " WHERE chat_messages.session_id = chat_sessions.id AND chat_messages.sender = 'customer'),"
        " customer_wrote_at = (SELECT max(created_at) FROM chat_messages"
        " WHERE chat_messages.session_id = chat_sessions.id AND chat_messages.sender = 'customer')"
    )
    op.execute(
        "UPDATE chat_reads SET customer_messages = (SELECT count(*) FROM chat_messages"
        " WHERE chat_messages.session_id = chat_reads.session_id"
        " AND chat_messages.sender = 'customer' AND chat_messages.seq <= chat_reads.seq)"
    )


def downgrade() -> None:
    # Earlier versions cannot store notes, so they are deleted, and what refers to them.
    op.drop_table("mentions")
    op.execute("DELETE FROM chat_messages WHERE sender = 'note'")
    op.drop_index("ix_chat_messages_created_at", table_name="chat_messages")
    _allow_senders(SENDERS_BEFORE)
    for table in ("session_tags", "drafts", "audit", "saved_views", "tags", "canned_replies"):
        op.drop_table(table)
    for name in ("closed_at", "created_at", "customer_email", "snoozed_until"):
        op.drop_index(f"ix_chat_sessions_{name}", table_name="chat_sessions")
    for table, columns in (
        (
            "chat_sessions",
            ("customer_messages", "customer_wrote_at", "priority", "snoozed_until", "assigned_at"),
        ),
        ("chat_reads", ("customer_messages",)),
        ("admins", ("role", "preferences", "assigned_at")),
        ("guests", ("blocked_at",)),
    ):
        for column in columns:
            op.drop_column(table, column)


def _allow_senders(condition: str) -> None:
    name = op.f("ck_chat_messages_sender")
    options = {"sqlite_autoincrement": True}
    with op.batch_alter_table("chat_messages", table_kwargs=options) as batch_op:
        batch_op.drop_constraint(name, type_="check")
        batch_op.create_check_constraint(name, condition)
