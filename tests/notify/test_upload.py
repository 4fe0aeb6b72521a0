"""A file reaches its person once, whole, under its message, and nobody who is no member any more."""

from __future__ import annotations

import pytest
from aiohttp import web

from notify.base import Failed, Said
from notify.slack import say, say_file
from resets.reasons import Reason
from resets.request import RequestState
from resets.saying import SayFile, SaySlack
from tests.views import crowd

REPORT = b"login,outcome\r\nanna.bell,reset\r\n"


def saying(facts=None, **changes):
    known = {
        "notice_id": "N0tice-One_x",
        "to": "U0ANNA",
        "facts": facts or crowd.run(state=RequestState.DONE),
        "name": "rekey-report.csv",
        "content": REPORT,
        "place": "D0ANNA",
        "thread": "1.5",
        "attempt": 1,
    }
    return SayFile(**(known | changes))


async def failing(client, it):
    with pytest.raises(Failed) as caught:
        await say_file(client, it, team="T0123")
    assert caught.value.__cause__ is None
    return caught.value


async def test_a_report_stands_in_its_thread(slack, client):
    """Three steps, the bytes as they are and without our token, and the outcome in words beside it."""
    assert await say_file(client, saying(), team="T0123") == Said("D0ANNA", "F1")
    assert [method for method, _ in slack.calls] == [
        "users.info",
        "files.getUploadURLExternal",
        "upload",
        "files.completeUploadExternal",
    ]
    assert slack.uploads == {"F1": REPORT}
    assert slack.named("upload") == [{"authorization": None}]
    (begun,) = slack.named("files.getUploadURLExternal")
    assert begun["length"] == str(len(REPORT))
    (told,) = slack.named("files.completeUploadExternal")
    assert (told["channel_id"], told["thread_ts"]) == ("D0ANNA", "1.5")
    assert "reset" in told["initial_comment"]
    assert slack.messages[0]["files"][0]["title"] == "rekey-report.csv"


async def test_a_preview_comes_by_itself(slack, client):
    """Into the person's DM, which is opened for it."""
    it = saying(crowd.plan(), place=None, thread=None)
    assert await say_file(client, it, team="T0123") == Said("D0ANNA", "F1")
    (told,) = slack.named("files.completeUploadExternal")
    assert "thread_ts" not in told
    assert "Nothing has changed" in told["initial_comment"]


async def test_into_a_channel_without_looking_at_anybody(slack, client):
    """The audit channel is no person, and is not read."""
    it = saying(to="C0AUDIT", place=None, thread=None, attempt=2)
    assert await say_file(client, it, team="T0123") == Said("C0AUDIT", "F1")
    assert not slack.named("users.info")
    assert not slack.named("conversations.history")


@pytest.mark.parametrize("thread", ["1.5", None])
async def test_a_lost_answer_sends_no_second_file(slack, client, thread):
    """Slack took it and its answer was lost: the next try finds it, in the thread or in the DM."""
    slack.answers["files.completeUploadExternal"] = ["lost"]
    failed = await failing(client, saying(thread=thread))
    assert failed.reason is Reason.SLACK_FAILED
    assert failed.retryable
    assert len(slack.messages) == 1
    assert await say_file(client, saying(thread=thread, attempt=2), team="T0123") == Said("D0ANNA", "F1")
    assert len(slack.messages) == 1
    another = saying(thread=thread, attempt=2, notice_id="N0tice-Two_x")
    assert await say_file(client, another, team="T0123") == Said("D0ANNA", "F2")


async def test_a_file_that_was_not_taken_is_sent_again(slack, client):
    """Nothing stands yet: whatever went wrong before the last step is tried anew."""
    slack.post = [web.Response(status=500), web.Response(status=302, headers={"Location": "https://evil.example/"})]
    for _ in range(2):
        assert (await failing(client, saying())).retryable
    slack.answers["files.getUploadURLExternal"] = [{"ok": False, "error": "ratelimited"}]
    assert (await failing(client, saying())).retryable
    assert await say_file(client, saying(attempt=2), team="T0123")
    assert len(slack.messages) == 1


async def test_the_bytes_go_to_slack_alone(slack, client):
    """An address that is not Slack's own gets nothing, and no second try."""
    elsewhere = {"ok": True, "upload_url": "https://evil.example/upload", "file_id": "F1"}
    slack.answers["files.getUploadURLExternal"] = [elsewhere]
    assert not (await failing(client, saying())).retryable
    assert not slack.messages


@pytest.mark.parametrize(
    "facts", [{"deleted": True}, {"is_restricted": True}, {"is_bot": True}, {"team_id": "T0OTHER"}]
)
async def test_who_is_no_member_any_more_gets_no_list(slack, client, facts):
    """The file names many others."""
    slack.member |= facts
    failed = await failing(client, saying())
    assert failed.reason is Reason.UNREACHABLE_PERSON
    assert not failed.retryable
    assert not slack.named("files.getUploadURLExternal")


async def test_a_run_has_one_message(slack, client):
    """It is posted once and then brought up to date."""
    first = SaySlack("N1", "U0ANNA", crowd.run(), None, None, attempt=1, must_be_member=True)
    assert await say(client, first, team="T0123") == Said("D0ANNA", "1.0")
    over = crowd.run(state=RequestState.DONE)
    again = SaySlack("N2", "U0ANNA", over, "D0ANNA", "1.0", attempt=1, must_be_member=True)
    assert await say(client, again, team="T0123") == Said("D0ANNA", "1.0")
    assert len(slack.messages) == 1
    assert slack.named("chat.update")[0]["text"]
