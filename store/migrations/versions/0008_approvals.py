"""What others agree to: one word of each on a request, and until when a request waits for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
REQUESTS = ("decide_by", "moved_at", "reminded_at")
INDEXED = ("decide_by", "moved_at")


def upgrade() -> None:
    """Add them. What was proved needed nobody else: it says so from now on."""
    for name in REQUESTS:
        op.add_column("requests", sa.Column(name, MOMENT))
    for name in INDEXED:
        op.create_index(f"ix_requests_{name}", "requests", [name])
    op.create_table(
        "approvals",
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("slack_user", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("yes", sa.Integer(), nullable=False),
        sa.Column("security", sa.Integer(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name="fk_approvals_request_id"),
        sa.PrimaryKeyConstraint("request_id", "account"),
    )
    op.execute("UPDATE requests SET state = 'approved' WHERE state = 'proved'")


def downgrade() -> None:
    """Take it away again; what others have not agreed to is cancelled."""
    op.execute("UPDATE requests SET state = 'cancelled' WHERE state IN ('proved', 'denied', 'withdrawn', 'expired')")
    op.execute("UPDATE requests SET state = 'proved' WHERE state = 'approved'")
    op.drop_table("approvals")
    for name in INDEXED:
        op.drop_index(f"ix_requests_{name}", "requests")
    for name in REQUESTS:
        op.drop_column("requests", name)
