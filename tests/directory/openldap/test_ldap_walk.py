"""Reading many from OpenLDAP: walks are whole, take up where they ended, and say so where a limit cuts them short."""

from __future__ import annotations

import pytest

from directory.base import NotAllowed
from tests.directory.harness_ldap import ADMINS, ldif
from tests.support.slapd import PEOPLE, SERVICE, people

pytestmark = pytest.mark.server


async def test_a_walk_is_paged_and_whole(row, corp, opened) -> None:
    """A walk gives pages of page_size and everybody once; the marker comes with the last page and with no other."""
    row.slapd.up(more=ldif(ADMINS, [("objectClass", "groupOfNames"), ("member", SERVICE)]) + people(25))
    directory = opened(page_size=10)
    walked = [page async for page in directory.pages()]
    assert [len(page.accounts) for page in walked] == [10, 10, 5]
    assert len({a.id for page in walked for a in page.accounts}) == 25
    assert [page.marker is None for page in walked] == [True, True, False]


async def test_only_what_changed_is_walked_again(row, corp) -> None:
    """From a marker on come the changed alone, and from the newest marker on nobody."""
    row.slapd.up(more=ldif(ADMINS, [("objectClass", "groupOfNames"), ("member", SERVICE)]) + people(25))
    [first] = [page async for page in corp.pages()]
    row.slapd.replace(f"uid=u000007,{PEOPLE}", "mail", "seven@example.test")
    [changed] = [page async for page in corp.pages(first.marker)]
    assert [account.login for account in changed.accounts] == ["u000007"]
    assert [page async for page in corp.pages(changed.marker)] == []


async def test_what_changes_during_a_walk_is_not_lost(row, corp, opened) -> None:
    """An entry that changes after it was read, while others that change later are still to come, is told next time."""
    row.slapd.up(more=ldif(ADMINS, [("objectClass", "groupOfNames"), ("member", SERVICE)]) + people(25))
    directory = opened(page_size=10)
    marker = None
    async for page in directory.pages():
        if marker is None:
            marker = ""
            row.slapd.replace(f"uid=u000001,{PEOPLE}", "mail", "one@example.test")
            row.slapd.replace(f"uid=u000025,{PEOPLE}", "mail", "last@example.test")
        marker = page.marker
    seen = {a.login: a.mail async for page in directory.pages(marker) for a in page.accounts}
    assert seen["u000001"] == "one@example.test"


async def test_a_size_limit_is_told(row, corp) -> None:
    """A service account that may not read everybody makes no half index: NotAllowed."""
    row.slapd.up(more=ldif(ADMINS, [("objectClass", "groupOfNames"), ("member", SERVICE)]) + people(30), most="20")
    with pytest.raises(NotAllowed):
        _ = [page async for page in corp.pages()]


async def test_a_walk_that_is_left_gives_its_connection_back(row, corp, opened) -> None:
    """Who stops reading midway holds nothing: with one connection, the next call has it."""
    row.slapd.up(more=ldif(ADMINS, [("objectClass", "groupOfNames"), ("member", SERVICE)]) + people(25))
    directory = opened(page_size=10, pool_size=1)
    walk = directory.pages()
    await anext(walk)
    await walk.aclose()
    assert await directory.find("u000003") is not None


async def test_many_are_fetched_at_once(row, corp) -> None:
    """`fetch` takes hundreds of ids."""
    row.slapd.up(more=ldif(ADMINS, [("objectClass", "groupOfNames"), ("member", SERVICE)]) + people(450))
    ids = [a.id async for page in corp.pages() for a in page.accounts]
    assert set(await corp.fetch(ids)) == set(ids)


async def test_find_is_not_stopped_by_many(row, corp) -> None:
    """A shared mailbox of more than twenty people is Ambiguous and not an endless list."""
    same = people(30).replace("@example.test", "").replace("mail: u", "mail: shared@example.test\ndescription: u")
    row.slapd.up(more=ldif(ADMINS, [("objectClass", "groupOfNames"), ("member", SERVICE)]) + same)
    with pytest.raises(Exception, match="more than one") as caught:
        await corp.find("shared@example.test")
    assert len(caught.value.accounts) == 20
