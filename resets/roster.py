"""Reads a list of people: out of a CSV file's bytes, or out of a text that somebody pasted."""

from __future__ import annotations

import csv
import html
import io
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resets import columns
from resets.reasons import Reason, Refused
from resets.rows import RowReader
from resets.targets import LONGEST, Help, Mention, Name, Nothing, read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resets.rows import Encoding

MOST_ROWS = 100_000
PASTED_IN_SLACK = 3_000  # characters; what Slack's input takes
_BAD_NAMED = 20
_SAMPLED = 1_000  # rows, to find header and column

_ORDINARY = re.compile(r"[^\W_][\w.+$\\@-]{0,63}")  # nearly all names; nothing in them needs cleaning
# Invisible, though Unicode counts them as letters, marks or symbols (DerivedCoreProperties.txt, Default_Ignorable).
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f\u2800\u3164\uffa0\ufffd")
_UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
_ENDS = re.compile(r"[\r\n]+")
_BULLET = re.compile(r"^\s*(?:[-*•]|\d{1,4}[.)])\s+")
_ENTITY = re.compile(r"<[^<>]*>")  # Slack's mentions and links, and a mail client's addresses
_QUOTED_NAME = re.compile(r'"[^"<>]*"\s*(?=<)')  # "Bell, Anna" <anna@example.com>
_ESCAPED_LINK = re.compile(r"&lt;\s*<?((?:mailto:)?[^\s<>&]+@[^\s<>&]+)>?\s*&gt;")
_SLACK_LINK = re.compile(r"<mailto:([^|<>]+)\|\1>")
_MAILTO = re.compile(r"mailto:", re.IGNORECASE)
_EXAMPLES = ("anna.example", "ben@example.com")  # of the template


@dataclass(frozen=True, slots=True)
class Listed:
    """One who is on the list: a login, address or name of 1-256 characters, or a Slack user's id."""

    text: str
    row: int  # as a spreadsheet counts; of a pasted list, the line
    mention: bool = False


@dataclass(frozen=True, slots=True)
class Roster:
    """Who is on the list, and what was found on the way."""

    names: tuple[Listed, ...]  # in their order, each once
    rows: int  # that are not blank, without the header; of a pasted list, the names
    duplicates: int  # the same name again, whatever its capitals
    encoding: Encoding
    flagged: bool  # Latin-1 was a guess: letters with accents may be others
    column: str | None  # that was read: its header, or "column 2"; None for a pasted list
    ignored: tuple[str, ...]  # the other columns
    bad_rows: tuple[int, ...]  # that could not be read, the first 20
    bad: int  # how many there are


class _Names:
    """Collects names, each once."""

    def __init__(self) -> None:
        self.names: list[Listed] = []
        self.duplicates = 0
        self.bad_rows: list[int] = []
        self.bad = 0
        self.rows = 0
        self._seen: set[str] = set()

    def count(self) -> None:
        self.rows += 1
        if self.rows > MOST_ROWS:
            raise Refused(Reason.TOO_MANY_ROWS)

    def add(self, meant: Mention | Name | str, row: int) -> None:
        mention = isinstance(meant, Mention)
        text = meant if isinstance(meant, str) else meant.user if isinstance(meant, Mention) else meant.text
        key = f"<@{text}>" if mention else text.casefold()
        if key in self._seen:
            self.duplicates += 1
            return
        self._seen.add(key)
        self.names.append(Listed(text, row, mention))

    def spoil(self, row: int) -> None:
        self.bad += 1
        if len(self.bad_rows) < _BAD_NAMED:
            self.bad_rows.append(row)

    def roster(self, rows: RowReader | None = None, column: columns.Column | None = None) -> Roster:
        return Roster(
            names=tuple(self.names),
            rows=self.rows,
            duplicates=self.duplicates,
            encoding=rows.encoding if rows else "utf-8",
            flagged=rows.flagged if rows else False,
            column=column.name if column else None,
            ignored=column.ignored if column else (),
            bad_rows=tuple(sorted(self.bad_rows)),
            bad=self.bad,
        )


class RosterReader:
    """Reads a CSV file that comes in pieces of any size. Holds the names, and at most 64 KB of what is not read yet.

    `feed` and `close` raise Refused: FILE_TOO_BIG (10 MB), TOO_MANY_ROWS (100,000), FILE_BINARY, FILE_PAGE,
    FILE_CUT_OFF (`row`), PASSWORD_COLUMN (`column`), NO_COLUMN, FILE_EMPTY, FILE_ONLY_HEADER. After that the reader
    is of no more use.
    """

    def __init__(self) -> None:
        self._rows = RowReader()
        self._names = _Names()
        self._first: list[tuple[int, list[str]]] = []  # until the column is found
        self._column: columns.Column | None = None
        self._guards: tuple[columns.Guard, ...] = ()
        self._template = False

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        self._take(self._rows.feed(data))
        if self._column is None and len(self._first) > 1:
            self._begin()

    def close(self) -> Roster:
        """Take the end of the file; return the list."""
        self._take(self._rows.close())
        if self._column is None:
            self._begin()
        if not self._names.rows:
            raise Refused(Reason.FILE_ONLY_HEADER)
        return self._names.roster(self._rows, self._column)

    def _take(self, rows: Iterator[tuple[int, list[str] | None]]) -> None:
        for row, cells in rows:
            if cells is None:
                self._names.count()
                self._names.spoil(row)
            elif not any(cells) or not any(map(str.strip, cells)):
                continue
            elif self._column is None:
                self._first.append((row, cells))
            else:
                self._one(row, cells, self._column)

    def _begin(self) -> None:
        """Find header and column by the first rows, and take these."""
        if not self._first:
            raise Refused(Reason.NO_COLUMN if self._names.rows else Reason.FILE_EMPTY)
        first, self._first = self._first, []
        if len(first) == 1 and sum(columns.is_mail(c.strip()) for c in first[0][1]) > 1:
            first = [(first[0][0], [cell]) for cell in first[0][1] if cell.strip()]  # all of them in one line
        sample = [cells for _, cells in first]
        del sample[_SAMPLED:]
        header = sample[0] if columns.has_header(sample) else None
        if header is not None:
            del first[0], sample[0]
            self._guards = columns.guards(header)
            self._template = header[0].strip().casefold() == columns.EXAMPLES_HEADER
            for _, cells in first:
                self._guard(cells)
            if not first and not self._names.bad:
                raise Refused(Reason.FILE_ONLY_HEADER)
        unnamed = columns.unnamed_secrets(header, sample)
        if unnamed is not None:
            raise Refused(Reason.PASSWORD_COLUMN, column=unnamed + 1)
        self._column = columns.choose(header, sample)
        for row, cells in first:
            self._one(row, cells, self._column)

    def _guard(self, cells: list[str]) -> None:
        for guard in self._guards:
            guard.check(cells)

    def _one(self, row: int, cells: list[str], column: columns.Column) -> None:
        self._guard(cells)
        cell = cells[column.index] if column.index < len(cells) else ""
        if self._template and cell in _EXAMPLES:
            return
        self._names.count()
        meant = _meant(cell)
        if meant is None:
            self._names.spoil(row)
        else:
            self._names.add(meant, row)


def pasted(text: str, most: int = PASTED_IN_SLACK) -> Roster:
    """Read a list that somebody typed or pasted. A blank one is an empty list.

    Names stand between line ends, commas, semicolons or tabs; addresses and mentions between blanks, too. Slack's
    links are undone, and of `Anna Example <anna@example.com>` the address is taken. What was copied out of a
    spreadsheet, with a header or one column of addresses between tabs, is read as a file is.

    Raises:
        Refused: LIST_TOO_LONG, for more than `most` characters; TOO_MANY_ROWS; of a table all that a file may be.
    """
    if len(text) > most:
        raise Refused(Reason.LIST_TOO_LONG, most=most)
    if _is_table(text):
        reader = RosterReader()
        reader.feed(_SLACK_LINK.sub(r"\1", text).encode("utf-8", "replace"))
        return reader.close()
    names = _Names()
    for row, line in enumerate(_ENDS.split(_ESCAPED_LINK.sub(_unescaped, text)), 1):
        for piece in re.split(r"[;\t]", _QUOTED_NAME.sub("", _BULLET.sub("", line))):
            for item in _items(piece):
                try:
                    meant = read(item)
                except Refused:
                    meant = None
                if isinstance(meant, Nothing):
                    continue
                names.count()
                if meant is None or not _visible(item):
                    names.spoil(row)
                else:
                    names.add(item.strip() if isinstance(meant, Help) else meant, row)
    return names.roster()


def template() -> bytes:
    """Return a file to fill in, as Excel opens it rightly, with two examples that are ignored if sent back."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([[columns.EXAMPLES_HEADER], *([example] for example in _EXAMPLES)])
    return out.getvalue().encode("utf-8-sig")


def _is_table(text: str) -> bool:
    lines = [line for line in _ENDS.split(_SLACK_LINK.sub(r"\1", text)) if line.strip()][:_SAMPLED]
    for sign in "\t;,":
        rows = [line.split(sign) for line in lines]
        if columns.is_table(rows) and (sign == "\t" or columns.names_people(rows[0])):
            return True
    return False


def _meant(cell: str) -> Mention | str | None:
    """Return whom a cell names; None where it is blank, too long, or holds what cannot be seen."""
    if _ORDINARY.fullmatch(cell) and _visible(cell) and unicodedata.is_normalized("NFC", cell):
        return cell
    text = cell.strip()
    if len(text) > LONGEST or not _visible(text):
        return None
    address = columns.angled(text) or (text[7:] if _MAILTO.match(text) else text)
    try:
        meant = read(text if text.startswith("<@") else html.escape(address, quote=False))
    except Refused:
        return None
    match meant:
        case Mention():
            return meant
        case Name():
            return meant.text
        case Help():
            return text
    return None


def _visible(text: str) -> bool:
    """Say whether everything in a text can be seen: no controls, bidi overrides, zero widths, unknown characters."""
    if text.isprintable():
        return _INVISIBLE.isdisjoint(text)
    return not any(c in _INVISIBLE or unicodedata.category(c) in _UNSEEN for c in text)


def _unescaped(link: re.Match[str]) -> str:
    return f"<{link[1]}>"


def _items(piece: str) -> Iterator[str]:
    """Split what stands between two semicolons or line ends."""
    start = 0
    for entity in _ENTITY.finditer(piece):
        before = piece[start : entity.start()]
        start = entity.end()
        address = columns.angled(entity[0])
        if address is None and not entity[0].startswith("<mailto:"):
            yield from _words(before)
            yield entity[0]
            continue
        *others, _display = before.split(",")  # what stands right before an address is the person's name
        yield from (other for other in others if columns.is_mail(other.strip()) or columns.is_login(other.strip()))
        yield address or entity[0]
    yield from _words(piece[start:])


def _words(text: str) -> Iterator[str]:
    """Split at commas, and at blanks where there are addresses. Words before an address are its person's name."""
    for part in text.split(","):
        words = [_MAILTO.sub("", word.strip("()[].:")) for word in part.split()]
        if not any(map(columns.is_mail, words)):
            yield part
            continue
        before: list[str] = []
        for word in words:
            if not columns.is_mail(word):
                before.append(word)
                continue
            if len(before) == 1 or not all(map(str.isalpha, before)):
                yield from filter(columns.is_login, before)
            before.clear()
            yield word
        yield from filter(columns.is_login, before)
