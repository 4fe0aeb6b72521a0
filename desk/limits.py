"""Who has had their share for now: counted in the transaction that takes a request, where nobody else counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desk.journal import alarm, note
from resets.audit import Deed
from resets.reasons import Reason, Refused
from store import freezes, limits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from desk.tools import Tools
    from resets.actor import Actor
    from resets.limits import Facts
    from resets.request import PlannedTarget
    from store.base import Tx


async def demand(tools: Tools, tx: Tx, actor: Actor, *, many: bool) -> None:
    """Refuse, before anything is looked up or typed, whoever has had their share.

    Raises:
        Refused: RESETS_USED_UP, BULKS_USED_UP or TOO_MANY_OPEN.
    """
    refused = await _of_one(tools, tx, actor, many=many)
    if refused is not None:
        raise refused


async def single(tools: Tools, tx: Tx, actor: Actor, planned: PlannedTarget, *, besides: str = "") -> Refused | None:
    """Say whether one more reset, proved by a code, is one too many, and write that down.

    `besides` a request whose place it takes: that one is not open beside it.

    Returned, not raised, so that the record is kept, and the code stays spent: commit, do nothing else, and only then
    raise it.
    """
    await limits.hold(tx)
    refused = await _of_one(tools, tx, actor, many=False, besides=besides)
    refused = refused or await _of_target(tools, tx, planned, besides) or await _of_all(tools, tx)
    if refused is None:
        return None
    about = {"login": planned.login, "account": f"{planned.directory}/{planned.account_id}"}
    await note(tools, tx, Deed.LIMITED, by=actor, reason=refused.reason.value, method="totp", more=about)
    if refused.reason is Reason.RESET_LATELY:
        who = actor.slack.user
        await alarm(tools, tx, "reset_again", user=who, name=actor.name, about=planned.login)
    return refused


async def bulk(tools: Tools, tx: Tx, actor: Actor) -> Refused | None:
    """Say whether one more run, proved by a code, is one too many, and write that down, as `single` does."""
    await limits.hold(tx)
    refused = await _of_one(tools, tx, actor, many=True)
    if refused is not None:
        await note(tools, tx, Deed.LIMITED, by=actor, reason=refused.reason.value, method="totp")
    return refused


async def too_often(
    tools: Tools, tx: Tx, directory: str, ids: Sequence[str], *, apart_from: str = "", besides: str = ""
) -> Mapping[str, Facts]:
    """Return those of some accounts (0-1,000) that were reset as often as may be, with the facts of the sentence."""
    limit, now = tools.rules.limits.of_target(), tools.clock()
    if limit is None or not ids:
        return {}
    found = await limits.of_targets(tx, directory, ids, limit.since(now), apart_from=apart_from, besides=besides)
    last = {account_id: moments[limit.most - 1] for account_id, moments in found.items() if len(moments) >= limit.most}
    full = {account_id: limit.facts(moment, now) for account_id, moment in last.items()}
    return {account_id: facts for account_id, facts in full.items() if facts is not None}


async def _of_one(tools: Tools, tx: Tx, actor: Actor, *, many: bool, besides: str = "") -> Refused | None:
    rules, now = tools.rules.limits, tools.clock()
    for limit in rules.of_one(many=many):
        last = await limits.asked_by(tx, actor, limit.most, limit.since(now), many=many)
        if (facts := limit.facts(last, now)) is not None:
            return Refused(limit.reason, **facts)
    if rules.open_requests is None:
        return None
    facts = rules.too_open(await limits.open_of(tx, actor, besides))
    return None if facts is None else Refused(Reason.TOO_MANY_OPEN, **facts)


async def _of_target(tools: Tools, tx: Tx, planned: PlannedTarget, besides: str) -> Refused | None:
    full = await too_often(tools, tx, planned.directory, [planned.account_id], besides=besides)
    facts = full.get(planned.account_id)
    return None if facts is None else Refused(Reason.RESET_LATELY, **{**facts, "login": planned.login})


async def _of_all(tools: Tools, tx: Tx) -> Refused | None:
    limit, now = tools.rules.limits.of_all(), tools.clock()
    if limit is None:
        return None
    # What somebody has looked at, and let go on with a code, is not held against those who ask after that.
    since = max(limit.since(now), await freezes.looked_at(tx) or limit.since(now))
    facts = limit.facts(await limits.asked_by_all(tx, limit.most, since), now)
    return None if facts is None else Refused(limit.reason, **facts)
