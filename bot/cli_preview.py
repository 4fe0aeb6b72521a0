"""The preview of a bulk on the command line: what would be done, and who is left out and why."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from desk import preview
from resets.brief import BRIEF
from resets.bulk import PAGE
from resets.reasons import Reason
from views import labels, plan
from views.text import exactly, many, safe, utc

if TYPE_CHECKING:
    from bot.cli_host import Host
    from resets.actor import Actor
    from resets.bulk import Preview
    from resets.roster import Roster

NAMED = 5  # rows or columns that a sentence names
DIGITS = 8  # of the digest, as people compare it


def notes(roster: Roster) -> list[str]:
    """Return what was found on the way through a list."""
    out = []
    if roster.column:
        ignored = ", ".join(safe(name, 40) for name in roster.ignored[:NAMED])
        out.append(f"Read the column {safe(roster.column)!r}" + (f", and not: {ignored}." if ignored else "."))
    if roster.flagged:
        out.append("The file is not UTF-8 and was read as Latin-1: check names with accents.")
    if roster.bad:
        rows = ", ".join(map(str, roster.bad_rows[:NAMED]))
        out.append(f"{many(roster.bad, 'row')} could not be read ({rows}{', ...' if roster.bad > NAMED else ''}).")
    if roster.duplicates:
        out.append(f"{many(roster.duplicates, 'name')} stood in the file more than once.")
    return out


def show(host: Host, admin: Actor, seen: Preview, said: list[str], *, as_json: bool, report: str | None) -> None:
    """Print a preview, with what was found in the list that it was made of."""
    pages = [host.do(preview.excluded(host.tools, seen.form_id, admin.slack, reason, 0)) for reason, _ in seen.excluded]
    if as_json:
        left_out = [
            {
                "reason": page.reason.value,
                "count": page.total,
                "first": [{"login": login, "name": name, "facts": facts} for login, name, facts in page.rows],
            }
            for page in pages
        ]
        click.echo(json.dumps({"event": "preview", **_preview_json(seen), "left_out": left_out, "notes": said}))
        return
    for line in [*said, *_counts(seen)]:
        click.echo(line)
    click.echo("\nLeft out, and not touched:" if pages else "\nNobody is left out.")
    for page in pages:
        click.echo(f"  {page.total:,} · {BRIEF[page.reason]}")
        for row in page.rows:
            click.echo(f"      {_row(row[0], row[1], page.reason, row[2])}")
        if page.total > PAGE:
            click.echo(f"      ... and {page.total - PAGE:,} more: see {report or '--report FILE'}")


def _row(login: str, name: str, reason: Reason, facts: dict[str, str | int]) -> str:
    said = []
    if facts.get("near"):
        said.append(f"did you mean {safe(str(facts['near']), 120)}?")
    if facts.get("domain") and reason is Reason.UNVERIFIED_DOMAIN:
        said.append(safe(str(facts["domain"]), 60))
    for way, fact, why in (("Slack", "no_dm", labels.NOT_BY_DM), ("mail", "no_mail", labels.NOT_BY_MAIL)):
        if facts.get(fact):
            said.append(f"{way}: {why.get(Reason(str(facts[fact])), labels.UNSAFE)}")
    called = [f"({safe(name, 60)})"] if name and name != login else []
    return " · ".join([" ".join([safe(login, 60), *called]), *said])


def _preview_json(seen: Preview) -> dict[str, Any]:
    return {
        "id": seen.request_id,
        "people": seen.included,
        "duplicates": seen.duplicates,
        "directories": dict(seen.directories),
        "channels": {channel.value: count for channel, count in seen.by_channel},
        "start": seen.start.isoformat() if seen.start else None,
        "digest": seen.digest,
    }


def _counts(seen: Preview) -> list[str]:
    given = labels.WHY[seen.options.why].split(" (")[0]
    pairs = [
        ("Will be reset", f"{seen.included:,}"),
        ("Left out", f"{sum(count for _, count in seen.excluded):,}"),
        ("Named again", f"{many(seen.duplicates, 'time')}; each person counts once" if seen.duplicates else ""),
        ("Directories", ", ".join(f"{safe(name, 40)}: {count:,}" for name, count in seen.directories)),
        ("Reached by", ", ".join(f"{labels.CHANNEL[channel]}: {count:,}" for channel, count in seen.by_channel)),
        ("Each of them", "; ".join(line.replace("*", "") for line in plan.each(seen.options))),
        ("Why", f"{given}, ticket {safe(seen.options.ticket, 200)}" if seen.options.ticket else given),
        ("Begins", utc(seen.start) if seen.start else f"{exactly(round(seen.hold.total_seconds()))} after the code"),
        ("Plan", seen.digest[:DIGITS]),
    ]
    out = [f"{name:15} {value}" for name, value in pairs if value]
    if seen.cannot:
        out.append("Not every one of these directories can unlock and ask for a new password; where not, that is left.")
    if seen.no_tokens:
        out.append("Not every one of these directories can end sessions and revoke tokens: there they stay valid.")
    return out
