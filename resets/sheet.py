"""A CSV file for people to open: written row by row, with cells that no spreadsheet takes for a formula."""

from __future__ import annotations

import codecs
import csv
import io
import re
import string
import unicodedata
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from directory.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Sequence

# What begins a formula, once full-width, small and raised forms are made plain; \u2212 is the minus sign.
_BEGINS = "=+@\u2212-"
# At the beginning of a cell, and after what another locale, or a careless program, takes for a cell's end.
_STARTS = re.compile(r"(?:^|(?<=[,;|\n\t]))(?=([^,;|\n\t]*))")
_LEADING = "\"'`´‘’‚“”„«»‹›"  # noqa: RUF001 - what programs strip before they look
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Cn"})
_WHITE = re.compile(r"\r\n?|[\x85\u2028\u2029\x0b\x0c]")


class Sheet:
    """Rows in, bytes out: RFC 4180 with CRLF, and UTF-8 with the mark by which Excel knows it.

    `write` keeps, `take` hands over what was kept; between two takes it grows by what was written, and nothing else.
    """

    def __init__(self, columns: Sequence[str]) -> None:
        self._width = len(columns)
        self._out = io.StringIO(newline="")
        self._writer = csv.writer(self._out, quoting=csv.QUOTE_ALL)
        self._mark = codecs.BOM_UTF8
        self.write(columns)

    def write(self, row: Sequence[str | int | datetime | None]) -> None:
        """Add a row, as wide as the columns.

        Raises:
            TypeError: a Secret, or anything that is not a text, a whole number, a time or None.
            ValueError: another width than the columns', or a time without a zone.
        """
        if len(row) != self._width:
            raise ValueError(f"a row of {len(row)} cells, for {self._width} columns")
        self._writer.writerow([_written(value) for value in row])

    def take(self) -> bytes:
        """Return what was written since the last take, b"" if nothing."""
        data = self._mark + self._out.getvalue().encode()
        self._mark = b""
        self._out.seek(0)
        self._out.truncate()
        return data


def cell(text: str) -> str:
    """Return a text without control, bidi and other invisible characters, and such that nothing computes it.

    Where it, or a part after a comma, semicolon, bar or line end, would begin a formula, an apostrophe stands before.
    """
    kept = _WHITE.sub("\n", text)
    tabbed = kept[:1] in {"\t", "\n"}  # a cell that begins with these is taken for a formula by some
    kept = "".join(" " if c == "\t" else c for c in kept if c in "\n\t" or unicodedata.category(c) not in _DROPPED)
    kept = _STARTS.sub(lambda start: "'" if _computes(start[1]) else "", kept)
    if not tabbed:
        return kept
    kept = kept.strip()
    return kept if not kept or kept[0] == "'" else "'" + kept


def _computes(text: str) -> bool:
    """Say whether the first character counts that is neither a blank nor a quote would begin a formula."""
    for char in text:
        plain = unicodedata.normalize("NFKC", char).strip(_LEADING + string.whitespace)
        if plain:
            return plain[0] in _BEGINS
    return False


def _written(value: object) -> str:
    if isinstance(value, Secret):
        raise TypeError("a password is never written to a file")
    if value is None:
        return ""
    if isinstance(value, str):
        return cell(value)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise TypeError(f"a cell is a text, a whole number or a time, not {type(value).__name__}")
