"""The store as it first was."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table."""
    _people()
    _resets()
    _secrets()
    _index()
    _journal()


def downgrade() -> None:
    """Drop every table, those that point at others first."""
    for table in (
        "audit_head",
        "audit",
        "index_marks",
        "index_words",
        "index_accounts",
        "pickups",
        "seals",
        "notices",
        "jobs",
        "steps",
        "targets",
        "requests",
        "lookups",
        "forms",
        "admins",
    ):
        op.drop_table(table)


def _people() -> None:
    """Create what is kept of those who act."""
    op.create_table(
        "admins",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("slack_user", sa.Text(), nullable=False),
        sa.Column("directory", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.Column("misses", sa.Integer(), nullable=False),
        sa.Column("locked_at", sa.DateTime(timezone=True)),
        sa.Column("next_try_at", sa.DateTime(timezone=True)),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ux_admins_slack",
        "admins",
        ["team", "slack_user"],
        unique=True,
        sqlite_where=sa.text("revoked_at IS NULL"),
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    op.create_table(
        "forms",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("slack_user", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Text()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_forms_expires_at"), "forms", ["expires_at"])
    op.create_table(
        "lookups",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_lookups_actor_id_at"), "lookups", ["actor_id", "at"])


def _resets() -> None:
    """Create what is kept of a reset."""
    op.create_table(
        "requests",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("requester", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_requests_actor_id_asked_at"), "requests", ["actor_id", "asked_at"])
    op.create_table(
        "targets",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("directory", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("slack_user", sa.Text()),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("marker", sa.Text()),
        sa.Column("sealed_at", sa.DateTime(timezone=True)),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("set_at", sa.DateTime(timezone=True)),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.Column("collected_at", sa.DateTime(timezone=True)),
        sa.Column("signed_in_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_targets_request_id")),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        op.f("ix_targets_directory_account_id_asked_at"), "targets", ["directory", "account_id", "asked_at"]
    )
    op.create_index(op.f("ix_targets_request_id"), "targets", ["request_id"])
    op.create_index(op.f("ix_targets_slack_user"), "targets", ["slack_user"])
    op.create_index(op.f("ix_targets_state_expires_at"), "targets", ["state", "expires_at"])
    op.create_table(
        "steps",
        sa.Column("target_id", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("number", sa.Integer()),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["target_id"], ["targets.id"], name=op.f("fk_steps_target_id")),
        sa.PrimaryKeyConstraint("target_id", "step"),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text()),
        sa.Column("target_id", sa.Text()),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_jobs_finished_at"), "jobs", ["finished_at"])
    op.create_table(
        "notices",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text()),
        sa.Column("target_id", sa.Text()),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True)),
        sa.Column("place", sa.Text()),
        sa.Column("stamp", sa.Text()),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_notices_request_id"), "notices", ["request_id"])
    op.create_index(op.f("ix_notices_state"), "notices", ["state"])
    op.create_index(op.f("ix_notices_target_id"), "notices", ["target_id"])


def _secrets() -> None:
    """Create what is kept of secrets: sealed, or as a keyed hash."""
    op.create_table(
        "seals",
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("row_id", sa.Text(), nullable=False),
        sa.Column("blob", sa.LargeBinary()),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wiped_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("purpose", "row_id"),
    )
    op.create_table(
        "pickups",
        sa.Column("target_id", sa.Text(), nullable=False),
        sa.Column("mac", sa.LargeBinary()),
        sa.Column("tries_left", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("target_id"),
    )


def _index() -> None:
    """Create the local index of accounts."""
    op.create_table(
        "index_accounts",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("directory", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("names", sa.Text(), nullable=False),
        sa.Column("mail", sa.Text()),
        sa.Column("department", sa.Text()),
        sa.Column("slack_user", sa.Text()),
        sa.Column("mail_changed_at", sa.DateTime(timezone=True)),
        sa.Column("recovery_mail", sa.Text()),
        sa.Column("recovery_changed_at", sa.DateTime(timezone=True)),
        sa.Column("walk", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index(op.f("ix_index_accounts_slack_user"), "index_accounts", ["slack_user"])
    op.create_index("ux_index_accounts_id", "index_accounts", ["directory", "account_id"], unique=True)
    op.create_table(
        "index_words",
        sa.Column("rank", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("word", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("directory", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("rank", "word", "number"),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_index_words_number_word"), "index_words", ["number", "word"])
    op.create_table(
        "index_marks",
        sa.Column("directory", sa.Text(), nullable=False),
        sa.Column("marker", sa.Text()),
        sa.Column("walk", sa.Integer(), nullable=False),
        sa.Column("marked_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("directory"),
    )


def _journal() -> None:
    """Create the journal, and the row at which its writers queue."""
    op.create_table(
        "audit",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("deed", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("mac", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index(op.f("ix_audit_request_id_deed"), "audit", ["request_id", "deed"])
    head = op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("mac", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.bulk_insert(head, [{"id": 1, "seq": 0, "mac": "0" * 64}])
