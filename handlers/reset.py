"""Asking for a reset: the command, the shortcut on a message, the button in Home, and the form that they open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from desk import change, fill, find, look, submit, vouch
from handlers import payloads, typeahead
from handlers.hook import Hook
from handlers.surface import Audience, Room, Surface
from resets import targets
from resets.facts import AskReset, AskWho
from resets.reasons import Reason, Refused
from views import account, cards, forms

if TYPE_CHECKING:
    from handlers.payloads import Command, Press, ResetSent, Search, Shortcut, WhoSent
    from handlers.replies import Reply
    from resets.actor import SlackPerson

COMMAND = "/reset-password"
SHORTCUT = "reset_person"
HOME_BUTTON = "home_reset"
CHANGE_BUTTON = "approval_change"
TYPEAHEAD = "who_pick"

FIELDS = frozenset({"why", "verified", "ticket", "delivery", "code"})  # the blocks of the form that can show an error


def wants_help(call: Command) -> bool:
    """Say whether a command asks for help."""
    try:
        return isinstance(targets.read(call.text), targets.Help)
    except Refused:
        return False


async def show_help(_: Room, __: Command, reply: Reply) -> None:
    """Say what the command can do."""
    await reply.ack_message(cards.help_blocks())


async def command(room: Room, call: Command, reply: Reply) -> None:
    """Begin with whomever the command names."""
    meant = targets.read(call.text)
    await reply.ack()
    await _begin(room, call.origin.person, reply, meant)


async def shortcut(room: Room, call: Shortcut, reply: Reply) -> None:
    """Begin with the person who wrote the message."""
    await reply.ack()
    await _begin(room, call.origin.person, reply, targets.Mention(call.author) if call.author else targets.Nothing())


async def home_button(room: Room, call: Press, reply: Reply) -> None:
    """Begin with the question for whom."""
    await reply.ack()
    await _begin(room, call.origin.person, reply, targets.Nothing())


async def change_button(room: Room, call: Press, reply: Reply) -> None:
    """Ask anew for what waits for others: the same form, filled in with what was asked; it takes that one's place."""
    await reply.ack()
    form_id, whom = await change.begin(room.tools, call.value, call.origin.person)
    async with room.members.admitted(call.origin.person.user):
        await reply.open(forms.skeleton(form_id))
    await _look_up(room, form_id, call.origin.person, reply, whom)


async def search(room: Room, call: Search, reply: Reply) -> None:
    """Answer the typeahead from the local index."""
    await typeahead.answer(room, call, reply, suggest=look.suggest, options=account.options)


async def who_sent(room: Room, call: WhoSent, reply: Reply) -> None:
    """Go on with the account that was chosen."""
    picked = account.chosen(call.picked)
    if picked is None:
        await reply.ack_error("who", Refused(Reason.MALFORMED_TARGET))
        return
    await reply.ack_view(forms.skeleton(call.form_id))
    async with room.members.admitted(call.origin.person.user):
        pass
    await _look_up(room, call.form_id, call.origin.person, reply, find.Chosen(*picked))


async def reset_sent(room: Room, call: ResetSent, reply: Reply) -> None:
    """Prove and enqueue the reset, in local transactions only: a wrong code can be said only in the ack."""
    try:
        queued = await submit.reset(room.tools, call.form_id, call.origin.person, call.answer)
    except Refused as refused:
        field = _field(refused)
        if field is None:
            raise
        await reply.ack_error(field, refused)
        return
    await reply.ack_view(forms.queued(queued))


def _field(refused: Refused) -> str | None:
    """Return the field at which a refusal is said, or None for one that ends the form. A freeze may end before it does.

    A form that was sent twice is told so at a field: the other answer may show the pickup code, and must stay.
    """
    if refused.reason.value.startswith("code_") or refused.reason in {Reason.FORM_USED, Reason.FROZEN}:
        return "code"
    named = refused.facts.get("field")
    return str(named) if named in FIELDS else None


async def _begin(room: Room, person: SlackPerson, reply: Reply, meant: Any) -> None:
    """Open a modal at once, see who asks, then look up whom they mean."""
    form_id = await look.start(room.tools, person)
    nobody = isinstance(meant, targets.Nothing)
    async with room.members.admitted(person.user):
        await reply.open(forms.who(AskWho(form_id, "", None, ())) if nobody else forms.skeleton(form_id))
    if isinstance(meant, targets.Mention):
        await _look_up(room, form_id, person, reply, find.Mentioned(await room.members.of(meant.user)))
    elif isinstance(meant, targets.Name):
        await _look_up(room, form_id, person, reply, find.Typed(meant.text))


async def _look_up(room: Room, form_id: str, person: SlackPerson, reply: Reply, named: find.Named) -> None:
    """Fill the modal with the one account that was named, with a choice, or with the reason why not."""
    found = await look.named(room.tools, form_id, person, named)
    if isinstance(found, AskWho):
        await reply.show(forms.who(found))
        return
    member = await room.members.behind(found.account)
    manager = await vouch.manager(room.tools, form_id, person, found, member)
    if not isinstance(manager, Refused) and not await room.members.lives(manager.slack.user):
        manager = Refused(Reason.MANAGER_UNABLE, login=found.account.login, user=manager.name)
    asked = await fill.fill(room.tools, form_id, person, found, member, manager)
    await reply.show(forms.reset(asked) if isinstance(asked, AskReset) else forms.excluded(asked))


SURFACES = {
    "help": Surface(Audience.TEAM, Hook.COMMAND, COMMAND, payloads.command, show_help, only=wants_help),
    "reset": Surface(Audience.ROLE, Hook.COMMAND, COMMAND, payloads.command, command),
    "reset_person": Surface(Audience.ROLE, Hook.SHORTCUT, SHORTCUT, payloads.shortcut, shortcut),
    "home_reset": Surface(Audience.ROLE, Hook.ACTION, HOME_BUTTON, payloads.press, home_button),
    CHANGE_BUTTON: Surface(Audience.ROLE, Hook.ACTION, CHANGE_BUTTON, payloads.press, change_button),
    "who_pick": Surface(Audience.ROLE, Hook.OPTIONS, TYPEAHEAD, payloads.search, search),
    "reset_who": Surface(Audience.ROLE, Hook.SUBMISSION, forms.RESET_WHO, payloads.who_sent, who_sent),
    "reset_form": Surface(Audience.ROLE, Hook.SUBMISSION, forms.RESET_FORM, payloads.reset_sent, reset_sent),
}
