"""A bulk's one message, kept current from the hold to the end, and the words beside its report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resets.brief import BRIEF
from resets.request import RequestState
from views import approval, blocks, freeze, labels, plan, words
from views.cards import mention
from views.text import escape, many, quiet, span, to_the_second, when

if TYPE_CHECKING:
    from resets.bulk import BulkFacts, Progress

BAR = 20  # characters
_REASONS = 10  # that have a line of their own

Message = dict[str, "str | list[blocks.Block]"]


def live(facts: BulkFacts) -> Message:
    """Return the message as {text, blocks}: its plain text says what the blocks show."""
    headline = _headline(facts)
    over = _over(facts.progress)
    body = [blocks.header(headline), blocks.section(_asked(facts))]
    if facts.state is not RequestState.HELD and facts.state not in labels.ASKED_FIRST:
        body.append(blocks.section(_bar(facts.progress)))
        body.append(blocks.fields(_counts(facts.progress)))
    body += [blocks.section(line) for line in _now(facts)]
    body += _failures(facts.progress)
    if pressed := buttons(facts.request_id, facts.state, facts.progress, facts.retryable):
        body.append(blocks.actions(f"run_{facts.request_id}"[:255], *pressed))
    if facts.state is RequestState.PROVED:
        body.append(approval.own(facts.request_id, alone=False))
    each = "; ".join(plan.each(facts.options))
    body.append(blocks.context(f"Each: {each}.", f"Request {quiet(facts.request_id)}"))
    told = (
        f"{escape(headline)}. {over:,} of {facts.progress.total:,} dealt with. Asked by {quiet(facts.requester_name)}."
    )
    return {"text": told, "blocks": body}


def _over(progress: Progress) -> int:
    return progress.done + progress.failed + progress.dropped + progress.cancelled


def _not_reset(progress: Progress) -> int:
    return progress.failed + progress.dropped


def _headline(facts: BulkFacts) -> str:
    progress = facts.progress
    if facts.freeze is not None:
        return f"❄️ Frozen at {_over(progress):,} of {many(progress.total)}"
    if facts.state in labels.ASKED_FIRST:
        return f"{labels.ASKED_FIRST[facts.state]}: {many(progress.total)}"
    match facts.state:
        case RequestState.HELD | RequestState.ASKED | RequestState.APPROVED:
            return f"⏳ Begins soon: {many(progress.total)}"
        case RequestState.RUNNING if facts.canary:
            return f"▶️ The first few of {many(progress.total)}"
        case RequestState.RUNNING:
            return f"▶️ Resetting {many(progress.total)}"
        case RequestState.PAUSED:
            return f"⏸️ Paused at {_over(progress):,} of {many(progress.total)}"
        case RequestState.CANCELLED:
            return f"🚫 Cancelled: {many(progress.done)} reset, {progress.cancelled:,} left as they were"
        case RequestState.DONE if _not_reset(progress):
            return f"❌ Done: {many(progress.done)} reset, {_not_reset(progress):,} not"
        case RequestState.DONE:
            return f"✅ Done: {many(progress.done)} reset"
    raise AssertionError


def _asked(facts: BulkFacts) -> str:
    who = f"{mention(facts.requester)} ({quiet(facts.requester_name)})"
    return (
        f"*{many(facts.progress.total)}* in {plan.where(facts.directories)}\n{plan.why(facts.options)} · asked by {who}"
    )


def _bar(progress: Progress) -> str:
    """Return the bar with its words: full is reset, shaded is not reset, light is still to come."""
    total = max(progress.total, 1)
    over = _over(progress)
    full = progress.done * BAR // total
    shaded = min(over * BAR // total, BAR) - full
    rest = BAR - full - shaded
    percent = over * 100 // total
    return f"{'█' * full}{'▒' * shaded}{'░' * rest}  {over:,} of {progress.total:,} ({percent} %)"


def _counts(progress: Progress) -> list[tuple[str, str]]:
    pairs = [
        ("✅ Reset", f"{progress.done:,}"),
        ("❌ Not reset" if _not_reset(progress) else "Not reset", f"{_not_reset(progress):,}"),
    ]
    if progress.under_way:
        pairs.append(("▶️ Under way", f"{progress.under_way:,}"))
    if progress.waiting:
        pairs.append(("⏳ Waiting", f"{progress.waiting:,}"))
    if progress.cancelled:
        pairs.append(("🚫 Cancelled", f"{progress.cancelled:,}"))
    if progress.done:
        pairs.append(("📨 Told or mailed", f"{progress.told:,} of {progress.done:,}"))
        pairs.append(("👁 Password shown", f"{progress.collected:,} of {progress.done:,}"))
    return pairs


def _now(facts: BulkFacts) -> list[str]:
    if facts.freeze is not None:
        under_way = " What is under way is finished first." if facts.progress.under_way else ""
        return [f"❄️ {freeze.line(facts.freeze)} This run then goes on by itself.{under_way}"]
    if facts.state in labels.ASKED_FIRST:
        return _approval(facts)
    match facts.state:
        case RequestState.HELD | RequestState.ASKED | RequestState.APPROVED:
            at = f"Begins *{to_the_second(facts.begins_at)}*. " if facts.begins_at else ""
            return [f"{at}Nothing has changed yet, and *Cancel* keeps it so."]
        case RequestState.RUNNING if facts.canary:
            return ["A few people go first. The others follow once these are done well; else the run stops by itself."]
        case RequestState.RUNNING:
            return [_pace(facts)] if _pace(facts) else []
        case RequestState.PAUSED:
            told = (
                words.sentence(facts.stopped) if facts.stopped else "Somebody has pressed Pause. Nobody else is reset."
            )
            under_way = " What is under way is finished first." if facts.progress.under_way else ""
            return [f"⏸️ {escape(told)}{under_way}"]
        case RequestState.CANCELLED:
            return [_ended(facts, "Whoever was reset keeps the new password; nobody else was changed.")]
        case RequestState.DONE:
            return [_ended(facts, "Who was not told yet is told as fast as Slack and the mail server allow.")]
    raise AssertionError


def _approval(facts: BulkFacts) -> list[str]:
    """Say whom it waits for, or who has ended it."""
    awaited = facts.awaited
    if facts.state is RequestState.PROVED:
        return [f"⏳ {approval.waits(awaited)}", *approval.voices(awaited.voices)] if awaited else []
    return [*(approval.voices(awaited.voices) if awaited else []), "Nobody was reset. To ask again, begin anew."]


def _ended(facts: BulkFacts, then: str) -> str:
    progress = facts.progress
    if facts.state is RequestState.DONE and progress.told >= progress.done:
        then = ""
    ended = f"Ended {when(facts.ended_at)}. " if facts.ended_at else ""
    return f"{ended}{then}".strip() or "Ended."


def _pace(facts: BulkFacts) -> str:
    parts = []
    if facts.rate > 0:
        shown = f"{facts.rate:,.0f}" if facts.rate >= 1 else "less than 1"
        parts.append(f"{shown} a minute")
    if facts.left is not None:
        parts.append(f"about {span(facts.left)} left")
    return " · ".join(parts)


def _failures(progress: Progress) -> list[blocks.Block]:
    lines = [f"• {count:,} · {escape(BRIEF[reason])}" for reason, count in progress.failures[:_REASONS]]
    more = progress.failures[_REASONS:]
    if more:
        lines.append(f"• {sum(count for _, count in more):,} for {many(len(more), 'other reason')}: see the report")
    if progress.unknown:
        lines.append(
            f"❔ Of {progress.unknown:,} it is not known whether the password was set: the directory has not answered. "
            "To try again is safe."
        )
    return [blocks.section("*Not reset, and why:*\n" + "\n".join(lines))] if lines else []


def buttons(request_id: str, state: RequestState, progress: Progress, retryable: int = 0) -> list[blocks.Block]:
    """Return the buttons that can act on a run as it stands; `retryable` says how many would be tried again."""
    whom = many(progress.total)
    to_come = progress.waiting > 0
    out = []
    if state is RequestState.RUNNING and to_come:
        out.append(blocks.button("Pause", "bulk_pause", request_id, label=f"Pause the reset of {whom}"))
    if state is RequestState.PAUSED:
        label = f"Resume the reset of {whom}"
        out.append(blocks.button("Resume", "bulk_resume", request_id, style="primary", label=label))
    if state is RequestState.HELD or (state in {RequestState.RUNNING, RequestState.PAUSED} and to_come):
        out.append(_cancel(request_id, progress, held=state is RequestState.HELD))
    if state in {RequestState.DONE, RequestState.CANCELLED} and retryable:
        label = f"Retry the {retryable:,} of {whom} that are not finished"
        out.append(blocks.button("Retry failed only", "bulk_retry", request_id, label=label))
    return out


def _cancel(request_id: str, progress: Progress, *, held: bool) -> blocks.Block:
    text = (
        "Nobody has been reset, and nobody will be. To do it after all, begin anew."
        if held
        else f"{progress.waiting:,} whose turn has not come keep their passwords. What is under way is finished, "
        "and who was reset keeps the new password. This cannot be undone."
    )
    title = "Cancel" if held else "Cancel the rest"
    ask = blocks.confirm(f"{title}?", text, title, "Go back")
    label = f"{title} of the reset of {many(progress.total)}"
    return blocks.button(title, "bulk_cancel", request_id, style="danger", confirm=ask, label=label)


def report_note(facts: BulkFacts) -> str:
    """Return the words beside the report, in mrkdwn: the outcome, and why not."""
    progress = facts.progress
    lines = [
        f"{escape(_headline(facts))}.",
        f"Told or mailed so far: {progress.told:,} of {progress.done:,}. Password shown: {progress.collected:,}.",
    ]
    if facts.stopped is not None:
        lines.insert(1, escape(words.sentence(facts.stopped)))
    lines += [f"• {count:,} not reset: {escape(BRIEF[reason])}" for reason, count in progress.failures[:_REASONS]]
    if progress.unknown:
        lines.append(f"• of {progress.unknown:,} it is not known whether the password was set")
    lines.append("The report names every one of them, and holds no password.")
    return "\n".join(lines)


def bar(progress: Progress) -> str:
    """Return a bar with its words, for a list."""
    return _bar(progress)
