"""How a run stands, for a terminal, for a log and for a program: once, or until it ends."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn

from bot.cli_host import idle
from bot.errors import OperatorError
from desk import live
from resets.brief import BRIEF
from resets.request import RequestState
from views import labels, plan
from views.text import many, safe, span, utc
from views.words import sentence

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from bot.cli_host import Host
    from resets.bulk import BulkFacts
    from resets.bulk import Progress as Counts
    from resets.freeze import Freeze

LOOK_EVERY = 0.5  # seconds
WORKER_EVERY = 20  # looks, between two questions whether anybody works
STEPS = 10  # lines of a whole run, where each stands for so much of it
OVER = frozenset({RequestState.DONE, RequestState.CANCELLED})


def over(counts: Counts) -> int:
    """Return of how many people it is known how it went."""
    return counts.done + counts.failed + counts.dropped + counts.cancelled


def not_reset(counts: Counts) -> int:
    """Return how many could not be reset."""
    return counts.failed + counts.dropped


def whole(facts: BulkFacts) -> bool:
    """Say whether a run has ended with everybody reset."""
    return facts.state is RequestState.DONE and facts.progress.done == facts.progress.total


def as_json(facts: BulkFacts) -> dict[str, Any]:
    """Return a run for programs; times are ISO 8601, UTC. Keys are added, never renamed."""
    counts, options = facts.progress, facts.options
    return {
        "id": facts.request_id,
        "state": facts.state.value,
        "frozen": facts.freeze is not None,
        "stopped": facts.stopped.value if facts.stopped else None,
        "requester": {"name": facts.requester_name, "slack_user": facts.requester.user},
        "directories": list(facts.directories),
        "why": options.why.value,
        "ticket": options.ticket,
        "must_change": options.must_change,
        "clear_sessions": options.clear_sessions,
        "unlock": options.unlock,
        "channels": [channel.value for channel in options.channels],
        "people": counts_json(counts),
        "failures": [{"reason": reason.value, "count": count} for reason, count in counts.failures],
        "begins_at": _iso(facts.begins_at),
        "begun_at": _iso(facts.begun_at),
        "ended_at": _iso(facts.ended_at),
        "a_minute": round(facts.rate, 1),
        "seconds_left": facts.left,
        "retryable": facts.retryable,
    }


def counts_json(counts: Counts) -> dict[str, int]:
    """Return the numbers of a run for programs."""
    names = ("total", "waiting", "under_way", "done", "failed", "dropped", "cancelled", "unknown", "told", "collected")
    return {name: getattr(counts, name) for name in names}


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def lines(facts: BulkFacts) -> list[str]:
    """Return a run as lines for people."""
    counts = facts.progress
    given = labels.WHY[facts.options.why].split(" (")[0]
    ticket = f", ticket {safe(facts.options.ticket, 200)}" if facts.options.ticket else ""
    pairs = [
        ("Job", facts.request_id),
        ("State", f"{facts.state.value}: {headline(facts)}"),
        ("Asked by", f"{safe(facts.requester_name)} ({facts.requester.user})"),
        ("Why", f"{given}{ticket}"),
        ("Directories", ", ".join(map(safe, facts.directories)) or "none"),
        ("Each", "; ".join(each(facts))),
        ("Begins", utc(facts.begins_at) if facts.begins_at and facts.begun_at is None else ""),
        ("Begun", utc(facts.begun_at) if facts.begun_at else ""),
        ("Ended", utc(facts.ended_at) if facts.ended_at else ""),
        ("Reset", f"{counts.done:,} of {counts.total:,}"),
        ("Not reset", f"{not_reset(counts):,}" if not_reset(counts) else ""),
        ("Cancelled", f"{counts.cancelled:,}" if counts.cancelled else ""),
        ("Waiting", f"{counts.waiting:,}" if counts.waiting else ""),
        ("Under way", f"{counts.under_way:,}" if counts.under_way else ""),
        ("Told or mailed", f"{counts.told:,}; {counts.collected:,} have seen the password" if counts.done else ""),
    ]
    out = [f"{name:15} {value}" for name, value in pairs if value]
    out += [f"{'':15} {count:,} · {BRIEF[reason]}" for reason, count in counts.failures]
    if counts.unknown:
        out.append(f"{'':15} of {counts.unknown:,} it is not known whether the password was set")
    if facts.freeze is not None:
        out.append(f"{'Frozen':15} {frozen(facts.freeze)}")
    if facts.state is RequestState.PAUSED and facts.stopped:
        out.append(f"{'Paused':15} {sentence(facts.stopped)}")
    return out


def frozen(freeze: Freeze) -> str:
    """Return who has frozen everything, and until when."""
    until = f"it ends by itself {utc(freeze.until)}" if freeze.until else "`rekey resume --as LOGIN` ends it"
    return f"{safe(freeze.name)} has frozen all resets {utc(freeze.at)}; {until}."


def each(facts: BulkFacts) -> list[str]:
    """Return what each person gets, without Slack's signs."""
    return [line.replace("*", "") for line in plan.each(facts.options)]


def headline(facts: BulkFacts) -> str:
    """Return how a run stands in a few words."""
    counts = facts.progress
    said = f"{over(counts):,} of {many(counts.total)} dealt with, {counts.done:,} reset"
    if not_reset(counts):
        said += f", {not_reset(counts):,} not"
    if counts.cancelled:
        said += f", {counts.cancelled:,} cancelled"
    if counts.unknown:
        said += f", {counts.unknown:,} unknown"
    return said


async def look(host: Host, request_id: str) -> BulkFacts:
    """Return how a run stands now.

    Raises:
        OperatorError: it is gone.
    """
    async with host.tools.store.read() as tx:
        found = await live.request_and_run(tx, request_id)
        if found is None:
            raise OperatorError("This job is gone from the store; `rekey jobs list` shows those that are there.")
        return await live.facts(host.tools, tx, *found)


async def _looks(host: Host, request_id: str, *, stay: bool) -> AsyncIterator[BulkFacts]:
    """Give how a run stands, again and again, until it ends; a paused one ends it too, unless one is to `stay`."""
    number, told = 0, False
    while True:
        facts = await look(host, request_id)
        yield facts
        if facts.state in OVER or (facts.state is RequestState.PAUSED and not stay):
            return
        if not told and number % WORKER_EVERY == 0 and _wants_worker(host, facts) and (said := await idle(host.house)):
            click.echo(said, err=True)
            told = True
        number += 1
        await asyncio.sleep(LOOK_EVERY)


def _wants_worker(host: Host, facts: BulkFacts) -> bool:
    due = facts.begins_at is not None and facts.begins_at <= host.tools.clock()
    return facts.state is RequestState.RUNNING or (facts.state is RequestState.HELD and due)


def follow(host: Host, request_id: str, *, as_lines: bool = False, stay: bool = True) -> BulkFacts:
    """Show how a run goes until it ends: a bar on a terminal, one line per event elsewhere, JSON for programs.

    Args:
        host: the open house.
        request_id: whose.
        as_lines: JSON, one object a line.
        stay: a run that is paused may go on, so wait for that.

    Raises:
        OperatorError: somebody pressed Ctrl-C; the run goes on.
    """
    try:
        if sys.stdout.isatty() and not as_lines:
            return host.do(_bar(host, request_id, stay=stay))
        return host.do(_events(host, request_id, as_lines=as_lines, stay=stay))
    except KeyboardInterrupt:
        short = request_id[:8]
        raise OperatorError(
            f"Stopped looking; the job itself goes on. `rekey jobs show {short} --follow` looks again, "
            f"`rekey jobs pause {short} --as LOGIN` or `rekey jobs cancel {short} --as LOGIN` stops it."
        ) from None


async def _bar(host: Host, request_id: str, *, stay: bool) -> BulkFacts:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=Console(highlight=False)) as bar:
        task = bar.add_task("begins", note="", total=None)
        async for facts in _looks(host, request_id, stay=stay):
            counts = facts.progress
            bar.update(
                task,
                description=_state(facts),
                completed=over(counts),
                total=counts.total,
                note=_note(facts),
            )
    return facts


def _state(facts: BulkFacts) -> str:
    if facts.freeze is not None:
        return "frozen"
    return "the first few" if facts.canary else facts.state.value


def _note(facts: BulkFacts) -> str:
    if facts.state is RequestState.HELD and facts.begins_at:
        return f"begins {utc(facts.begins_at)}"
    said = [f"{not_reset(facts.progress):,} not reset"] if not_reset(facts.progress) else []
    said += [f"{facts.rate:,.0f} a minute"] if facts.rate >= 1 and facts.state is RequestState.RUNNING else []
    said += [f"about {span(facts.left)} left"] if facts.left else []
    return ", ".join(said)


async def _events(host: Host, request_id: str, *, as_lines: bool, stay: bool) -> BulkFacts:
    last = None
    async for facts in _looks(host, request_id, stay=stay):
        counts = facts.progress
        tenth = over(counts) * STEPS // max(counts.total, 1)
        now = (facts.state, facts.stopped, facts.freeze, facts.canary, bool(not_reset(counts)), tenth)
        if now == last:
            continue
        last = now
        if as_lines:
            click.echo(json.dumps({"event": "job", **as_json(facts)}))
        else:
            note = f"; {_note(facts)}" if facts.state is RequestState.HELD else ""
            click.echo(f"{host.tools.clock():%H:%M:%S} UTC  {_state(facts)}: {headline(facts)}{note}")
    return facts
