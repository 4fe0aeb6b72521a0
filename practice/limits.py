"""Slack's limits, as a table of our own; each number stands beside where Slack says it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

# https://docs.slack.dev/reference/block-kit/blocks and .../block-elements, .../composition-objects
MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
BLOCK_ID = 255
ACTION_ID = 255
TEXT_OBJECT = 3000
SECTION_FIELDS = 10
SECTION_FIELD = 2000
HEADER = 150
CONTEXT_ELEMENTS = 10
ACTIONS_ELEMENTS = 25
LABEL = 2000
BUTTON_TEXT = 75
BUTTON_VALUE = 2000
URL = 3000
ACCESSIBILITY_LABEL = 75
OPTION_TEXT = 75
OPTION_VALUE = 150
OPTIONS = 100
OPTION_GROUPS = 100
CHOICES = 10  # checkboxes and radio buttons
OVERFLOW_OPTIONS = 5
PLACEHOLDER = 150
CONFIRM_TITLE = 100
CONFIRM_TEXT = 300
CONFIRM_BUTTON = 30
IMAGE_ALT = 2000
MARKDOWN = 12_000
TABLE_ROWS = 100
TABLE_CELLS = 20
INPUT_LENGTH = 3000
FILES = 10
# https://docs.slack.dev/reference/block-kit/block-elements/file-input-element says "10 MB" each; 1 GB and 1 MB stand at
# files.getUploadURLExternal. Which kind of MB, Slack does not say: here the larger.
FILE_INPUT_BYTES = 10 << 20
UPLOAD_BYTES = 1 << 30
SNIPPET_BYTES = 1 << 20
# https://docs.slack.dev/reference/methods/users.list: above some size a limit is required; Slack gives no figure
UNLIMITED_USERS = 1000

# https://docs.slack.dev/reference/views/modal-views
VIEW_TITLE = 24
PRIVATE_METADATA = 3000
CALLBACK_ID = 255
EXTERNAL_ID = 255
VIEW_BYTES = 250_000
VIEW_STACK = 3

# https://docs.slack.dev/reference/methods/chat.postMessage and chat.update
POST_TEXT = 40_000
UPDATE_TEXT = 4_000
# Not in Slack's documents: measured by people who met msg_blocks_too_long (slackapi/bolt-js issue 2509).
MESSAGE_CHARACTERS = 13_200
# https://docs.slack.dev/messaging/message-metadata: a payload of at most 8 kB
METADATA_BYTES = 8_000

# https://docs.slack.dev/interactivity/handling-user-interaction
RESPONSE_URL_USES = 5
SUGGESTIONS = 100

# https://docs.slack.dev/apis/events-api/using-socket-mode
SOCKETS = 10


class Tier(StrEnum):
    """Slack's rate tiers: calls of one method in one minute. SPECIAL methods have their own figure."""

    ONE = "t1"
    TWO = "t2"
    THREE = "t3"
    FOUR = "t4"
    SPECIAL = "t5"


def _tiers() -> dict[Tier, int]:
    # https://docs.slack.dev/apis/web-api/rate-limits; Slack allows "at least" so many, the practice workspace exactly
    # so many. "Several hundred a minute" for the whole workspace is all that Slack says of its special tier.
    return {Tier.ONE: 1, Tier.TWO: 20, Tier.THREE: 50, Tier.FOUR: 100, Tier.SPECIAL: 300}


@dataclass(frozen=True, slots=True)
class Limits:
    """The figures that a test may want to shorten; the defaults are Slack's.

    Attributes:
        ack: how long an answer to a payload may take.
        trigger: how long a trigger id lives after it was sent.
        response_url: how long a response_url lives.
        per_minute: calls of one method in one minute, by tier.
        post_gap: at most one chat.postMessage per channel in this span.
        socket_life: how long a Socket Mode connection lives (the `approximate_connection_time` of hello).
        socket_warning: so long before its end a connection is warned.
        ticket: how long the address from apps.connections.open can be used.
        ping: seconds between two pings to a connection.
        event_retries: waits before the second, third and fourth delivery of an event.
        file_input: bytes at most of a file that a person chooses in a modal.
        upload: bytes at most of a file that the app uploads.
    """

    ack: timedelta = timedelta(seconds=3)
    trigger: timedelta = timedelta(seconds=3)
    response_url: timedelta = timedelta(minutes=30)
    per_minute: dict[Tier, int] = field(default_factory=_tiers)
    post_gap: timedelta = timedelta(seconds=1)
    socket_life: timedelta = timedelta(hours=1)
    socket_warning: timedelta = timedelta(seconds=10)
    ticket: timedelta = timedelta(seconds=30)
    ping: timedelta = timedelta(seconds=10)
    event_retries: tuple[timedelta, ...] = (timedelta(0), timedelta(minutes=1), timedelta(minutes=5))
    file_input: int = FILE_INPUT_BYTES
    upload: int = UPLOAD_BYTES
