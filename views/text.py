"""Texts that others wrote, made harmless; times in the reader's zone; counts; a password spelled out."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

MIXED = " [mixed alphabets]"
_ELLIPSIS = "…"
_MARKS_IN_A_ROW = 3  # no script needs more on one letter; a tower of them paints over the lines above
# Letters of these look alike: a word that mixes two of them is more often a disguise than a name.
_LOOK_ALIKE = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC"})
# Invisible, though Unicode counts them as letters, marks or symbols (DerivedCoreProperties.txt, Default_Ignorable).
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f\u2800\u3164\uffa0")
_SPACES = re.compile(r"\s+")
_SIGNS = {
    "-": "hyphen",
    "_": "underscore",
    ".": "dot",
    ",": "comma",
    ":": "colon",
    ";": "semicolon",
    "!": "exclamation mark",
    "?": "question mark",
    "#": "number sign",
    "%": "per cent",
    "&": "and sign",
    "+": "plus",
    "=": "equals sign",
    "*": "star",
    "/": "slash",
    "\\": "backslash",
    "@": "at sign",
    "$": "dollar sign",
    "(": "opening bracket",
    ")": "closing bracket",
    "[": "opening square bracket",
    "]": "closing square bracket",
    "{": "opening curly bracket",
    "}": "closing curly bracket",
    "<": "less-than sign",
    ">": "greater-than sign",
    '"': "double quote",
    "'": "single quote",
    "`": "backtick",
    "|": "upright bar",
    "~": "tilde",
    "^": "caret",
    " ": "space",
}


def safe(text: str, limit: int = 80, *, empty: str = "(no name)") -> str:
    """Return a person's text as one visible line of at most `limit` UTF-16 units, as Slack counts them.

    Controls, bidi overrides, zero-width and other invisible characters go; a word that mixes look-alike alphabets
    is flagged. The result is for plain_text; in mrkdwn it still needs `escape`.
    """
    plain = text.isascii() and text.isprintable()  # as most are
    kept = text if plain else "".join(_visible(unicodedata.normalize("NFC", text)))
    line = _SPACES.sub(" ", kept).strip() or empty
    if not plain and any(_mixes(word) for word in line.split()):
        return cut(line, limit - len(MIXED)) + MIXED
    return cut(line, limit)


def _visible(text: str) -> list[str]:
    out: list[str] = []
    marks = 0
    for char in text:
        kind = unicodedata.category(char)
        if kind in {"Zl", "Zp", "Zs", "Cc"}:
            out.append(" ")
            continue
        if kind.startswith("C") or char in _INVISIBLE:
            continue
        marks = marks + 1 if kind.startswith("M") else 0
        if marks <= _MARKS_IN_A_ROW:
            out.append(char)
    return out


def _mixes(word: str) -> bool:
    scripts = {unicodedata.name(char, "?").split(" ", 1)[0] for char in word if char.isalpha()}
    return len(scripts & _LOOK_ALIKE) > 1


def cut(text: str, limit: int) -> str:
    """Return the text, shortened with an ellipsis where it is longer than `limit` UTF-16 units (1 and more)."""
    if units(text) <= limit:
        return text
    kept: list[str] = []
    room = limit - 1
    for char in text:
        room -= units(char)
        if room < 0:
            break
        kept.append(char)
    return "".join(kept).rstrip() + _ELLIPSIS


def units(text: str) -> int:
    """Return a text's length as Slack counts it: in UTF-16."""
    return len(text) + sum(ord(char) > 0xFFFF for char in text)  # noqa: PLR2004  # beyond the first plane: two units


def escape(text: str) -> str:
    """Return a text in which mrkdwn finds no mention, no link and no entity.

    Source: docs.slack.dev, "Formatting message text", section "Escaping text".
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def quiet(text: str, limit: int = 80) -> str:
    """Return a person's text for mrkdwn: safe, escaped, and without the characters that would format it."""
    return escape(_EMOJI.sub("\u2236\\1\u2236", safe(text, limit).translate(_UNFORMATTED)))


# Twins that look the same and format nothing. An underscore stays: logins have them, and people copy logins.
_UNFORMATTED = str.maketrans({"*": "\u2217", "~": "\u223c", "`": "\u02cb"})
_EMOJI = re.compile(r":([a-z0-9_+'-]+):", re.IGNORECASE)


def when(at: datetime) -> str:
    """Return an aware time as mrkdwn that Slack shows in the reader's own zone and language."""
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} at {{time}}|{utc(at)}>"


def to_the_second(at: datetime) -> str:
    """Return the same with seconds, for what is about to happen."""
    plain = f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} at {{time_secs}}|{plain}>"


def utc(at: datetime) -> str:
    """Return an aware time where nobody can know the reader's zone (mail, notifications)."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def span(seconds: int) -> str:
    """Return a length of time in words, rounded up: "45 seconds", "2 minutes", "1 hour"."""
    for size, word in ((3600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size:
            count = -(-seconds // size)
            return f"{count} {word}" if count == 1 else f"{count} {word}s"
    return "a moment"


def exactly(seconds: int) -> str:
    """Return a short length of time to the second, "90 seconds", and from two minutes on as `span` does."""
    return span(seconds) if seconds == 1 or seconds >= 120 else f"{seconds} seconds"  # noqa: PLR2004 - two minutes


def many(count: int, word: str = "person", words: str = "") -> str:
    """Return a count with its word: "1 person", "1,500 people", "2 rows"."""
    plural = words or ("people" if word == "person" else f"{word}s")
    return f"{count:,} {word if count == 1 else plural}"


def spell(password: str) -> str:
    """Return how the password is read aloud: capitals, digits and signs are named, words are kept together."""
    parts: list[str] = []
    run = ""
    for char in password:
        if char.islower():
            run += char
            continue
        if run:
            parts.append(run)
            run = ""
        if char.isupper():
            parts.append(f"capital {char}")
        elif char.isdigit():
            parts.append(f"digit {char}")
        else:
            parts.append(_SIGNS.get(char, unicodedata.name(char, "sign").lower()))
    return " · ".join([*parts, run] if run else parts)
