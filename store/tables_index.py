"""The tables of the local index: who can be typed. The directories fill it; nothing is lost with it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from store.columns import BYTEWISE, Moment, Prose, metadata

index_accounts = Table(
    "index_accounts",
    metadata,
    # A short number stands for the account in the words, of which there are many.
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("directory", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("login", Prose, nullable=False),
    Column("name", Prose, nullable=False),
    Column("names", Prose, nullable=False),  # given and family name
    Column("mail", Prose),
    Column("department", Prose),
    Column("slack_user", Text, index=True),
    Column("mail_changed_at", Moment),
    Column("recovery_mail", Prose),
    Column("recovery_changed_at", Moment),
    Column("walk", Integer, nullable=False),  # the number of the walk that saw it last
    Index("ux_index_accounts_id", "directory", "account_id", unique=True),
)

index_words = Table(
    "index_words",
    metadata,
    Column("rank", Integer, primary_key=True, autoincrement=False),  # as `store/folding.py` names them
    Column("word", BYTEWISE, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("directory", Text, nullable=False),
    Index(None, "number", "word"),
    sqlite_with_rowid=False,
)

index_marks = Table(
    "index_marks",
    metadata,
    Column("directory", Text, primary_key=True),
    Column("marker", Text),
    Column("walk", Integer, nullable=False),
    Column("marked_at", Moment),
)
