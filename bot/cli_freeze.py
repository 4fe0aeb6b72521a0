"""`rekey freeze` and `rekey resume`: stopping everything from the host, with a code, and letting it go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bot.errors import ConfigError
from bot.section import span as read

if TYPE_CHECKING:
    from datetime import timedelta

    from bot.door import Door

_as = click.option("--as", "login", required=True, metavar="LOGIN", help="The enrolled admin who has the code.")
_directory = click.option("--directory", metavar="NAME", help="The admin's directory, where the login is in several.")


@click.command()
@_as
@_directory
@click.option("--why", default="", metavar="TEXT", help="For whoever is held up by it, and for the journal.")
@click.option("--for", "lasting", metavar="SPAN", help="Such as 90m or 2h; else it lasts until `rekey resume`.")
@click.pass_obj
def freeze(door: Door, *, login: str, directory: str | None, why: str, lasting: str | None) -> None:
    """Stop everything at once: nobody's password begins to be set. What was begun is finished."""
    span = None if lasting is None else _span(lasting)
    from bot.cli_host import at_host
    from bot.door import host_user
    from desk import freeze as deeds
    from views.text import utc

    with at_host(door) as host:
        admin, user = host.admin(login, directory), host_user()
        put = host.proved(
            admin, lambda code: deeds.freeze_at_host(host.tools, admin.slack, why, code, host=user, lasting=span)
        )
        until, ends = (f" until {utc(put.until)}", "ends it sooner") if put.until else ("", "ends it")
        click.echo(f"All resets are frozen{until}; `rekey resume --as LOGIN` {ends}.")


@click.command()
@_as
@_directory
@click.pass_obj
def resume(door: Door, *, login: str, directory: str | None) -> None:
    """End a freeze: what waited goes on. Takes the security role and a code."""
    from bot.cli_host import at_host
    from bot.door import host_user
    from desk import freeze as deeds
    from desk import roles

    with at_host(door) as host:
        admin, user = host.admin(login, directory), host_user()
        host.do(deeds.demand_resumable(host.tools, admin.slack))
        host.do(roles.admit(host.tools, admin))
        host.proved(admin, lambda code: deeds.resume_at_host(host.tools, admin.slack, code, host=user))
        click.echo("The freeze is over; what waited goes on.")
        if said := host.idle():
            click.echo(said, err=True)


def _span(text: str) -> timedelta:
    found = read(text)
    if found is None:
        raise ConfigError("--for needs a span such as 90m or 2h: a number and one of s, m, h, d; 365d at most.")
    return found
