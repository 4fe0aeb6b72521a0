"""Many people at once: their rows, their chunks, and the workers that share them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
REQUESTS: dict[str, Any] = {
    "total": sa.Integer(),
    "begins_at": MOMENT,
    "begun_at": MOMENT,
    "judged_from": MOMENT,
    "ended_at": MOMENT,
    "stopped": sa.Text(),
    "told": sa.Text(),
}
TARGETS: dict[str, Any] = {
    "login": sa.Text(),
    "name": sa.Text(),
    "tier": sa.Text(),
    "address": sa.Text(),
    "recovery_address": sa.Text(),
    "channels": sa.Text(),
    "source": sa.Text(),
    "facts": sa.Text(),
    "chunk_id": sa.Text(),
    "mac": sa.Text(),
    "ended_at": MOMENT,
}
INDEXES = (
    ("ix_requests_state_total", "requests", ["state", "total"]),
    ("ix_targets_request_id_state_reason", "targets", ["request_id", "state", "reason"]),
    ("ix_targets_request_id_ended_at", "targets", ["request_id", "ended_at"]),
    ("ix_targets_chunk_id_state", "targets", ["chunk_id", "state"]),
    ("ix_notices_chunk_id_state", "notices", ["chunk_id", "state"]),
)
STARTED = sa.text("state = 'started'")
SORTED = ("directory", "account_id")  # of the targets: a digest goes over them byte by byte


def upgrade() -> None:
    """Add what a bulk needs."""
    for name, kind in REQUESTS.items():
        op.add_column("requests", sa.Column(name, kind))
    for name, kind in TARGETS.items():
        op.add_column("targets", sa.Column(name, kind))
    op.add_column("notices", sa.Column("chunk_id", sa.Text()))
    _collate("C")
    for name, table, columns in INDEXES:
        op.create_index(op.f(name), table, columns)
    op.create_index("ux_targets_account", "targets", ["request_id", "directory", "account_id"], unique=True)
    op.create_index(
        "ux_targets_started",
        "targets",
        ["directory", "account_id"],
        unique=True,
        sqlite_where=STARTED,
        postgresql_where=STARTED,
    )
    op.create_table(
        "chunks",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("directory", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("canary", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("finished_at", MOMENT),
        sa.Column("told_at", MOMENT),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_chunks_request_id")),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ux_chunks_number", "chunks", ["request_id", "number"], unique=True)
    op.create_index(op.f("ix_chunks_finished_at"), "chunks", ["finished_at"])
    op.create_table(
        "workers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("beat_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def downgrade() -> None:
    """Take it away again, and the bulk requests with it."""
    op.drop_table("workers")
    op.drop_table("chunks")
    op.drop_index("ux_targets_started", "targets")
    op.drop_index("ux_targets_account", "targets")
    for name, table, _ in INDEXES:
        op.drop_index(op.f(name), table)
    _collate("default")
    op.drop_column("notices", "chunk_id")
    for name in TARGETS:
        op.drop_column("targets", name)
    for name in REQUESTS:
        op.drop_column("requests", name)


def _collate(collation: str) -> None:
    """Have PostgreSQL sort the targets' accounts as SQLite does, or as it did before."""
    if op.get_bind().dialect.name == "postgresql":
        for name in SORTED:
            op.alter_column("targets", name, type_=sa.Text(collation=collation), existing_nullable=False)
