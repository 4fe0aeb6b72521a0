"""Limits: the newest requests are found by their time alone, and who has looked at what the limits stopped."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both."""
    op.add_column("freezes", sa.Column("looked_at", sa.DateTime(timezone=True)))
    op.create_index("ix_requests_asked_at", "requests", ["asked_at"])


def downgrade() -> None:
    """Take both away again."""
    op.drop_index("ix_requests_asked_at", "requests")
    op.drop_column("freezes", "looked_at")
