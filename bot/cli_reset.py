"""`rekey reset`: the same engine, rules and journal as in Slack, from a shell on the host."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from bot.errors import ConfigError, OperatorError
from resets.bulk import Wish
from resets.request import Channel, Options, RequestState, Why

if TYPE_CHECKING:
    from bot.cli_host import Host
    from bot.cli_reach import Reach
    from bot.door import Door
    from resets.actor import Actor
    from resets.approval import Awaited
    from resets.bulk import GroupChoice, HeldBulk, Preview
    from resets.roster import Roster

PIECE = 1 << 16  # bytes of a file in one piece
NAMED = 5  # groups that a sentence names
OF_BREAK_GLASS = {"logins", "sealed", "reason"}
WHYS = {why.value.replace("_", "-"): why for why in Why}


@click.command()
@click.argument("logins", nargs=-1, metavar="[LOGIN]...")
@click.option("--csv", "file", type=click.Path(exists=True, dir_okay=False, readable=True), help="A list, 10 MB.")
@click.option(
    "--group", "groups", multiple=True, metavar="NAME", help="Everybody in a group; DIRECTORY/NAME says where."
)
@click.option("--as", "login", metavar="LOGIN", help="The enrolled admin who asks, and has the code.")
@click.option("--directory", metavar="NAME", help="The admin's directory, where the login is in several.")
@click.option("--dry-run", is_flag=True, help="Show who would be reset, and change nothing.")
@click.option("--report", metavar="FILE", type=click.Path(dir_okay=False), help="Write the whole preview as CSV.")
@click.option("--why", type=click.Choice(list(WHYS)), default="forgot", show_default=True)
@click.option("--ticket", default="", help="For the journal.")
@click.option("--must-change/--no-must-change", default=True, show_default=True, help="Ask for a new one at sign-in.")
@click.option("--clear-sessions", is_flag=True, help="End mobile sessions, revoke API tokens.")
@click.option("--unlock", is_flag=True, help="Unlock locked accounts.")
@click.option("--dm/--no-dm", default=True, show_default=True, help="Hand it over in Slack.")
@click.option("--mail", is_flag=True, help="Mail it; with --no-dm and without this, to recovery addresses alone.")
@click.option("--start", metavar="ISO", help="When to begin, with its zone: 2030-01-31T18:00+01:00.")
@click.option("--yes", "number", type=int, metavar="N", help="For scripts: reset, if it is exactly so many people.")
@click.option("--no-wait", is_flag=True, help="End once it is on its way.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for programs.")
@click.option("--break-glass", "sealed", is_flag=True, help="One person, by the sealed code, where no admin is there.")
@click.option("--reason", default="", help="Of --break-glass, for everybody who hears the alarm.")
@click.pass_obj
def command(
    door: Door,
    /,
    *,
    logins: tuple[str, ...],
    file: str | None,
    groups: tuple[str, ...],
    login: str | None,
    directory: str | None,
    dry_run: bool,
    report: str | None,
    number: int | None,
    no_wait: bool,
    as_json: bool,
    sealed: bool,
    reason: str,
    **wanted: Any,
) -> int:
    """Reset the passwords of many, as in Slack: a preview, a code, a minute to think, then one after the other."""
    if sealed:
        from bot import cli_break_glass

        _demand_nothing_else()
        return cli_break_glass.reset(door, logins, reason)
    if reason:
        raise click.UsageError("--reason belongs to --break-glass; otherwise --why and --ticket say what for.")
    if login is None:
        raise click.UsageError("Missing option '--as'.")
    if not (logins or file or groups):
        raise click.UsageError("Nobody is named; give logins or addresses, --csv FILE or --group NAME.")
    if file and report and _same(file, report):
        raise click.UsageError("--report would overwrite the list that --csv reads; name another file.")
    starts = _start(wanted["start"])
    from bot import cli_preview
    from bot.cli_host import at_host
    from bot.cli_reach import Reach
    from desk import freeze

    with at_host(door) as host:
        options = _options(host, wanted)
        admin = host.admin(login, directory)
        if not dry_run:
            host.do(freeze.demand_free(host.tools, admin.slack))
        reach = Reach(host.house)
        try:
            host.do(reach.open())
            host.do(reach.admit(admin))
            seen, notes = _previewed(host, reach, admin, (logins, file, groups), options, starts)
        finally:
            host.do(reach.close())
        if report:
            from bot.cli_jobs import write_report

            write_report(host, seen.request_id, report)
        cli_preview.show(host, admin, seen, notes, as_json=as_json, report=report)
        if dry_run:
            if not as_json:
                click.echo("\nA dry run: nothing has changed, and nothing will.")
            return 0
        return _begin(host, admin, seen, number, no_wait=no_wait, as_json=as_json)


# -- what is wished ----------------------------------------------------------------------------------------------


def _demand_nothing_else() -> None:
    """Refuse whatever somebody has written beside --break-glass, rather than pass over it."""
    context = click.get_current_context()
    written = {name for name in context.params if context.get_parameter_source(name) is ParameterSource.COMMANDLINE}
    if written - OF_BREAK_GLASS:
        raise click.UsageError("--break-glass takes one login and --reason, and nothing else.")


def _same(file: str, report: str) -> bool:
    """Say whether two names are of one file, by whatever link."""
    try:
        return Path(file).samefile(report)
    except OSError:
        return False  # there is no report yet


def _start(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ConfigError("--start needs a time and its zone, such as 2030-01-31T18:00+01:00 or 2030-01-31T17:00Z.")


def _options(host: Host, wanted: dict[str, Any]) -> Options:
    if wanted["mail"] and not host.tools.rules.mail_password:
        raise ConfigError(
            'Passwords are not mailed here; leave --mail out, or set delivery.mail_content = "password" and mail.host.'
        )
    why = WHYS[wanted["why"]]
    ways = [way for way, on in ((Channel.DM, wanted["dm"]), (Channel.MAIL, wanted["mail"])) if on]
    return Options(
        why=why,
        ticket=wanted["ticket"],
        must_change=wanted["must_change"],
        clear_sessions=wanted["clear_sessions"] or why is Why.COMPROMISE,
        unlock=wanted["unlock"],
        channels=tuple(ways) or (Channel.RECOVERY,),
    )


def _roster(path: str) -> Roster:
    """Read a list of people.

    Raises:
        Refused: what RosterReader refuses.
        ConfigError: the file cannot be read.
    """
    from resets.roster import RosterReader

    reader = RosterReader()
    try:
        with Path(path).open("rb") as file:
            while data := file.read(PIECE):
                reader.feed(data)
    except OSError as error:
        raise ConfigError(f"--csv: {path} cannot be read ({error.strerror}).") from error
    return reader.close()


def _previewed(
    host: Host,
    reach: Reach,
    admin: Actor,
    named: tuple[tuple[str, ...], str | None, tuple[str, ...]],
    options: Options,
    starts: datetime | None,
) -> tuple[Preview, list[str]]:
    """Look everybody up and freeze the plan; returns also what is to be said of the file."""
    from bot import cli_preview
    from bot.door import host_user
    from desk import host as deeds
    from desk import preview
    from resets.roster import Listed

    logins, path, groups = named
    roster = _roster(path) if path else None
    listed = [Listed(login, 0) for login in logins] + list(roster.names if roster else ())
    form_id = host.do(deeds.start(host.tools, admin, host_user()))
    chosen = tuple(_group(host, admin, form_id, name) for name in groups)
    if sys.stderr.isatty():
        click.echo("Looking everybody up; nothing is changed by that ...", err=True)
    names = tuple(host.do(reach.names(listed)))
    wish = Wish((), chosen, names, options, starts, Path(path).name if path else "")
    seen = host.do(preview.make(host.tools, form_id, admin.slack, wish, reach.of_many))
    return seen, cli_preview.notes(roster) if roster else []


def _group(host: Host, admin: Actor, form_id: str, named: str) -> tuple[str, str]:
    """Return the one group of this name.

    Raises:
        OperatorError: there is none, or more than one, or a directory did not answer.
    """
    from desk import choose
    from views.text import safe

    directory, _, rest = named.partition("/")
    of_one = bool(rest) and directory in host.tools.directories
    name = rest if of_one else named
    found = host.do(choose.suggest_groups(host.tools, form_id, admin.slack, name))

    def meant(choice: GroupChoice) -> bool:
        same = name == choice.id or name.casefold() in (choice.name.casefold(), choice.path.casefold())
        return same and (not of_one or choice.directory == directory)

    fit = [choice for choice in found.choices if meant(choice)]
    if len(fit) == 1 and (of_one or not found.missing):
        return fit[0].directory, fit[0].id
    if found.missing:
        raise OperatorError(f"{', '.join(found.missing)} did not say which groups it has; try again in a minute.")
    near = fit or found.choices
    these = "; ".join(f"{c.directory}/{safe(c.path or c.name)}" for c in near[:NAMED])
    if fit:
        raise OperatorError(f"More than one group is called {named!r}: {these}. Name one of these.")
    raise OperatorError(f"No group is called {named!r}. {f'There is: {these}.' if these else 'Check the spelling.'}")


# -- what is done -------------------------------------------------------------------------------------------------


def _begin(host: Host, admin: Actor, seen: Preview, number: int | None, *, no_wait: bool, as_json: bool) -> int:
    from bot import cli_watch
    from desk import submit_bulk
    from resets.reasons import Reason
    from views.words import sentence

    if not seen.included:
        raise OperatorError(sentence(Reason.NOBODY_LEFT))
    if said := host.idle():
        click.echo(said, err=True)
    typed = _number(seen, number)
    held = host.proved(admin, lambda code: submit_bulk.begin(host.tools, seen.form_id, admin.slack, code, typed))
    _say_held(host, held, as_json=as_json)
    if no_wait or held.awaited is not None:
        return 0
    if host.idle():
        raise OperatorError(
            f"Nobody works at it, so this does not wait; `rekey jobs show {held.request_id[:8]}` says how it stands."
        )
    facts = cli_watch.follow(host, held.request_id, as_lines=as_json, stay=False)
    if not as_json:
        for line in cli_watch.lines(facts):
            click.echo(line)
    if facts.state is RequestState.PAUSED:
        short = held.request_id[:8]
        raise OperatorError(
            f"It is paused; `rekey jobs resume {short} --as LOGIN` lets it go on, "
            f"`rekey jobs cancel {short} --as LOGIN` ends it."
        )
    return 0 if cli_watch.whole(facts) else 1


def _number(seen: Preview, number: int | None) -> str:
    """Return the number of people as somebody has typed it.

    Raises:
        OperatorError: it is another one, or nobody could be asked.
    """
    if number is not None and number != seen.included:
        raise OperatorError(
            f"--yes {number} is not the number of people in this preview ({seen.included}), so nothing was begun; "
            "look at the preview again."
        )
    if number is not None or not seen.asks_number:
        return str(seen.included)
    if not sys.stdin.isatty():
        raise ConfigError(f"Nobody is here to type the number of people; add --yes {seen.included}.")
    typed: str = click.prompt("How many people will be reset? Type the number", err=True)
    if "".join(typed.split()).replace(",", "") != str(seen.included):
        from resets.reasons import Reason
        from views.words import sentence

        raise OperatorError(sentence(Reason.NUMBER_WRONG))
    return typed


def _say_held(host: Host, held: HeldBulk, *, as_json: bool) -> None:
    short = held.request_id[:8]
    if held.awaited is not None:
        _say_asked(held.request_id, held.included, held.awaited, as_json=as_json)
        return
    if as_json:
        told = {"event": "held", "id": held.request_id, "people": held.included}
        click.echo(json.dumps({**told, "begins_at": held.begins_at.isoformat()}))
        return
    seconds = max(0, round((held.begins_at - host.tools.clock()).total_seconds()))
    when = f"in {seconds} seconds" if seconds <= 60 * 2 else f"at {held.begins_at:%Y-%m-%d %H:%M} UTC"
    click.echo(
        f"Begins {when}, job {short}. To look: `rekey jobs show {short} --follow`; to stop it: "
        f"`rekey jobs cancel {short} --as LOGIN`."
    )


def _say_asked(request_id: str, people: int, awaited: Awaited, *, as_json: bool) -> None:
    """Say whom a bulk waits for: it is begun by their word, whether or not this command still runs."""
    from views.text import safe, utc

    if as_json:
        told = {"event": "asked", "id": request_id, "people": people, "approvals": awaited.approvals}
        click.echo(json.dumps({**told, "until": awaited.until.isoformat()}))
        return
    able = ", ".join(safe(name, 40) for name in awaited.able[:NAMED])
    others = "another admin agrees" if awaited.approvals == 1 else f"{awaited.approvals} other admins agree"
    click.echo(
        f"Asked for approval, job {request_id[:8]}: it begins once {others} in the approvals channel, until "
        f"{utc(awaited.until)}. Can decide: {able}. To look: `rekey jobs show {request_id[:8]}`."
    )
