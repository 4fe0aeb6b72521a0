"""`rekey admin`: who may ask. Enrolment happens at the host, where Slack cannot reach."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, TypeVar

import click
import segno

from bot.cli_break_glass import group as break_glass
from bot.door import host_user
from bot.errors import ConfigError, OperatorError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.cli_host import Host
    from bot.door import Door
    from desk.enrol import Enrolling
    from desk.tools import Tools
    from resets.actor import Actor
    from store.admins import AdminRow

Result = TypeVar("Result")
TRIES = 3
MEMBER = re.compile(r"[UW][A-Z0-9]{1,20}")  # Slack's ids of people


def _in_house(door: Door, deed: Callable[[Tools], Awaitable[Result]]) -> Result:
    """Open the house, do something in it, close it; a refusal becomes its sentence."""
    door.quiet()
    settings = door.settings()
    from bot.assembly import open_house, store_failed
    from resets.reasons import Refused
    from store.base import StoreFailed
    from views.words import sentence

    async def whole() -> Result:
        house = await open_house(settings)
        try:
            return await deed(house.tools)
        except Refused as refused:
            raise OperatorError(sentence(refused.reason, refused.facts)) from refused
        except StoreFailed as error:
            raise store_failed(error) from error
        finally:
            await house.close()

    return door.run(whole())


@click.group()
def group() -> None:
    """Who may ask for resets, and their codes."""


group.add_command(break_glass, "break-glass")


@group.command("enrol")
@click.option(
    "--slack-user", required=True, metavar="U...", help="The person's member ID (Slack: profile, Copy member ID)."
)
@click.option("--directory", required=True, help="The directory of the person's own account.")
@click.option("--account", "login", required=True, metavar="LOGIN", help="The login of that account.")
@click.option("--role", default="helpdesk", show_default=True, help="One of the configured [[roles]].")
@click.pass_obj
def enrol(door: Door, slack_user: str, directory: str, login: str, role: str) -> None:
    """Enrol a person: shows a QR code for their authenticator app, and takes one code as proof."""
    settings = door.settings()
    _known("role", role, [r.name for r in settings.roles])
    _known("directory", directory, [d.name for d in settings.directories])
    if not MEMBER.fullmatch(slack_user):
        raise ConfigError(
            f"{slack_user!r} is no member ID, which is such as U0123ABCD; in Slack: profile, Copy member ID."
        )
    if not settings.slack.team_id:
        raise ConfigError("slack.team_id is missing; enrolments are bound to it.")
    from bot.cli_host import at_host
    from desk import enrol as enrolment

    with at_host(door) as host:
        wanted = {"slack_user": slack_user, "directory": directory, "login": login, "role": role}
        pending = host.do(enrolment.enrol(host.tools, **wanted, randbytes=secrets.token_bytes))
        click.echo("Let the person scan this with their authenticator app, and tell you the code that it shows:\n")
        segno.make(pending.uri.reveal(), error="m").terminal(compact=True)
        click.echo(f"\nWithout a camera, type this key: {pending.seed.reveal()}\n")
        actor = _proved(host, pending)
        click.echo(f"Enrolled {actor.login} ({actor.role}) for {slack_user}. Clear this screen.")


def _known(what: str, named: str, known: list[str]) -> None:
    """Refuse a role or a directory that is not configured.

    Raises:
        ConfigError: with those that are.
    """
    if named not in known:
        raise ConfigError(f"There is no {what} {named!r}; use one of: {', '.join(known) or 'none is configured yet'}.")


def _proved(host: Host, pending: Enrolling) -> Actor:
    """Ask for the proving code, three times at most.

    Raises:
        OperatorError: none came.
        Refused: the last one was wrong, too.
    """
    from desk import enrol as enrolment
    from resets.reasons import Refused
    from views.words import sentence

    for left in range(TRIES - 1, -1, -1):
        try:
            code = click.prompt("The code", hide_input=False)
        except click.Abort:
            raise OperatorError(
                "Stopped, and nobody was enrolled; begin anew, the key above is worth nothing."
            ) from None
        try:
            return host.do(enrolment.confirm(host.tools, pending, code, by=host_user()))
        except Refused as refused:
            if not left:
                raise
            click.echo(sentence(refused.reason, refused.facts), err=True)
    raise AssertionError


@group.command("list")
@click.option("--all", "everyone", is_flag=True, help="The revoked ones too.")
@click.pass_obj
def listing(door: Door, *, everyone: bool) -> None:
    """List who is enrolled."""
    from desk import enrol as enrolment
    from views.text import safe

    rows = _in_house(door, enrolment.listing)
    for row in rows:
        if row.revoked_at and not everyone:
            continue
        state = _state(row)
        who = row.actor
        account = f"{who.directory}/{safe(who.login)}"
        click.echo(f"{who.id}  {state:8}  {who.role:12}  {who.slack.user:12}  {account}  {safe(who.name)}")
    if not rows:
        click.echo("Nobody is enrolled; begin with `rekey admin enrol`.", err=True)


def _state(row: AdminRow) -> str:
    if row.revoked_at:
        return "revoked"
    if row.frozen_at:
        return "frozen"
    return "locked" if row.locked_at else "enrolled"


def _which(rows: object, named: str) -> str:
    """Return the id of the one living enrolment that was named by id, Slack user or login."""
    found = [r.id for r in rows if not r.revoked_at and named in (r.id, r.actor.slack.user, r.actor.login)]  # type: ignore[attr-defined]
    if len(found) != 1:
        many = "More than one enrolment is" if found else "No enrolment is"
        raise OperatorError(f"{many} called {named!r}; `rekey admin list` shows them, take the id in the first column.")
    return str(found[0])


@group.command("revoke")
@click.argument("who")
@click.pass_obj
def revoke(door: Door, who: str) -> None:
    """End an enrolment, named by its id, its Slack user or its login, at once."""
    from desk import enrol as enrolment

    async def deed(tools: Tools) -> None:
        await enrolment.revoke(tools, _which(await enrolment.listing(tools), who), by=host_user())

    _in_house(door, deed)
    click.echo(f"Revoked {who}.")


@group.command("unlock")
@click.argument("who")
@click.pass_obj
def unlock(door: Door, who: str) -> None:
    """Lift the lock after too many wrong codes."""
    from desk import enrol as enrolment

    async def deed(tools: Tools) -> bool:
        return await enrolment.unlock(tools, _which(await enrolment.listing(tools), who), by=host_user())

    click.echo(f"Unlocked {who}." if _in_house(door, deed) else f"{who} was not locked.")


@group.command("unfreeze")
@click.argument("who")
@click.pass_obj
def unfreeze(door: Door, who: str) -> None:
    """Let somebody begin resets again, after a “not me” or several denials. Speak with them first."""
    from desk import enrol as enrolment

    async def deed(tools: Tools) -> bool:
        return await enrolment.unfreeze(tools, _which(await enrolment.listing(tools), who), by=host_user())

    click.echo(f"{who} may begin resets again." if _in_house(door, deed) else f"{who} was not frozen.")
