"""Stopping everything: the one row that says so, and the enrolments that may begin nothing for now."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
ADMINS = ("frozen_at", "froze_at")


def upgrade() -> None:
    """Add the row, which says that nothing is frozen."""
    for name in ADMINS:
        op.add_column("admins", sa.Column(name, MOMENT))
    freezes = op.create_table(
        "freezes",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("slack_user", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("at", MOMENT),
        sa.Column("until", MOMENT),
        sa.Column("proved", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    nothing = {"id": 1, "actor_id": "", "slack_user": "", "name": "", "why": "", "proved": 0}
    op.bulk_insert(freezes, [nothing])


def downgrade() -> None:
    """Take it away again: whoever was frozen is so no more."""
    op.drop_table("freezes")
    for name in ADMINS:
        op.drop_column("admins", name)
