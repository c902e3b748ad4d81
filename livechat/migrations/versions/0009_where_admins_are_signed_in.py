"""A login has its device, its network and its last use, so that admins see where they are signed in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from livechat.models import UTCDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_NEW = (
    ("device", sa.String(60)),
    ("network", sa.String(45)),
    ("seen_at", UTCDateTime()),
)


def upgrade() -> None:
    for name, kind in _NEW:
        op.add_column("admin_logins", sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    for name, _kind in _NEW:
        op.drop_column("admin_logins", name)
