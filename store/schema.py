"""Migrations without an alembic.ini: where a store stands, and bringing it up to date."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection

# Alembic is imported where it works: a store that is up to date, which is nearly every start, needs none of it.

SCRIPTS = Path(__file__).parent / "migrations"
VERSION_TABLE = "rekey_version"  # not "alembic_version": the database may hold other programs' tables


class SchemaState(StrEnum):
    """Where a store stands with regard to this code."""

    EMPTY = "empty"  # never set up
    OLD = "old"  # needs `rekey db upgrade`
    CURRENT = "current"
    NEWER = "newer"  # made by a later version of Rekey


def config(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration, for a connection on which to work."""
    from alembic.config import Config

    made = Config()
    made.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    made.set_main_option("path_separator", "os")
    made.attributes["connection"] = connection
    return made


def state_of(connection: Connection) -> SchemaState:
    """Compare the store's revision with the newest one that this code knows."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return SchemaState.EMPTY
    found = connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))  # noqa: S608 - a constant
    if found is None:
        return SchemaState.EMPTY
    if found == _newest():
        return SchemaState.CURRENT
    from alembic.script import ScriptDirectory
    from alembic.script.revision import ResolutionError
    from alembic.util import CommandError

    scripts = ScriptDirectory.from_config(config())
    try:
        known = scripts.get_revision(found)
    except (ResolutionError, CommandError):
        return SchemaState.NEWER
    return SchemaState.CURRENT if known and known.is_head else SchemaState.OLD


def _newest() -> str:
    """Return our newest revision by the files' names: each begins with its revision's number."""
    return max(path.name.partition("_")[0] for path in (SCRIPTS / "versions").glob("[0-9]*.py"))


def to_head(connection: Connection) -> None:
    """Run what is missing, on this connection and in its transaction."""
    from alembic import command

    command.upgrade(config(connection), "head")


def to_base(connection: Connection) -> None:
    """Take everything of ours away again."""
    from alembic import command

    command.downgrade(config(connection), "base")
