"""The whole of a bulk as a CSV file: who was named, how it went, and why. Never a password."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resets.brief import BRIEF
from resets.sheet import Sheet
from store import tally

if TYPE_CHECKING:
    from desk.tools import Tools

COLUMNS = (
    "directory",
    "login",
    "name",
    "named as",
    "outcome",
    "reason",
    "reason in words",
    "delivery",
    "password set at (UTC)",
    "collected at (UTC)",
)


async def as_csv(tools: Tools, request_id: str) -> bytes:
    """Return the report of a bulk, a row for everybody it names."""
    sheet = Sheet(COLUMNS)
    async for row in tally.report(tools.store, request_id):
        sheet.write(
            [
                tools.rules.called(row.directory) if row.directory else "",
                row.login,
                row.name,
                row.source,
                row.outcome,
                row.reason.value if row.reason else "",
                BRIEF[row.reason] if row.reason else "",
                " and ".join(channel.value for channel in row.channels),
                row.set_at,
                row.collected_at,
            ]
        )
    return sheet.take()
