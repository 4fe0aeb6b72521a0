"""The commands `serve`, `work`, `doctor`, `keys` and `db`."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import sys
from typing import TYPE_CHECKING

import click

from bot import hardening, log
from bot.errors import OperatorError

if TYPE_CHECKING:
    from bot.door import Door


THREADS_SECONDS = 1.0


@click.command()
@click.option("--no-worker", is_flag=True, help="Leave the work to another process.")
@click.option("--until-stdin-closes", is_flag=True, hidden=True, help="End with the process that holds our input.")
@click.pass_obj
def serve(door: Door, *, no_worker: bool, until_stdin_closes: bool) -> None:
    """Run the bot: Slack, health, and the worker."""
    # What is imported and built from here on stays: to look it through for garbage takes a third of the start.
    # `bot.serve` switches it on again.
    gc.disable()
    log.configure(level=door.level, style=door.style)
    hardening.harden()
    settings = door.settings()
    from bot.serve import serve as serving

    door.run(serving(settings, work=not no_worker, until_stdin_closes=until_stdin_closes))
    _end()


@click.command()
@click.pass_obj
def work(door: Door) -> None:
    """Run a worker only; as many as wanted, on PostgreSQL."""
    gc.disable()  # as in `serve`
    log.configure(level=door.level, style=door.style)
    hardening.harden()
    settings = door.settings()
    from bot.work import work as working

    door.run(working(settings))
    _end()


def _end() -> None:
    """End the process where the interpreter would first wait for a thread of the engine; all of ours is closed."""
    from bot.engine import still_waits

    if still_waits(THREADS_SECONDS):
        logging.shutdown()
        os._exit(0)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@click.pass_obj
def doctor(door: Door, *, as_json: bool) -> int:
    """Check everything that can be checked from outside."""
    door.quiet("ERROR")  # what is wrong is told with its remedy
    from bot.doctor import examine

    checks = door.run(examine(door.config))
    ok = all(check.ok for check in checks)
    if as_json:
        listed = [{"ok": c.ok, "what": c.what, "detail": c.detail, "remedy": c.remedy} for c in checks]
        click.echo(json.dumps({"ok": ok, "checks": listed}, indent=2))
        return 0 if ok else 1
    for check in checks:
        click.echo(f"{'ok    ' if check.ok else 'WRONG '} {check.what}{': ' + check.detail if check.detail else ''}")
        if check.remedy:
            click.echo(f"        {check.remedy}")
    return 0 if ok else 1


@click.group()
def keys() -> None:
    """The key ring, which seals everything that is secret in the store."""


@keys.command("new")
@click.pass_obj
def keys_new(door: Door) -> None:
    """Make a new key ring where `keys.file` says. Never overwrites one."""
    door.quiet()
    from store.keys import KeyFileError, KeyRing

    path = door.settings().keys.file
    try:
        ring = KeyRing.create(path)
    except KeyFileError as error:
        raise OperatorError(f"keys.file: no key ring was made ({error.reason}); {error.remedy}.") from error
    click.echo(f"A new key ring is in {path} (key {ring.newest}). Keep a copy apart from the store's backups.")


@keys.command("check")
@click.pass_obj
def keys_check(door: Door) -> None:
    """Read the key ring and say which keys it holds."""
    door.quiet()
    from bot.assembly import ring

    click.echo(f"The key ring can be used. Its keys, newest first: {', '.join(ring(door.settings()).ids)}.")


@click.group()
def db() -> None:
    """The store's migrations."""


@db.command("upgrade")
@click.pass_obj
def db_upgrade(door: Door) -> None:
    """Set the store up, or bring it up to date. Stop the bot first."""
    door.quiet()
    url = door.settings().store.full_url
    from bot.assembly import NOT_READY, store_failed
    from bot.engine import migrate
    from store.base import StoreFailed, StoreNotReady, upgrade

    async def deed() -> None:
        try:
            await upgrade(url)
        except StoreNotReady as error:
            raise OperatorError(NOT_READY[error.state.value]) from error
        except StoreFailed as error:
            raise store_failed(error) from error
        await asyncio.to_thread(migrate, url)

    door.run(deed())
    click.echo("The store is up to date.")


@db.command("check")
@click.pass_obj
def db_check(door: Door) -> int:
    """Say whether the store is up to date: exit code 0 or 1."""
    door.quiet()
    url = door.settings().store.full_url
    from bot.assembly import NOT_READY, store_failed
    from store.base import StoreFailed, state

    async def deed() -> str:
        try:
            return (await state(url)).value
        except StoreFailed as error:
            raise store_failed(error) from error

    found = door.run(deed())
    if found in NOT_READY:
        click.echo(NOT_READY[found], err=True)
        return 1
    click.echo("The store is up to date.", file=sys.stdout)
    return 0
