"""Reads what was typed after the command: whom it names, or that help is wanted."""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass

from resets.reasons import Reason, Refused

LONGEST = 256  # characters, as typed; no login or address is longer (RFC 5321, 4.5.3.1.3)

_QUOTES = "\"'`´‘’‚“”„«»‹›"  # noqa: RUF001 - what phones and word processors make of quotes
_HELP = frozenset({"help", "?", "-h", "--help"})
_BULK = "bulk"
_FREEZE, _RESUME = "freeze", "resume"
# How Slack writes mentions and links that a person typed; `manifest.yml` asks for it with `should_escape`.
# Source: docs.slack.dev, "Formatting message text", retrieving.
_MENTION = re.compile(r"<@([UW][A-Z0-9]{1,30})(?:\|[^<>]*)?>")
_ENTITY = re.compile(r"<([^<>]*)>")
_LINK = re.compile(r"(?:mailto:|https?://)([^|]+)\|\1")


@dataclass(frozen=True, slots=True)
class Mention:
    """A Slack user was mentioned. Who that is in a directory is still to be found out."""

    user: str  # "U0123"


@dataclass(frozen=True, slots=True)
class Name:
    """A login, a mail address or a person's name, 1-256 characters, without quotes and invisible characters."""

    text: str


@dataclass(frozen=True, slots=True)
class Help:
    """Help was asked for."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nothing was typed."""


def is_bulk(text: str) -> bool:
    """Say whether many at once are asked for. "bulk" in quotes is a name."""
    return text.strip().casefold() == _BULK


def freezes(text: str) -> str | None:
    """Return the reason, or "", where everything is to be stopped; None where not. "freeze" in quotes is a name."""
    word, *why = [*text.split(maxsplit=1), ""]
    return why[0].strip() if word.casefold() == _FREEZE else None


def is_resume(text: str) -> bool:
    """Say whether a freeze is to be ended. "resume" in quotes is a name."""
    return text.strip().casefold() == _RESUME


def read(text: str) -> Mention | Name | Help | Nothing:
    """Say what a typed text names. "help" in quotes is a name.

    Raises:
        Refused: MALFORMED_TARGET, for more than 256 characters, more than one mention, a mention with other text
            beside it, a channel or group, or half a surrogate pair.
    """
    if len(text) > LONGEST:
        raise Refused(Reason.MALFORMED_TARGET)
    visible = _visible(text)
    if not visible:
        return Nothing()
    if visible.casefold() in _HELP:
        return Help()
    mention = _MENTION.fullmatch(_bare(visible))
    if mention:
        return Mention(mention[1])
    name = _bare(html.unescape(_ENTITY.sub(_spelled, visible)))
    return Name(name) if name else Nothing()


def _visible(text: str) -> str:
    """Drop what cannot be seen (zero-width, bidi overrides), make every kind of white space one blank."""
    kinds = [(unicodedata.category(c), c) for c in text]
    if any(kind == "Cs" for kind, _ in kinds):  # half a pair: no database and no directory takes it
        raise Refused(Reason.MALFORMED_TARGET)
    return " ".join("".join(" " if kind == "Cc" else c for kind, c in kinds if kind != "Cf").split())


def _bare(text: str) -> str:
    """Take quotes and blanks from both ends, and the @ of a mention that Slack did not know."""
    return unicodedata.normalize("NFC", _visible(text)).lstrip(_QUOTES + " @").rstrip(_QUOTES + " ")


def _spelled(entity: re.Match[str]) -> str:
    """Give back what was typed, where Slack made a link of it."""
    link = _LINK.fullmatch(entity[1])
    if link:
        return link[1]
    raise Refused(Reason.MALFORMED_TARGET)
