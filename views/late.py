"""A no that came once the question was over: what it still did, what it did not stop, and what to do now."""

from __future__ import annotations

from resets.late import Meanwhile
from views import blocks
from views.text import quiet

TITLE = "The security team has been told"

_FIRST = (
    "The question was over or answered by then, so your *no* takes nothing back. From now on, for an hour, IT resets "
    "this account only for whom they see face to face."
)

_PERSON = {
    Meanwhile.NOTHING: "Nothing was reset by it: {asks} has asked for no new password for {whose} in the hour after. "
    "If somebody calls you about it, hang up, and go to the IT desk in person.",
    Meanwhile.WAITS: "{asks} has asked for a reset all the same, and it waits for others to agree: the password for "
    "{whose} has not changed. Go to the IT desk in person now, so that they deny it.",
    Meanwhile.RUNS: "A reset by {asks} is under way: the password for {whose} may be replaced at any moment, or has "
    "been. As soon as you have a message about it, press *Not me - stop* there. Go to the IT desk in person now.",
    Meanwhile.SET: "{asks} has reset the password for {whose} meanwhile: the old one opens nothing any more. In the "
    "message about it press *Not me - stop*, which takes the new one back. If you have none, or cannot, go to the IT "
    "desk in person now.",
    Meanwhile.OVER: "A reset by {asks} for {whose} is over: it was not done, or its password opens nothing any more. "
    "If you cannot sign in, go to the IT desk in person.",
}
_MANAGER = {
    Meanwhile.NOTHING: "Nothing was reset by it: {asks} has asked for no new password for {whose} in the hour after.",
    Meanwhile.WAITS: "{asks} has asked for a reset all the same, and it waits for others to agree: the password for "
    "{whose} has not changed. Call the IT desk now, so that they deny it.",
    Meanwhile.RUNS: "A reset by {asks} is under way: the password for {whose} may be replaced at any moment, or has "
    "been. Call them and the IT desk now: only they themselves can press *Not me - stop*, in their message about it.",
    Meanwhile.SET: "{asks} has reset the password for {whose} meanwhile. Call them and the IT desk now: only they "
    "themselves can press *Not me - stop*, in their message about it, which takes the new one back.",
    Meanwhile.OVER: "A reset by {asks} for {whose} is over: it was not done, or its password opens nothing any more.",
}


def to_person(meanwhile: Meanwhile, asks: str, whose: str) -> list[str]:
    """Return what the person is told; `asks` and `whose` are mrkdwn: who asked, and which account."""
    return [_FIRST, _PERSON[meanwhile].format(asks=asks, whose=whose)]


def to_manager(meanwhile: Meanwhile, asks: str, whose: str, name: str) -> list[str]:
    """Return what the manager is told; `whose` names the person in mrkdwn, `name` as they are called, raw."""
    last = f"Tell {quiet(name)}, not in Slack, that somebody may have called IT in their name."
    return [_FIRST, _MANAGER[meanwhile].format(asks=asks, whose=whose), last]


def to_requester(who: str, name: str) -> list[blocks.Block]:
    """Return what the requester sees: `who` has said no, and `name` is whose account it is; both raw."""
    return [
        blocks.section(f"🛑 *{quiet(who)} now says that they do not know of this. The caller may be somebody else.*"),
        blocks.section(
            "It takes nothing back that was sent already: withdraw or cancel that, and call your security team. End "
            "the call, and reset nothing more for it. The security channel has been told; for an hour "
            f"{quiet(name)}'s account is reset only for whom you see face to face."
        ),
    ]
