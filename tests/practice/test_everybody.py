"""users.list: everybody, page by page, as Slack lists them."""

from __future__ import annotations

from practice.people import OTHER_TEAM, PEOPLE, Person
from practice.server import Workspace
from tests.support import specs

BOT, SLACKBOT = "U0REKEYBOT1", "USLACKBOT"


async def pages(client, limit):
    found, cursor = [], None
    while cursor != "":
        answer = await client.users_list(limit=limit, cursor=cursor)
        found.append(answer["members"])
        cursor = answer["response_metadata"]["next_cursor"]
    return found


async def test_page_by_page(client, workspace):
    """Each once, no more on a page than asked for, and an empty cursor at the end."""
    found = await pages(client, 3)
    ids = [one["id"] for page in found for one in page]
    assert {len(page) for page in found[:-1]} == {3}
    assert sorted(ids) == sorted([*(one.id for one in PEOPLE), BOT, SLACKBOT])
    assert (await client.users_list())["cache_ts"] == int(workspace.clock().timestamp())
    assert specs.faults(workspace.traffic) == []


async def test_who_is_what(client):
    """The deactivated, bots, guests of one channel and of several, strangers - and Slackbot, who says he is no bot."""
    known = {one["id"]: one for [one] in await pages(client, 1)}
    assert [one["id"] for one in known.values() if one["deleted"]] == ["U0LEFT00001"]
    assert {one["id"] for one in known.values() if one["is_bot"]} == {"U0OTHERBOT1", BOT}
    assert known[SLACKBOT]["is_bot"] is False
    assert {one["id"] for one in known.values() if one.get("is_restricted")} == {"U0KITGUEST1", "U0SOLOGST01"}
    assert {one["id"] for one in known.values() if one.get("is_ultra_restricted")} == {"U0SOLOGST01"}
    stranger = known["U0DANAEXT01"]
    assert (stranger["is_stranger"], stranger["team_id"], "email" in stranger["profile"]) == (True, OTHER_TEAM, False)
    assert known["U0ROBIN0001"]["profile"]["email"] == "robin.meyer@acme.example"


async def test_a_cursor_is_slacks_own(client, refused):
    """Anything else is invalid_cursor."""
    for cursor in ("U0ROBIN0001", "dXNlcjpVME5PQk9EWTAwMQ==", "bmV4dDo1"):
        assert (await refused(client.users_list(cursor=cursor)))["error"] == "invalid_cursor"


async def test_a_large_workspace_wants_a_limit(clock, limits, client, refused):
    """limit_required without one; with one, all are found."""
    crowd = [Person(f"U1{n:09}", f"p{n}", f"Person {n}", mail=f"p{n}@acme.example") for n in range(1500)]
    workspace = Workspace(clock=clock, limits=limits, people=(*PEOPLE, *crowd))
    await workspace.start()
    try:
        client.base_url, client.token = workspace.api_url, workspace.bot_token
        assert (await refused(client.users_list()))["error"] == "limit_required"
        assert sum(len(page) for page in await pages(client, 200)) == 1500 + len(PEOPLE) + 2
    finally:
        await workspace.stop()
