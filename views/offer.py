"""What a reset form offers: the options, the delivery, and in words what is not on offer and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resets.request import Channel
from views import blocks, labels
from views.text import quiet, safe

if TYPE_CHECKING:
    from resets.facts import Offer
    from resets.request import Options


def options(offer: Offer, *, locked: bool, was: Options | None = None) -> list[blocks.Block]:
    """Return the tick boxes for what happens besides the new password, and what this directory cannot do.

    `was`: what a request that is being changed asks for.
    """
    choices, ticked = [], []
    if offer.can_must_change:
        text = "Ask for a new password at the next sign-in"
        choices.append(blocks.option(text, "must_change", "Only the person will know the one that they choose."))
        ticked.append("must_change")
    if offer.can_sessions or offer.can_tokens:
        text = "Clear mobile sessions and API tokens"
        choices.append(blocks.option(text, "clear_sessions", "Always done after a suspected compromise."))
    if offer.can_unlock:
        text = "Unlock the account"
        choices.append(blocks.option(text, "unlock", "It is locked now." if locked else "It is not locked now."))
        ticked += ["unlock"] if locked else []
    said = blocks.context(*_able(offer))
    if not choices:
        return [said]
    if was is not None:
        wanted = {"must_change": was.must_change, "clear_sessions": was.clear_sessions, "unlock": was.unlock}
        ticked = [name for name, ticks in wanted.items() if ticks]
    boxes = blocks.checkboxes("options_tick", choices, ticked)
    return [blocks.question("options", "What else happens", boxes, optional=True), said]


def _able(offer: Offer) -> list[str]:
    lines = [_clearing(offer)]
    if not offer.can_must_change:
        lines.append("This directory *cannot* ask for a new password at the next sign-in: ask the person to change it.")
    if not offer.can_unlock:
        lines.append("This directory *cannot* lift a lock.")
    return lines


def _clearing(offer: Offer) -> str:
    if offer.can_sessions and offer.can_tokens:
        return (
            "Clearing ends every session, on phones too, and revokes API tokens; the person signs in anew everywhere."
        )
    if offer.can_sessions:
        return "Clearing ends every session, on phones too. This directory *cannot* revoke API tokens: they stay valid."
    if offer.can_tokens:
        return "Clearing revokes API tokens. This directory *cannot* end sessions: who is signed in stays signed in."
    return (
        "This directory *cannot* end sessions or revoke API tokens: who is signed in stays signed in, "
        "and API tokens stay valid."
    )


def delivery(offer: Offer, *, was: Options | None = None) -> list[blocks.Block]:
    """Return the tick boxes for how the one-time password reaches the person, and why not else.

    The best is ticked; or, of a request that is being changed, what it asks for and is still on offer.
    """
    still = [channel for channel in offer.channels if was is not None and channel in was.channels]
    choices = [blocks.option(*_channel(channel, offer)) for channel in offer.channels]
    boxes = blocks.checkboxes("delivery_tick", choices, [each.value for each in still or offer.channels[:1]])
    out = [blocks.question("delivery", "How the person gets the one-time password", boxes)]
    small = [f"It expires after {offer.expires_in_hours} hours, and is never shown to you."]
    if Channel.DM in offer.channels and offer.pickup:
        small.append("Next you get a *pickup code*: tell it to the person once you are sure that it is them.")
    if Channel.DM not in offer.channels and offer.no_dm:
        small.append(f"No Slack message: {labels.NOT_BY_DM.get(offer.no_dm, labels.UNSAFE)}.")
    if Channel.MAIL not in offer.channels and offer.no_mail:
        small.append(f"No password by mail: {labels.NOT_BY_MAIL.get(offer.no_mail, labels.UNSAFE)}.")
    return [*out, blocks.context(*small)]


def _channel(channel: Channel, offer: Offer) -> tuple[str, str, str]:
    if channel is Channel.DM:
        code = "It asks for the pickup code." if offer.pickup else ""
        return "Slack message with a button that shows it once", channel.value, code
    if channel is Channel.MAIL:
        return "In a mail to the account's address", channel.value, safe(offer.mail_hint or "", 70, empty="")
    return "In a mail to the recovery address", channel.value, safe(offer.recovery_hint or "", 70, empty="")


def untouched(kept: str) -> blocks.Block:
    """Return what a reset leaves alone."""
    return blocks.context(
        f"Not touched: anything else of this account in {quiet(kept)} (groups, mail, files, a second factor), "
        "accounts in other directories, and everybody else."
    )
