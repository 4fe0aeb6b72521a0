"""How a one-time password may reach its owner, and nobody else."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from directory.base import Capability
from resets.facts import Offer
from resets.reasons import Reason, Refused
from resets.request import Channel, Tier
from resets.ruling import domain_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from collections.abc import Set as AbstractSet

    from directory.base import Account
    from resets.actor import Actor
    from resets.facts import Member
    from resets.rules import Rules


def offer(
    *,
    directory: str,
    account: Account,
    tier: Tier,
    actor: Actor,
    actor_account: Account | None,
    member: Member | None,
    team: str,
    mail_changed_at: datetime | None,
    now: datetime,
    rules: Rules,
    capabilities: AbstractSet[Capability],
    recovery_changed_at: datetime | None = None,
) -> Offer:
    """Say what the reset form may offer for one account.

    Args:
        directory: where the account lives.
        account: read just now.
        tier: as the ruling has it.
        actor: who asks.
        actor_account: the asker's own account; its addresses are never mailed to.
        member: the account's person in Slack; None when Slack knows nobody.
        team: the one team that counts.
        mail_changed_at: when the account's address was last seen to change, aware UTC; None for never.
        now: aware UTC.
        rules: the operator's.
        capabilities: the directory's.
        recovery_changed_at: the same as `mail_changed_at`, for the recovery address.

    Raises:
        Refused: UNREACHABLE_PERSON, when nothing can carry the password; its facts say why not a DM (`no_dm`) and
            why not a mail (`no_mail`).
    """
    why_not = _why_not(
        directory=directory,
        account=account,
        actor=actor,
        actor_account=actor_account,
        member=member,
        team=team,
        mail_changed_at=mail_changed_at,
        recovery_changed_at=recovery_changed_at,
        now=now,
        rules=rules,
    )
    channels = tuple(channel for channel in Channel if why_not[channel] is None)
    if not channels:
        raise _unreachable(account, directory, why_not, rules)
    return Offer(
        channels=channels,
        no_dm=why_not[Channel.DM],
        no_mail=why_not[Channel.MAIL],
        mail_hint=shorten(account.mail) if account.mail else None,
        recovery_hint=shorten(account.recovery_mail) if account.recovery_mail else None,
        can_must_change=Capability.MUST_CHANGE in capabilities,
        can_sessions=Capability.REVOKE_SESSIONS in capabilities,
        can_tokens=Capability.REVOKE_TOKENS in capabilities,
        can_unlock=Capability.UNLOCK in capabilities,
        pickup=rules.pickup.get(tier, True),
        expires_in_hours=max(1, rules.expires // timedelta(hours=1)),
    )


def ways(
    wanted: Collection[Channel],
    *,
    directory: str,
    account: Account,
    tier: Tier,
    actor: Actor,
    actor_account: Account | None,
    member: Member | None,
    team: str,
    mail_changed_at: datetime | None,
    now: datetime,
    rules: Rules,
    recovery_changed_at: datetime | None = None,
) -> tuple[Channel, ...]:
    """Say by which of the wanted channels one person of a bulk is reached, the best first; never by none.

    Nobody is told a pickup code in a bulk, so whose message would ask for one is not sent a message.

    Args:
        wanted: for everybody; nothing at all means the recovery address alone.
        directory: see `offer`, as the others.
        account: read just now.
        tier: as the ruling has it.
        actor: who asks.
        actor_account: the asker's own.
        member: the account's person in Slack.
        team: the one that counts.
        mail_changed_at: when the address was last seen to change.
        now: aware UTC.
        rules: the operator's.
        recovery_changed_at: when the recovery address was last seen to change.

    Raises:
        Refused: UNREACHABLE_PERSON, when none of them can carry the password, with the facts that `offer` gives.
    """
    why_not = _why_not(
        directory=directory,
        account=account,
        actor=actor,
        actor_account=actor_account,
        member=member,
        team=team,
        mail_changed_at=mail_changed_at,
        recovery_changed_at=recovery_changed_at,
        now=now,
        rules=rules,
    )
    if rules.bulk_pickup.get(tier, tier is not Tier.STANDARD):
        why_not[Channel.DM] = why_not[Channel.DM] or Reason.CANNOT
    channels = tuple(c for c in Channel if c in (wanted or (Channel.RECOVERY,)) and why_not[c] is None)
    if not channels:
        raise _unreachable(account, directory, why_not, rules, frozenset(wanted))
    return channels


def shorten(address: str) -> str:
    """Return an address so that its owner knows it and nobody else learns it: "b…@example.com"."""
    local, _, host = address.rpartition("@")
    return f"{local[:1] if len(local) > 1 else ''}…@{host}" if local else "…"


def _why_not(
    *,
    directory: str,
    account: Account,
    actor: Actor,
    actor_account: Account | None,
    member: Member | None,
    team: str,
    mail_changed_at: datetime | None,
    recovery_changed_at: datetime | None,
    now: datetime,
    rules: Rules,
) -> dict[Channel, Reason | None]:
    """Say of each channel why it cannot carry the password; None where it can."""
    gated = rules.gates.get(directory, frozenset())
    own = _mailboxes(actor_account) if actor_account else frozenset()

    def no_mail(channel: Channel, address: str | None, changed_at: datetime | None) -> Reason | None:
        if not rules.mail_password or channel in gated:
            return Reason.CANNOT
        return _unmailable(address, own, changed_at, now - rules.fresh_address)

    return {
        Channel.DM: Reason.CANNOT if Channel.DM in gated else _unmessageable(member, actor, team),
        Channel.MAIL: no_mail(Channel.MAIL, account.mail, mail_changed_at),
        Channel.RECOVERY: no_mail(Channel.RECOVERY, account.recovery_mail, recovery_changed_at),
    }


def _unreachable(
    account: Account,
    directory: str,
    why_not: Mapping[Channel, Reason | None],
    rules: Rules,
    wanted: AbstractSet[Channel] = frozenset(Channel),
) -> Refused:
    """Return the refusal, with why neither a message nor a mail will do. Of what nobody wanted, nothing is said."""
    mail = Channel.MAIL if Channel.MAIL in wanted else Channel.RECOVERY
    return Refused(
        Reason.UNREACHABLE_PERSON,
        **({"no_dm": str(why_not[Channel.DM])} if Channel.DM in wanted else {}),
        **({"no_mail": str(why_not[mail])} if wanted != {Channel.DM} else {}),
        login=account.login,
        directory=rules.called(directory),
    )


def _unmessageable(member: Member | None, actor: Actor, team: str) -> Reason | None:
    """Say why a person in Slack is not one to hand a password to; None when they are."""
    if member is None:
        return Reason.NOT_FOUND
    judged = {
        Reason.OTHER_TEAM: member.stranger or member.person.team != team,
        Reason.BOT: member.bot,
        Reason.DEACTIVATED: member.deleted,
        Reason.GUEST: member.guest,
        Reason.SELF: member.person.user == actor.slack.user,
    }
    return next((reason for reason, holds in judged.items() if holds), None)


def _unmailable(
    address: str | None, own: AbstractSet[str], changed_at: datetime | None, fresh_since: datetime
) -> Reason | None:
    """Say why a password is not mailed to an address; None when it may be."""
    if not address:
        return Reason.NOT_FOUND
    if not domain_of(address):
        return Reason.MAIL_REFUSED  # not one plain mailbox
    if _mailbox(address) in own:
        return Reason.SELF
    return Reason.CHANGED_SINCE if changed_at is not None and changed_at > fresh_since else None


def share_mail(one: Account, other: Account) -> bool:
    """Say whether somebody's mail may be read by whoever has another account."""
    return not _mailboxes(one).isdisjoint(_mailboxes(other))


def _mailboxes(account: Account) -> frozenset[str]:
    return frozenset(_mailbox(each) for each in (account.mail, account.recovery_mail) if each)


def _mailbox(address: str) -> str:
    """Return what two spellings of one mailbox share: any case, any +tag."""
    local, _, host = address.strip().casefold().rpartition("@")
    return f"{local.partition('+')[0]}@{host.rstrip('.')}"
