"""Bytes of a CSV file in, rows out: finds encoding and delimiter, holds no more than a row that is not whole."""

from __future__ import annotations

import codecs
import contextlib
import csv
import re
from typing import TYPE_CHECKING, Literal

from resets.columns import known
from resets.reasons import Reason, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Encoding = Literal["utf-8", "utf-16", "latin-1"]

MOST_BYTES = 10 * 1024 * 1024
LONGEST_ROW = 100_000  # characters; below the csv module's own limit for a cell
_MOST_LINES = 1_048_576  # blank ones counted; no spreadsheet has more
_PIECE = 64 * 1024  # bytes that are read at once; the first piece decides about encoding, delimiter and header
_SAMPLED = 100  # rows, to find the delimiter
_DELIMITERS = ",;\t|"

_ARCHIVES = (
    b"PK\x03\x04",  # xlsx, ods, numbers, zip
    b"PK\x05\x06",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",  # xls, doc
    b"%PDF-",
    b"{\\rtf",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ\x00",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a",
    b"\x28\xb5\x2f\xfd",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"\x7fELF",
    b"SQLite format 3\x00",
    b"bplist",
)
_PAGE = re.compile(
    r"\s*(?:<\?xml|<!--|<!doctype|<(?:html|head|body|script|meta|title|svg|table|workbook)\b)", re.IGNORECASE
)
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x19\x1b-\x1f\x7f-\x9f]")
_FEW_CONTROLS = 4  # spoil their rows only
_MANY_CONTROLS = 0.03  # of all characters
_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")  # the csv module wants lines; str.splitlines knows too many ends
_SEP = re.compile(r'"?sep=([^\w\s"\']|\t)"?[,;\t|]*[\r\n]*', re.IGNORECASE)
_ESCAPED = re.compile("[\udc80-\udcff]")
# What "surrogateescape" makes of a byte that is not UTF-8 -> what the byte is on Windows (cp1252), else in Latin-1.
_GUESSED = {0xDC00 + b: bytes([b]).decode("cp1252", "ignore") or chr(b) for b in range(0x80, 0x100)}


class _Starved(Exception):
    """The lines are used up for now."""


class _TooLong(Exception):
    """A row has more characters than a row may have."""


class RowReader:
    """Reads rows out of bytes that come in pieces.

    A row is its number, as a spreadsheet counts (blank rows and a header, too, but not Excel's `sep=`), and its cells,
    or None where the row cannot be read: stray quotes, or more than 100,000 characters.

    Bytes that are not UTF-8 are taken for Windows' Latin-1, and `flagged` says so: it is a guess.
    """

    def __init__(self) -> None:
        self.encoding: Encoding = "utf-8"
        self.flagged = False
        self._size = 0
        self._buffer = bytearray()
        self._decoder: codecs.IncrementalDecoder | None = None
        self._rest = ""  # a line without its end
        self._lines: list[str] = []  # of a row that is not whole
        self._delimiter = ""
        self._row = 0

    def feed(self, data: bytes) -> Iterator[tuple[int, list[str] | None]]:
        """Take bytes, give the rows that are whole now.

        Raises:
            Refused: FILE_TOO_BIG, TOO_MANY_ROWS, FILE_BINARY, FILE_PAGE, FILE_CUT_OFF.
        """
        self._size += len(data)
        if self._size > MOST_BYTES:
            raise Refused(Reason.FILE_TOO_BIG)
        for start in range(0, len(data), _PIECE):
            self._buffer += memoryview(data)[start : start + _PIECE]
            if len(self._buffer) >= _PIECE:
                yield from self._read(final=False)

    def close(self) -> Iterator[tuple[int, list[str] | None]]:
        """Give the last rows. Raises as `feed` does."""
        yield from self._read(final=True)

    def _read(self, *, final: bool) -> Iterator[tuple[int, list[str] | None]]:
        data = bytes(self._buffer)
        self._buffer.clear()
        if self._decoder is None:
            data, self._decoder = self._recognise(data)
            text = self._decode(data, final=final)
            _look(text)
        else:
            text = self._decode(data, final=final)
        self._split(text, final=final)
        if not self._delimiter and (self._lines or final):
            self._begin()
        if self._delimiter:
            yield from self._parse(final=final)

    def _recognise(self, data: bytes) -> tuple[bytes, codecs.IncrementalDecoder]:
        if data.startswith(_ARCHIVES):
            raise Refused(Reason.FILE_BINARY)
        for mark, name in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
            if data.startswith(mark):
                self.encoding = "utf-16"
                return data[2:], codecs.getincrementaldecoder(name)("replace")
        even, odd = data[0:4096:2], data[1:4096:2]
        for zeros, letters, name in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
            if zeros.count(0) > len(zeros) // 2 and not letters.count(0):
                self.encoding = "utf-16"
                return data, codecs.getincrementaldecoder(name)("replace")
        return data.removeprefix(codecs.BOM_UTF8), codecs.getincrementaldecoder("utf-8")("surrogateescape")

    def _decode(self, data: bytes, *, final: bool) -> str:
        assert self._decoder is not None
        text = self._decoder.decode(data, final)
        if _ESCAPED.search(text):
            self.encoding, self.flagged = "latin-1", True
            return text.translate(_GUESSED)
        return text

    def _split(self, text: str, *, final: bool) -> None:
        lines = _LINE.findall(self._rest + text)
        self._rest = ""
        if lines and not final and not lines[-1].endswith("\n"):  # a CR at the end may be half a CRLF
            self._rest = lines.pop()[: LONGEST_ROW + 1]
        self._lines += lines

    def _begin(self) -> None:
        """Find the delimiter: as Excel's first line says, else the one that makes most of the first rows."""
        match = _SEP.fullmatch(self._lines[0]) if self._lines else None
        if match:
            self._delimiter = match[1]
            del self._lines[0]
            return
        self._delimiter = max(_DELIMITERS, key=lambda d: _worth(self._lines, d))

    def _parse(self, *, final: bool) -> Iterator[tuple[int, list[str] | None]]:
        source = _Source(self._lines, final=final)
        reader = csv.reader(source, delimiter=self._delimiter, strict=True)
        while True:
            cells: list[str] | None
            try:
                cells = next(reader)
            except (_Starved, StopIteration):
                break
            except csv.Error:
                if source.ended or source.given > source.done + 1:
                    raise Refused(Reason.FILE_CUT_OFF, row=self._row + 1) from None
                cells = None
            except _TooLong:
                if source.given > source.done + 1:  # a quote that opened lines ago and has not closed
                    raise Refused(Reason.FILE_CUT_OFF, row=self._row + 1) from None
                cells = None
            source.done = source.given
            self._row += 1
            if self._row > _MOST_LINES:
                raise Refused(Reason.TOO_MANY_ROWS)
            yield self._row, cells
        del self._lines[: source.done]


class _Source:
    """Lines for the csv module, which asks for as many as a row has."""

    def __init__(self, lines: list[str], *, final: bool) -> None:
        self.given = 0  # lines
        self.done = 0  # of these, lines of whole rows
        self.ended = False
        self._lines = lines
        self._final = final
        self._size = 0  # characters of this row

    def __iter__(self) -> _Source:
        return self

    def __next__(self) -> str:
        if self.given == len(self._lines):
            self.ended = True
            raise StopIteration if self._final else _Starved
        line = self._lines[self.given]
        self._size = len(line) if self.given == self.done else self._size + len(line)
        self.given += 1
        if self._size > LONGEST_ROW:
            raise _TooLong
        return line


def _look(text: str) -> None:
    """Raise Refused where the beginning of a file is no text, or the text of a web page."""
    if _PAGE.match(text):
        raise Refused(Reason.FILE_PAGE)
    controls = len(_CONTROLS.findall(text))
    if controls > max(_FEW_CONTROLS, _MANY_CONTROLS * len(text)):
        raise Refused(Reason.FILE_BINARY)


def _worth(lines: Sequence[str], delimiter: str) -> tuple[int, float, int]:
    """Return what speaks for a delimiter: cells that we know, rows that are equally wide, and how wide."""
    rows: list[list[str]] = []
    with contextlib.suppress(csv.Error):  # stray quotes: what was read until there must do
        rows.extend(filter(any, csv.reader(lines[:_SAMPLED], delimiter=delimiter, strict=True)))
    widths = [len(row) for row in rows]
    usual = max(set(widths), key=lambda width: (widths.count(width), width), default=1)
    even = widths.count(usual) / len(widths) if usual > 1 else 0.0
    return sum(known(row[:64]) for row in rows), even, usual
