"""What the rooms of a `local` directory share, and the few statements that all of them use."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from directory.base import PasswordPolicy
from directory.local_tables import settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from directory.local_file import LocalFile
    from directory.local_hash import Hasher


@dataclass(frozen=True, slots=True)
class Parts:
    """The file, the hasher, the clock (aware UTC) and the randomness of one directory."""

    file: LocalFile
    hasher: Hasher
    clock: Callable[[], datetime]
    randbytes: Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for the whole directory."""

    directory: str
    change: int
    policy: PasswordPolicy
    lock_after: int


async def read_settings(conn: AsyncConnection) -> Settings:
    """Read the directory's settings."""
    row = (await conn.execute(select(settings))).mappings().one()
    policy = PasswordPolicy(**json.loads(row["policy"]))
    return Settings(row["directory"], row["change"], policy, row["lock_after"])


async def next_change(conn: AsyncConnection) -> int:
    """Count a change and return its number, for the `changed` of what is about to change."""
    step = update(settings).values(change=settings.c.change + 1).returning(settings.c.change)
    return int((await conn.execute(step)).scalar_one())
