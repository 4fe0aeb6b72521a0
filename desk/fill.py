"""Filling the form: the account is judged with fresh facts, and what may be asked for is frozen on our side."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from desk import change, roles, standing
from desk.faults import reason as reason_of
from desk.forms import opened
from desk.questions import denied as denied_lately
from directory.base import Account, Capability, Directory, DirectoryError
from resets import delivery, ruling, verification
from resets.demand import demand
from resets.facts import AccountCard, AskReset, Excluded, Member
from resets.reasons import Reason, Refused
from resets.request import Tier
from resets.verification import Needed
from store import forms, index

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from desk.find import Found
    from desk.tools import Tools
    from resets.actor import Actor, SlackPerson
    from resets.facts import Offer
    from resets.ruling import Ruling
    from store.base import Tx
    from store.forms import Form
    from store.index import Addresses

QUIET = frozenset({Reason.NO_MANAGER, Reason.MANAGER_NOT_ENROLLED})


async def fill(
    tools: Tools, form_id: str, person: SlackPerson, found: Found, member: Member | None, manager: Actor | Refused
) -> AskReset | Excluded:
    """Judge the account with fresh facts and freeze what the form may offer.

    Args:
        tools: the desk's tools.
        form_id: an open reset form.
        person: who opened it.
        found: what `named` returned.
        member: the Slack person whom the directory names for this account, or None where there is none.
        manager: who may be asked to vouch, or why nobody, as `vouch.manager` returned it.

    Raises:
        Refused: the form is not good, or is about somebody else already, what `roles.demand` refuses,
            UNREACHABLE_PERSON, or a directory could not be asked.
    """
    async with tools.store.read(short=True) as tx:
        form = await opened(tools, tx, form_id, person)
        changed = await _addresses_changed(tools, tx, found)
    own = await roles.demand(tools, form.actor)
    directory = tools.directory(found.directory)
    try:
        async with asyncio.TaskGroup() as group:
            read = group.create_task(standing.facts(tools.rules, directory, form.actor.role, [found.account.id]))
            seen = group.create_task(_last_sign_in(directory, found.account))
    except* DirectoryError as errors:
        raise Refused(reason_of(_first(errors)), directory=tools.rules.called(found.directory)) from errors
    ruled = ruling.judge(form.actor, found.directory, found.account, read.result(), tools.rules)
    card = _card(tools, found, ruled, form.actor, seen.result())
    if ruled.reason is not None:
        return Excluded(form_id, card, ruled.reason, ruled.facts)
    offer = delivery.offer(
        account=found.account,
        tier=ruled.tier,
        directory=found.directory,
        capabilities=directory.capabilities,
        actor=form.actor,
        actor_account=own,
        member=member,
        team=tools.team,
        mail_changed_at=changed[0],
        recovery_changed_at=changed[1],
        now=tools.clock(),
        rules=tools.rules,
    )
    held = _frozen(found, card, offer, member)
    needed, in_slack = tools.rules.needed_of(card.tier), held["slack_user"] is not None
    boss = manager if not isinstance(manager, Refused) and verification.may_vouch(needed) else None
    hows = verification.offered(needed, card.tier, offer.channels, in_slack=in_slack, manager=boss is not None)
    number = bool(hows) and in_slack and card.tier is Tier.STANDARD
    async with tools.store.write() as tx:
        form = await opened(tools, tx, form_id, person)
        _demand_the_same(form.form, held)
        frozen = {**held, "asks": bool(hows), "number": number, "manager": boss.id if boss else None}
        await forms.save(tx, form_id, {**form.form.state, "target": frozen})
        denied = bool(hows) and await denied_lately(tools, tx, found.directory, card.account_id)
        before = await change.before(tx, form.form)
    asked = demand(1, (card.tier,), tools.rules.quorum)
    name, why = boss.name if boss else "", _nobody(manager, needed)
    return AskReset(form_id, card, offer, card.directory, hows, number, asked.approvals, denied, name, why, before)


def _demand_the_same(form: Form, held: dict[str, Any]) -> None:
    """Refuse to make a form that is about somebody one about somebody else: what was answered in it is about the first.

    Raises:
        Refused: FORM_UNKNOWN.
    """
    first = form.state.get("target") or held
    if (first["directory"], first["account_id"]) != (held["directory"], held["account_id"]):
        raise Refused(Reason.FORM_UNKNOWN)


def _nobody(manager: Actor | Refused, needed: Needed) -> Refused | None:
    """Return why no manager can be asked, where one could speak for the caller, and it is worth a sentence.

    That nobody is named, or that they are not enrolled, is so only if nothing else will do but to see the person.
    """
    if not isinstance(manager, Refused) or not verification.may_vouch(needed):
        return None
    return manager if manager.reason not in QUIET or needed is Needed.MANAGER else None


async def _last_sign_in(directory: Directory, account: Account) -> datetime | None:
    if not directory.can(Capability.LAST_SIGN_IN):
        return None
    return await directory.last_sign_in(account)


async def _addresses_changed(tools: Tools, tx: Tx, found: Found) -> tuple[datetime | None, datetime | None]:
    """Say when the account's two addresses changed, as far as we saw it; now, where the index knows another one."""
    return addresses_changed(tools, await index.addresses(tx, found.directory, found.account.id), found.account)


def addresses_changed(
    tools: Tools, known: Addresses | None, account: Account
) -> tuple[datetime | None, datetime | None]:
    """Say when an account's address and recovery address changed, by what the index knows and what was read now."""
    if known is None:
        return None, None
    mail = known.mail_changed_at if _same(known.mail, account.mail) else tools.clock()
    return mail, known.recovery_changed_at if _same(known.recovery, account.recovery_mail) else tools.clock()


def _same(known: str | None, told: str | None) -> bool:
    return (known or "").casefold() == (told or "").casefold()


def _card(tools: Tools, found: Found, ruled: Ruling, actor: Actor, seen: datetime | None) -> AccountCard:
    a = found.account
    return AccountCard(
        directory=tools.rules.called(found.directory),
        account_id=a.id,
        login=a.login,
        name=a.name,
        mail=a.mail,
        department=a.department,
        tier=ruled.tier,
        locked=a.locked,
        must_change=a.must_change,
        domain=ruling.domain(a),
        password_changed_at=a.password_changed_at,
        last_sign_in=seen,
        allowed=(actor.role, ruled.grant) if ruled.grant else None,
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
        "person": member.person.user if member else found.account.slack_user,  # however they are reached
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
