"""The ways in which Slack tells of what a person did."""

from __future__ import annotations

from enum import StrEnum


class Hook(StrEnum):
    """The ways in which Slack tells of what a person did."""

    COMMAND = "command"
    SHORTCUT = "message_action"
    ACTION = "block_actions"
    SUBMISSION = "view_submission"
    OPTIONS = "block_suggestion"
    EVENT = "event"
