"""The logs: one line an event, libraries held at WARNING whatever the level, and no secret in any of it."""

from __future__ import annotations

import io
import json
import logging

import pytest

from bot import log
from directory.secret import Secret


@pytest.fixture
def logs():
    """Give a function that sets up the logs and one that reads them; put the loggers back afterwards."""
    root = logging.getLogger()
    kept = (root.handlers[:], root.level, {name: logging.getLogger(name).level for name in log.HELD})
    stream = io.StringIO()

    def start(**options):
        log.configure(stream=stream, **options)
        return stream

    yield start
    root.handlers[:], root.level = kept[0], kept[1]
    for name, level in kept[2].items():
        logging.getLogger(name).setLevel(level)
    logging.captureWarnings(capture=False)


def test_an_event_is_one_json_line_with_its_ids(logs):
    """Programs read the lines: event, level, time and the event's own fields."""
    stream = logs()
    logging.getLogger("desk.x").info("request_proved", extra={"request": "R1", "tries": 2})
    line = json.loads(stream.getvalue())
    assert (line["event"], line["level"], line["request"], line["tries"]) == ("request_proved", "info", "R1", 2)
    assert line["time"].endswith("+00:00")


@pytest.mark.parametrize("name", [*log.HELD, "slack_bolt.AsyncApp", "aiohttp.access", "dbos._queue"])
def test_libraries_are_held_at_warning(logs, name):
    """At DEBUG too, and even where the library sets a level of its own, its payloads stay out."""
    stream = logs(level="debug")
    library = logging.getLogger(name)
    old = library.level
    library.setLevel(logging.DEBUG)
    library.info("body=%s", "canary-payload")
    library.debug("canary-payload")
    library.setLevel(old)
    assert stream.getvalue() == ""


@pytest.mark.parametrize("style", ["json", "text"])
def test_what_looks_like_a_secret_is_masked(logs, style):
    """Tokens, TOTP addresses, values behind telling keys, and hidden values never reach a line or a traceback."""
    stream = logs(style=style)
    logger = logging.getLogger("bot.test")
    logger.warning("token xoxb-123456789-canary and xapp-1-A0-canary")
    logger.warning("see otpauth://totp/x?secret=CANARY")
    logger.warning('{"password": "pw-canary", "n": 1} new_password=pw-canary')
    logger.warning("seen", extra={"userPassword": "pw-canary", "value": Secret("pw-canary"), "code": "123canary"})
    try:
        int("password='pw-canary'")
    except ValueError:
        logger.exception("failed")
    said = stream.getvalue().lower()
    assert "canary" not in said
    assert "valueerror" in said


def test_a_line_of_text_cannot_be_forged(logs):
    """A line break or an escape sequence in a value starts no new line."""
    stream = logs(style="text")
    logging.getLogger("bot.test").warning("event\n12:00:00 info forged\x1b[31m", extra={"who": "a\nb"})
    assert stream.getvalue().count("\n") == 1
    assert "\x1b" not in stream.getvalue()


@pytest.mark.parametrize("style", ["json", "text"])
def test_an_error_is_told_by_its_kind_and_place_and_never_by_its_text(logs, style):
    """An error may quote what it was given; neither it, nor what led to it, nor one of a group is repeated."""
    stream = logs(style=style)
    logger = logging.getLogger("bot.test")
    quoted = "It-was-canary".lower()  # so that no source line in the traceback holds it
    try:
        try:
            raise ValueError(quoted)  # noqa: TRY301
        except ValueError as error:
            raise ExceptionGroup(quoted, [KeyError(quoted)]) from error
    except ExceptionGroup as group:
        logger.exception("failed")
        logger.error("Task exception was never retrieved\nfuture: %r", group, exc_info=group)  # noqa: TRY400
    said = stream.getvalue()
    assert "it-was-canary" not in said
    assert "ValueError" in said
    assert "KeyError" in said
    assert "test_log.py" in said
