"""Putting the house together: the only file that knows every room."""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot.engine import Intake
from bot.errors import ConfigError, OperatorError
from bot.grants import grants, held_in, listed
from bot.settings_limits import limits
from desk.tools import Tools
from directory.misconfigured import Misconfigured
from directory.opening import Opening
from directory.registry import connector
from resets.demand import Quorum
from resets.request import Channel, Tier
from resets.rules import Rules
from resets.verification import Needed
from store import audit
from store.base import Store, StoreFailed, StoreNotReady
from store.keys import KeyFileError, KeyRing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.settings import DirectorySection, Settings
    from directory.base import Directory
    from resets.scope import Grant

log = logging.getLogger(__name__)

LANES = 16  # on PostgreSQL, where several workers may share a bulk: four each
LANES_PACED = 4  # where the pace is the limit: a lane of which nobody takes care keeps its share of it
LANES_HERE = 2  # on SQLite: one chunk is read and judged while the other's passwords are set
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ID_LETTERS, BITS = 26, 5  # 130 bits
GATES = {"mail": Channel.MAIL, "slack": Channel.DM}
NOT_READY = {
    "empty": "The store was never set up; run `rekey db upgrade`.",
    "old": "The store is from an older version; stop the bot, make a backup, and run `rekey db upgrade`.",
    "newer": "The store is from a newer version of Rekey than this one; install that version again.",
}
STORE_FAILED = {
    "full": "The store's disk is full; make room, nothing of what was kept is lost.",
    "locked": "The store is held by another program; end what writes to it, and try again.",
    "lost": "The store cannot be reached or read; check store.url, that its server runs, file rights and disk space.",
    "address": "store.url is no usable address; see rekey.example.toml.",
}


def clock() -> datetime:
    """Return the time, aware, UTC: the one clock that everything is handed."""
    return datetime.now(UTC)  # noqa: TID251 - this is the clock that is handed in


def new_id() -> str:
    """Return an opaque id of 130 random bits."""
    drawn = secrets.randbits(BITS * ID_LETTERS)
    return "".join(CROCKFORD[drawn >> at & 31] for at in range(0, BITS * ID_LETTERS, BITS))


@dataclass(frozen=True, slots=True)
class House:
    """Everything that stands once it is open; `close` it on the same loop."""

    settings: Settings
    tools: Tools
    intake: Intake

    async def close(self) -> None:
        """Close the directories, then the store."""
        for directory in self.tools.directories.values():
            await directory.close()
        self.intake.close()
        await self.tools.store.close()


def ring(settings: Settings) -> KeyRing:
    """Read the master keys.

    Raises:
        ConfigError: the file is missing, readable by others, or no key ring.
    """
    try:
        return KeyRing.load(settings.keys.file)
    except KeyFileError as error:
        words = error.reason.replace("_", " ")
        raise ConfigError(f"keys.file: the key file cannot be used ({words}); {error.remedy}.") from error


async def open_store(settings: Settings, keys: KeyRing, *, now: Callable[[], datetime] = clock) -> Store:
    """Open the store.

    Raises:
        OperatorError: it is not set up, old, newer, or cannot be reached.
        ConfigError: it was written with another key ring.
    """
    try:
        store = await Store.open(settings.store.full_url, keys, clock=now)
        await _demand_its_keys(store, settings)
    except StoreNotReady as error:
        raise OperatorError(NOT_READY[error.state.value]) from error
    except StoreFailed as error:
        raise store_failed(error) from error
    return store


async def _demand_its_keys(store: Store, settings: Settings) -> None:
    """Refuse a key ring that is not the store's: nothing would open, and the journal would go on in another hand."""
    try:
        async with store.read() as tx:
            signers = await audit.signers(tx)
    except BaseException:
        await store.close()
        raise
    if signers and signers.isdisjoint(store.ring.ids):
        await store.close()
        raise ConfigError(
            f"keys.file: {settings.keys.file} is not the key ring that this store was written with (key "
            f"{', '.join(sorted(signers))} is missing); put that one back from your backup. Nothing was changed."
        )


def store_failed(error: StoreFailed) -> OperatorError:
    """Return a sentence for a store that did not do what it was asked to."""
    return OperatorError(STORE_FAILED.get(error.what, "The store failed; see the log, run with --debug for more."))


def open_directory(
    section: DirectorySection, now: Callable[[], datetime], *, opening: Opening = Opening.USE
) -> Directory:
    """Open one configured directory; touches no network. Where it is a file, `opening` says what may be written.

    Raises:
        ConfigError: its options can never work, or there is no such file and none is to be made.
    """
    try:
        return connector(section.kind).open(section.name, section.options, clock=now, opening=opening)
    except Misconfigured as error:
        raise ConfigError(f"directories.{section.name}.{error.key}: {error.what} {error.remedy}") from error


async def open_house(
    settings: Settings, *, now: Callable[[], datetime] = clock, opening: Opening = Opening.USE
) -> House:
    """Open the keys, the store and the directories, and build what every deed works with.

    A directory's file is made only with MAKE: where it is being set up.

    Raises:
        OperatorError: a sentence and a remedy for what stands in the way.
    """
    store = await open_store(settings, ring(settings), now=now)
    directories: dict[str, Directory] = {}
    try:
        for section in settings.directories:
            directories[section.name] = open_directory(section, now, opening=opening)
        intake = Intake(settings.store.full_url)
    except BaseException:
        for directory in directories.values():
            await directory.close()
        await store.close()
        raise
    tools = Tools(
        store=store,
        directories=directories,
        rules=rules(settings),
        clock=now,
        randbelow=secrets.randbelow,
        new_id=new_id,
        enqueue=intake.enqueue,
        enqueue_many=intake.enqueue_many,
        team=settings.slack.team_id,
        security_channel=settings.slack.security_channel,
        security_mail=settings.mail.security,
        approvals_channel=settings.slack.approvals_channel,
    )
    return House(settings, tools, intake)


def rules(settings: Settings) -> Rules:
    """Return what the operator has decided, as the rules read it. Other decisions, other version."""
    delivery = settings.delivery
    single, bulk = delivery.pickup.single, delivery.pickup.bulk
    verified = {tier: Needed(getattr(settings.verification, tier.value)) for tier in Tier}
    decided = {
        "never": sorted(f"{d.name}/{name}" for d in settings.directories for name in d.never),
        "pickup": {tier.value: getattr(single, tier.value) == "requester" for tier in Tier},
        "bulk_pickup": {tier.value: getattr(bulk, tier.value) == "requester" for tier in Tier},
        "mail_password": delivery.mail_content == "password" and bool(settings.mail.host),
        "gates": {d.name: sorted(GATES[gate].value for gate in d.gates) for d in settings.directories},
        "domains": {d.name: _domains(d) for d in settings.directories},
        "fresh_days": delivery.fresh_address_days,
        "expires": int(delivery.expires.total_seconds()),
        "grants": {role: [_rule(grant) for grant in given] for role, given in grants(settings).items()},
        "held_in": {role: f"{place.directory}/{place.name}" for role, place in held_in(settings).items()},
        "tiers": {d.name: [sorted(d.tiers.sensitive), sorted(d.tiers.privileged)] for d in settings.directories},
        "verification": {tier.value: needed.value for tier, needed in verified.items()},
        "quorum": asdict(quorum(settings)),
    }
    version = hashlib.sha256(json.dumps(decided, sort_keys=True).encode()).hexdigest()[:16]
    return Rules(
        version=version,
        never=frozenset(f"{d.name}/{name}" for d in settings.directories for name in d.never),
        pickup={tier: getattr(single, tier.value) == "requester" for tier in Tier},
        bulk_pickup={tier: getattr(bulk, tier.value) == "requester" for tier in Tier},
        mail_password=delivery.mail_content == "password" and bool(settings.mail.host),
        gates={d.name: frozenset(GATES[gate] for gate in d.gates) for d in settings.directories},
        verified_domains=_verified(settings),
        fresh_address=timedelta(days=delivery.fresh_address_days),
        expires=delivery.expires,
        lookups_per_hour=settings.limits.lookups_per_hour,
        hold=settings.limits.hold,
        freeze=settings.limits.freeze,
        not_me_in_bulk=settings.limits.not_me_in_bulk,
        limits=limits(settings.limits),
        security=frozenset(role.name for role in settings.roles if role.security),
        verification=verified,
        grants=grants(settings),
        held_in=held_in(settings),
        listed=listed(settings),
        numbers_per_hour=settings.verification.numbers_per_hour,
        number_life=settings.verification.number_life,
        vouch_life=settings.verification.vouch_life,
        quorum=quorum(settings),
        approvers=frozenset(role.name for role in settings.roles if role.approves),
        late_approvers=frozenset(settings.approvals.escalation),
        approval_life=settings.approvals.single,
        bulk_approval_life=settings.approvals.bulk,
        begin_within=settings.approvals.begin_within,
        display={d.name: d.display for d in settings.directories if d.display},
        concurrency={d.name: d.concurrency for d in settings.directories},
        lanes={d.name: d.lanes or _lanes(settings, d) for d in settings.directories},
        pace={d.name: d.pace for d in settings.directories},
    )


def _rule(grant: Grant) -> list[str]:
    return [grant.directory or "", str(grant.within or ""), *sorted(grant.tiers)]


def quorum(settings: Settings) -> Quorum:
    """Return how many others have to agree to what, and how strong the requester's own step-up has to be."""
    told, levels = settings.approvals, settings.step_up
    return Quorum(
        standard=told.standard,
        sensitive=told.sensitive,
        privileged=told.privileged,
        few=told.few,
        many=told.many,
        many_from=told.many_from,
        security_from=told.security_from or None,
        level_standard=levels.standard,
        level_many=levels.many,
        level_sensitive=levels.sensitive,
        level_privileged=levels.privileged,
    )


def _lanes(settings: Settings, section: DirectorySection) -> int:
    """Return how many chunks of one directory are under way at once where the operator does not say."""
    if settings.store.full_url.startswith("sqlite"):
        return LANES_HERE
    return LANES_PACED if section.pace else LANES


def _verified(settings: Settings) -> Mapping[str, frozenset[str] | None]:
    listed = {d.name: _domains(d) for d in settings.directories}
    return {name: None if domains is None else frozenset(domains) for name, domains in listed.items()}


def _domains(section: DirectorySection) -> list[str] | None:
    if section.verified_domains is None:
        return None
    return sorted(domain.lower().removeprefix("@").rstrip(".") for domain in section.verified_domains)
