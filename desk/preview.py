"""The dry run of a bulk: everybody who was named is read, judged and frozen, and nothing is changed.

It goes by hundreds, and nothing of it is held but counts; the rows are the plan. A dry run that breaks off leaves a
request without a digest, which nobody can prove.
"""

from __future__ import annotations

from collections.abc import Sequence  # noqa: TC003
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from desk import look, resolve, roles
from desk.draft import MOST, Draft, Reach, take, take_ids, write
from desk.forms import BULK, opened
from desk.journal import announce, note
from desk.submit import MAX_TICKET
from directory.base import Account, Capability
from resets import bulk
from resets.audit import Deed
from resets.bulk import MOST_AHEAD, ExcludedPage, Preview, Wish
from resets.demand import demand
from resets.notice import NoticeKind
from resets.reasons import Reason, Refused
from resets.request import Channel, Options, Plan, RequestState, ResetRequest, Why
from store import bulk as rows
from store import forms, lookups, tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Never

    from desk.tools import Tools
    from resets.actor import SlackPerson
    from store.base import Tx

MOST_SUGGESTED = 200  # of the unfound names: those with a "did you mean"


async def make(tools: Tools, form_id: str, person: SlackPerson, wish: Wish, reach: Reach) -> Preview:
    """Resolve, read and judge everybody whom a wish names, and freeze the plan. Changes nobody's password.

    Args:
        tools: the desk's tools.
        form_id: an open form of `choose.start`.
        person: who opened it.
        wish: what was put together; raw where Slack sent it.
        reach: asked for the Slack people behind accounts, where a message is wanted.

    Raises:
        Refused: the form is not good, NOBODY_CHOSEN, TOO_MANY_ROWS, CHOICE_INVALID, START_INVALID, TOO_MANY_LOOKUPS,
            what `roles.demand` refuses, GROUP_GONE, WHO_UNKNOWN, or a directory could not be asked. Nothing of it
            can be proved.
    """
    draft = await _begin(tools, form_id, person, wish, reach)
    for directory, some in _by_directory(wish.people):
        await _chosen(draft, directory, some)
    for directory, group_id in dict.fromkeys(wish.groups):
        await _group(draft, directory, group_id)
    await _names(draft, wish.names)
    frozen = await rows.freeze(tools.store, draft.request, new_id=tools.new_id)
    return await _settle(draft, form_id, person, frozen)


async def excluded(tools: Tools, form_id: str, person: SlackPerson, reason: Reason, page: int) -> ExcludedPage:
    """Return one page (from 0) of those whom the form's preview leaves out for a reason.

    Raises:
        Refused: the form is not good, or has no preview.
    """
    async with tools.store.read() as tx:
        form = await opened(tools, tx, form_id, person, BULK)
        request_id = form.form.state.get("preview", {}).get("request")
        if request_id is None:
            raise Refused(Reason.FORM_UNKNOWN)
        total, found = await tally.excluded_page(tx, request_id, reason, page)
    return ExcludedPage(form_id, reason, total, max(page, 0), -(-total // bulk.PAGE), found)


# -- the steps -------------------------------------------------------------------------------------------------


async def _begin(tools: Tools, form_id: str, person: SlackPerson, wish: Wish, reach: Reach) -> Draft:
    """Check what can be checked at once, count the look-up, and write the request."""
    if not (wish.people or wish.groups or wish.names):
        raise Refused(Reason.NOBODY_CHOSEN)
    if len(wish.people) + len(wish.names) > MOST:
        raise Refused(Reason.TOO_MANY_ROWS)
    options = _tidied(wish.options)
    now = tools.clock()
    if wish.start is not None and not now <= wish.start <= now + MOST_AHEAD:
        raise Refused(Reason.START_INVALID, field="start")
    async with tools.store.read() as tx:
        actor = (await opened(tools, tx, form_id, person, BULK)).actor
    own = await roles.demand(tools, actor)
    plan = Plan(
        team=tools.team,
        requester_account_id=actor.account_id,
        requester_directory=actor.directory,
        targets=(),
        options=options,
        policy_version=tools.rules.version,
        start=wish.start,
        count=0,
    )
    request = ResetRequest(tools.new_id(), actor, plan, "", RequestState.ASKED, now)
    async with tools.store.write() as tx:
        form = await opened(tools, tx, form_id, person, BULK)
        # An earlier preview of this form is void from here on, whatever becomes of this one.
        await forms.save(tx, form_id, {key: kept for key, kept in form.form.state.items() if key != "preview"})
        await look.count(tools, tx, actor, f"{len(wish.people)} people, {len(wish.groups)} groups, a list")
        await rows.begin(tx, request)
        budget = await look.left(tools, tx, actor)
    return Draft(tools, request, own, wish, reach, budget)


async def _chosen(draft: Draft, directory: str, ids: Sequence[str]) -> None:
    """Take the people of a typeahead."""
    draft.tools.directory(directory)
    for some in _batches(ids):
        await take_ids(draft, directory, some, None)


async def _group(draft: Draft, directory: str, group_id: str) -> None:
    """Take everybody in a group, and in the groups in it."""
    tools, asked = draft.tools, draft.tools.directory(directory)
    if not asked.can(Capability.MEMBERS):
        raise Refused(Reason.CHOICE_INVALID, field="groups")
    with resolve.answering(tools, directory):
        group = await asked.group(group_id)
    if group is None:
        raise Refused(Reason.GROUP_GONE, directory=tools.rules.called(directory))
    members = aiter(asked.members(group_id))
    while True:
        with resolve.answering(tools, directory):
            ids = await anext(members, None)
        if ids is None:
            return
        for some in _batches(ids):
            await take_ids(draft, directory, some, group.name)


async def _names(draft: Draft, names: Sequence[str]) -> None:
    """Take whoever is named in a list; a list of guesses ends here."""
    each = dict.fromkeys(names)
    draft.duplicates += len(names) - len(each)
    left, suggestions = len(each), MOST_SUGGESTED
    for some in _batches(each):
        left -= len(some)
        resolved = await resolve.names(draft.tools, some, suggestions=suggestions)
        suggestions -= len(resolved.unfound)
        by_directory: dict[str, list[tuple[str, Account]]] = {}
        for name, found in resolved.found:
            by_directory.setdefault(found.directory, []).append((name, found.account))
        draft.missed += len(resolved.unfound)
        for directory, accounts in by_directory.items():
            draft.right += await take(draft, directory, accounts)
        await write(draft, (), resolved.unfound)
        if draft.price(left) > draft.budget:
            await _refuse_guesses(draft)


async def _refuse_guesses(draft: Draft) -> Never:
    """Take what is left of the hour's look-ups for a list of guesses, and show nothing of it."""
    tools = draft.tools
    async with tools.store.write() as tx:
        for _ in range(await look.left(tools, tx, draft.actor)):
            await lookups.add(tx, draft.actor.id, tools.clock())
        await note(tools, tx, Deed.LOOKED_UP, by=draft.actor, query="a list of guesses", wrong=draft.missed)
    raise Refused(Reason.TOO_MANY_LOOKUPS, limit=tools.rules.lookups_per_hour)


async def _settle(draft: Draft, form_id: str, person: SlackPerson, frozen: ResetRequest) -> Preview:
    """Keep the frozen plan, tie the form to it, and write down what was looked at: all of it or nothing."""
    tools, price = draft.tools, draft.price()
    async with tools.store.write() as tx:
        form = await opened(tools, tx, form_id, person, BULK)
        affordable = price <= await look.left(tools, tx, draft.actor)
        if affordable:
            for _ in range(price):
                await lookups.add(tx, draft.actor.id, tools.clock())
            if not await rows.settle(tx, frozen):
                raise Refused(Reason.FORM_UNKNOWN)
            kept: dict[str, Any] = {"request": frozen.id, "digest": frozen.digest, "included": frozen.plan.count}
            kept |= {"head": frozen.plan.head(), "tiers": sorted(tier.value for tier in draft.tiers)}
            await forms.save(tx, form_id, {**form.form.state, "preview": kept})
            left_out = await tally.excluded(tx, frozen.id)
            await _noted(draft, tx, frozen, sum(number for _, number in left_out), price)
            await announce(tools, tx, NoticeKind.PREVIEW, request_id=frozen.id)
    if not affordable:
        await _refuse_guesses(draft)
    return _shown(draft, form_id, frozen, left_out)


async def _noted(draft: Draft, tx: Tx, frozen: ResetRequest, left_out: int, price: int) -> None:
    await note(
        draft.tools,
        tx,
        Deed.PREVIEWED,
        by=draft.actor,
        request=frozen,
        included=frozen.plan.count or 0,
        excluded=left_out,
        unknown=draft.missed,
        duplicates=draft.duplicates,
        lookups=1 + price,
        file=draft.wish.file[:MAX_TICKET],
    )


def _shown(draft: Draft, form_id: str, frozen: ResetRequest, left_out: tuple[tuple[Reason, int], ...]) -> Preview:
    tools, options = draft.tools, draft.options
    there = [tools.directory(name) for name in draft.included]

    def lack(*needed: Capability) -> bool:
        return not all(directory.can(capability) for directory in there for capability in needed)

    cannot = (options.must_change and lack(Capability.MUST_CHANGE)) or (options.unlock and lack(Capability.UNLOCK))
    return Preview(
        form_id=form_id,
        request_id=frozen.id,
        included=frozen.plan.count or 0,
        excluded=left_out,
        duplicates=draft.duplicates,
        directories=tuple((tools.rules.called(name), number) for name, number in draft.included.most_common()),
        by_channel=tuple((c, draft.channels[c]) for c in Channel if draft.channels[c]),
        options=options,
        start=frozen.plan.start,
        digest=frozen.digest,
        cannot=(Reason.CANNOT,) if cannot else (),
        file=draft.wish.file,
        no_tokens=options.clear_sessions and lack(Capability.REVOKE_SESSIONS, Capability.REVOKE_TOKENS),
        hold=tools.rules.hold,
        approvals=demand(frozen.plan.count or 0, draft.tiers, tools.rules.quorum).approvals,
    )


def _tidied(options: Options) -> Options:
    """Return the options as the plan has them: without a wanted channel, it is the recovery address alone."""
    ticket = " ".join(options.ticket.split())
    if len(ticket) > MAX_TICKET:
        raise Refused(Reason.CHOICE_INVALID, field="ticket")
    return replace(
        options,
        ticket=ticket,
        clear_sessions=options.clear_sessions or options.why is Why.COMPROMISE,
        channels=tuple(c for c in Channel if c in options.channels) or (Channel.RECOVERY,),
    )


def _by_directory(people: Iterable[tuple[str, str]]) -> Iterable[tuple[str, list[str]]]:
    found: dict[str, list[str]] = {}
    for directory, account_id in people:
        found.setdefault(directory, []).append(account_id)
    return found.items()


def _batches(some: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(some)
    while batch := list(islice(rest, resolve.AT_ONCE)):
        yield batch
