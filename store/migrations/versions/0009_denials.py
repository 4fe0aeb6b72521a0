"""Denials: when an admin was last let free, so that what was before is not held against them again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the time."""
    op.add_column("admins", sa.Column("unfrozen_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    """Take it away again."""
    op.drop_column("admins", "unfrozen_at")
