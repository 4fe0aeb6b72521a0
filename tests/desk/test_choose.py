"""Choosing many: typeaheads of people and groups, counted like every look-up."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from desk import choose, look, sweep
from directory.base import GroupKind, Unreachable
from resets.audit import Deed
from resets.bulk import GroupChoices
from resets.reasons import Reason, Refused
from tests.support.house import ADA, EVE
from tests.support.unsteady import Unsteady


async def start(house):
    return await choose.start(house.tools, ADA)


async def test_only_the_enrolled_may_choose(house):
    """A person without a role gets no form, and another's form is not theirs."""
    with pytest.raises(Refused) as refused:
        await choose.start(house.tools, EVE)
    assert refused.value.reason is Reason.NO_ROLE
    form_id = await start(house)
    for suggest in (choose.suggest_people, choose.suggest_groups):
        with pytest.raises(Refused) as refused:
            await suggest(house.tools, form_id, EVE, "bob")
        assert refused.value.reason is Reason.NOT_YOURS


async def test_a_form_is_of_its_kind(house):
    """The form of a single reset is none for many, and the other way round; this one lives for an hour."""
    single, many = await look.start(house.tools, ADA), await start(house)
    for suggest, form_id in ((choose.suggest_people, single), (look.suggest, many)):
        with pytest.raises(Refused) as refused:
            await suggest(house.tools, form_id, ADA, "bob")
        assert refused.value.reason is Reason.FORM_UNKNOWN
    house.clock.tick(minutes=59)
    await choose.suggest_people(house.tools, many, ADA, "bob")
    house.clock.tick(minutes=1)
    with pytest.raises(Refused) as refused:
        await choose.suggest_people(house.tools, many, ADA, "bob")
    assert (refused.value.reason, refused.value.facts) == (Reason.FORM_EXPIRED, {"minutes": 60})


async def test_people_come_from_the_index(house):
    """As in the single reset: no directory is asked, and typing on is the same look-up."""
    await sweep.refresh(house.tools, "corp")
    form_id = await start(house)
    house.directory.calls.clear()
    for typed in ("sam", "sam s", "sam sa"):
        found = await choose.suggest_people(house.tools, form_id, ADA, typed)
    assert {each.login for each in found} == {"sam1", "sam2"}
    assert house.directory.calls == []
    assert (await house.deeds()).count(Deed.LOOKED_UP) == 1


async def test_groups_come_from_the_directories(house):
    """Two letters are enough; what begins with them stands first; people and groups are counted apart."""
    await house.local.add_group("HR")
    await house.local.add_group("Threads", members=[house.ids["bob"]])
    form_id = await start(house)
    found = await choose.suggest_groups(house.tools, form_id, ADA, " Hr ")
    assert [each.name for each in found.choices] == ["HR", "Threads"]
    assert (found.choices[1].directory, found.choices[1].kind, found.missing) == ("corp", GroupKind.GROUP, ())
    await choose.suggest_people(house.tools, form_id, ADA, "bob")
    await choose.suggest_groups(house.tools, form_id, ADA, "hr e")
    await choose.suggest_people(house.tools, form_id, ADA, "bob b")
    assert (await house.deeds()).count(Deed.LOOKED_UP) == 2
    with pytest.raises(Refused) as refused:
        await choose.suggest_groups(house.tools, form_id, ADA, "h")
    assert refused.value.reason is Reason.TOO_SHORT


async def test_groups_use_up_the_hour_too(house):
    """A stolen session cannot list the groups, either."""
    house.with_rules(lookups_per_hour=2)
    form_id = await start(house)
    for query in ("aa", "bb"):
        await choose.suggest_groups(house.tools, form_id, ADA, query)
    with pytest.raises(Refused) as refused:
        await choose.suggest_groups(house.tools, form_id, ADA, "cc")
    assert refused.value.reason is Reason.TOO_MANY_LOOKUPS
    with pytest.raises(Refused):
        await choose.suggest_people(house.tools, form_id, ADA, "bob")


class Deaf(Unsteady):
    """A directory that never answers about its groups."""

    async def _find_groups(self, query, limit):
        await asyncio.Event().wait()


async def test_a_directory_that_fails_is_named(house, monkeypatch):
    """The others' groups are there, and the silent one is said to be missing; one without groups is not."""
    monkeypatch.setattr(choose, "PATIENCE_SECONDS", 0.5)
    await house.local.add_group("Sales")
    mute = Unsteady(house.local)
    mute.name, mute.capabilities = "mute", frozenset()
    deaf = Deaf(house.local)
    deaf.name = "deaf"
    house.tools = replace(house.tools, directories={"corp": house.directory, "deaf": deaf, "mute": mute})
    house.with_rules(display={"deaf": "The deaf one"})
    form_id = await start(house)
    found = await choose.suggest_groups(house.tools, form_id, ADA, "sal")
    assert [each.name for each in found.choices] == ["Sales"]
    assert found.missing == ("The deaf one",)
    house.directory.before["_find_groups"] = [Unreachable("gone")]
    found = await choose.suggest_groups(house.tools, form_id, ADA, "sale")
    assert found == GroupChoices((), ("corp", "The deaf one"))
