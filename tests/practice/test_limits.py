"""Rate limits: by method and minute, and one message per channel and second."""

from __future__ import annotations

import pytest
from slack_sdk.errors import SlackApiError

from practice.limits import Limits, Tier

ROBIN = "U0ROBIN0001"


@pytest.fixture
def limits():
    """Slack's own figures."""
    return Limits()


async def limited(call):
    with pytest.raises(SlackApiError) as caught:
        await call
    response = caught.value.response
    assert (response.status_code, response["error"]) == (429, "ratelimited")
    return int(response.headers["Retry-After"])


async def test_one_message_per_channel_and_second(client, clock):
    """The second within a second waits; another channel does not; after the second it goes through."""
    await client.chat_postMessage(channel="C0ITDESK001", text="a")
    assert await limited(client.chat_postMessage(channel="C0ITDESK001", text="b")) == 1
    await client.chat_postMessage(channel="C0SECURITY1", text="c")
    clock.tick(seconds=1)
    await client.chat_postMessage(channel="C0ITDESK001", text="b")


@pytest.mark.parametrize(
    ("method", "params", "most"),
    [
        ("users.list", {}, 20),
        ("users.lookupByEmail", {"email": "robin.meyer@acme.example"}, 50),
        ("users.info", {"user": ROBIN}, 100),
    ],
)
async def test_a_method_has_so_many_calls_a_minute(client, clock, method, params, most):
    """20, 50 and 100 calls by tier; then 429, with the seconds until the oldest call is a minute old."""
    for _ in range(most):
        await client.api_call(method, params=params)
    clock.tick(seconds=20)
    assert await limited(client.api_call(method, params=params)) == 40
    await client.api_call("auth.test")
    clock.tick(seconds=40)
    await client.api_call(method, params=params)


def test_the_tiers_are_slacks():
    """1, 20, 50 and 100 a minute."""
    assert [Limits().per_minute[tier] for tier in (Tier.ONE, Tier.TWO, Tier.THREE, Tier.FOUR)] == [1, 20, 50, 100]


async def test_a_limited_call_does_nothing(client, workspace):
    """What was refused with 429 was not posted."""
    await client.chat_postMessage(channel="C0ITDESK001", text="a")
    await limited(client.chat_postMessage(channel="C0ITDESK001", text="b"))
    assert [one["text"] for one in workspace.world.history("C0ITDESK001")] == ["a"]
