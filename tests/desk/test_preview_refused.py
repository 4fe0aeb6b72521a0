"""A preview that cannot be: what is refused, what is lost on the way, and nothing of it can be proved."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from desk import choose, draft, preview, submit_bulk
from directory.base import Unreachable
from resets.reasons import Reason, Refused
from store import bulk
from tests.support.house import ADA, EVE
from tests.support.previews import OPTIONS, in_slack, make, refusal, wish


async def draft_of(house):
    """Return the id of the only request there is."""
    from sqlalchemy import text

    async with house.store.read() as tx:
        return (await tx.conn.execute(text("SELECT id FROM requests"))).scalar_one()


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        (wish(), Reason.NOBODY_CHOSEN),
        (wish("bob", options=replace(OPTIONS, ticket="x" * 201)), Reason.CHOICE_INVALID),
        (wish(groups=(("corp", "no such group"),)), Reason.GROUP_GONE),
        (wish(groups=(("other", "sales"),)), Reason.NO_SUCH_DIRECTORY),
        (wish(people=(("other", "id"),)), Reason.NO_SUCH_DIRECTORY),
    ],
)
async def test_what_cannot_be_asked_for(filled, wanted, reason):
    """Refused with a reason of its own."""
    assert (await refusal(filled, wanted)).reason is reason


async def test_a_time_is_ahead_and_not_too_far(filled):
    """Between now and thirty days."""
    now = filled.clock()
    for start in (now - timedelta(seconds=1), now + timedelta(days=30, seconds=1)):
        assert (await refusal(filled, wish("bob", start=start))).reason is Reason.START_INVALID
    assert (await make(filled, wish("bob", start=now + timedelta(days=30)))).start == now + timedelta(days=30)


async def test_nobody_left_can_not_be_proved(filled):
    """An empty group, or only exclusions: a preview that says so, and no digest."""
    house = filled
    await house.local.add_group("Empty")
    for wanted in (wish(groups=(("corp", "empty"),)), wish("dora", "nobody.here")):
        made = await make(house, wanted)
        assert (made.included, made.digest, made.directories, made.by_channel) == (0, "", (), ())
        with pytest.raises(Refused) as refused:
            await submit_bulk.begin(house.tools, made.form_id, ADA, house.code(), "0")
        assert refused.value.reason is Reason.NOBODY_LEFT


async def test_a_group_that_is_too_large_is_refused(filled, monkeypatch):
    """Before everybody of it was read."""
    monkeypatch.setattr(draft, "MOST", 3)
    await filled.local.add_group(
        "Large", members=[filled.ids["bob"], filled.ids["eve"], filled.ids["sam1"], filled.ids["sam2"]]
    )
    refused = await refusal(filled, wish(groups=(("corp", "large"),)))
    assert refused.reason is Reason.TOO_MANY_ROWS


@pytest.mark.parametrize("method", ["fetch", "find_many", "_group", "verified_domains"])
async def test_a_directory_lost_on_the_way_leaves_nothing_to_prove(filled, method):
    """The refusal names it; what was read until then is a request without a digest; an earlier preview is void too."""
    house = filled
    await house.local.add_group("Sales", members=[house.ids["eve"]])
    made = await make(house, wish("bob"))
    # The first answer of `fetch` is the requester's own account.
    house.directory.before[method] = [*([None] if method == "fetch" else []), Unreachable("gone")]
    wanted = wish("sam1", "nobody.here", groups=(("corp", "sales"),))
    refused = await refusal(house, wanted, form_id=made.form_id)
    assert (refused.reason, refused.facts) == (Reason.DIRECTORY_DOWN, {"directory": "corp"})
    with pytest.raises(Refused) as again:
        await submit_bulk.begin(house.tools, made.form_id, ADA, house.code(), "")
    assert again.value.reason is Reason.FORM_UNKNOWN


async def test_slack_lost_on_the_way(filled):
    """The same."""

    async def lost(_accounts):
        raise Refused(Reason.WHO_UNKNOWN)

    assert (await refusal(filled, wish("bob"), reach=lost)).reason is Reason.WHO_UNKNOWN
    async with filled.store.read() as tx:
        assert await bulk.of_request(tx, await draft_of(filled)) == ("", 0)


async def test_only_ones_own_form_and_role(filled):
    """Another's form, a lost role and a disabled account make no preview."""
    house = filled
    form_id = await choose.start(house.tools, ADA)
    with pytest.raises(Refused) as refused:
        await preview.make(house.tools, form_id, EVE, wish("bob"), in_slack)
    assert refused.value.reason is Reason.NOT_YOURS
    with pytest.raises(Refused) as refused:
        await preview.excluded(house.tools, form_id, ADA, Reason.DISABLED, 0)
    assert refused.value.reason is Reason.FORM_UNKNOWN  # no preview yet
    await house.local.disable(house.ids["ada"])
    assert (await refusal(house, wish("bob"))).reason is Reason.ACTOR_DISABLED
