"""The tables of a `local` directory, and its version."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
    text,
)

from directory.base import Account

if TYPE_CHECKING:
    from sqlalchemy import Dialect, RowMapping

APPLICATION = 0x524B4459  # "RKDY", in the file's header: tells a directory from any other SQLite file
VERSION = 2  # of these tables; raise it with every change and write the step up into local_file.py

metadata = MetaData()


class Utc(TypeDecorator[datetime]):
    """An aware UTC time, kept as ISO 8601 text of one length, so that it sorts."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Write a time."""
        return None if value is None else value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Read a time."""
        return None if value is None else datetime.fromisoformat(value)


def key(text_: str) -> str:
    """Fold a name so that it is found in any case."""
    return unicodedata.normalize("NFC", text_.strip()).casefold()


def is_unicode(text_: str) -> bool:
    """Say whether a text can be kept or looked for at all: half a surrogate pair cannot."""
    try:
        text_.encode()
    except UnicodeEncodeError:
        return False
    return True


def _flag(name: str, *, default: bool = False) -> Column[bool]:
    return Column(name, Boolean, nullable=False, server_default=text("1" if default else "0"))


# one row: what holds for the whole directory
settings = Table(
    "settings",
    metadata,
    Column("id", Integer, CheckConstraint("id = 1"), primary_key=True),
    Column("directory", String, nullable=False),  # random; a marker of another file is recognised by it
    Column("change", Integer, nullable=False),  # counts every change that an Account shows
    Column("policy", String, nullable=False),  # PasswordPolicy as JSON
    Column("lock_after", Integer, nullable=False),  # wrong passwords in a row; 0 is never
)

accounts = Table(
    "accounts",
    metadata,
    Column("id", String, primary_key=True),
    Column("login", String, nullable=False),
    Column("login_key", String, nullable=False, unique=True),
    Column("name", String, nullable=False),
    Column("given_name", String, nullable=False),
    Column("family_name", String, nullable=False),
    Column("mail", String),
    Column("mail_key", String, index=True),
    Column("recovery_mail", String),
    Column("department", String),
    Column("slack_user", String),
    _flag("disabled"),
    _flag("external"),
    _flag("owner"),
    _flag("admin"),
    _flag("service"),
    _flag("confirmed", default=True),
    _flag("must_change"),
    Column("misses", Integer, nullable=False, server_default=text("0")),
    Column("locked_at", Utc),
    Column("last_sign_in", Utc),
    Column("password_hash", String),  # argon2id, encoded; NULL: no password yet
    Column("password_changed_at", Utc),
    Column("marker", String),  # drawn anew with every password
    Column("changed", Integer, nullable=False, index=True),  # settings.change at the last change
    Column("manager_id", ForeignKey("accounts.id", ondelete="SET NULL"), index=True),  # since version 2
)

old_passwords = Table(
    "old_passwords",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("account_id", ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("password_hash", String, nullable=False),
)

# sessions and API tokens
passes = Table(
    "passes",
    metadata,
    Column("digest", String, primary_key=True),  # SHA-256 of a text of 256 random bits
    Column("account_id", ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String, CheckConstraint("kind IN ('session', 'token')"), nullable=False),
    Column("label", String, nullable=False),
    Column("issued_at", Utc, nullable=False),
    Column("expires_at", Utc),
    Column("revoked_at", Utc),
    Index("passes_by_account", "account_id", "kind"),
)

domains = Table("domains", metadata, Column("name", String, primary_key=True), _flag("verified"))

groups = Table(
    "groups",
    metadata,
    Column("key", String, primary_key=True),
    Column("name", String, nullable=False),
)
members = Table(
    "members",
    metadata,
    Column("group_key", ForeignKey("groups.key", ondelete="CASCADE"), primary_key=True),
    Column("account_id", ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True, index=True),
)
nesting = Table(
    "nesting",
    metadata,
    Column("inner_key", ForeignKey("groups.key", ondelete="CASCADE"), primary_key=True),
    Column("outer_key", ForeignKey("groups.key", ondelete="CASCADE"), primary_key=True),
)

# who was deleted, so that an index learns of it
gone = Table(
    "gone",
    metadata,
    Column("id", String, primary_key=True),
    Column("changed", Integer, nullable=False, index=True),
)


def account_of(row: RowMapping) -> Account:
    """Turn a row of `accounts` into what the contract calls an account."""
    return Account(
        id=row["id"],
        login=row["login"],
        name=row["name"],
        given_name=row["given_name"],
        family_name=row["family_name"],
        mail=row["mail"],
        recovery_mail=row["recovery_mail"],
        department=row["department"],
        slack_user=row["slack_user"],
        disabled=row["disabled"],
        locked=row["locked_at"] is not None,
        external=row["external"],
        privileged=row["owner"] or row["admin"],
        service=row["service"],
        confirmed=row["confirmed"],
        must_change=row["must_change"],
        password_changed_at=row["password_changed_at"],
        marker=row["marker"],
    )
