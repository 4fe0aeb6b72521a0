"""Texts made comparable: without case, accents and what cannot be seen; and the words that an account is found by."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from directory.base import Account

LONGEST_WORD = 64  # characters; also keeps a hostile name below the size that an index entry may have
MOST_WORDS = 40  # of one account
MOST_QUERY_WORDS = 6
OF_PERSON, OF_DEPARTMENT = 0, 1  # ranks: a person's own words come before the department's

# Letters that Unicode does not take apart into a base and an accent.
STROKES = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "\u0131": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)
UNSEEN = frozenset({"Mn", "Cc", "Cf", "Cs", "Co", "Cn"})
BETWEEN_PARTS = re.compile(r"[\W_]+")


def storable(text: str) -> str:
    """Drop what no database takes: NUL and lone surrogates."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def fold(text: str) -> str:
    """Return the text in the form in which two spellings of it are equal."""
    # Case first: the capital of a stroked letter is not in the table.
    plain = unicodedata.normalize("NFKD", text.casefold())
    seen = "".join(" " if c in "\t\n\r" else c for c in plain if c in "\t\n\r" or unicodedata.category(c) not in UNSEEN)
    return seen.casefold().translate(STROKES)


def query_words(query: str) -> tuple[str, ...]:
    """Return the folded words of what someone typed (at most 6), each once."""
    words = (word.strip(",;\"'<>()") for word in fold(query).split())
    return tuple(dict.fromkeys(word[:LONGEST_WORD] for word in words if word))[:MOST_QUERY_WORDS]


def words_of(account: Account) -> dict[str, int]:
    """Return the folded words that an account is found by the start of, each with its rank."""
    names = f"{account.name} {account.given_name} {account.family_name}"
    whole = [account.login, account.mail or "", *names.split()]
    parts = [part for text in (account.login, (account.mail or "").partition("@")[0], names) for part in _parts(text)]
    words = dict.fromkeys(_kept([*map(fold, whole), *parts]), OF_PERSON)
    department = account.department or ""
    for word in _kept([*fold(department).split(), *_parts(department)]):
        words.setdefault(word, OF_DEPARTMENT)
    return dict(list(words.items())[:MOST_WORDS])


def _parts(text: str) -> list[str]:
    return BETWEEN_PARTS.split(fold(text))


def _kept(words: list[str]) -> list[str]:
    return [word[:LONGEST_WORD] for word in (each.strip() for each in words) if word]
