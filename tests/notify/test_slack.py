"""A message is said once, to the right person, and kept current, whatever Slack answers."""

from __future__ import annotations

import json
import logging
import warnings
from datetime import timedelta

import pytest
from aiohttp import web

from notify.base import Failed, Said
from notify.slack import say
from resets.approval import Reminder
from resets.reasons import Reason
from resets.saying import SaySlack
from tests.views import asked, samples


def saying(facts=None, **changes):
    known = {
        "notice_id": "N1",
        "to": "U0ANNA",
        "facts": facts or samples.show(),
        "place": None,
        "stamp": None,
        "attempt": 1,
        "must_be_member": False,
    }
    return SaySlack(**(known | changes))


async def failing(client, it):
    with pytest.raises(Failed) as caught:
        await say(client, it, team="T0123")
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    return caught.value


def told(args, key):
    return json.loads(args[key]) if isinstance(args[key], str) else args[key]


async def test_a_new_message_carries_its_notices_id(slack, client):
    """It is posted once, with blocks, a plain text, the notice's id, and nothing unfurled."""
    assert await say(client, saying(), team="T0123") == Said("D0ANNA", "1.0")
    ((method, args),) = slack.calls
    assert method == "chat.postMessage"
    assert args["channel"] == "U0ANNA"
    assert args["text"]
    assert told(args, "blocks")
    assert told(args, "metadata") == {"event_type": "rekey_notice", "event_payload": {"id": "N1"}}
    assert str(told(args, "unfurl_links")).lower() in ("false", "0")
    assert str(told(args, "unfurl_media")).lower() in ("false", "0")


async def test_who_was_overtaken_posts_nothing(slack, client):
    """Others took this process for dead while it asked Slack about the person: it leaves the message to them."""
    asked = saying(must_be_member=True)

    async def mine():
        return not slack.calls

    with pytest.raises(Failed) as caught:
        await say(client, asked, team="T0123", mine=mine)
    assert caught.value.retryable
    assert [method for method, _ in slack.calls] == ["users.info"]


@pytest.mark.parametrize("facts", [samples.show(), samples.status(), samples.alarm()])
async def test_every_kind_of_fact_is_said(slack, client, facts):
    """The target's, the requester's and the security channel's message each find their words."""
    await say(client, saying(facts), team="T0123")
    assert slack.messages[0]["text"]


async def test_what_stands_is_brought_up_to_date(slack, client):
    """With a stamp the same message changes, and no second one is posted."""
    assert await say(client, saying(place="D0ANNA", stamp="1.5"), team="T0123") == Said("D0ANNA", "1.5")
    ((method, args),) = slack.calls
    assert (method, args["channel"], args["ts"]) == ("chat.update", "D0ANNA", "1.5")


@pytest.mark.parametrize("error", ["message_not_found", "cant_update_message", "edit_window_closed"])
async def test_a_message_that_is_gone_is_said_anew(slack, client, error):
    """Whoever deleted our message gets another one."""
    slack.answers["chat.update"] = [{"ok": False, "error": error}]
    assert await say(client, saying(place="D0ANNA", stamp="1.5"), team="T0123") == Said("D0ANNA", "1.0")


async def test_a_lost_answer_makes_no_second_message(slack, client):
    """Slack posted and its answer was lost: nothing repeats by itself, and the next try finds what stands."""
    slack.answers["chat.postMessage"] = ["lost"]
    failed = await failing(client, saying())
    assert (failed.reason, failed.retryable, len(slack.messages)) == (Reason.SLACK_FAILED, True, 1)
    assert await say(client, saying(attempt=2), team="T0123") == Said("D0ANNA", "1.0")
    assert len(slack.messages) == 1
    assert len(slack.named("chat.postMessage")) == 1
    assert slack.named("chat.update")[0]["ts"] == "1.0"  # and it says what is true by now


async def test_our_message_is_found_pages_back(slack, client):
    """Other messages came in between, even another notice of ours: the one with this id is found."""
    await say(client, saying(), team="T0123")
    for number in range(4):
        await say(client, saying(notice_id=f"X{number}"), team="T0123")
    slack.page = 2
    assert await say(client, saying(attempt=2), team="T0123") == Said("D0ANNA", "1.0")
    assert len(slack.messages) == 5


async def test_what_was_never_said_is_said(slack, client):
    """An earlier try that never arrived is no reason to be silent."""
    assert await say(client, saying(attempt=2), team="T0123") == Said("D0ANNA", "1.0")


async def test_an_alarm_is_not_looked_for(slack, client):
    """Reading channels takes scopes that we do not ask for; an alarm is rather heard twice than never."""
    await say(client, saying(samples.alarm(), to="C0SECURITY", attempt=2), team="T0123")
    assert [method for method, _ in slack.calls] == ["chat.postMessage"]


@pytest.mark.parametrize(
    "member",
    [
        {"team_id": "T0OTHER"},
        {"deleted": True},
        {"is_bot": True},
        {"is_restricted": True},
        {"is_ultra_restricted": True},
        {"is_stranger": True},
        {"id": "U0OTHER"},
    ],
)
async def test_only_a_full_living_member_is_told(slack, client, member):
    """A guest, a stranger, a bot or a person who left is not told how to get a password."""
    slack.member |= member
    failed = await failing(client, saying(must_be_member=True))
    assert (failed.reason, failed.retryable) == (Reason.UNREACHABLE_PERSON, False)
    assert slack.messages == []


async def test_a_member_is_told(slack, client):
    """Who is still a full member gets the message."""
    await say(client, saying(must_be_member=True), team="T0123")
    assert len(slack.messages) == 1


async def test_who_is_unknown_is_not_told(slack, client):
    """A person whom Slack does not know any more gets nothing, and it is not tried again."""
    slack.answers["users.info"] = [{"ok": False, "error": "user_not_found"}]
    failed = await failing(client, saying(must_be_member=True))
    assert (failed.reason, failed.retryable) == (Reason.UNREACHABLE_PERSON, False)


async def test_too_many_requests_says_when(slack, client):
    """429 is passed on with the time that Slack asks for, and not waited for here."""
    limited = web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": "17"})
    slack.answers["chat.postMessage"] = [limited]
    failed = await failing(client, saying())
    assert (failed.retryable, failed.after) == (True, timedelta(seconds=17))
    assert slack.messages == []


@pytest.mark.parametrize(
    ("answer", "retryable"),
    [
        ({"ok": False, "error": "internal_error"}, True),
        ({"ok": False, "error": "invalid_auth"}, True),
        ({"ok": False, "error": "channel_not_found"}, False),
        ({"ok": False, "error": "invalid_blocks"}, False),
        ((500, "text/html", "<h1>oops</h1>"), True),
        ((502, "text/plain", "bad gateway"), True),
        ((503, "application/json", "{broken"), True),
        ((200, "text/html", "<h1>sign in</h1>"), True),
        ((200, "application/json", "[]"), True),
        ((429, "text/html", "slow down"), True),
    ],
)
async def test_no_answer_of_slacks_escapes(slack, client, answer, retryable):
    """Whatever comes back is a failure with a reason, retryable where trying again may help."""
    if isinstance(answer, tuple):
        status, kind, body = answer
        answer = web.Response(status=status, content_type=kind, text=body)
    slack.answers["chat.postMessage"] = [answer]
    failed = await failing(client, saying())
    assert (failed.reason, failed.retryable) == (Reason.SLACK_FAILED, retryable)


async def test_no_slack_at_all(slack, client):
    """A connection that is refused is retryable."""
    client.base_url = "http://127.0.0.1:9/api/"
    failed = await failing(client, saying())
    assert (failed.reason, failed.retryable) == (Reason.SLACK_FAILED, True)


async def test_nothing_logs_a_content(slack, client, caplog):
    """A failure is logged by Slack's word for it and no more, at any level of ours."""
    caplog.set_level(logging.DEBUG, logger="notify.calls")
    slack.answers["chat.postMessage"] = [{"ok": False, "error": "invalid_blocks", "echo": "anna.bell"}]
    await failing(client, saying())
    (record,) = [r for r in caplog.records if r.name == "notify.calls"]
    assert (record.message, record.error) == ("slack_refused", "invalid_blocks")
    assert "anna.bell" not in str(record.__dict__)


async def test_slack_knows_every_argument(slack, client, slack_specs):
    """Slack's documents list each method and argument that was used."""
    slack.answers["chat.postMessage"] = ["lost"]
    await failing(client, saying(must_be_member=True))
    await say(client, saying(attempt=2, must_be_member=True), team="T0123")
    assert {method for method, _ in slack.calls} == {
        "users.info",
        "chat.postMessage",
        "chat.update",
        "conversations.open",
        "conversations.history",
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # it leaves closing its files to the collector
        assert [fault for method, args in slack.calls for fault in slack_specs.call_errors(method, args)] == []


def card(**changes):
    return saying(asked.facts(), to="C0APPROVE", internal=True, **changes)


async def test_a_card_stands_only_where_our_own_people_read(slack, client):
    """Slack is asked first; a channel that is shared, about to be, or archived gets no card, and no update of one."""
    for mark in ("is_ext_shared", "is_pending_ext_shared", "is_archived"):
        slack.answers["conversations.info"] = [{"ok": True, "channel": {"id": "C0APPROVE", mark: True}}] * 2
        for stamp in (None, "1.0"):
            refused = await failing(client, card(place="C0APPROVE" if stamp else None, stamp=stamp))
            assert (refused.reason, refused.retryable) == (Reason.SLACK_FAILED, False)
    slack.answers["conversations.info"] = [{"ok": True, "channel": {"id": "C0APPROVE"}}]
    assert not slack.named("chat.postMessage")
    await say(client, card(), team="T0123")
    assert slack.named("chat.postMessage")


async def test_a_reminder_stands_under_its_card(slack, client):
    """In the thread, as a message of its own."""
    await say(client, saying(Reminder(asked.facts()), to="C0APPROVE", thread="1.0"), team="T0123")
    (args,) = slack.named("chat.postMessage")
    assert args["thread_ts"] == "1.0"
