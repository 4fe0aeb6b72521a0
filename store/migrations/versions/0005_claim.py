"""Whose it is to say a notice: when the try that is under way began."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the time; of a notice that waits, none is under way."""
    op.add_column("notices", sa.Column("trying_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    """Take it away again."""
    op.drop_column("notices", "trying_at")
