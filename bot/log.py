"""Logs: one JSON object a line on standard output, our own events at the level asked for, libraries at WARNING.

The libraries that see payloads, passwords or queries are held at WARNING whatever the level: Bolt logs a whole body at
INFO on a bad signature, and slack_sdk logs requests and answers at DEBUG. What still comes through is redacted.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TextIO

from pythonjsonlogger.core import RESERVED_ATTRS

from directory.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

HELD = ("slack_sdk", "slack_bolt", "aiohttp", "asyncio", "ldap", "dbos", "sqlalchemy", "aiosmtplib", "alembic",
        "aiosqlite", "psycopg", "urllib3", "mail.log")  # fmt: skip
QUIET = ("aiohttp.access",)  # its lines hold addresses and no ids; /slack/events is told by our own events

TOKEN = re.compile(r"\bx(?:ox[a-z](?:\.xox[a-z])?|app)-[A-Za-z0-9-]{6,}")
OTPAUTH = re.compile(r"otpauth://\S+")
HIDDEN_KEYS = re.compile(r"password|passwd|secret|token|seed|cookie|authorization|pickup|code$", re.IGNORECASE)
PAIR = re.compile(
    r"""(?P<key>["']?(?:\w*password|passwd|\w*secret|\w*token|seed)["']?\s*[:=]\s*)"""
    r"""(?P<value>"[^"]*"|'[^']*'|[^\s,;&}]+)""",
    re.IGNORECASE,
)
MASK = "***"


def redact(text: str) -> str:
    """Mask what looks like a Slack token, a TOTP address or the value of a key that names a secret."""
    text = OTPAUTH.sub(MASK, TOKEN.sub(MASK, text))
    if ":" in text or "=" in text:  # most have neither, and the pattern is slow on a long word
        text = PAIR.sub(lambda m: m["key"] + MASK, text)
    return text


class _Held(logging.Filter):
    """Drops what a library says below WARNING, even where the library has set its own level."""

    def filter(self, record: logging.LogRecord) -> bool:
        name = record.name
        if any(name == quiet or name.startswith(quiet + ".") for quiet in QUIET):
            return False
        if record.levelno >= logging.WARNING:
            return True
        return not any(name == held or name.startswith(held + ".") for held in HELD)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    extra = {k: v for k, v in vars(record).items() if k not in RESERVED_ATTRS and not k.startswith("_")}
    return {k: MASK if _hidden(k) else _plain(v) for k, v in extra.items()}


@lru_cache(maxsize=1000)
def _hidden(key: str) -> bool:
    return HIDDEN_KEYS.search(key) is not None


def _plain(value: object) -> Any:
    if isinstance(value, Secret):
        return MASK
    if value is None or isinstance(value, bool | int | float):
        return value
    return redact(str(value))


def _trace(record: logging.LogRecord) -> str | None:
    if not record.exc_info or record.exc_info[0] is None:
        return None
    return redact("".join(_told(record.exc_info[1], set())))


def _told(error: BaseException | None, seen: set[int]) -> list[str]:
    """Return kinds and places of an error and of what led to it. Never its text, which may quote what it was given."""
    if error is None or id(error) in seen:
        return []
    seen.add(id(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    inner = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    kind = type(error)
    return [
        *_told(before, seen),
        "Traceback (most recent call last):\n",
        *traceback.format_tb(error.__traceback__),  # never with locals
        f"{kind.__module__}.{kind.__qualname__}\n",
        *(line for one in inner for line in _told(one, seen)),
    ]


def _event(record: logging.LogRecord) -> str:
    """Return the message; of one about an error the first line only: asyncio writes the error's text below it."""
    message = record.getMessage()
    return redact(message.partition("\n")[0] if record.exc_info else message)


class JsonFormatter(logging.Formatter):
    """One JSON object a record: time, level, event, logger, the record's own fields, and the traceback if any."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": _event(record),
            "logger": record.name,
            **_fields(record),
        }
        trace = _trace(record)
        if trace:
            line["traceback"] = trace
        return json.dumps(line, ensure_ascii=True, default=str)


class TextFormatter(logging.Formatter):
    """The same for people: `12:00:00 info  event  key=value ...`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, with the traceback below it if there is one."""
        at = datetime.fromtimestamp(record.created, UTC).astimezone().strftime("%H:%M:%S")
        fields: Mapping[str, Any] = _fields(record)
        words = " ".join(f"{k}={json.dumps(v, default=str)}" for k, v in fields.items())
        line = f"{at} {record.levelname.lower():7} {_event(record)} {words}".rstrip()
        line = line.replace("\n", "\\n").replace("\x1b", "")
        trace = _trace(record)
        return f"{line}\n{trace}".rstrip() if trace else line


def configure(*, level: str = "INFO", style: str = "json", stream: TextIO | None = None) -> None:
    """Send all logs to `stream` (standard output) in `style` ("json" or "text") from `level` upwards."""
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(JsonFormatter() if style == "json" else TextFormatter())
    handler.addFilter(_Held())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in HELD:
        logging.getLogger(name).setLevel(logging.WARNING)
    # The engine adds a handler of its own to a logger that has none, and then stops propagating to ours.
    engine = logging.getLogger("dbos")
    if not engine.handlers:
        engine.addHandler(logging.NullHandler())
    logging.captureWarnings(capture=True)
