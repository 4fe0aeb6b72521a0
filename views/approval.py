"""A request that others have to agree to: its card, its details, the two questions, and what its requester is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resets.approval import LONGEST_WHY
from resets.brief import BRIEF
from resets.bulk import SHOWN
from resets.reasons import Reason
from resets.request import RequestState
from views import blocks, labels, plan, verification
from views.cards import mention
from views.text import cut, escape, many, quiet, utc, when

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resets.approval import AskDecision, Awaited, CardFacts, Reminder, Voice

APPROVAL_FORM = "approval_form"
DENIAL_FORM = "denial_form"
DIGITS = 8  # of the digest, as people compare it
_NAMED = 5  # people who can decide, by name
_REASONS = 5  # for which people are left out, on the card

Message = dict[str, "str | list[blocks.Block]"]
View = blocks.Block


def card(facts: CardFacts) -> Message:
    """Return the card as {text, blocks}: who asks for what, who can decide, and how it was decided."""
    headline = f"{_state(facts)}: {many(facts.count)}"
    body = [
        blocks.header(headline),
        blocks.section(_asks(facts)),
        blocks.fields(_facts(facts)),
        *_left_out(facts, _REASONS),
        *[blocks.section(line) for line in _said(facts)],
        blocks.context(_who(facts), f"Plan {facts.digest[:DIGITS]} · request {quiet(facts.request_id)}"),
    ]
    if facts.waits:
        body.append(blocks.actions("approval", *_buttons(facts)))
    asked = f"asked by {quiet(facts.requester_name)}, until {utc(facts.need.until)}" if facts.waits else "decided"
    return {"text": f"{escape(headline)}, {asked}", "blocks": body}


def reminder(facts: Reminder) -> Message:
    """Return what stands in the card's thread once half of the time is over; it calls those who can decide."""
    asked, roles = facts.card, " and ".join(f"*{quiet(role)}*" for role in facts.late)
    more = f" From now on {roles} may decide, too." if roles else ""
    text = f"⏳ Half of the time is over: this waits until {when(asked.need.until)}.{more} {_who(asked)}"
    return {
        "text": f"Half of the time is over: it waits until {utc(asked.need.until)}",
        "blocks": [blocks.section(text)],
    }


def shown(facts: CardFacts) -> str:
    """Return the value of a card's buttons: which request, and which plan of it."""
    return f"{facts.request_id}#{facts.digest[:SHOWN]}"


def _buttons(facts: CardFacts) -> list[blocks.Block]:
    value, whom = shown(facts), f"{many(facts.count)}, asked by {facts.requester_name}"
    change = blocks.button("Change", "approval_change", value, label=f"Change the reset of {whom}")
    return [
        blocks.button("Details", "approval_details", value, label=f"Details of the reset of {whom}"),
        blocks.button("Approve", "approval_approve", value, style="primary", label=f"Approve the reset of {whom}"),
        blocks.button("Deny", "approval_deny", value, style="danger", label=f"Deny the reset of {whom}"),
        *([change] if facts.alone else []),
        blocks.button("Withdraw", "approval_withdraw", value, label=f"Withdraw the reset of {whom}"),
    ]


def _state(facts: CardFacts) -> str:
    match facts.state:
        case RequestState.PROVED:
            return "⏳ Approval needed"
        case RequestState.DENIED:
            return "🚫 Denied"
        case RequestState.WITHDRAWN:
            return "✏️ Changed, and asked anew" if facts.replaced_by else "↩️ Withdrawn"
        case RequestState.EXPIRED:
            return "⌛ Not approved in time"
        case _:
            return "✅ Approved"


def _asks(facts: CardFacts) -> str:
    who = f"{mention(facts.requester)} ({quiet(facts.requester_name)})"
    named = facts.people[0] if facts.count == 1 and facts.people else None
    whom = f"*{quiet(named[0])}* ({quiet(named[1])}, {quiet(named[2])})" if named else f"*{many(facts.count)}*"
    known = f"\n{verification.line(facts.options.evidence)}" if facts.options.evidence else ""
    instead = f"\n✏️ It takes the place of request {quiet(facts.replaces)}." if facts.replaces else ""
    return f"{who} asks to reset {whom}\n{plan.why(facts.options)}{known}{instead}"


def _facts(facts: CardFacts) -> list[tuple[str, str]]:
    tiers = "\n".join(many(count, labels.TIER[tier].lower()) for tier, count in facts.tiers)
    pairs = [("Accounts", tiers or "none")]
    pairs.append(("Delivery", ", ".join(labels.CHANNEL[channel] for channel in facts.options.channels)))
    pairs.append(("Begins", when(facts.start) if facts.start else "once approved"))
    pairs.append(("Needs", _needs(facts.need.approvals, facts.need.of_security)))
    if facts.waits:
        pairs.append(("Until", when(facts.need.until)))
    return pairs


def _needs(approvals: int, of_security: int) -> str:
    one = many(approvals, "approval")
    return f"{one}, {of_security} of the security role" if of_security else one


def _left_out(facts: CardFacts, most: int) -> list[blocks.Block]:
    if not facts.excluded:
        return []
    short = {**BRIEF, Reason.SELF: "the requester"}  # who reads this is somebody else
    lines = [f"• {count:,} · {escape(short[reason])}" for reason, count in facts.excluded[:most]]
    more = facts.excluded[most:]
    if more:
        lines.append(f"• {sum(count for _, count in more):,} for {many(len(more), 'other reason')}")
    return blocks.packed(["*Left out, and not touched:*", *lines])


def _said(facts: CardFacts) -> list[str]:
    lines = voices(facts.voices)
    if facts.replaced_by:
        other = f"request {quiet(facts.replaced_by)} has taken its place"
        lines.append(f"✏️ Changed by its requester {when(facts.moved_at)}: {other}. Nobody was reset.")
    elif facts.state is RequestState.WITHDRAWN:
        lines.append(f"↩️ Withdrawn by its requester {when(facts.moved_at)}. Nobody was reset.")
    if facts.state is RequestState.EXPIRED:
        lines.append(f"⌛ Too few have agreed until {when(facts.need.until)}. Nobody was reset.")
    if facts.waits and facts.missing and facts.voices:
        lines.append(f"⏳ {many(facts.missing, 'approval is', 'approvals are')} still missing.")
    return lines


def voices(said: Sequence[Voice]) -> list[str]:
    """Return who has spoken, when, and of a no why, in mrkdwn."""
    return [
        f"✅ *{quiet(one.name)}* approved {when(one.at)}."
        if one.yes
        else f"🚫 *{quiet(one.name)}* denied {when(one.at)}: {quiet(one.why, LONGEST_WHY)}"
        for one in said
    ]


def _who(facts: CardFacts) -> str:
    if not facts.waits:
        return f"Asked {when(facts.need.since)}."
    named = ", ".join(mention(one) for one in facts.able[:_NAMED])
    more = f" and {many(len(facts.able) - _NAMED, 'other')}" if len(facts.able) > _NAMED else ""
    return f"Can decide, each with a code of their own: {named or 'nobody at the moment'}{more}."


def details(facts: CardFacts) -> View:
    """Return everything about a request, in a modal that changes nothing."""
    return blocks.modal(labels.DETAILS, _details(facts), close="Close")


def _details(facts: CardFacts) -> list[blocks.Block]:
    lines = "\n".join(f"• {line}" for line in plan.each(facts.options, alone=facts.count == 1))
    named = [f"• {quiet(name)} ({quiet(login)}, {quiet(where, 40)})" for name, login, where in facts.people]
    if facts.count > len(named):
        named.append(f"• and {facts.count - len(named):,} more")
    return [
        blocks.section(_asks(facts)),
        blocks.fields(_facts(facts)),
        blocks.section(f"*{'What happens' if facts.count == 1 else 'Each of them'}:*\n{lines}"),
        *blocks.packed(["*Who:*", *named]),
        *_left_out(facts, len(facts.excluded)),
        *[blocks.section(line) for line in _said(facts)],
        blocks.context(_who(facts), f"Plan {facts.digest[:DIGITS]} · request {quiet(facts.request_id)}"),
    ]


def ask(asked: AskDecision) -> View:
    """Return the details with the question for the approver's own code, which stands for exactly this plan."""
    code = blocks.question(
        "code",
        "Your code",
        blocks.line("code_text", longest=16, placeholder="123 456"),
        hint="The 6 digits that your authenticator app shows for Rekey right now. Each code works once.",
    )
    body = [*_details(asked.card), code]
    return blocks.modal(
        labels.APPROVE, body, callback_id=APPROVAL_FORM, form_id=asked.form_id, submit="Approve", close="Not now"
    )


def deny(asked: AskDecision) -> View:
    """Return the question why not."""
    why = blocks.question(
        "why",
        "Why not?",
        blocks.line("why_text", longest=LONGEST_WHY, placeholder="I rang them, and they did not ask", focus=True),
        hint="The requester and the approvals channel read it. One denial ends the request.",
    )
    body = [blocks.section(_asks(asked.card)), why]
    return blocks.modal(
        labels.DENY, body, callback_id=DENIAL_FORM, form_id=asked.form_id, submit="Deny", close="Go back"
    )


def agreed(missing: int) -> View:
    """Return that somebody's approval was taken."""
    then = (
        f"{many(missing, 'approval is', 'approvals are')} still missing; nothing has changed yet."
        if missing
        else "It is on its way now. The card and the requester's message say so."
    )
    return blocks.modal(labels.APPROVE, [blocks.paragraph(f"✅ You have approved it. {then}")], close="Close")


def denied() -> View:
    """Return that somebody's denial was taken."""
    text = "🚫 You have denied it: nobody is reset. The card and the requester's message say so, with your reason."
    return blocks.modal(labels.DENY, [blocks.paragraph(text)], close="Close")


def changing(request_id: str) -> str:
    """Return what becomes of the request that is being changed."""
    return (
        f"✏️ *You are changing request {quiet(request_id)}.* Once you send this, it takes that one's place: whoever has "
        "agreed to that one has to agree anew. Until then that one waits as it is."
    )


def first(approvals: int) -> str:
    """Return that others have to agree before anything happens."""
    whose = "another admin agrees" if approvals == 1 else f"{approvals} other admins agree"
    return f"⏳ Nothing happens before {whose} in the approvals channel."


def waits(awaited: Awaited) -> str:
    """Return whom a request waits for, as a sentence in mrkdwn."""
    named = ", ".join(quiet(name, 40) for name in awaited.able[:_NAMED])
    more = f" and {many(len(awaited.able) - _NAMED, 'other')}" if len(awaited.able) > _NAMED else ""
    left = _needs(awaited.missing, awaited.of_security)
    return (
        f"It waits for {left} until {when(awaited.until)}. Can decide: {named or 'nobody at the moment'}{more}. "
        "Nothing has changed yet."
    )


def own(request_id: str, *, alone: bool) -> blocks.Block:
    """Return the requester's own buttons; what is asked for many people is withdrawn and asked anew."""
    change = blocks.button("Change", "approval_change", request_id, label="Change this request")
    return blocks.actions(
        f"withdraw_{request_id}"[:255],
        *([change] if alone else []),
        blocks.button("Withdraw", "approval_withdraw", request_id, label="Withdraw this request"),
    )


def home(facts: CardFacts) -> blocks.Block:
    """Return one request that the person can decide about, as a line of Home with a button."""
    asked = cut(f"{_asks(facts)} · until {when(facts.need.until)}", blocks.TEXT)
    label = f"Look at the reset of {many(facts.count)}, asked by {facts.requester_name}"
    look = blocks.button("Approve or deny", "approval_approve", shown(facts), label=label)
    return {**blocks.section(f"⏳ {asked}", look), "block_id": f"approve_{facts.request_id}"[:255]}
