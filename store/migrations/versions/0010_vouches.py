"""Managers who vouch: whom was one asked to stand up for, and what came of it?"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
ABOUT = ("form_id", "actor_id", "requester", "manager", "directory", "account_id", "login", "name", "why", "state")


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "vouches",
        sa.Column("id", sa.Text(), nullable=False),
        *[sa.Column(name, sa.Text(), nullable=False) for name in ABOUT],
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.Column("view_id", sa.Text(), nullable=False),
        sa.Column("mac", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_vouches_form_id", "vouches", ["form_id"])
    op.create_index("ix_vouches_actor_id_asked_at", "vouches", ["actor_id", "asked_at"])
    op.create_index("ix_vouches_directory_account_id_asked_at", "vouches", ["directory", "account_id", "asked_at"])
    op.create_index("ix_vouches_state_expires_at", "vouches", ["state", "expires_at"])


def downgrade() -> None:
    """Take it away again; the journal keeps who vouched."""
    op.drop_table("vouches")
