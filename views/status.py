"""The requester's one message about a request: every step with a glyph and words, and a button for what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resets.outcome import Step, StepRecord, StepState
from resets.reasons import Reason
from resets.request import Channel, RequestState, TargetState
from views import approval, blocks, freeze, labels, verification, words
from views.text import escape, quiet, safe, when

if TYPE_CHECKING:
    from resets.facts import StatusFacts

_COUNTED = {Step.SESSIONS, Step.TOKENS}


def status(facts: StatusFacts) -> blocks.Block:
    """Return the message as {text, blocks}."""
    headline = _headline(facts)
    whom = f"{quiet(facts.name)} ({quiet(facts.login)}, {quiet(facts.directory)})"
    steps = _steps(facts)
    body = [
        blocks.header(headline),
        blocks.section(f"Password reset for *{whom}*\n{_asked(facts)}"),
        *([blocks.section(freeze.line(facts.freeze))] if facts.freeze is not None else []),
        *[_step(record, facts) for record in steps],
        *[blocks.section(line) for line in _after(facts, steps)],
        *([approval.own(facts.request_id, alone=True)] if facts.state is RequestState.PROVED else []),
        blocks.context(f"Request {quiet(facts.request_id)}"),
    ]
    return {"text": f"{escape(headline)}: password reset for {whom}", "blocks": body}


def _asked(facts: StatusFacts) -> str:
    parts = [labels.WHY[facts.why].split(" (")[0], f"asked {when(facts.asked_at)}"]
    if facts.ticket:
        parts.insert(1, f"ticket {quiet(facts.ticket, 200)}")
    asked = " · ".join(parts)
    return f"{asked}\n{verification.line(facts.evidence)}" if facts.evidence else asked


def _headline(facts: StatusFacts) -> str:
    if facts.state is RequestState.CANCELLED:
        return "🚫 Cancelled: nothing has changed"
    if facts.state in labels.ASKED_FIRST:
        return labels.ASKED_FIRST[facts.state]
    match facts.target_state:
        case TargetState.FAILED:
            return _failed(facts)
        case TargetState.NEW | TargetState.SEALED if facts.freeze is not None:
            return labels.FROZEN_RESET
        case TargetState.SET if _record(facts, Step.DELIVER).state is StepState.FAILED:
            return "❌ Password set, but the person is not told"
        case TargetState.DELIVERED | TargetState.COLLECTED if _left(facts):
            return "❌ Password set and delivered, but something is left"
        case TargetState.DELIVERED if not _by_dm(facts):
            return "✅ Sent by mail"
        case TargetState.SPOILED if facts.reason is Reason.PICKUP_BURNED:
            return "🛑 Stopped: wrong pickup codes"
        case state:
            return labels.HEADLINE[state]


def _left(facts: StatusFacts) -> bool:
    return any(record.state in {StepState.FAILED, StepState.UNKNOWN} for record in facts.steps)


def _failed(facts: StatusFacts) -> str:
    match _record(facts, Step.SET).state:
        case StepState.DONE:
            return "❌ Not finished: the password is set"
        case StepState.UNKNOWN:
            return "❔ Not finished: it is not known whether the password is set"
        case _:
            return "❌ Not done: the old password still stands"


def _record(facts: StatusFacts, step: Step) -> StepRecord:
    return next((record for record in facts.steps if record.step is step), StepRecord(step, StepState.TODO))


def _steps(facts: StatusFacts) -> list[StepRecord]:
    never = facts.state is RequestState.CANCELLED or facts.state in labels.ASKED_FIRST
    if facts.target_state is TargetState.EXCLUDED or never:
        return []
    return [_record(facts, step) for step in Step]


def _step(record: StepRecord, facts: StatusFacts) -> blocks.Block:
    line = f"{labels.GLYPH[record.state]} *{labels.STEP[record.step]}*: {_said(record, facts)}"
    retry = None
    if record.step in facts.retry:
        text = labels.RETRY[record.step]
        value = f"{facts.target_id}:{record.step.value}"
        retry = blocks.button(text, "retry_step", value, label=f"{text} for {safe(facts.login, 40)}")
    return {**blocks.section(line, retry), "block_id": f"step_{record.step.value}"}


def _said(record: StepRecord, facts: StatusFacts) -> str:
    match record.state:
        case StepState.TODO:
            return "not yet"
        case StepState.UNDER_WAY:
            return "under way"
        case StepState.SKIPPED:
            return "not asked for"
        case StepState.CANNOT:
            return labels.CANNOT[record.step]
        case StepState.DONE if record.step is Step.DELIVER:
            return _sent(facts)
        case StepState.DONE if record.step in _COUNTED and record.count is not None:
            return labels.ended(record.step, record.count)
        case StepState.DONE:
            return labels.DONE[record.step]
        case StepState.FAILED | StepState.UNKNOWN:
            known = "*not done.*" if record.state is StepState.FAILED else "*not known whether it was done.*"
            return f"{known} {_because(record, facts)}".strip()


def _by_dm(facts: StatusFacts) -> bool:
    return Channel.DM in facts.channels and Channel.DM not in facts.unsent


def _sent(facts: StatusFacts) -> str:
    sent = " and ".join(labels.CHANNEL[channel] for channel in facts.channels if channel not in facts.unsent)
    lost = " and ".join(labels.CHANNEL[channel] for channel in facts.channels if channel in facts.unsent)
    return f"sent by {sent}; *not* by {lost}, which was not taken" if lost else f"sent by {sent}"


def _because(record: StepRecord, facts: StatusFacts) -> str:
    if record.reason is None:
        return ""
    told = {"login": facts.login, "directory": facts.directory, **facts.facts}
    return escape(words.sentence(record.reason, told))


def _after(facts: StatusFacts, steps: list[StepRecord]) -> list[str]:
    lines = _approval(facts)
    if facts.reason and all(record.reason is not facts.reason for record in steps):
        told = {"login": facts.login, "directory": facts.directory, **facts.facts}
        lines.append(escape(words.sentence(facts.reason, told)))
    by_dm = _by_dm(facts)
    if facts.target_state is TargetState.DELIVERED and by_dm:
        until = f" It expires {when(facts.expires_at)}." if facts.expires_at else ""
        lines.append(f"⏳ *Shown*: not yet.{until}")
    if facts.target_state is TargetState.COLLECTED:
        at = f" {when(facts.collected_at)}" if facts.collected_at else ""
        lines.append(f"✅ *Shown*: to {quiet(facts.name)}{at}.")
    if facts.target_state is TargetState.EXPIRED:
        lines.append(f"{_replaced(facts)} Start a new reset when the person asks again.")
    if facts.target_state is TargetState.SPOILED:
        lines.append(
            f"{_replaced(facts)} The security channel has been told. Speak with the person before a new reset."
        )
    if facts.signed_in_at:
        lines.append(f"✅ *Signed in*: {when(facts.signed_in_at)}.")
    return lines


def _approval(facts: StatusFacts) -> list[str]:
    """Say whom it waits for, and who has agreed or denied."""
    if facts.awaited is None:
        return []
    waits = [f"⏳ {approval.waits(facts.awaited)}"] if facts.state is RequestState.PROVED else []
    return [*waits, *approval.voices(facts.awaited.voices)]


def _replaced(facts: StatusFacts) -> str:
    """Say what opens the account now that the one-time password is void."""
    match facts.reason:
        case None:
            return "The account gets another random password that nobody knows."
        case Reason.PICKUP_BURNED:
            return "The one-time password was destroyed unseen: the account has a random password that nobody knows."
        case Reason.SUPERSEDED:
            return "The password was left as it is."
        case Reason.PASSWORD_CHANGED:
            return "The password was *not* replaced, and whoever set it can sign in."
        case Reason.ACCOUNT_GONE:
            return "The account was left as it is."
        case _:
            return "It could *not* be replaced by one that nobody knows, and may still open the account."
