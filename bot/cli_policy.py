"""`rekey policy`: who may reset whom, for people and for programs."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from resets.brief import BRIEF
from resets.request import Tier
from views.gaps import place
from views.text import safe
from views.words import allowed, sentence

if TYPE_CHECKING:
    from bot.door import Door
    from bot.policy import Answer, Matrix, Policy


@click.group()
def group() -> None:
    """Who may reset whom."""


@group.command("test")
@click.option("--directory", metavar="NAME", help="This one alone; else all that are configured.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@click.pass_obj
def test(door: Door, *, directory: str | None, as_json: bool) -> int:
    """Judge every account by the rules of every role, and look whether each [[expect]] holds. Changes nothing."""
    door.quiet("ERROR")  # what cannot be read is told with its remedy
    settings = door.settings()
    from bot.policy import examine

    found = door.run(examine(settings, directory))
    if as_json:
        click.echo(json.dumps({"ok": found.ok, **_json(found)}, indent=2))
        return 0 if found.ok else 1
    for matrix in found.matrices:
        _show(matrix, found)
    for where, finding in found.astray:
        click.echo(f"In {where}, {safe(finding.detail, 200)}. {finding.remedy}", err=True)
    for answer in found.answers:
        if not answer.holds:
            click.echo(f"Not as expected: {_told(answer)}", err=True)
    held = sum(answer.holds for answer in found.answers)
    if found.answers and held == len(found.answers):
        click.echo(f"As expected, {held} of {held}.")
    return 0 if found.ok else 1


def _show(matrix: Matrix, found: Policy) -> None:
    from rich.console import Console
    from rich.table import Table

    name = found.rules.called(matrix.directory)
    table = Table(title=f"{safe(name)}: {matrix.accounts:,} accounts", title_justify="left")
    table.add_column("tier")
    for role in found.roles:
        table.add_column(role, justify="right")
    for tier in Tier:
        cells = [matrix.cells[role, tier] for role in found.roles]
        table.add_row(tier.value, *(f"{cell.may:,} of {cell.accounts:,}" for cell in cells))
    Console(highlight=False, markup=False, soft_wrap=True).print(table)
    for role in found.roles:
        for line in _about(role, matrix, found):
            click.echo(line)
    click.echo()


def _about(role: str, matrix: Matrix, found: Policy) -> list[str]:
    """Return the rules of a role in a directory, who holds it, and why it may not reset the others."""
    held, given = found.rules.held_in.get(role), found.rules.grants_of(role, matrix.directory)
    by = f"who is in {place(str(held))} of {held.directory}" if held else "whoever is enrolled with it"
    lines = [f"{role}, held by {by}"]
    lines += [f"    {allowed(role, grant, found.rules.called(matrix.directory))}" for grant in given]
    why_not = sum((matrix.cells[role, tier].why_not for tier in Tier), Counter())
    lines += [f"    not: {count:,} · {BRIEF[reason]}" for reason, count in why_not.most_common()]
    return lines


def _told(answer: Answer) -> str:
    """Say what an expectation met with."""
    expect, ruling = answer.expect, answer.ruling
    if ruling is None:
        where = f" in {expect.directory}" if expect.directory else ""
        return f"nobody{where} answers to {safe(expect.account)!r}, of whom {expect.role} was to be judged."
    whom = f"{safe(str(ruling.facts['login']))} ({answer.directory})"
    if ruling.grant is not None:
        why = allowed(expect.role, ruling.grant, str(ruling.facts["directory"]))
        return f"{expect.role} may reset {whom}. {why}"
    assert ruling.reason is not None
    return f"{expect.role} may not reset {whom}. {sentence(ruling.reason, ruling.facts)}"


def _json(found: Policy) -> dict[str, Any]:
    return {
        "directories": [
            {
                "name": matrix.directory,
                "accounts": matrix.accounts,
                "roles": {role: {tier.value: _cell(matrix, role, tier) for tier in Tier} for role in found.roles},
            }
            for matrix in found.matrices
        ],
        "astray": [{"directory": where, "what": f.detail, "remedy": f.remedy} for where, f in found.astray],
        "expected": [
            {
                "role": answer.expect.role,
                "account": answer.expect.account,
                "directory": answer.directory,
                "may": answer.expect.may,
                "holds": answer.holds,
                "reason": answer.ruling.reason if answer.ruling else "not_found",
            }
            for answer in found.answers
        ],
    }


def _cell(matrix: Matrix, role: str, tier: Tier) -> dict[str, Any]:
    cell = matrix.cells[role, tier]
    return {"accounts": cell.accounts, "may": cell.may, "why_not": {r.value: n for r, n in cell.why_not.items()}}
