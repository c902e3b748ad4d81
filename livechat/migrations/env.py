"""Runs migrations on the connection that the caller supplies; see livechat/db/schema.py."""

from alembic import context

from livechat.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
