"""Whether an account may still be reset as it was planned: judged once more, right before its password is set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resets.reasons import Reason
from resets.request import Channel
from resets.ruling import judge
from resets.scope import RANK

if TYPE_CHECKING:
    from collections.abc import Container

    from directory.base import Account
    from resets.request import PlannedTarget, ResetRequest
    from resets.rules import Rules
    from resets.ruling import Facts


def changed(
    request: ResetRequest,
    planned: PlannedTarget,
    account: Account,
    facts: Facts,
    rules: Rules,
    agreed: Container[str] = (),
) -> Reason | None:
    """Say why not any more; None where nothing has changed for the worse.

    An account that does more harm than when it was planned is another one: less was proved for it.

    Args:
        request: whose plan it is.
        planned: one of its targets.
        account: the same, read just now.
        facts: read with it.
        rules: the operator's, as they are now.
        agreed: Slack accounts of those who have agreed to it, vouched or asked; none of them is to be reset by it.
    """
    if account.slack_user in agreed:
        return Reason.TARGET_AGREED
    if account.login != planned.login or _address_moved(request.plan.channels_of(planned), planned, account):
        return Reason.CHANGED_SINCE
    ruled = judge(request.requester, planned.directory, account, facts, rules)
    if ruled.reason is None and RANK[ruled.tier] > RANK[planned.tier]:
        return Reason.CHANGED_SINCE
    return ruled.reason


def _address_moved(channels: tuple[Channel, ...], planned: PlannedTarget, account: Account) -> bool:
    """Say whether a password would be mailed to another address than the one that the plan names."""
    return (Channel.MAIL in channels and account.mail != planned.address) or (
        Channel.RECOVERY in channels and account.recovery_mail != planned.recovery_address
    )
