"""Looking up whom to reset: always counted, always audited, and never more than one's due."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from desk import limits, roles
from desk.find import Chosen, Found, Mentioned, Named, Typed, choice, chosen, exact, mentioned
from desk.forms import RESET, open_form, opened, role_of
from desk.freeze import demand
from desk.journal import note
from resets.audit import Deed
from resets.facts import AskWho, Choice
from resets.reasons import Reason, Refused
from store import folding, forms, index, lookups

if TYPE_CHECKING:
    from collections.abc import Mapping

    from desk.tools import Tools
    from resets.actor import Actor, SlackPerson
    from store.base import Tx

MIN_LETTERS = 3
MAX_CHOICES = 20
MAX_QUERY = 64
AN_HOUR = timedelta(hours=1)
HELD = "held"  # of a form: the role was read, and who opened it holds it


async def start(tools: Tools, person: SlackPerson) -> str:
    """Open a reset form for a person who holds a role, and return its id. Touches no directory.

    Raises:
        Refused: NO_ROLE, FROZEN, ACTOR_FROZEN, RESETS_USED_UP or TOO_MANY_OPEN.
    """
    async with tools.store.write(waited_for=True) as tx:
        actor = await role_of(tx, person)
        await demand(tools, tx, actor)
        await limits.demand(tools, tx, actor, many=False)
        return await open_form(tools, tx, RESET, person, actor)


async def named(tools: Tools, form_id: str, person: SlackPerson, named: Named) -> Found | AskWho:
    """Find the one account that was named, or say what to choose from. Counts as one look-up.

    A login or an address may be as short as it likes; what is nobody's is searched for from 3 letters on.

    Raises:
        Refused: the form is not good, TOO_MANY_LOOKUPS, the role is not held, or a directory could not be asked.
    """
    typed = named.text if isinstance(named, Typed) else named.member.name if isinstance(named, Mentioned) else ""
    letters = _letters(typed) if isinstance(named, Typed) else MIN_LETTERS
    if not letters:
        return AskWho(form_id, typed, Reason.TOO_SHORT, ())
    async with tools.store.write() as tx:
        form = await opened(tools, tx, form_id, person)
        await count(tools, tx, form.actor, typed or "a choice")
    await roles.admit(tools, form.actor)
    match named:
        case Typed(text):
            found = await exact(tools, text.strip())
        case Mentioned(member):
            found = await mentioned(tools, member)
        case Chosen(directory, account_id):
            return await chosen(tools, directory, account_id)
    if len(found) == 1:
        return found[0]
    if found:
        return AskWho(form_id, typed, Reason.AMBIGUOUS, tuple(choice(f) for f in found[:MAX_CHOICES]))
    if letters < MIN_LETTERS:
        return AskWho(form_id, typed, Reason.TOO_SHORT, ())
    async with tools.store.read() as tx:
        names = tuple(tools.directories)
        fit = await index.search(tx, typed, directories=names, limit=MAX_CHOICES)
        near = fit or await index.near(tx, typed, directories=names, limit=MAX_CHOICES)
    return AskWho(form_id, typed, Reason.AMBIGUOUS if len(fit) > 1 else Reason.NOT_FOUND, near)


async def suggest(
    tools: Tools, form_id: str, person: SlackPerson, query: str, *, kind: str = RESET
) -> tuple[Choice, ...]:
    """Return at most 20 accounts for a typeahead, from the local index. Typing on is the same look-up.

    Raises:
        Refused: the form is not good, TOO_SHORT (under 3 letters), or TOO_MANY_LOOKUPS (60 an hour).
    """
    query = await typed(tools, form_id, person, query, kind=kind, least=MIN_LETTERS)
    async with tools.store.read() as tx:
        return await index.search(tx, query, directories=tuple(tools.directories), limit=MAX_CHOICES)


async def typed(
    tools: Tools, form_id: str, person: SlackPerson, query: str, *, kind: str, least: int, field: str = ""
) -> str:
    """Count what is typed into a field of a form as a look-up, unless it is the last one typed on; returns it, tidied.

    Raises:
        Refused: the form is not good, TOO_SHORT, TOO_MANY_LOOKUPS, or the role is not held.
    """
    query = " ".join(query.split())[:MAX_QUERY].casefold()
    if _letters(query) < least:
        raise Refused(Reason.TOO_SHORT)
    keys = (f"{field}first", f"{field}query")
    async with tools.store.read(short=True) as tx:
        form = await opened(tools, tx, form_id, person, kind)
    if not form.form.state.get(HELD):
        await roles.admit(tools, form.actor)
    if not _typed_before(form.form.state, query, keys):
        async with tools.store.write(waited_for=True) as tx:
            form = await opened(tools, tx, form_id, person, kind)
            state = form.form.state
            first = state.get(keys[0], "") if _typed_on(state, query, keys) else query
            if first == query:
                await count(tools, tx, form.actor, query)
            await forms.save(tx, form_id, {**state, keys[0]: first, keys[1]: query, HELD: True})
    return query


def _letters(query: str) -> int:
    """Return how many letters the index will look for: what cannot be seen, or stands around a word, is none."""
    return sum(map(len, folding.query_words(query)))


def _typed_on(state: Mapping[str, Any], query: str, keys: tuple[str, str]) -> bool:
    """Say whether letters were added to what was typed last: one name, letter by letter.

    Only at its end: "mar" and then "mara", "marb", "marc" would else be one look-up, and the whole directory with it.
    """
    last = str(state.get(keys[1], ""))
    return bool(last) and query.startswith(last)


def _typed_before(state: Mapping[str, Any], query: str, keys: tuple[str, str]) -> bool:
    """Say whether this was on the way to what was typed last: somebody takes letters back."""
    first = str(state.get(keys[0], ""))
    return bool(first) and query.startswith(first) and str(state.get(keys[1], "")).startswith(query)


async def count(tools: Tools, tx: Tx, actor: Actor, what: str) -> None:
    """Count a look-up and note it.

    Raises:
        Refused: TOO_MANY_LOOKUPS.
    """
    now = tools.clock()
    if await left(tools, tx, actor) <= 0:
        raise Refused(Reason.TOO_MANY_LOOKUPS, limit=tools.rules.lookups_per_hour)
    await lookups.add(tx, actor.id, now)
    await note(tools, tx, Deed.LOOKED_UP, by=actor, query=what[:MAX_QUERY])


async def left(tools: Tools, tx: Tx, actor: Actor) -> int:
    """Return how many look-ups of this hour an actor has left."""
    return tools.rules.lookups_per_hour - await lookups.count(tx, actor.id, tools.clock() - AN_HOUR)
