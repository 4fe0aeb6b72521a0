"""Looking up whom to reset: exact in the directories, by prefix in the local index, always counted and audited."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from desk.faults import reason as reason_of
from desk.forms import RESET, open_form, opened, role_of
from desk.journal import note
from directory.base import Account, Ambiguous, Capability, Directory, DirectoryError
from resets import delivery, ruling
from resets.audit import Deed
from resets.facts import AccountCard, AskReset, AskWho, Choice, Excluded, Member
from resets.reasons import Reason, Refused
from store import folding, forms, index, lookups

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from desk.tools import Tools
    from resets.actor import Actor, SlackPerson
    from resets.facts import Offer
    from store.base import Tx

MIN_LETTERS = 3
MAX_CHOICES = 20
MAX_QUERY = 64
AN_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Typed:
    """A login or a mail address, as typed."""

    text: str


@dataclass(frozen=True, slots=True)
class Mentioned:
    """A Slack person, as `users.info` tells of them."""

    member: Member


@dataclass(frozen=True, slots=True)
class Chosen:
    """An entry of a list of ours; read again and believed only then."""

    directory: str
    account_id: str


Named = Typed | Mentioned | Chosen


@dataclass(frozen=True, slots=True)
class Found:
    """One account, read a moment ago."""

    directory: str
    account: Account


async def start(tools: Tools, person: SlackPerson) -> str:
    """Open a reset form for a person who holds a role, and return its id. Touches no directory.

    Raises:
        Refused: NO_ROLE.
    """
    async with tools.store.write() as tx:
        actor = await role_of(tx, person)
        return await open_form(tools, tx, RESET, person, actor)


async def named(tools: Tools, form_id: str, person: SlackPerson, named: Named) -> Found | AskWho:
    """Find the one account that was named, or say what to choose from. Counts as one look-up.

    Raises:
        Refused: the form is not good, TOO_MANY_LOOKUPS, or a directory could not be asked.
    """
    typed = named.text if isinstance(named, Typed) else named.member.name if isinstance(named, Mentioned) else ""
    if isinstance(named, Typed) and _letters(typed) < MIN_LETTERS:
        return AskWho(form_id, typed, Reason.TOO_SHORT, ())
    async with tools.store.write() as tx:
        form = await opened(tools, tx, form_id, person)
        await _count(tools, tx, form.actor, typed or "a choice")
    match named:
        case Typed(text):
            found = await _exact(tools, text.strip())
        case Mentioned(member):
            found = await _mentioned(tools, member)
        case Chosen(directory, account_id):
            return await _chosen(tools, directory, account_id)
    if len(found) == 1:
        return found[0]
    if found:
        return AskWho(form_id, typed, Reason.AMBIGUOUS, tuple(_choice(f) for f in found[:MAX_CHOICES]))
    async with tools.store.read() as tx:
        names = tuple(tools.directories)
        fit = await index.search(tx, typed, directories=names, limit=MAX_CHOICES)
        near = fit or await index.near(tx, typed, directories=names, limit=MAX_CHOICES)
    return AskWho(form_id, typed, Reason.AMBIGUOUS if len(fit) > 1 else Reason.NOT_FOUND, near)


async def suggest(tools: Tools, form_id: str, person: SlackPerson, query: str) -> tuple[Choice, ...]:
    """Return at most 20 accounts for a typeahead, from the local index. Typing on is the same look-up.

    Raises:
        Refused: the form is not good, TOO_SHORT (under 3 letters), or TOO_MANY_LOOKUPS (60 an hour).
    """
    query = " ".join(query.split())[:MAX_QUERY].casefold()
    if _letters(query) < MIN_LETTERS:
        raise Refused(Reason.TOO_SHORT)
    async with tools.store.read() as tx:
        form = await opened(tools, tx, form_id, person)
    if not _typed_before(form.form.state, query):
        async with tools.store.write() as tx:
            form = await opened(tools, tx, form_id, person)
            state = form.form.state
            first = state.get("first", "") if _typed_on(state, query) else query
            if first == query:
                await _count(tools, tx, form.actor, query)
            await forms.save(tx, form_id, {**state, "first": first, "query": query})
    async with tools.store.read() as tx:
        return await index.search(tx, query, directories=tuple(tools.directories), limit=MAX_CHOICES)


async def fill(
    tools: Tools, form_id: str, person: SlackPerson, found: Found, member: Member | None
) -> AskReset | Excluded:
    """Judge the account with fresh facts and freeze what the form may offer.

    Args:
        tools: the desk's tools.
        form_id: an open reset form.
        person: who opened it.
        found: what `named` returned.
        member: the Slack person whom the directory names for this account, or None where there is none.

    Raises:
        Refused: the form is not good, ACTOR_DISABLED, UNREACHABLE_PERSON, or a directory could not be asked.
    """
    async with tools.store.read() as tx:
        form = await opened(tools, tx, form_id, person)
        changed = await _address_changed(tools, tx, found)
    directory = tools.directory(found.directory)
    try:
        async with asyncio.TaskGroup() as group:
            own = group.create_task(_own_account(tools, form.actor))
            domains = group.create_task(verified_domains(tools, directory))
            seen = group.create_task(_last_sign_in(directory, found.account))
    except* DirectoryError as errors:
        raise Refused(reason_of(_first(errors)), directory=tools.rules.called(found.directory)) from errors
    if own.result() is None:
        raise Refused(Reason.ACTOR_DISABLED)
    card = _card(tools, found, seen.result())
    verdict = ruling.exclusion(form.actor, found.directory, found.account, domains.result(), tools.rules)
    if verdict is not None:
        reason, facts = verdict
        return Excluded(form_id, card, reason, {**facts, "login": card.login, "directory": card.directory})
    offer = delivery.offer(
        account=found.account,
        directory=found.directory,
        capabilities=directory.capabilities,
        actor=form.actor,
        actor_account=own.result(),
        member=member,
        team=tools.team,
        mail_changed_at=changed,
        now=tools.clock(),
        rules=tools.rules,
    )
    async with tools.store.write() as tx:
        form = await opened(tools, tx, form_id, person)
        await forms.save(tx, form_id, {**form.form.state, "target": _frozen(found, card, offer, member)})
    return AskReset(form_id, card, offer, card.directory)


async def verified_domains(tools: Tools, directory: Directory) -> frozenset[str] | None:
    """Return the mail domains that count as verified: the configured ones, else those that the directory knows."""
    configured = tools.rules.verified_domains.get(directory.name)
    if configured is not None:
        return configured
    if directory.can(Capability.VERIFIED_DOMAINS):
        return await directory.verified_domains()
    return None


async def _own_account(tools: Tools, actor: Actor) -> Account | None:
    """Read the admin's own account; None when it is gone or disabled: then the role is not used."""
    own = (await tools.directory(actor.directory).fetch([actor.account_id])).get(actor.account_id)
    return None if own is None or own.disabled else own


async def _last_sign_in(directory: Directory, account: Account) -> datetime | None:
    if not directory.can(Capability.LAST_SIGN_IN):
        return None
    return await directory.last_sign_in(account)


async def _exact(tools: Tools, text: str) -> list[Found]:
    """Ask every directory for exactly this login or address; what does not answer to it is not believed."""

    async def ask(directory: Directory) -> list[Found] | DirectoryError:
        try:
            account = await directory.find(text)
        except Ambiguous as several:
            return [Found(directory.name, a) for a in several.accounts]
        except DirectoryError as error:
            return error
        if account is None:
            return []
        if text.casefold() not in (account.login.casefold(), (account.mail or "").casefold()):
            return []
        return [Found(directory.name, account)]

    async with asyncio.TaskGroup() as group:
        tasks = {name: group.create_task(ask(d)) for name, d in tools.directories.items()}
    found: list[Found] = []
    for name, task in tasks.items():
        answer = task.result()
        if isinstance(answer, DirectoryError):
            # A name that only one silent directory may know is not "not found"; one that a silent directory may
            # know too is not "the one".
            raise Refused(reason_of(answer), directory=tools.rules.called(name)) from answer
        found += answer
    return found


async def _mentioned(tools: Tools, member: Member) -> list[Found]:
    """Find the account of a Slack person: by the directory's Slack attribute, else by the address that Slack has."""
    async with tools.store.read() as tx:
        choices = await index.by_slack(tx, member.person.user)
    found = [f for c in choices if isinstance(f := await _read(tools, c.directory, c.account_id), Found)]
    found = [f for f in found if f.account.slack_user == member.person.user]
    if found or not member.mail:
        return found
    return await _exact(tools, member.mail)


async def _chosen(tools: Tools, directory: str, account_id: str) -> Found:
    found = await _read(tools, directory, account_id)
    if found is None:
        raise Refused(Reason.ACCOUNT_GONE, directory=tools.rules.called(directory))
    return found


async def _read(tools: Tools, directory: str, account_id: str) -> Found | None:
    try:
        account = (await tools.directory(directory).fetch([account_id])).get(account_id)
    except DirectoryError as error:
        raise Refused(reason_of(error), directory=tools.rules.called(directory)) from error
    return Found(directory, account) if account is not None and account.id == account_id else None


def _letters(query: str) -> int:
    """Return how many letters the index will look for: what cannot be seen, or stands around a word, is none."""
    return sum(map(len, folding.query_words(query)))


def _typed_on(state: Mapping[str, Any], query: str) -> bool:
    """Say whether letters were added to what was typed last: one name, letter by letter.

    Only at its end: "mar" and then "mara", "marb", "marc" would else be one look-up, and the whole directory with it.
    """
    last = str(state.get("query", ""))
    return bool(last) and query.startswith(last)


def _typed_before(state: Mapping[str, Any], query: str) -> bool:
    """Say whether this was on the way to what was typed last: somebody takes letters back."""
    first = str(state.get("first", ""))
    return bool(first) and query.startswith(first) and str(state.get("query", "")).startswith(query)


async def _count(tools: Tools, tx: Tx, actor: Actor, what: str) -> None:
    now = tools.clock()
    if await lookups.count(tx, actor.id, now - AN_HOUR) >= tools.rules.lookups_per_hour:
        raise Refused(Reason.TOO_MANY_LOOKUPS, limit=tools.rules.lookups_per_hour)
    await lookups.add(tx, actor.id, now)
    await note(tools, tx, Deed.LOOKED_UP, by=actor, query=what[:MAX_QUERY])


async def _address_changed(tools: Tools, tx: Tx, found: Found) -> datetime | None:
    """Say when the account's address changed, as far as we saw it; now, if the index knows another one."""
    known = await index.known_mail(tx, found.directory, found.account.id)
    if known is not None and known != found.account.mail:
        return tools.clock()
    return await index.mail_changed_at(tx, found.directory, found.account.id)


def _choice(found: Found) -> Choice:
    a = found.account
    return Choice(found.directory, a.id, a.login, a.name, a.mail, a.department)


def _card(tools: Tools, found: Found, seen: datetime | None) -> AccountCard:
    a = found.account
    return AccountCard(
        directory=tools.rules.called(found.directory),
        account_id=a.id,
        login=a.login,
        name=a.name,
        mail=a.mail,
        department=a.department,
        tier=ruling.tier(a),
        locked=a.locked,
        must_change=a.must_change,
        domain=ruling.domain(a),
        password_changed_at=a.password_changed_at,
        last_sign_in=seen,
    )


def _frozen(found: Found, card: AccountCard, offer: Offer, member: Member | None) -> dict[str, Any]:
    """What the submission will be built from: nothing that Slack sends back is."""
    return {
        "directory": found.directory,
        "account_id": found.account.id,
        "login": found.account.login,
        "name": found.account.name,
        "tier": card.tier.value,
        "slack_user": member.person.user if member and offer.no_dm is None else None,
        "address": found.account.mail,
        "recovery_address": found.account.recovery_mail,
        "channels": [c.value for c in offer.channels],
        "can": {
            "must_change": offer.can_must_change,
            "sessions": offer.can_sessions,
            "tokens": offer.can_tokens,
            "unlock": offer.can_unlock,
        },
        "pickup": offer.pickup,
    }


def _first(errors: BaseExceptionGroup[DirectoryError]) -> DirectoryError:
    leaves: Iterable[BaseException] = errors.exceptions
    for leaf in leaves:
        if isinstance(leaf, DirectoryError):
            return leaf
        if isinstance(leaf, BaseExceptionGroup):
            return _first(leaf)
    raise TypeError("an error group without a directory's error")
