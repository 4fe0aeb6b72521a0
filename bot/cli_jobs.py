"""`rekey jobs`: the runs that reset many people, looked at and steered from the host."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from bot.errors import ConfigError, OperatorError
from resets.request import RequestState

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.cli_host import Host
    from bot.door import Door
    from resets.actor import Actor
    from resets.bulk import BulkRow
    from resets.freeze import Freeze
    from store.runs import Run

Result = TypeVar("Result")

HELD_UP = (RequestState.HELD, RequestState.RUNNING)  # by a freeze
SHORT = 8  # characters of an id, where they are enough
SPARED = 50  # logins at most that `cancel` names

_as = click.option("--as", "login", required=True, metavar="LOGIN", help="The enrolled admin in whose name you act.")
_directory = click.option("--directory", metavar="NAME", help="The admin's directory, where the login is in several.")
_json = click.option("--json", "as_json", is_flag=True, help="For programs.")


@click.group()
def group() -> None:
    """Many at once: how the runs stand; pause, resume, cancel, retry."""


@group.command("list")
@click.option("-n", "--lines", default=20, show_default=True, type=click.IntRange(1, 1000), help="So many at most.")
@_json
@click.pass_obj
def listing(door: Door, *, lines: int, as_json: bool) -> None:
    """List the runs, the newest first."""
    from bot.cli_host import at_host

    with at_host(door) as host:
        rows, stands = host.do(_recent(host, lines))
        if as_json:
            held_up = [row.state in HELD_UP and stands is not None for row in rows]
            click.echo(json.dumps([_row_json(row, frozen=it) for row, it in zip(rows, held_up, strict=True)], indent=2))
            return
        if not rows:
            click.echo("No job yet: `rekey reset` and /reset-password bulk begin one.", err=True)
            return
        for line in _table(rows, frozen=stands is not None):
            click.echo(line)
        if stands is not None:
            from bot import cli_watch

            click.echo(cli_watch.frozen(stands))


async def _recent(host: Host, limit: int) -> tuple[tuple[BulkRow, ...], Freeze | None]:
    from store import freezes, tally

    async with host.tools.store.read() as tx:
        return await tally.recent(tx, limit), await freezes.standing(tx)


def _row_json(row: BulkRow, *, frozen: bool) -> dict[str, object]:
    from bot.cli_watch import counts_json

    return {
        "id": row.request_id,
        "state": row.state.value,
        "frozen": frozen,
        "requester": row.requester_name,
        "people": counts_json(row.progress),
        "asked_at": row.asked_at.isoformat(),
    }


def _table(rows: tuple[BulkRow, ...], *, frozen: bool) -> list[str]:
    from bot.cli_watch import not_reset
    from views.text import safe, utc

    wide = _wide([row.request_id for row in rows])
    out = [f"{'ID':{wide}}  {'STATE':9}  {'WHO':20}  {'PEOPLE':>7}  {'DONE':>7}  {'FAILED':>7}  WHEN"]
    for row in rows:
        people, state = row.progress, "frozen" if frozen and row.state in HELD_UP else row.state.value
        out.append(
            f"{row.request_id[:wide]}  {state:9}  {safe(row.requester_name, 20):20}  {people.total:7,}  "
            f"{people.done:7,}  {not_reset(people):7,}  {utc(row.asked_at)}"
        )
    return out


def _wide(ids: list[str]) -> int:
    """Return with how many characters of them ids can be told apart, 8 at least."""
    longest = max(map(len, ids))
    return next((n for n in range(SHORT, longest) if len({i[:n] for i in ids}) == len(ids)), longest)


@group.command("show")
@click.argument("job", metavar="ID")
@click.option("--follow", is_flag=True, help="Go on showing it until it ends: a bar on a terminal, else lines.")
@click.option("--report", metavar="FILE", type=click.Path(dir_okay=False), help="Write everybody and how it went, CSV.")
@_json
@click.pass_obj
def show(door: Door, *, job: str, follow: bool, report: str | None, as_json: bool) -> None:
    """Show one run, named by the beginning of its id."""
    from bot import cli_watch
    from bot.cli_host import at_host

    with at_host(door) as host:
        run = host.run(job)
        facts = host.do(cli_watch.look(host, run.request_id))
        if follow:
            facts = cli_watch.follow(host, run.request_id, as_lines=as_json)
        if report:
            write_report(host, run.request_id, report)
        if as_json and not follow:
            click.echo(json.dumps(cli_watch.as_json(facts), indent=2))
        elif not as_json:
            for line in cli_watch.lines(facts):
                click.echo(line)


def write_report(host: Host, request_id: str, path: str) -> None:
    """Write the CSV report of a run or a preview, readable by its owner alone.

    Raises:
        ConfigError: the file cannot be written.
    """
    from desk import report

    data = host.do(report.as_csv(host.tools, request_id))
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as file:
            file.write(data)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "no such name is possible"
        raise ConfigError(f"--report: {path!r} cannot be written ({why}); name another file.") from error
    click.echo(f"The report is in {Path(path)}.", err=True)


@group.command("pause")
@click.argument("job", metavar="ID")
@_as
@_directory
@click.pass_obj
def pause(door: Door, *, job: str, login: str, directory: str | None) -> None:
    """Stop a run for now; who is being reset at this moment is finished. Needs no code."""
    from bot.cli_host import at_host
    from bot.door import host_user
    from desk import control as deeds

    with at_host(door) as host:
        admin, run = host.admin(login, directory), host.run(job)
        _tried(host, run, lambda: host.do(deeds.pause(host.tools, run.request_id, admin.slack, host=host_user())))
        short = run.request_id[:SHORT]
        click.echo(f"Paused {short}. Nobody else is reset until `rekey jobs resume {short} --as LOGIN`.")


@group.command("cancel")
@click.argument("job", metavar="ID")
@_as
@_directory
@click.pass_obj
def cancel(door: Door, *, job: str, login: str, directory: str | None) -> None:
    """Cancel the rest of a run, and wait until it sets no password any more. Needs no code."""
    from bot.cli_host import at_host
    from bot.door import host_user
    from desk import control as deeds
    from views.text import many, safe

    with at_host(door) as host:
        admin, run = host.admin(login, directory), host.run(job)
        spared = _tried(
            host, run, lambda: host.do(deeds.cancel(host.tools, run.request_id, admin.slack, host=host_user()))
        )
        click.echo(f"Cancelled {run.request_id[:SHORT]}: {many(spared)} keep their old password.")
        unknown = host.do(deeds.settled(host.tools, run.request_id))
        if not unknown:
            click.echo("It sets no password any more.")
            return
        more = " or more" if len(unknown) >= SPARED else ""
        click.echo(
            f"{many(len(unknown))}{more} had been begun, and the directory has not answered yet: of them it is not "
            f"known whether the password was set. `rekey jobs show {run.request_id[:SHORT]}` says later. They are:"
        )
        for login_ in unknown:
            click.echo(f"  {safe(login_)}")


@group.command("resume")
@click.argument("job", metavar="ID")
@_as
@_directory
@click.pass_obj
def resume(door: Door, *, job: str, login: str, directory: str | None) -> None:
    """Let a paused run go on. Only its requester may, with a code."""
    from bot.cli_host import at_host
    from bot.door import host_user
    from desk import control as deeds

    with at_host(door) as host:
        admin, run = host.admin(login, directory), host.run(job)
        _demand(host, run, admin, "paused")
        user = host_user()
        _tried(
            host,
            run,
            lambda: host.proved(
                admin, lambda code: deeds.resume(host.tools, run.request_id, admin.slack, host=user, code=code)
            ),
        )
        click.echo(f"Resumed {run.request_id[:SHORT]}.")
        _say_idle(host)


@group.command("retry")
@click.argument("job", metavar="ID")
@_as
@_directory
@click.pass_obj
def retry(door: Door, *, job: str, login: str, directory: str | None) -> None:
    """Try those who failed once more. Only the requester may, with a code, within a day of the beginning.

    Of a cancelled job those are tried of whom nobody knows whether their password was set, and no others.
    """
    from bot import cli_watch
    from bot.cli_host import at_host
    from bot.door import host_user
    from desk import control as deeds
    from resets.reasons import Reason
    from views.text import many
    from views.words import sentence

    with at_host(door) as host:
        admin, run = host.admin(login, directory), host.run(job)
        _demand(host, run, admin, "done", "cancelled")
        count = host.do(cli_watch.look(host, run.request_id)).retryable
        if not count:
            raise OperatorError("Nobody of this job is left to try again; nothing was changed.")
        user = host_user()
        left = _tried(
            host,
            run,
            lambda: host.proved(
                admin, lambda code: deeds.retry_failed(host.tools, run.request_id, admin.slack, host=user, code=code)
            ),
        )
        click.echo(f"Trying {many(count - left)} of {run.request_id[:SHORT]} once more.")
        if left:
            click.echo(sentence(Reason.WRITTEN_ELSEWHERE, {"people": left}))
        _say_idle(host)


def _demand(host: Host, run: Run, admin: Actor, *states: str) -> None:
    """Refuse, before anybody types a code, what the code could not change.

    Raises:
        OperatorError: the run is in another state, or somebody else's.
        Refused: FROZEN or ACTOR_FROZEN.
    """
    from desk import freeze
    from store import requests
    from views.text import safe

    async def asker() -> Actor | None:
        async with host.tools.store.read() as tx:
            request = await requests.get(tx, run.request_id)
        return request.requester if request else None

    who = host.do(asker())
    if who is not None and who.id != admin.id:
        raise OperatorError(
            f"{safe(who.name)} asked for this job, and only who asked may let it go on; nothing was changed. "
            f"Anybody may stop it: `rekey jobs cancel {run.request_id[:SHORT]} --as LOGIN`."
        )
    if run.state.value not in states:
        raise _elsewhere(run)
    host.do(freeze.demand_free(host.tools, admin.slack))


def _elsewhere(run: Run) -> OperatorError:
    return OperatorError(
        f"The job {run.request_id[:SHORT]} is {run.state.value}, so nothing was changed; "
        f"`rekey jobs show {run.request_id[:SHORT]}` says more."
    )


def _tried(host: Host, run: Run, deed: Callable[[], Result]) -> Result:
    """Do a deed; where the run is past it, say how the run stands."""
    from resets.reasons import Reason, Refused

    try:
        return deed()
    except Refused as refused:
        if refused.reason is not Reason.RUN_OVER:
            raise
        raise _elsewhere(host.run(run.request_id)) from refused


def _say_idle(host: Host) -> None:
    if said := host.idle():
        click.echo(said, err=True)
