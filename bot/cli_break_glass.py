"""Break-glass at the host: the sealed code, one reset by it, and its review."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from bot.errors import ConfigError, OperatorError

if TYPE_CHECKING:
    from bot.cli_host import Host
    from bot.door import Door
    from desk.break_glass import Broken, Ready

ENVELOPE = "Write it down, seal it in an envelope, and clear this screen: it is not shown again."


@click.group()
def group() -> None:
    """The sealed code with which one person is reset when no admin can be reached."""


@group.command("new")
@click.pass_obj
def new(door: Door) -> None:
    """Make a new sealed code; the one before is good for nothing from then on."""
    from bot.cli_host import at_host
    from bot.door import host_user
    from desk import break_glass as deeds

    with at_host(door) as host:
        code = host.do(deeds.new_code(host.tools, host=host_user()))
    click.echo(f"The break-glass code, good for one reset:\n\n    {code}\n\n{ENVELOPE}")


def reset(door: Door, logins: tuple[str, ...], why: str) -> int:
    """Reset one person by the sealed code."""
    if len(logins) != 1:
        raise click.UsageError("--break-glass resets exactly one person; give one login or address.")
    if not why.strip():
        raise ConfigError('--break-glass needs --reason "...", for everybody who hears the alarm.')
    from bot.cli_host import at_host
    from bot.door import host_user
    from desk import break_glass as deeds

    with at_host(door) as host:
        ready = _ready(host, logins[0])
        _say_before(host, ready)
        broken = host.do(deeds.use(host.tools, ready, _code(), why, host=host_user()))
        _say_after(ready, broken)
    return 0


def _ready(host: Host, login: str) -> Ready:
    from bot.cli_reach import Reach
    from desk import break_glass as deeds

    reach = Reach(host.house)
    try:
        host.do(reach.open())
        return host.do(deeds.look(host.tools, login, reach.of_many))
    finally:
        host.do(reach.close())


def _say_before(host: Host, ready: Ready) -> None:
    from views import labels
    from views.text import safe

    account, where = ready.found.account, host.tools.rules.called(ready.found.directory)
    ways = ", ".join(labels.CHANNEL[channel] for channel in ready.offer.channels)
    click.echo(
        f"{safe(account.name)} ({safe(account.login)} in {safe(where)}) gets a new password, by: {ways}. Nobody else "
        "sees it. The security channel and every admin hear of this, and an admin has to review it within a day.",
        err=True,
    )
    if said := host.idle():
        click.echo(said, err=True)


def _code() -> str:
    """Ask for the sealed code: hidden on a terminal, else one line of standard input.

    Raises:
        OperatorError: nothing came.
    """
    if sys.stdin.isatty():
        asked: str = click.prompt("The break-glass code", hide_input=True, err=True)
        return asked
    from bot.cli_host import NO_CODE

    line = sys.stdin.readline().strip()
    if not line:
        raise OperatorError(NO_CODE)
    return line


def _say_after(ready: Ready, broken: Broken) -> None:
    from views.text import safe

    short = broken.request_id[:8]
    click.echo(f"On its way, request {short}. Review: `rekey audit review {short} --as LOGIN`.")
    if broken.pickup is not None:
        click.echo(f"The pickup code, for {safe(ready.found.account.name)} alone, by telephone: {broken.pickup}")
    click.echo(f"The break-glass code for the next time:\n\n    {broken.next_code}\n\n{ENVELOPE}")


def review(door: Door, named: str, login: str, directory: str | None) -> None:
    """Say, with a code, that a use of it has been looked at."""
    from bot.cli_host import at_host
    from bot.door import host_user
    from desk import reviews

    with at_host(door) as host:
        admin, user = host.admin(login, directory), host_user()
        waiting = [use.request_id for use in host.do(reviews.waiting(host.tools))]
        found = [each for each in waiting if each.casefold().startswith(named.strip().casefold())]
        if not waiting:
            raise OperatorError("No reset by break-glass waits for a review, so there was nothing to review.")
        if len(found) != 1 or not named.strip():
            number = "More than one reset" if found and named.strip() else "No reset"
            raise OperatorError(
                f"{number} by break-glass that waits for its review begins with {named!r}, so nothing was reviewed. "
                f"These wait: {', '.join(each[:8] for each in waiting)}."
            )
        host.proved(admin, lambda code: reviews.give(host.tools, found[0], admin.slack, code, host=user))
        click.echo(f"Reviewed {found[0][:8]}; the security channel has been told.")
