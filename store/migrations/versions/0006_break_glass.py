"""Break-glass: the sealed code's hash with its throttle, and each use until it is reviewed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add both tables, empty: there is no code until one is made."""
    op.create_table(
        "break_glass",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("misses", sa.Integer(), nullable=False),
        sa.Column("locked_at", MOMENT),
        sa.Column("next_try_at", MOMENT),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "break_glass_uses",
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("reviewed_at", MOMENT),
        sa.Column("reviewed_by", sa.Text()),
        sa.PrimaryKeyConstraint("request_id"),
    )


def downgrade() -> None:
    """Take both away: what was not reviewed is forgotten but for the journal."""
    op.drop_table("break_glass_uses")
    op.drop_table("break_glass")
