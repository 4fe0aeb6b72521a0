"""Number matches: which number was the caller read?"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
TEXTS = ("form_id", "actor_id", "requester", "team", "slack_user", "directory", "account_id", "login", "name")


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "number_matches",
        sa.Column("id", sa.Text(), nullable=False),
        *[sa.Column(name, sa.Text(), nullable=False) for name in TEXTS],
        sa.Column("numbers", sa.Text(), nullable=False),
        sa.Column("right", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.Column("view_id", sa.Text(), nullable=False),
        sa.Column("mac", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_number_matches_form_id", "number_matches", ["form_id"])
    op.create_index("ix_number_matches_actor_id_asked_at", "number_matches", ["actor_id", "asked_at"])
    op.create_index(
        "ix_number_matches_directory_account_id_asked_at", "number_matches", ["directory", "account_id", "asked_at"]
    )
    op.create_index("ix_number_matches_state_expires_at", "number_matches", ["state", "expires_at"])


def downgrade() -> None:
    """Take it away again; the journal keeps what was pressed."""
    op.drop_table("number_matches")
