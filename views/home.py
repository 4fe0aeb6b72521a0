"""App Home: what needs the person, one button, and the last requests. Empty states say how to begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resets.reasons import Reason
from resets.request import RequestState, TargetState
from views import approval, blocks, freeze, labels, live, words
from views.text import escape, many, quiet, when

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from resets.bulk import BulkRow
    from resets.facts import HomeFacts, HomeRow

_OPEN = {TargetState.NEW, TargetState.SEALED, TargetState.STARTED, TargetState.SET, TargetState.DELIVERED}
_WELL = {TargetState.COLLECTED}
_GOES = {RequestState.HELD, RequestState.RUNNING}
RUNS = 5  # that are listed


def view(facts: HomeFacts, now: datetime, bulks: Sequence[BulkRow] = ()) -> blocks.Block:
    """Return the whole Home view of one person, as of `now`; `bulks` are the runs that an admin may see."""
    body = _admin(facts, bulks) if facts.role else _user(facts)
    body.append(blocks.context(f"As of {when(now)}. Open this tab again to bring it up to date."))
    return {"type": "home", "blocks": body}


def _admin(facts: HomeFacts, bulks: Sequence[BulkRow]) -> list[blocks.Block]:
    none = "None yet. Press *Reset one*, or type `/reset-password @person`." if facts.resets else "None."
    return [
        blocks.header("Password resets"),
        *(_beginning(facts) if facts.resets else [_no_beginning(facts)]),
        *([blocks.paragraph(words.sentence(Reason.ACTOR_FROZEN))] if facts.stopped else []),
        *([blocks.paragraph(words.sentence(facts.unheld.reason, facts.unheld.facts))] if facts.unheld else []),
        *freeze.home(facts.freeze),
        blocks.divider(),
        *_runs(bulks, frozen=facts.freeze is not None),
        blocks.header("Needs me"),
        *[approval.home(one) for one in facts.waits],
        *([blocks.section("\n".join(_needs(facts)))] if _needs(facts) or not facts.waits else []),
        blocks.divider(),
        blocks.header("Last requests"),
        *(_rows(facts) or [blocks.section(none)]),
    ]


def _beginning(facts: HomeFacts) -> list[blocks.Block]:
    one = blocks.button("Reset one", "home_reset", style="primary", label="Reset one person's password")
    several = blocks.button("Reset many", "home_bulk", label="Reset many people's passwords")
    where = ", ".join(quiet(name, 40) for name in facts.directories[:10]) or "no directory yet"
    return [
        # A fixed id: the button that a person aims at stays the same while Home is published anew under their hand.
        {
            **blocks.section(f"You reset passwords in: {where}. Your role: {quiet(facts.role or '')}.", one),
            "block_id": "home_reset",
        },
        {
            **blocks.section("Many at once: by name, group, CSV file or list, with a preview first.", several),
            "block_id": "home_bulk",
        },
    ]


def _no_beginning(facts: HomeFacts) -> blocks.Block:
    """Say what somebody is there for whose role resets nobody."""
    asked = "When somebody needs your word, you get a message from this bot, or it stands below under *Needs me*."
    return blocks.section(f"Your role, {quiet(facts.role or '')}, resets nobody. {asked}")


def _runs(bulks: Sequence[BulkRow], *, frozen: bool) -> list[blocks.Block]:
    if not bulks:
        return []
    return [
        blocks.header("Runs"),
        *[block for one in bulks[:RUNS] for block in _run(one, frozen=frozen)],
        blocks.divider(),
    ]


def _run(one: BulkRow, *, frozen: bool) -> list[blocks.Block]:
    """Return a run with its bar. Any admin may stop one, and the message with its buttons is only its requester's."""
    state = labels.FROZEN_RUN if frozen and one.state in _GOES else labels.RUN[one.state]
    said = blocks.section(
        f"*{many(one.progress.total)}* · {state} · asked by {quiet(one.requester_name)} "
        f"{when(one.asked_at)}\n{live.bar(one.progress)}"
    )
    pressed = live.buttons(one.request_id, one.state, one.progress)
    return [said, blocks.actions(f"run_{one.request_id}"[:255], *pressed)] if pressed else [said]


def _needs(facts: HomeFacts) -> list[str]:
    lines = []
    if facts.failed:
        lines.append(
            f"❌ {_many(facts.failed, 'reset')} not finished: the message about it has a button for what is left."
        )
    if facts.unclaimed:
        lines.append(
            f"⏳ {_many(facts.unclaimed, 'one-time password')} not collected yet: "
            "remind the person, and have the pickup code ready."
        )
    return lines or ([] if facts.waits else ["✅ Nothing waits for you."])


def _many(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _user(facts: HomeFacts) -> list[blocks.Block]:
    none = blocks.section(
        "No password of yours was reset lately. When IT resets one, you get a message here with a button that shows "
        "your one-time password once. Cannot sign in somewhere? Ask the IT desk."
    )
    return [
        blocks.header("Your password resets"),
        *(_rows(facts) or [none]),
        blocks.context(
            "IT never asks you for a password. Did not ask for a reset? Press *Not me - stop* on its message."
        ),
    ]


def _rows(facts: HomeFacts) -> list[blocks.Block]:
    return [_row(row) for row in facts.rows[:10]]


def _row(row: HomeRow) -> blocks.Block:
    whom = f"*{quiet(row.name)}* ({quiet(row.login)}, {quiet(row.directory)})"
    why = ""
    if row.reason and row.target_state in {TargetState.EXCLUDED, TargetState.FAILED}:
        why = f"\n{escape(words.sentence(row.reason, {'login': row.login, 'directory': row.directory}))}"
    return blocks.section(f"{whom}\n{_state(row)} · {when(row.asked_at)}{why}")


def _state(row: HomeRow) -> str:
    if row.state is RequestState.CANCELLED or row.state in labels.ASKED_FIRST:
        return labels.RUN[row.state]
    glyph = "⏳" if row.target_state in _OPEN else "✅" if row.target_state in _WELL else "❌"
    return f"{glyph} {labels.STATE[row.target_state]}"
