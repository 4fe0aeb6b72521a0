"""`rekey audit`: the journal, which is only read here, and the review of what went past it all but for it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, TypeVar

import click

from bot.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.door import Door
    from store.audit import Kept
    from store.base import Tx

Result = TypeVar("Result")
HEAD = re.compile(r"([1-9][0-9]{0,17}):([0-9a-f]{64})")


def _reading(door: Door, deed: Callable[[Tx], Awaitable[Result]]) -> Result:
    door.quiet()
    settings = door.settings()
    from bot.assembly import open_store, ring, store_failed
    from store.base import StoreFailed

    async def whole() -> Result:
        store = await open_store(settings, ring(settings))
        try:
            async with store.read() as tx:
                return await deed(tx)
        except StoreFailed as error:
            raise store_failed(error) from error
        finally:
            await store.close()

    return door.run(whole())


def _line(kept: Kept) -> dict[str, Any]:
    """Return what a program reads of an entry; of one that was written over, that it cannot be read."""
    entry = json.loads(kept.entry.body()) if kept.entry else {"unreadable": True}
    return {"seq": kept.seq, "mac": kept.mac if isinstance(kept.mac, str) else "", **entry}


@click.group()
def group() -> None:
    """The journal: who did what to whom."""


@group.command("verify")
@click.option("--head", metavar="SEQ:MAC", help="The last entry that your log has kept; finds a cut end too.")
@click.pass_obj
def verify(door: Door, head: str | None) -> int:
    """Check the whole chain: exit code 0 or 1."""
    known = HEAD.fullmatch(head) if head else None
    if head and known is None:
        raise ConfigError("--head must be SEQ:MAC, as the event audit_appended in the log has them.")
    from store import audit
    from views.text import many

    verdict = _reading(door, lambda tx: audit.verify(tx, (int(known[1]), known[2]) if known else None))
    if verdict.ok:
        click.echo(f"{many(verdict.entries, 'entry', 'entries')}, {verdict.what.value}.")
        if verdict.what is audit.Finding.END_NOT_PROVABLE and verdict.entries:
            click.echo("To prove the end too, give the last pair from the log: --head SEQ:MAC.", err=True)
        return 0
    click.echo(f"Entry {verdict.seq}: {verdict.what.value}. Genuine before it: {verdict.entries}.", err=True)
    click.echo("Keep a copy of the store and of the logs, and find out who could write to the database.", err=True)
    return 1


@group.command("tail")
@click.option("-n", "--lines", default=20, show_default=True, type=click.IntRange(1, 10_000))
@click.pass_obj
def tail(door: Door, lines: int) -> None:
    """Show the newest entries."""
    from store import audit

    for kept in _reading(door, lambda tx: audit.tail(tx, lines)):
        entry = _line(kept)
        if kept.entry is None:
            click.echo(f"{kept.seq:6} cannot be read: it was written over; see `rekey audit verify`")
            continue
        facts = " ".join(f"{k}={json.dumps(v)}" for k, v in entry["facts"].items())
        click.echo(
            f"{kept.seq:6} {entry['at']} {entry['deed']:14} {entry['actor']} {entry['target_account']} {facts}".rstrip()
        )


@group.command("export")
@click.pass_obj
def export(door: Door) -> None:
    """Write every entry as one JSON line."""
    from store import audit

    async def deed(tx: Tx) -> OSError | None:
        async for kept in audit.export(tx):
            try:
                click.echo(json.dumps(_line(kept)))
            except (
                OSError
            ) as error:  # of our output; inside of the store's reading it would pass for one of the store's
                return error
        return None

    if unsaid := _reading(door, deed):
        raise unsaid


@group.command("review")
@click.argument("request", metavar="ID")
@click.option(
    "--as", "login", required=True, metavar="LOGIN", help="The enrolled admin who has looked, and has the code."
)
@click.option("--directory", metavar="NAME", help="The admin's directory, where the login is in several.")
@click.pass_obj
def review(door: Door, *, request: str, login: str, directory: str | None) -> None:
    """Say that a reset by break-glass has been looked at; ID is the beginning of its request's."""
    from bot import cli_break_glass

    cli_break_glass.review(door, request, login, directory)
