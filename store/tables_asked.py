"""The tables of the questions about a caller: the number that a person presses, and a manager's word."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table, Text

from store.columns import Json, Moment, Prose, metadata

# Who was read which number; what vouches for a caller is signed.
number_matches = Table(
    "number_matches",
    metadata,
    Column("id", Text, primary_key=True),
    Column("form_id", Text, nullable=False, index=True),
    Column("actor_id", Text, nullable=False),
    Column("requester", Json, nullable=False),  # the Actor as it was
    Column("team", Text, nullable=False),
    Column("slack_user", Text, nullable=False),  # who may press
    Column("directory", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("login", Prose, nullable=False),
    Column("name", Prose, nullable=False),
    Column("numbers", Json, nullable=False),
    Column("right", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("denied_at", Moment),  # a no to what was over or answered
    Column("view_id", Text, nullable=False),  # the requester's modal
    Column("mac", Text, nullable=False),
    Index(None, "actor_id", "asked_at"),
    Index(None, "directory", "account_id", "asked_at"),
    Index(None, "state", "expires_at"),
)

# Whom a manager was asked to vouch for; signed for the same reason.
vouches = Table(
    "vouches",
    metadata,
    Column("id", Text, primary_key=True),
    Column("form_id", Text, nullable=False, index=True),
    Column("actor_id", Text, nullable=False),
    Column("requester", Json, nullable=False),  # the Actor as it was
    Column("manager", Json, nullable=False),  # the same: who alone may answer
    Column("directory", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("login", Prose, nullable=False),
    Column("name", Prose, nullable=False),
    Column("why", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("denied_at", Moment),  # a no to what was over or answered
    Column("view_id", Text, nullable=False),  # the requester's modal
    Column("mac", Text, nullable=False),
    Index(None, "actor_id", "asked_at"),
    Index(None, "directory", "account_id", "asked_at"),
    Index(None, "state", "expires_at"),
)
