"""Texts made comparable: without case, accents and what cannot be seen; and the words that an account is found by."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from directory.base import Account

LONGEST_WORD = 64  # characters; also keeps a hostile name below the size that an index entry may have
MOST_WORDS = 60  # of one account
MOST_QUERY_WORDS = 6
LOGIN = 0  # rank: the whole login
PERSON = 1  # a word of login, mail or name, unless another such word of the account starts with it
SHORT = 2  # the words left out of PERSON: every search that they would find is found by the longer one
DEPARTMENT = 3

# Letters that Unicode does not take apart into a base and an accent.
STROKES = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "\u0131": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)
CONTROLS = {code: " " if chr(code).isspace() else None for code in (*range(32), 127)}
UNSEEN = frozenset({"Mn", "Cc", "Cf", "Cs", "Co", "Cn"})
AROUND = ",;\"'<>()"  # what people put around a word
BETWEEN_PARTS = re.compile(r"[\W_]+")


def storable(text: str) -> str:
    """Drop what no database takes: NUL and lone surrogates."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def fold(text: str) -> str:
    """Return the text in the form in which two spellings of it are equal."""
    # Case first: the capital of a stroked letter is not in the table.
    lower = text.casefold()
    if lower.isascii():
        return lower.translate(CONTROLS)
    plain = "".join(" " if c.isspace() else c for c in unicodedata.normalize("NFKD", lower))
    return "".join(c for c in plain if unicodedata.category(c) not in UNSEEN).casefold().translate(STROKES)


def query_words(query: str) -> tuple[str, ...]:
    """Return the folded words of what someone typed (at most 6), each once."""
    return tuple(dict.fromkeys(word[:LONGEST_WORD] for word in _split(query)))[:MOST_QUERY_WORDS]


def words_of(account: Account) -> frozenset[tuple[int, str]]:
    """Return the (rank, folded word) pairs that an account is found by the start of."""
    login, mail, department = account.login, account.mail or "", account.department or ""
    names = f"{account.name} {account.given_name} {account.family_name}"
    whole = [word for text in (login, mail, names) for word in _split(text)]
    parts = [part for text in (login, mail.partition("@")[0], names) for part in _parts(text)]
    words = sorted(_kept([*whole, *parts]))
    ranked = {(SHORT if longer.startswith(word) else PERSON, word) for word, longer in pairwise([*words, ""])}
    ranked |= {(DEPARTMENT, word) for word in _kept([*_split(department), *_parts(department)])}
    return frozenset(ranked | {(LOGIN, word) for word in _kept([fold(login)])})


def _split(text: str) -> list[str]:
    return [word for word in (each.strip(AROUND) for each in fold(text).split()) if word]


def _parts(text: str) -> list[str]:
    return BETWEEN_PARTS.split(fold(text))


def _kept(words: list[str]) -> set[str]:
    return set([word[:LONGEST_WORD] for word in (each.strip() for each in words) if word][:MOST_WORDS])
