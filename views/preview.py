"""The preview of a bulk: counts first, then who is left out and why, then what happens, and last the code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resets.brief import BRIEF
from resets.bulk import SHOWN
from resets.reasons import Reason
from views import approval, blocks, labels, plan, words
from views.text import cut, escape, exactly, many, quiet, when

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resets.bulk import ExcludedPage, Preview
    from resets.roster import Roster

BULK_PREVIEW_FORM = "bulk_preview"
DIGITS = 8  # of the digest, as people compare it
_REASONS = 40  # that have a line of their own; a modal has 100 blocks
_NAMED = 5  # columns, rows that are named

# Of many, nobody is told a pickup code: whose message would ask for one is not sent a message.
_NOT_BY_DM = {**labels.NOT_BY_DM, Reason.CANNOT: "the rules here allow no message to this account in a run of many"}

View = blocks.Block


def preview(facts: Preview, rosters: Sequence[Roster] = ()) -> View:
    """Return the preview; `rosters` are the lists that were read for it, with what was found on the way."""
    nobody = facts.included == 0
    title = "Nobody will be reset" if nobody else f"{many(facts.included)} will be reset"
    body = [blocks.header(title), blocks.fields(_counts(facts, rosters))]
    body += [blocks.context(line) for line in _lists(facts, rosters)]
    body += _left_out(facts)
    if nobody:
        body.append(blocks.paragraph(words.sentence(Reason.NOBODY_LEFT)))
        return blocks.modal(labels.PREVIEW, body, form_id=facts.form_id, close="Close")
    body += [blocks.divider(), *_happens(facts), *_proof(facts)]
    return blocks.modal(
        labels.PREVIEW,
        body,
        callback_id=BULK_PREVIEW_FORM,
        form_id=f"{facts.form_id}#{facts.digest[:SHOWN]}",  # the code proves this preview, not a later one of the form
        submit="Ask for approval" if facts.approvals else f"Reset {many(facts.included)}",
        close="Cancel",
    )


def _counts(facts: Preview, rosters: Sequence[Roster]) -> list[tuple[str, str]]:
    left_out = sum(count for _, count in facts.excluded)
    pairs = [("Will be reset", f"{facts.included:,}"), ("Left out", f"{left_out:,}")]
    again = facts.duplicates + sum(roster.duplicates for roster in rosters)
    if again:
        pairs.append(("Named again", f"{many(again, 'time')}; each person counts once"))
    shown = [f"{quiet(name, 40)}: {count:,}" for name, count in facts.directories[:_NAMED]]
    if len(facts.directories) > 1:
        pairs.append(("By directory", "\n".join(shown)))
    elif shown:
        pairs.append(("Directory", quiet(facts.directories[0][0], 40)))
    if facts.by_channel:
        told = [f"{labels.CHANNEL[channel]}: {count:,}" for channel, count in facts.by_channel]
        pairs.append(("Reached by", "\n".join(told)))
    return pairs


def _lists(facts: Preview, rosters: Sequence[Roster]) -> list[str]:
    lines = []
    for roster in rosters:
        of = f"*{quiet(facts.file)}*" if roster.column and facts.file else "The list"
        if roster.column:
            lines.append(f"{of}: read the column “{quiet(roster.column)}”{_ignored(roster)}.")
        if roster.flagged:
            lines.append(f"{of} is not UTF-8 and was read as Latin-1: check names with accents.")
        if roster.bad:
            rows = ", ".join(map(str, roster.bad_rows[:_NAMED]))
            more = f" and {roster.bad - _NAMED:,} more" if roster.bad > _NAMED else ""
            lines.append(
                f"{of}: {many(roster.bad, 'row')} could not be read ({rows}{more}), and nobody was taken from it."
            )
    return lines[:10]


def _ignored(roster: Roster) -> str:
    if not roster.ignored:
        return ""
    named = ", ".join(f"“{quiet(name, 40)}”" for name in roster.ignored[:_NAMED])
    return f", and not {named}{' and others' if len(roster.ignored) > _NAMED else ''}"


def _left_out(facts: Preview) -> list[blocks.Block]:
    if not facts.excluded:
        return [blocks.divider(), blocks.section("✅ Nobody is left out.")]
    out = [blocks.divider(), blocks.section("*Left out, and not touched:*")]
    for reason, count in facts.excluded[:_REASONS]:
        show = blocks.button(
            "Show", "bulk_excluded", f"{reason.value}:0", label=f"Show {count:,} left out: {BRIEF[reason]}"
        )
        out.append(blocks.section(f"*{count:,}* · {escape(BRIEF[reason])}", show))
    more = facts.excluded[_REASONS:]
    if more:
        rest = sum(count for _, count in more)
        out.append(blocks.context(f"{rest:,} more for {many(len(more), 'other reason')}: they are in the CSV file."))
    return out


def _happens(facts: Preview) -> list[blocks.Block]:
    lines = "\n".join(f"• {line}" for line in plan.each(facts.options))
    hold = exactly(round(facts.hold.total_seconds()))
    confirmed = "it is approved" if facts.approvals else "you confirm"
    start = f"Begins *{when(facts.start)}*" if facts.start else f"Begins *{hold} after {confirmed}*"
    out = [
        blocks.section(f"*Each of them:*\n{lines}"),
        blocks.section(f"{start}; until then you can cancel, and after that pause or cancel the rest."),
    ]
    if facts.approvals:
        out.append(blocks.section(approval.first(facts.approvals)))
    if facts.cannot:
        out.append(
            blocks.section(
                "⚠️ Not every one of these directories can unlock accounts and ask for a new password at the next "
                "sign-in: where it cannot, that is left undone, and the report names it."
            )
        )
    if facts.no_tokens and facts.options.clear_sessions:
        out.append(
            blocks.section(
                "⚠️ Not every one of these directories can end sessions and revoke API tokens: where it cannot, who is "
                "signed in stays signed in, and tokens stay valid. The report names them."
            )
        )
    out.append(
        blocks.context(
            "*Not touched:* whoever is left out or not named, accounts in other directories, and of each account "
            "everything else (groups, mail, files, a second factor)."
        )
    )
    out.append(blocks.context(f"{plan.why(facts.options)}. The whole list comes to you as a CSV file in a message."))
    return out


def _proof(facts: Preview) -> list[blocks.Block]:
    out = []
    if facts.asks_number:
        out.append(
            blocks.question(
                "number",
                "How many people will be reset?",
                blocks.line("number_text", longest=16, placeholder="the number at the top"),
                hint="Type it, so that nobody resets a crowd by mistake.",
            )
        )
    out.append(
        blocks.question(
            "code",
            "Your code",
            blocks.line("code_text", longest=16, placeholder="123 456"),
            hint="The 6 digits that your authenticator app shows for Rekey right now. It confirms exactly this plan.",
        )
    )
    return [*out, blocks.context(f"Plan {facts.digest[:DIGITS]}")] if facts.digest else out


def excluded(facts: ExcludedPage) -> View:
    """Return one page of those who are left out for one reason, with what would mend it."""
    body = [
        blocks.header(cut(f"{facts.total:,} · {BRIEF[facts.reason]}", blocks.HEADER)),
        blocks.paragraph(words.sentence(facts.reason)),
        blocks.divider(),
        *blocks.packed([_row(facts.reason, *row) for row in facts.rows] or ["Nobody on this page."]),
    ]
    turn = []
    if facts.page > 0:
        turn.append(
            blocks.button("Back", "bulk_page_back", f"{facts.reason.value}:{facts.page - 1}", label="Page before")
        )
    if facts.page + 1 < facts.pages:
        turn.append(
            blocks.button("Next", "bulk_page_next", f"{facts.reason.value}:{facts.page + 1}", label="Next page")
        )
    if turn:
        body += [blocks.context(f"Page {facts.page + 1} of {facts.pages}"), blocks.actions("turn", *turn)]
    return blocks.modal(labels.LEFT_OUT, body, form_id=facts.form_id, close="To the preview")


def _row(reason: Reason, login: str, name: str, facts: dict[str, str | int]) -> str:
    called = f" ({quiet(name, 60)})" if name and name != login else ""
    return f"• *{quiet(login, 60)}*{called}{_detail(reason, facts)}"


def _detail(reason: Reason, facts: dict[str, str | int]) -> str:
    """Return what is told of this one only: what the name may have meant, the domain, by which ways not and why."""
    said = []
    if facts.get("near"):
        said.append(f"did you mean {quiet(str(facts['near']), 120)}?")
    if facts.get("domain") and reason is Reason.UNVERIFIED_DOMAIN:
        said.append(quiet(str(facts["domain"]), 60))
    for way, fact, why in (("Slack", "no_dm", _NOT_BY_DM), ("mail", "no_mail", labels.NOT_BY_MAIL)):
        if facts.get(fact):
            said.append(f"{way}: {escape(why.get(Reason(str(facts[fact])), labels.UNSAFE))}")
    return f" · {' · '.join(said)}" if said else ""


def file_note(facts: Preview) -> str:
    """Return the words beside the file with the whole preview, in mrkdwn."""
    left_out = sum(count for _, count in facts.excluded)
    return (
        f"Preview: {many(facts.included)} will be reset once you confirm it, {many(left_out)} left out. "
        "Nothing has changed. The file names every one of them, and holds no password."
    )
