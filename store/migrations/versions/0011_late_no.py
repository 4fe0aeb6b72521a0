"""A late no: when somebody said no to a question about a caller that was over or answered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TABLES = ("number_matches", "vouches")


def upgrade() -> None:
    """Add the time to both kinds of questions."""
    for table in TABLES:
        op.add_column(table, sa.Column("denied_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    """Take it away again; the journal keeps who said no."""
    for table in TABLES:
        op.drop_column(table, "denied_at")
