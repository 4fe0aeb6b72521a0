"""The pool of connections: no more than allowed, shared by all, never with somebody else's answer on one of them."""

from __future__ import annotations

import asyncio

import pytest

from directory.base import NotNow
from directory.secret import Secret
from tests.directory.contract import made
from tests.directory.harness import Person
from tests.support.ldap_tap import MODIFY, SEARCH, Tap

pytestmark = pytest.mark.server


async def test_no_more_connections_than_allowed(row, corp, opened) -> None:
    """Many callers share the pool's connections; the sign-in is paid once a connection."""
    await made(row, corp)
    tap = Tap(row.slapd)
    directory = opened(url=await tap.listen(), pool_size=2)
    await asyncio.gather(*(directory.find("ada.lovelace") for _ in range(20)))
    assert tap.seen[0x60] <= 2
    assert tap.seen[SEARCH] >= 20
    await directory.close()
    await tap.close()


async def test_a_full_pool_says_not_now(row, corp, opened) -> None:
    """When every connection is in use for the whole timeout, nothing was sent: NotNow."""
    for n in range(4):
        await row.make_account(Person(login=f"p{n}", mail=f"p{n}@example.test"))
    directory = opened(pool_size=1, page_size=1, timeout=0.5)
    walk = directory.pages()
    await anext(walk)
    with pytest.raises(NotNow):
        await directory.find("ada.lovelace")
    await walk.aclose()


async def test_reads_go_on_side_by_side(row, corp) -> None:
    """More callers than connections wait their turn, and all are served."""
    account = await made(row, corp)
    found = await asyncio.gather(*(corp.find("ada.lovelace") for _ in range(40)))
    assert {one.id for one in found if one} == {account.id}


async def test_many_passwords_leave_a_connection_to_who_looks(row, corp, opened) -> None:
    """However many passwords are under way, and however long each takes, somebody is still found at once."""
    account = await made(row, corp)
    tap = Tap(row.slapd, swallow={MODIFY})
    directory = opened(url=await tap.listen(), pool_size=3)
    setting = [
        asyncio.create_task(directory.set_password(account, Secret("Sunny-Day-Otter-7"), must_change=False))
        for _ in range(8)
    ]
    await tap.answered[MODIFY].wait()
    found = await directory.find("ada.lovelace")
    assert found is not None
    assert found.id == account.id
    assert not [task for task in setting if task.done()]
    for task in setting:
        task.cancel()
    await asyncio.gather(*setting, return_exceptions=True)
    await directory.close()
    await tap.close()


async def test_a_cancelled_call_leaves_no_one_elses_answer(row, corp, opened) -> None:
    """A connection whose call was given up is thrown away, so that its answer meets nobody else."""
    account = await made(row, corp)
    tap = Tap(row.slapd, swallow={SEARCH})
    directory = opened(url=await tap.listen(), pool_size=1)
    looking = asyncio.create_task(directory.find("nobody"))
    await tap.answered[SEARCH].wait()
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)
    tap._swallow = ()
    assert await directory.find("ada.lovelace") == account
    await directory.close()
    await tap.close()


async def test_the_loops_own_threads_are_not_needed(row, opened) -> None:
    """The durable engine shuts the loop's default executor down; look-ups of names and calls go on in our own."""
    await asyncio.get_running_loop().shutdown_default_executor()
    directory = opened(url=row.slapd.url.replace("127.0.0.1", "localhost"))
    assert await directory.find("nobody") is None
